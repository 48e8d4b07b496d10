/* Rollup behaviour: what the children of an activity have achieved becomes the status of the activity, up to the root. */

import type { RollupRule } from "../types.ts";
import { type Activity, isLeaf } from "./definition.ts";
import { evaluateRollupConditions, hasPrecondition, type Truth } from "./rules.ts";
import { attemptsOn, available, type Engine, isActive, isSuspended } from "./state.ts";
import {
  measureOf, primary, progressOf, publish, setCompleted, setMeasure, setProgress, setSatisfied,
} from "./tracking.ts";

export type RollupAction = "satisfied" | "notSatisfied" | "completed" | "incomplete";

/* RB.1.2 b and RB.1.3 b: what holds for an activity that has no rule of its own for either action. */
const DEFAULTS: Record<RollupAction, RollupRule> = {
  notSatisfied: { childActivitySet: "all", conditions: [{ condition: "objectiveStatusKnown" }], action: "notSatisfied" },
  satisfied: { childActivitySet: "all", conditions: [{ condition: "satisfied" }], action: "satisfied" },
  incomplete: { childActivitySet: "all", conditions: [{ condition: "activityProgressKnown" }], action: "incomplete" },
  completed: { childActivitySet: "all", conditions: [{ condition: "completed" }], action: "completed" },
};

/** Sums of thirds and tenths: an average that is a threshold on paper must reach it here too. */
function exact(value: number): number {
  return Math.round(value * 1e10) / 1e10;
}

/** RB.1.1 a Measure Rollup Process: a tracked child without a measure counts with its weight and adds nothing. */
export function measureRollup(engine: Engine, activity: Activity): void {
  let total = 0;
  let counted = 0;
  let valid = false;
  for (const child of available(engine, activity)) {
    if (!child.tracked) continue;
    counted += child.objectiveMeasureWeight;
    const measure = measureOf(engine, child);
    if (measure === undefined) continue;
    total += measure * child.objectiveMeasureWeight;
    valid = true;
  }
  setMeasure(engine, activity, valid && counted > 0 ? exact(total / counted) : undefined);
}

/** RB.1.1 b Completion Measure Rollup Process. */
export function completionMeasureRollup(engine: Engine, activity: Activity): void {
  let total = 0;
  let counted = 0;
  let valid = false;
  for (const child of available(engine, activity)) {
    if (!child.tracked) continue;
    counted += child.progressWeight;
    const amount = progressOf(engine, child);
    if (amount === undefined) continue;
    total += amount * child.progressWeight;
    valid = true;
  }
  setProgress(engine, activity, valid && counted > 0 ? exact(total / counted) : undefined);
}

/** RB.1.2 Objective Rollup Process: by measure where the objective says so, else by rules. */
export function objectiveRollup(engine: Engine, activity: Activity): void {
  if (primary(activity).satisfiedByMeasure) objectiveRollupUsingMeasure(engine, activity);
  else objectiveRollupUsingRules(engine, activity);
}

/** RB.1.2 a Objective Rollup Using Measure Process. */
export function objectiveRollupUsingMeasure(engine: Engine, activity: Activity): void {
  const measure = measureOf(engine, activity);
  const final = !isActive(engine, activity) || activity.measureSatisfactionIfActive;
  const reached = measure !== undefined && measure >= primary(activity).minNormalizedMeasure;
  setSatisfied(engine, activity, measure === undefined || !final ? undefined : reached);
}

/** RB.1.2 b Objective Rollup Using Rules Process, and RB.1.2 c, its default rules. */
export function objectiveRollupUsingRules(engine: Engine, activity: Activity): void {
  const rules = rulesFor(activity, "notSatisfied", "satisfied");
  if (rollupRuleCheck(engine, activity, rules, "notSatisfied")) setSatisfied(engine, activity, false);
  if (rollupRuleCheck(engine, activity, rules, "satisfied")) setSatisfied(engine, activity, true);
}

/** RB.1.3 Activity Progress Rollup Process. */
export function activityProgressRollup(engine: Engine, activity: Activity): void {
  if (activity.completedByMeasure) activityProgressRollupUsingMeasure(engine, activity);
  else activityProgressRollupUsingRules(engine, activity);
}

