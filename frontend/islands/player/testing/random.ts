/** A repeatable source of chance, so that a run that fails can be run again from its seed. */
export function chance(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export function between(random: () => number, low: number, high: number): number {
  return low + random() * (high - low);
}

export function whole(random: () => number, low: number, high: number): number {
  return Math.floor(between(random, low, high + 1));
}
