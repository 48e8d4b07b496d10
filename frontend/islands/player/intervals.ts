/** A half-open stretch of media time in seconds: its start belongs to it, its end does not. */
export type Interval = readonly [start: number, end: number];

/** Media clocks are binary fractions: 13 may arrive as 12.9999999. A millionth of a second is no time played. */
const ROUNDING = 1e-6;

/** The time that lies in at least one of the lists, sorted and disjoint. */
export function union(...lists: readonly (readonly Interval[])[]): Interval[] {
  const sorted = lists
    .flat()
    .filter(([start, end]) => end > start)
    .sort((a, b) => a[0] - b[0]);
  const merged: [number, number][] = [];
  for (const [start, end] of sorted) {
    const last = merged.at(-1);
    if (last !== undefined && start <= last[1]) last[1] = Math.max(last[1], end);
    else merged.push([start, end]);
  }
  return merged;
}

/** The time of `from` that is not in `without`, sorted and disjoint. */
export function subtract(from: readonly Interval[], without: readonly Interval[]): Interval[] {
  const holes = union(without);
  const left: Interval[] = [];
  for (const [start, end] of union(from)) {
    let at = start;
    for (const [holeStart, holeEnd] of holes) {
      if (holeEnd <= at) continue;
      if (holeStart >= end) break;
      if (holeStart > at) left.push([at, holeStart]);
      at = Math.max(at, holeEnd);
    }
    if (at < end) left.push([at, end]);
  }
  return left;
}

/** Seconds in the list, each counted once. */
export function total(list: readonly Interval[]): number {
  return union(list).reduce((sum, [start, end]) => sum + (end - start), 0);
}

/**
 * Takes the whole seconds out of fractional stretches. Second n is `[n, n + 1)` and is taken only when all
 * of it was played; what is left over is the `rest`, to be given back with the next stretches, so that
 * play which goes on across a boundary loses nothing.
 */
export function wholeSeconds(stretches: readonly Interval[]): { seconds: Interval[]; rest: Interval[] } {
  const merged = union(stretches);
  const seconds: Interval[] = [];
  for (const [start, end] of merged) {
    const first = Math.max(0, Math.ceil(start - ROUNDING));
    const last = Math.floor(end + ROUNDING);
    if (last > first) seconds.push([first, last]);
  }
  const rest = subtract(merged, seconds).filter(([start, end]) => end - start > ROUNDING);
  return { seconds: union(seconds), rest };
}

/** Whether `value` is a list of intervals with finite, ordered ends. */
export function isIntervals(value: unknown): value is Interval[] {
  return (
    Array.isArray(value) &&
    value.every(
      (pair) =>
        Array.isArray(pair) &&
        pair.length === 2 &&
        Number.isFinite(pair[0]) &&
        Number.isFinite(pair[1]) &&
        (pair[0] as number) <= (pair[1] as number),
    )
  );
}
