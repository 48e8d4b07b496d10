import { describe, expect, it } from "vitest";
import { parse, pasted, range } from "./values";

describe("parse", () => {
  it("takes points with either mark, excuses, and takes back", () => {
    expect(parse(" 7,5 ", 10)).toEqual({ points: 7.5, excused: false });
    expect(parse("ex", 10)).toEqual({ points: null, excused: true });
    expect(parse("", 10)).toEqual({ points: null, excused: false });
  });
  it("says what cannot be", () => {
    expect(parse("11", 10)).toContain("more than the 10 points");
    for (const wrong of ["-1", "1e3", "=1+1", "7.555", "NaN"]) expect(parse(wrong, 10)).toContain("no number");
  });
});

describe("pasted", () => {
  it("reads what spreadsheets put on the clipboard", () => {
    expect(pasted("1\t2\r\n3\t\r\n")).toEqual([
      ["1", "2"],
      ["3", ""],
    ]);
  });
});

describe("range", () => {
  it("stays within what there is", () => {
    expect(range(0, 360, 36, 2000, 4)).toEqual([0, 14]);
    expect(range(71_640, 360, 36, 2000, 4)).toEqual([1986, 2000]);
  });
});
