import { describe, expect, test } from "vitest";
import type { Results, Sequencing } from "../types.ts";
import { FLOW, flowing, item, pack, play, pre, results, rule } from "./support.ts";

/* UP.2 and UP.2.1: what each condition answers to each state of knowledge. B has the rule; skip shows whether it is true. */

type Known = Partial<Results>;
const UNKNOWN: Known = {};
const OBJECTIVE: Sequencing = {
  deliveryControls: { completionSetByContent: true, objectiveSetByContent: true },
  objectives: { primary: { objectiveID: "main" }, others: [{ objectiveID: "other" }] },
  limitConditions: { attemptLimit: 3 },
};

/** Shows B once, with what it says, and answers whether a rule on it is true afterwards. */
function holds(known: Known, condition: Parameters<typeof rule>[2] & { name: string }, attempts = 1): boolean {
  const { name, ...more } = condition;
  const rules = pre(rule("disabled", name, more));
  const run = play(flowing(item("A"), item("B", { ...OBJECTIVE, ...rules }), item("C")));
  const state = run.engine.toJSON();
  for (let at = 0; at < attempts; at += 1) {
    state.activities["B"] = { attempts: at + 1, active: true };
    state.current = "B";
    const again = play(flowing(item("A"), item("B", OBJECTIVE), item("C")), { state });
    again.engine.record("B", results(known));
    again.go("choice", "A");
    Object.assign(state, again.engine.toJSON());
  }
  return play(flowing(item("A"), item("B", { ...OBJECTIVE, ...rules }), item("C")), { state }).node("B").disabled;
}

const PASSED = { satisfied: true, measure: 0.8, completed: true };
const FAILED = { satisfied: false, measure: 0.2, completed: false };
const NAMED = (more: object) => ({ objectives: [{ id: "other", ...more }] });

describe.each([
  // condition, threshold, knowledge, true, true with not
  ["satisfied", undefined, UNKNOWN, false, false],
  ["satisfied", undefined, PASSED, true, false],
  ["satisfied", undefined, FAILED, false, true],
  ["objectiveStatusKnown", undefined, UNKNOWN, false, true],
  ["objectiveStatusKnown", undefined, PASSED, true, false],
  ["objectiveStatusKnown", undefined, FAILED, true, false],
  ["objectiveMeasureKnown", undefined, UNKNOWN, false, true],
  ["objectiveMeasureKnown", undefined, FAILED, true, false],
  ["objectiveMeasureGreaterThan", 0.5, UNKNOWN, false, false],
  ["objectiveMeasureGreaterThan", 0.5, PASSED, true, false],
  ["objectiveMeasureGreaterThan", 0.8, PASSED, false, true],
  ["objectiveMeasureGreaterThan", 0.5, FAILED, false, true],
  ["objectiveMeasureLessThan", 0.5, UNKNOWN, false, false],
  ["objectiveMeasureLessThan", 0.5, PASSED, false, true],
  ["objectiveMeasureLessThan", 0.2, FAILED, false, true],
  ["objectiveMeasureLessThan", 0.5, FAILED, true, false],
  ["completed", undefined, UNKNOWN, false, false],
  ["completed", undefined, PASSED, true, false],
  ["completed", undefined, FAILED, false, true],
  ["activityProgressKnown", undefined, UNKNOWN, false, true],
  ["activityProgressKnown", undefined, FAILED, true, false],
  ["attempted", undefined, UNKNOWN, true, false],
  ["always", undefined, UNKNOWN, true, false],
  ["never", undefined, UNKNOWN, false, true],
  ["no such condition", undefined, PASSED, false, false],
] as const)("UP.2.1 %s %s", (name, measureThreshold, known, plain, negated) => {
  const label = JSON.stringify(known);
  test(`with ${label}`, () => {
    expect(holds(known, { name, measureThreshold })).toBe(plain);
    expect(holds(known, { name, measureThreshold, operator: "not" })).toBe(negated);
    expect(holds(known, { name, measureThreshold, operator: "noOp" })).toBe(plain);
  });
});

test("SM.2: attempted is false, not unknown, before the first attempt", () => {
  const run = play(flowing(item("A"), item("B", pre(rule("disabled", "attempted", { operator: "not" })))));
  expect(run.node("B").disabled).toBe(true);
  expect(run.go("continue")).toBe("SB.2.2-2");
});

