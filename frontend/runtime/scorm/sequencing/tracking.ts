/* What is known of objectives and of completion (TM), seen through the maps to global objectives (SM.7). Where a map reads and
   the global objective is known, that is what counts (in the 2nd edition only where the activity itself knows nothing); a map
   that writes hands on what the activity knows. */

import type { ObjectiveMap, ObjectiveState } from "../types.ts";
import type { Activity, ObjectiveDefinition } from "./definition.ts";
import { type Engine, isActive, of } from "./state.ts";

type Field = "satisfied" | "measure" | "raw" | "min" | "max" | "completed" | "progressMeasure";

const READ: Record<Field, keyof ObjectiveMap> = {
  satisfied: "readSatisfiedStatus",
  measure: "readNormalizedMeasure",
  raw: "readRawScore",
  min: "readMinScore",
  max: "readMaxScore",
  completed: "readCompletionStatus",
  progressMeasure: "readProgressMeasure",
};

const WRITE: Record<Field, keyof ObjectiveMap> = {
  satisfied: "writeSatisfiedStatus",
  measure: "writeNormalizedMeasure",
  raw: "writeRawScore",
  min: "writeMinScore",
  max: "writeMaxScore",
  completed: "writeCompletionStatus",
  progressMeasure: "writeProgressMeasure",
};

const FIELDS = Object.keys(READ) as Field[];

/** The objective that contributes to rollup. */
export function primary(activity: Activity): ObjectiveDefinition {
  return activity.objectives[0]!;
}

/** The objective a rule refers to; without a reference the primary one; null for a name that the activity does not have. */
export function objectiveFor(activity: Activity, reference: string | undefined): ObjectiveDefinition | null {
  if (!reference) return primary(activity);
  return activity.objectives.find((objective) => objective.id === reference) ?? null;
}

/** What is recorded of the objective itself. */
export function localOf(engine: Engine, activity: Activity, objective: ObjectiveDefinition): ObjectiveState {
  const kept = of(engine, activity);
  return ((kept.objectives ??= {})[objective.key] ??= {});
}

function own(engine: Engine, activity: Activity, objective: ObjectiveDefinition): ObjectiveState | undefined {
  return engine.state.activities[activity.id]?.objectives?.[objective.key];
}

function mapped<F extends Field>(engine: Engine, objective: ObjectiveDefinition, field: F): ObjectiveState[F] | undefined {
  for (const map of objective.maps) {
    const value = map[READ[field] as keyof typeof map] ? engine.state.globals[map.targetObjectiveID]?.[field] : undefined;
    if (value !== undefined) return value;
  }
  return undefined;
}

/** One value of an objective: its own and the one that is read, in the order of the package's edition. */
function seen<F extends Field>(
  engine: Engine,
  objective: ObjectiveDefinition,
  local: ObjectiveState[F] | undefined,
  field: F,
): ObjectiveState[F] | undefined {
  const read = mapped(engine, objective, field);
  return engine.tree.globalFirst ? (read ?? local) : (local ?? read);
}

/** Objective Measure Status and Objective Normalized Measure. */
export function measureOf(engine: Engine, activity: Activity, objective = primary(activity)): number | undefined {
  return seen(engine, objective, own(engine, activity, objective)?.measure, "measure");
}

/** Objective Progress Status and Objective Satisfied Status. One that is satisfied by measure follows the measure. */
export function satisfiedOf(engine: Engine, activity: Activity, objective = primary(activity)): boolean | undefined {
  if (objective.satisfiedByMeasure) {
    const measure = measureOf(engine, activity, objective);
    if (measure !== undefined) {
      const final = !isActive(engine, activity) || activity.measureSatisfactionIfActive;
      return final ? measure >= objective.minNormalizedMeasure : undefined;
    }
    // Without a measure its own word does not count (RTE 4.2.22: success follows the score, where a passing score is set).
    return mapped(engine, objective, "satisfied");
  }
  return seen(engine, objective, own(engine, activity, objective)?.satisfied, "satisfied");
}

/** Attempt Progress Status and Attempt Completion Status. */
export function completedOf(engine: Engine, activity: Activity): boolean | undefined {
  return seen(engine, primary(activity), engine.state.activities[activity.id]?.completed, "completed");
}

