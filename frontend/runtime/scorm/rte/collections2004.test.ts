/* Collections of SCORM 2004: keywords (RTE 4th edition, 3.1.4, 4.1.2), objectives (4.2.17), interactions (4.2.9), and what depends on what. */
import { describe, expect, it } from "vitest";
import type { Api2004, Session } from "../types.ts";
import { createApi2004, createRuntime2004 } from "./api2004.ts";
import { item, session, site } from "./fixtures.ts";

function running(extra: Partial<Session> = {}) {
  const lms = site();
  const run = createRuntime2004(session(extra), lms);
  run.api.Initialize("");
  return { api: run.api, lms, run };
}

const got = (api: Api2004, element: string): [string, string] => [api.GetValue(element), api.GetLastError()];
const set = (api: Api2004, element: string, value: string): [string, string] => [api.SetValue(element, value), api.GetLastError()];

describe("keywords (RTE 3.1.4, 4.1.2)", () => {
  const begun = (): Api2004 => {
    const { api } = running({ commentsFromLms: [{ comment: "Hello" }] });
    api.SetValue("cmi.objectives.0.id", "o");
    api.SetValue("cmi.interactions.0.id", "i");
    return api;
  };

  it.each([
    ["cmi.comments_from_learner", "comment,location,timestamp"],
    ["cmi.comments_from_lms", "comment,location,timestamp"],
    ["cmi.interactions", "id,type,objectives,timestamp,correct_responses,weighting,learner_response,result,latency,description"],
    ["cmi.interactions.0.objectives", "id"],
    ["cmi.interactions.0.correct_responses", "pattern"],
    ["cmi.learner_preference", "audio_level,language,delivery_speed,audio_captioning"],
    ["cmi.objectives", "id,score,success_status,completion_status,progress_measure,description"],
    ["cmi.objectives.0.score", "scaled,raw,min,max"],
    ["cmi.score", "scaled,raw,min,max"],
    ["adl.data", "id,store"],
  ])("%s._children names what there is and cannot be set (404)", (group, children) => {
    const api = begun();
    expect(got(api, `${group}._children`)).toEqual([children, "0"]);
    expect(set(api, `${group}._children`, "x")).toEqual(["false", "404"]);
  });

  it.each([
    ["cmi.comments_from_learner", "0"],
    ["cmi.comments_from_lms", "1"],
    ["cmi.interactions", "1"],
    ["cmi.interactions.0.objectives", "0"],
    ["cmi.interactions.0.correct_responses", "0"],
    ["cmi.objectives", "1"],
    ["adl.data", "0"],
  ])("%s._count counts the entries (%s) and cannot be set (404)", (collection, count) => {
    const api = begun();
    expect(got(api, `${collection}._count`)).toEqual([count, "0"]);
    expect(set(api, `${collection}._count`, "7")).toEqual(["false", "404"]);
    expect(api.GetValue(`${collection}._count`)).toBe(count);
  });

  it.each([
    ["", "301", "351"],
    ["cmi", "401", "401"],
    ["adl", "401", "401"],
    ["cmi.score", "401", "401"],
    ["cmi.objectives", "401", "401"],
    ["cmi.objectives.0", "401", "401"],
    ["cmi.objectives.0.score", "401", "401"],
    ["cmi.nothing", "401", "401"],
    ["cmi.core.student_id", "401", "401"],
    ["cmi.objectives.00.id", "401", "401"],
    ["cmi.objectives.-1.id", "401", "401"],
    ["cmi.objectives.a.id", "401", "401"],
    ["cmi.objectives.0.nothing", "401", "401"],
    ["cmi..score", "401", "401"],
    [" cmi.location", "401", "401"],
    ["CMI.location", "401", "401"],
    ["__proto__", "401", "401"],
    ["constructor.name", "401", "401"],
    ["cmi.nothing._children", "401", "401"],
    ["cmi.nothing._count", "401", "401"],
    ["cmi.location._children", "301", "404"],
    ["cmi.location._count", "301", "404"],
    ["cmi.score._count", "301", "404"],
    ["cmi.objectives._version", "301", "401"],
    ["cmi.objectives.1.id", "301", "0"],
    ["cmi.objectives.2.id", "301", "351"],
    ["cmi.comments_from_learner.1.comment", "301", "351"],
    ["cmi.comments_from_lms.1.comment", "301", "404"],
    ["cmi.interactions.2.id", "301", "351"],
    ["cmi.interactions.0.objectives.1.id", "301", "351"],
    ["cmi.interactions.10000.id", "301", "351"],
    ["adl.nav.request_valid.next", "401", "401"],
    ["adl.data.0.store", "301", "351"],
  ])("%j: GetValue is answered with %s, SetValue with %s, and nothing is destroyed", (name, getting, setting) => {
    const api = begun();
    api.SetValue("cmi.suspend_data", "precious");
    expect(got(api, name)[1]).toBe(getting);
    expect(set(api, name, "x")[1]).toBe(setting);
    expect(got(api, "cmi.suspend_data")).toEqual(["precious", "0"]);
    expect(got(api, "cmi.objectives.0.id")).toEqual(["o", "0"]);
    expect(got(api, "cmi.interactions.0.id")).toEqual(["i", "0"]);
  });
});

