import { expect, test } from "vitest";
import { FLOW, flowing, item, pack, play, pre, rule, told } from "./support.ts";

const ALWAYS_SKIP = pre(rule("skip", "always"));

test("SB.2.5: start walks forward to the first leaf", () => {
  const deep = flowing(item("A", FLOW, [item("A1"), item("A2")]), item("B"));
  expect(told(play(deep).begun)).toBe("A1");
});

test("SM.1: flow is false unless the manifest says otherwise, so that nothing opens by itself", () => {
  const silent = play(pack({}, item("A"), item("B")));
  expect(told(silent.begun)).toBe("SB.2.2-1");
  expect(silent.engine.requestValid("continue")).toBe(false);
  // Choice is true unless the manifest says otherwise.
  expect(silent.go("choice", "B")).toBe("B");
  expect(silent.go("continue")).toBe("NB.2.1-4");
  expect(silent.go("previous")).toBe("NB.2.1-5");
});

test("SB.2.7, SB.2.8: through clusters forward and back", () => {
  const run = play(flowing(item("A", FLOW, [item("A1"), item("A2")]), item("B", FLOW, [item("B1"), item("B2")]), item("C")));
  expect(["continue", "continue", "continue", "continue"].map((each) => run.go(each))).toEqual(["A2", "B1", "B2", "C"]);
  expect(["previous", "previous", "previous", "previous"].map((each) => run.go(each))).toEqual(["B2", "B1", "A2", "A1"]);
  expect(run.engine.requestValid("previous")).toBe(false);
  expect(run.go("previous")).toBe("SB.2.1-3");
});

test("SB.2.1 3.1: past the last activity the session ends, and the attempt on the root with it", () => {
  const run = play(flowing(item("A")));
  expect(run.engine.requestValid("continue")).toBe(false);
  expect(run.go("continue")).toBe("end");
  expect(run.node("root")).toMatchObject({ completed: true, attempts: 1, current: false });
  expect(run.go("continue")).toBe("NB.2.1-2");
  expect(run.go("start")).toBe("A");
  expect(run.node("root").attempts).toBe(2);
});

test.each([
  ["first", [ALWAYS_SKIP, {}, {}], ["B", "C"]],
  ["middle", [{}, ALWAYS_SKIP, {}], ["A", "C"]],
  ["last", [{}, {}, ALWAYS_SKIP], ["A", "B", "end"]],
  ["all", [ALWAYS_SKIP, ALWAYS_SKIP, ALWAYS_SKIP], ["end"]],
])("SB.2.2 3: what is to be skipped is walked over (%s)", (_, [a, b, c], way) => {
  const run = play(flowing(item("A", a), item("B", b), item("C", c)));
  expect([told(run.begun), ...way.slice(1).map(() => run.go("continue"))]).toEqual(way);
});

test("SB.2.2 3: a cluster that is skipped is skipped with all that is in it", () => {
  const run = play(flowing(item("A"), item("B", { ...FLOW, ...ALWAYS_SKIP }, [item("B1")]), item("C")));
  expect(run.go("continue")).toBe("C");
  expect(run.go("previous")).toBe("A");
});

test("SB.2.2 4: a walk stops before a disabled activity, though another comes after it", () => {
  const run = play(flowing(item("A"), item("B", pre(rule("disabled", "always"))), item("C")));
  expect(run.engine.requestValid("continue")).toBe(false);
  expect(run.go("continue")).toBe("SB.2.2-2");
  // The page before it was left, and one can still choose.
  expect(run.go("choice", "C")).toBe("C");
});

test("SB.2.2 1: a cluster without flow is not entered", () => {
  const run = play(flowing(item("A"), item("B", {}, [item("B1")]), item("C")));
  expect(run.go("continue")).toBe("SB.2.2-1");
});

test("SB.2.1-2: a cluster without available children has nothing to show", () => {
  const run = play(flowing(item("A"), item("B", FLOW, [item("B1")])));
  const state = run.engine.toJSON() as { activities: Record<string, object> };
  state.activities["B"] = { available: [] };
  const again = play(flowing(item("A"), item("B", FLOW, [item("B1")])), { state });
  expect(again.go("continue")).toBe("SB.2.1-2");
});

const ONE_WAY = { controlMode: { flow: true, forwardOnly: true } };

test("SB.2.1 4.2.1: a forward-only cluster cannot be walked backward", () => {
  const run = play(pack(ONE_WAY, item("A"), item("B")));
  run.go("continue");
  expect(run.engine.requestValid("previous")).toBe(false);
  expect(run.go("previous")).toBe("NB.2.1-5");
});

test("SB.2.1 4.3.1: a forward-only cluster is entered from behind at its first child", () => {
  const run = play(flowing(item("A"), item("B", ONE_WAY, [item("B1"), item("B2")]), item("C")));
  for (let step = 0; step < 3; step += 1) run.go("continue");
  expect(run.at()).toBe("C");
  expect(run.go("previous")).toBe("B1");
});

test("SB.2.1 2: entered from behind, and all of it skipped: out of it at the front", () => {
  const inside = [item("B1", ALWAYS_SKIP), item("B2", ALWAYS_SKIP)];
  const run = play(flowing(item("A"), item("B", ONE_WAY, inside), item("C")));
  expect(run.go("continue")).toBe("C");
  expect(run.go("previous")).toBe("A");
});

test("SB.2.1 2: entered from behind, the first of it skipped: the second is shown", () => {
  const inside = [item("B1", ALWAYS_SKIP), item("B2")];
  const run = play(flowing(item("A"), item("B", ONE_WAY, inside), item("C")));
  run.go("continue");
  expect(run.go("continue")).toBe("C");
  expect(run.go("previous")).toBe("B2");
});

test("SB.2.1 4.2.1: from within a forward-only cluster there is no way back to what is before it", () => {
  const run = play(pack(FLOW, item("A"), item("B", ONE_WAY, [item("B1")]), item("C")));
  run.go("continue");
  expect(run.go("previous")).toBe("NB.2.1-5");
});

test("a package that is one page starts with it", () => {
  const single = { ...flowing(), organization: { ...item("root"), kind: "sco" as const } };
  const run = play(single);
  expect(told(run.begun)).toBe("root");
  expect(run.go("continue")).toBe("NB.2.1-4");
  expect(run.go("exit")).toBe("end");
});
