/* What the player is told when it begins, and what it and the site's page say to each other. */
import type { Credit, Elements, Limits, Mode, Package, Shared } from "../../runtime/scorm/types.ts";

/** What `/{token}/definition` answers; features/scorm/README.md has the protocol. */
export interface Definition {
  package: Package;
  session: {
    attemptId: string;
    attemptNumber: number;
    learnerId: string;
    learnerName: string;
    mode: Mode;
    credit: Credit;
    /** Of the last commit that the server has. */
    seq: number;
    /** What each SCO left behind in this attempt. */
    saved: Record<string, Elements>;
    /** By SCO, of earlier visits of this attempt. */
    totalSeconds: Record<string, number>;
    limits: Limits;
    title: string;
    state: Kept | null;
    /** What the learner's packages share, as far as this one names it. */
    shared?: Shared | null;
  };
  expiresAt: string;
  siteOrigins: string[];
}

/** What the player keeps beside what the SCOs set. */
export interface Kept {
  sequencer?: unknown;
  /** By SCO that began anew within this attempt: the elements set since. What is older is not of its data model any more. */
  anew?: Record<string, string[]>;
}

export interface Node {
  id: string;
  title: string;
  /** Words for the state, "" for none. */
  status: "" | "incomplete" | "completed" | "passed" | "failed";
  current: boolean;
  enabled: boolean;
  /** Whether it is launched itself. */
  launches: boolean;
  children: Node[];
}

/** From the player to the site's page. */
export type Upward =
  | { collegium: "scorm"; say: "here" }
  | { collegium: "scorm"; say: "saved"; met: boolean }
  /** What the attempt that is to end had not saved is sent, or why it is not. */
  | { collegium: "scorm"; say: "settled"; waits: string | null }
  | { collegium: "scorm"; say: "left" | "again" | "renew" };
/** From the site's page to the player. */
export type Downward =
  | { collegium: "scorm"; say: "token"; token: string; expiresAt: string }
  | { collegium: "scorm"; say: "signed-out" }
  | { collegium: "scorm"; say: "leave" };
