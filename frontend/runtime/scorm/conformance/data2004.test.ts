/* SCORM 2004 4th edition, RTE 4.2.1 to 4.2.27: each element as a suite from outside tries it. What a SCO finds, which values it may
   set, which are refused and with which code, what it gets after a resume. Written from the book, not from the engine. */
import { describe, expect, it } from "vitest";
import type { Elements, Session } from "../types.ts";
import { createApi2004 } from "../rte/index.ts";
import { item, session, site } from "../rte/fixtures.ts";

interface Case {
  element: string;
  /** Answer and code of a get before anything was set. */
  first?: [string, string];
  legal?: string[];
  /** Value and the code it is refused with. */
  illegal?: [string, string][];
  /** Write only: 405 when asked. */
  hidden?: true;
  given?: Partial<Session>;
  before?: Elements;
}

function begin(given: Partial<Session> = {}) {
  const lms = site();
  const api = createApi2004(session({ edition: 4, ...given }), lms);
  expect(api.Initialize("")).toBe("true");
  return { lms, api };
}

type Refused = [string, string][];
const UNSET: [string, string] = ["", "403"];
const TYPE = (...values: string[]): Refused => values.map((value) => [value, "406"]);
const RANGE = (...values: string[]): Refused => values.map((value) => [value, "407"]);
const readOnly: { illegal: Refused } = { illegal: [["x", "404"], ["", "404"]] };
const SCALED = { legal: ["-1", "1", "0", "0.5", "-0.25", "1.0"], illegal: [...RANGE("1.1", "-1.0001", "2"), ...TYPE("abc", "", "0,5")] };
const REAL = { legal: ["0", "-17.5", "85", "1000.25"], illegal: TYPE("abc", "", "1,000") };
const PROGRESS = { legal: ["0", "1", "0.3333333"], illegal: [...RANGE("1.01", "-0.1"), ...TYPE("half", "")] };
const SUCCESS = { legal: ["passed", "failed", "unknown"], illegal: TYPE("Passed", "completed", "") };
const COMPLETION = { legal: ["completed", "incomplete", "not attempted", "unknown"], illegal: TYPE("Completed", "passed", "", "browsed") };
const TIME = {
  legal: ["2026", "2026-03", "2026-03-01", "2026-03-01T12", "2026-03-01T12:30", "2026-03-01T12:30:05", "2026-03-01T12:30:05.25",
    "2026-03-01T12:30:05.2Z", "2026-03-01T12:30:05.25+02:00", "2026-03-01T12:30:05.25-05"],
  illegal: TYPE("", "yesterday", "2026-13", "2026-02-30", "2026-03-01T25", "2026-03-01T12:61", "2026-03-01 12:30", "26-03-01"),
};
const INTERVAL = {
  legal: ["PT0S", "P1Y2M3DT4H5M6S", "PT1H", "PT3.25S", "P1D", "PT90M", "PT1M"],
  illegal: TYPE("", "P", "PT", "1H", "00:01:00", "PT1.5H", "P1H", "PT-5S"),
};
const ID = { legal: ["obj1", "urn:example:objective-1"], illegal: TYPE("", "two words", "   ") };
const TEXT = { legal: ["Plain words", "", "{lang=fr}Bonjour", "Größe"], illegal: TYPE("{lang=xx-not a tag}hello") };
const limits = item({
  completionThreshold: 0.8, maxTimeAllowed: 5400, timeLimitAction: "exit,message", launchData: "level=2",
  sequencing: { objectives: { primary: { objectiveID: "main", satisfiedByMeasure: true, minNormalizedMeasure: 0.6 } } },
});
const fromLms = [{ comment: "Welcome", location: "intro", timestamp: "2026-01-01T08:00:00" }];
const O: Elements = { "cmi.objectives.0.id": "o" };
const Q: Elements = { "cmi.interactions.0.id": "q" };

