import { describe, expect, it } from "vitest";
import { numbers } from "./numbers";

describe("numbers", () => {
  it("counts a draw as many times as it asks and skips headings", () => {
    expect(numbers([1, 0, 3, 1])).toEqual(["1", "", "2–4", "5"]);
  });
});
