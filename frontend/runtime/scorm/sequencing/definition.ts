/* The activity tree as the engine wants it: every default of IMS Simple Sequencing and of ADL's additions in its place, so that
   no rule asks twice what silence means. Nothing here changes while a package is played. */

import type { Item, ObjectiveMap, Package, RollupConsideration, RollupRule, SequencingRule } from "../types.ts";

export interface ObjectiveDefinition {
  /** "" is the primary objective; others have their identifier. Key of what is recorded. */
  key: string;
  /** As the manifest names it; null for a primary objective without an identifier. */
  id: string | null;
  satisfiedByMeasure: boolean;
  minNormalizedMeasure: number;
  maps: Required<ObjectiveMap>[];
}

/** One activity (SM, sequencing definition model). */
export interface Activity {
  id: string;
  item: Item;
  parent: Activity | null;
  children: Activity[];
  /** Place among the children of its parent, as the manifest has them. */
  place: number;
  /** SM.1 */
  choice: boolean;
  choiceExit: boolean;
  flow: boolean;
  forwardOnly: boolean;
  useCurrentAttemptObjectiveInfo: boolean;
  useCurrentAttemptProgressInfo: boolean;
  preventActivation: boolean;
  constrainChoice: boolean;
  /** SM.2 */
  preConditions: SequencingRule[];
  exitConditions: SequencingRule[];
  postConditions: SequencingRule[];
  limits: Limits;
  /** SM.5 */
  rollupRules: RollupRule[];
  required: Record<"satisfied" | "notSatisfied" | "completed" | "incomplete", RollupConsideration>;
  measureSatisfactionIfActive: boolean;
  /** SM.6: the first is the primary one, which contributes to rollup; there always is one. */
  objectives: ObjectiveDefinition[];
  /** SM.8 */
  rollupObjectiveSatisfied: boolean;
  rollupProgressCompletion: boolean;
  objectiveMeasureWeight: number;
  completedByMeasure: boolean;
  minProgressMeasure: number;
  progressWeight: number;
  /** SM.9, SM.10 */
  selection: { timing: Timing; count: number | null };
  randomization: { timing: Timing; reorder: boolean };
  /** SM.11 */
  tracked: boolean;
  completionSetByContent: boolean;
  objectiveSetByContent: boolean;
  hideLMSUI: string[];
}

export type Timing = "never" | "once" | "onEachNewAttempt";

/** SM.3. Seconds for durations, milliseconds since 1970 for times; null where there is no limit. */
export interface Limits {
  attempts: number | null;
  attemptAbsolute: number | null;
  attemptExperienced: number | null;
  activityAbsolute: number | null;
  activityExperienced: number | null;
  begin: number | null;
  end: number | null;
}

export interface ActivityTree {
  root: Activity;
  byId: Map<string, Activity>;
  /** Every activity in the manifest's order. */
  all: Activity[];
  /** Global objective → the activities that read it. */
  readers: Map<string, Activity[]>;
  objectivesGlobalToSystem: boolean;
  sharedDataGlobalToSystem: boolean;
  /** Which comes first where both are known. The 2nd edition: what is local; since the 3rd: the global objective that is read. */
  globalFirst: boolean;
}

/** Builds the tree. An identifier that comes twice keeps its first place: import refuses such packages. */
export function buildTree(definition: Package): ActivityTree {
  const byId = new Map<string, Activity>();
  const all: Activity[] = [];
  const root = build(definition.organization, null, 0, byId, all);
  const readers = new Map<string, Activity[]>();
  for (const activity of all) {
    for (const map of activity.objectives.flatMap((objective) => objective.maps)) {
      if (!reads(map)) continue;
      const known = readers.get(map.targetObjectiveID) ?? [];
      if (!known.includes(activity)) readers.set(map.targetObjectiveID, [...known, activity]);
    }
  }
  const sequencing = definition.organization.sequencing;
  return {
    root,
    byId,
    all,
    readers,
    objectivesGlobalToSystem: sequencing?.objectivesGlobalToSystem ?? true,
    sharedDataGlobalToSystem: sequencing?.sharedDataGlobalToSystem ?? true,
    globalFirst: definition.edition !== 2,
  };
}

function build(item: Item, parent: Activity | null, place: number, byId: Map<string, Activity>, all: Activity[]): Activity {
  const activity = { ...settings(item), parent, place } as Activity;
  all.push(activity);
  if (!byId.has(activity.id)) byId.set(activity.id, activity);
  activity.children = (item.children ?? []).map((child, at) => build(child, activity, at, byId, all));
  return activity;
}

