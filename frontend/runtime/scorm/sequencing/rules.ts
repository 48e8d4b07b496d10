/* Utility processes that look at rules and limits: UP.1, UP.2, UP.2.1, UP.5. A condition has three answers: where the tracking
   model does not know, it is unknown (undefined here), its negation is unknown, and a rule acts only when it is true. */

import type { RollupRule, SequencingRule } from "../types.ts";
import type { Activity } from "./definition.ts";
import { attemptsOn, type Engine, isActive, isSuspended } from "./state.ts";
import { completedOf, measureOf, objectiveCompletedOf, objectiveFor, primary, satisfiedOf } from "./tracking.ts";

export type Truth = boolean | undefined;

/** One condition of a sequencing or a rollup rule. */
export interface Condition {
  condition: string;
  operator?: "not" | "noOp";
  referencedObjective?: string;
  measureThreshold?: number;
}

/** UP.2 Sequencing Rules Check Process: the action of the first rule, in the manifest's order, that is true. */
export function sequencingRulesCheck(
  engine: Engine,
  activity: Activity,
  rules: SequencingRule[],
  actions: readonly string[],
): string | null {
  for (const rule of rules) {
    if (actions.includes(rule.action) && sequencingRuleCheck(engine, activity, rule) === true) return rule.action;
  }
  return null;
}

/** UP.2 for one precondition. */
export function hasPrecondition(engine: Engine, activity: Activity, action: string): boolean {
  return sequencingRulesCheck(engine, activity, activity.preConditions, [action]) !== null;
}

/** UP.2.1 Sequencing Rule Check Subprocess. Without a word on how conditions combine, all must hold. */
export function sequencingRuleCheck(engine: Engine, activity: Activity, rule: SequencingRule): Truth {
  return combine(engine, activity, rule.conditions, rule.conditionCombination ?? "all");
}

/** RB.1.4.1 Evaluate Rollup Conditions Subprocess. Without a word on how conditions combine, one is enough. */
export function evaluateRollupConditions(engine: Engine, activity: Activity, rule: RollupRule): Truth {
  return combine(engine, activity, rule.conditions, rule.conditionCombination ?? "any");
}

function combine(engine: Engine, activity: Activity, conditions: Condition[], combination: "all" | "any"): Truth {
  if (conditions.length === 0) return undefined;
  const answers = conditions.map((condition) => {
    const answer = evaluate(engine, activity, condition);
    return condition.operator === "not" && answer !== undefined ? !answer : answer;
  });
  const decisive = combination === "any";
  if (answers.includes(decisive)) return decisive;
  return answers.includes(undefined) ? undefined : !decisive;
}

/** One condition against the tracking model, before "not" (SM.2 and SM.5, Rule Condition and Rollup Condition). */
export function evaluate(engine: Engine, activity: Activity, asked: Condition): Truth {
  const objective = objectiveFor(activity, asked.referencedObjective);
  const measure = objective ? measureOf(engine, activity, objective) : undefined;
  const satisfied = objective ? satisfiedOf(engine, activity, objective) : undefined;
  const completed = objective ? completion(engine, activity, asked) : undefined;
  switch (asked.condition) {
    case "satisfied":
      return satisfied;
    case "objectiveStatusKnown":
      return satisfied !== undefined;
    case "objectiveMeasureKnown":
      return measure !== undefined;
    case "objectiveMeasureGreaterThan":
      return measure === undefined ? undefined : measure > (asked.measureThreshold ?? 0);
    case "objectiveMeasureLessThan":
      return measure === undefined ? undefined : measure < (asked.measureThreshold ?? 0);
    case "completed":
      return completed;
    case "activityProgressKnown":
      return completed !== undefined;
    case "attempted":
      return attemptsOn(engine, activity) > 0;
    case "attemptLimitExceeded":
      return attemptLimitExceeded(engine, activity);
    case "timeLimitExceeded":
      return timeLimitExceeded(engine, activity);
    case "outsideAvailableTimeRange":
      return outsideAvailableTimeRange(engine, activity);
    case "always":
      return true;
    case "never":
      return false;
    default:
      return undefined;
  }
}

function completion(engine: Engine, activity: Activity, asked: Condition): Truth {
  const objective = objectiveFor(activity, asked.referencedObjective);
  return objective && objective !== primary(activity)
    ? objectiveCompletedOf(engine, activity, objective)
    : completedOf(engine, activity);
}

/** A limit of 0 closes the activity (SM.3). */
function attemptLimitExceeded(engine: Engine, activity: Activity): boolean {
  const limit = activity.limits.attempts;
  return limit !== null && attemptsOn(engine, activity) >= limit;
}

/** How long in seconds: all attempts together, and the last one. */
function durations(engine: Engine, activity: Activity) {
  const kept = engine.state.activities[activity.id] ?? {};
  const until = kept.active || kept.attemptEnded === undefined ? engine.now() : kept.attemptEnded;
  const since = (began: number | undefined) => (began === undefined ? 0 : (until - began) / 1000);
  const session = kept.sessionSeconds ?? 0;
  return {
    activityAbsolute: since(kept.activityBegan),
    attemptAbsolute: since(kept.attemptBegan),
    activityExperienced: (kept.activitySeconds ?? 0) + session,
    attemptExperienced: (kept.attemptSeconds ?? 0) + session,
  };
}

function timeLimitExceeded(engine: Engine, activity: Activity): boolean {
  if (attemptsOn(engine, activity) === 0) return false;
  const spent = durations(engine, activity);
  return (Object.keys(spent) as (keyof typeof spent)[]).some((which) => reached(spent[which], activity.limits[which]));
}

function reached(spent: number, limit: number | null): boolean {
  return limit !== null && spent >= limit;
}

function outsideAvailableTimeRange(engine: Engine, activity: Activity): boolean {
  const { begin, end } = activity.limits;
  const now = engine.now();
  return (begin !== null && now < begin) || (end !== null && now > end);
}

/**
 * UP.1 Limit Conditions Check Process: whether a new attempt on the activity is forbidden. Limits on one attempt's duration say
 * how long an attempt may last (the SCO has them as cmi.max_time_allowed), and forbid no further attempt.
 */
export function limitConditionsCheck(engine: Engine, activity: Activity): boolean {
  if (!activity.tracked) return false;
  if (isActive(engine, activity) || isSuspended(engine, activity)) return false;
  if (attemptLimitExceeded(engine, activity)) return true;
  if (attemptsOn(engine, activity) > 0) {
    const spent = durations(engine, activity);
    if (reached(spent.activityAbsolute, activity.limits.activityAbsolute)) return true;
    if (reached(spent.activityExperienced, activity.limits.activityExperienced)) return true;
  }
  return outsideAvailableTimeRange(engine, activity);
}

/** UP.5 Check Activity Process: whether the activity is disabled or its limits are reached. */
export function checkActivity(engine: Engine, activity: Activity): boolean {
  return hasPrecondition(engine, activity, "disabled") || limitConditionsCheck(engine, activity);
}