/** RB.1.3 a Activity Progress Rollup Using Measure Process. */
export function activityProgressRollupUsingMeasure(engine: Engine, activity: Activity): void {
  const amount = progressOf(engine, activity);
  setCompleted(engine, activity, amount === undefined ? undefined : amount >= activity.minProgressMeasure);
}

/** RB.1.3 b Activity Progress Rollup Using Rules Process, and its default rules. */
export function activityProgressRollupUsingRules(engine: Engine, activity: Activity): void {
  const rules = rulesFor(activity, "incomplete", "completed");
  if (rollupRuleCheck(engine, activity, rules, "incomplete")) setCompleted(engine, activity, false);
  if (rollupRuleCheck(engine, activity, rules, "completed")) setCompleted(engine, activity, true);
}

function rulesFor(activity: Activity, no: RollupAction, yes: RollupAction): RollupRule[] {
  const own = activity.rollupRules.filter((rule) => rule.action === no || rule.action === yes);
  return own.length ? own : [DEFAULTS[no], DEFAULTS[yes]];
}

/** RB.1.4 Rollup Rule Check Subprocess: whether one of the rules for the action holds. */
export function rollupRuleCheck(engine: Engine, activity: Activity, rules: RollupRule[], action: RollupAction): boolean {
  return rules.some((rule) => rule.action === action && ruleHolds(engine, activity, rule, action));
}

function ruleHolds(engine: Engine, activity: Activity, rule: RollupRule, action: RollupAction): boolean {
  const bag: Truth[] = available(engine, activity)
    .filter((child) => child.tracked && checkChildForRollup(engine, child, action))
    .map((child) => evaluateRollupConditions(engine, child, rule));
  // Nothing changes unless some child contributed.
  if (bag.length === 0) return false;
  const yes = bag.filter((answer) => answer === true).length;
  switch (rule.childActivitySet ?? "all") {
    case "all":
      return yes === bag.length;
    case "any":
      return yes > 0;
    case "none":
      return !bag.includes(true) && !bag.includes(undefined);
    case "atLeastCount":
      return yes >= (rule.minimumCount ?? 0);
    case "atLeastPercent":
      return exact(yes / bag.length) >= exact(rule.minimumPercent ?? 0);
  }
}

/** RB.1.4.2 Check Child for Rollup Subprocess: whether a child takes part in deciding on the action. */
export function checkChildForRollup(engine: Engine, child: Activity, action: RollupAction): boolean {
  const objective = action === "satisfied" || action === "notSatisfied";
  if (!(objective ? child.rollupObjectiveSatisfied : child.rollupProgressCompletion)) return false;
  const attempts = attemptsOn(engine, child);
  switch (child.required[action]) {
    case "ifNotSuspended":
      return attempts > 0 && !isSuspended(engine, child);
    case "ifAttempted":
      return attempts > 0;
    case "ifNotSkipped":
      return !hasPrecondition(engine, child, "skip");
    default:
      return true;
  }
}

/**
 * RB.1.5 Overall Rollup Process, from the activity to the root. What that writes to global objectives concerns activities elsewhere
 * in the tree: their ancestors are rolled up after it.
 */
export function overallRollup(engine: Engine, activity: Activity): void {
  rollupPath(engine, activity);
  rollupReaders(engine);
}

/** What global objectives that have changed mean for the activities that read them. */
export function rollupReaders(engine: Engine): void {
  // Two activities that hand each other a changing value would go on for ever.
  for (let round = 0; round < 10 && engine.changed.size > 0; round += 1) {
    const changed = engine.changed;
    engine.changed = new Set();
    const concerned = new Set([...changed].flatMap((id) => engine.tree.readers.get(id) ?? []));
    for (const reader of concerned) rollupPath(engine, reader.parent ?? reader);
  }
  engine.changed = new Set();
}

function rollupPath(engine: Engine, activity: Activity): void {
  for (let at: Activity | null = activity; at; at = at.parent) {
    // Of what is not tracked nothing is known (SM.11).
    if (!at.tracked) continue;
    if (!isLeaf(at)) {
      measureRollup(engine, at);
      completionMeasureRollup(engine, at);
    }
    objectiveRollup(engine, at);
    activityProgressRollup(engine, at);
    publish(engine, at);
  }
}
