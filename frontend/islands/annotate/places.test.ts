import { expect, test } from "vitest";
import { pointOf, rangeOf, rectsOf } from "./places";

const page = { left: 100, top: 50, width: 200, height: 400 };

test("rectangles are shares of their page, cut at its edges", () => {
  expect(rectsOf([{ left: 150, top: 90, width: 50, height: 20 }], page)).toEqual([[0.25, 0.1, 0.25, 0.05]]);
  expect(rectsOf([{ left: 0, top: 90, width: 900, height: 20 }], page)).toEqual([[0, 0.1, 1, 0.05]]);
  expect(rectsOf([{ left: 150, top: 900, width: 50, height: 20 }, { left: 150, top: 90, width: 0, height: 20 }], page)).toEqual([]);
});

test("the words of a line become one rectangle, and there are at most sixty", () => {
  const line = [150, 162, 174].map((left) => ({ left, top: 90, width: 11, height: 20 }));
  expect(rectsOf(line, page)).toEqual([[0.25, 0.1, 0.175, 0.05]]);
  const many = Array.from({ length: 90 }, (_, n) => ({ left: 150, top: 50 + 4 * n, width: 50, height: 3 }));
  expect(rectsOf(many, page)).toHaveLength(60);
});

test("a point has no size", () => {
  expect(pointOf(200, 250, page)).toEqual([0.5, 0.5, 0, 0]);
  expect(pointOf(0, 9000, page)).toEqual([0, 1, 0, 0]);
});

test("a quote is found again where it moved to, and nowhere when it is gone", () => {
  expect(rangeOf("A policy is a contract.", 2, 8, "policy")).toEqual([2, 8]);
  expect(rangeOf("So: a policy is a policy.", 2, 8, "policy")).toEqual([6, 12]);
  expect(rangeOf("So: a policy is a policy.", 20, 26, "policy")).toEqual([18, 24]);
  expect(rangeOf("Nothing.", 2, 8, "policy")).toBeUndefined();
  expect(rangeOf("Short", 2, 80, "")).toBeUndefined();
});
