import { union, wholeSeconds, type Interval } from "./intervals";
import type { EventType, PlaybackEvent } from "./protocol";

/** What a media element showed at one moment. */
export interface Sample {
  /** Media time in seconds. */
  time: number;
  rate: number;
  paused: boolean;
  ended: boolean;
  /** A clock that never steps back, in ms. */
  now: number;
  /** The wall clock, in ms since 1970. */
  wall: number;
}

export type Signal =
  | "ready"
  | "play"
  | "playing"
  | "pause"
  | "timeupdate"
  | "tick"
  | "seeking"
  | "seeked"
  | "waiting"
  | "ratechange"
  | "ended";

export interface TrackerOptions {
  /** Whole seconds that the video has for the server. */
  duration: number;
  maxRate: number;
}

/** What was played and done since it was last taken. */
export interface Taken {
  intervals: Interval[];
  events: PlaybackEvent[];
}

/** Seconds by which a sample may run ahead of clock times rate: events are handled late and in lumps. */
const TOLERANCE = 0.3;
/** Seconds of clock allowed to a sample that arrives before the element said that it plays. */
const UNANNOUNCED = 0.3;
/** Seconds between the last frame and the end of the video that `ended` may skip. */
const END_GAP = 0.5;
/** A rate chosen in the menu is not exact in every browser. */
const RATE_ROUNDING = 0.001;
/** Where a stream begins late, the element is put a little behind its first frame. */
const START_SLACK = 0.1;
/** Seconds within which a place is the start or the end itself. */
const EDGE = 0.001;
const MAX_EVENTS = 200;

type Mode = "stopped" | "running" | "waiting" | "seeking";

/**
 * Tells which seconds were really played, from what a media element reports and a clock. It touches
 * neither; give it every signal with a sample taken in the handler.
 *
 * Between two samples the time was played when the element was running and the step fits the clock that
 * passed times the rate. A larger step, or one backwards, is a seek whether or not the element said so.
 */
export class Tracker {
  #mode: Mode = "stopped";
  #started = false;
  #last: Sample | undefined;
  #seekFrom: number | undefined;
  #stretches: Interval[] = [];
  #events: PlaybackEvent[] = [];
  #start = 0;
  #end: number;
  #duration: number;
  #maxRate: number;
  #rate: number | undefined;
  #on = false;

  constructor(options: TrackerOptions) {
    this.#duration = Math.ceil(options.duration);
    this.#end = options.duration;
    this.#maxRate = options.maxRate;
  }

  /** Whether media time is moving by itself. */
  get running(): boolean {
    return this.#mode === "running";
  }

  /** Whether the person has pressed play on this page. */
  get started(): boolean {
    return this.#started;
  }

  set maxRate(rate: number) {
    this.#maxRate = rate;
  }

  /**
   * Says where the media itself begins and ends, in seconds. A stream may start a few frames after 0 and
   * end a few before the whole second; those frames do not exist, so nobody can be asked to play them.
   */
  setBounds(start: number, end: number): void {
    this.#start = Number.isFinite(start) && start > 0 && start <= END_GAP ? start : 0;
    if (Number.isFinite(end) && end > 0) this.#end = end;
  }

