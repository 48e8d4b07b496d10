/* SCORM 2004 4th edition, SN 3.7, 3.8 and 4.6 with RB.1.1 to RB.1.5: what a cluster comes to from its children. Every child is shown
   in its turn (null: never shown) and says what the table says. */
import { describe, expect, it } from "vitest";
import type { Results, RollupRule, Sequencing } from "../types.ts";
import { item, pack, play } from "../sequencing/support.ts";

const BY_CONTENT = { completionSetByContent: true, objectiveSetByContent: true };
type Said = Partial<Results> | null;

function roll(root: Sequencing, says: Said[], child: Sequencing | Sequencing[] = {}) {
  const rules = (at: number): Sequencing => {
    const own = Array.isArray(child) ? child[at]! : child;
    return { ...own, deliveryControls: { ...BY_CONTENT, ...own.deliveryControls } };
  };
  // A page that counts for nothing comes first and last, so that each child is chosen and left.
  const rest = (id: string) => item(id, { deliveryControls: { tracked: false } });
  const run = play(pack({ controlMode: { flow: true }, ...root }, rest("in"), ...says.map((_, at) => item(`C${at}`, rules(at))), rest("out")));
  says.forEach((said, at) => {
    if (!said) return;
    expect(run.go("jump", `C${at}`)).toBe(`C${at}`);
    run.say(said);
  });
  run.go("jump", "out");
  const { completed, satisfied, measure } = run.node("root");
  return { completed, satisfied, measure };
}

const rules = (...all: RollupRule[]): Sequencing => ({ rollupRules: { rules: all } });
const T = { satisfied: true, completed: true };
const F = { satisfied: false, completed: false };
const U = {};

describe("RB.1.2 and RB.1.3, the default rules", () => {
  it.each<[Said[], boolean | undefined]>([
    [[T, T], true], [[T, F], false], [[F, F], false], [[T, U], undefined], [[F, U], undefined], [[T, null], undefined], [[U, U], undefined],
  ])("%j: %s", (says, wanted) => {
    const { completed, satisfied } = roll({}, says);
    expect([completed, satisfied]).toEqual([wanted, wanted]);
  });
});

const SETS: [Partial<RollupRule>, Said[], boolean][] = [
  [{}, [T, T, T], true],
  [{ childActivitySet: "all" }, [T, T, T], true],
  [{ childActivitySet: "all" }, [T, T, F], false],
  [{ childActivitySet: "all" }, [T, T, U], false],
  [{ childActivitySet: "any" }, [F, F, T], true],
  [{ childActivitySet: "any" }, [U, U, T], true],
  [{ childActivitySet: "any" }, [F, F, F], false],
  [{ childActivitySet: "none" }, [F, F, F], true],
  [{ childActivitySet: "none" }, [F, F, T], false],
  [{ childActivitySet: "none" }, [F, F, U], false],
  [{ childActivitySet: "atLeastCount", minimumCount: 2 }, [T, T, F], true],
  [{ childActivitySet: "atLeastCount", minimumCount: 2 }, [T, F, F], false],
  [{ childActivitySet: "atLeastCount", minimumCount: 3 }, [T, T, T], true],
  [{ childActivitySet: "atLeastPercent", minimumPercent: 0.5 }, [T, T, F, F], true],
  [{ childActivitySet: "atLeastPercent", minimumPercent: 0.5 }, [T, F, F, F], false],
  [{ childActivitySet: "atLeastPercent", minimumPercent: 0.5 }, [T, T, U, null], true],
  [{ childActivitySet: "atLeastPercent", minimumPercent: 1 }, [T, T, T, F], false],
];

