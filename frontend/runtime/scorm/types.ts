/* What the parts of our SCORM run-time say to each other: the package as the site describes it, what a SCO has set, what is
   committed and answered. Durations are seconds unless the name says otherwise; values of elements are always text. */

export type Standard = "scorm_12" | "scorm_2004" | "aicc";
export type Mode = "normal" | "browse" | "review";
export type Credit = "credit" | "no-credit";
export type Entry = "ab-initio" | "resume" | "";
export type TimeLimitAction = "exit,message" | "exit,no message" | "continue,message" | "continue,no message";

export interface Package {
  standard: Standard;
  /** 2, 3 or 4 for SCORM 2004; null otherwise. */
  edition: number | null;
  /** The default organisation, or the one that was chosen. */
  organization: Item;
}

export interface Item {
  identifier: string;
  title: string;
  kind: "organization" | "cluster" | "sco" | "asset";
  isVisible: boolean;
  /** Of the resource, relative to the package. Only what is launched has one. */
  href?: string | null;
  parameters?: string | null;
  launchData?: string | null;
  /** SCORM 1.2 and AICC: adlcp:prerequisites as written. */
  prerequisites?: string | null;
  /** SCORM 1.2 and AICC: 0 to 100. SCORM 2004 has minNormalizedMeasure of the primary objective instead. */
  masteryScore?: number | null;
  completionThreshold?: number | null;
  /** Seconds. */
  maxTimeAllowed?: number | null;
  timeLimitAction?: TimeLimitAction | null;
  sequencing: Sequencing;
  children: Item[];
}

/* The sequencing of one item: only what the manifest said, in the names of its attributes and elements. What is absent has the
   default of IMS Simple Sequencing, which the engine knows. */
export interface Sequencing {
  controlMode?: {
    choice?: boolean;
    choiceExit?: boolean;
    flow?: boolean;
    forwardOnly?: boolean;
    useCurrentAttemptObjectiveInfo?: boolean;
    useCurrentAttemptProgressInfo?: boolean;
  };
  constrainedChoiceConsiderations?: { preventActivation?: boolean; constrainChoice?: boolean };
  sequencingRules?: {
    preConditionRule?: SequencingRule[];
    exitConditionRule?: SequencingRule[];
    postConditionRule?: SequencingRule[];
  };
  limitConditions?: {
    attemptLimit?: number;
    attemptAbsoluteDurationLimit?: string;
    attemptExperiencedDurationLimit?: string;
    activityAbsoluteDurationLimit?: string;
    activityExperiencedDurationLimit?: string;
    beginTimeLimit?: string;
    endTimeLimit?: string;
  };
  rollupRules?: {
    rollupObjectiveSatisfied?: boolean;
    rollupProgressCompletion?: boolean;
    objectiveMeasureWeight?: number;
    rules?: RollupRule[];
  };
  rollupConsiderations?: {
    requiredForSatisfied?: RollupConsideration;
    requiredForNotSatisfied?: RollupConsideration;
    requiredForCompleted?: RollupConsideration;
    requiredForIncomplete?: RollupConsideration;
    measureSatisfactionIfActive?: boolean;
  };
  objectives?: { primary?: Objective; others?: Objective[] };
  randomizationControls?: {
    randomizationTiming?: "never" | "once" | "onEachNewAttempt";
    selectCount?: number;
    reorderChildren?: boolean;
    selectionTiming?: "never" | "once" | "onEachNewAttempt";
  };
  deliveryControls?: { tracked?: boolean; completionSetByContent?: boolean; objectiveSetByContent?: boolean };
  completionThreshold?: { completedByMeasure?: boolean; minProgressMeasure?: number; progressWeight?: number };
  hideLMSUI?: string[];
  /** adlcp:data of the 4th edition: places that SCOs share. Both rights are true when the manifest is silent. */
  data?: SharedDataMap[];
  /** On the organisation only. When the manifest is silent: objectives true, shared data true. */
  objectivesGlobalToSystem?: boolean;
  sharedDataGlobalToSystem?: boolean;
}

export type RollupConsideration = "always" | "ifAttempted" | "ifNotSkipped" | "ifNotSuspended";

export interface SequencingRule {
  conditionCombination?: "all" | "any";
  conditions: {
    condition: string;
    operator?: "not" | "noOp";
    referencedObjective?: string;
    measureThreshold?: number;
  }[];
  action: string;
}

export interface RollupRule {
  childActivitySet?: "all" | "any" | "none" | "atLeastCount" | "atLeastPercent";
  minimumCount?: number;
  /** 0 to 1. */
  minimumPercent?: number;
  conditionCombination?: "all" | "any";
  conditions: { condition: string; operator?: "not" | "noOp" }[];
  action: string;
}

export interface Objective {
  objectiveID?: string;
  satisfiedByMeasure?: boolean;
  minNormalizedMeasure?: number;
  maps?: ObjectiveMap[];
}

export interface ObjectiveMap {
  targetObjectiveID: string;
  readSatisfiedStatus?: boolean;
  readNormalizedMeasure?: boolean;
  writeSatisfiedStatus?: boolean;
  writeNormalizedMeasure?: boolean;
  readRawScore?: boolean;
  readMinScore?: boolean;
  readMaxScore?: boolean;
  readCompletionStatus?: boolean;
  readProgressMeasure?: boolean;
  writeRawScore?: boolean;
  writeMinScore?: boolean;
  writeMaxScore?: boolean;
  writeCompletionStatus?: boolean;
  writeProgressMeasure?: boolean;
}

export interface SharedDataMap {
  targetID: string;
  readSharedData?: boolean;
  writeSharedData?: boolean;
}

/** Element → value as set, in the standard's words. */
export type Elements = Record<string, string>;