  /** Takes in one signal of the element. */
  handle(signal: Signal, sample: Sample): void {
    switch (signal) {
      case "ready":
        if (this.#mode === "stopped") this.#last = sample;
        this.#rate ??= sample.rate;
        break;
      case "play":
      case "playing":
        this.#resume(sample);
        break;
      case "timeupdate":
      case "tick":
        this.#move(sample);
        break;
      case "waiting":
        if (this.#mode === "running") {
          this.#advance(sample);
          this.#mode = "waiting";
        }
        break;
      case "pause":
        this.#pause(sample);
        break;
      case "seeking":
        this.#beginSeek(sample);
        break;
      case "seeked":
        this.#endSeek(sample);
        break;
      case "ratechange":
        this.#changeRate(sample);
        break;
      case "ended":
        this.#finish(sample);
        break;
    }
  }

  /** Adds an event to the log by hand, such as that the goal is reached. */
  log(type: EventType, sample: Sample, data?: PlaybackEvent["data"]): void {
    if (!this.#started) return;
    const event: PlaybackEvent = { type, at: round(sample.time), t: Math.round(sample.wall) };
    if (data !== undefined) event.data = { from: round(data.from), to: round(data.to) };
    this.#events.push(event);
    if (this.#events.length > MAX_EVENTS) this.#events.shift();
  }

  /** Hands out the whole seconds played and the events since the last call; the fraction of a second stays here. */
  take(): Taken {
    const { seconds, rest } = wholeSeconds(this.#stretches);
    const events = this.#events;
    this.#stretches = rest;
    this.#events = [];
    return { intervals: seconds, events };
  }

  /** Drops what was not taken yet, also the begun second. */
  forget(): void {
    this.#stretches = [];
    this.#events = [];
  }

  #resume(sample: Sample): void {
    this.#started = true;
    if (!this.#on) this.log("play", sample);
    this.#on = true;
    if (this.#mode === "seeking") return;
    // From a standstill the element may have moved a few frames before it was heard: they count from where it stood.
    this.#advance(sample, this.#mode === "running" ? Number.POSITIVE_INFINITY : UNANNOUNCED);
    this.#mode = "running";
  }

  #move(sample: Sample): void {
    if (this.#mode === "seeking") return;
    if (this.#mode === "running") {
      this.#advance(sample);
      if (sample.paused) this.#mode = "stopped";
      return;
    }
    if (sample.paused || sample.ended) {
      this.#last = sample;
      return;
    }
    // It moves although it never said that it plays: from here on it is running.
    if (this.#last !== undefined && sample.time > this.#last.time) {
      this.#resume(sample);
    }
  }

  #pause(sample: Sample): void {
    if (sample.ended) {
      this.#finish(sample);
      return;
    }
    if (this.#mode === "running") this.#advance(sample);
    if (this.#mode !== "seeking") {
      this.#mode = "stopped";
      this.#last = sample;
    }
    if (this.#on) this.log("pause", sample);
    this.#on = false;
  }

  #beginSeek(sample: Sample): void {
    if (this.#mode !== "seeking") {
      this.#seekFrom = this.#last?.time ?? 0;
      this.#mode = "seeking";
    }
    this.#last = sample;
  }

  #endSeek(sample: Sample): void {
    const from = this.#seekFrom ?? this.#last?.time ?? 0;
    this.#seekFrom = undefined;
    this.#logSeek(from, sample);
    this.#last = sample;
    this.#mode = sample.paused ? "stopped" : "running";
  }

  #logSeek(from: number, sample: Sample): void {
    // A slider that is dragged seeks many times: one line says it, from where it left to where it stays.
    const previous = this.#events.at(-1);
    if (previous?.type === "seek" && previous.data !== undefined && Math.abs(previous.data.to - from) < 0.05) {
      previous.data.to = round(sample.time);
      previous.at = round(sample.time);
      previous.t = Math.round(sample.wall);
      return;
    }
    this.log("seek", sample, { from, to: sample.time });
  }

  #changeRate(sample: Sample): void {
    if (this.#mode === "running") this.#advance(sample);
    else if (this.#last !== undefined) this.#last = { ...this.#last, rate: sample.rate };
    const from = this.#rate ?? 1;
    this.#rate = sample.rate;
    if (from !== sample.rate) this.log("ratechange", sample, { from, to: sample.rate });
  }

  #finish(sample: Sample): void {
    if (this.#mode === "seeking") this.#endSeek(sample);
    else if (this.#mode === "running") this.#advance(sample);
    else if (this.#mode === "waiting") this.#advance(sample, UNANNOUNCED);
    this.#mode = "stopped";
    this.#on = false;
    this.#last = sample;
    // The last frames may lie a little before the end that the element announced; somebody who dragged here played nothing.
    const playedHere = this.#stretches.some(([, end]) => end === sample.time);
    if (playedHere && this.#end - sample.time <= END_GAP) this.#play(sample.time, this.#end);
  }

  /** Counts the step since the last sample where it can have been played; `clockCap` limits the clock that it may claim. */
  #advance(sample: Sample, clockCap = Number.POSITIVE_INFINITY): void {
    const last = this.#last;
    this.#last = sample;
    if (last === undefined) return;
    const step = sample.time - last.time;
    const fastest = Math.max(last.rate, sample.rate);
    const clock = Math.min(Math.max(0, (sample.now - last.now) / 1000), clockCap);
    const allowed = clock * Math.min(fastest, this.#maxRate) + TOLERANCE;
    if (step < 0 || step > allowed) {
      this.#logSeek(last.time, sample);
      return;
    }
    if (fastest > this.#maxRate + RATE_ROUNDING) return;
    this.#play(last.time, sample.time);
  }

  #play(from: number, to: number): void {
    const start = from <= this.#start + (this.#start > 0 ? START_SLACK : EDGE) ? 0 : from;
    const tail = this.#duration - this.#end < 1 ? this.#duration : this.#end;
    const end = Math.min(to >= this.#end - EDGE ? tail : to, this.#duration);
    if (end > start) this.#stretches = union(this.#stretches, [[start, end]]);
  }
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}