/** Attempt Completion Amount Status and Attempt Completion Amount. */
export function progressOf(engine: Engine, activity: Activity): number | undefined {
  return seen(engine, primary(activity), engine.state.activities[activity.id]?.progressMeasure, "progressMeasure");
}

/** Completion of an objective that is not the primary one (4th edition). */
export function objectiveCompletedOf(engine: Engine, activity: Activity, objective: ObjectiveDefinition): boolean | undefined {
  if (objective === primary(activity)) return completedOf(engine, activity);
  return seen(engine, objective, own(engine, activity, objective)?.completed, "completed");
}

/** One objective as a SCO or a rule would see it now. */
export function viewOf(engine: Engine, activity: Activity, objective: ObjectiveDefinition): ObjectiveState {
  const main = objective === primary(activity);
  const view: ObjectiveState = {};
  if (objective.id !== null) view.id = objective.id;
  const known: Record<Field, boolean | number | undefined> = {
    satisfied: satisfiedOf(engine, activity, objective),
    measure: measureOf(engine, activity, objective),
    raw: value(engine, activity, objective, "raw"),
    min: value(engine, activity, objective, "min"),
    max: value(engine, activity, objective, "max"),
    completed: objectiveCompletedOf(engine, activity, objective),
    progressMeasure: main ? progressOf(engine, activity) : value(engine, activity, objective, "progressMeasure"),
  };
  for (const field of FIELDS) if (known[field] !== undefined) Object.assign(view, { [field]: known[field] });
  return view;
}

function value(engine: Engine, activity: Activity, objective: ObjectiveDefinition, field: Field) {
  return seen(engine, objective, own(engine, activity, objective)?.[field], field);
}

/** Hands what the activity itself knows to the global objectives it writes; what is unknown erases nothing there. */
export function publish(engine: Engine, activity: Activity): void {
  if (!activity.tracked) return;
  for (const objective of activity.objectives) {
    for (const map of objective.maps) {
      for (const field of FIELDS) {
        if (!map[WRITE[field] as keyof typeof map]) continue;
        const known = ownValue(engine, activity, objective, field);
        const target = (engine.state.globals[map.targetObjectiveID] ??= {});
        if (known === undefined || target[field] === known) continue;
        Object.assign(target, { [field]: known });
        engine.changed.add(map.targetObjectiveID);
      }
    }
  }
}

/** Only what was recorded here: what was read from a global objective is never written to another. */
function ownValue(engine: Engine, activity: Activity, objective: ObjectiveDefinition, field: Field) {
  const kept = engine.state.activities[activity.id];
  const main = objective === primary(activity);
  if (main && field === "completed") return kept?.completed;
  if (main && field === "progressMeasure") return kept?.progressMeasure;
  const local = own(engine, activity, objective);
  if (field !== "satisfied" || !objective.satisfiedByMeasure) return local?.[field];
  if (local?.measure === undefined) return undefined;
  const final = !isActive(engine, activity) || activity.measureSatisfactionIfActive;
  return final ? local.measure >= objective.minNormalizedMeasure : undefined;
}

/** Sets or, with undefined, forgets the satisfaction of the objective that contributes to rollup. */
export function setSatisfied(engine: Engine, activity: Activity, satisfied: boolean | undefined): void {
  const local = localOf(engine, activity, primary(activity));
  if (satisfied === undefined) delete local.satisfied;
  else local.satisfied = satisfied;
}

export function setMeasure(engine: Engine, activity: Activity, measure: number | undefined): void {
  const local = localOf(engine, activity, primary(activity));
  if (measure === undefined) delete local.measure;
  else local.measure = measure;
}

export function setCompleted(engine: Engine, activity: Activity, completed: boolean | undefined): void {
  const kept = of(engine, activity);
  if (completed === undefined) delete kept.completed;
  else kept.completed = completed;
}

export function setProgress(engine: Engine, activity: Activity, amount: number | undefined): void {
  const kept = of(engine, activity);
  if (amount === undefined) delete kept.progressMeasure;
  else kept.progressMeasure = amount;
}
