/* Walking the tree: SB.2.1, SB.2.2, SB.2.3. Nothing here changes anything: a walk past the end is reported, and whoever asked
   ends the attempts. So the same walk answers what Next would do. */

import { type Activity, isLeaf } from "./definition.ts";
import type { ExceptionCode } from "./exceptions.ts";
import { checkActivity, hasPrecondition } from "./rules.ts";
import { available, type Engine } from "./state.ts";

export type Direction = "forward" | "backward";

interface Step {
  next: Activity | null;
  direction: Direction;
  /** The walk went past the last activity: the session is over. */
  over: boolean;
  exception: ExceptionCode | null;
}

export type Walk =
  | { deliverable: true; activity: Activity }
  | { deliverable: false; over: boolean; exception: ExceptionCode | null };

/** The child after (before) this one among those available; null at the end, also for one that is itself not available. */
function sibling(engine: Engine, activity: Activity, by: 1 | -1): Activity | null {
  const list = available(engine, activity.parent!);
  const at = list.indexOf(activity);
  return at < 0 ? null : (list[at + by] ?? null);
}

/** SB.2.1 Flow Tree Traversal Subprocess. */
export function flowTreeTraversal(
  engine: Engine,
  from: Activity,
  towards: Direction,
  before: Direction | null,
  considerChildren: boolean,
): Step {
  let [activity, direction, reversed] = [from, towards, false];
  if (before === "backward" && activity.parent && !sibling(engine, activity, 1)) {
    // All of a forward-only cluster was walked after it was entered backward: out of it at its first child.
    direction = "backward";
    activity = available(engine, activity.parent)[0] ?? activity;
    reversed = true;
  }
  if (direction === "backward" && !activity.parent) return step(null, direction, "SB.2.1-3");
  if (!isLeaf(activity) && considerChildren) return into(engine, activity, direction);
  if (direction === "forward") {
    for (let at = activity; at.parent; at = at.parent) {
      const next = sibling(engine, at, 1);
      if (next) return step(next, direction, null);
    }
    return { next: null, direction, over: true, exception: null };
  }
  for (let at = activity; at.parent; at = at.parent) {
    if (!(reversed && at === activity) && at.parent.forwardOnly) return step(null, direction, "SB.2.1-4");
    const next = sibling(engine, at, -1);
    if (next) return step(next, direction, null);
  }
  return step(null, direction, "SB.2.1-3");
}

/** SB.2.1 3.3 and 4.3: a forward-only cluster is entered at its first child, also from behind. */
function into(engine: Engine, activity: Activity, direction: Direction): Step {
  const list = available(engine, activity);
  if (list.length === 0) return step(null, direction, "SB.2.1-2");
  const forward = direction === "forward" || activity.forwardOnly;
  return step(forward ? list[0]! : list.at(-1)!, forward ? "forward" : "backward", null);
}

function step(next: Activity | null, direction: Direction, exception: ExceptionCode | null): Step {
  return { next, direction, over: false, exception };
}

/** SB.2.2 Flow Activity Traversal Subprocess. */
export function flowActivityTraversal(
  engine: Engine,
  from: Activity,
  towards: Direction,
  before: Direction | null,
): Walk {
  let [activity, direction, previous] = [from, towards, before];
  // Each turn goes to an activity that this walk has not looked at in this direction; the bound is for a tree that is not one.
  for (let turns = engine.tree.all.length * 4; turns > 0; turns -= 1) {
    if (activity.parent && !activity.parent.flow) return stuck("SB.2.2-1");
    let taken: Step;
    if (hasPrecondition(engine, activity, "skip")) {
      taken = flowTreeTraversal(engine, activity, direction, previous, false);
      if (!taken.next) return { deliverable: false, over: taken.over, exception: taken.exception };
      if (previous === "backward" && taken.direction === "backward") previous = null;
    } else {
      if (checkActivity(engine, activity)) return stuck("SB.2.2-2");
      if (isLeaf(activity)) return { deliverable: true, activity };
      taken = flowTreeTraversal(engine, activity, direction, null, true);
      if (!taken.next) return { deliverable: false, over: taken.over, exception: taken.exception };
      previous = direction === "backward" && taken.direction === "forward" ? "backward" : null;
    }
    [activity, direction] = [taken.next, taken.direction];
  }
  return stuck("SB.2.2-2");
}

function stuck(exception: ExceptionCode): Walk {
  return { deliverable: false, over: false, exception };
}

/** SB.2.3 Flow Subprocess. */
export function flow(engine: Engine, activity: Activity, direction: Direction, considerChildren: boolean): Walk {
  const first = flowTreeTraversal(engine, activity, direction, null, considerChildren);
  if (!first.next) return { deliverable: false, over: first.over, exception: first.exception };
  return flowActivityTraversal(engine, first.next, first.direction, null);
}
