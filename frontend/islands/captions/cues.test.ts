import { describe, expect, it } from "vitest";
import { at, insert, merge, problem, readTime, remove, split, toVtt, writeTime, type Cue } from "./cues";

const CUES: Cue[] = [
  { start: 0, end: 4, text: "A notice of denial must give the reason." },
  { start: 4, end: 6.5, text: "Read it first." },
  { start: 10, end: 12, text: "Then the policy." },
];

describe("times", () => {
  it.each([
    ["62", 62],
    ["1:02.5", 62.5],
    ["00:01:02.500", 62.5],
    ["1:00:00", 3600],
    ["0:00,040", 0.04],
    [" 7.25 ", 7.25],
  ])("%s is read", (text, seconds) => expect(readTime(text)).toBe(seconds));

  it.each(["", "1:60", "abc", "-1", "1:2:3:4", "1.2345", "1:99.0"])("%j is none", (text) => expect(readTime(text)).toBeUndefined());

  it("are written so that they are read again", () => {
    for (const seconds of [0, 0.04, 59.999, 60, 61.5, 3599.999, 3600, 7322.125]) {
      expect(readTime(writeTime(seconds))).toBe(seconds);
    }
    expect(writeTime(62.5)).toBe("01:02.500");
    expect(writeTime(62.5, true)).toBe("00:01:02.500");
  });
});

describe("editing", () => {
  it("splits where the cursor stands, and shares the time as the words are shared", () => {
    const [first, second] = split(CUES, 0, 18);
    expect(first).toEqual({ start: 0, end: 1.8, text: "A notice of denial" });
    expect(second).toEqual({ start: 1.8, end: 4, text: "must give the reason." });
  });

  it("splits at a space near the middle where no place is given", () => {
    expect(split(CUES, 1, 0).slice(1, 3).map((cue) => cue.text)).toEqual(["Read it", "first."]);
  });

  it("does not split what is too short to be read", () => {
    const short = [{ start: 1, end: 1.3, text: "Yes. No." }];
    expect(split(short, 0, 4)).toEqual(short);
  });

  it("joins with the next one, and splitting again gives the same times", () => {
    const joined = merge(CUES, 0);
    expect(joined[0]).toEqual({ start: 0, end: 6.5, text: "A notice of denial must give the reason.\nRead it first." });
    expect(joined).toHaveLength(2);
    expect(merge(CUES, 2)).toEqual(CUES);
  });

  it("adds between two, at the player's time where that fits", () => {
    expect(insert(CUES, 1)[2]).toEqual({ start: 6.5, end: 9.5, text: "" });
    expect(insert(CUES, 1, 8.5)[2]).toEqual({ start: 8.5, end: 10, text: "" });
    expect(insert(CUES, 1, 99)[2]?.start).toBe(6.5);
    expect(insert([], -1)).toEqual([{ start: 0, end: 3, text: "" }]);
  });

  it("removes one", () => expect(remove(CUES, 1).map((cue) => cue.start)).toEqual([0, 10]));

  it("finds the one that is heard", () => {
    expect([-1, 0, 3.9, 4, 8, 10, 99].map((time) => at(CUES, time))).toEqual([-1, 0, 0, 1, 1, 2, 2]);
  });

  it("says what is wrong", () => {
    expect(problem({ start: 2, end: 2, text: "x" })).toContain("before it begins");
    expect(problem({ start: Number.NaN, end: 2, text: "x" })).toContain("01:02.500");
    expect(problem({ start: 1, end: 2, text: " " })).toContain("no words");
    expect(problem(CUES[0] as Cue)).toBe("");
  });
});

describe("the file", () => {
  it("has the captions in order, without empty lines in them, and marks nothing by accident", () => {
    const text = toVtt([CUES[1] as Cue, { start: 0, end: 1, text: "a --> b\n\n<v Eve> & c" }, { start: 2, end: 3, text: " \n" }]);
    expect(text).toBe(
      "WEBVTT\n\n00:00:00.000 --> 00:00:01.000\na --&gt; b\n&lt;v Eve&gt; &amp; c\n\n00:00:04.000 --> 00:00:06.500\nRead it first.\n",
    );
  });
});
