import { describe, expect, test } from "vitest";
import type { Results, RollupRule, Sequencing } from "../types.ts";
import { FLOW, item, pack, play } from "./support.ts";

type Says = Partial<Results> | null;
const BY_CONTENT: Sequencing = { deliveryControls: { completionSetByContent: true, objectiveSetByContent: true } };

/** Children that have said so much (null: never shown), rolled up once; what the root has come to. */
function rolled(root: Sequencing, says: Says[], child: Sequencing | Sequencing[] = {}) {
  const rules = (at: number) => ({ ...BY_CONTENT, ...(Array.isArray(child) ? child[at] : child) });
  const children = says.map((_, at) => item(`C${at}`, rules(at)));
  const definition = pack({ ...FLOW, ...root }, item("rest", { deliveryControls: { tracked: false } }), ...children);
  const state = play(definition).engine.toJSON();
  says.forEach((said, at) => {
    if (!said) return;
    const { completed, progressMeasure, satisfied, measure } = said;
    const kept = { attempts: 1, completed, progressMeasure, activitySeconds: said.sessionSeconds };
    state.activities[`C${at}`] = { ...kept, objectives: { "": { satisfied, measure } } };
    if (said.exit === "suspend") state.activities[`C${at}`]!.suspended = true;
  });
  const run = play(definition, { state });
  const { completed, satisfied, measure } = run.node("root");
  return { completed, satisfied, measure, run };
}

function ruled(action: string, more: Partial<RollupRule>): Sequencing {
  const conditions = more.conditions ?? [{ condition: action.toLowerCase().includes("satisf") ? "satisfied" : "completed" }];
  return { rollupRules: { rules: [{ ...more, conditions, action }] } };
}

const YES = { satisfied: true, completed: true };
const NO = { satisfied: false, completed: false };

describe("RB.1.2 c and RB.1.3: default rules", () => {
  test.each([
    [[YES, YES], true],
    [[YES, NO], false],
    [[NO, NO], false],
    [[YES, {}], undefined],
    [[NO, {}], undefined],
    [[{}, {}], undefined],
  ])("%j", (says, answer) => {
    const { completed, satisfied } = rolled({}, says);
    expect([completed, satisfied]).toEqual([answer, answer]);
  });
});

/* RB.1.4: for each action, how many of four children must answer true. */
const COUNTS = [0, 1, 2, 3, 4];
const SETS: [Partial<RollupRule>, number[]][] = [
  [{ childActivitySet: "all" }, [4]],
  [{}, [4]],
  [{ childActivitySet: "any" }, [1, 2, 3, 4]],
  [{ childActivitySet: "none" }, [0]],
  [{ childActivitySet: "atLeastCount", minimumCount: 2 }, [2, 3, 4]],
  [{ childActivitySet: "atLeastCount" }, [0, 1, 2, 3, 4]],
  [{ childActivitySet: "atLeastPercent", minimumPercent: 0.5 }, [2, 3, 4]],
  [{ childActivitySet: "atLeastPercent", minimumPercent: 0.75 }, [3, 4]],
  [{ childActivitySet: "atLeastPercent", minimumPercent: 1 }, [4]],
  [{ childActivitySet: "atLeastPercent" }, [0, 1, 2, 3, 4]],
];

describe.each(["satisfied", "notSatisfied", "completed", "incomplete"])("RB.1.4 %s", (action) => {
  const field = action.toLowerCase().includes("satisf") ? "satisfied" : "completed";
  const becomes = action === "satisfied" || action === "completed";
  test.each(SETS)("%j", (set, enough) => {
    for (const count of COUNTS) {
      const says = [0, 1, 2, 3].map((at) => (at < count ? YES : NO));
      expect(rolled(ruled(action, set), says)[field], `${count} of 4`).toBe(enough.includes(count) ? becomes : undefined);
    }
  });
});

test("RB.1.4: two thirds are at least 0.6667 of three only when they are", () => {
  const share = (minimumPercent: number) =>
    rolled(ruled("satisfied", { childActivitySet: "atLeastPercent", minimumPercent }), [YES, YES, NO]).satisfied;
  expect([share(0.6666), share(2 / 3), share(0.6667)]).toEqual([true, true, undefined]);
});

