/* How attempts begin and end: UP.3, UP.4, the selection and the order of children (SR.1, SR.2), and what a new attempt forgets. */

import { type Activity, commonAncestor, isLeaf, pathBelow, type Timing } from "./definition.ts";
import { overallRollup } from "./rollup.ts";
import {
  available, currentOf, draw, type Engine, isActive, isSuspended, of, setActive, setSuspended,
} from "./state.ts";
import { completedOf, publish, satisfiedOf, setCompleted, setSatisfied } from "./tracking.ts";

/** UP.3 Terminate Descendent Attempts Process: ends what lies between the current activity and the one given. */
export function terminateDescendentAttempts(engine: Engine, activity: Activity): void {
  const current = currentOf(engine);
  if (!current) return;
  const ancestor = commonAncestor(current, activity);
  for (const each of pathBelow(current, ancestor)) if (each !== current) endAttempt(engine, each);
}

/** UP.4 End Attempt Process, with the rollup that follows. */
export function endAttempt(engine: Engine, activity: Activity): void {
  const kept = of(engine, activity);
  if (isLeaf(activity)) {
    setSuspended(engine, activity, kept.leaving === "suspend");
    if (activity.tracked && !isSuspended(engine, activity)) assume(engine, activity);
  } else {
    setSuspended(engine, activity, activity.children.some((child) => isSuspended(engine, child)));
  }
  setActive(engine, activity, false);
  closeSession(engine, activity);
  publish(engine, activity);
  overallRollup(engine, activity);
  if (!isSuspended(engine, activity)) arrange(engine, activity, ["onEachNewAttempt"]);
}

/** UP.4 1.1: what a content object leaves unsaid counts as achieved, unless the manifest has the content say it. */
function assume(engine: Engine, activity: Activity): void {
  if (!activity.completionSetByContent && completedOf(engine, activity) === undefined) setCompleted(engine, activity, true);
  if (!activity.objectiveSetByContent && satisfiedOf(engine, activity) === undefined) setSatisfied(engine, activity, true);
}

/** The time of the session that is over goes to the attempt and to the activity. */
export function closeSession(engine: Engine, activity: Activity): void {
  const kept = of(engine, activity);
  delete kept.leaving;
  delete kept.over;
  if (kept.attemptBegan !== undefined) kept.attemptEnded = engine.now();
  if (!kept.sessionSeconds) return;
  kept.attemptSeconds = (kept.attemptSeconds ?? 0) + kept.sessionSeconds;
  kept.activitySeconds = (kept.activitySeconds ?? 0) + kept.sessionSeconds;
  delete kept.sessionSeconds;
}

/** DB.2 5.1.1.2: a new attempt on a tracked activity. */
export function beginAttempt(engine: Engine, activity: Activity): void {
  const kept = of(engine, activity);
  kept.attempts = (kept.attempts ?? 0) + 1;
  forget(engine, activity, true, true);
  for (const field of ["attemptSeconds", "sessionSeconds", "leaving", "over", "attemptEnded"] as const) delete kept[field];
  kept.attemptBegan = engine.now();
  kept.activityBegan ??= kept.attemptBegan;
  forgetBelow(engine, activity);
  // What belongs to this package alone begins anew with it (CAM, objectivesGlobalToSystem, sharedDataGlobalToSystem).
  if (activity.parent) return;
  if (!engine.tree.objectivesGlobalToSystem) engine.state.globals = {};
  if (!engine.tree.sharedDataGlobalToSystem) engine.state.shared = {};
}

function forget(engine: Engine, activity: Activity, objectives: boolean, progress: boolean): void {
  const kept = engine.state.activities[activity.id];
  if (!kept) return;
  if (objectives) delete kept.objectives;
  if (progress) {
    delete kept.completed;
    delete kept.progressMeasure;
  }
}

/** SM.1, Use Current Attempt Objective (Progress) Information: what the children achieved before is not counted again. */
function forgetBelow(engine: Engine, activity: Activity): void {
  const { useCurrentAttemptObjectiveInfo: objectives, useCurrentAttemptProgressInfo: progress } = activity;
  if (!objectives && !progress) return;
  for (const child of activity.children) {
    if (isSuspended(engine, child)) continue;
    forget(engine, child, objectives, progress);
    forgetBelow(engine, child);
  }
}

/** Before the first session: every cluster gets its selection and order. */
export function arrangeAll(engine: Engine): void {
  for (const activity of engine.tree.all) arrange(engine, activity, ["once", "onEachNewAttempt"]);
}

/** SR.1 and SR.2 for an activity whose attempt is not under way. */
function arrange(engine: Engine, activity: Activity, timings: Timing[]): void {
  selectChildren(engine, activity, timings);
  randomizeChildren(engine, activity, timings);
}

/** SR.1 Select Children Process. Those selected keep their order. */
export function selectChildren(engine: Engine, activity: Activity, timings: Timing[]): void {
  const { timing, count } = activity.selection;
  if (isLeaf(activity) || isActive(engine, activity) || isSuspended(engine, activity)) return;
  if (!timings.includes(timing) || count === null) return;
  const places = activity.children.map((_, at) => at);
  const chosen = shuffled(engine, places).slice(0, count).toSorted((one, other) => one - other);
  of(engine, activity).available = chosen.map((at) => activity.children[at]!.id);
}

/** SR.2 Randomize Children Process. */
export function randomizeChildren(engine: Engine, activity: Activity, timings: Timing[]): void {
  const { timing, reorder } = activity.randomization;
  if (isLeaf(activity) || isActive(engine, activity) || isSuspended(engine, activity)) return;
  if (!timings.includes(timing) || !reorder) return;
  of(engine, activity).available = shuffled(engine, available(engine, activity).map((child) => child.id));
}

function shuffled<T>(engine: Engine, list: T[]): T[] {
  const order = [...list];
  for (let at = order.length - 1; at > 0; at -= 1) {
    const other = Math.floor(draw(engine) * (at + 1));
    [order[at], order[other]] = [order[other]!, order[at]!];
  }
  return order;
}
