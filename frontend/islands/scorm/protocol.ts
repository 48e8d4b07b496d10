/* What the player is told when it begins, and what it and the site's page say to each other. */
import type { Credit, Elements, Limits, Mode, Package, Results } from "../../runtime/scorm/types.ts";

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
  };
  expiresAt: string;
  siteOrigins: string[];
}

/** What the player keeps beside what the SCOs set. */
export interface Kept {
  sequencer?: unknown;
  /** How each SCO left the last time: its cmi.exit. A SCO that never ended is not in it. */
  exits?: Record<string, string>;
  /** Elements set since the SCO began anew; what is older does not belong to its data model any more. */
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
  | { collegium: "scorm"; say: "left" | "again" | "renew" };
/** From the site's page to the player. */
export type Downward =
  | { collegium: "scorm"; say: "token"; token: string; expiresAt: string }
  | { collegium: "scorm"; say: "signed-out" }
  | { collegium: "scorm"; say: "leave" };

/** What a sequencer is to the player; SCORM 2004 has ours, SCORM 1.2 and AICC a small one. */
export interface Course {
  start(state?: unknown): Step;
  navigate(request: string, target?: string | null): Step;
  record(id: string, results: Results): void;
  requestValid(request: string, target?: string | null): "true" | "false" | "unknown";
  tree(): Node[];
  /** Of the organisation, in SCORM 2004's words; null when it has nothing to say. */
  summary(): Elements | null;
  toJSON(): unknown;
}

export interface Step {
  delivered: { id: string } | null;
  ended: boolean;
  /** In words, why a request was not followed. */
  refused?: string | undefined;
}
