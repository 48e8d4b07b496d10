import { isIntervals, subtract, union, type Interval } from "./intervals";
import type { Heartbeat, Opened, PlaybackEvent } from "./protocol";
import type { KeyStore } from "./store";
import type { Taken } from "./tracker";

/** Whose play, and of what. */
export interface Ids {
  user: string;
  video: string;
  lesson: string;
  enrollment: string | null;
}

/** One playback as it lies in the store. */
interface Stored extends Ids {
  v: 1;
  /** Null until the server has opened the playback. */
  playback: string | null;
  nonce: string;
  /** The last sequence number that the server acknowledged. */
  seq: number;
  intervals: Interval[];
  /** Played under an earlier playback that the server no longer knows: to be sent unless it turns out to be counted. */
  carried: Interval[];
  events: PlaybackEvent[];
  position: number;
  /** The exact text of the heartbeat that is out without an answer. */
  inflight: string | null;
  updated: number;
}

const PREFIX = "collegium.playback/";
/** Bounds of one heartbeat, so that the browser lets it finish after the page is gone (64 KB). */
const BODY_INTERVALS = 200;
const BODY_EVENTS = 100;
/** Seconds of an earlier playback that go along with a heartbeat: the server takes only what fits the clock. */
const BODY_CARRIED = 8;
/** Bounds of what one playback keeps: with the longest texts, about 100 KB. */
const KEPT_INTERVALS = 2000;
const KEPT_EVENTS = 400;

/** The keys of every playback of this user that still has something to send, or is being played. */
export function storedPlaybacks(store: KeyStore, user: string): string[] {
  return store.keys(`${PREFIX}${encodeURIComponent(user)}/`);
}

function keyOf(ids: Ids, name: string): string {
  return `${PREFIX}${encodeURIComponent(ids.user)}/${encodeURIComponent(ids.video)}/${encodeURIComponent(name)}`;
}

function decode(text: string): Stored | undefined {
  try {
    const raw = JSON.parse(text) as Partial<Stored> | null;
    if (raw === null || raw.v !== 1 || typeof raw.user !== "string" || typeof raw.video !== "string") return undefined;
    if (!isIntervals(raw.intervals) || !isIntervals(raw.carried) || !Array.isArray(raw.events)) return undefined;
    if (typeof raw.seq !== "number" || typeof raw.nonce !== "string" || typeof raw.lesson !== "string") return undefined;
    if (typeof raw.inflight === "string") JSON.parse(raw.inflight);
    return raw as Stored;
  } catch {
    return undefined;
  }
}

/**
 * What one playback has played and not yet had acknowledged. Every change is written through to the store
 * before the call returns, under a key of its own, so that a reload, a crash or another tab loses nothing.
 *
 * A heartbeat is frozen as text before it is sent and stays so until the server has answered it: a retry
 * sends the same text, and its seconds never travel under another sequence number.
 */
export class PlaybackQueue {
  #store: KeyStore;
  #key: string;
  #state: Stored;
  #now: () => number;
  #durable = true;
  #gone = false;

  private constructor(store: KeyStore, key: string, state: Stored, now: () => number) {
    this.#store = store;
    this.#key = key;
    this.#state = state;
    this.#now = now;
  }

  /** A queue for a playback that the server has not opened yet. Nothing is stored until something was played. */
  static begin(store: KeyStore, ids: Ids, now: () => number = Date.now, name = newName()): PlaybackQueue {
    const state: Stored = {
      ...ids,
      v: 1,
      playback: null,
      nonce: "",
      seq: 0,
      intervals: [],
      carried: [],
      events: [],
      position: 0,
      inflight: null,
      updated: now(),
    };
    return new PlaybackQueue(store, keyOf(ids, name), state, now);
  }

  /** The queue under `key`, or undefined where there is none or it cannot be read (and is then removed). */
  static load(store: KeyStore, key: string, now: () => number = Date.now): PlaybackQueue | undefined {
    const text = store.get(key);
    if (text === null) return undefined;
    const state = decode(text);
    if (state === undefined) {
      store.remove(key);
      return undefined;
    }
    return new PlaybackQueue(store, key, state, now);
  }

  get key(): string {
    return this.#key;
  }

  get ids(): Ids {
    const { user, video, lesson, enrollment } = this.#state;
    return { user, video, lesson, enrollment };
  }

  /** The server's name for the playback, or null before it is open. */
  get playbackId(): string | null {
    return this.#state.playback;
  }

  get lastSeq(): number {
    return this.#state.seq;
  }

  get position(): number {
    return this.#state.position;
  }

  get updated(): number {
    return this.#state.updated;
  }

  /** Whether the last write reached the device. */
  get durable(): boolean {
    return this.#durable;
  }

  /** Whether a heartbeat is out without an answer. */
  get waiting(): boolean {
    return this.#state.inflight !== null;
  }

