import type { Interval } from "../intervals";
import { union } from "../intervals";
import type { Media } from "../session";
import type { Time } from "./time";

/**
 * A media element in the time of a test. It plays in small steps, fires the events that browsers fire, and
 * keeps what it really played.
 */
export class FakeMedia extends EventTarget implements Media {
  duration: number;
  ended = false;
  paused = true;
  /** Fires no event for a place that is set, as a script may see to. */
  silent = false;
  stalled = false;
  seekMs = 40;
  updateMs = 250;
  truth: Interval[] = [];
  #time: Time;
  #position = 0;
  #rate = 1;
  #seeking = false;
  #sinceUpdate = 0;

  constructor(time: Time, duration: number) {
    super();
    this.#time = time;
    this.duration = duration;
  }

  get buffered(): TimeRanges {
    const end = this.duration;
    return { length: 1, start: () => 0, end: () => end };
  }

  get currentTime(): number {
    return this.#position;
  }
  set currentTime(value: number) {
    this.#position = Math.min(Math.max(0, value), this.duration);
    this.ended = false;
    if (this.silent) return;
    this.#seeking = true;
    this.#fire("seeking");
    this.#time.after(this.seekMs, () => {
      this.#seeking = false;
      this.#fire("seeked");
      if (!this.paused && this.#position >= this.duration) this.#end();
    });
  }

  get playbackRate(): number {
    return this.#rate;
  }
  set playbackRate(value: number) {
    if (value === this.#rate) return;
    this.#rate = value;
    this.#fire("ratechange");
  }

  play(): Promise<void> {
    if (!this.paused) return Promise.resolve();
    if (this.ended) this.currentTime = 0;
    this.paused = false;
    this.#fire("play");
    if (!this.stalled) this.#fire("playing");
    return Promise.resolve();
  }

  pause(): void {
    if (this.paused) return;
    this.paused = true;
    this.#fire("pause");
  }

  stall(): void {
    this.stalled = true;
    if (!this.paused) this.#fire("waiting");
  }

  unstall(): void {
    this.stalled = false;
    if (!this.paused) this.#fire("playing");
  }

  /** Lets `ms` pass, in steps of 10 ms. */
  async run(ms: number): Promise<void> {
    for (let passed = 0; passed < ms; passed += 10) {
      await this.#time.advance(10);
      this.#step(0.01);
    }
  }

  #step(seconds: number): void {
    if (this.paused || this.stalled || this.#seeking || this.ended) return;
    const to = Math.min(this.#position + seconds * this.#rate, this.duration);
    this.truth = union(this.truth, [[this.#position, to]]);
    this.#position = to;
    this.#sinceUpdate += seconds * 1000;
    if (to >= this.duration) this.#end();
    else if (this.#sinceUpdate >= this.updateMs) {
      this.#sinceUpdate = 0;
      this.#fire("timeupdate");
    }
  }

  #end(): void {
    this.ended = true;
    this.#fire("timeupdate");
    this.paused = true;
    this.#fire("pause");
    this.#fire("ended");
  }

  #fire(name: string): void {
    this.dispatchEvent(new Event(name));
  }
}