function settings(item: Item): Omit<Activity, "parent" | "place"> {
  const given = item.sequencing ?? {};
  const control = given.controlMode ?? {};
  const constraint = given.constrainedChoiceConsiderations ?? {};
  const consider = given.rollupConsiderations ?? {};
  const rollup = given.rollupRules ?? {};
  const delivery = given.deliveryControls ?? {};
  const random = given.randomizationControls ?? {};
  const threshold = given.completionThreshold ?? {};
  return {
    id: item.identifier,
    item,
    children: [],
    choice: control.choice ?? true,
    choiceExit: control.choiceExit ?? true,
    flow: control.flow ?? false,
    forwardOnly: control.forwardOnly ?? false,
    useCurrentAttemptObjectiveInfo: control.useCurrentAttemptObjectiveInfo ?? true,
    useCurrentAttemptProgressInfo: control.useCurrentAttemptProgressInfo ?? true,
    preventActivation: constraint.preventActivation ?? false,
    constrainChoice: constraint.constrainChoice ?? false,
    preConditions: given.sequencingRules?.preConditionRule ?? [],
    exitConditions: given.sequencingRules?.exitConditionRule ?? [],
    postConditions: given.sequencingRules?.postConditionRule ?? [],
    limits: limits(item),
    rollupRules: rollup.rules ?? [],
    required: {
      satisfied: consider.requiredForSatisfied ?? "always",
      notSatisfied: consider.requiredForNotSatisfied ?? "always",
      completed: consider.requiredForCompleted ?? "always",
      incomplete: consider.requiredForIncomplete ?? "always",
    },
    measureSatisfactionIfActive: consider.measureSatisfactionIfActive ?? true,
    objectives: objectives(item),
    rollupObjectiveSatisfied: rollup.rollupObjectiveSatisfied ?? true,
    rollupProgressCompletion: rollup.rollupProgressCompletion ?? true,
    objectiveMeasureWeight: rollup.objectiveMeasureWeight ?? 1,
    completedByMeasure: threshold.completedByMeasure ?? false,
    minProgressMeasure: threshold.minProgressMeasure ?? item.completionThreshold ?? 1,
    progressWeight: threshold.progressWeight ?? 1,
    // A count of 0 is how the standard's model says that nothing was asked for.
    selection: { timing: random.selectionTiming ?? "never", count: random.selectCount || null },
    randomization: { timing: random.randomizationTiming ?? "never", reorder: random.reorderChildren ?? false },
    tracked: delivery.tracked ?? true,
    completionSetByContent: delivery.completionSetByContent ?? false,
    objectiveSetByContent: delivery.objectiveSetByContent ?? false,
    hideLMSUI: given.hideLMSUI ?? [],
  };
}

function objectives(item: Item): ObjectiveDefinition[] {
  const given = item.sequencing?.objectives ?? {};
  const others = (given.others ?? []).filter((one) => one.objectiveID);
  return [given.primary ?? {}, ...others].map((objective, at) => ({
    key: at === 0 ? "" : objective.objectiveID!,
    id: objective.objectiveID || null,
    satisfiedByMeasure: objective.satisfiedByMeasure ?? false,
    minNormalizedMeasure: objective.minNormalizedMeasure ?? 1,
    maps: (objective.maps ?? []).map(wholeMap),
  }));
}

/** SM.7: what is read is read unless the manifest forbids it, what is written is written only where it says so. */
function wholeMap(map: ObjectiveMap): Required<ObjectiveMap> {
  return {
    targetObjectiveID: map.targetObjectiveID,
    readSatisfiedStatus: map.readSatisfiedStatus ?? true,
    readNormalizedMeasure: map.readNormalizedMeasure ?? true,
    readRawScore: map.readRawScore ?? true,
    readMinScore: map.readMinScore ?? true,
    readMaxScore: map.readMaxScore ?? true,
    readCompletionStatus: map.readCompletionStatus ?? true,
    readProgressMeasure: map.readProgressMeasure ?? true,
    writeSatisfiedStatus: map.writeSatisfiedStatus ?? false,
    writeNormalizedMeasure: map.writeNormalizedMeasure ?? false,
    writeRawScore: map.writeRawScore ?? false,
    writeMinScore: map.writeMinScore ?? false,
    writeMaxScore: map.writeMaxScore ?? false,
    writeCompletionStatus: map.writeCompletionStatus ?? false,
    writeProgressMeasure: map.writeProgressMeasure ?? false,
  };
}

function reads(map: Required<ObjectiveMap>): boolean {
  return (
    map.readSatisfiedStatus || map.readNormalizedMeasure || map.readCompletionStatus || map.readProgressMeasure
  );
}

function limits(item: Item): Limits {
  const given = item.sequencing?.limitConditions ?? {};
  return {
    attempts: given.attemptLimit ?? null,
    attemptAbsolute: seconds(given.attemptAbsoluteDurationLimit),
    attemptExperienced: seconds(given.attemptExperiencedDurationLimit),
    activityAbsolute: seconds(given.activityAbsoluteDurationLimit),
    activityExperienced: seconds(given.activityExperiencedDurationLimit),
    begin: moment(given.beginTimeLimit),
    end: moment(given.endTimeLimit),
  };
}

const DURATION = /^P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?$/;
const PARTS = [31_557_600, 2_629_800, 86_400, 3_600, 60, 1];

/** Seconds of an ISO 8601 duration; null for silence and for what is none. Years and months have their mean length. */
export function seconds(duration: string | undefined): number | null {
  const found = DURATION.exec(duration ?? "");
  if (!found || !/\d/.test(duration!)) return null;
  return PARTS.reduce((sum, length, at) => sum + Number(found[at + 1] ?? 0) * length, 0);
}

function moment(time: string | undefined): number | null {
  const found = time ? Date.parse(time) : Number.NaN;
  return Number.isNaN(found) ? null : found;
}

/* Where activities stand to each other. */

/** From the root to the activity, both included. */
export function pathFromRoot(activity: Activity): Activity[] {
  const path: Activity[] = [];
  for (let at: Activity | null = activity; at; at = at.parent) path.unshift(at);
  return path;
}

/** From the activity up to an ancestor, which is left out; the activity itself is in. */
export function pathBelow(activity: Activity, ancestor: Activity): Activity[] {
  const path: Activity[] = [];
  for (let at: Activity | null = activity; at && at !== ancestor; at = at.parent) path.push(at);
  return path;
}

export function commonAncestor(one: Activity, other: Activity): Activity {
  const above = new Set(pathFromRoot(one));
  for (let at: Activity | null = other; at; at = at.parent) if (above.has(at)) return at;
  return pathFromRoot(one)[0]!;
}

export function isLeaf(activity: Activity): boolean {
  return activity.children.length === 0;
}

/** The activity itself is not its own descendant. */
export function isBelow(activity: Activity, ancestor: Activity): boolean {
  for (let at = activity.parent; at; at = at.parent) if (at === ancestor) return true;
  return false;
}
