/* The ways in which people build courses with sequencing, as the examples of the ADL and their descendants do. */

import { expect, test } from "vitest";
import type { Sequencing } from "../types.ts";
import { FLOW, flowing, item, pack, play, post, rule } from "./support.ts";

const open = (run: ReturnType<typeof play>, ids: string[]) => ids.filter((id) => run.node(id).enabled).join("");

/** Each page writes whether it is satisfied; the next one is disabled until that is known and true. */
function forced(name: string, before: string | null): ReturnType<typeof item> {
  const maps = [{ targetObjectiveID: `done-${name}`, readSatisfiedStatus: true, writeSatisfiedStatus: true }];
  const others = before ? [{ objectiveID: "before", maps: [{ targetObjectiveID: `done-${before}` }] }] : [];
  const sequencingRules: Sequencing["sequencingRules"] = before
    ? {
        preConditionRule: [{
          conditionCombination: "any",
          conditions: [
            { condition: "satisfied", operator: "not", referencedObjective: "before" },
            { condition: "objectiveStatusKnown", operator: "not", referencedObjective: "before" },
          ],
          action: "disabled",
        }],
      }
    : {};
  return item(name, { objectives: { primary: { objectiveID: "own", maps }, others }, sequencingRules });
}

test("forced sequential: each page opens the next, and stays open", () => {
  const run = play(flowing(forced("A", null), forced("B", "A"), forced("C", "B")));
  expect(open(run, ["A", "B", "C"])).toBe("AB");
  // The page that is open would be satisfied by being left (UP.4): B is open, C is not.
  run.say({ satisfied: false });
  expect(open(run, ["A", "B", "C"])).toBe("A");
  expect(run.engine.requestValid("continue")).toBe(false);
  run.say({ satisfied: true });
  expect(run.go("continue")).toBe("B");
  expect(run.go("continue")).toBe("C");
  expect(open(run, ["A", "B", "C"])).toBe("ABC");
  run.go("choice", "A");
  expect(open(run, ["A", "B", "C"])).toBe("ABC");
});

test("pre-test that lets skip what is known, post-test, score of the course from the post-test alone", () => {
  const topic = (name: string) => ({ objectiveID: name, maps: [{ targetObjectiveID: `G-${name}`, writeSatisfiedStatus: true }] });
  const lesson = (name: string) => item(name, {
    objectives: { primary: { objectiveID: "own", maps: [{ targetObjectiveID: `G-${name}` }] } },
    sequencingRules: { preConditionRule: [rule("skip", "satisfied")] },
    rollupRules: { objectiveMeasureWeight: 0, rollupObjectiveSatisfied: false },
    rollupConsiderations: { requiredForCompleted: "ifNotSkipped" },
  });
  const pretest = item("pre", {
    objectives: { primary: {}, others: [topic("L1"), topic("L2")] },
    rollupRules: { objectiveMeasureWeight: 0, rollupObjectiveSatisfied: false },
    limitConditions: { attemptLimit: 1 },
  });
  const final = item("post", { objectives: { primary: { satisfiedByMeasure: true, minNormalizedMeasure: 0.7 } } });
  const run = play(flowing(pretest, lesson("L1"), lesson("L2"), final));
  run.say({ completed: true, measure: 0.5, objectives: [{ id: "L1", satisfied: true }, { id: "L2", satisfied: false }] });
  expect(run.go("continue")).toBe("L2");
  expect(run.node("pre").enabled).toBe(false);
  expect(run.go("continue")).toBe("post");
  run.say({ completed: true, measure: 0.6 });
  run.go("choice", "post");
  expect(run.node("root")).toMatchObject({ satisfied: false, completed: true, measure: 0.6 });
  run.say({ completed: true, measure: 0.9 });
  expect(run.go("continue")).toBe("end");
  expect(run.engine.summary()).toEqual({
    "cmi.completion_status": "completed", "cmi.success_status": "passed", "cmi.score.scaled": "0.9",
  });
});

