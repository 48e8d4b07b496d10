const FIRST = 1_000;
const LONGEST = 30_000;

/**
 * Milliseconds to wait before the attempt after `failures` failures: doubling from 1 s to 30 s, shortened by
 * up to half at random, so that many players that lost the same server do not return together.
 */
export function backoff(failures: number, random: () => number): number {
  const full = Math.min(LONGEST, FIRST * 2 ** Math.max(0, failures - 1));
  return Math.max(FIRST, Math.round(full * (1 - random() / 2)));
}
