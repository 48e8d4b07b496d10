/* SCORM 2004 4th edition, SN 4.4 to 4.8: where rules, controls and limits of different activities meet in one request. */
import { describe, expect, it } from "vitest";
import { FLOW, item, pack, play, post, pre, rule } from "../sequencing/support.ts";

const C = { deliveryControls: { completionSetByContent: true, objectiveSetByContent: true } };
const NOT = { operator: "not" } as const;
const DONE = { completed: true, satisfied: true };

describe("TB.2.2 and TB.2.3, rules after an activity and those of its parent", () => {
  it("exitParent, and what was asked for goes on from the parent", () => {
    const run = play(pack(FLOW, item("M", FLOW, [item("A1", { ...C, ...post(rule("exitParent", "satisfied")) }), item("A2")]), item("B")));
    run.say(DONE);
    expect(run.go("continue")).toBe("B");
  });

  it("exitParent has the parent's own rule decide: it is tried again", () => {
    const leave = { ...C, ...post(rule("exitParent", "always")) };
    const again = { ...FLOW, ...post(rule("retry", "satisfied", NOT)) };
    const run = play(pack(FLOW, item("M", again, [item("A1", C), item("A2", leave)]), item("B")));
    run.say({ completed: true, satisfied: false });
    expect(run.go("continue")).toBe("A2");
    run.say({ completed: true, satisfied: false });
    expect(run.go("continue")).toBe("A1");
  });

  it.each([
    ["retryAll", "A"], ["exitAll", "end"], ["previous", "A"], ["continue", "X"], ["retry", "B"],
  ])("%s after the second of three", (action, expected) => {
    const second = { ...C, ...post(rule(action, "completed")) };
    const run = play(pack(FLOW, item("A"), item("B", second), item("X")));
    run.go("continue");
    run.say({ completed: true });
    expect(run.go("continue")).toBe(expected);
  });

  it("continue follows an exit that was asked for", () => {
    const run = play(pack(FLOW, item("A", { ...C, ...post(rule("continue", "completed")) }), item("B")));
    run.say({ completed: true });
    expect(run.go("exit")).toBe("B");
  });
});

it("TB.2.1: a cluster whose exit rule holds is left, and what was asked for goes on behind it", () => {
  const any = { rollupRules: { rules: [{ childActivitySet: "any" as const, conditions: [{ condition: "satisfied" }], action: "satisfied" }] } };
  const exit = { sequencingRules: { exitConditionRule: [rule("exit", "satisfied")] } };
  const run = play(pack(FLOW, item("M", { ...FLOW, ...any, ...exit }, [item("A1", C), item("A2", C)]), item("B")));
  run.say(DONE);
  expect(run.go("continue")).toBe("B");
});

describe("UP.1 and UP.5 with the requests", () => {
  it("an activity whose attempts are used up is neither chosen nor walked to, nor is a cluster of nothing else", () => {
    const once = { ...C, limitConditions: { attemptLimit: 1 } };
    const run = play(pack(FLOW, item("M", FLOW, [item("A", once)]), item("B")));
    run.say(DONE);
    expect(run.go("continue")).toBe("B");
    expect(run.engine.requestValid("choice", "A")).toBe(false);
    expect(run.engine.requestValid("choice", "M")).toBe(false);
    expect(run.go("choice", "A")).toBe("DB.1.1-3");
  });

  it("the first is disabled: nothing is shown in its place (SB.2.2-2)", () => {
    expect(play(pack(FLOW, item("A", pre(rule("disabled", "always"))), item("B"))).begun.exception).toBe("SB.2.2-2");
  });

  it("everything is skipped: nothing is shown", () => {
    const skip = pre(rule("skip", "always"));
    expect(play(pack(FLOW, item("A", skip), item("B", skip))).begun.delivered).toBeNull();
  });

  it("a start without flow names the walk that failed (SB.2.2-1), and the learner chooses", () => {
    const run = play(pack({ controlMode: { flow: false } }, item("A"), item("B")));
    expect(run.begun.exception).toBe("SB.2.2-1");
    expect(run.go("choice", "B")).toBe("B");
    expect(run.engine.requestValid("continue")).toBe(false);
    expect(run.go("continue")).toBe("NB.2.1-4");
  });
});

describe("SB.2.9, choice across clusters", () => {
  it("choiceExit false holds inside, not for what is within, and not for flow", () => {
    const run = play(pack(FLOW, item("M", { controlMode: { flow: true, choiceExit: false } }, [item("A1"), item("A2")]), item("B")));
    expect(run.engine.requestValid("choice", "B")).toBe(false);
    expect(run.go("choice", "A2")).toBe("A2");
    expect(run.go("continue")).toBe("B");
  });

  it("choice false below: only jump gets there, and the cluster itself flows", () => {
    const run = play(pack(FLOW, item("M", { controlMode: { flow: true, choice: false } }, [item("A1"), item("A2")]), item("B")));
    expect(run.engine.requestValid("choice", "A2")).toBe(false);
    expect(run.go("jump", "A2")).toBe("A2");
    run.go("continue");
    expect(run.go("choice", "M")).toBe("A1");
  });

  it("preventActivation closes what is in a cluster, and not the cluster", () => {
    const shut = { ...FLOW, constrainedChoiceConsiderations: { preventActivation: true } };
    const run = play(pack(FLOW, item("A"), item("B", shut, [item("B1"), item("B2")])));
    expect([run.engine.requestValid("choice", "B1"), run.engine.requestValid("choice", "B")]).toEqual([false, true]);
  });

  it("forwardOnly refuses previous and a choice backwards", () => {
    const run = play(pack({ controlMode: { flow: true, forwardOnly: true } }, item("A"), item("B")));
    run.go("continue");
    expect(run.go("previous")).toBe("NB.2.1-5");
    expect(run.engine.requestValid("choice", "A")).toBe(false);
  });
});

describe("RB.1.1 to RB.1.5 with what is shown", () => {
  it("measures by weight, and what is not tracked counts nowhere", () => {
    const weight = (objectiveMeasureWeight: number) => ({ ...C, rollupRules: { objectiveMeasureWeight } });
    const silent = item("N", { deliveryControls: { tracked: false } });
    const run = play(pack(FLOW, item("A", weight(0.25)), item("B", weight(0.75)), silent));
    run.say({ ...DONE, measure: 1 });
    run.go("continue");
    run.say({ ...DONE, measure: 0 });
    expect(run.engine.summary()).toEqual({
      "cmi.completion_status": "completed", "cmi.success_status": "passed", "cmi.score.scaled": "0.25",
    });
  });

  it("abandon leaves the activity open for another try; abandonAll ends", () => {
    const run = play(pack(FLOW, item("A"), item("B")));
    expect(run.go("abandon")).toBe("-");
    expect(run.engine.requestValid("continue")).toBe(true);
    expect(run.go("abandonAll")).toBe("end");
  });
});
