import { describe, expect, it } from "vitest";
import { lateExample, pointsOf, sumWords } from "./rubric.ts";

describe("figures of the builder", () => {
  it("reads points as people type them", () => {
    expect(["40", " 7,5 ", "0", "-1", "x", "", "1.234"].map(pointsOf)).toEqual([40, 7.5, null, null, null, null, null]);
  });

  it("adds a rubric up and says what is missing", () => {
    expect(sumWords([])).toBe("");
    expect(sumWords([40])).toBe("1 criterion, 40 points together");
    expect(sumWords([40, 59.9, 0.1])).toBe("3 criteria, 100 points together");
    expect(sumWords([40, null])).toBe("2 criteria, 40 points together; 1 without points yet");
  });

  it("says what lateness costs", () => {
    expect(lateExample(false, 10)).toMatch(/^Nothing is taken after/);
    expect(lateExample(true, 0)).toMatch(/nothing is taken off/);
    expect(lateExample(true, 10)).toMatch(/becomes 70 %/);
    expect(lateExample(true, 80)).toMatch(/becomes 0 %/);
    expect(lateExample(true, 180)).toBe("Give a number from 0 to 100.");
  });
});
