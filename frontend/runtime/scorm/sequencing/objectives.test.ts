import { describe, expect, test } from "vitest";
import type { Objective, ObjectiveMap, Sequencing } from "../types.ts";
import { FLOW, flowing, item, nodes, pack, play, pre, results, rule } from "./support.ts";

/* SM.7: maps between the objectives of activities and global ones. */

function mapped(map: Partial<ObjectiveMap>, more: Objective = {}): Sequencing {
  return { objectives: { primary: { objectiveID: "own", ...more, maps: [{ targetObjectiveID: "G", ...map }] } } };
}

const WRITE_ALL = {
  writeSatisfiedStatus: true, writeNormalizedMeasure: true, writeRawScore: true, writeMinScore: true, writeMaxScore: true,
  writeCompletionStatus: true, writeProgressMeasure: true,
};
const READ_NONE = {
  readSatisfiedStatus: false, readNormalizedMeasure: false, readRawScore: false, readMinScore: false, readMaxScore: false,
  readCompletionStatus: false, readProgressMeasure: false,
};
const SAID = { satisfied: true, measure: 0.7, raw: 70, min: 0, max: 100, completed: true, progressMeasure: 0.9 };

describe.each([
  ["satisfied", "SatisfiedStatus"], ["measure", "NormalizedMeasure"], ["raw", "RawScore"], ["min", "MinScore"],
  ["max", "MaxScore"], ["completed", "CompletionStatus"], ["progressMeasure", "ProgressMeasure"],
] as const)("%s", (field, name) => {
  const seen = (write: Partial<ObjectiveMap>, read: Partial<ObjectiveMap>) => {
    const run = play(flowing(item("A", mapped({ ...READ_NONE, ...write })), item("B", mapped(read))));
    run.say(SAID);
    return run.engine.objectives("B")[0]![field];
  };

  test(`write${name} hands it on, read${name} takes it`, () => {
    expect(seen({ [`write${name}`]: true }, { ...READ_NONE, [`read${name}`]: true })).toBe(SAID[field]);
  });

  test("written only where the manifest says so, and only this", () => {
    expect(seen({}, {})).toBeUndefined();
    expect(seen({ ...WRITE_ALL, [`write${name}`]: false }, {})).toBeUndefined();
  });

  test("read unless the manifest forbids it", () => {
    expect(seen(WRITE_ALL, {})).toBe(SAID[field]);
    expect(seen(WRITE_ALL, { [`read${name}`]: false })).toBeUndefined();
  });
});

test.each([[2, false], [3, true], [4, true]])("edition %d: both the page and the global objective know", (edition, answer) => {
  const course = flowing(item("A", mapped({ writeSatisfiedStatus: true })), item("B", mapped({})));
  const run = play({ ...course, edition });
  run.say({ satisfied: true });
  run.go("continue");
  run.say({ satisfied: false });
  expect(run.engine.objectives("B")[0]).toMatchObject({ id: "own", satisfied: answer });
});

test("a new attempt forgets what is its own and reads again; what is unknown erases nothing", () => {
  const run = play(flowing(item("A", mapped({ writeSatisfiedStatus: true }))));
  run.say({ satisfied: true });
  run.go("choice", "A");
  expect(run.engine.objectives("A")[0]).toEqual({ id: "own", satisfied: true });
  run.engine.record("A", results({}));
  expect(run.engine.objectives("A")[0]).toMatchObject({ satisfied: true });
});

test("what a page hands back as it read it does not become its own", () => {
  const other = { ...mapped({}), ...pre(rule("skip", "satisfied")) };
  const run = play(flowing(item("A", mapped({ writeSatisfiedStatus: true })), item("B", other), item("C")));
  run.say({ satisfied: false });
  run.go("continue");
  run.say({ objectives: [{ id: "own", satisfied: false }], exit: "suspend" });
  run.go("previous");
  run.say({ satisfied: true });
  expect(run.engine.objectives("B")[0]!.satisfied).toBe(true);
});

test("several objectives of one page, read by the rules of another", () => {
  const test1 = {
    objectives: {
      primary: {},
      others: ["x", "y"].map((id) => ({
        objectiveID: id, maps: [{ targetObjectiveID: `G${id}`, writeSatisfiedStatus: true, writeNormalizedMeasure: true }],
      })),
    },
  };
  const about = (name: string): Sequencing => ({
    objectives: { primary: {}, others: [{ objectiveID: "mine", maps: [{ targetObjectiveID: name }] }] },
    ...pre(rule("skip", "satisfied", { referencedObjective: "mine" })),
  });
  const run = play(flowing(item("T", test1), item("X", about("Gx")), item("Y", about("Gy")), item("Z")));
  run.say({ objectives: [{ id: "x", satisfied: true, measure: 1 }, { id: "y", satisfied: false }, { id: "unheard of", satisfied: true }] });
  expect(run.go("continue")).toBe("Y");
  expect(run.go("continue")).toBe("Z");
});