const CASES: Case[] = [
  { element: "cmi._version", first: ["1.0", "0"], ...readOnly },
  { element: "cmi.comments_from_learner._children", ...readOnly },
  { element: "cmi.comments_from_learner._count", first: ["0", "0"], ...readOnly },
  { element: "cmi.comments_from_learner.0.comment", ...TEXT },
  { element: "cmi.comments_from_learner.0.location", legal: ["page 3", "", "x".repeat(250)] },
  { element: "cmi.comments_from_learner.0.timestamp", ...TIME },
  { element: "cmi.comments_from_lms._children", ...readOnly },
  { element: "cmi.comments_from_lms._count", first: ["0", "0"], ...readOnly },
  { element: "cmi.comments_from_lms._count", given: { commentsFromLms: fromLms }, first: ["1", "0"] },
  { element: "cmi.comments_from_lms.0.comment", given: { commentsFromLms: fromLms }, first: ["Welcome", "0"], ...readOnly },
  { element: "cmi.comments_from_lms.0.location", given: { commentsFromLms: fromLms }, first: ["intro", "0"], ...readOnly },
  { element: "cmi.comments_from_lms.0.timestamp", given: { commentsFromLms: fromLms }, first: ["2026-01-01T08:00:00", "0"], ...readOnly },
  { element: "cmi.completion_status", first: ["unknown", "0"], ...COMPLETION },
  { element: "cmi.completion_threshold", first: UNSET, ...readOnly },
  { element: "cmi.completion_threshold", given: { item: limits }, first: ["0.8", "0"], ...readOnly },
  { element: "cmi.credit", first: ["credit", "0"], ...readOnly },
  { element: "cmi.credit", given: { credit: "no-credit", mode: "browse" }, first: ["no-credit", "0"] },
  { element: "cmi.entry", first: ["ab-initio", "0"], ...readOnly },
  { element: "cmi.entry", given: { entry: "resume" }, first: ["resume", "0"] },
  { element: "cmi.exit", hidden: true, legal: ["time-out", "suspend", "logout", "normal", ""], illegal: TYPE("Suspend", "exit", "timeout") },
  { element: "cmi.interactions._children", ...readOnly },
  { element: "cmi.interactions._count", first: ["0", "0"], ...readOnly },
  { element: "cmi.interactions.0.id", ...ID },
  {
    element: "cmi.interactions.0.type", before: Q, illegal: TYPE("essay", "", "Choice"),
    legal: ["true-false", "choice", "fill-in", "long-fill-in", "likert", "matching", "performance", "sequencing", "numeric", "other"],
  },
  { element: "cmi.interactions.0.objectives._count", before: Q, first: ["0", "0"], ...readOnly },
  { element: "cmi.interactions.0.objectives.0.id", before: Q, ...ID },
  { element: "cmi.interactions.0.timestamp", before: Q, first: UNSET, ...TIME },
  { element: "cmi.interactions.0.correct_responses._count", before: Q, first: ["0", "0"], ...readOnly },
  {
    element: "cmi.interactions.0.correct_responses.0.pattern", before: { ...Q, "cmi.interactions.0.type": "true-false" },
    legal: ["true", "false"], illegal: TYPE("t", "1", ""),
  },
  { element: "cmi.interactions.0.weighting", before: Q, first: UNSET, ...REAL },
  {
    element: "cmi.interactions.0.learner_response", before: { ...Q, "cmi.interactions.0.type": "numeric" }, first: UNSET,
    legal: ["4", "-1.5"], illegal: TYPE("four", ""),
  },
  {
    element: "cmi.interactions.0.result", before: Q, first: UNSET, legal: ["correct", "incorrect", "unanticipated", "neutral", "0.5"],
    illegal: TYPE("wrong", "", "Correct"),
  },
  { element: "cmi.interactions.0.latency", before: Q, first: UNSET, ...INTERVAL },
  { element: "cmi.interactions.0.description", before: Q, first: UNSET, ...TEXT },
  { element: "cmi.launch_data", first: UNSET, ...readOnly },
  { element: "cmi.launch_data", given: { item: limits }, first: ["level=2", "0"], ...readOnly },
  { element: "cmi.learner_id", first: ["learner-7", "0"], ...readOnly },
  { element: "cmi.learner_name", first: ["Doe, Jane", "0"], ...readOnly },
  { element: "cmi.learner_preference._children", ...readOnly },
  { element: "cmi.learner_preference.audio_level", first: ["1", "0"], legal: ["0", "0.5", "5"], illegal: [...RANGE("-0.1"), ...TYPE("loud", "")] },
  { element: "cmi.learner_preference.language", first: ["", "0"], legal: ["en", "fr-CA", ""], illegal: TYPE("not a language") },
  { element: "cmi.learner_preference.delivery_speed", first: ["1", "0"], legal: ["0", "2.5"], illegal: [...RANGE("-1"), ...TYPE("fast", "")] },
  { element: "cmi.learner_preference.audio_captioning", first: ["0", "0"], legal: ["-1", "0", "1"], illegal: TYPE("2", "on", "") },
  { element: "cmi.location", first: UNSET, legal: ["page 3", "", "x".repeat(1000)] },
  { element: "cmi.max_time_allowed", first: UNSET, ...readOnly },
  { element: "cmi.max_time_allowed", given: { item: limits }, first: ["PT1H30M0S", "0"], ...readOnly },
  { element: "cmi.mode", first: ["normal", "0"], ...readOnly },
  { element: "cmi.mode", given: { mode: "browse", credit: "no-credit" }, first: ["browse", "0"] },
  { element: "cmi.mode", given: { mode: "review", credit: "no-credit" }, first: ["review", "0"] },
  { element: "cmi.objectives._children", ...readOnly },
  { element: "cmi.objectives._count", first: ["0", "0"], ...readOnly },
  { element: "cmi.objectives._count", given: { item: limits }, first: ["1", "0"] },
  { element: "cmi.objectives.0.id", given: { item: limits }, first: ["main", "0"], illegal: [["other", "351"]] },
  { element: "cmi.objectives.0.id", ...{ legal: ["obj1"], illegal: TYPE("", "two words") } },
  { element: "cmi.objectives.0.score._children", before: O, ...readOnly },
  { element: "cmi.objectives.0.score.scaled", before: O, first: UNSET, ...SCALED },
  { element: "cmi.objectives.0.score.raw", before: O, first: UNSET, ...REAL },
  { element: "cmi.objectives.0.score.min", before: O, first: UNSET, ...REAL },
  { element: "cmi.objectives.0.score.max", before: O, first: UNSET, ...REAL },
  { element: "cmi.objectives.0.success_status", before: O, first: ["unknown", "0"], ...SUCCESS },
  { element: "cmi.objectives.0.completion_status", before: O, first: ["unknown", "0"], ...COMPLETION },
  { element: "cmi.objectives.0.progress_measure", before: O, first: UNSET, ...PROGRESS },
  { element: "cmi.objectives.0.description", before: O, first: UNSET, ...TEXT },
  { element: "cmi.progress_measure", first: UNSET, ...PROGRESS },
  { element: "cmi.scaled_passing_score", first: UNSET, ...readOnly },
  { element: "cmi.scaled_passing_score", given: { item: limits }, first: ["0.6", "0"], ...readOnly },
  {
    element: "cmi.scaled_passing_score", first: ["1", "0"],
    given: { item: item({ sequencing: { objectives: { primary: { satisfiedByMeasure: true } } } }) },
  },
  {
    element: "cmi.scaled_passing_score", first: UNSET,
    given: { item: item({ sequencing: { objectives: { primary: { satisfiedByMeasure: false, minNormalizedMeasure: 0.6 } } } }) },
  },
  { element: "cmi.score._children", ...readOnly },
  { element: "cmi.score.scaled", first: UNSET, ...SCALED },
  { element: "cmi.score.raw", first: UNSET, ...REAL },
  { element: "cmi.score.min", first: UNSET, ...REAL },
  { element: "cmi.score.max", first: UNSET, ...REAL },
  { element: "cmi.session_time", hidden: true, ...INTERVAL },
  { element: "cmi.success_status", first: ["unknown", "0"], ...SUCCESS },
  { element: "cmi.suspend_data", first: UNSET, legal: ["", "a=1", "x".repeat(64000)] },
  { element: "cmi.time_limit_action", first: ["continue,no message", "0"], ...readOnly },
  { element: "cmi.time_limit_action", given: { item: limits }, first: ["exit,message", "0"], ...readOnly },
  { element: "cmi.total_time", first: ["PT0H0M0S", "0"], ...readOnly },
  { element: "cmi.total_time", given: { entry: "resume", totalSeconds: 3725 }, first: ["PT1H2M5S", "0"] },
  {
    element: "adl.nav.request", first: ["_none_", "0"],
    legal: ["continue", "previous", "exit", "exitAll", "abandon", "abandonAll", "suspendAll", "{target=b}choice", "{target=b}jump", "_none_"],
    illegal: TYPE("next", "", "choice", "{target=}choice", "{target=b}continue"),
  },
  { element: "adl.nav.request_valid.continue", ...readOnly },
  { element: "adl.nav.request_valid.previous", ...readOnly },
  { element: "adl.nav.request_valid.choice.{target=b}", ...readOnly },
  { element: "adl.nav.request_valid.jump.{target=b}", ...readOnly },
];

