import { isIntervals, type Interval } from "./intervals";

export type EventType = "play" | "pause" | "seek" | "ratechange" | "complete";

/** Something the person did, for the append-only log. `at` is media time in seconds, `t` the wall clock in ms. */
export interface PlaybackEvent {
  type: EventType;
  at: number;
  t: number;
  data?: { from: number; to: number };
}

/** The body of one heartbeat. Intervals are whole seconds, half-open, sorted and disjoint. */
export interface Heartbeat {
  playback_id: string;
  seq: number;
  nonce: string;
  intervals: readonly Interval[];
  position: number;
  events: readonly PlaybackEvent[];
}

/** What the server says when a playback opens. */
export interface Opened {
  playbackId: string;
  nonce: string;
  seq: number;
  rate: number;
  watched: Interval[];
  goalSeconds: number;
}

/** What the server says when a heartbeat is counted. */
export interface Counted {
  nonce: string;
  seq: number;
  watched: Interval[];
  goalSeconds: number;
  completed: boolean;
  courseCompleted: boolean;
  certificateUrl: string | null;
}

/** An answer over HTTP; `body` is undefined where it was not a JSON object. */
export interface Answer {
  status: number;
  body: Record<string, unknown> | undefined;
  /** Seconds to wait, from `retry_after` or the Retry-After header. */
  retryAfter: number | undefined;
}

/** Reads the answer of the open URL, or undefined where it is not one. */
export function readOpened(body: Answer["body"]): Opened | undefined {
  if (body === undefined) return undefined;
  const { playback_id, nonce, seq, rate, watched, goal_seconds } = body;
  if (typeof playback_id !== "string" || typeof nonce !== "string" || !Number.isInteger(seq)) return undefined;
  return {
    playbackId: playback_id,
    nonce,
    seq: seq as number,
    rate: typeof rate === "number" && rate > 0 ? rate : 1,
    watched: isIntervals(watched) ? watched : [],
    goalSeconds: typeof goal_seconds === "number" ? goal_seconds : 0,
  };
}

/** Reads the answer of the heartbeat URL, or undefined where it is not one. */
export function readCounted(body: Answer["body"]): Counted | undefined {
  if (body === undefined) return undefined;
  const { nonce, seq, watched, goal_seconds, completed, course_completed, certificate_url } = body;
  if (typeof nonce !== "string" || !Number.isInteger(seq) || !isIntervals(watched)) return undefined;
  return {
    nonce,
    seq: seq as number,
    watched,
    goalSeconds: typeof goal_seconds === "number" ? goal_seconds : 0,
    completed: completed === true,
    courseCompleted: course_completed === true,
    certificateUrl: typeof certificate_url === "string" ? certificate_url : null,
  };
}

/** The `code` of a problem document, or an empty string. */
export function problemCode(answer: Answer): string {
  const code = answer.body?.["code"];
  return typeof code === "string" ? code : "";
}

/** The `detail` of a problem document, or an empty string. */
export function problemDetail(answer: Answer): string {
  const detail = answer.body?.["detail"];
  return typeof detail === "string" ? detail : "";
}
