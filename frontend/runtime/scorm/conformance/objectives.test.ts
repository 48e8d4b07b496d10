/* SCORM 2004 4th edition, SN 3.10, 4.2.1 and 4.3 with RTE 4.2.8 and 4.3: objectives that activities share, information of the current
   attempt, shared data, and how a SCO is left. */
import { describe, expect, it } from "vitest";
import type { Item, Objective, ObjectiveMap, ObjectiveState, Results, Sequencing } from "../types.ts";
import { createApi2004 } from "../rte/index.ts";
import * as rte from "../rte/fixtures.ts";
import { item, pack, play, post, pre, results, rule } from "../sequencing/support.ts";

const FLOW = { controlMode: { flow: true } };
const BY_CONTENT = { completionSetByContent: true, objectiveSetByContent: true };
const mapped = (...maps: Omit<ObjectiveMap, "targetObjectiveID">[]): Objective => ({
  objectiveID: "main", maps: maps.map((map, at) => ({ targetObjectiveID: `G${at || ""}`, ...map })),
});
const leaf = (id: string, primary?: Objective, more: Sequencing = {}): Item =>
  item(id, { deliveryControls: BY_CONTENT, ...(primary ? { objectives: { primary } } : {}), ...more });

const SAID: Partial<Results> = {
  satisfied: true, measure: 0.8, raw: 80, min: 0, max: 100, completed: true, progressMeasure: 0.9,
};
/** A writes, B reads: what B's SCO is told of its primary objective. */
function passed(write: object, read: object, said = SAID): ObjectiveState {
  const run = play(pack(FLOW, leaf("A", mapped(write)), leaf("B", mapped(read))));
  run.say(said);
  return run.engine.navigate("continue").objectives[0]!;
}

describe("SM.7 and adlseq:objectives, global objectives: each kind of information by itself", () => {
  it.each([
    ["SatisfiedStatus", "satisfied", true], ["NormalizedMeasure", "measure", 0.8], ["RawScore", "raw", 80], ["MinScore", "min", 0],
    ["MaxScore", "max", 100], ["CompletionStatus", "completed", true], ["ProgressMeasure", "progressMeasure", 0.9],
  ] as const)("%s", (name, key, value) => {
    const write = { [`write${name}`]: true };
    const read = { [`read${name}`]: true };
    expect(passed(write, read)[key]).toBe(value);
    expect(passed(write, {})[key]).toBe(value);
    expect(passed({ [`write${name}`]: false }, read)[key]).toBeUndefined();
    expect(passed({}, read)[key]).toBeUndefined();
    expect(passed(write, { [`read${name}`]: false })[key]).toBeUndefined();
    expect(passed(write, read, {})[key]).toBeUndefined();
  });

  it("nothing else comes along with it", () => {
    expect(passed({ writeNormalizedMeasure: true }, {})).toEqual({ id: "main", measure: 0.8 });
  });

  it("an objective without a map keeps to itself", () => {
    const run = play(pack(FLOW, leaf("A", mapped({ writeSatisfiedStatus: true })), leaf("B", { objectiveID: "main" })));
    run.say(SAID);
    expect(run.engine.navigate("continue").objectives).toEqual([{ id: "main" }]);
  });

  it("an objective that is not the primary one is written by its identifier (cmi.objectives)", () => {
    const other: Objective = { objectiveID: "other", maps: [{ targetObjectiveID: "G", writeSatisfiedStatus: true }] };
    const run = play(pack(FLOW, item("A", { deliveryControls: BY_CONTENT, objectives: { primary: { objectiveID: "p" }, others: [other] } }), leaf("B", mapped({}))));
    run.say({ satisfied: true, objectives: [{ id: "other", satisfied: false }] });
    expect(run.engine.navigate("continue").objectives[0]!.satisfied).toBe(false);
  });

  it("two maps of one objective write to both", () => {
    const run = play(pack(FLOW, leaf("A", mapped({ writeSatisfiedStatus: true }, { writeNormalizedMeasure: true })), leaf("B", mapped({}, {}))));
    run.say(SAID);
    run.go("continue");
    expect(run.engine.shared().objectives).toMatchObject({ G: { satisfied: true }, G1: { measure: 0.8 } });
  });

  it("a cluster writes what it came to by rollup", () => {
    const X = item("X", { ...FLOW, objectives: { primary: mapped({ writeSatisfiedStatus: true }) } }, [leaf("X1"), leaf("X2")]);
    const run = play(pack(FLOW, X, leaf("Y", mapped({}))));
    for (const wanted of ["X2", "Y"]) {
      run.say({ satisfied: true });
      expect(run.go("continue")).toBe(wanted);
    }
    expect(run.engine.objectives("Y")[0]!.satisfied).toBe(true);
  });

  it("satisfiedByMeasure reads the measure of a global objective against its own minimum (SN 4.2.1)", () => {
    const of = (least: number) => {
      const B = { ...mapped({}), satisfiedByMeasure: true, minNormalizedMeasure: least };
      const run = play(pack(FLOW, leaf("A", mapped({ writeNormalizedMeasure: true })), leaf("B", B, pre(rule("skip", "satisfied"))), leaf("C")));
      run.say({ measure: 0.8 });
      return run.go("continue");
    };
    expect([of(0.8), of(0.81)]).toEqual(["C", "B"]);
  });
});

