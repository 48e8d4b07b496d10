/* SCORM 2004 4th edition, SN 4.3 to 4.8 with its pseudo code: requests, control modes, choice and the actions of rules, as a suite
   from outside tries them. */
import { describe, expect, it } from "vitest";
import type { Package, Sequencing } from "../types.ts";
import { Clock, item, pack, play, post, pre, rule, type Play } from "../sequencing/support.ts";
import { Sequencer } from "../sequencing/index.ts";

const FLOW = { controlMode: { flow: true } };
const control = (more: NonNullable<Sequencing["controlMode"]>): Sequencing => ({ controlMode: { flow: true, ...more } });

/** root: A, X (X1, X2), Y, each with rules of its own; everything flows. */
function tree(rules: Record<string, Sequencing> = {}): Package {
  const of = (id: string) => rules[id] ?? {};
  const cluster = item("X", { ...FLOW, ...of("X") }, [item("X1", of("X1")), item("X2", of("X2"))]);
  return pack({ ...FLOW, ...of("root") }, item("A", of("A")), cluster, item("Y", of("Y")), item("Z", of("Z")));
}

type Step = string | [string, string];
/** Does the steps, "request" or "request>target", and answers what the last came to. */
function walk(run: Play, ...steps: Step[]): string {
  let answer = "";
  for (const step of steps) {
    const [request, target] = (step as string).split(">");
    answer = run.go(request!, target);
  }
  return answer;
}

describe("NB.2.1, a request before anything runs", () => {
  it.each([
    ["continue", "NB.2.1-2"], ["previous", "NB.2.1-2"], ["exit", "NB.2.1-2"], ["exitAll", "NB.2.1-2"], ["abandon", "NB.2.1-2"],
    ["abandonAll", "NB.2.1-2"], ["suspendAll", "NB.2.1-2"], ["resumeAll", "NB.2.1-3"],
  ])("%s: %s", (request, code) => {
    const engine = new Sequencer(tree(), { now: new Clock().now, random: () => 0.5 });
    expect(engine.navigate(request).exception).toBe(code);
  });
});

describe("NB.2.1, a request while a page is open", () => {
  it.each([
    ["start", "NB.2.1-1"],
    ["resumeAll", "NB.2.1-1"],
    ["continue", "X1"],
    ["previous", "SB.2.1-3"],
    ["forward", "NB.2.1-7"],
    ["backward", "NB.2.1-7"],
    ["no such request", "NB.2.1-13"],
    ["choice>Y", "Y"],
    ["choice>X", "X1"],
    ["choice>root", "A"],
    ["choice>nobody", "NB.2.1-11"],
    ["jump>Y", "Y"],
    ["jump>nobody", "NB.2.1-11"],
    ["exit", "-"],
    ["exitAll", "end"],
    ["abandon", "-"],
    ["abandonAll", "end"],
    ["suspendAll", "end"],
  ])("%s: %s", (request, wanted) => {
    expect(walk(play(tree()), request)).toBe(wanted);
  });

  it.each([
    ["exit, exit", ["exit", "exit"], "NB.2.1-12"],
    ["exit, continue", ["exit", "continue"], "X1"],
    ["abandon, continue", ["abandon", "continue"], "X1"],
    ["exit, abandon", ["exit", "abandon"], "NB.2.1-12"],
    ["continue past the last page ends the session (SB.2.1)", ["choice>Z", "continue"], "end"],
    ["previous into a cluster takes its last page", ["choice>Y", "previous"], "X2"],
    ["previous out of a cluster", ["choice>X1", "previous"], "A"],
  ] as const)("%s", (_, steps, wanted) => {
    expect(walk(play(tree()), ...steps)).toBe(wanted);
  });
});

