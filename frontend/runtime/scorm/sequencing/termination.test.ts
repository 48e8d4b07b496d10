import { describe, expect, test } from "vitest";
import { FLOW, flowing, item, pack, play, post, pre, rule, told } from "./support.ts";

const exits = (condition = "always", more = {}) => ({
  sequencingRules: { exitConditionRule: [rule("exit", condition, more)] },
});

describe("TB.2.2: postcondition actions", () => {
  const after = (action: string) => play(flowing(item("A"), item("B", post(rule(action, "always"))), item("C")));
  const from = (action: string) => {
    const run = after(action);
    run.go("continue");
    return run;
  };

  test("retry: the same page, a new attempt, whatever was asked for", () => {
    const run = from("retry");
    expect(run.go("previous")).toBe("B");
    expect(run.node("B").attempts).toBe(2);
  });

  test("continue, also when the learner asked to go back or to leave the page", () => {
    expect(from("continue").go("previous")).toBe("C");
    expect(from("continue").go("exit")).toBe("C");
    expect(from("continue").go("choice", "A")).toBe("C");
  });

  test("previous", () => {
    expect(from("previous").go("continue")).toBe("A");
  });

  test("exitAll: the session ends", () => {
    const run = from("exitAll");
    expect(run.engine.requestValid("continue")).toBe(true);
    expect(run.go("continue")).toBe("end");
    expect(run.node("root").current).toBe(false);
  });

  test("exitParent of a page below the root ends the session too", () => {
    expect(from("exitParent").go("continue")).toBe("end");
  });

  test("retryAll: everything from the beginning", () => {
    const run = from("retryAll");
    expect(run.go("continue")).toBe("A");
    expect(run.node("root").attempts).toBe(2);
    expect(run.node("B").completed).toBeUndefined();
  });

  test("not for what is suspended (TB.2.2 1)", () => {
    const run = from("retry");
    run.say({ exit: "suspend" });
    expect(run.go("continue")).toBe("C");
  });

  test("on leaving by suspendAll, exitAll or abandonAll no postcondition is looked at", () => {
    for (const request of ["suspendAll", "exitAll", "abandonAll"]) expect(from("retry").go(request)).toBe("end");
  });

  test("with a condition on what was just reported", () => {
    const run = play(flowing(item("A", post(rule("retry", "satisfied", { operator: "not" }))), item("B")));
    run.say({ satisfied: false });
    expect(run.go("continue")).toBe("A");
    run.say({ satisfied: true });
    expect(run.go("continue")).toBe("B");
  });
});

describe("TB.2.3 3.3: exitParent goes up, and the parent's own postconditions follow", () => {
  const nested = (onParent: object) =>
    play(flowing(item("M", { ...FLOW, ...onParent }, [item("M1", post(rule("exitParent", "always"))), item("M2")]), item("N")));

  test("then what was asked for goes on from the parent", () => {
    expect(nested({}).go("continue")).toBe("N");
    expect(nested(post(rule("continue", "always"))).go("exit")).toBe("N");
  });

  test("retry of the parent: its first page again", () => {
    const run = nested(post(rule("retry", "always")));
    expect(run.go("continue")).toBe("M1");
    expect(run.node("M").attempts).toBe(2);
  });

  test("exitAll of the parent", () => {
    expect(nested(post(rule("exitAll", "always"))).go("continue")).toBe("end");
  });

  test("TB.2.3-4: the root has no parent to exit", () => {
    const root = { ...FLOW, ...post(rule("exitParent", "always")) };
    expect(play(pack(root, item("A", post(rule("exitParent", "always"))))).go("continue")).toBe("TB.2.3-4");
  });

  test("a retry of the root keeps the session", () => {
    const root = { ...FLOW, ...post(rule("retry", "always")) };
    expect(play(pack(root, item("A", post(rule("exitParent", "always"))))).go("continue")).toBe("A");
  });
});

