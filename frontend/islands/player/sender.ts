import { backoff } from "./backoff";
import type { Timers } from "./clock";
import { total, type Interval } from "./intervals";
import {
  problemCode,
  problemDetail,
  readCounted,
  readOpened,
  type Answer,
  type Counted,
  type Opened,
} from "./protocol";
import type { PlaybackQueue } from "./queue";
import type { Post } from "./transport";

/** What the person is shown about sending. */
export type SendState =
  /** Nothing was sent yet. */
  | { kind: "idle" }
  /** A request is out, or the server asked to wait. */
  | { kind: "saving" }
  | { kind: "saved" }
  /** The server cannot be reached; what was played is kept and is sent later. */
  | { kind: "offline" }
  | { kind: "signed-out" }
  /** Another tab or device took over; `lost` is what was played here and cannot be counted. */
  | { kind: "taken-over"; lost: Interval[] }
  /** The server will not take this play, for the reason in `detail`. */
  | { kind: "refused"; detail: string };

export interface SenderHooks {
  onState(state: SendState): void;
  onOpened(opened: Opened): void;
  onCounted(counted: Counted): void;
  /** The server will never take these seconds, for the reason in `detail`. */
  onDropped(lost: Interval[], detail: string): void;
  /** Runs before a playback opens; opening makes every earlier playback of this person stale. */
  beforeOpen(): Promise<void>;
}

export interface SenderOptions {
  queue: PlaybackQueue;
  post: Post;
  openUrl: string;
  heartbeatUrl: string;
  timers: Timers;
  now: () => number;
  random: () => number;
  hooks: SenderHooks;
}

/** Milliseconds between heartbeats while the video plays. */
export const INTERVAL = 10_000;
/** Milliseconds after which a playback is opened anew before it is used: the server forgets it after half a day. */
export const FRESH = 6 * 3600 * 1000;
/** The server may lose track of a playback this often in a row before it is given time. */
const REOPENINGS = 3;

/** An outcome of one request: go on with the next, stop until there is more, or wait. */
type Next = "again" | "rest" | { wait: number; hurry: boolean };

/** Thrown by `beforeOpen` to say that the answer decides about this playback too. */
export class Unanswered extends Error {
  constructor(readonly answer?: Answer) {
    super("the server did not take it");
  }
}

/**
 * Opens a playback and sends its heartbeats: one request at a time, each repeated as the very same text until
 * the server has answered it.
 */
export class Sender {
  #o: SenderOptions;
  #queue: PlaybackQueue;
  #wanted = false;
  #busy = false;
  #again = false;
  #halted = false;
  /** Attempts in a row that the server did not hear, and answers in a row that asked to wait. */
  #failures = 0;
  #asked = 0;
  #reopened = 0;
  #openedAt = 0;
  #cancelWait: (() => void) | undefined;
  #hurry = true;
  #cancelTick: (() => void) | undefined;
  #shown: SendState = { kind: "idle" };

  constructor(options: SenderOptions) {
    this.#o = options;
    this.#queue = options.queue;
  }

  get state(): SendState {
    return this.#shown;
  }

  /** Whether sending has stopped until `resume` is called. */
  get halted(): boolean {
    return this.#halted;
  }

