import { describe, expect, it } from "vitest";
import { total } from "./total";

describe("total", () => {
  it("adds what was given and never exceeds the points", () => {
    expect(total(["1", "2,5", ""], 10)).toBe("3.5");
    expect(total(["0.1", "0.2"], 10)).toBe("0.3");
    expect(total(["9", "x", "9"], 10)).toBe("10");
  });
});