describe("TB.2.1: exit rules of the clusters around", () => {
  test("the cluster ends with its page, and the request goes on from the cluster", () => {
    const run = play(flowing(item("M", { ...FLOW, ...exits("satisfied") }, [item("M1"), item("M2")]), item("N")));
    run.say({ satisfied: true });
    // M is satisfied only when both of its pages are: not yet.
    expect(run.go("continue")).toBe("M2");
    run.say({ satisfied: true });
    expect(run.go("continue")).toBe("N");
    expect(run.node("M")).toMatchObject({ satisfied: true, completed: true });
  });

  test("the highest of several", () => {
    const inner = item("I", { ...FLOW, ...exits() }, [item("I1"), item("I2")]);
    const run = play(flowing(item("O", { ...FLOW, ...exits() }, [inner, item("O2")]), item("N")));
    expect(run.go("continue")).toBe("N");
  });

  test("on the root: the session is over", () => {
    expect(play(pack({ ...FLOW, ...exits() }, item("A"), item("B"))).go("continue")).toBe("end");
  });

  test("never on the page itself (exit rules are of clusters)", () => {
    expect(play(flowing(item("A", exits()), item("B"))).go("continue")).toBe("B");
  });
});

describe("TB.2.3 5, SB.2.6: suspendAll and resumeAll", () => {
  test("the page comes back as it was left, in the same attempt", () => {
    const definition = flowing(item("A"), item("M", FLOW, [item("M1"), item("M2")]));
    const run = play(definition);
    run.go("choice", "M2");
    run.say({ completed: false, measure: 0.3 });
    expect(run.go("suspendAll")).toBe("end");
    const again = play(definition, { state: JSON.parse(JSON.stringify(run.engine)) });
    expect(again.begun).toMatchObject({ delivered: { identifier: "M2" }, entry: "resume", attempt: 1, ended: false });
    expect(["root", "M", "M2"].map((id) => again.node(id))).toMatchObject(
      ["root", "M", "M2"].map(() => ({ attempts: 1, suspended: false })),
    );
    expect(again.node("M2")).toMatchObject({ completed: false, measure: 0.3 });
  });

  test("DB.2.1: who chooses something else gives up the suspended place", () => {
    const run = play(flowing(item("A"), item("M", FLOW, [item("M1")])));
    run.go("choice", "M1");
    run.go("suspendAll");
    expect(run.go("choice", "A")).toBe("A");
    expect(run.node("M1").suspended).toBe(false);
    expect(run.node("M").suspended).toBe(false);
    run.go("suspendAll");
    expect(run.go("resumeAll")).toBe("A");
  });

  test("UP.4 2.1: a cluster with a suspended page is suspended, and taken up again", () => {
    const run = play(flowing(item("M", FLOW, [item("M1"), item("M2")]), item("N")));
    run.say({ exit: "suspend" });
    run.go("choice", "N");
    expect(run.node("M")).toMatchObject({ suspended: true, attempts: 1 });
    expect(run.engine.navigate("choice", "M1")).toMatchObject({ entry: "resume", attempt: 1 });
    expect(run.node("M")).toMatchObject({ suspended: false, attempts: 1 });
  });

  test("left while nothing was open: the session goes on with the next page", () => {
    const definition = flowing(item("A"), item("B"), item("C"));
    const run = play(definition);
    run.go("exit");
    run.go("suspendAll");
    expect(told(play(definition, { state: run.engine.toJSON() }).begun)).toBe("B");
  });

  test("and on the last page, with a choice", () => {
    const definition = flowing(item("A"), item("B"));
    const run = play(definition);
    run.go("continue");
    run.go("exit");
    run.go("suspendAll");
    const again = play(definition, { state: run.engine.toJSON() });
    expect(again.begun).toMatchObject({ delivered: null, ended: false, exception: null });
    expect(again.node("A").enabled).toBe(true);
    expect(again.node("A").completed).toBe(true);
  });

  test("and where nothing can be chosen, with that page once more", () => {
    const definition = pack({ controlMode: { flow: true, choice: false } }, item("A"));
    const run = play(definition);
    run.go("exit");
    run.go("suspendAll");
    expect(told(play(definition, { state: run.engine.toJSON() }).begun)).toBe("A");
  });
});