describe("SN 3.10.1, how long global objectives last", () => {
  const between = (objectivesGlobalToSystem?: boolean) => {
    const first = play(pack({ ...FLOW, objectivesGlobalToSystem }, leaf("A", mapped({ writeSatisfiedStatus: true })), leaf("B")));
    first.say(SAID);
    first.go("exitAll");
    return first.engine.shared().objectives;
  };
  it.each([[undefined, true], [true, true], [false, false]])("objectivesGlobalToSystem %s: kept for other packages %s", (flag, kept) => {
    expect("G" in between(flag)).toBe(kept);
  });

  it("what other packages left is read", () => {
    const run = play(pack(FLOW, leaf("A"), leaf("B", mapped({}), pre(rule("skip", "satisfied"))), leaf("C")), { idle: true });
    run.engine.start(undefined, { objectives: { G: { satisfied: true } }, data: {} });
    expect(run.go("continue")).toBe("C");
  });
});

describe("SM.1, useCurrentAttemptObjectiveInfo and useCurrentAttemptProgressInfo", () => {
  const visit = (controlMode: NonNullable<Sequencing["controlMode"]>) => {
    const run = play(pack(FLOW, item("X", { controlMode: { flow: true, ...controlMode } }, [leaf("X1"), leaf("X2")]), leaf("Y")));
    const yes = { satisfied: true, completed: true };
    run.say(yes);
    run.go("continue");
    run.say(yes);
    run.go("continue");
    expect([run.node("X").satisfied, run.node("X").completed]).toEqual([true, true]);
    // A further attempt on X, of which only the first page says something.
    run.go("choice", "X1");
    run.say(yes);
    run.go("choice", "Y");
    return [run.node("X").satisfied, run.node("X").completed];
  };
  it.each<[string, NonNullable<Sequencing["controlMode"]>, (boolean | undefined)[]]>([
    ["by default only the current attempt counts", {}, [undefined, undefined]],
    ["objective information of earlier attempts too", { useCurrentAttemptObjectiveInfo: false }, [true, undefined]],
    ["progress information of earlier attempts too", { useCurrentAttemptProgressInfo: false }, [undefined, true]],
    ["both", { useCurrentAttemptObjectiveInfo: false, useCurrentAttemptProgressInfo: false }, [true, true]],
  ])("%s", (_, controls, wanted) => {
    expect(visit(controls)).toEqual(wanted);
  });
});

describe("RTE 4.3, shared data of the 4th edition", () => {
  const definition = (sharedDataGlobalToSystem?: boolean) =>
    pack({ ...FLOW, sharedDataGlobalToSystem }, item("A", { data: [{ targetID: "S" }] }), item("B", { data: [{ targetID: "S" }] }));

  it("what one SCO writes the next one reads, and a further session too", () => {
    const run = play(definition());
    run.engine.writeShared("S", "note");
    run.go("continue");
    expect(run.engine.readShared("S")).toBe("note");
    run.go("suspendAll");
    expect(play(definition(), { state: run.engine.toJSON() }).engine.readShared("S")).toBe("note");
  });

  it.each([[undefined, true], [true, true], [false, false]])("sharedDataGlobalToSystem %s: kept for other packages %s", (flag, kept) => {
    const run = play(definition(flag));
    run.engine.writeShared("S", "note");
    expect("S" in run.engine.shared().data).toBe(kept);
  });
});

