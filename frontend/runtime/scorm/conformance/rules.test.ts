/* SCORM 2004 4th edition, SN 3.4, 3.5 and 4.2 with UP.1, UP.2, UP.2.1, UP.4: conditions of sequencing rules, their combination,
   limits and delivery controls. A page with a rule that ends everything tells whether its condition held. */
import { describe, expect, it } from "vitest";
import type { Results, Sequencing, SequencingRule } from "../types.ts";
import { flowing, item, pack, play, post, pre, rule } from "../sequencing/support.ts";

const BY_CONTENT = { completionSetByContent: true, objectiveSetByContent: true };
type Said = Partial<Results>;

/** Whether a rule of A holds when A has said so much and is left. */
function holds(rules: SequencingRule[], said: Said, more: Sequencing = {}, wait = 0): boolean {
  const run = play(flowing(item("A", { deliveryControls: BY_CONTENT, ...more, ...post(...rules) }), item("B")));
  run.say(said);
  run.clock.pass(wait);
  return run.go("continue") === "end";
}

const NONE: Said = {};
const GOOD: Said = { completed: true, satisfied: true, measure: 0.9 };
const BAD: Said = { completed: false, satisfied: false, measure: 0.1 };

describe("UP.2.1, conditions", () => {
  // condition, threshold, then whether it holds, and holds with not: of nothing known, good, bad.
  it.each([
    ["satisfied", undefined, [false, false], [true, false], [false, true]],
    ["objectiveStatusKnown", undefined, [false, true], [true, false], [true, false]],
    ["objectiveMeasureKnown", undefined, [false, true], [true, false], [true, false]],
    ["objectiveMeasureGreaterThan", 0.5, [false, false], [true, false], [false, true]],
    ["objectiveMeasureGreaterThan", 0.9, [false, false], [false, true], [false, true]],
    ["objectiveMeasureLessThan", 0.5, [false, false], [false, true], [true, false]],
    ["objectiveMeasureLessThan", 0.1, [false, false], [false, true], [false, true]],
    ["completed", undefined, [false, false], [true, false], [false, true]],
    ["activityProgressKnown", undefined, [false, true], [true, false], [true, false]],
    ["attempted", undefined, [true, false], [true, false], [true, false]],
    ["always", undefined, [true, false], [true, false], [true, false]],
    ["attemptLimitExceeded", undefined, [false, true], [false, true], [false, true]],
    ["timeLimitExceeded", undefined, [false, true], [false, true], [false, true]],
    ["outsideAvailableTimeRange", undefined, [false, true], [false, true], [false, true]],
  ] as const)("%s %s", (name, measureThreshold, ...wanted) => {
    const found = [NONE, GOOD, BAD].map((said) => [
      holds([rule("exitAll", name, { measureThreshold })], said),
      holds([rule("exitAll", name, { measureThreshold, operator: "not" })], said),
    ]);
    expect(found).toEqual(wanted);
  });

  it("attemptLimitExceeded once the attempts are used up (UP.1)", () => {
    expect(holds([rule("exitAll", "attemptLimitExceeded")], NONE, { limitConditions: { attemptLimit: 1 } })).toBe(true);
    expect(holds([rule("exitAll", "attemptLimitExceeded")], NONE, { limitConditions: { attemptLimit: 2 } })).toBe(false);
  });

  it.each([
    [[true, true], "all", true], [[true, false], "all", false], [[false, false], "all", false],
    [[true, true], "any", true], [[true, false], "any", true], [[false, false], "any", false],
    [[true, true], undefined, true], [[true, false], undefined, false],
  ] as const)("conditionCombination of %j by %s: %s", (known, conditionCombination, wanted) => {
    const conditions = [{ condition: "completed" }, { condition: "satisfied" }];
    const said = { completed: known[0], satisfied: known[1] };
    expect(holds([{ conditions, conditionCombination, action: "exitAll" }], said)).toBe(wanted);
  });

  it.each([
    ["all", { completed: true }, false], ["any", { completed: true }, true], ["any", { completed: false }, false],
  ] as const)("an unknown condition in %s of %j: %s", (conditionCombination, said, wanted) => {
    const conditions = [{ condition: "completed" }, { condition: "satisfied" }];
    expect(holds([{ conditions, conditionCombination, action: "exitAll" }], said)).toBe(wanted);
  });

  it("UP.2: the first rule that holds decides", () => {
    expect(holds([rule("continue", "always"), rule("exitAll", "always")], NONE)).toBe(false);
    expect(holds([rule("continue", "never"), rule("exitAll", "always")], NONE)).toBe(true);
  });

  it("referencedObjective: the objective named, not the primary one", () => {
    const objectives = { primary: { objectiveID: "main" }, others: [{ objectiveID: "other" }] };
    const said: Said = { satisfied: false, objectives: [{ id: "other", satisfied: true, measure: 0.7 }] };
    const about = (condition: string, more = {}) => holds([rule("exitAll", condition, { referencedObjective: "other", ...more })], said, { objectives });
    expect(about("satisfied")).toBe(true);
    expect(about("objectiveMeasureGreaterThan", { measureThreshold: 0.6 })).toBe(true);
    expect(about("objectiveMeasureLessThan", { measureThreshold: 0.6 })).toBe(false);
    expect(holds([rule("exitAll", "satisfied", { referencedObjective: "main" })], said, { objectives })).toBe(false);
  });
});

