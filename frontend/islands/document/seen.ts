/** Which pages have been seen: those that were in view for a second without a break. */
import type { Visible } from "./layout";

/** Milliseconds that a page must be in view. */
export const DWELL = 1000;
/** Nobody reads more pages than these at a time; the server holds the sum against its clock by the same figure. */
export const AT_ONCE = 2;

/** The pages that are really in view: at least half of the page or half of the view, the largest first. */
export function inView(visible: readonly Visible[]): number[] {
  return visible
    .filter((part) => part.ofPage >= 0.5 || part.ofView >= 0.5)
    .sort((a, b) => b.pixels - a.pixels || a.page - b.page)
    .slice(0, AT_ONCE)
    .map((part) => part.page);
}

export class Seen {
  readonly pages = new Set<number>();
  #since = new Map<number, number>();

  constructor(ranges: readonly (readonly [number, number])[] = []) {
    for (const [from, to] of ranges) for (let page = from; page < to; page++) this.pages.add(page);
  }

  /** The pages in view at an instant (ms); answers those that have just become seen. Nothing in view: an empty list. */
  look(pages: readonly number[], now: number): number[] {
    for (const page of this.#since.keys()) if (!pages.includes(page)) this.#since.delete(page);
    const fresh: number[] = [];
    for (const page of pages) {
      const since = this.#since.get(page);
      if (since === undefined) this.#since.set(page, now);
      else if (now - since >= DWELL && !this.pages.has(page)) {
        this.pages.add(page);
        fresh.push(page);
      }
    }
    return fresh;
  }
}
