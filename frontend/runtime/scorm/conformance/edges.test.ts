/* Where procedures of SN 4 meet, and packages of SCORM 1.2 (CAM 2.3.5, AICC CMI001 6.2). */
import { describe, expect, it } from "vitest";
import type { Item, Sequencing } from "../types.ts";
import { createSequencer } from "../sequencing/index.ts";
import { Clock, flowing, item, nodes, pack, play, post, pre, results, rule, told } from "../sequencing/support.ts";

const FLOW = { controlMode: { flow: true } };
const BY_CONTENT = { completionSetByContent: true, objectiveSetByContent: true };
const stop = pre(rule("stopForwardTraversal", "always"));

function tree(rules: Record<string, Sequencing> = {}) {
  const of = (id: string) => rules[id] ?? {};
  const X = item("X", { ...FLOW, ...of("X") }, [item("X1", of("X1")), item("X2", of("X2"))]);
  return play(pack({ ...FLOW, ...of("root") }, item("A", of("A")), X, item("Y", of("Y"))));
}

describe("SB.2.9, what the walk to a choice meets", () => {
  it.each<[string, Record<string, Sequencing>, string[], string]>([
    ["a cluster on the path to the target that stops", { X: stop }, ["choice>X1"], "SB.2.4-1"],
    ["the target itself may stop", { X1: stop }, ["choice>X1"], "X1"],
    ["among siblings each one up to the target counts", { A: stop }, ["choice>X"], "SB.2.4-1"],
    ["of another branch only the path from the common ancestor counts (step 11.8)", { A: stop }, ["choice>X1"], "X1"],
    ["the cluster that is left does not count", { X: stop }, ["jump>X1", "choice>Y"], "Y"],
    ["a cluster that is chosen flows to its first page, its own choice aside", { X: { controlMode: { flow: true, choice: false } } }, ["choice>X"], "X1"],
    ["previous asked for by a rule on the first page", { A: post(rule("previous", "always")) }, ["continue"], "SB.2.1-3"],
    ["a first page that is skipped", { A: pre(rule("skip", "always")) }, ["continue"], "X2"],
    ["an ancestor that is disabled by now (DB.1.1)", { X: pre(rule("disabled", "attempted")) }, ["continue", "continue"], "DB.1.1-3"],
    ["exitParent up to a root that wants to be tried again", { root: post(rule("retry", "always")), A: post(rule("exitParent", "always")) }, ["continue"], "A"],
    ["a postcondition of a cluster that is left by flow", { X: post(rule("exitAll", "always")) }, ["choice>X2", "continue"], "Y"],
    ["retry without an attempt left", { A: { ...post(rule("retry", "always")), limitConditions: { attemptLimit: 1 } } }, ["continue"], "DB.1.1-3"],
  ])("%s", (_, rules, steps, wanted) => {
    const run = tree(rules);
    const answers = steps.map((step) => run.go(...(step.split(">") as [string, string?])));
    expect(answers.at(-1)).toBe(wanted);
  });

  it("a page that is chosen while it is open begins a further attempt (step 7)", () => {
    const run = tree();
    expect([run.go("choice", "A"), run.node("A").attempts]).toEqual(["A", 2]);
  });

  it("UP.3: a cluster counts an attempt each time it is entered, not for each of its pages", () => {
    const run = tree();
    for (const target of ["X1", "X2", "Y", "X1"]) run.go("choice", target);
    expect(run.node("X").attempts).toBe(2);
  });

  it("a start that finds nothing to show (SB.2.5)", () => {
    const run = play(flowing(item("A", pre(rule("disabled", "always"))), item("B")));
    expect([run.begun.delivered, run.begun.exception]).toEqual([null, "SB.2.2-2"]);
  });
});

