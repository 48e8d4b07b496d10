import { describe, expect, test } from "vitest";
import type { Sequencing } from "../types.ts";
import { FLOW, flowing, item, pack, play, pre, rule, told } from "./support.ts";

/* root ─ A (A1, A2) ─ B (B1, B2) ─ C (C1, C2) */
function three(of: { root?: Sequencing; A?: Sequencing; B?: Sequencing; C?: Sequencing; A1?: Sequencing } = {}) {
  const cluster = (name: "A" | "B" | "C") => {
    const leaves = [item(`${name}1`, name === "A" ? (of.A1 ?? {}) : {}), item(`${name}2`)];
    return item(name, { ...of[name], controlMode: { flow: true, ...of[name]?.controlMode } }, leaves);
  };
  return play(pack({ ...of.root, controlMode: { flow: true, ...of.root?.controlMode } }, cluster("A"), cluster("B"), cluster("C")));
}

test("SB.2.9: anywhere, by leaf and by cluster, forward and back", () => {
  const run = three();
  expect(["C2", "A", "B2", "C", "root", "A2"].map((id) => run.go("choice", id))).toEqual(["C2", "A1", "B2", "C1", "A1", "A2"]);
});

test("SB.2.9 1, NB.2.1-11: what does not exist cannot be chosen", () => {
  const run = three();
  expect(run.go("choice", "Z")).toBe("NB.2.1-11");
  expect(run.go("choice")).toBe("NB.2.1-11");
  expect(run.at()).toBe("A1");
  expect(run.engine.requestValid("choice", "Z")).toBe(false);
});

test("NB.2.1-10: choice false on the parent closes its children to choice, and only them", () => {
  const run = three({ B: { controlMode: { choice: false } } });
  expect(run.go("choice", "B1")).toBe("NB.2.1-10");
  expect(run.node("B1").enabled).toBe(false);
  expect(run.go("choice", "B")).toBe("B1");
});

test("SB.2.9 6: the current activity chosen again is a new attempt", () => {
  const run = three();
  expect(run.go("choice", "A1")).toBe("A1");
  expect(run.node("A1").attempts).toBe(2);
  expect(run.node("A").attempts).toBe(1);
});

describe("choiceExit false", () => {
  test("on a cluster: nothing outside it can be chosen while it is under way (NB.2.1-8)", () => {
    const run = three({ A: { controlMode: { choiceExit: false } } });
    expect(run.node("B1").enabled).toBe(false);
    expect(run.go("choice", "B1")).toBe("NB.2.1-8");
    expect(run.go("choice", "root")).toBe("NB.2.1-8");
    expect(run.go("choice", "A2")).toBe("A2");
    // Flow leaves it.
    expect(run.go("continue")).toBe("B1");
    expect(run.go("choice", "C1")).toBe("C1");
  });

  test("on the root does not hinder choices within it", () => {
    expect(three({ root: { controlMode: { choiceExit: false } } }).go("choice", "C1")).toBe("C1");
  });

  test("on a page: no choice while it is open (NB.2.1-8)", () => {
    const run = three({ A1: { controlMode: { choiceExit: false } } });
    expect(run.go("choice", "A2")).toBe("NB.2.1-8");
    expect(run.go("continue")).toBe("A2");
    expect(run.go("choice", "C1")).toBe("C1");
  });

  test("SB.2.9-7: a page that was left inside it still is inside it", () => {
    const run = three({ A: { controlMode: { choiceExit: false } } });
    expect(run.go("exit")).toBe("-");
    expect(run.go("choice", "B1")).toBe("NB.2.1-8");
  });
});

describe("forwardOnly", () => {
  test("SB.2.4-2: no choice of an earlier sibling", () => {
    const run = three({ A: { controlMode: { forwardOnly: true } } });
    expect(run.go("choice", "A2")).toBe("A2");
    expect(run.node("A1").enabled).toBe(false);
    expect(run.go("choice", "A1")).toBe("SB.2.4-2");
  });

  test("does not hinder choices of what is in other clusters", () => {
    const run = three({ A: { controlMode: { forwardOnly: true } } });
    run.go("choice", "B1");
    expect(run.go("choice", "A1")).toBe("A1");
  });
});

describe("stopForwardTraversal", () => {
  const stop = pre(rule("stopForwardTraversal", "always"));

  test("SB.2.4-1 on a cluster: nothing in it can be chosen from before it", () => {
    const run = three({ B: stop });
    expect(run.go("choice", "B1")).toBe("SB.2.4-1");
    expect(run.go("choice", "A2")).toBe("A2");
  });

  test("looked at along siblings, where the way leads over them", () => {
    const run = play(flowing(item("A"), item("B", stop), item("C"), item("D")));
    expect(run.go("choice", "D")).toBe("SB.2.4-1");
    run.go("choice", "B");
    expect(run.go("choice", "C")).toBe("SB.2.4-1");
    run.go("continue");
    expect(run.go("choice", "D")).toBe("D");
    expect(run.go("choice", "A")).toBe("A");
  });
});

