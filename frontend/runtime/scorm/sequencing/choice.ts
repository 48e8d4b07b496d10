/* Choosing an activity: SB.2.4, SB.2.9, SB.2.9.1, SB.2.9.2. Nothing here changes anything. */

import { type Activity, commonAncestor, isBelow, isLeaf, pathBelow, pathFromRoot } from "./definition.ts";
import type { ExceptionCode } from "./exceptions.ts";
import { type Direction, flow, type Walk } from "./flow.ts";
import { hasPrecondition } from "./rules.ts";
import { available, comesAfter, currentOf, type Engine, isActive, isAvailable } from "./state.ts";

/** SB.2.4 Choice Activity Traversal Subprocess: why one cannot walk over an activity; null when one can. */
export function choiceActivityTraversal(engine: Engine, activity: Activity, direction: Direction): ExceptionCode | null {
  if (direction === "forward") return hasPrecondition(engine, activity, "stopForwardTraversal") ? "SB.2.4-1" : null;
  if (!activity.parent) return "SB.2.4-3";
  return activity.parent.forwardOnly ? "SB.2.4-2" : null;
}

export type Chosen =
  | { activity: Activity }
  /** leaveTo: the cluster was chosen, nothing in it can be shown, and it becomes the current activity (SB.2.9 13). */
  | { activity: null; exception: ExceptionCode; leaveTo: { ancestor: Activity; target: Activity } | null };

/** SB.2.9 Choice Sequencing Request Process. */
export function choiceSequencingRequest(engine: Engine, target: Activity | null): Chosen {
  if (!target) return refused("SB.2.9-1");
  for (const activity of pathFromRoot(target)) {
    if (!isAvailable(engine, activity)) return refused("SB.2.9-2");
    if (hasPrecondition(engine, activity, "hiddenFromChoice")) return refused("SB.2.9-3");
  }
  if (target.parent && !target.parent.choice) return refused("SB.2.9-4");
  const current = currentOf(engine);
  const ancestor = current ? commonAncestor(current, target) : engine.tree.root;
  const hindered = hindrance(engine, current, target, ancestor);
  if (hindered) return refused(hindered);
  if (isLeaf(target)) return { activity: target };
  const walk: Walk = flow(engine, target, "forward", true);
  if (walk.deliverable) return { activity: walk.activity };
  return { activity: null, exception: "SB.2.9-9", leaveTo: { ancestor, target } };
}

function refused(exception: ExceptionCode): Chosen {
  return { activity: null, exception, leaveTo: null };
}

/** SB.2.9 6 to 11: the way from the current activity to the target. */
function hindrance(engine: Engine, current: Activity | null, target: Activity, ancestor: Activity): ExceptionCode | null {
  if (current === target) return null;
  if (current && current.parent === target.parent) return alongSiblings(engine, current, target);
  if (!current || current === ancestor) return downTo(engine, target, ancestor, true);
  if (target === ancestor) {
    return pathBelow(current, target).some((activity) => !activity.choiceExit) ? "SB.2.9-7" : null;
  }
  return across(engine, current, target, ancestor);
}

/** SB.2.9 7: in the same cluster every activity on the way is walked over. */
function alongSiblings(engine: Engine, current: Activity, target: Activity): ExceptionCode | null {
  const list = current.parent ? available(engine, current.parent) : [];
  const [from, to] = [list.indexOf(current), list.indexOf(target)];
  // A current activity that is no longer among the available ones has no siblings to walk over.
  if (from < 0) return null;
  const way = from < to ? list.slice(from, to) : list.slice(to + 1, from + 1);
  if (way.length === 0) return "SB.2.9-5";
  return first(way, (activity) => choiceActivityTraversal(engine, activity, from < to ? "forward" : "backward"));
}

/** SB.2.9 8 and 10.8: from an ancestor down to the target. */
function downTo(engine: Engine, target: Activity, ancestor: Activity, walked: boolean): ExceptionCode | null {
  const way = pathFromRoot(target).slice(pathFromRoot(ancestor).length - 1);
  if (walked) way.pop();
  if (way.length === 0) return "SB.2.9-5";
  return first(way, (activity) => {
    const blocked = walked ? choiceActivityTraversal(engine, activity, "forward") : null;
    if (blocked) return blocked;
    return !isActive(engine, activity) && activity !== ancestor && activity.preventActivation ? "SB.2.9-6" : null;
  });
}

/** SB.2.9 10: up from the current activity to the common ancestor, then down to the target. */
function across(engine: Engine, current: Activity, target: Activity, ancestor: Activity): ExceptionCode | null {
  const up = pathBelow(current, ancestor);
  if (up.some((activity) => !activity.choiceExit)) return "SB.2.9-7";
  const constrained = up.find((activity) => activity.constrainChoice);
  if (constrained) {
    const direction: Direction = comesAfter(engine, target, constrained) ? "forward" : "backward";
    const reach = choiceFlow(engine, constrained, direction);
    const within = isBelow(target, reach) && isAvailable(engine, target);
    if (!within && target !== reach && target !== constrained) return "SB.2.9-8";
  }
  return downTo(engine, target, ancestor, comesAfter(engine, target, current));
}

function first(way: Activity[], check: (activity: Activity) => ExceptionCode | null): ExceptionCode | null {
  for (const activity of way) {
    const found = check(activity);
    if (found) return found;
  }
  return null;
}

/** SB.2.9.1 Choice Flow Subprocess: the activity that a constrained choice may reach. */
export function choiceFlow(engine: Engine, activity: Activity, direction: Direction): Activity {
  return choiceFlowTreeTraversal(engine, activity, direction) ?? activity;
}

/** SB.2.9.2 Choice Flow Tree Traversal Subprocess. */
export function choiceFlowTreeTraversal(engine: Engine, activity: Activity, direction: Direction): Activity | null {
  for (let at = activity; at.parent; at = at.parent) {
    const list = available(engine, at.parent);
    const next = list[list.indexOf(at) + (direction === "forward" ? 1 : -1)];
    if (next && list.includes(at)) return next;
  }
  return null;
}