describe("RTE 4.2, element by element", () => {
  it.each(CASES.map((one, i) => [`${one.element} #${i}`, one] as const))("%s", (_, one) => {
    const { api, lms } = begin(one.given);
    for (const [name, value] of Object.entries(one.before ?? {})) expect(api.SetValue(name, value)).toBe("true");
    const short = (value: string) => value.slice(0, 40);
    if (one.first) expect([api.GetValue(one.element), api.GetLastError()]).toEqual(one.first);
    const fixed = one.element.startsWith("cmi.objectives.") && one.element.endsWith(".id");
    for (const value of one.legal ?? []) {
      expect([short(value), api.SetValue(one.element, value), api.GetLastError()]).toEqual([short(value), "true", "0"]);
      expect([short(api.GetValue(one.element)), api.GetLastError()]).toEqual(one.hidden ? ["", "405"] : [short(value), "0"]);
    }
    const kept = one.hidden ? null : api.GetValue(one.element);
    for (const [value, code] of one.illegal ?? []) {
      const answer = [short(value), api.SetValue(one.element, value), api.GetLastError()];
      expect(answer).toEqual([short(value), "false", fixed && answer[2] === "351" ? "351" : code]);
      if (kept !== null) expect(api.GetValue(one.element)).toBe(kept);
    }
    if (!one.legal || one.hidden || one.element.startsWith("adl.nav")) return;
    // RTE 4.2.1.3: what was set is there again when the SCO is taken up.
    api.SetValue("cmi.exit", "suspend");
    expect(api.Terminate("")).toBe("true");
    const again = begin({ ...one.given, entry: "resume", saved: { ...lms.stored } });
    expect(short(again.api.GetValue(one.element))).toBe(short(kept!));
  });
});