test("RB.1.4: an unknown child spoils all and none, not any", () => {
  const rule = (childActivitySet: "all" | "none" | "any") => ruled("satisfied", { childActivitySet });
  expect(rolled(rule("all"), [YES, {}]).satisfied).toBeUndefined();
  expect(rolled(rule("none"), [NO, {}]).satisfied).toBeUndefined();
  expect(rolled(rule("any"), [YES, {}]).satisfied).toBe(true);
});

/* RB.1.4.1: every condition, plain and negated. */
const CONDITIONS: [string, Says, boolean, boolean][] = [
  ["satisfied", YES, true, false],
  ["satisfied", NO, false, true],
  ["satisfied", {}, false, false],
  ["objectiveStatusKnown", NO, true, false],
  ["objectiveStatusKnown", {}, false, true],
  ["objectiveMeasureKnown", { measure: 0 }, true, false],
  ["objectiveMeasureKnown", {}, false, true],
  ["completed", YES, true, false],
  ["completed", NO, false, true],
  ["completed", {}, false, false],
  ["activityProgressKnown", NO, true, false],
  ["activityProgressKnown", {}, false, true],
  ["attempted", {}, true, false],
  ["attempted", null, false, true],
  ["attemptLimitExceeded", {}, true, false],
  ["attemptLimitExceeded", null, false, true],
  ["timeLimitExceeded", { sessionSeconds: 90 }, true, false],
  ["timeLimitExceeded", { sessionSeconds: 30 }, false, true],
  ["outsideAvailableTimeRange", YES, false, true],
  ["never", YES, false, true],
];

describe.each(["satisfied", "notSatisfied", "completed", "incomplete"])("RB.1.4.1 conditions for %s", (action) => {
  const field = action.toLowerCase().includes("satisf") ? "satisfied" : "completed";
  const becomes = action === "satisfied" || action === "completed";
  const limits = { attemptLimit: 1, activityExperiencedDurationLimit: "PT1M", endTimeLimit: "2030-01-01T00:00:00Z" };
  test.each(CONDITIONS)("%s when the child says %j", (condition, said, plain, negated) => {
    for (const [operator, holds] of [["noOp", plain], ["not", negated]] as const) {
      const root = ruled(action, { childActivitySet: "any", conditions: [{ condition, operator }] });
      expect(rolled(root, [said, null], [{ limitConditions: limits }, { rollupRules: IGNORED }])[field]).toBe(
        holds ? becomes : undefined,
      );
    }
  });
});

const IGNORED = { rollupObjectiveSatisfied: false, rollupProgressCompletion: false };

test.each([
  ["all", ["satisfied", "completed"], { satisfied: true, completed: false }, undefined],
  ["all", ["satisfied", "completed"], YES, true],
  ["any", ["satisfied", "completed"], { satisfied: true, completed: false }, true],
  ["any", ["satisfied", "completed"], NO, undefined],
  [undefined, ["satisfied", "completed"], { satisfied: false, completed: true }, true],
  ["all", ["satisfied", "completed"], { satisfied: true }, undefined],
  ["any", ["satisfied", "completed"], { satisfied: true }, true],
] as const)("RB.1.4.1 conditionCombination %s of %j with %j", (conditionCombination, names, said, answer) => {
  const conditions = names.map((condition) => ({ condition }));
  expect(rolled(ruled("satisfied", { conditionCombination, conditions }), [said]).satisfied).toBe(answer);
});

test("RB.1.4.1: a rule without conditions is unknown", () => {
  expect(rolled(ruled("satisfied", { childActivitySet: "any", conditions: [] }), [YES]).satisfied).toBeUndefined();
});

test("RB.1.2 b: satisfied is looked at after notSatisfied, and has the last word", () => {
  const rules = [
    { childActivitySet: "any" as const, conditions: [{ condition: "completed" }], action: "satisfied" },
    { childActivitySet: "any" as const, conditions: [{ condition: "completed" }], action: "notSatisfied" },
  ];
  expect(rolled({ rollupRules: { rules } }, [YES]).satisfied).toBe(true);
});

