/** What the parts of this island say to each other. */

export type Answer = Record<string, unknown>;

/** What the server put into the page. */
export interface Config {
  attempt: string;
  user: string;
  layout: "all" | "one";
  deadline: string | null;
  now: string;
  api: string;
  page: string;
  signIn: string;
}

/** What is stored after a save. */
export interface Saved {
  saved: boolean;
  position: number;
  seq: number;
  server_time: string;
  deadline_at: string | null;
  answer: Answer | null;
}

/** How an answer stands. `offline`: kept on this device and sent when that is possible. */
export type State = "saved" | "saving" | "offline" | "error";