  /** Opens a playback, now or as soon as the server can be reached; and sends every 10 s from then on. */
  begin(): void {
    if (this.#wanted) return;
    this.#wanted = true;
    this.#tick();
    void this.#pump();
  }

  /**
   * Sends what waits. `urgent` cuts short a wait for a server that was out of reach; a wait that the server
   * asked for is always kept.
   */
  flush(urgent = false): void {
    if (!this.#wanted || this.#halted) return;
    if (this.#busy) {
      this.#again = true;
      return;
    }
    if (this.#cancelWait !== undefined) {
      if (!urgent || !this.#hurry) return;
      this.#cancelWait();
      this.#cancelWait = undefined;
    }
    void this.#pump();
  }

  /** Goes on after the person signed in again; or, with a new queue, chose to continue here. */
  resume(queue = this.#queue): void {
    this.#queue = queue;
    this.#halted = false;
    this.#failures = 0;
    this.#asked = 0;
    this.#reopened = 0;
    this.#wanted = true;
    if (this.#cancelTick === undefined) this.#tick();
    this.flush(true);
  }

  #tick(): void {
    this.#cancelTick = this.#o.timers.after(INTERVAL, () => {
      this.#cancelTick = undefined;
      this.#tick();
      this.flush();
    });
  }

  async #pump(): Promise<void> {
    if (this.#busy) return;
    this.#busy = true;
    try {
      for (;;) {
        this.#again = false;
        const next = await this.#step();
        if (this.#halted) return;
        if (next === "again") continue;
        if (next === "rest") {
          if (this.#again) continue;
          return;
        }
        this.#hurry = next.hurry;
        this.#cancelWait = this.#o.timers.after(next.wait, () => {
          this.#cancelWait = undefined;
          void this.#pump();
        });
        return;
      }
    } finally {
      this.#busy = false;
    }
  }

  /** One request, or none when there is nothing to say. */
  async #step(): Promise<Next> {
    if (this.#queue.playbackId === null) return await this.#open();
    if (this.#o.now() - this.#openedAt > FRESH && this.#queue.length > 0 && !this.#queue.waiting) {
      this.#queue.unbind();
      return "again";
    }
    const body = this.#queue.nextBody();
    if (body === null) return "rest";
    this.#show({ kind: "saving" });
    let answer: Answer;
    try {
      answer = await this.#o.post(this.#o.heartbeatUrl, body);
    } catch {
      return this.#unreachable();
    }
    return this.#heard(answer, body);
  }

  async #open(): Promise<Next> {
    const { video, lesson, enrollment } = this.#queue.ids;
    let answer: Answer;
    try {
      await this.#o.hooks.beforeOpen();
      answer = await this.#o.post(
        this.#o.openUrl,
        JSON.stringify({ video_id: video, lesson_id: lesson, enrollment_id: enrollment }),
      );
    } catch (error) {
      if (error instanceof Unanswered && error.answer !== undefined) return this.#problem(error.answer);
      return this.#unreachable();
    }
    if (answer.status !== 200) return this.#problem(answer);
    const opened = readOpened(answer.body);
    if (opened === undefined) return this.#unreachable();
    this.#failures = 0;
    this.#openedAt = this.#o.now();
    this.#queue.bind(opened);
    this.#o.hooks.onOpened(opened);
    if (this.#queue.length === 0) this.#show({ kind: "saved" });
    // Right after the opening nothing has had the time to be played, unless it was kept from before.
    return this.#queue.length > 0 ? "again" : "rest";
  }

  #heard(answer: Answer, body: string): Next {
    if (answer.status === 200) {
      const counted = readCounted(answer.body);
      // Some networks answer every address with a page of their own.
      if (counted === undefined || counted.seq < (JSON.parse(body) as { seq: number }).seq) return this.#unreachable();
      this.#queue.acknowledge(counted.nonce, counted.seq);
      // After a silence the rest goes at once; after being asked to wait, in its own time.
      const more = (this.#failures > 0 && this.#queue.length > 0) || (this.#queue.backlog && this.#asked === 0);
      this.#failures = 0;
      this.#asked = 0;
      this.#reopened = 0;
      if (!more) this.#show({ kind: "saved" });
      this.#o.hooks.onCounted(counted);
      return more ? "again" : "rest";
    }
    const code = problemCode(answer);
    if (answer.status === 409 && code === "stale_playback") {
      this.#halt({ kind: "taken-over", lost: this.#queue.discard() });
      return "rest";
    }
    if ((answer.status === 409 && code === "replayed_nonce") || answer.status === 404 || answer.status === 410) {
      this.#queue.unbind();
      this.#reopened += 1;
      return this.#reopened > REOPENINGS ? this.#unreachable() : "again";
    }
    return this.#problem(answer);
  }

  /** Answers that mean the same to an opening and to a heartbeat. */
  #problem(answer: Answer): Next {
    const { status } = answer;
    if (status === 401) {
      this.#halt({ kind: "signed-out" });
      return "rest";
    }
    if (status === 429 || (status === 422 && problemCode(answer) === "too_fast")) {
      this.#asked += 1;
      const asked = answer.retryAfter ?? backoff(this.#asked, this.#o.random) / 1000;
      return { wait: Math.max(250, Math.ceil(asked * 1000)), hurry: false };
    }
    if (status >= 500 || status === 408 || status === 425) return this.#unreachable();
    if ((status === 400 || status === 413 || status === 422) && this.#queue.playbackId !== null) {
      // It will never take this text: what comes after it need not wait for it.
      const lost = this.#queue.dropInflight();
      if (total(lost) > 0) this.#o.hooks.onDropped(lost, problemDetail(answer));
      this.#asked += 1;
      return { wait: backoff(this.#asked, this.#o.random), hurry: false };
    }
    this.#halt({ kind: "refused", detail: problemDetail(answer) });
    return "rest";
  }

  #unreachable(): Next {
    this.#failures += 1;
    this.#show({ kind: "offline" });
    return { wait: backoff(this.#failures, this.#o.random), hurry: true };
  }

  #halt(state: SendState): void {
    this.#halted = true;
    this.#show(state);
  }

  #show(state: SendState): void {
    // While the server is out of reach each attempt would flicker.
    if (state.kind === "saving" && (this.#shown.kind === "offline" || this.#shown.kind === "signed-out")) return;
    this.#shown = state;
    this.#o.hooks.onState(state);
  }
}