test("RB.1.2 b: one rule for an objective replaces both of the default ones", () => {
  const { satisfied, completed } = rolled(ruled("satisfied", { childActivitySet: "any" }), [NO]);
  // Nothing says when it is not satisfied; completion still has its defaults.
  expect([satisfied, completed]).toEqual([undefined, false]);
});

/* RB.1.4.2 */
describe("RB.1.4.2: who takes part", () => {
  test.each([
    [{ rollupObjectiveSatisfied: false }, { satisfied: true, completed: false }],
    [{ rollupProgressCompletion: false }, { satisfied: false, completed: true }],
    [IGNORED, { satisfied: true, completed: true }],
  ])("%j", (rollupRules, answer) => {
    expect(rolled({}, [YES, NO], [{}, { rollupRules }])).toMatchObject(answer);
  });

  test("RB.1.4 1.2.4: where nobody takes part nothing changes", () => {
    expect(rolled({}, [YES], { rollupRules: IGNORED })).toMatchObject({ satisfied: undefined, completed: undefined });
    expect(rolled(ruled("satisfied", { childActivitySet: "none" }), [NO], { rollupRules: IGNORED }).satisfied).toBeUndefined();
  });

  test("SM.11: what is not tracked takes no part", () => {
    expect(rolled({}, [YES, NO], [{}, { deliveryControls: { tracked: false } }])).toMatchObject(YES);
  });

  const required = (which: string, when: string): Sequencing => ({ rollupConsiderations: { [which]: when } });
  test.each([
    ["requiredForSatisfied", "satisfied", YES, true],
    ["requiredForNotSatisfied", "notSatisfied", YES, false],
    ["requiredForCompleted", "completed", YES, true],
    ["requiredForIncomplete", "incomplete", YES, false],
  ] as const)("%s: always, ifAttempted, ifNotSuspended, ifNotSkipped", (which, action, said, becomes) => {
    const field = action.toLowerCase().includes("satisf") ? "satisfied" : "completed";
    const other = (more: Sequencing, says: Says) => rolled(ruled(action, {}), [said, says], [{}, more])[field];
    expect(other(required(which, "always"), null)).toBeUndefined();
    expect(other({}, null)).toBeUndefined();
    expect(other(required(which, "ifAttempted"), null)).toBe(becomes);
    expect(other(required(which, "ifAttempted"), {})).toBeUndefined();
    expect(other(required(which, "ifNotSuspended"), { exit: "suspend" })).toBe(becomes);
    expect(other(required(which, "ifNotSuspended"), null)).toBe(becomes);
    expect(other(required(which, "ifNotSuspended"), {})).toBeUndefined();
    const skipped = { sequencingRules: { preConditionRule: [{ conditions: [{ condition: "always" }], action: "skip" }] } };
    expect(other({ ...required(which, "ifNotSkipped"), ...skipped }, null)).toBe(becomes);
    expect(other(required(which, "ifNotSkipped"), null)).toBeUndefined();
  });
});

