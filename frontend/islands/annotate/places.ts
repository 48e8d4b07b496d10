/** Where a comment stands: rectangles in shares of a page, or characters of a text. */
export type Rect = [left: number, top: number, width: number, height: number];

export interface Box {
  left: number;
  top: number;
  width: number;
  height: number;
}

const MOST = 60;

function share(value: number): number {
  return Math.round(Math.min(1, Math.max(0, value)) * 10_000) / 10_000;
}

/** Pixels as shares of a page. What lies outside is cut off, what has no size is left out, and lines that touch become one. */
export function rectsOf(boxes: readonly Box[], page: Box): Rect[] {
  const found: Rect[] = [];
  for (const box of boxes) {
    const left = share((box.left - page.left) / page.width);
    const top = share((box.top - page.top) / page.height);
    const right = share((box.left + box.width - page.left) / page.width);
    const bottom = share((box.top + box.height - page.top) / page.height);
    if (right - left < 0.0005 || bottom - top < 0.0005) continue;
    const last = found[found.length - 1];
    // The pieces of one line, which a text layer draws word by word.
    if (last && Math.abs(last[1] - top) < 0.004 && Math.abs(last[3] - (bottom - top)) < 0.008 && left <= last[0] + last[2] + 0.02 && right >= last[0]) {
      const edge = Math.min(last[0], left);
      last[2] = share(Math.max(last[0] + last[2], right) - edge);
      last[0] = edge;
    } else if (found.length < MOST) found.push([left, top, share(right - left), share(bottom - top)]);
  }
  return found;
}

/** A point of a page, as the rectangle without a size that stands for it. */
export function pointOf(x: number, y: number, page: Box): Rect {
  return [share((x - page.left) / page.width), share((y - page.top) / page.height), 0, 0];
}

/** Where a quote stands in a text: where it was, or the nearest place with the same words; undefined where it stands nowhere. */
export function rangeOf(text: string, start: number, end: number, quote: string): [number, number] | undefined {
  if (quote === "" || text.slice(start, end).trim() === quote.trim()) return end <= text.length && start < end ? [start, end] : undefined;
  let best: number | undefined;
  for (let at = text.indexOf(quote); at >= 0; at = text.indexOf(quote, at + 1)) {
    if (best === undefined || Math.abs(at - start) < Math.abs(best - start)) best = at;
  }
  return best === undefined ? undefined : [best, best + quote.length];
}
