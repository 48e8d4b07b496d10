import type { Timers } from "./clock";
import type { Config } from "./config";
import { total, union, type Interval } from "./intervals";
import type { Leases } from "./leases";
import { adoptLeftovers, sendLeftovers, type Leftover, type LeftoverOptions } from "./leftovers";
import type { Counted, Opened } from "./protocol";
import { PlaybackQueue } from "./queue";
import { Sender, Unanswered, type SendState } from "./sender";
import type { KeyStore } from "./store";
import { Tracker, type Sample, type Signal } from "./tracker";
import type { Post } from "./transport";

/** What the session needs of a media element. */
export interface Media extends EventTarget {
  currentTime: number;
  playbackRate: number;
  readonly paused: boolean;
  readonly ended: boolean;
  readonly duration: number;
  readonly buffered: TimeRanges;
  play(): Promise<void> | undefined;
  pause(): void;
}

/** How far the person is: seconds that the server has, and seconds that are on the way. */
export interface Coverage {
  watched: Interval[];
  unsent: Interval[];
  goalSeconds: number;
}

export interface SessionHooks {
  coverage(coverage: Coverage): void;
  sending(state: SendState, durable: boolean): void;
  counted(counted: Counted): void;
  leftover(leftover: Leftover): void;
  dropped(seconds: number, detail: string): void;
  /** The person or the browser asked for more speed than the course allows. */
  rateRefused(maxRate: number): void;
  /** The server allows another speed than the page said. */
  rateAllowed(maxRate: number): void;
}

export interface SessionParts {
  config: Config;
  media: Media;
  store: KeyStore;
  leases: Leases;
  post: Post;
  timers: Timers;
  /** A clock that never steps back, in ms. */
  now: () => number;
  /** The wall clock, in ms. */
  wall: () => number;
  random: () => number;
  hooks: SessionHooks;
}

const SIGNALS: readonly Signal[] = [
  "play",
  "playing",
  "pause",
  "timeupdate",
  "seeking",
  "seeked",
  "waiting",
  "ratechange",
  "ended",
];
const RATE_ROUNDING = 0.001;
/** Milliseconds between writes of what was played, where the element itself is silent. */
const TICK = 1000;
/** Milliseconds after which somebody who is signed out is tried again. */
const SIGNED_OUT_RETRY = 30_000;

/** One person's play of one video on this page: it counts, keeps, sends, and says how far it is. */
export class Session {
  #p: SessionParts;
  #tracker: Tracker;
  #queue: PlaybackQueue;
  #sender: Sender;
  #watched: Interval[];
  #goal: number;
  #maxRate: number;
  #reached: boolean;
  #suspended = false;
  #release: (() => void) | undefined;
  #clearing: Promise<void> | undefined;
  #waitingForSignIn: (() => void) | undefined;

