import { describe, expect, test } from "vitest";
import type { Item, Package } from "../types.ts";
import { createSequencer, SimpleSequencer } from "./index.ts";
import { prerequisitesMet, type Status } from "./prerequisites.ts";
import { Clock, item, nodes, results, told } from "./support.ts";

const STATUSES: Record<string, Status> = {
  P: "passed", C: "completed", F: "failed", I: "incomplete", B: "browsed", N: "not attempted", "a-1.x_y": "passed",
};

/* AICC CMI001, 6.2 */
test.each([
  ["", true], ["  ", true], [null, true],
  ["P", true], ["C", true], ["F", false], ["I", false], ["B", false], ["N", false], ["a-1.x_y", true],
  ["P&C", true], ["P & N", false], ["N|C", true], ["N|I", false],
  ["~N", true], ["~P", false], ["~~P", true], ["~(P&N)", true],
  ["N&P|C", true], ["N&(P|C)", false], ["P|N&N", true],
  ["F=failed", true], ['F="failed"', true], ["F=f", true], ["P=failed", false], ["I=i", true], ["N=n", true], ["B=browsed", true],
  ['N="not attempted"', true], ["N=not_attempted", true], ["C=c", true], ["P=p", true],
  ["F<>passed", true], ["P<>passed", false], ["P<>c&C<>p", true], ["~F=passed", true],
  ["{P,C}", true], ["{P,N}", false], ["2*{P,N,C}", true], ["3*{P,N,C}", false], ["0*{N}", true],
  ["2*{P, (N|C), ~P}", true], ["1*{F=failed, N}", true], ["~2*{P,C}", false],
] as const)("prerequisites %j", (script, met) => {
  expect(prerequisitesMet(script, (name) => STATUSES[name] ?? null)).toBe(met);
});

test.each([
  "P &", "&", "(N", "N)", "N N", "N = ", "N = sometimes", "2*N", "x*{N}", "{N", "{}", "nobody", "~nobody", 'N "passed"', "N =",
  "(".repeat(5000), "~".repeat(5000) + "(", "N;P",
])("what cannot be read locks nobody out: %.20j", (script) => {
  expect(prerequisitesMet(script, (name) => STATUSES[name] ?? null)).toBe(true);
});

function page(identifier: string, prerequisites?: string, children: Item[] = []): Item {
  return { ...item(identifier, {}, children), kind: "sco", prerequisites: prerequisites ?? null };
}

function course(...children: Item[]): Package {
  return { standard: "scorm_12", edition: null, organization: { ...item("root", {}, children), kind: "organization" } };
}

function play(definition: Package, state?: unknown) {
  const engine = createSequencer(definition, { now: new Clock().now, random: () => 0.5 });
  const begun = engine.start(state);
  return {
    engine,
    begun,
    go: (request: string, target?: string) => told(engine.navigate(request, target)),
    say: (id: string, lessonStatus: string, more = {}) => engine.record(id, results({ lessonStatus, ...more })),
    node: (id: string) => nodes(engine.tree()).find((node) => node.id === id)!,
  };
}

