/** Sends what waits, one request at a time, and tries again until it is acknowledged. */
import type { Store } from "./store";
import type { Answer, Saved, State } from "./types";

const PAUSES_S = [1, 2, 4, 8, 15, 30];

export interface Reply {
  status: number;
  body: unknown;
}

/** A request that changes something; rejects when no answer came. */
export type Send = (method: "PUT" | "POST", path: string, body: unknown) => Promise<Reply>;

export interface Told {
  /** How one answer stands; `words` says why an answer was not taken. */
  state(position: number, state: State, words?: string): void;
  /** The server has another answer, which is newer: from another tab or device. */
  newer(position: number, answer: Answer, seq: number): void;
  saved(position: number, answer: Answer, seq: number): void;
  /** How everything stands. */
  all(state: State): void;
  clock(serverTime: string, deadline: string | null, askedAt: number): void;
  /** The attempt was handed in, or its time is over. */
  ended(words: string): void;
  signedOut(): void;
}

export class Sender {
  readonly #store: Store;
  readonly #api: string;
  readonly #send: Send;
  readonly #told: Told;
  readonly #known = new Map<number, number>();
  #running: Promise<void> | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #failures = 0;
  #stopped = false;

  constructor(store: Store, api: string, send: Send, told: Told) {
    this.#store = store;
    this.#api = api;
    this.#send = send;
    this.#told = told;
  }

  /** The number of the last save that the server is known to have. */
  knows(position: number, seq: number): void {
    this.#known.set(position, Math.max(seq, this.#known.get(position) ?? 0));
  }

  /** Takes an answer; it is kept at once and sent soon. */
  take(position: number, answer: Answer): void {
    const seq = Math.max(this.#known.get(position) ?? 0, this.#store.of(position)?.seq ?? 0) + 1;
    this.#store.put(position, { answer, seq });
    this.#told.state(position, "saving");
    this.#told.all("saving");
  }

  flag(position: number, flagged: boolean): void {
    this.#store.putFlag(position, flagged);
    void this.go();
  }

  /** Sends everything that waits; answers whether nothing is left. */
  async go(): Promise<boolean> {
    clearTimeout(this.#timer);
    this.#running ??= this.#sendAll().finally(() => (this.#running = null));
    await this.#running;
    return this.#store.empty;
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  async #sendAll(): Promise<void> {
    while (!this.#stopped && !this.#store.empty) {
      const [answer] = this.#store.waiting();
      const went = answer ? await this.#sendAnswer(answer[0], answer[1].answer, answer[1].seq) : await this.#sendFlag();
      if (!went) return this.#later();
      this.#failures = 0;
    }
    if (!this.#stopped) this.#told.all("saved");
  }

  #later(): void {
    if (this.#stopped) return;
    const pause = PAUSES_S[Math.min(this.#failures++, PAUSES_S.length - 1)] ?? 30;
    for (const [position] of this.#store.waiting()) this.#told.state(position, "offline");
    this.#told.all("offline");
    this.#timer = setTimeout(() => void this.go(), pause * 1000);
  }

  async #sendAnswer(position: number, answer: Answer, seq: number): Promise<boolean> {
    const askedAt = performance.now();
    let reply: Reply;
    try {
      reply = await this.#send("PUT", `${this.#api}/answers/${position}`, { answer, seq });
    } catch {
      return false;
    }
    if (reply.status === 200) {
      this.#acknowledged(position, answer, seq, reply.body as Saved, askedAt);
      return true;
    }
    return this.#refused(reply, position, seq);
  }

  #acknowledged(position: number, answer: Answer, seq: number, saved: Saved, askedAt: number): void {
    this.knows(position, saved.seq);
    this.#store.done(position, seq);
    this.#told.clock(saved.server_time, saved.deadline_at, askedAt);
    // What was typed while the request was under way is newer than both.
    const more = this.#store.of(position);
    if (!saved.saved && JSON.stringify(saved.answer) !== JSON.stringify(answer)) {
      this.#store.done(position, saved.seq);
      this.#told.newer(position, saved.answer ?? {}, saved.seq);
    } else if (more === undefined) {
      this.#told.state(position, "saved");
      this.#told.saved(position, answer, saved.seq);
    } else if (more.seq <= saved.seq) {
      this.#store.put(position, { answer: more.answer, seq: saved.seq + 1 });
    }
  }

  async #sendFlag(): Promise<boolean> {
    const [first] = this.#store.flags();
    if (first === undefined) return true;
    const [position, flagged] = first;
    try {
      const reply = await this.#send("PUT", `${this.#api}/flags/${position}`, { flagged });
      if (reply.status >= 500 || reply.status === 401) return this.#refused(reply, position, 0);
    } catch {
      return false;
    }
    this.#store.doneFlag(position, flagged);
    return true;
  }

  #refused(reply: Reply, position: number, seq: number): boolean {
    const words = (reply.body as { detail?: string } | null)?.detail ?? "";
    if (reply.status === 409 || reply.status === 404) {
      this.stop();
      this.#told.ended(words);
      return true;
    }
    if (reply.status === 401) this.#told.signedOut();
    if (reply.status === 413 || reply.status === 422) {
      this.#store.done(position, seq);
      this.#told.state(position, "error", words);
      return true;
    }
    return false;
  }
}
