import { describe, expect, test } from "vitest";
import { isIntervals, subtract, total, union, wholeSeconds, type Interval } from "./intervals";
import { between, chance, whole } from "./testing/random";

/** The same by brute force: which hundredths of a second are in the list. */
function points(list: readonly Interval[]): Set<number> {
  const found = new Set<number>();
  for (const [start, end] of list) for (let i = Math.round(start * 100); i < Math.round(end * 100); i += 1) found.add(i);
  return found;
}

function anyList(random: () => number): Interval[] {
  return Array.from({ length: whole(random, 0, 8) }, (): Interval => {
    const start = Math.round(between(random, 0, 30) * 100) / 100;
    return [start, Math.round((start + between(random, -1, 6)) * 100) / 100];
  });
}

describe("union", () => {
  test("sorts, merges what touches and leaves out what is empty", () => {
    expect(union([[5, 6], [0, 2]], [[2, 3], [9, 9], [8, 7]])).toEqual([[0, 3], [5, 6]]);
  });

  test("has each point once, for any lists", () => {
    const random = chance(1);
    for (let i = 0; i < 300; i += 1) {
      const a = anyList(random);
      const b = anyList(random);
      const joined = union(a, b);
      expect(points(joined)).toEqual(new Set([...points(a), ...points(b)]));
      joined.forEach(([start, end], at) => {
        expect(end).toBeGreaterThan(start);
        if (at > 0) expect(start).toBeGreaterThan(joined[at - 1]?.[1] ?? Number.NaN);
      });
    }
  });
});

describe("subtract", () => {
  test("cuts holes", () => {
    expect(subtract([[0, 10], [20, 30]], [[2, 4], [8, 22]])).toEqual([[0, 2], [4, 8], [22, 30]]);
  });

  test("leaves exactly what is not in the other, for any lists", () => {
    const random = chance(2);
    for (let i = 0; i < 300; i += 1) {
      const a = anyList(random);
      const b = anyList(random);
      const without = points(b);
      expect(points(subtract(a, b))).toEqual(new Set([...points(a)].filter((point) => !without.has(point))));
    }
  });
});

test("total counts what lies double once", () => {
  expect(total([[0, 4], [2, 6], [10, 11]])).toBe(7);
});

describe("wholeSeconds", () => {
  test("takes a second only when all of it was played", () => {
    expect(wholeSeconds([[4.2, 6.9]])).toEqual({ seconds: [[5, 6]], rest: [[4.2, 5], [6, 6.9]] });
    expect(wholeSeconds([[4.1, 4.9]])).toEqual({ seconds: [], rest: [[4.1, 4.9]] });
  });

  test("puts a second together from its parts", () => {
    expect(wholeSeconds([[4, 4.5], [4.5, 5]]).seconds).toEqual([[4, 5]]);
    expect(wholeSeconds([[4, 4.5], [4.6, 5]]).seconds).toEqual([]);
  });

  test("takes 12.9999999 for 13, and 12.999 not", () => {
    expect(wholeSeconds([[12, 12.9999999]]).seconds).toEqual([[12, 13]]);
    expect(wholeSeconds([[12, 12.999]]).seconds).toEqual([]);
  });

  test("loses nothing at the seams, wherever play is cut", () => {
    const random = chance(3);
    for (let run = 0; run < 300; run += 1) {
      const start = between(random, 0, 5);
      const end = start + between(random, 0, 40);
      let carried: Interval[] = [];
      const counted: Interval[] = [];
      for (let at = start; at < end; ) {
        const next = Math.min(end, at + between(random, 0.01, 4));
        const { seconds, rest } = wholeSeconds([...carried, [at, next]]);
        counted.push(...seconds);
        carried = rest;
        at = next;
      }
      expect(union(counted)).toEqual(wholeSeconds([[start, end]]).seconds);
    }
  });
});

test("isIntervals takes only pairs of ordered numbers", () => {
  expect(isIntervals([[0, 1], [3, 3]])).toBe(true);
  for (const wrong of [null, {}, [[1]], [[1, 0]], [[0, Number.NaN]], [["0", 1]], [[0, 1, 2]]]) {
    expect(isIntervals(wrong)).toBe(false);
  }
});