  /** How many things wait for an acknowledgement; 0 says that the server has everything. */
  get length(): number {
    const { intervals, carried, events, inflight } = this.#state;
    return intervals.length + carried.length + events.length + (inflight === null ? 0 : 1);
  }

  /** Whether more waits than one heartbeat holds. */
  get backlog(): boolean {
    return this.#state.intervals.length > BODY_INTERVALS || this.#state.events.length > BODY_EVENTS;
  }

  /** Every second that was played and is not acknowledged. */
  get unsent(): Interval[] {
    return union(this.#state.intervals, this.#state.carried, this.#inflight()?.intervals ?? []);
  }

  /** Adds what was played, and the place in whole seconds where the person is. */
  add(taken: Taken, position: number): void {
    const state = this.#state;
    const at = Math.max(0, Math.floor(position));
    if (taken.intervals.length === 0 && taken.events.length === 0 && (at === state.position || this.length === 0)) {
      state.position = at;
      return;
    }
    state.intervals = union(state.intervals, taken.intervals).slice(-KEPT_INTERVALS);
    state.events = [...state.events, ...taken.events].slice(-KEPT_EVENTS);
    state.position = at;
    this.#save();
  }

  /** The text to send now: the unanswered one again, else a new one; null when there is nothing or no playback. */
  nextBody(): string | null {
    const state = this.#state;
    if (state.playback === null || this.#gone) return null;
    if (state.inflight !== null) return state.inflight;
    if (this.length === 0) return null;
    const [early, late] = split(state.carried, BODY_CARRIED);
    const waiting = union(state.intervals, early);
    const body: Heartbeat = {
      playback_id: state.playback,
      seq: state.seq + 1,
      nonce: state.nonce,
      intervals: waiting.slice(0, BODY_INTERVALS),
      position: state.position,
      events: state.events.slice(0, BODY_EVENTS),
    };
    state.inflight = JSON.stringify(body);
    state.intervals = waiting.slice(BODY_INTERVALS);
    state.carried = late;
    state.events = state.events.slice(BODY_EVENTS);
    this.#save();
    return state.inflight;
  }

  /** The server has counted the heartbeat that was out. */
  acknowledge(nonce: string, seq: number): void {
    this.#state.nonce = nonce;
    this.#state.seq = seq;
    this.#state.inflight = null;
    this.#save();
  }

  /**
   * The server has opened a playback: what waits goes to it, less what was carried over from an earlier
   * one and turns out to be counted.
   */
  bind(opened: Opened): void {
    const state = this.#state;
    this.#store.remove(this.#key);
    this.#key = keyOf(state, opened.playbackId);
    state.playback = opened.playbackId;
    state.nonce = opened.nonce;
    state.seq = opened.seq;
    state.carried = subtract(state.carried, opened.watched);
    this.#save();
  }

  /**
   * The server does not know this playback any more, or where in it we are. What it refused may have been
   * counted: it is carried to the next playback, whose opening says what is.
   */
  unbind(): void {
    const state = this.#state;
    state.carried = union(state.carried, this.#inflight()?.intervals ?? [], state.intervals);
    state.intervals = [];
    state.inflight = null;
    state.playback = null;
    state.nonce = "";
    state.seq = 0;
    this.#store.remove(this.#key);
    this.#key = keyOf(state, newName());
    this.#save();
  }

  /** Takes over what another queue of the same video, which has no playback of its own, still holds. */
  adopt(other: PlaybackQueue): void {
    this.#state.carried = union(this.#state.carried, other.unsent);
    this.#state.position = other.position;
    this.#save();
    other.discard();
  }

  /** Drops the heartbeat that is out, which the server will never take, and returns its seconds. */
  dropInflight(): Interval[] {
    const lost = this.#inflight()?.intervals ?? [];
    this.#state.inflight = null;
    this.#save();
    return union(lost);
  }

  /** Drops everything, also from the store, and returns the seconds that were dropped. */
  discard(): Interval[] {
    const lost = this.unsent;
    this.#gone = true;
    this.#store.remove(this.#key);
    return lost;
  }

  #inflight(): Heartbeat | undefined {
    return this.#state.inflight === null ? undefined : (JSON.parse(this.#state.inflight) as Heartbeat);
  }

  #save(): void {
    if (this.#gone) return;
    this.#state.updated = this.#now();
    if (this.length === 0) {
      this.#store.remove(this.#key);
      this.#durable = true;
      return;
    }
    this.#durable = this.#store.set(this.#key, JSON.stringify(this.#state));
  }
}

/** The first `seconds` of a list, and the rest of it. */
function split(list: readonly Interval[], seconds: number): [Interval[], Interval[]] {
  const early: Interval[] = [];
  let left = seconds;
  for (const [start, end] of list) {
    if (left <= 0) break;
    early.push([start, Math.min(end, start + left)]);
    left -= end - start;
  }
  return [early, subtract(list, early)];
}

function newName(): string {
  const bytes = crypto.getRandomValues(new Uint32Array(3));
  return `new-${Array.from(bytes, (n) => n.toString(36)).join("")}`;
}