describe("RTE 4.1.1.5 to 4.1.1.7, names", () => {
  it.each([
    ["cmi.comments_from_learner", "comment,location,timestamp"],
    ["cmi.comments_from_lms", "comment,location,timestamp"],
    ["cmi.interactions", "id,type,objectives,timestamp,correct_responses,weighting,learner_response,result,latency,description"],
    ["cmi.learner_preference", "audio_level,language,delivery_speed,audio_captioning"],
    ["cmi.objectives", "id,score,success_status,completion_status,progress_measure,description"],
    ["cmi.score", "scaled,raw,min,max"],
  ])("%s._children", (group, children) => {
    expect(begin().api.GetValue(`${group}._children`).split(",").sort()).toEqual(children.split(",").sort());
  });

  it.each([
    ["cmi.no_such_thing", "401"],
    ["cmi.score.no_such_thing", "401"],
    ["xyz.mode", "401"],
    ["cmi.mode._children", "301"],
    ["cmi.score._count", "301"],
    ["cmi.location._count", "301"],
    ["cmi.score._version", "301"],
    ["cmi.objectives.0.id", "301"],
    ["cmi.interactions.7.id", "301"],
    ["cmi.comments_from_lms.0.comment", "301"],
  ])("GetValue(%s) answers %s", (name, code) => {
    const { api } = begin();
    expect([api.GetValue(name), api.GetLastError()]).toEqual(["", code]);
  });

  it.each([
    ["cmi.no_such_thing", "401"],
    ["cmi.objectives.1.id", "351"],
    ["cmi.interactions.2.id", "351"],
    ["cmi.comments_from_learner.1.comment", "351"],
    ["cmi.objectives.0.success_status", "408"],
    ["cmi.objectives.0.score.scaled", "408"],
    ["cmi.interactions.0.type", "408"],
    ["cmi.interactions.0.timestamp", "408"],
    ["cmi.interactions.0.objectives.0.id", "408"],
    ["cmi.interactions.0.correct_responses.0.pattern", "408"],
  ])("SetValue(%s) is refused with %s", (name, code) => {
    const { api } = begin();
    expect([api.SetValue(name, name.endsWith("success_status") ? "passed" : "0"), api.GetLastError()]).toEqual(["false", code]);
    expect([api.GetValue("cmi.objectives._count"), api.GetValue("cmi.interactions._count")]).toEqual(["0", "0"]);
  });
});