describe("RB.1.4, childActivitySet for each action", () => {
  const label = (set: Partial<RollupRule>, says: Said[]) =>
    `${JSON.stringify(set)} of ${says.map((said) => (said === T ? "T" : said === F ? "F" : said ? "U" : "-")).join("")}`;
  const cases = SETS.map(([set, says, fires]) => [label(set, says), set, says, fires] as const);
  it.each(cases)("%s: %4$s", (_, set, says, fires) => {
    const on = (condition: string, action: string) => roll(rules({ ...set, conditions: [{ condition }], action }), says);
    expect(on("satisfied", "satisfied").satisfied).toBe(fires ? true : undefined);
    expect(on("satisfied", "notSatisfied").satisfied).toBe(fires ? false : undefined);
    expect(on("completed", "completed").completed).toBe(fires ? true : undefined);
    expect(on("completed", "incomplete").completed).toBe(fires ? false : undefined);
  });

  it("a rule about one kind leaves the default of the other", () => {
    const { completed, satisfied } = roll(rules({ childActivitySet: "any", conditions: [{ condition: "satisfied" }], action: "satisfied" }), [T, F]);
    expect([completed, satisfied]).toEqual([false, true]);
  });

  it("RB.1.2: satisfied has the last word over notSatisfied", () => {
    const always = { childActivitySet: "any" as const, conditions: [{ condition: "attempted" }] };
    expect(roll(rules({ ...always, action: "satisfied" }, { ...always, action: "notSatisfied" }), [U]).satisfied).toBe(true);
    expect(roll(rules({ ...always, action: "completed" }, { ...always, action: "incomplete" }), [U]).completed).toBe(true);
  });

  it("no child is left to count: no rule holds", () => {
    const untracked = { deliveryControls: { tracked: false } };
    const { completed, satisfied } = roll({}, [T, T], untracked);
    expect([completed, satisfied]).toEqual([undefined, undefined]);
  });
});

describe("RB.1.4.1, conditions of a rollup rule", () => {
  const M = { measure: 0.5 };
  it.each<[string, Said, boolean, boolean]>([
    ["satisfied", T, true, false], ["satisfied", F, false, true], ["satisfied", U, false, false],
    ["objectiveStatusKnown", F, true, false], ["objectiveStatusKnown", U, false, true],
    ["objectiveMeasureKnown", M, true, false], ["objectiveMeasureKnown", U, false, true],
    ["completed", T, true, false], ["completed", F, false, true], ["completed", U, false, false],
    ["activityProgressKnown", F, true, false], ["activityProgressKnown", U, false, true],
    ["attempted", U, true, false], ["attempted", null, false, true],
    ["attemptLimitExceeded", U, true, false], ["attemptLimitExceeded", null, false, true],
    ["timeLimitExceeded", U, false, true], ["outsideAvailableTimeRange", U, false, true],
  ])("%s of %j: %s, with not: %s", (condition, said, plain, negated) => {
    // A status stays when no rule holds any more: the first rule always answers incomplete, so that the second is seen afresh.
    const anyway: RollupRule = { conditions: [{ condition: "attempted" }, { condition: "attempted", operator: "not" }], action: "incomplete" };
    const on = (operator: "not" | "noOp") =>
      roll(rules(anyway, { conditions: [{ condition, operator }], action: "completed" }), [said], { limitConditions: { attemptLimit: 1 } }).completed;
    expect([on("noOp"), on("not")]).toEqual([plain, negated]);
  });

  it.each<["all" | "any" | undefined, Said, boolean]>([
    ["all", { satisfied: true, completed: true }, true], ["all", { satisfied: true, completed: false }, false],
    ["any", { satisfied: true, completed: false }, true], ["any", { satisfied: false, completed: false }, false],
    [undefined, { satisfied: true, completed: false }, true], ["any", { satisfied: true }, true], ["all", { satisfied: true }, false],
  ])("conditionCombination %s of %j: %s", (conditionCombination, said, fires) => {
    const conditions = [{ condition: "satisfied" }, { condition: "completed" }];
    expect(roll(rules({ conditions, conditionCombination, action: "satisfied" }), [said]).satisfied).toBe(fires ? true : undefined);
  });
});

