/* What a content object reports, into the tracking model (RTE 4.1: how its elements meet the objectives and the attempt). */

import type { ObjectiveState, Results } from "../types.ts";
import type { Activity, ObjectiveDefinition } from "./definition.ts";
import { overallRollup } from "./rollup.ts";
import { type Engine, isActive, of } from "./state.ts";
import { localOf, primary, publish, setCompleted, setProgress, viewOf } from "./tracking.ts";

const FIELDS = ["satisfied", "measure", "raw", "min", "max", "completed", "progressMeasure"] as const;
const SCORE = ["satisfied", "measure", "raw", "min", "max"] as const;

/** Results are everything the content object has said in this attempt: what is absent is unknown. */
export function recordResults(engine: Engine, activity: Activity, results: Results, over: boolean): void {
  const kept = of(engine, activity);
  if (isActive(engine, activity)) {
    kept.leaving = results.exit;
    kept.sessionSeconds = Math.max(0, results.sessionSeconds || 0);
    if (over) kept.over = true;
  }
  if (!activity.tracked) return;
  for (const reported of results.objectives) {
    const objective = activity.objectives.find((one) => one.id !== null && one.id === reported.id);
    if (objective) store(engine, activity, objective, reported);
  }
  const main = primary(activity);
  const said: ObjectiveState = {};
  for (const field of SCORE) if (results[field] !== undefined) Object.assign(said, { [field]: results[field] });
  // What the object says of itself comes before what it says of its primary objective by name.
  const named = results.objectives.find((one) => main.id !== null && one.id === main.id) ?? {};
  store(engine, activity, main, { ...named, ...said });
  setCompleted(engine, activity, results.completed ?? undefined);
  setProgress(engine, activity, results.progressMeasure ?? undefined);
  publish(engine, activity);
  // Reported after it was left: what hangs on it is counted again.
  if (!isActive(engine, activity)) overallRollup(engine, activity);
}

/** What a content object only hands back as it was read from a global objective does not become its own. */
function store(engine: Engine, activity: Activity, objective: ObjectiveDefinition, reported: ObjectiveState): void {
  const seen = viewOf(engine, activity, objective);
  const local = localOf(engine, activity, objective);
  for (const field of FIELDS) {
    const value = reported[field];
    if (value === undefined) delete local[field];
    else if (local[field] !== undefined || seen[field] !== value) Object.assign(local, { [field]: value });
  }
}
