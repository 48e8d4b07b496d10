/** Where the pages of a document lie, before any of them is fetched. All lengths are CSS pixels; pages count from 1. */
export type Size = [width: number, height: number];

/** Space above, between and below pages. */
export const GAP = 12;

/** The size of each page in points. `runs` are [first page, width, height], a new one where the size changes. */
export function sizesOf(pages: number, runs: readonly (readonly [number, number, number])[]): Size[] {
  const sizes: Size[] = [];
  let run = 0;
  for (let page = 1; page <= pages; page++) {
    while (run + 1 < runs.length && (runs[run + 1]?.[0] ?? Infinity) <= page) run++;
    const found = runs[run];
    sizes.push(found && found[1] > 0 && found[2] > 0 ? [found[1], found[2]] : [595, 842]);
  }
  return sizes;
}

export interface Place {
  page: number;
  /** How far down the page: 0 is its top, 1 its foot. */
  offset: number;
}

export interface Visible {
  page: number;
  /** Pixels of the page that are in view. */
  pixels: number;
  /** Share of the page that is in view, and share of the view that it fills. */
  ofPage: number;
  ofView: number;
}

/** How large pages are: a scale (pixels for a point), or a width that each of them fills. */
export type Zoom = { scale: number } | { width: number };

/** The pages one below the other. */
export class Layout {
  readonly tops: number[] = [];
  readonly height: number;

  constructor(
    readonly sizes: readonly Size[],
    readonly zoom: Zoom,
  ) {
    let y = GAP;
    for (let page = 1; page <= sizes.length; page++) {
      this.tops.push(y);
      y += this.heightOf(page) + GAP;
    }
    this.height = y;
  }

  /** Pixels for a point of a page. */
  scaleOf(page: number): number {
    if ("scale" in this.zoom) return this.zoom.scale;
    return Math.max(40, this.zoom.width - 2 * GAP) / (this.sizes[page - 1]?.[0] ?? 595);
  }

  heightOf(page: number): number {
    return Math.round((this.sizes[page - 1]?.[1] ?? 0) * this.scaleOf(page));
  }

  widthOf(page: number): number {
    return Math.round((this.sizes[page - 1]?.[0] ?? 0) * this.scaleOf(page));
  }

  topOf(page: number): number {
    return this.tops[page - 1] ?? 0;
  }

  /** The page at a height; the space below a page belongs to it. */
  pageAt(y: number): number {
    let low = 0;
    let high = this.tops.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.tops[middle] ?? 0) <= y) low = middle;
      else high = middle - 1;
    }
    return low + 1;
  }

  place(y: number): Place {
    const page = this.pageAt(y + GAP);
    const offset = (y - this.topOf(page)) / Math.max(1, this.heightOf(page));
    return { page, offset: Math.min(1, Math.max(0, Math.round(offset * 1000) / 1000)) };
  }

  /** The height at which a place stands at the upper edge; a page's top shows the space above it. */
  yOf({ page, offset }: Place): number {
    const top = this.topOf(Math.min(Math.max(page, 1), this.tops.length));
    return Math.max(0, offset === 0 ? top - GAP : top + offset * this.heightOf(page));
  }

  /** The pages of which something lies between two heights. */
  between(from: number, to: number): Visible[] {
    const found: Visible[] = [];
    if (to <= from) return found;
    for (let page = this.pageAt(from); page <= this.tops.length && this.topOf(page) < to; page++) {
      const top = this.topOf(page);
      const tall = this.heightOf(page);
      const pixels = Math.min(to, top + tall) - Math.max(from, top);
      if (pixels > 0) found.push({ page, pixels, ofPage: pixels / tall, ofView: pixels / (to - from) });
    }
    return found;
  }
}

/** The next step of zoom up or down from a scale that may lie between two steps; 1 is the size on paper at 96 dpi. */
export const STEPS = [0.5, 0.67, 0.8, 0.9, 1, 1.1, 1.25, 1.5, 1.75, 2, 2.5, 3, 4];

export function zoomed(factor: number, by: 1 | -1): number {
  if (by > 0) return STEPS.find((step) => step > factor + 0.01) ?? STEPS[STEPS.length - 1]!;
  return [...STEPS].reverse().find((step) => step < factor - 0.01) ?? STEPS[0]!;
}
