import { expect, test } from "vitest";
import { sum } from "./sum";

test("criteria add up as they are typed", () => {
  expect(sum(["", " "])).toBeNull();
  expect(sum(["10", "", "2,5"])).toBe(12.5);
  expect(sum(["0.1", "0.2"])).toBe(0.3);
  expect(sum(["ten", "2"])).toBeNull();
});