/** One call of the API, for the flight recorder. */
export interface Call {
  /** Milliseconds since the SCO was launched. */
  t: number;
  fn: string;
  args: string[];
  answer: string;
  error: string;
}

export interface Commit {
  seq: number;
  sco: string;
  /** Changed since the last commit that was stored. */
  elements: Elements;
  terminate: boolean;
  calls: Call[];
  /** The sequencer's, when it changed. */
  state?: unknown;
  /** Of the organisation, in SCORM 2004's words, when the engine has rolled up. */
  summary?: Elements;
  /** What changed of what the learner's packages share. */
  shared?: Shared;
}

/** What outlives a registration where the package says so: global objectives and stores of data of the learner, by their names. */
export interface Shared {
  objectives?: Record<string, ObjectiveState>;
  data?: Record<string, string>;
}

export type Refusal = "offline" | "stale" | "signed_out" | "refused" | "full";
export type CommitAnswer =
  | { saved: true; seq: number; [status: string]: unknown }
  | { saved: false; reason: Refusal; words: string };

/** What an objective of an activity is known to be; what is unknown is absent. Between the run-time and the sequencer. */
export interface ObjectiveState {
  /** Absent only for a primary objective without an identifier, which a SCO cannot see in cmi.objectives. */
  id?: string;
  satisfied?: boolean;
  /** Scaled, -1 to 1. */
  measure?: number;
  raw?: number;
  min?: number;
  max?: number;
  completed?: boolean;
  /** 0 to 1. */
  progressMeasure?: number;
}

/** What a SCO has reported by now, for the sequencer. Absent: it said nothing (or "unknown"). */
export interface Results {
  completed?: boolean;
  /** True when passed. */
  satisfied?: boolean;
  measure?: number;
  raw?: number;
  min?: number;
  max?: number;
  progressMeasure?: number;
  /** cmi.objectives, in their order. */
  objectives: ObjectiveState[];
  /** cmi.exit or cmi.core.exit; "" when it was never set. */
  exit: string;
  /** The session time that was reported; 0 when none was. */
  sessionSeconds: number;
  /** Of SCORM 1.2 and AICC, where one word says both; "" in SCORM 2004. */
  lessonStatus: string;
}

/** How a SCO has ended: handed to the host when its data is stored, just before Terminate or LMSFinish answers "true".
    Whoever goes on to another activity lets the SCO have its answer first. */
export interface Ended {
  results: Results;
  /** continue, previous, choice, jump, exit, exitAll, abandon, abandonAll, suspendAll or _none_. */
  request: string;
  /** Of choice and jump. */
  target: string | null;
}

/** How many characters this site takes beyond what the standard asks for; nothing is ever cut. */
export interface Limits {
  /** SCORM 1.2: 4,096. SCORM 2004: 64,000. */
  suspendData?: number;
  /** SCORM 1.2: 255. SCORM 2004: 1,000. */
  location?: number;
}

export interface Preferences {
  audio?: string;
  language?: string;
  speed?: string;
  /** cmi.student_preference.text, cmi.learner_preference.audio_captioning. */
  text?: string;
}

export interface CommentFromLms {
  comment: string;
  location?: string;
  timestamp?: string;
}

/** What a SCO is launched with. */
export interface Session {
  learnerId: string;
  learnerName: string;
  mode: Mode;
  credit: Credit;
  entry: Entry;
  /** 2, 3 or 4 for SCORM 2004. */
  edition?: number | null;
  item: Item;
  /** What the SCO left behind; empty for a new attempt. */
  saved: Elements;
  /** Of earlier sessions of this attempt. */
  totalSeconds: number;
  preferences?: Preferences;
  commentsFromLms?: CommentFromLms[];
  /** What the sequencer knows of the activity's objectives now (with what global objectives say); else they come from the manifest. */
  objectives?: ObjectiveState[];
  limits?: Limits;
}

/** What the run-time asks of whoever embeds it. Everything is synchronous: an answer to a SCO is the truth. */
export interface Host {
  commit(elements: Elements, terminate: boolean): CommitAnswer;
  /** Each call with its answer, also those that were refused. */
  trace(call: Call): void;
  now(): Date;
  /** adl.nav.request_valid: "continue", "previous", or "choice"/"jump" with a target. */
  navigation?(request: string, target: string | null): "true" | "false" | "unknown";
  /** adl.data of the 4th edition, by targetID. The rights are ours to hold. */
  sharedData?: { read(targetId: string): string | undefined; write(targetId: string, value: string): void };
  /** When the SCO has ended. */
  ended?(how: Ended): void;
}

export interface Api12 {
  LMSInitialize(parameter: string): string;
  LMSFinish(parameter: string): string;
  LMSGetValue(element: string): string;
  LMSSetValue(element: string, value: string): string;
  LMSCommit(parameter: string): string;
  LMSGetLastError(): string;
  LMSGetErrorString(code: string): string;
  LMSGetDiagnostic(code: string): string;
}

export interface Api2004 {
  version: string;
  Initialize(parameter: string): string;
  Terminate(parameter: string): string;
  GetValue(element: string): string;
  SetValue(element: string, value: string): string;
  Commit(parameter: string): string;
  GetLastError(): string;
  GetErrorString(code: string): string;
  GetDiagnostic(code: string): string;
}

/** What the embedding page itself asks of a run-time, beside the object that the SCO finds. */
export interface Runtime<Api> {
  api: Api;
  /** Results as they stand now, for a tree that shows how far somebody is. */
  results(): Results;
  running(): boolean;
  /** Set by the SCO and not yet acknowledged as saved. */
  unsaved(): Elements;
  /** Ends the session in the SCO's place (its window was closed): commits what is left and answers whether it was saved. */
  close(): boolean;
}