describe("SN 4.2.1, what a SCO says of its primary objective", () => {
  const told4 = (primary: object, said: Parameters<typeof results>[0]) => {
    const run = play(flowing(item("A", { deliveryControls: BY_CONTENT, objectives: { primary: { objectiveID: "p", ...primary } } }), item("B")));
    run.say(said!);
    run.go("continue");
    return run.node("A");
  };
  it.each([
    ["in cmi.objectives alone", {}, { objectives: [{ id: "p", satisfied: true, measure: 0.9 }] }, true, 0.9],
    ["in both: cmi.success_status has the last word", {}, { satisfied: false, objectives: [{ id: "p", satisfied: true }] }, false, undefined],
    ["by measure, whatever it says", { satisfiedByMeasure: true, minNormalizedMeasure: 0.5 }, { satisfied: true, measure: 0.2 }, false, 0.2],
    ["by measure, though it says nothing", { satisfiedByMeasure: true, minNormalizedMeasure: 0.5 }, { measure: 0.5 }, true, 0.5],
    ["by measure without a measure", { satisfiedByMeasure: true, minNormalizedMeasure: 0.5 }, {}, undefined, undefined],
  ])("%s", (_, primary, said, satisfied, measure) => {
    const node = told4(primary, said);
    expect([node.satisfied, node.measure]).toEqual([satisfied, measure]);
  });
});

describe("RB.1.4.2, ifNotSuspended leaves out what was never attempted too", () => {
  it("Activity Progress Status is false", () => {
    const B = item("B", { rollupConsiderations: { requiredForCompleted: "ifNotSuspended" } });
    const run = play(flowing(item("A", { deliveryControls: BY_CONTENT }), B, item("C", { deliveryControls: { tracked: false } })));
    run.say({ completed: true });
    run.go("jump", "C");
    expect(run.node("root").completed).toBe(true);
  });
});

describe("SCORM 1.2 and AICC", () => {
  const page = (identifier: string, prerequisites: string | null = null): Item => ({ ...item(identifier), prerequisites });
  function course(...children: Item[]) {
    const organization: Item = { ...item("root", {}, children), kind: "organization" };
    const engine = createSequencer({ standard: "scorm_12", edition: null, organization }, { now: new Clock().now, random: () => 0.5 });
    const begun = told(engine.start());
    return { engine, begun, go: (request: string, target?: string) => told(engine.navigate(request, target)) };
  }

  it("the pages in their order, and the choice is free", () => {
    const run = course(page("A"), page("B"), page("C"));
    expect([run.begun, run.go("continue"), run.go("previous"), run.go("choice", "C")]).toEqual(["A", "B", "A", "C"]);
  });

  // What A and B have reported, and whether T opens.
  it.each([
    ["A", "completed", "", true], ["A", "passed", "", true], ["A", "failed", "", false], ["A", "incomplete", "", false],
    // RTE 3.4.4: a SCO that is left without a word about its status is completed.
    ["A", "", "", true],
    ["A&B", "passed", "completed", true], ["A&B", "passed", "incomplete", false],
    ["A|B", "failed", "passed", true], ["A|B", "failed", "failed", false],
    ["~A", "failed", "", true], ["~A", "passed", "", false],
    ['A="failed"', "failed", "", true], ['A="failed"', "passed", "", false], ['A<>"passed"', "failed", "", true],
    ["1*{A,B}", "passed", "", true], ["2*{A,B}", "passed", "incomplete", false], ["(A|B)&~B", "passed", "failed", true],
  ])("prerequisites %s when A is %j and B %j: %s", (script, a, b, opens) => {
    const { engine } = course(page("A"), page("B"), page("T", script));
    for (const [id, lessonStatus] of [["A", a], ["B", b]] as const) {
      engine.navigate("choice", id);
      if (lessonStatus) engine.record(id, results({ lessonStatus }), true);
    }
    expect(engine.requestValid("choice", "T")).toBe(opens);
    expect(nodes(engine.tree()).find((node) => node.id === "T")!.enabled).toBe(opens);
  });
});
