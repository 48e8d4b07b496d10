/* Sends what the queue holds, in its order, and says what became of it. A commit is saved when the server has said so, and at no
   other time. */
import type { Call, Commit, CommitAnswer, Elements, Refusal, Shared } from "../../runtime/scorm/types.ts";
import { backoff } from "../player/backoff.ts";
import type { Timers } from "../player/clock.ts";
import { judge, type Line } from "./line.ts";
import type { Entry, Queue } from "./queue.ts";

export type Saving =
  | { state: "saved" }
  | { state: "saving" }
  | { state: "waiting"; reason: Refusal; words: string; entries: number; since: number; durable: boolean }
  /** Another player has gone on; nothing of this one is taken any more. */
  | { state: "stopped"; words: string; lost: number };

/** What the server takes in one commit is 1,000 elements and 1,000,000 bytes. */
const ELEMENTS = 800;
const CHARACTERS = 250_000;
/** Milliseconds after a failure in which a Commit is answered without trying again: a package in a loop must not hang. */
const QUIET = 1_500;
const SAVED: CommitAnswer & { saved: true } = { saved: true, seq: 0 };

export interface Pending {
  sco: string;
  elements: Elements;
  terminate: boolean;
  calls: Call[];
  state?: unknown;
  summary?: Elements;
  shared?: Shared;
}

export interface Watching {
  changed(saving: Saving): void;
  /** What the server says of the registration after each commit. */
  answered(answer: CommitAnswer & { saved: true }): void;
  /** The launch token has expired: the site's page gives another. */
  expired(): void;
}

/** Elements in parts that the server takes. */
export function parts(elements: Elements): Elements[] {
  const found: Elements[] = [{}];
  let count = 0;
  let characters = 0;
  for (const [element, value] of Object.entries(elements)) {
    if (count > 0 && (count >= ELEMENTS || characters + value.length > CHARACTERS)) {
      found.push({});
      count = characters = 0;
    }
    found[found.length - 1]![element] = value;
    count++;
    characters += element.length + value.length;
  }
  return found;
}

export class Sender {
  private stopped: (Saving & { state: "stopped" }) | null = null;
  private failures = 0;
  private failedAt = -Infinity;
  private failure: (CommitAnswer & { saved: false }) | null = null;
  private cancelRetry: (() => void) | null = null;
  private draining: Promise<void> | null = null;
  private readonly sent = new Set<number>();
  private readonly parted = new Set<number>();
  /** Element and value as the server has them, by SCO. */
  private readonly stored = new Map<string, Elements>();
  /** What the server does not take, by SCO: it is not sent again and again. */
  private readonly refused = new Map<string, Map<string, string>>();

  constructor(
    private readonly path: () => string,
    private readonly line: Line,
    private readonly queue: Queue,
    private readonly timers: Timers,
    private readonly random: () => number,
    private readonly now: () => number,
    private readonly watching: Watching,
  ) {}

  get saving(): Saving {
    if (this.stopped) return this.stopped;
    const own = this.queue.own();
    if (own.length === 0) return { state: "saved" };
    if (this.failure === null) return { state: "saving" };
    const { reason, words } = this.failure;
    return { state: "waiting", reason, words, entries: own.length, since: own[0]!.at, durable: this.queue.durable };
  }

  /** Commits and answers when it is stored, or why it is not. It is kept and sent again in that case, unless it was refused. */
  commit(pending: Pending): CommitAnswer {
    if (this.stopped) return { saved: false, reason: "stale", words: this.stopped.words };
    const refusal = this.knownRefusal(pending);
    this.keep(pending);
    if (this.queue.size === 0) return refusal ?? { ...SAVED, seq: this.queue.lastSeq };
    if (this.failure !== null && this.now() - this.failedAt < QUIET) {
      this.retry();
      this.tell();
      return this.failure;
    }
    return this.drainNow() ?? refusal ?? { ...SAVED, seq: this.queue.lastSeq };
  }

  /** Commits without anybody waiting for the answer. */
  later(pending: Pending): Promise<void> {
    if (this.stopped) return Promise.resolve();
    this.keep(pending);
    return this.drain();
  }

  /** What is new against what is stored or waits already, in the queue. */
  keep(pending: Pending): void {
    const known = { ...this.stored.get(pending.sco), ...this.queue.waiting(pending.sco) };
    const poison = this.refused.get(pending.sco);
    const fresh = Object.fromEntries(
      Object.entries(pending.elements).filter(([element, value]) => known[element] !== value && poison?.get(element) !== value),
    );
    const last = this.queue.own().at(-1);
    const ends = pending.terminate && !(last?.terminate && last.sco === pending.sco);
    const nothing = Object.keys(fresh).length === 0 && !ends && bare(pending);
    if (nothing && pending.calls.length === 0) return;
    const chunks = parts(fresh);
    chunks.forEach((elements, at) => {
      const isLast = at === chunks.length - 1;
      const commit: Omit<Commit, "seq"> = {
        sco: pending.sco,
        elements,
        terminate: pending.terminate && isLast,
        calls: isLast ? pending.calls : [],
      };
      if (isLast && pending.state !== undefined) commit.state = pending.state;
      if (isLast && pending.summary !== undefined) commit.summary = pending.summary;
      if (isLast && pending.shared !== undefined) commit.shared = pending.shared;
      this.queue.add(commit, this.now());
    });
  }

  private knownRefusal(pending: Pending): CommitAnswer | null {
    const poison = this.refused.get(pending.sco);
    const found = Object.entries(pending.elements).find(([element, value]) => poison?.get(element) === value);
    return found ? { saved: false, reason: "refused", words: `The site did not take ${found[0]}.` } : null;
  }