describe("SM.3 and UP.1, limits", () => {
  const limited = (attemptLimit: number) => play(flowing(item("A"), item("B", { limitConditions: { attemptLimit } }), item("C")));

  it.each([
    [1, ["continue", "continue", "previous"], "SB.2.2-2"], [1, ["continue", "choice>A", "choice>B"], "DB.1.1-3"],
    [2, ["continue", "continue", "previous"], "B"], [2, ["continue", "choice>A", "choice>B", "choice>A", "choice>B"], "DB.1.1-3"],
    [0, ["continue"], "SB.2.2-2"], [0, ["choice>B"], "DB.1.1-3"],
  ] as const)("attemptLimit %i: %j", (limit, steps, wanted) => {
    const run = limited(limit);
    const answers = steps.map((step) => run.go(...(step.split(">") as [string, string?])));
    expect(answers.at(-1)).toBe(wanted);
  });

  it("a suspended attempt is taken up again and counts once", () => {
    const run = limited(1);
    run.go("continue");
    run.say({ exit: "suspend" });
    run.go("continue");
    const outcome = run.engine.navigate("choice", "B");
    expect([outcome.delivered?.identifier, outcome.entry, outcome.attempt]).toEqual(["B", "resume", 1]);
  });
});

describe("SM.11 and UP.4, delivery controls", () => {
  it.each<[string, Sequencing["deliveryControls"], Said, [boolean | undefined, boolean | undefined]]>([
    ["by default the end of a silent page completes and satisfies it", {}, {}, [true, true]],
    ["what it said stays", {}, { completed: false, satisfied: false }, [false, false]],
    ["completionSetByContent: silence is unknown", { completionSetByContent: true }, {}, [undefined, true]],
    ["objectiveSetByContent: silence is unknown", { objectiveSetByContent: true }, {}, [true, undefined]],
    ["both", BY_CONTENT, {}, [undefined, undefined]],
    ["a suspended page is not finished", {}, { exit: "suspend" }, [undefined, undefined]],
    ["tracked false: nothing is kept", { tracked: false }, { completed: true, satisfied: true }, [undefined, undefined]],
  ])("%s", (_, deliveryControls, said, wanted) => {
    const run = play(flowing(item("A", { deliveryControls }), item("B")));
    run.say(said);
    run.go("continue");
    const { completed, satisfied } = run.node("A");
    expect([completed, satisfied]).toEqual(wanted);
  });
});

describe("UP.3 and DB.2, attempts", () => {
  it("each visit after an end is a new attempt and begins anew", () => {
    const run = play(flowing(item("A", { deliveryControls: BY_CONTENT }), item("B")));
    run.say({ completed: true, satisfied: true });
    run.go("continue");
    const outcome = run.engine.navigate("previous");
    expect([outcome.entry, outcome.attempt]).toEqual(["ab-initio", 2]);
  });

  it("what an attempt knew is forgotten by the next one (DB.2, TM.1.2)", () => {
    const run = play(flowing(item("A", { deliveryControls: BY_CONTENT }), item("B")));
    run.say({ completed: true, satisfied: true });
    run.go("continue");
    run.go("previous");
    expect(run.node("A").completed).toBeUndefined();
  });

  it.each(["suspendAll", "exitAll", "abandonAll"])("%s and a further session", (request) => {
    const definition = flowing(item("A"), item("B"), item("C"));
    const run = play(definition);
    run.go("continue");
    run.go(request);
    const again = play(definition, { state: JSON.parse(JSON.stringify(run.engine.toJSON())) });
    if (request === "suspendAll") expect([again.begun.delivered?.identifier, again.begun.entry, again.begun.attempt]).toEqual(["B", "resume", 1]);
    else expect(again.begun.entry).not.toBe("resume");
  });

  it("suspendAll suspends the clusters on the way too (TB.2.3)", () => {
    const run = play(flowing(item("X", { controlMode: { flow: true } }, [item("X1"), item("X2")])));
    run.go("suspendAll");
    expect([run.node("X1").suspended, run.node("X").suspended]).toEqual([true, true]);
  });
});