describe("a browser that was closed or broke down", () => {
  const definition = flowing(item("A"), item("B"), item("C"));

  test("in the middle of a page: the page comes back as it was", () => {
    const run = play(definition);
    run.go("continue");
    run.say({ measure: 0.4, completed: false });
    const again = play(definition, { state: JSON.parse(JSON.stringify(run.engine)) });
    expect(again.begun).toMatchObject({ delivered: { identifier: "B" }, entry: "resume", attempt: 1 });
    expect(again.node("A").completed).toBe(true);
    expect(again.node("B").measure).toBe(0.4);
  });

  test("after the page had ended: on to the next one", () => {
    const run = play(definition);
    run.go("continue");
    run.say({ completed: true }, true);
    expect(run.engine.summary()["cmi.completion_status"]).toBe("incomplete");
    const again = play(definition, { state: JSON.parse(JSON.stringify(run.engine)) });
    expect(told(again.begun)).toBe("C");
    expect(again.node("B").completed).toBe(true);
  });

  test("a page that ended with suspend comes back", () => {
    const run = play(definition);
    run.say({ exit: "suspend" }, true);
    expect(play(definition, { state: run.engine.toJSON() }).begun).toMatchObject({ delivered: { identifier: "A" }, entry: "resume" });
  });

  test("the summary counts what was reported before anybody moved on", () => {
    const run = play(flowing(item("A")));
    expect(run.engine.summary()).toEqual({ "cmi.completion_status": "incomplete", "cmi.success_status": "unknown" });
    run.say({ completed: true, satisfied: true, measure: 0.85 });
    expect(run.engine.summary()).toEqual({
      "cmi.completion_status": "completed", "cmi.success_status": "passed", "cmi.score.scaled": "0.85",
    });
  });

  test.each([null, 1, "x", [], {}, { version: 2 }, { version: 1 }, { version: 1, activities: null }])("state that is none: %j", (state) => {
    expect(told(play(definition, { state }).begun)).toBe("A");
  });
});

test("TB.2.3 4: exitAll ends every attempt, with its rollup", () => {
  const run = play(flowing(item("M", FLOW, [item("M1")]), item("N")));
  run.say({ completed: true, satisfied: false });
  expect(run.go("exitAll")).toBe("end");
  expect(run.node("M")).toMatchObject({ completed: true, satisfied: false });
  expect(run.go("exitAll")).toBe("NB.2.1-2");
});

test("TB.2.3 6 and 7: abandon leaves the page, abandonAll the session, without any rollup", () => {
  const run = play(flowing(item("A"), item("B")));
  expect(run.go("abandon")).toBe("-");
  expect(run.node("A").completed).toBeUndefined();
  expect(run.go("continue")).toBe("B");
  expect(run.go("abandonAll")).toBe("end");
  expect(run.node("root").completed).toBeUndefined();
});

test("DB.2: attempts are counted on every activity of the path, and a new one forgets what its children did", () => {
  const run = play(flowing(item("M", FLOW, [item("M1")]), item("N")));
  run.go("continue");
  expect(run.node("M1").completed).toBe(true);
  run.go("choice", "M1");
  expect([run.node("M").attempts, run.node("M1").attempts, run.node("root").attempts]).toEqual([2, 2, 1]);
  expect(run.node("M1").completed).toBeUndefined();
});

test.each([
  [true, true, [undefined, undefined]],
  [false, false, [true, true]],
  [true, false, [true, undefined]],
  [false, true, [undefined, true]],
])("SM.1 useCurrentAttemptObjectiveInfo %s, useCurrentAttemptProgressInfo %s", (objective, progress, answer) => {
  const controlMode = { flow: true, useCurrentAttemptObjectiveInfo: objective, useCurrentAttemptProgressInfo: progress };
  const run = play(flowing(item("M", { controlMode }, [item("M1"), item("M2")]), item("N")));
  run.go("choice", "N");
  run.go("choice", "M2");
  expect([run.node("M1").completed, run.node("M1").satisfied]).toEqual(answer);
});

test("hideLMSUI of the page that is open", () => {
  const run = play(flowing(item("A", { hideLMSUI: ["previous", "exitAll"] }), item("B", pre())));
  expect(run.engine.hiddenControls()).toEqual(["previous", "exitAll"]);
  run.go("continue");
  expect(run.engine.hiddenControls()).toEqual([]);
});