test("satisfied by a measure that is read: the threshold is the reader's own", () => {
  const reader = (minNormalizedMeasure: number) =>
    ({ ...mapped({ readSatisfiedStatus: false }, { satisfiedByMeasure: true, minNormalizedMeasure }) });
  const run = play(flowing(item("A", mapped(WRITE_ALL)), item("B", reader(0.6)), item("C", reader(0.8))));
  run.say({ measure: 0.7 });
  run.go("continue");
  expect([run.node("B").satisfied, run.node("C").satisfied]).toEqual([true, false]);
  expect(run.engine.objectives("B")[0]).toMatchObject({ measure: 0.7, satisfied: true });
});

test("RB.1.5: a global objective that changes is rolled up wherever it is read", () => {
  const course = flowing(
    item("M", FLOW, [item("M1", mapped({})), item("M2", mapped({}))]),
    item("T", mapped({ ...WRITE_ALL, ...READ_NONE })),
  );
  const run = play(course);
  run.go("choice", "T");
  run.say({ satisfied: false, completed: true, measure: 0.2 });
  run.go("choice", "T");
  expect(run.node("M")).toMatchObject({ satisfied: false, measure: 0.2 });
  run.say({ satisfied: true, completed: true, measure: 0.9 });
  run.go("exit");
  expect(run.node("M")).toMatchObject({ satisfied: true, completed: true, measure: 0.9 });
  expect(run.node("root")).toMatchObject({ satisfied: true, measure: 0.9 });
});

test("two activities that hand each other their values come to an end", () => {
  const both = mapped({ writeNormalizedMeasure: true, writeSatisfiedStatus: true });
  const run = play(pack({ ...FLOW, ...both }, item("M", { ...FLOW, ...both }, [item("M1", both), item("M2", both)])));
  run.say({ measure: 0.1, satisfied: false });
  expect(run.go("continue")).toBe("M2");
  run.say({ measure: 1, satisfied: true });
  expect(run.go("exitAll")).toBe("end");
});

describe("objectivesGlobalToSystem and sharedDataGlobalToSystem", () => {
  const course = (system: Sequencing) => pack({ ...FLOW, ...system }, item("A", mapped(WRITE_ALL)), item("B", mapped({})));
  const state = (definition: ReturnType<typeof course>) => {
    const run = play(definition);
    run.say({ satisfied: true });
    run.engine.writeShared("D", "kept");
    return run;
  };

  test("true unless the manifest says otherwise: they outlive the registration", () => {
    const first = state(course({}));
    const again = play(course({}));
    expect(again.engine.objectives("B")[0]).toEqual({ id: "own" });
    again.engine.start(null, first.engine.shared());
    expect(again.engine.objectives("B")[0]).toMatchObject({ satisfied: true });
    expect(again.engine.readShared("D")).toBe("kept");
  });

  test("what another package wrote meanwhile is found by who comes back, value by value, and is counted in clusters", () => {
    const reads = item("M", { controlMode: { flow: true } }, [item("B", mapped({}))]);
    const definition = pack(FLOW, item("A", mapped(WRITE_ALL)), reads);
    const run = play(definition);
    run.say({ satisfied: false, measure: 0.25 });
    run.go("suspendAll");
    const again = play(definition);
    again.engine.start(run.engine.toJSON(), { objectives: { G: { satisfied: true } }, data: { D: "theirs" } });
    expect(again.engine.objectives("B")[0]).toMatchObject({ satisfied: true, measure: 0.25 });
    expect(again.node("M")).toMatchObject({ satisfied: true, measure: 0.25 });
    expect(again.engine.shared().data).toEqual({ D: "theirs" });
  });

  test("false: they begin anew with the attempt on the package, and are nobody else's", () => {
    const own = { objectivesGlobalToSystem: false, sharedDataGlobalToSystem: false };
    const run = state(course(own));
    expect(run.engine.shared()).toEqual({ objectives: {}, data: {} });
    run.go("suspendAll");
    expect(run.go("resumeAll")).toBe("A");
    expect(run.engine.readShared("D")).toBe("kept");
    run.go("exitAll");
    run.go("start");
    expect(run.engine.objectives("B")[0]).toEqual({ id: "own" });
    expect(run.engine.readShared("D")).toBe("");
  });
});

