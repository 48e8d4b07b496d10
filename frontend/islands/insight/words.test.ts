import { expect, it } from "vitest";
import { moment, step, time } from "./words";

const figures = { starts: [0, 5, 10], ends: [5, 10, 12], seen: [100, 50, 0], played: [100, 115, 0], duration: 12, again: [], skipped: [] };

it("says times within a video", () => {
  expect([0, 63.9, 3727].map(time)).toEqual(["0:00", "1:03", "1:02:07"]);
});

it("marks whole minutes", () => {
  expect([step(12, 8), step(420, 8), step(420, 4), step(43_200, 8)]).toEqual([5, 60, 120, 7200]);
});

it("reads a moment", () => {
  expect(moment(figures, 0)).toBe("0:00 to 0:05: seen by 100 % of the viewers.");
  expect(moment(figures, 1)).toBe("0:05 to 0:10: seen by 50 % of the viewers, played 2.3 times by each of them.");
  expect(moment(figures, 2)).toBe("0:10 to 0:12: seen by nobody.");
});
