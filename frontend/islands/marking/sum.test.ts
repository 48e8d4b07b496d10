import { expect, test } from "vitest";
import { chips, read, sum } from "./sum";

test("points are read as people type them, and nothing else is", () => {
  expect(read(" 3,5 ", 4)).toBe(3.5);
  for (const text of ["", "4.01", "-1", "1e2", "NaN", "1.234"]) expect(read(text, 4)).toBeUndefined();
});

test("the final score is the percentage less what lateness costs", () => {
  expect(sum([{ text: "40", most: 40 }, { text: "50", most: 60 }], 100, 20)).toEqual({ points: 90, final: 70 });
  expect(sum([{ text: "1", most: 3 }], 3, 0)).toEqual({ points: 1, final: 33.33 });
  expect(sum([{ text: "1", most: 10 }], 10, 90)).toEqual({ points: 1, final: 0 });
  expect(sum([{ text: "40", most: 40 }, { text: "", most: 60 }], 100, 0)).toEqual({ points: undefined, final: undefined });
});

test("chips are within the points, each once", () => {
  expect(chips(40)).toEqual([0, 10, 20, 30, 40]);
  expect(chips(5)).toEqual([0, 1.5, 2.5, 4, 5]);
  expect(chips(0.4)).toEqual([0, 0.4]);
});