test("UP.2.1 attemptLimitExceeded: at the limit, not before", () => {
  expect([1, 2, 3].map((times) => holds({}, { name: "always", operator: "not" }, times))).toEqual([false, false, true]);
  expect(holds({}, { name: "attemptLimitExceeded" }, 3)).toBe(true);
});

test.each([
  ["satisfied", { satisfied: true }, true],
  ["satisfied", { satisfied: false }, false],
  ["objectiveStatusKnown", { satisfied: false }, true],
  ["objectiveMeasureKnown", { measure: 0 }, true],
  ["objectiveMeasureGreaterThan", { measure: 0.5 }, true],
  ["objectiveMeasureLessThan", { measure: 0.5 }, false],
  ["completed", { completed: true }, true],
  ["activityProgressKnown", { completed: false }, true],
] as const)("SM.2 referencedObjective: %s looks at the objective named, with %j", (name, known, answer) => {
  expect(holds(NAMED(known), { name, referencedObjective: "other", measureThreshold: 0.4 })).toBe(answer);
  // The primary one knows nothing of it, and an objective that does not exist knows nothing at all.
  expect(holds(NAMED(known), { name, referencedObjective: "main", measureThreshold: 0.4 })).toBe(false);
  expect(holds(NAMED(known), { name, referencedObjective: "nowhere", measureThreshold: 0.4 })).toBe(false);
});

/* UP.2.1: how conditions combine. T true, F false, U unknown. */
const CONDITION = {
  T: { condition: "always" },
  F: { condition: "never" },
  U: { condition: "satisfied" },
} as const;

test.each([
  ["all", "TT", true], ["all", "TF", false], ["all", "TU", false], ["all", "FU", false], ["all", "UU", false],
  ["any", "TF", true], ["any", "TU", true], ["any", "FU", false], ["any", "FF", false], ["any", "", false],
  ["all", "", false], [undefined, "TF", false], [undefined, "TT", true],
] as const)("UP.2.1 conditionCombination %s of %s", (conditionCombination, letters, answer) => {
  const conditions = [...letters].map((letter) => CONDITION[letter as "T"]);
  const rules = pre({ conditionCombination, conditions, action: "disabled" });
  expect(play(flowing(item("A"), item("B", rules))).node("B").disabled).toBe(answer);
});

test("UP.2: the first rule that is true decides", () => {
  const first = rule("exitAll", "never");
  const rules = { sequencingRules: { postConditionRule: [first, rule("retry", "always"), rule("exitAll", "always")] } };
  expect(play(flowing(item("A", rules), item("B"))).go("continue")).toBe("A");
});

/* SM.2: what each precondition action does. */
describe("precondition actions", () => {
  const three = (action: string) => play(flowing(item("A"), item("B", pre(rule(action, "always"))), item("C")));

  test("skip: walked over, and still open to choice", () => {
    const run = three("skip");
    expect(run.go("continue")).toBe("C");
    expect(run.go("choice", "B")).toBe("B");
  });

  test("disabled: neither walked to nor chosen", () => {
    const run = three("disabled");
    expect(run.node("B")).toMatchObject({ disabled: true, enabled: false });
    expect(run.go("choice", "B")).toBe("DB.1.1-3");
  });

  test("disabled on a cluster closes what is in it (DB.1.1 4)", () => {
    const shut = { ...FLOW, ...pre(rule("disabled", "always")) };
    const run = play(flowing(item("A"), item("B", shut, [item("B1")])));
    expect(run.node("B1").enabled).toBe(false);
    expect(run.go("choice", "B1")).toBe("DB.1.1-3");
  });

  test("hiddenFromChoice: walked to, but not chosen, nor is what is in it", () => {
    const run = three("hiddenFromChoice");
    expect(run.node("B")).toMatchObject({ hidden: true, enabled: false, disabled: false });
    expect(run.go("choice", "B")).toBe("SB.2.9-3");
    expect(run.go("choice", "A")).toBe("A");
    expect(run.go("continue")).toBe("B");
    const hidden = { ...FLOW, ...pre(rule("hiddenFromChoice", "always")) };
    const cluster = play(flowing(item("A"), item("B", hidden, [item("B1")])));
    expect(cluster.node("B1").hidden).toBe(true);
    expect(cluster.go("choice", "B1")).toBe("SB.2.9-3");
  });

  test("stopForwardTraversal: choice does not go past it, flow does", () => {
    const run = three("stopForwardTraversal");
    expect(run.go("choice", "B")).toBe("B");
    expect(run.node("C").enabled).toBe(false);
    expect(run.go("choice", "C")).toBe("SB.2.4-1");
    expect(run.go("choice", "A")).toBe("A");
    run.go("continue");
    expect(run.go("continue")).toBe("C");
    expect(run.node("A").enabled).toBe(true);
  });
});