  constructor(parts: SessionParts) {
    const { config } = parts;
    this.#p = parts;
    this.#watched = union(config.watched);
    this.#goal = config.goalSeconds;
    this.#maxRate = config.maxRate;
    this.#reached = total(this.#watched) >= this.#goal;
    this.#tracker = new Tracker({ duration: config.duration, maxRate: config.maxRate });
    this.#queue = this.#freshQueue();
    this.#sender = new Sender({
      queue: this.#queue,
      post: parts.post,
      openUrl: config.openUrl,
      heartbeatUrl: config.heartbeatUrl,
      timers: parts.timers,
      now: parts.wall,
      random: parts.random,
      hooks: {
        onState: (state) => this.#onState(state),
        onOpened: (opened) => this.#onOpened(opened),
        onCounted: (counted) => this.#onCounted(counted),
        onDropped: (lost, detail) => {
          this.#showCoverage();
          parts.hooks.dropped(total(lost), detail);
        },
        beforeOpen: () => this.#clear(),
      },
    });
  }

  /** Things that wait for an acknowledgement; 0 says that the server has everything. */
  get queueLength(): number {
    return this.#queue.length;
  }

  get lastSeq(): number {
    return this.#queue.lastSeq;
  }

  /** The seconds that the server has said are watched. */
  get watched(): Interval[] {
    return this.#watched;
  }

  /** Listens to the element and sends what earlier pages left behind. */
  async start(): Promise<void> {
    const { media, timers } = this.#p;
    for (const signal of SIGNALS) media.addEventListener(signal, () => this.#hear(signal));
    for (const name of ["loadedmetadata", "durationchange", "progress"]) media.addEventListener(name, () => this.#ready());
    this.#ready();
    this.#showCoverage();
    const tick = (): void => {
      timers.after(TICK, () => {
        this.#tracker.handle("tick", this.#sample());
        this.#collect();
        tick();
      });
    };
    tick();
    this.#release = await this.#p.leases.hold(this.#queue.key);
    try {
      await this.#clear();
    } catch {
      // The opening tries it again, and says so when it fails.
    }
    if (this.#queue.length > 0) this.#sender.begin();
  }

  /** The page may be about to go, or was hidden: keep and send everything now. */
  leave(): void {
    this.#tracker.handle("tick", this.#sample());
    this.#collect();
    this.#sender.flush(true);
  }

  /** The browser says that the network is back, or the person has come back to the page. */
  returned(): void {
    if (this.#sender.state.kind === "signed-out") this.#sender.resume();
    else this.#sender.flush(true);
    if (!this.#tracker.started) void this.#clear().catch(() => undefined);
  }

  /** Takes the video over from the other tab or device, and plays. */
  continueHere(): void {
    this.#takeBack();
    void this.#p.media.play()?.catch(() => undefined);
  }

  #freshQueue(): PlaybackQueue {
    const { userId, videoId, lessonId, enrollmentId } = this.#p.config;
    const ids = { user: userId, video: videoId, lesson: lessonId, enrollment: enrollmentId };
    return PlaybackQueue.begin(this.#p.store, ids, this.#p.wall);
  }

  #sample(): Sample {
    const { media, now, wall } = this.#p;
    return {
      time: media.currentTime || 0,
      rate: media.playbackRate,
      paused: media.paused,
      ended: media.ended,
      now: now(),
      wall: wall(),
    };
  }

  #ready(): void {
    const { buffered, duration } = this.#p.media;
    const start = buffered.length > 0 ? buffered.start(0) : 0;
    this.#tracker.setBounds(start, duration);
    this.#tracker.handle("ready", this.#sample());
  }

  #hear(signal: Signal): void {
    const { media } = this.#p;
    if (signal === "play" && this.#suspended) this.#takeBack();
    this.#tracker.handle(signal, this.#sample());
    if (signal === "ratechange" && media.playbackRate > this.#maxRate + RATE_ROUNDING) {
      media.playbackRate = this.#maxRate;
      this.#p.hooks.rateRefused(this.#maxRate);
    }
    this.#collect();
    if (signal === "play") this.#sender.begin();
    if (signal === "play" || signal === "pause" || signal === "ended") this.#sender.flush();
  }

  /** Moves what was played from the tracker into the store. */
  #collect(): void {
    const taken = this.#tracker.take();
    if (this.#suspended) return;
    const something = taken.intervals.length > 0;
    this.#queue.add(taken, this.#p.media.currentTime || 0);
    if (!something) return;
    this.#showCoverage();
    if (this.#reached || total(union(this.#watched, this.#queue.unsent)) < this.#goal) return;
    this.#reached = true;
    this.#tracker.log("complete", this.#sample());
    this.#queue.add(this.#tracker.take(), this.#p.media.currentTime || 0);
    this.#sender.flush();
  }

  #showCoverage(): void {
    this.#p.hooks.coverage({ watched: this.#watched, unsent: this.#queue.unsent, goalSeconds: this.#goal });
  }

  /** Sends and takes over what earlier pages left; one run at a time. */
  #clear(): Promise<void> {
    const { store, leases, post, config, timers, wall } = this.#p;
    const options: LeftoverOptions = {
      store,
      leases,
      post,
      timers,
      heartbeatUrl: config.heartbeatUrl,
      user: config.userId,
      now: wall,
      own: () => this.#queue.key,
      tell: (leftover) => this.#onLeftover(leftover),
    };
    this.#clearing ??= (async () => {
      try {
        await sendLeftovers(options);
        await adoptLeftovers(options, this.#queue);
      } catch (error) {
        if (!(error instanceof Unanswered)) console.error(error);
        throw error;
      } finally {
        this.#clearing = undefined;
      }
    })();
    return this.#clearing;
  }

  #onLeftover(leftover: Leftover): void {
    if (leftover.fate === "counted" && leftover.video === this.#p.config.videoId && leftover.counted !== null) {
      this.#onCounted(leftover.counted);
    }
    this.#p.hooks.leftover(leftover);
  }

  #onOpened(opened: Opened): void {
    this.#watched = union(opened.watched);
    if (opened.goalSeconds > 0) this.#goal = opened.goalSeconds;
    if (opened.rate !== this.#maxRate) {
      this.#maxRate = opened.rate;
      this.#tracker.maxRate = opened.rate;
      this.#p.hooks.rateAllowed(opened.rate);
    }
    this.#showCoverage();
    const before = this.#release;
    void this.#p.leases.hold(this.#queue.key).then((release) => {
      before?.();
      this.#release = release;
    });
  }

  #onCounted(counted: Counted): void {
    this.#watched = union(counted.watched);
    if (counted.goalSeconds > 0) this.#goal = counted.goalSeconds;
    this.#showCoverage();
    this.#p.hooks.counted(counted);
  }

  #onState(state: SendState): void {
    this.#waitingForSignIn?.();
    this.#waitingForSignIn = undefined;
    if (state.kind === "taken-over") {
      this.#suspended = true;
      this.#queue = this.#freshQueue();
      this.#p.media.pause();
      this.#showCoverage();
    }
    if (state.kind === "signed-out") {
      this.#waitingForSignIn = this.#p.timers.after(SIGNED_OUT_RETRY, () => this.#sender.resume());
    }
    this.#p.hooks.sending(state, this.#queue.durable);
  }

  #takeBack(): void {
    if (!this.#suspended) return;
    this.#suspended = false;
    this.#tracker.forget();
    this.#sender.resume(this.#queue);
  }
}