describe("cmi.objectives (RTE 4.2.17)", () => {
  const states = ["score.scaled", "score.raw", "score.min", "score.max", "success_status", "completion_status", "progress_measure", "description"];
  const good = ["0.5", "5", "0", "10", "passed", "completed", "1", "{lang=en}Knows it"];
  const wrong = [["1.5", "407"], ["x", "406"], ["", "406"], ["1e3", "406"], ["ok", "406"], ["done", "406"], ["-1", "407"], ["{lang=?}x", "406"]] as const;

  it.each(states)("%s needs the identifier first (408), then holds what was set", (part) => {
    const { api, lms } = running();
    const element = `cmi.objectives.0.${part}`;
    const i = states.indexOf(part);
    expect(set(api, element, good[i]!)).toEqual(["false", "408"]);
    expect(got(api, "cmi.objectives._count")).toEqual(["0", "0"]);
    expect(set(api, "cmi.objectives.0.id", "o1")).toEqual(["true", "0"]);
    expect(got(api, element)).toEqual(part.endsWith("status") ? ["unknown", "0"] : ["", "403"]);
    expect(set(api, element, good[i]!)).toEqual(["true", "0"]);
    expect(set(api, element, wrong[i]![0])).toEqual(["false", wrong[i]![1]]);
    expect(got(api, element)).toEqual([good[i], "0"]);
    api.Terminate("");
    expect(lms.stored).toEqual({ "cmi.objectives.0.id": "o1", [element]: good[i] });
    const { api: next } = running({ saved: lms.stored });
    expect(got(next, element)).toEqual([good[i], "0"]);
    expect(got(next, "cmi.objectives._count")).toEqual(["1", "0"]);
  });

  it("keeps identifiers unique, unchanged and valid", () => {
    const { api } = running();
    for (const bad of ["", " ", "two words", "urn:", "urn:x", "urn:-a:b", "a[b", "100%", "x".repeat(4001)]) expect([bad, ...set(api, "cmi.objectives.0.id", bad)]).toEqual([bad, "false", "406"]);
    expect(set(api, "cmi.objectives.0.id", "urn:ADL:objective-id-0001")).toEqual(["true", "0"]);
    expect(set(api, "cmi.objectives.1.id", "urn:ADL:objective-id-0001")).toEqual(["false", "351"]);
    expect(got(api, "cmi.objectives._count")).toEqual(["1", "0"]);
    expect(set(api, "cmi.objectives.0.id", "another")).toEqual(["false", "351"]);
    expect(set(api, "cmi.objectives.0.id", "urn:ADL:objective-id-0001")).toEqual(["true", "0"]);
    expect(set(api, "cmi.objectives.1.id", "http://example.org/a?b=c#d")).toEqual(["true", "0"]);
  });

  const objectives = { primary: { objectiveID: "main" }, others: [{ objectiveID: "side" }, {}] };
  it("begins with those of the manifest, and tells the site their identifiers with what the SCO sets", () => {
    const { api, lms } = running({ item: item({ sequencing: { objectives } }) });
    expect(got(api, "cmi.objectives._count")).toEqual(["2", "0"]);
    expect([api.GetValue("cmi.objectives.0.id"), api.GetValue("cmi.objectives.1.id")]).toEqual(["main", "side"]);
    expect(got(api, "cmi.objectives.1.success_status")).toEqual(["unknown", "0"]);
    expect(set(api, "cmi.objectives.1.id", "other")).toEqual(["false", "351"]);
    api.SetValue("cmi.objectives.1.success_status", "failed");
    api.Commit("");
    expect(lms.stored).toEqual({ "cmi.objectives.1.id": "side", "cmi.objectives.1.success_status": "failed" });
    const { api: next } = running({ item: item({ sequencing: { objectives } }), saved: lms.stored });
    expect([next.GetValue("cmi.objectives.0.id"), next.GetValue("cmi.objectives._count"), next.GetValue("cmi.objectives.1.success_status")]).toEqual(["main", "2", "failed"]);
  });

  it("begins with what the sequencer knows of them, also of global ones (SN 4.2.1)", () => {
    const known = [{ id: "side", satisfied: true, measure: 1 / 3, completed: false, raw: 5, min: 0, max: 10, progressMeasure: 0.25 }, { id: "late" }];
    const { api } = running({ item: item({ sequencing: { objectives } }), objectives: known, saved: { "cmi.objectives.1.success_status": "failed" } });
    const found = (part: string): string => api.GetValue(`cmi.objectives.1.${part}`);
    expect(["id", "success_status", "score.scaled", "completion_status", "score.raw", "score.min", "score.max", "progress_measure"].map(found)).toEqual(["side", "passed", "0.3333333", "incomplete", "5", "0", "10", "0.25"]);
    expect(api.GetValue("cmi.objectives.2.id")).toBe("late");
  });
});