/* RB.1.1 */
describe("RB.1.1: measures", () => {
  const weight = (objectiveMeasureWeight: number) => ({ rollupRules: { objectiveMeasureWeight } });
  test.each([
    [[0.5, 1], [1, 1], 0.75],
    [[0.5, 1], [1, 0], 0.5],
    [[0.5, 1], [0.2, 0.6], 0.875],
    [[-1, 1], [1, 1], 0],
    // A child that has no measure counts with its weight (RB.1.1 a 6.1.1.3.1).
    [[1, undefined], [1, 1], 0.5],
    [[undefined, undefined], [1, 1], undefined],
    [[0.5, 1], [0, 0], undefined],
    [[0.1, 0.2], [1, 1], 0.15],
  ])("%j weighing %j", (measures, weights, answer) => {
    const says = measures.map((measure) => (measure === undefined ? {} : { measure }));
    expect(rolled({}, says, weights.map(weight)).measure).toBe(answer);
  });

  test("RB.1.2 a: the objective of the cluster satisfied by its measure", () => {
    const by = (minNormalizedMeasure?: number) => ({ objectives: { primary: { satisfiedByMeasure: true, minNormalizedMeasure } } });
    expect(rolled(by(0.75), [{ measure: 0.5 }, { measure: 1 }]).satisfied).toBe(true);
    expect(rolled(by(0.76), [{ measure: 0.5 }, { measure: 1 }]).satisfied).toBe(false);
    expect(rolled(by(), [{ measure: 1 }, { measure: 1 }]).satisfied).toBe(true);
    expect(rolled(by(0.5), [YES, YES]).satisfied).toBeUndefined();
  });

  test("RB.1.2 a: measureSatisfactionIfActive false leaves it open while the cluster is under way", () => {
    const root = {
      objectives: { primary: { satisfiedByMeasure: true, minNormalizedMeasure: 0.5 } },
      rollupConsiderations: { measureSatisfactionIfActive: false },
    };
    const { run, satisfied } = rolled(root, [{ measure: 1 }]);
    expect(satisfied).toBeUndefined();
    run.go("exitAll");
    expect(run.node("root").satisfied).toBe(true);
  });

  test("RB.1.1 b, RB.1.3 a: progress measures, weighed, against minProgressMeasure", () => {
    const root = (minProgressMeasure: number) => ({ completionThreshold: { completedByMeasure: true, minProgressMeasure } });
    const weigh = (progressWeight: number) => ({ completionThreshold: { progressWeight } });
    const says = [{ progressMeasure: 1 }, { progressMeasure: 0.5 }];
    expect(rolled(root(0.75), says).completed).toBe(true);
    expect(rolled(root(0.8), says).completed).toBe(false);
    expect(rolled(root(0.8), says, [weigh(0.9), weigh(0.1)]).completed).toBe(true);
    expect(rolled(root(0.5), [YES, YES]).completed).toBeUndefined();
    const { run } = rolled(root(0.75), says);
    expect(run.engine.summary()).toMatchObject({ "cmi.progress_measure": "0.75", "cmi.completion_status": "completed" });
  });

  test("RB.1.5 3.2: a page satisfied by measure follows its measure, whatever else it says", () => {
    const child = { objectives: { primary: { satisfiedByMeasure: true, minNormalizedMeasure: 0.6 } } };
    expect(rolled({}, [{ satisfied: true, measure: 0.5 }], child).satisfied).toBe(false);
    expect(rolled({}, [{ satisfied: false, measure: 0.6 }], child).satisfied).toBe(true);
    expect(rolled({}, [{ satisfied: true }], child).satisfied).toBeUndefined();
  });
});

test("RB.1.5: through three levels to the root", () => {
  const leaf = (name: string) => item(name, BY_CONTENT);
  const run = play(pack(FLOW, item("M", FLOW, [item("L", FLOW, [leaf("P"), leaf("Q")])]), item("R", { rollupRules: IGNORED })));
  run.say({ ...YES, measure: 0.4 });
  run.go("continue");
  expect(run.node("root").satisfied).toBeUndefined();
  run.say({ ...YES, measure: 0.8 });
  run.go("continue");
  expect(["L", "M", "root"].map((id) => run.node(id))).toMatchObject([
    { ...YES, measure: 0.6 }, { ...YES, measure: 0.6 }, { ...YES, measure: 0.3 },
  ]);
});

test("UP.4 1.1: what a page leaves unsaid counts as achieved, unless the manifest has the page say it", () => {
  const said = (controls: object, says: Partial<Results>) => {
    const run = play(pack(FLOW, item("A", { deliveryControls: controls }), item("B", { rollupRules: IGNORED })));
    run.say(says);
    run.go("continue");
    const { completed, satisfied } = run.node("A");
    return [completed, satisfied];
  };
  expect(said({}, {})).toEqual([true, true]);
  expect(said({ completionSetByContent: true }, {})).toEqual([undefined, true]);
  expect(said({ objectiveSetByContent: true }, {})).toEqual([true, undefined]);
  expect(said({}, NO)).toEqual([false, false]);
  expect(said({}, { exit: "suspend" })).toEqual([undefined, undefined]);
  expect(said({ tracked: false }, YES)).toEqual([undefined, undefined]);
});