describe("SM.1, control modes", () => {
  it.each<[string, Record<string, Sequencing>, Step[], string]>([
    ["choice false", { root: control({ choice: false }) }, ["choice>Y"], "NB.2.1-10"],
    ["choice false above a cluster leaves its children free", { root: control({ choice: false }) }, ["continue", "choice>X2"], "X2"],
    ["choice false in a cluster", { X: control({ choice: false }) }, ["choice>X2"], "NB.2.1-10"],
    ["choice false does not hold for jump", { root: control({ choice: false }) }, ["jump>Y"], "Y"],
    ["flow false: no continue", { X: control({ flow: false }) }, ["choice>X1", "continue"], "NB.2.1-4"],
    ["flow false: no previous", { X: control({ flow: false }) }, ["choice>X2", "previous"], "NB.2.1-5"],
    ["flow false: not flowed into", { X: control({ flow: false }) }, ["continue"], "SB.2.2-1"],
    ["flow false: a chosen cluster shows nothing", { X: control({ flow: false }) }, ["choice>X"], "SB.2.9-9"],
    ["flow false: choice inside", { X: control({ flow: false }) }, ["choice>X2"], "X2"],
    ["forwardOnly: no previous", { X: control({ forwardOnly: true }) }, ["choice>X1", "continue", "previous"], "NB.2.1-5"],
    ["forwardOnly: continue", { X: control({ forwardOnly: true }) }, ["choice>X1", "continue"], "X2"],
    ["forwardOnly: no choice back", { X: control({ forwardOnly: true }) }, ["choice>X1", "continue", "choice>X1"], "SB.2.4-2"],
    ["forwardOnly: entered backwards it begins at its start", { X: control({ forwardOnly: true }) }, ["choice>Y", "previous"], "X1"],
    ["choiceExit false: no choice out", { X: control({ choiceExit: false }) }, ["choice>X1", "choice>Y"], "NB.2.1-8"],
    ["choiceExit false: choice inside", { X: control({ choiceExit: false }) }, ["choice>X1", "choice>X2"], "X2"],
    ["choiceExit false: continue goes out", { X: control({ choiceExit: false }) }, ["choice>X1", "continue", "continue"], "Y"],
    ["choiceExit false on a page", { A: { controlMode: { choiceExit: false } } }, ["choice>Y"], "NB.2.1-8"],
  ])("%s", (_, rules, steps, wanted) => {
    expect(walk(play(tree(rules)), ...steps)).toBe(wanted);
  });

  it("default: choice and choiceExit are true, flow is false (SM.1)", () => {
    const run = play(pack({}, item("A"), item("B")));
    expect(run.begun.delivered).toBeNull();
    expect(walk(run, "choice>B")).toBe("B");
    expect(walk(run, "continue")).toBe("NB.2.1-4");
    expect(walk(run, "choice>A")).toBe("A");
  });
});

describe("SM.12 and SB.2.9, constrained choice", () => {
  const constrained = { X: { constrainedChoiceConsiderations: { constrainChoice: true } } };
  const closed = { X: { constrainedChoiceConsiderations: { preventActivation: true } } };
  it.each<[string, Record<string, Sequencing>, Step[], string]>([
    ["constrainChoice: the next one", constrained, ["choice>X1", "choice>Y"], "Y"],
    ["constrainChoice: the one before", constrained, ["choice>X1", "choice>A"], "A"],
    ["constrainChoice: nothing further", constrained, ["choice>X1", "choice>Z"], "SB.2.9-8"],
    ["constrainChoice: inside", constrained, ["choice>X1", "choice>X2"], "X2"],
    ["constrainChoice: only while inside", constrained, ["choice>Z"], "Z"],
    ["preventActivation: not chosen into from outside", closed, ["choice>X1"], "SB.2.9-6"],
    ["preventActivation: chosen itself", closed, ["choice>X"], "X1"],
    ["preventActivation: reached with continue", closed, ["continue"], "X1"],
    ["preventActivation: inside once it is active", closed, ["continue", "choice>X2"], "X2"],
  ])("%s", (_, rules, steps, wanted) => {
    expect(walk(play(tree(rules)), ...steps)).toBe(wanted);
  });
});

describe("SM.2, actions of preconditions", () => {
  const on = (id: string, action: string, condition = "always") => ({ [id]: pre(rule(action, condition)) });
  it.each<[string, Record<string, Sequencing>, Step[], string]>([
    ["skip: flow goes over it", on("Y", "skip"), ["choice>X2", "continue"], "Z"],
    ["skip: backwards too", on("Y", "skip"), ["choice>Z", "previous"], "X2"],
    ["skip: a whole cluster", on("X", "skip"), ["continue"], "Y"],
    ["skip: up to the end ends the session", { ...on("Y", "skip"), ...on("Z", "skip") }, ["choice>X2", "continue"], "end"],
    ["skip: does not hold for choice", on("Y", "skip"), ["choice>Y"], "Y"],
    ["disabled: not flowed into", on("Y", "disabled"), ["choice>X2", "continue"], "SB.2.2-2"],
    ["disabled: not chosen", on("Y", "disabled"), ["choice>Y"], "DB.1.1-3"],
    ["disabled: not jumped to", on("Y", "disabled"), ["jump>Y"], "DB.1.1-3"],
    ["disabled: nor is a child", on("X", "disabled"), ["choice>X2"], "DB.1.1-3"],
    ["hiddenFromChoice: not chosen", on("Y", "hiddenFromChoice"), ["choice>Y"], "SB.2.9-3"],
    ["hiddenFromChoice: nor is a child", on("X", "hiddenFromChoice"), ["choice>X2"], "SB.2.9-3"],
    ["hiddenFromChoice: flowed into", on("Y", "hiddenFromChoice"), ["choice>X2", "continue"], "Y"],
    ["hiddenFromChoice: jumped to", on("Y", "hiddenFromChoice"), ["jump>Y"], "Y"],
    ["stopForwardTraversal: no choice past it", on("Y", "stopForwardTraversal"), ["choice>Z"], "SB.2.4-1"],
    ["stopForwardTraversal: it can be chosen itself", on("Y", "stopForwardTraversal"), ["choice>Y"], "Y"],
    ["stopForwardTraversal: choice back past it", on("Y", "stopForwardTraversal"), ["jump>Z", "choice>A"], "A"],
    ["no rule holds: nothing happens", on("Y", "disabled", "never"), ["choice>Y"], "Y"],
  ])("%s", (_, rules, steps, wanted) => {
    expect(walk(play(tree(rules)), ...steps)).toBe(wanted);
  });
});