test("knowledge paced: the course ends as soon as its test is passed", () => {
  const module = (name: string) => item(name, {
    controlMode: { flow: true, choice: false },
    sequencingRules: { preConditionRule: [rule("skip", "satisfied")] },
  }, [
    item(`${name}-test`, {
      objectives: { primary: { satisfiedByMeasure: true, minNormalizedMeasure: 0.8 } },
      ...post(rule("exitParent", "satisfied"), rule("continue", "always")),
    }),
    item(`${name}-pages`, { rollupRules: { rollupObjectiveSatisfied: false, objectiveMeasureWeight: 0 } }),
  ]);
  const run = play(flowing(module("M"), module("N")));
  run.say({ measure: 0.9, completed: true });
  expect(run.go("continue")).toBe("N-test");
  expect(run.node("M").satisfied).toBe(true);
  run.say({ measure: 0.3, completed: true });
  expect(run.go("continue")).toBe("N-pages");
  expect(run.go("continue")).toBe("end");
  expect(run.node("root")).toMatchObject({ satisfied: false, measure: 0.6 });
});

test("remediation: until the test is passed, back to the pages it names, at most three times", () => {
  const remedy = (name: string) => item(name, {
    objectives: { primary: { objectiveID: "own", maps: [{ targetObjectiveID: `G-${name}` }] } },
    sequencingRules: { preConditionRule: [rule("skip", "satisfied")] },
  });
  const names = ["P", "Q"];
  const quiz = item("T", {
    objectives: {
      primary: { satisfiedByMeasure: true, minNormalizedMeasure: 1 },
      others: names.map((id) => ({ objectiveID: id, maps: [{ targetObjectiveID: `G-${id}`, writeSatisfiedStatus: true }] })),
    },
    deliveryControls: { objectiveSetByContent: true },
    limitConditions: { attemptLimit: 3 },
    ...post(
      rule("exitAll", "attemptLimitExceeded"),
      rule("exitAll", "satisfied"),
      rule("retryAll", "satisfied", { operator: "not" }),
    ),
  });
  const course = pack({ controlMode: { flow: true, choice: false } }, remedy("P"), remedy("Q"), quiz);
  const run = play(course);
  run.go("continue");
  run.go("continue");
  const answer = (p: boolean, q: boolean) => {
    const measure = (Number(p) + Number(q)) / 2;
    run.say({ completed: true, measure, objectives: [{ id: "P", satisfied: p }, { id: "Q", satisfied: q }] });
    return run.go("continue");
  };
  expect(answer(true, false)).toBe("Q");
  run.go("continue");
  expect(answer(false, true)).toBe("P");
  run.go("continue");
  expect(answer(false, false)).toBe("end");
});

test("remediation ends when everything is known", () => {
  const quiz = item("T", {
    deliveryControls: { objectiveSetByContent: true },
    ...post(rule("retry", "satisfied", { operator: "not" }), rule("exitAll", "satisfied")),
  });
  const run = play(flowing(quiz));
  run.say({ satisfied: false });
  expect(run.go("continue")).toBe("T");
  run.say({ satisfied: true });
  expect(run.engine.requestValid("continue")).toBe(true);
  expect(run.go("continue")).toBe("end");
});

test("a course of any three of five modules", () => {
  const rules = (action: string, condition: string) =>
    ({ childActivitySet: "atLeastPercent" as const, minimumPercent: 0.6, conditions: [{ condition }], action });
  const run = play(pack({ ...FLOW, rollupRules: { rules: [rules("satisfied", "satisfied"), rules("completed", "completed")] } },
    ...[..."ABCDE"].map((id) => item(id))));
  run.go("choice", "C");
  run.go("choice", "E");
  expect(run.node("root").completed).toBeUndefined();
  run.go("choice", "B");
  expect(run.node("root")).toMatchObject({ completed: true, satisfied: true });
});

test("a linear course without choice: only back and forth", () => {
  const run = play(pack({ controlMode: { flow: true, choice: false } }, item("A"), item("B")));
  expect(open(run, ["A", "B"])).toBe("");
  expect(run.engine.requestValid("continue")).toBe(true);
  expect([run.go("continue"), run.go("previous")]).toEqual(["B", "A"]);
});