/* UP.1 */
describe("limit conditions", () => {
  test("attemptLimit: a further attempt is refused, an open or suspended one goes on", () => {
    const run = play(flowing(item("A", { limitConditions: { attemptLimit: 1 } }), item("B")));
    run.go("continue");
    expect(run.node("A")).toMatchObject({ disabled: true, enabled: false, attempts: 1 });
    expect(run.engine.requestValid("previous")).toBe(false);
    expect(run.go("previous")).toBe("SB.2.2-2");

    const kept = play(flowing(item("A", { limitConditions: { attemptLimit: 1 } }), item("B")));
    kept.say({ exit: "suspend" });
    kept.go("continue");
    expect(kept.node("A").disabled).toBe(false);
    expect(kept.go("previous")).toBe("A");
    expect(kept.node("A").attempts).toBe(1);
  });

  test("attemptLimit 0: nobody may (SM.3)", () => {
    const run = play(flowing(item("A"), item("B", { limitConditions: { attemptLimit: 0 } })));
    expect(run.node("B")).toMatchObject({ disabled: true, enabled: false });
  });

  test("what is not tracked has no limits (UP.1 1)", () => {
    const free = { limitConditions: { attemptLimit: 1 }, deliveryControls: { tracked: false } };
    const run = play(flowing(item("A", free), item("B")));
    run.go("continue");
    expect(run.go("previous")).toBe("A");
  });

  test("beginTimeLimit and endTimeLimit by the clock that is given", () => {
    const limits = { beginTimeLimit: "2026-01-01T09:00:00Z", endTimeLimit: "2026-01-01T10:00:00Z" };
    const run = play(flowing(item("A"), item("B", { limitConditions: limits })));
    expect(run.node("B").enabled).toBe(false);
    run.clock.pass(3600);
    expect(run.node("B").enabled).toBe(true);
    run.clock.pass(3601);
    expect(run.node("B").enabled).toBe(false);
  });

  test("activityExperiencedDurationLimit and activityAbsoluteDurationLimit", () => {
    for (const limit of ["activityExperiencedDurationLimit", "activityAbsoluteDurationLimit"]) {
      const run = play(flowing(item("A", { limitConditions: { [limit]: "PT1M" } }), item("B")));
      run.say({ sessionSeconds: 40 });
      run.clock.pass(40);
      run.go("continue");
      expect(run.go("previous")).toBe("A");
      run.clock.pass(20);
      run.say({ sessionSeconds: 20 });
      run.go("continue");
      expect(run.node("A").disabled).toBe(true);
    }
  });

  test("timeLimitExceeded: a limit on one attempt acts through rules only", () => {
    const limited: Sequencing = { limitConditions: { attemptExperiencedDurationLimit: "PT1M" } };
    const ruled = { ...limited, ...pre(rule("hiddenFromChoice", "timeLimitExceeded")) };
    const run = play(flowing(item("A", ruled), item("B", limited)));
    run.say({ sessionSeconds: 60 });
    run.go("continue");
    expect(run.node("A").hidden).toBe(true);
    run.say({ sessionSeconds: 99 });
    expect(run.go("choice", "B")).toBe("B");
  });

  test("outsideAvailableTimeRange as a condition", () => {
    const limits = { limitConditions: { endTimeLimit: "2026-01-01T08:30:00Z" }, deliveryControls: { tracked: false } };
    const run = play(flowing(item("A"), item("B", { ...limits, ...pre(rule("skip", "outsideAvailableTimeRange")) }), item("C")));
    expect(run.go("continue")).toBe("B");
    run.clock.pass(3600);
    run.go("previous");
    expect(run.go("continue")).toBe("C");
  });
});

test("a package without a word on sequencing is chosen from", () => {
  const run = play(pack({}, item("A")));
  expect(run.node("A")).toMatchObject({ enabled: true, hidden: false, disabled: false });
});