describe("RTE 4.2.8 and SN 5.6.4, how a SCO is left", () => {
  const left = (exit: string | null, request: string | null) => {
    const lms = rte.site();
    const api = createApi2004(rte.session({ edition: 4 }), lms);
    api.Initialize("");
    if (exit !== null) api.SetValue("cmi.exit", exit);
    if (request) expect(api.SetValue("adl.nav.request", request)).toBe("true");
    api.Terminate("");
    return [lms.endings[0]!.request, lms.endings[0]!.target];
  };
  it.each<[string | null, string | null, string, string | null]>([
    [null, null, "_none_", null],
    ["normal", null, "_none_", null],
    ["suspend", null, "_none_", null],
    ["time-out", null, "exitAll", null],
    ["logout", null, "exitAll", null],
    ["", "continue", "continue", null],
    ["suspend", "suspendAll", "suspendAll", null],
    ["normal", "{target=B}choice", "choice", "B"],
    ["normal", "{target=B}jump", "jump", "B"],
    ["normal", "exitAll", "exitAll", null],
    ["normal", "abandon", "abandon", null],
    ["normal", "_none_", "_none_", null],
  ])("cmi.exit %s and adl.nav.request %s: %s", (exit, request, wanted, target) => {
    expect(left(exit, request)).toEqual([wanted, target]);
  });

  it.each([["suspend", "resume", 1], ["normal", "ab-initio", 2], ["", "ab-initio", 2]])("left with %j it is launched with %s", (exit, entry, attempt) => {
    const run = play(pack(FLOW, item("A"), item("B")));
    run.say({ exit });
    run.go("continue");
    const outcome = run.engine.navigate("previous");
    expect([outcome.entry, outcome.attempt]).toEqual([entry, attempt]);
  });

  it("abandon keeps no end of the attempt: nothing is completed by it (TB.2.3)", () => {
    const run = play(pack(FLOW, item("A"), item("B")));
    run.go("abandon");
    expect(run.node("A").completed).toBeUndefined();
    run.go("continue");
    run.go("previous");
    run.go("exit");
    expect(run.node("A").completed).toBe(true);
  });
});

describe("patterns that whole courses are built on (SN, appendix of the pseudo code taken together)", () => {
  it("a pre-test that is passed leaves out what it covers", () => {
    const content = (id: string, G: string) =>
      item(id, { objectives: { primary: { objectiveID: "o", maps: [{ targetObjectiveID: G }] } }, ...pre(rule("skip", "satisfied")) });
    const others = ["G1", "G2"].map((G) => ({ objectiveID: G, maps: [{ targetObjectiveID: G, writeSatisfiedStatus: true }] }));
    const test = item("test", { deliveryControls: BY_CONTENT, objectives: { primary: { objectiveID: "p" }, others } });
    const run = play(pack(FLOW, test, content("C1", "G1"), content("C2", "G2"), item("end")));
    run.engine.record("test", results({ satisfied: false, objectives: [{ id: "G1", satisfied: true }, { id: "G2", satisfied: false }] }));
    expect([run.go("continue"), run.go("continue")]).toEqual(["C2", "end"]);
  });

  it("a test that is failed is tried again, and after the last attempt the course goes on", () => {
    const again = post({ ...rule("retry", "satisfied", { operator: "not" }), conditions: [
      { condition: "satisfied", operator: "not" }, { condition: "attemptLimitExceeded", operator: "not" },
    ], conditionCombination: "all" });
    const run = play(pack(FLOW, leaf("test", undefined, { ...again, limitConditions: { attemptLimit: 2 } }), item("end")));
    run.say({ satisfied: false });
    expect(run.go("continue")).toBe("test");
    run.say({ satisfied: false });
    expect(run.go("continue")).toBe("end");
  });

  it("pages in their order: each opens when the one before is completed", () => {
    // UP.2.1: the negation of what is unknown is unknown, so that such courses ask for both.
    const unknown = { condition: "activityProgressKnown", operator: "not" as const };
    const conditions = [{ condition: "completed", operator: "not" as const }, unknown];
    const shut = { conditions, conditionCombination: "any" as const, action: "stopForwardTraversal" };
    const page = (id: string) => leaf(id, undefined, pre(shut));
    const run = play(pack(FLOW, page("A"), page("B"), page("C")));
    expect(run.go("choice", "B")).toBe("SB.2.4-1");
    run.say({ completed: true });
    expect(run.go("choice", "B")).toBe("B");
    expect(run.go("choice", "C")).toBe("SB.2.4-1");
    expect(run.go("choice", "A")).toBe("A");
  });
});
