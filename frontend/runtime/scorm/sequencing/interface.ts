/* What the player sees of a sequencer, the same for every standard. */

import type { Elements, Entry, Item, ObjectiveState, Results, Shared } from "../types.ts";

export type { Shared } from "../types.ts";

/** What a request has come to. */
export interface Outcome {
  /** What is to be shown; null: nothing new. */
  delivered: Item | null;
  /**
   * With what the content object is launched. resume: its data are kept; ab-initio: they begin anew; "" (SCORM 1.2 and AICC): a
   * further visit, to which what it left is given again.
   */
  entry: Entry;
  /** Which attempt on the delivered activity this is, from 1. */
  attempt: number;
  /** What its objectives are known to be, with what global objectives say. */
  objectives: ObjectiveState[];
  /** The sequencing session is over: nothing is shown, and a further one begins with start. */
  ended: boolean;
  /** Code of the standard and words for people, when the request could not be met; else null. */
  exception: string | null;
  words: string | null;
}

/** An activity in the table of contents. */
export interface TreeNode {
  id: string;
  title: string;
  kind: Item["kind"];
  /** Left out of the table: the manifest, a rule, or the selection of children says so. Its children have their own answer. */
  hidden: boolean;
  /** Choosing it now would show something. */
  enabled: boolean;
  /** Its own rules or limits forbid it. */
  disabled: boolean;
  current: boolean;
  suspended: boolean;
  attempts: number;
  completed?: boolean;
  satisfied?: boolean;
  /** Scaled, -1 to 1. */
  measure?: number;
  children: TreeNode[];
}

/** Clock and chance come from outside. */
export interface Surroundings {
  now(): Date;
  /** From 0 to below 1; asked once, when there is no state yet. */
  random(): number;
}

export interface Sequencing {
  /** Begins a session: a first one, or one that goes on from a state (of toJSON) that was left in any way. */
  start(state?: unknown, shared?: Shared): Outcome;
  /** A navigation request in the words of adl.nav.request, with the identifier of an activity for choice and jump. */
  navigate(request: string, target?: string | null): Outcome;
  /** What a content object has reported by now; over: it has ended. */
  record(activityId: string, results: Results, over?: boolean): void;
  /** Whether navigate would show something, or leave as asked. Changes nothing. */
  requestValid(request: string, target?: string | null): boolean;
  tree(): TreeNode;
  /** Of the whole package, in SCORM 2004's words: what it would be if the learner left now. */
  summary(): Elements;
  /** Controls of the player that the current activity wants hidden: continue, previous, exit, exitAll, abandon, … */
  hiddenControls(): string[];
  objectives(activityId: string): ObjectiveState[];
  /** adl.data: the maps of an activity say what it may read and write. */
  readShared(targetId: string): string;
  writeShared(targetId: string, value: string): void;
  /** To keep for the learner's other packages; empty where the package keeps them to itself. */
  shared(): Required<Shared>;
  toJSON(): unknown;
}