describe("RB.1.4.2, which children count", () => {
  const leaf = (more: Sequencing): Sequencing[] => [{}, more];
  it.each<[string, Said[], Sequencing, [boolean | undefined, boolean | undefined]]>([
    ["rollupObjectiveSatisfied false", [T, F], { rollupRules: { rollupObjectiveSatisfied: false } }, [false, true]],
    ["rollupProgressCompletion false", [T, F], { rollupRules: { rollupProgressCompletion: false } }, [true, false]],
    ["tracked false", [T, F], { deliveryControls: { tracked: false } }, [true, true]],
    ["requiredForSatisfied ifAttempted", [T, null], { rollupConsiderations: { requiredForSatisfied: "ifAttempted" } }, [undefined, true]],
    ["requiredForCompleted ifAttempted", [T, null], { rollupConsiderations: { requiredForCompleted: "ifAttempted" } }, [true, undefined]],
    ["requiredForNotSatisfied ifAttempted", [F, null], { rollupConsiderations: { requiredForNotSatisfied: "ifAttempted" } }, [undefined, false]],
    ["requiredForIncomplete ifAttempted", [F, null], { rollupConsiderations: { requiredForIncomplete: "ifAttempted" } }, [false, undefined]],
    ["ifAttempted counts what was attempted", [T, F], { rollupConsiderations: { requiredForSatisfied: "ifAttempted" } }, [false, false]],
    [
      "requiredForCompleted ifNotSuspended", [T, { ...F, exit: "suspend" }],
      { rollupConsiderations: { requiredForCompleted: "ifNotSuspended" } }, [true, false],
    ],
    [
      "requiredForSatisfied ifNotSuspended", [T, { ...F, exit: "suspend" }],
      { rollupConsiderations: { requiredForSatisfied: "ifNotSuspended" } }, [false, true],
    ],
    [
      "requiredForSatisfied ifNotSkipped", [T, F],
      {
        rollupConsiderations: { requiredForSatisfied: "ifNotSkipped" },
        sequencingRules: { preConditionRule: [{ conditions: [{ condition: "always" }], action: "skip" }] },
      },
      [false, true],
    ],
    [
      "requiredForCompleted ifNotSkipped", [T, F],
      {
        rollupConsiderations: { requiredForCompleted: "ifNotSkipped" },
        sequencingRules: { preConditionRule: [{ conditions: [{ condition: "always" }], action: "skip" }] },
      },
      [true, false],
    ],
  ])("%s", (_, says, more, wanted) => {
    const { completed, satisfied } = roll({}, says, leaf(more));
    expect([completed, satisfied]).toEqual(wanted);
  });
});

