/** Tells the server where the reader is and what he has seen: seldom, and once more when the page goes. */
import type { Place } from "./layout";

export interface Answer {
  status: number;
  body: Record<string, unknown> | undefined;
}

/** Sends a report; rejects where no answer came. */
export type Post = (url: string, body: string) => Promise<Answer>;

/** Milliseconds from the first thing to tell until it is told, and after a failure. */
export const PAUSE = 8_000;
export const RETRY = 20_000;

export class Reporter {
  #place: Place | undefined;
  #told: Place;
  #unsent = new Set<number>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #sending = false;
  #stopped = false;

  constructor(
    private readonly url: string,
    start: Place,
    private readonly post: Post,
    private readonly said: (answer: Answer) => void = () => {},
  ) {
    this.#told = start;
  }

  get unsent(): number {
    return this.#unsent.size;
  }

  moved(place: Place): void {
    this.#place = place;
    if (place.page !== this.#told.page || Math.abs(place.offset - this.#told.offset) > 0.02) this.#wait(PAUSE);
  }

  saw(pages: readonly number[]): void {
    for (const page of pages) this.#unsent.add(page);
    if (pages.length > 0) this.#wait(PAUSE);
  }

  /** Sends now what there is, as when the page is hidden. */
  flush(): Promise<void> {
    return this.#send();
  }

  #wait(ms: number): void {
    if (this.#timer !== undefined || this.#stopped) return;
    this.#timer = setTimeout(() => void this.#send(), ms);
  }

  async #send(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const place = this.#place ?? this.#told;
    const still = place.page === this.#told.page && place.offset === this.#told.offset;
    if (this.#sending || this.#stopped || (still && this.#unsent.size === 0)) return;
    this.#sending = true;
    const seen = [...this.#unsent].sort((a, b) => a - b);
    let again: number | undefined;
    try {
      const answer = await this.post(this.url, JSON.stringify({ page: place.page, offset: place.offset, seen }));
      if (answer.status === 200) {
        this.#told = place;
        // Pages that came faster than the clock allows are kept and told again.
        if (answer.body?.["counted"] === true) for (const page of seen) this.#unsent.delete(page);
        else again = 1000 * Math.max(1, Number(answer.body?.["retry_after"]) || 1);
      } else if (answer.status >= 500 || answer.status === 429) {
        again = RETRY;
      } else {
        // Signed out, or no longer enrolled: to ask again would not help.
        this.#stopped = true;
      }
      this.said(answer);
    } catch {
      again = RETRY;
    } finally {
      this.#sending = false;
    }
    if (again !== undefined) this.#wait(again);
    else if (this.#unsent.size > 0 || (this.#place && this.#place !== place)) this.#wait(PAUSE);
  }
}