describe("SM.2, TB.2.2 and TB.2.1: actions of postconditions and of exit rules", () => {
  const on = (id: string, action: string) => ({ [id]: post(rule(action, "always")) });
  it.each<[string, Record<string, Sequencing>, Step[], string]>([
    ["exitParent goes on behind the cluster", on("X1", "exitParent"), ["choice>X1", "continue"], "Y"],
    ["exitAll ends the session", on("X1", "exitAll"), ["choice>X1", "continue"], "end"],
    ["retry shows it again", on("X1", "retry"), ["choice>X1", "continue"], "X1"],
    ["retryAll begins the package again", on("X1", "retryAll"), ["choice>X1", "continue"], "A"],
    ["continue in the place of previous", on("X1", "continue"), ["choice>X1", "previous"], "X2"],
    ["previous in the place of continue", on("X1", "previous"), ["choice>X1", "continue"], "A"],
    ["a rule of the cluster after exitParent", { ...on("X1", "exitParent"), ...on("X", "retry") }, ["choice>X1", "continue"], "X1"],
    ["none for suspendAll", on("X1", "retry"), ["choice>X1", "suspendAll"], "end"],
    ["none for abandonAll", on("X1", "retry"), ["choice>X1", "abandonAll"], "end"],
  ])("%s", (_, rules, steps, wanted) => {
    expect(walk(play(tree(rules)), ...steps)).toBe(wanted);
  });

  it("TB.2.2: a suspended page has no postconditions", () => {
    const run = play(tree(on("A", "exitAll")));
    run.say({ exit: "suspend" });
    expect(run.go("continue")).toBe("X1");
  });

  it("TB.2.1: an exit rule of the cluster ends it before the next request is followed", () => {
    const X: Sequencing = {
      sequencingRules: { exitConditionRule: [rule("exit", "completed")] },
      rollupRules: { rules: [{ childActivitySet: "any", conditions: [{ condition: "completed" }], action: "completed" }] },
    };
    const run = play(tree({ X }));
    run.go("choice", "X1");
    run.say({ completed: true });
    expect(run.go("continue")).toBe("Y");
  });
});

describe("adl.nav.request_valid (SN 5.6.5)", () => {
  it.each<[string, Record<string, Sequencing>, string, string | null, boolean]>([
    ["continue", {}, "continue", null, true],
    ["previous on the first page", {}, "previous", null, false],
    ["continue without flow", { root: { controlMode: { flow: false } } }, "continue", null, false],
    ["choice", {}, "choice", "Y", true],
    ["choice of nothing", {}, "choice", "nobody", false],
    ["choice where it is off", { root: control({ choice: false }) }, "choice", "Y", false],
    ["choice of a disabled page", { Y: pre(rule("disabled", "always")) }, "choice", "Y", false],
    ["choice of a hidden page", { Y: pre(rule("hiddenFromChoice", "always")) }, "choice", "Y", false],
    ["jump", { root: control({ choice: false }) }, "jump", "Y", true],
    ["jump to nothing", {}, "jump", "nobody", false],
    ["exit", {}, "exit", null, true],
    ["exitAll", {}, "exitAll", null, true],
    ["suspendAll", {}, "suspendAll", null, true],
    ["abandon", {}, "abandon", null, true],
    ["abandonAll", {}, "abandonAll", null, true],
  ])("%s", (_, rules, request, target, wanted) => {
    const run = play(tree(rules));
    if (!run.at()) run.go("choice", "A");
    const before = JSON.stringify(run.engine.toJSON());
    expect(run.engine.requestValid(request, target)).toBe(wanted);
    expect(JSON.stringify(run.engine.toJSON())).toBe(before);
  });

  it("SN 5.3: hideLMSUI is that of the page that is open", () => {
    const run = play(tree({ A: { hideLMSUI: ["continue", "suspendAll"] } }));
    expect([...run.engine.hiddenControls()].sort()).toEqual(["continue", "suspendAll"]);
    run.go("continue");
    expect(run.engine.hiddenControls()).toEqual([]);
  });

  it("CAM 3.4.1.8: isvisible false is left out of the contents, and is shown in its turn", () => {
    const run = play(pack(FLOW, item("A"), { ...item("B"), isVisible: false }, item("C")));
    expect([run.node("B").hidden, run.node("A").hidden]).toEqual([true, false]);
    expect(run.go("continue")).toBe("B");
  });
});