describe("constrainedChoiceConsiderations", () => {
  test("SB.2.9-6: preventActivation opens a cluster to flow, not to choice of what is in it", () => {
    const run = three({ B: { constrainedChoiceConsiderations: { preventActivation: true } } });
    expect(run.node("B2").enabled).toBe(false);
    expect(run.go("choice", "B2")).toBe("SB.2.9-6");
    run.go("choice", "A2");
    expect(run.go("continue")).toBe("B1");
    expect(run.go("choice", "B2")).toBe("B2");
    expect(run.go("choice", "C1")).toBe("C1");
    expect(run.go("choice", "B1")).toBe("SB.2.9-6");
  });

  test("SB.2.9-8: constrainChoice lets choose what flow would come to next, either way", () => {
    const run = three({ A: { constrainedChoiceConsiderations: { constrainChoice: true } } });
    expect(run.node("C1").enabled).toBe(false);
    expect(run.go("choice", "C1")).toBe("SB.2.9-8");
    expect(run.go("choice", "B2")).toBe("B2");

    const middle = three({ B: { constrainedChoiceConsiderations: { constrainChoice: true } } });
    middle.go("choice", "B1");
    expect(["A1", "A2", "C2"].map((id) => middle.node(id).enabled)).toEqual([true, true, true]);
    const first = three({ C: { constrainedChoiceConsiderations: { constrainChoice: true } } });
    first.go("choice", "C2");
    expect(first.go("choice", "A1")).toBe("SB.2.9-8");
    expect(first.go("choice", "B1")).toBe("B1");
  });
});

test("SB.2.9-9: a cluster with nothing to show is refused, and nothing that was achieved is lost", () => {
  const run = play(flowing(item("A"), item("B", {}, [item("B1")]), item("C")));
  run.say({ completed: true, satisfied: true });
  expect(run.node("B").enabled).toBe(false);
  expect(run.go("choice", "B")).toBe("SB.2.9-9");
  expect(run.go("choice", "C")).toBe("C");
  expect(run.node("A").completed).toBe(true);
  expect(run.node("root").attempts).toBe(1);
});

test("SB.2.9 2: without a session a choice begins one", () => {
  const run = play(pack({}, item("A"), item("B", {}, [item("B1")])));
  expect(told(run.begun)).toBe("SB.2.2-1");
  expect(run.node("B1").enabled).toBe(true);
  expect(run.go("choice", "B1")).toBe("B1");
  expect(run.node("B").attempts).toBe(1);
});

describe("NB.2.1 13, SB.2.13: jump (4th edition)", () => {
  test("asks no rule on the way, but delivers nothing that is disabled, and no cluster", () => {
    const closed = { controlMode: { choice: false, flow: false } };
    const shut = pre(rule("disabled", "always"));
    const run = play(pack(FLOW, item("A"), item("B", closed, [item("B1"), item("B2", shut)])));
    expect(run.engine.requestValid("jump", "B1")).toBe(true);
    expect(run.go("jump", "B1")).toBe("B1");
    expect(run.engine.requestValid("jump", "B2")).toBe(false);
    expect(run.go("jump", "B2")).toBe("DB.1.1-3");
    expect(run.go("jump", "B")).toBe("DB.1.1-1");
    expect(run.go("jump", "Z")).toBe("NB.2.1-11");
    expect(run.go("jump", "A")).toBe("A");
  });

  test("not before the session has begun", () => {
    expect(play(pack({}, item("A"))).go("jump", "A")).toBe("NB.2.1-2");
  });
});

describe("NB.2.1: requests that make no sense", () => {
  test.each([
    ["start", "NB.2.1-1"], ["resumeAll", "NB.2.1-1"], ["forward", "NB.2.1-7"], ["backward", "NB.2.1-7"],
    ["somewhere", "NB.2.1-13"], ["previous", "SB.2.1-3"],
  ])("%s while a page is open: %s", (request, code) => {
    const run = three();
    expect(run.engine.requestValid(request)).toBe(false);
    const outcome = run.engine.navigate(request);
    expect(outcome.exception).toBe(code);
    expect(outcome.words).toMatch(/^[A-Z].*\.$/);
  });

  test.each(["continue", "previous", "exit", "exitAll", "abandon", "abandonAll", "suspendAll"])("%s before the session", (request) => {
    const run = play(pack({}, item("A")));
    expect(run.engine.requestValid(request)).toBe(false);
    expect(run.go(request)).toBe("NB.2.1-2");
  });

  test("resumeAll without anything suspended, exit after exit", () => {
    const run = play(pack({}, item("A"), item("B")));
    expect(run.go("resumeAll")).toBe("NB.2.1-3");
    run.go("choice", "A");
    expect([run.go("exit"), run.go("exit"), run.go("abandon")]).toEqual(["-", "NB.2.1-12", "NB.2.1-12"]);
  });
});

test("requestValid and tree change nothing", () => {
  const run = three({ A: { constrainedChoiceConsiderations: { constrainChoice: true } } });
  run.say({ completed: true, measure: 0.5 });
  const before = JSON.stringify(run.engine);
  for (const id of ["A2", "B1", "C"]) run.engine.requestValid("choice", id);
  for (const request of ["continue", "previous", "exit", "exitAll", "suspendAll"]) run.engine.requestValid(request);
  run.engine.tree();
  run.engine.summary();
  expect(JSON.stringify(run.engine)).toBe(before);
});