describe("SM.9, SR.1 and SR.2, selection and order", () => {
  const eight = ["A", "B", "C", "D", "E", "F", "G", "H"];
  const order = (randomizationControls: Sequencing["randomizationControls"], random = 0.3) => {
    const run = play(pack({ controlMode: { flow: true }, randomizationControls }, ...eight.map((id) => item(id))), { random });
    const seen = [run.at()!];
    for (let next = run.go("continue"); next !== "end"; next = run.go("continue")) seen.push(next);
    return seen;
  };
  it.each([
    ["never", { selectCount: 3, selectionTiming: "never" }, 8],
    ["by default never", { selectCount: 3 }, 8],
    ["once", { selectCount: 3, selectionTiming: "once" }, 3],
    ["onEachNewAttempt", { selectCount: 3, selectionTiming: "onEachNewAttempt" }, 3],
    ["more than there are", { selectCount: 20, selectionTiming: "once" }, 8],
  ] as const)("selection %s shows that many, in the order of the package", (_, controls, count) => {
    const seen = order(controls);
    expect(seen.length).toBe(count);
    expect([...seen].sort()).toEqual(seen);
  });

  it.each([
    ["never", { reorderChildren: true, randomizationTiming: "never" }, false],
    ["once without reorderChildren", { randomizationTiming: "once" }, false],
    ["once", { reorderChildren: true, randomizationTiming: "once" }, true],
    ["onEachNewAttempt", { reorderChildren: true, randomizationTiming: "onEachNewAttempt" }, true],
  ] as const)("randomization %s", (_, controls, shuffled) => {
    const orders = [0.1, 0.3, 0.7].map((random) => order(controls, random).join(""));
    expect(orders.every((one) => [...one].sort().join("") === eight.join(""))).toBe(true);
    expect(new Set(orders).size > 1).toBe(shuffled);
  });

  it("SB.2.9: a page that was not selected cannot be chosen", () => {
    const controls: Sequencing["randomizationControls"] = { selectCount: 2, selectionTiming: "once" };
    const run = play(pack({ controlMode: { flow: true }, randomizationControls: controls }, ...eight.map((id) => item(id))));
    const out = eight.find((id) => run.node(id).hidden)!;
    expect(["SB.2.9-2", "NB.2.1-11"]).toContain(run.go("choice", out));
  });

  it("SR.1: once is once, also for a further attempt on the package", () => {
    const controls: Sequencing["randomizationControls"] = { reorderChildren: true, randomizationTiming: "once" };
    const definition = pack({ controlMode: { flow: true }, randomizationControls: controls }, ...eight.map((id) => item(id)));
    const run = play(definition, { random: 0.3 });
    const first = run.engine.tree().children.map((one) => one.id);
    run.go("exitAll");
    const again = play(definition, { state: run.engine.toJSON(), random: 0.9 });
    expect(again.engine.tree().children.map((one) => one.id)).toEqual(first);
  });
});

describe("UP.2, preconditions are asked when a page is considered", () => {
  it.each<[string, Said, string]>([["satisfied", { satisfied: true }, "C"], ["not satisfied", { satisfied: false }, "B"]])(
    "B is skipped once the objective that A wrote is known: %s",
    (_, said, wanted) => {
      const maps = (more: object) => ({ objectives: { primary: { objectiveID: "o", maps: [{ targetObjectiveID: "G", ...more }] } } });
      const run = play(flowing(
        item("A", { deliveryControls: BY_CONTENT, ...maps({ writeSatisfiedStatus: true }) }),
        item("B", { ...maps({}), ...pre(rule("skip", "satisfied")) }),
        item("C"),
      ));
      run.say(said);
      expect(run.go("continue")).toBe(wanted);
    },
  );
});
