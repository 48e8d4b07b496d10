import { describe, expect, it } from "vitest";
import { type Arrangement, differences, reconcile } from "./arrangement";

const made = (...modules: [string, string][]): Arrangement =>
  modules.map(([id, lessons]) => ({ id, lessons: [...lessons] }));

describe("reconcile", () => {
  it("is what was wanted when nothing else changed", () => {
    const wanted = made(["B", "cab"], ["A", ""]);
    expect(reconcile(wanted, made(["A", "ab"], ["B", "c"]))).toEqual(wanted);
  });
  it("keeps what somebody else added, after its neighbour", () => {
    const now = made(["A", "axb"], ["N", "y"], ["B", "c"]);
    expect(reconcile(made(["B", "c"], ["A", "ba"]), now)).toEqual(made(["B", "c"], ["A", "bax"], ["N", "y"]));
  });
  it("leaves out what somebody else removed", () => {
    expect(reconcile(made(["A", "cba"], ["B", "d"]), made(["A", "ab"]))).toEqual(made(["A", "ba"]));
  });
  it("has every part exactly once, whatever is wanted", () => {
    const letters = [..."abcdef"];
    for (let seed = 1; seed < 400; seed++) {
      let state = seed;
      const random = (below: number): number => (state = (state * 48271) % 2147483647) % below;
      const deal = (): Arrangement => {
        const modules = made(["A", ""], ["B", ""], ["C", ""]).filter(() => random(4));
        for (const letter of letters) if (random(5) && modules.length) modules[random(modules.length)]?.lessons.splice(random(3), 0, letter);
        return modules;
      };
      const now = deal();
      const got = reconcile(deal(), now);
      expect(got.map((one) => one.id).sort()).toEqual(now.map((one) => one.id).sort());
      expect(got.flatMap((one) => one.lessons).sort()).toEqual(now.flatMap((one) => one.lessons).sort());
    }
  });
});

describe("differences", () => {
  it("names as few parts as could have moved", () => {
    expect(differences(made(["A", "abcd"]), made(["A", "bcda"]))).toEqual([{ part: "a", what: "moved" }]);
    expect(differences(made(["A", "abcd"]), made(["A", "dabc"]))).toEqual([{ part: "d", what: "moved" }]);
  });
  it("tells what came, went and changed its module", () => {
    expect(differences(made(["A", "ab"], ["B", "c"]), made(["C", "x"], ["A", "ac"]))).toEqual([
      { part: "B", what: "removed" },
      { part: "C", what: "added" },
      { part: "b", what: "removed" },
      { part: "x", what: "added" },
      { part: "c", what: "moved" },
    ]);
  });
  it("finds nothing in the same", () => {
    expect(differences(made(["A", "ab"]), made(["A", "ab"]))).toEqual([]);
  });
});