describe("RB.1.1, measures", () => {
  const weigh = (objectiveMeasureWeight: number): Sequencing => ({ rollupRules: { objectiveMeasureWeight } });
  it.each<[string, Said[], Sequencing[], number | undefined]>([
    ["the mean of equal weights", [{ measure: 1 }, { measure: 0.5 }], [{}, {}], 0.75],
    ["by weight", [{ measure: 1 }, { measure: 0.4 }], [weigh(1), weigh(0.5)], 0.8],
    ["a weight of 0 does not count", [{ measure: 1 }, { measure: 0.4 }], [weigh(0), weigh(0.5)], 0.4],
    ["a child without a measure counts with its weight", [{ measure: 1 }, U], [{}, {}], 0.5],
    ["a child that was never shown counts too", [{ measure: 1 }, null], [{}, {}], 0.5],
    ["no measure at all", [U, U], [{}, {}], undefined],
    ["only weights of 0", [{ measure: 1 }], [weigh(0)], undefined],
    ["a child that is not tracked does not count", [{ measure: 1 }, { measure: 0 }], [{}, { deliveryControls: { tracked: false } }], 1],
    ["below zero", [{ measure: -1 }, { measure: 0.5 }], [{}, {}], -0.25],
  ])("RB.1.1 a: %s", (_, says, children, wanted) => {
    const { measure } = roll({}, says, children);
    if (wanted === undefined) expect(measure).toBeUndefined();
    else expect(measure).toBeCloseTo(wanted, 6);
  });

  const by = (minNormalizedMeasure?: number): Sequencing => ({ objectives: { primary: { satisfiedByMeasure: true, minNormalizedMeasure } } });
  it.each<[number | undefined, Said[], boolean | undefined]>([
    [0.7, [{ measure: 0.7 }], true], [0.7, [{ measure: 0.69 }], false], [0.7, [T], undefined],
    [undefined, [{ measure: 0.99 }], false], [undefined, [{ measure: 1 }], true],
  ])("RB.1.2 a: minNormalizedMeasure %s of %j: %s", (least, says, wanted) => {
    expect(roll(by(least), says).satisfied).toBe(wanted);
  });

  it.each([[true, true], [false, undefined]])("RB.1.2 a: measureSatisfactionIfActive %s: %s while it runs, true afterwards", (flag, during) => {
    const X = { controlMode: { flow: true }, ...by(0.5), rollupConsiderations: { measureSatisfactionIfActive: flag } };
    const run = play(pack({ controlMode: { flow: true } }, item("X", X, [item("X1"), item("X2")]), item("Y")));
    run.say({ measure: 1 });
    run.go("continue");
    expect(run.node("X").satisfied).toBe(during);
    run.say({ measure: 1 });
    run.go("continue");
    expect([run.at(), run.node("X").satisfied]).toEqual(["Y", true]);
  });

  const threshold = (minProgressMeasure?: number, progressWeight?: number): Sequencing => ({
    completionThreshold: { completedByMeasure: true, minProgressMeasure, progressWeight },
  });
  it.each<[string, Sequencing, Sequencing[], Said[], boolean | undefined]>([
    ["reached", threshold(0.7), [{}, {}], [{ progressMeasure: 1 }, { progressMeasure: 0.5 }], true],
    ["not reached", threshold(0.8), [{}, {}], [{ progressMeasure: 1 }, { progressMeasure: 0.5 }], false],
    [
      "by weight", threshold(0.8), [{ completionThreshold: { progressWeight: 1 } }, { completionThreshold: { progressWeight: 0.25 } }],
      [{ progressMeasure: 1 }, { progressMeasure: 0 }], true,
    ],
    ["no measure", threshold(0.5), [{}, {}], [T, T], undefined],
    ["a threshold of 1 when none is named", threshold(), [{}], [{ progressMeasure: 0.99 }], false],
    ["completedByMeasure false: by rules", { completionThreshold: { minProgressMeasure: 0.5 } }, [{}], [{ ...F, progressMeasure: 1 }], false],
  ])("RB.1.1 b and RB.1.3 a, completion by measure: %s", (_, root, children, says, wanted) => {
    expect(roll(root, says, children).completed).toBe(wanted);
  });
});

describe("RB.1.5, all the way up", () => {
  it("each cluster on the way is rolled up, the root last", () => {
    const X = item("X", { controlMode: { flow: true } }, [item("X1", { deliveryControls: BY_CONTENT })]);
    const run = play(pack({ controlMode: { flow: true } }, X, item("Y", { deliveryControls: BY_CONTENT })));
    run.say({ ...T, measure: 0.8 });
    run.go("continue");
    expect([run.node("X").satisfied, run.node("X").completed, run.node("X").measure]).toEqual([true, true, 0.8]);
    expect(run.node("root").satisfied).toBeUndefined();
    run.say({ ...T, measure: 0.4 });
    run.go("exitAll");
    const root = run.node("root");
    expect([root.satisfied, root.completed]).toEqual([true, true]);
    expect(root.measure).toBeCloseTo(0.6, 6);
  });

  it("summary says it in the words of cmi", () => {
    const run = play(pack({ controlMode: { flow: true } }, item("A", { deliveryControls: BY_CONTENT })));
    run.say({ ...T, measure: 0.8 });
    expect(run.engine.summary()).toMatchObject({
      "cmi.completion_status": "completed", "cmi.success_status": "passed", "cmi.score.scaled": "0.8",
    });
  });
});