  private drainNow(): (CommitAnswer & { saved: false }) | null {
    let refusal: (CommitAnswer & { saved: false }) | null = null;
    for (let entry = this.queue.own()[0]; entry !== undefined; entry = this.queue.own()[0]) {
      this.sent.add(entry.seq);
      const answer = judge(this.line.now(this.path(), body(entry)), entry.seq);
      const failure = this.settle(entry, answer);
      if (failure?.reason === "refused") refusal = failure;
      else if (failure) return failure;
    }
    return refusal;
  }

  /** Sends everything that waits; at the end all is saved or another attempt is due. */
  drain(): Promise<void> {
    this.draining ??= this.drainAll().finally(() => {
      this.draining = null;
    });
    return this.draining;
  }

  private async drainAll(): Promise<void> {
    this.cancelRetry?.();
    this.cancelRetry = null;
    this.tell();
    for (let entry = this.queue.own()[0]; entry !== undefined && !this.stopped; entry = this.queue.own()[0]) {
      this.sent.add(entry.seq);
      const answer = judge(await this.line.later(this.path(), body(entry)), entry.seq);
      // A Commit may have come in between and have sent it.
      if (!this.queue.own().some((one) => one.seq === entry!.seq)) continue;
      const failure = this.settle(entry, answer);
      if (failure && failure.reason !== "refused") return;
    }
  }

  /** What an answer means for the queue; null when the entry is stored. */
  private settle(entry: Entry, answer: CommitAnswer): (CommitAnswer & { saved: false }) | null {
    if (answer.saved) {
      this.queue.remove(entry);
      this.stored.set(entry.sco, { ...this.stored.get(entry.sco), ...entry.elements });
      this.failure = null;
      this.failures = 0;
      this.watching.answered(answer);
      this.tell();
      return null;
    }
    if (answer.reason === "stale") this.stop(answer.words);
    else if (answer.reason === "refused") this.isolate(entry, answer.words);
    else {
      this.failure = answer;
      this.failedAt = this.now();
      this.failures++;
      if (answer.reason === "signed_out") this.watching.expired();
      this.retry();
    }
    this.tell();
    return answer;
  }

  /** A commit that the server does not take is taken apart, so that one element does not keep the others back. Under its number
   *  nothing was stored, so the number is used for a part of it. */
  private isolate(entry: Entry, words: string): void {
    const all = Object.entries(entry.elements);
    this.queue.remove(entry);
    const half = Math.ceil(all.length / 2);
    if (all.length === 1) {
      const [element, value] = all[0]!;
      const poison = this.refused.get(entry.sco) ?? new Map<string, string>();
      this.refused.set(entry.sco, poison.set(element, value));
    }
    const calls = [...entry.calls];
    if (all.length <= 1) calls.push({ t: 0, fn: "refused", args: [all[0]?.[0] ?? ""], answer: words.slice(0, 500), error: "" });
    const first = all.length <= 1 ? {} : Object.fromEntries(all.slice(0, half));
    const none = all.length === 0;
    this.queue.put({ ...entry, elements: first, calls: none ? [] : calls, ...(none ? NOTHING_ELSE : {}) });
    if (none && entry.calls.length === 0 && bare(entry)) {
      // Not even an empty commit is taken: this player cannot go on.
      this.stop(words);
      return;
    }
    if (all.length > 1) {
      const newer = this.queue.waiting(entry.sco);
      const second = Object.fromEntries(all.slice(half).filter(([element]) => !(element in newer)));
      if (Object.keys(second).length > 0)
        this.queue.add({ sco: entry.sco, elements: second, terminate: entry.terminate, calls: [] }, entry.at);
    }
  }

  private stop(words: string): void {
    const own = this.queue.own();
    this.stopped = { state: "stopped", words, lost: own.filter((entry) => Object.keys(entry.elements).length > 0).length };
    this.cancelRetry?.();
    for (const entry of own) this.queue.remove(entry);
  }

  /** Another window on this device has taken over; what waits here is its to send. */
  halt(words: string): void {
    if (this.stopped) return;
    this.stopped = { state: "stopped", words, lost: 0 };
    this.cancelRetry?.();
    this.tell();
  }

  private retry(): void {
    if (this.cancelRetry !== null || this.stopped) return;
    this.cancelRetry = this.timers.after(backoff(this.failures, this.random), () => {
      this.cancelRetry = null;
      void this.drain();
    });
  }

  /** The network is back, the machine awake again, or the token renewed. */
  again(): void {
    if (this.stopped || this.queue.size === 0) return;
    this.failures = 0;
    this.failedAt = -Infinity;
    void this.drain();
  }

  /** The page goes: what waits is handed to the browser as far as it takes it. What it does not take stays in the queue. */
  part(pending: Pending | null): void {
    if (this.stopped) return;
    if (pending) this.keep(pending);
    for (const entry of this.queue.own()) {
      if (this.parted.has(entry.seq)) continue;
      if (!this.line.parting(this.path(), body(entry))) return;
      this.parted.add(entry.seq);
    }
  }

  private tell(): void {
    this.watching.changed(this.saving);
  }
}

const NOTHING_ELSE = { state: undefined, summary: undefined, shared: undefined };

/** Nothing comes with the elements. */
function bare(given: { state?: unknown; summary?: unknown; shared?: unknown }): boolean {
  return given.state === undefined && given.summary === undefined && given.shared === undefined;
}

export function body(entry: Entry): string {
  const { seq, sco, elements, terminate, calls, state, summary, shared } = entry;
  return JSON.stringify({ seq, sco, elements, terminate, calls, state, summary, shared });
}