describe("cmi.interactions (RTE 4.2.9)", () => {
  const parts: [string, string, string][] = [
    ["type", "choice", "guess"],
    ["timestamp", "2026-11-22T01:02:03", "yesterday"],
    ["weighting", "0.5", "much"],
    ["result", "correct", "wrong"],
    ["result", "unanticipated", "Correct"],
    ["result", "-3.25", ""],
    ["latency", "PT5S", "5"],
    ["description", "{lang=de}Frage", "{lang=}Frage"],
    ["objectives.0.id", "o1", "o 1"],
  ];

  it.each(parts)("%s = %j needs the identifier first (408), and can be read", (part, good, bad) => {
    const { api, lms } = running();
    const element = `cmi.interactions.0.${part}`;
    expect(set(api, element, good)).toEqual(["false", "408"]);
    expect(set(api, "cmi.interactions.0.id", "q1")).toEqual(["true", "0"]);
    expect(got(api, element)).toEqual(["", part.startsWith("objectives") ? "301" : "403"]);
    expect(set(api, element, good)).toEqual(["true", "0"]);
    expect(set(api, element, bad)).toEqual(["false", "406"]);
    expect(got(api, element)).toEqual([good, "0"]);
    api.Terminate("");
    const { api: next } = running({ saved: lms.stored });
    expect(got(next, element)).toEqual([good, "0"]);
  });

  it("names an objective once", () => {
    const { api } = running();
    api.SetValue("cmi.interactions.0.id", "q1");
    api.SetValue("cmi.interactions.0.objectives.0.id", "o1");
    expect(set(api, "cmi.interactions.0.objectives.1.id", "o1")).toEqual(["false", "351"]);
    expect(set(api, "cmi.interactions.0.objectives.0.id", "o2")).toEqual(["true", "0"]);
    expect(set(api, "cmi.interactions.0.objectives.1.id", "o1")).toEqual(["true", "0"]);
  });

  it("may be recorded twice under one identifier, as a journal", () => {
    const { api } = running();
    expect([set(api, "cmi.interactions.0.id", "q1"), set(api, "cmi.interactions.1.id", "q1")]).toEqual([["true", "0"], ["true", "0"]]);
    expect(set(api, "cmi.interactions.1.id", "")).toEqual(["false", "406"]);
  });

  it.each(["learner_response", "correct_responses.0.pattern"])("%s needs the identifier and the type first (408)", (part) => {
    const { api } = running();
    const element = `cmi.interactions.0.${part}`;
    expect(set(api, element, "true")).toEqual(["false", "408"]);
    api.SetValue("cmi.interactions.0.id", "q1");
    expect(set(api, element, "true")).toEqual(["false", "408"]);
    expect(got(api, "cmi.interactions.0.correct_responses._count")).toEqual(["0", "0"]);
    api.SetValue("cmi.interactions.0.type", "true-false");
    expect(set(api, element, "true")).toEqual(["true", "0"]);
    expect(got(api, element)).toEqual(["true", "0"]);
  });

  // Tables 4.2.9.1a and 4.2.9.2a: type, responses that are and are not of its form, patterns likewise.
  const table: [string, string[], string[], string[], string[]][] = [
    ["true-false", ["true", "false"], ["", "t", "1", "True"], ["true", "false"], ["", "yes"]],
    ["choice", ["a", "a[,]b", "", "urn:x:1[,]c.d"], ["a[,]", "[,]a", "a[,]a", "a b", "a[,][,]b"], ["a", "a[,]b", ""], ["a[,]a", "a[,]"]],
    [
      "fill-in",
      ["car", "", "a[,]b", "{lang=en}car[,]{lang=de}Auto", "{other=x}text"],
      ["{lang=}car", "a[,]{lang=e n}b", "a\0"],
      ["car", "{case_matters=true}Car", "{order_matters=false}{case_matters=true}{lang=en}a[,]b", "{case_matters=true}{order_matters=false}a[,]b", ""],
      ["{case_matters=yes}car", "{order_matters=}a", "{lang=?}car"],
    ],
    [
      "long-fill-in",
      ["", "A long text. [,] is text here.", "{lang=en}text", "x".repeat(4000)],
      ["{lang=}x"],
      ["{case_matters=false}text", "{case_matters=true}{lang=en}text", "text"],
      ["{case_matters=1}text", "{lang=e_n}text"],
    ],
    ["likert", ["agree", "urn:scale:3"], ["", "quite right", "a[,]b"], ["agree"], ["", "two words"]],
    ["matching", ["1[.]a", "1[.]a[,]2[.]b", ""], ["1", "1[.]a[.]x", "[.]a", "1[.]", "1[.]a[,]"], ["1[.]a", "1[.]a[,]1[.]b"], ["", "1[,]2"]],
    [
      "performance",
      ["s1[.]done", "[.]3", "s1[.]", "s1[.]a b[,]s2[.]4"],
      ["", "s1", "[.]", "s 1[.]x", "s1[.]x[.]y", "s1[.]x[,]"],
      ["s1[.]1[:]5", "{order_matters=false}s1[.][:]5[,]s2[.]x", "[.][:]"],
      ["s1[.]5[:]1", "s1[.]1[:]2[:]3", "s1[.]a[:]5", "{order_matters=x}s1[.]1", ""],
    ],
    ["sequencing", ["a", "a[,]b[,]a"], ["", "a[,]", "a b"], ["a[,]b"], ["", "[,]"]],
    ["numeric", ["5", "-5.25"], ["", "five", "5[:]6"], ["5[:]6", "[:]6", "5[:]", "[:]", "3[:]3"], ["5", "6[:]5", "a[:]b", "", "1[:]2[:]3"]],
    ["other", ["", "anything [,] goes {x=y}"], ["a\0"], ["anything"], ["a\0"]],
  ];

  it.each(table)("%s: the form of learner_response", (type, good, bad) => {
    const { api } = running();
    api.SetValue("cmi.interactions.0.id", "q1");
    api.SetValue("cmi.interactions.0.type", type);
    for (const value of good) {
      expect([value, ...set(api, "cmi.interactions.0.learner_response", value)]).toEqual([value, "true", "0"]);
      expect(got(api, "cmi.interactions.0.learner_response")).toEqual([value, "0"]);
    }
    for (const value of bad) expect([value, ...set(api, "cmi.interactions.0.learner_response", value)]).toEqual([value, "false", "406"]);
    expect(api.GetValue("cmi.interactions.0.learner_response")).toBe(good.at(-1));
  });

  it.each(table)("%s: the form of correct_responses", (type, _good, _bad, good, bad) => {
    const { api } = running();
    api.SetValue("cmi.interactions.0.id", "q1");
    api.SetValue("cmi.interactions.0.type", type);
    const element = "cmi.interactions.0.correct_responses.0.pattern";
    for (const value of bad) expect([value, ...set(api, element, value)]).toEqual([value, "false", "406"]);
    expect(got(api, "cmi.interactions.0.correct_responses._count")).toEqual(["0", "0"]);
    for (const value of good) {
      expect([value, ...set(api, element, value)]).toEqual([value, "true", "0"]);
      expect(got(api, element)).toEqual([value, "0"]);
    }
    const single = ["true-false", "likert", "numeric", "other"].includes(type);
    expect(set(api, "cmi.interactions.0.correct_responses.2.pattern", good[0]!)).toEqual(["false", "351"]);
    if (single) expect(set(api, "cmi.interactions.0.correct_responses.1.pattern", good[0]!)).toEqual(["false", "351"]);
  });

  it.each([
    ["choice", "a[,]b", "b[,]a", "351"],
    ["choice", "a[,]b", "a[,]c", "0"],
    ["sequencing", "a[,]b", "a[,]b", "351"],
    ["sequencing", "a[,]b", "b[,]a", "0"],
    ["fill-in", "a", "a", "0"],
  ])("%s: a second pattern %j beside %j is answered with %s", (type, first, second, code) => {
    const { api } = running();
    api.SetValue("cmi.interactions.0.id", "q1");
    api.SetValue("cmi.interactions.0.type", type);
    api.SetValue("cmi.interactions.0.correct_responses.0.pattern", first);
    expect(set(api, "cmi.interactions.0.correct_responses.1.pattern", second)[1]).toBe(code);
    expect(set(api, "cmi.interactions.0.correct_responses.0.pattern", first)).toEqual(["true", "0"]);
  });
});

describe("cmi.comments_from_learner (RTE 4.2.2)", () => {
  it("begins an entry with any of its parts", () => {
    const lms = site();
    const api = createApi2004(session(), lms);
    api.Initialize("");
    expect(set(api, "cmi.comments_from_learner.0.location", "p3")).toEqual(["true", "0"]);
    expect(got(api, "cmi.comments_from_learner.0.comment")).toEqual(["", "403"]);
    expect(set(api, "cmi.comments_from_learner.1.timestamp", "2026-11-22")).toEqual(["true", "0"]);
    expect(got(api, "cmi.comments_from_learner._count")).toEqual(["2", "0"]);
    expect(set(api, "cmi.comments_from_learner.2.timestamp", "never")).toEqual(["false", "406"]);
    expect(got(api, "cmi.comments_from_learner._count")).toEqual(["2", "0"]);
  });
});