/* SR.1 and SR.2 */
describe("selection and randomisation", () => {
  const eight = [..."ABCDEFGH"];
  const course = (randomizationControls: Sequencing["randomizationControls"]) =>
    pack({ ...FLOW, randomizationControls }, ...eight.map((id) => item(id)));
  const shown = (run: ReturnType<typeof play>) =>
    nodes(run.engine.tree()).filter((node) => node.id !== "root" && !node.hidden).map((node) => node.id).join("");
  const again = (run: ReturnType<typeof play>) => {
    run.go("exitAll");
    run.go("start");
    return shown(run);
  };

  test("silent or never: all children in their order", () => {
    for (const controls of [{}, { selectCount: 3, reorderChildren: true }, { selectionTiming: "never" as const, selectCount: 2 }]) {
      expect(shown(play(course(controls)))).toBe("ABCDEFGH");
    }
  });

  test("SR.1 once: so many, in the manifest's order, and the same ones for good", () => {
    const run = play(course({ selectionTiming: "once", selectCount: 3 }), { random: 0.3 });
    const chosen = shown(run);
    expect(chosen).toHaveLength(3);
    expect([...chosen].sort().join("")).toBe(chosen);
    expect([again(run), again(run)]).toEqual([chosen, chosen]);
    expect(new Set([0.1, 0.2, 0.3, 0.4, 0.6].map((random) =>
      shown(play(course({ selectionTiming: "once", selectCount: 3 }), { random })))).size).toBeGreaterThan(1);
  });

  test("SR.1: who is not selected is neither walked to, chosen, jumped to nor counted", () => {
    const run = play(course({ selectionTiming: "once", selectCount: 2 }), { random: 0.3 });
    const [first, second] = [...shown(run)];
    const out = eight.find((id) => id !== first && id !== second)!;
    expect(run.at()).toBe(first);
    expect(run.go("choice", out)).toBe("SB.2.9-2");
    expect(run.go("jump", out)).toBe("NB.2.1-11");
    run.go("choice", first);
    expect(run.go("continue")).toBe(second);
    run.go("continue");
    expect(run.node("root")).toMatchObject({ completed: true, satisfied: true });
  });

  test("a count of all of them or more selects all", () => {
    expect(shown(play(course({ selectionTiming: "once", selectCount: 20 })))).toBe("ABCDEFGH");
  });

  test("SR.2 once: another order, the same for good; both together", () => {
    const run = play(course({ randomizationTiming: "once", reorderChildren: true }), { random: 0.3 });
    const order = shown(run);
    expect(order).not.toBe("ABCDEFGH");
    expect([...order].sort().join("")).toBe("ABCDEFGH");
    expect(again(run)).toBe(order);
    expect(run.at()).toBe(order[0]);
    expect(run.go("continue")).toBe(order[1]);
    const both = { randomizationTiming: "once", reorderChildren: true, selectionTiming: "once", selectCount: 5 } as const;
    expect(shown(play(course(both), { random: 0.3 }))).toHaveLength(5);
  });

  test("SR.2 once without reorderChildren: nothing", () => {
    expect(shown(play(course({ randomizationTiming: "once" })))).toBe("ABCDEFGH");
  });

  test("onEachNewAttempt: anew for every attempt, never while one is suspended", () => {
    for (const controls of [
      { randomizationTiming: "onEachNewAttempt", reorderChildren: true },
      { selectionTiming: "onEachNewAttempt", selectCount: 4 },
    ] as const) {
      const run = play(course(controls), { random: 0.3 });
      const orders = new Set([shown(run), again(run), again(run), again(run)]);
      expect(orders.size).toBeGreaterThan(2);
      const before = shown(run);
      run.go("suspendAll");
      run.go("resumeAll");
      expect(shown(run)).toBe(before);
    }
  });

  test("choice and forward and back follow the order that was drawn", () => {
    const forwardOnly = { controlMode: { flow: true, forwardOnly: true } };
    const random = { randomizationTiming: "once", reorderChildren: true } as const;
    const run = play(pack({ ...forwardOnly, randomizationControls: random }, ...eight.map((id) => item(id))), { random: 0.3 });
    const order = [...shown(run)];
    run.go("choice", order[3]);
    expect(order.map((id) => run.node(id).enabled)).toEqual(order.map((_, at) => at >= 3));
  });
});