describe("SCORM 1.2 and AICC", () => {
  test("each standard has its sequencer", () => {
    const at = (standard: Package["standard"]) =>
      createSequencer({ ...course(page("A")), standard }, { now: new Clock().now, random: () => 0 }) instanceof SimpleSequencer;
    expect((["scorm_12", "aicc", "scorm_2004"] as const).map(at)).toEqual([true, true, false]);
  });

  test("order and choice", () => {
    const block = item("M", {}, [page("M1"), page("M2")]);
    const run = play(course(page("A"), block, page("B")));
    expect(told(run.begun)).toBe("A");
    expect(run.engine.requestValid("previous")).toBe(false);
    expect(run.go("previous")).toBe("SB.2.1-3");
    expect([run.go("continue"), run.go("continue"), run.go("continue")]).toEqual(["M1", "M2", "B"]);
    expect(run.engine.requestValid("continue")).toBe(false);
    expect([run.go("choice", "M"), run.go("previous"), run.go("choice", "B")]).toEqual(["M1", "A", "B"]);
    expect([run.go("choice", "Z"), run.go("retry"), run.go("start")]).toEqual(["NB.2.1-11", "NB.2.1-13", "NB.2.1-1"]);
    expect([run.go("continue"), run.go("exit"), run.go("exitAll")]).toEqual(["end", "NB.2.1-12", "end"]);
  });

  test("prerequisites of an item and of the block around it", () => {
    const block = { ...item("M", {}, [page("M1"), page("M2", "M1")]), prerequisites: "A=passed" };
    const run = play(course(page("A"), block, page("B", "M")));
    run.say("A", "failed");
    expect(run.node("M1")).toMatchObject({ enabled: false, disabled: true });
    expect(run.engine.requestValid("continue")).toBe(false);
    expect(run.go("choice", "M1")).toBe("DB.1.1-3");
    run.go("choice", "A");
    run.say("A", "passed", { raw: 80 });
    expect(run.go("continue")).toBe("M1");
    // What reports nothing is completed by being left.
    expect(run.engine.requestValid("continue")).toBe(true);
    expect(run.go("continue")).toBe("M2");
    run.say("M2", "incomplete");
    expect(run.node("B").enabled).toBe(false);
    run.say("M2", "completed");
    expect(run.go("continue")).toBe("B");
    expect(run.engine.summary()).toMatchObject({ "cmi.completion_status": "incomplete", "cmi.score.scaled": "0.8" });
  });

  test("left in any way, and back in another browser", () => {
    const definition = course(page("A"), page("B"), page("C"));
    const run = play(definition);
    run.say("A", "completed");
    run.go("continue");
    run.say("B", "incomplete", { exit: "suspend" });
    const again = play(definition, JSON.parse(JSON.stringify(run.engine)));
    expect(again.begun).toMatchObject({ delivered: { identifier: "B" }, entry: "resume", attempt: 1 });
    again.say("B", "passed");
    again.go("exitAll");
    const third = play(definition, again.engine.toJSON());
    expect(told(third.begun)).toBe("C");
    expect(third.engine.navigate("choice", "A")).toMatchObject({ entry: "", attempt: 2 });
  });

  test("what it has come to", () => {
    const sum = (...said: string[]) => {
      const run = play(course(...said.map((_, at) => page(`p${at}`))));
      said.forEach((status, at) => {
        if (at > 0) run.go("choice", `p${at}`);
        run.say(`p${at}`, status);
      });
      const { "cmi.completion_status": completion, "cmi.success_status": success } = run.engine.summary();
      return `${completion} ${success}`;
    };
    expect(sum("completed", "completed")).toBe("completed unknown");
    expect(sum("completed", "passed")).toBe("completed passed");
    expect(sum("passed", "failed")).toBe("completed failed");
    expect(sum("passed", "incomplete")).toBe("incomplete unknown");
    expect(sum("browsed")).toBe("completed unknown");
    expect(sum("incomplete")).toBe("incomplete unknown");
    expect(sum("rubbish")).toBe("incomplete unknown");
  });

  test("a package that is one picture is complete when it was seen", () => {
    const run = play(course({ ...page("A"), kind: "asset" }));
    expect(run.engine.summary()["cmi.completion_status"]).toBe("completed");
    expect(run.go("exit")).toBe("end");
  });

  test.each([null, "x", {}, { version: 1 }, { version: 1, items: null }, { version: 1, current: "gone", items: {} }])(
    "state that is none: %j",
    (state) => expect(told(play(course(page("A")), state).begun)).toBe("A"),
  );

  test("nothing that could be shown", () => {
    expect(told(play(course({ ...page("A"), prerequisites: "~A" }, page("B", "B"))).begun)).toBe("A");
    const none = play(course(page("B", "B")));
    expect(none.begun).toMatchObject({ delivered: null, exception: "SB.2.5-2" });
    expect(none.go("continue")).toBe("NB.2.1-2");
  });
});