describe("RTE 4.2, elements that hang together", () => {
  it("4.2.17: two objectives never have one identifier, and an identifier never changes", () => {
    const { api } = begin();
    api.SetValue("cmi.objectives.0.id", "a");
    expect([api.SetValue("cmi.objectives.1.id", "a"), api.GetLastError()]).toEqual(["false", "351"]);
    expect([api.SetValue("cmi.objectives.0.id", "b"), api.GetLastError()]).toEqual(["false", "351"]);
    expect([api.SetValue("cmi.objectives.0.id", "a"), api.GetValue("cmi.objectives._count")]).toEqual(["true", "1"]);
  });

  it("4.2.9: a response waits for the type, and a pattern too", () => {
    const { api } = begin();
    api.SetValue("cmi.interactions.0.id", "q");
    expect([api.SetValue("cmi.interactions.0.learner_response", "a"), api.GetLastError()]).toEqual(["false", "408"]);
    expect([api.SetValue("cmi.interactions.0.correct_responses.0.pattern", "a"), api.GetLastError()]).toEqual(["false", "408"]);
  });

  it.each([
    [null, null, null, "unknown"], [null, null, "completed", "completed"], [null, "0.5", "completed", "completed"],
    ["0.8", null, null, "unknown"], ["0.8", null, "completed", "unknown"], ["0.8", null, "incomplete", "unknown"],
    ["0.8", "0.5", null, "incomplete"], ["0.8", "0.5", "completed", "incomplete"], ["0.8", "0.8", "incomplete", "completed"],
  ])("table 4.2.4.1a: threshold %s, measure %s, said %s: %s", (threshold, measure, said, wanted) => {
    const { api } = begin({ item: item({ completionThreshold: threshold === null ? null : Number(threshold) }) });
    if (said) api.SetValue("cmi.completion_status", said);
    if (measure) api.SetValue("cmi.progress_measure", measure);
    expect(api.GetValue("cmi.completion_status")).toBe(wanted);
  });

  it.each([
    [null, null, null, "unknown"], [null, null, "passed", "passed"], [null, "0.1", "passed", "passed"],
    [0.6, null, null, "unknown"], [0.6, null, "passed", "unknown"],
    [0.6, "0.5", "passed", "failed"], [0.6, "0.6", "failed", "passed"], [0.6, "0.6", null, "passed"],
  ])("table 4.2.22.1a: passing score %s, scaled %s, said %s: %s", (passing, scaled, said, wanted) => {
    const primary = passing === null ? {} : { satisfiedByMeasure: true, minNormalizedMeasure: passing };
    const { api } = begin({ item: item({ sequencing: { objectives: { primary } } }) });
    if (said) api.SetValue("cmi.success_status", said);
    if (scaled) api.SetValue("cmi.score.scaled", scaled);
    expect(api.GetValue("cmi.success_status")).toBe(wanted);
  });

  it.each(["suspend", "normal"])("4.2.8: what a SCO left with %s is the host's to give; entry says which", (exit) => {
    const { api, lms } = begin();
    api.SetValue("cmi.exit", exit);
    api.Terminate("");
    expect(lms.endings[0]!.results.exit).toBe(exit);
  });
});

describe("RTE 4.3, adl.data of the 4th edition", () => {
  const held: Elements = { open: "here", closed: "secret" };
  const shared = () => {
    const lms = site({ sharedData: { read: (id) => held[id], write: (id, value) => void (held[id] = value) } });
    const data = [{ targetID: "open" }, { targetID: "closed", readSharedData: false }, { targetID: "fixed", writeSharedData: false }];
    const api = createApi2004(session({ edition: 4, item: item({ sequencing: { data } }) }), lms);
    api.Initialize("");
    return api;
  };
  it.each([
    ["adl.data._count", ["3", "0"]],
    ["adl.data.0.id", ["open", "0"]],
    ["adl.data.0.store", ["here", "0"]],
    ["adl.data.1.store", ["", "405"]],
    ["adl.data.2.store", ["", "403"]],
    ["adl.data.3.id", ["", "301"]],
  ])("GetValue(%s)", (name, wanted) => {
    const api = shared();
    expect([api.GetValue(name), api.GetLastError()]).toEqual(wanted);
  });
  it.each([
    ["adl.data._children", "404"], ["adl.data._count", "404"], ["adl.data.0.id", "404"], ["adl.data.2.store", "404"],
    ["adl.data.0.store", "0"], ["adl.data.1.store", "0"], ["adl.data.5.store", "351"],
  ])("SetValue(%s) answers %s", (name, code) => {
    const api = shared();
    expect([api.SetValue(name, "here"), api.GetLastError()]).toEqual([code === "0" ? "true" : "false", code]);
    expect(api.GetValue("adl.data._children").split(",").sort()).toEqual(["id", "store"]);
  });
});
