import { describe, expect, it } from "vitest";
import { after, type Recorded } from "./replay.ts";

const recorded: Recorded = {
  before: [["A", "cmi.location", "1"]],
  sets: [null, ["A", "cmi.location", "2"], ["B", "cmi.location", "9"], ["A", "cmi.interactions.10.id", "j"], ["A", "cmi.interactions.2.id", "c"]],
};

describe("the replay", () => {
  it("begins with what stood before the page", () => {
    expect(after(recorded, 0)).toEqual([{ sco: "A", element: "cmi.location", value: "1", changed: false }]);
  });
  it("shows what the call that is looked at has set", () => {
    expect(after(recorded, 2)).toEqual([{ sco: "A", element: "cmi.location", value: "2", changed: true }]);
    expect(after(recorded, 3).map(({ sco, changed }) => [sco, changed])).toEqual([
      ["A", false],
      ["B", true],
    ]);
  });
  it("keeps indices in the order of their numbers", () => {
    expect(after(recorded, 5).map(({ element }) => element)).toEqual([
      "cmi.interactions.2.id",
      "cmi.interactions.10.id",
      "cmi.location",
      "cmi.location",
    ]);
  });
});
