import type { Timers } from "../clock";

interface Due {
  at: number;
  work: () => void;
}

/** A clock that stands still until it is moved. */
export class Time implements Timers {
  now = 0;
  #due: Due[] = [];

  after(ms: number, work: () => void): () => void {
    const entry = { at: this.now + ms, work };
    this.#due.push(entry);
    return () => {
      this.#due = this.#due.filter((other) => other !== entry);
    };
  }

  /** Milliseconds until the next timer, or undefined without one. */
  get next(): number | undefined {
    return this.#due.length === 0 ? undefined : Math.min(...this.#due.map(({ at }) => at)) - this.now;
  }

  /** Moves the clock, running what becomes due in its order and letting promises settle in between. */
  async advance(ms: number): Promise<void> {
    const end = this.now + ms;
    await settle();
    for (;;) {
      const entry = this.#due.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0];
      if (entry === undefined) break;
      this.#due = this.#due.filter((other) => other !== entry);
      this.now = Math.max(this.now, entry.at);
      entry.work();
      await settle();
    }
    this.now = end;
    await settle();
  }
}

/** Lets every promise that can be kept be kept. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 60; i += 1) await Promise.resolve();
}
