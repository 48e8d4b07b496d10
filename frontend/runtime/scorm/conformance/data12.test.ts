/* SCORM 1.2, RTE 3.4.3 and 3.4.4: each element as a suite from outside tries it. What a SCO finds, which values it may set, which
   are refused and with which code, what it gets after a resume. Written from the book, not from the engine. */
import { describe, expect, it } from "vitest";
import type { Elements, Session } from "../types.ts";
import { createApi12 } from "../rte/index.ts";
import { item, session, site } from "../rte/fixtures.ts";

interface Case {
  element: string;
  /** Answer and code of a get before anything was set. */
  first?: [string, string];
  legal?: string[];
  /** Value and the code it is refused with. */
  illegal?: [string, string][];
  /** Write only: 404 when asked. */
  hidden?: true;
  given?: Partial<Session>;
  before?: Elements;
}

function begin(given: Partial<Session> = {}) {
  const lms = site();
  const api = createApi12(session(given), lms);
  expect(api.LMSInitialize("")).toBe("true");
  return { lms, api };
}

const long = (length: number) => "x".repeat(length);
const DECIMAL = { legal: ["0", "100", "87.5", "66"], illegal: [["abc", "405"], ["101", "405"], ["-1", "405"], ["1e1", "405"]] as [string, string][] };
const TIMESPAN = {
  legal: ["00:00:00", "0000:00:30", "12:34:56", "9999:59:59.99", "00:00:01.5"],
  illegal: [["PT1M", "405"], ["1:00:00", "405"], ["00:00", "405"], ["00:61:00", "405"], ["00:00:00.123", "405"], ["", "405"]] as [string, string][],
};
const IDENTIFIER = { legal: ["A1", "obj_1-b", "7", long(255)], illegal: [["", "405"], ["two words", "405"], [long(256), "405"]] as [string, string][] };
const readOnly = (code = "403"): { illegal: [string, string][] } => ({ illegal: [["x", code], ["", code]] });
const data = { masteryScore: 80, maxTimeAllowed: 5400, timeLimitAction: "exit,no message" as const, launchData: "start=3" };

const CASES: Case[] = [
  { element: "cmi._version", first: ["3.4", "0"], ...readOnly("402") },
  { element: "cmi.core._children", ...readOnly("402") },
  { element: "cmi.core.student_id", first: ["learner-7", "0"], ...readOnly() },
  { element: "cmi.core.student_name", first: ["Doe, Jane", "0"], ...readOnly() },
  { element: "cmi.core.lesson_location", first: ["", "0"], legal: ["", "page 4", long(255)], illegal: [[long(256), "405"]] },
  { element: "cmi.core.credit", first: ["credit", "0"], ...readOnly() },
  { element: "cmi.core.credit", given: { credit: "no-credit" }, first: ["no-credit", "0"] },
  {
    element: "cmi.core.lesson_status", first: ["not attempted", "0"], legal: ["passed", "completed", "failed", "incomplete", "browsed"],
    illegal: [["not attempted", "405"], ["", "405"], ["Passed", "405"], ["unknown", "405"], ["done", "405"]],
  },
  { element: "cmi.core.entry", first: ["ab-initio", "0"], ...readOnly() },
  { element: "cmi.core.entry", given: { entry: "resume" }, first: ["resume", "0"] },
  { element: "cmi.core.entry", given: { entry: "" }, first: ["", "0"] },
  { element: "cmi.core.score._children", ...readOnly("402") },
  { element: "cmi.core.score.raw", first: ["", "0"], ...DECIMAL },
  { element: "cmi.core.score.raw", legal: [""] },
  { element: "cmi.core.score.min", first: ["", "0"], ...DECIMAL },
  { element: "cmi.core.score.max", first: ["", "0"], ...DECIMAL },
  { element: "cmi.core.total_time", first: ["0000:00:00.00", "0"], ...readOnly() },
  { element: "cmi.core.total_time", given: { totalSeconds: 3725 }, first: ["0001:02:05.00", "0"] },
  { element: "cmi.core.lesson_mode", first: ["normal", "0"], ...readOnly() },
  { element: "cmi.core.lesson_mode", given: { mode: "browse" }, first: ["browse", "0"] },
  { element: "cmi.core.lesson_mode", given: { mode: "review", credit: "no-credit" }, first: ["review", "0"] },
  { element: "cmi.core.exit", hidden: true, legal: ["time-out", "suspend", "logout", ""], illegal: [["normal", "405"], ["Suspend", "405"]] },
  { element: "cmi.core.session_time", hidden: true, ...TIMESPAN },
  { element: "cmi.suspend_data", first: ["", "0"], legal: ["", "a=1;b=2", long(4096)], illegal: [[long(4097), "405"]] },
  { element: "cmi.launch_data", first: ["", "0"], ...readOnly() },
  { element: "cmi.launch_data", given: { item: item(data) }, first: ["start=3", "0"] },
  { element: "cmi.comments", first: ["", "0"], legal: ["Good", long(4000)], illegal: [[long(4097), "405"]] },
  { element: "cmi.comments_from_lms", first: ["", "0"], ...readOnly() },
  { element: "cmi.objectives._children", ...readOnly("402") },
  { element: "cmi.objectives._count", first: ["0", "0"], ...readOnly("402") },
  { element: "cmi.objectives.0.id", ...IDENTIFIER },
  { element: "cmi.objectives.0.score._children", before: { "cmi.objectives.0.id": "a" }, ...readOnly("402") },
  { element: "cmi.objectives.0.score.raw", ...DECIMAL },
  { element: "cmi.objectives.0.score.min", ...DECIMAL },
  { element: "cmi.objectives.0.score.max", ...DECIMAL },
  {
    element: "cmi.objectives.0.status", legal: ["passed", "completed", "failed", "incomplete", "browsed", "not attempted"],
    illegal: [["unknown", "405"], ["", "405"]],
  },
  { element: "cmi.student_data._children", ...readOnly("402") },
  { element: "cmi.student_data.mastery_score", given: { item: item(data) }, first: ["80", "0"], ...readOnly() },
  { element: "cmi.student_data.max_time_allowed", given: { item: item(data) }, first: ["0001:30:00.00", "0"], ...readOnly() },
  { element: "cmi.student_data.time_limit_action", given: { item: item(data) }, first: ["exit,no message", "0"], ...readOnly() },
  { element: "cmi.student_preference._children", ...readOnly("402") },
  {
    element: "cmi.student_preference.audio", first: ["0", "0"], legal: ["-1", "0", "50", "100"],
    illegal: [["-2", "405"], ["101", "405"], ["1.5", "405"], ["loud", "405"]],
  },
  { element: "cmi.student_preference.language", first: ["", "0"], legal: ["English", "fr", ""], illegal: [[long(256), "405"]] },
  {
    element: "cmi.student_preference.speed", first: ["0", "0"], legal: ["-100", "0", "100"],
    illegal: [["-101", "405"], ["101", "405"], ["fast", "405"]],
  },
  { element: "cmi.student_preference.text", first: ["0", "0"], legal: ["-1", "0", "1"], illegal: [["2", "405"], ["-2", "405"], ["x", "405"]] },
  { element: "cmi.interactions._children", ...readOnly("402") },
  { element: "cmi.interactions._count", first: ["0", "0"], ...readOnly("402") },
  { element: "cmi.interactions.0.id", hidden: true, ...IDENTIFIER },
  { element: "cmi.interactions.0.objectives._count", before: { "cmi.interactions.0.id": "q" }, first: ["0", "0"], ...readOnly("402") },
  { element: "cmi.interactions.0.objectives.0.id", hidden: true, before: { "cmi.interactions.0.id": "q" }, ...IDENTIFIER },
  {
    element: "cmi.interactions.0.time", hidden: true, legal: ["00:00:00", "23:59:59", "14:05:59.25"],
    illegal: [["24:00:00", "405"], ["12:60:00", "405"], ["noon", "405"]],
  },
  {
    element: "cmi.interactions.0.type", hidden: true,
    legal: ["true-false", "choice", "fill-in", "matching", "performance", "sequencing", "likert", "numeric"],
    illegal: [["long-fill-in", "405"], ["other", "405"], ["", "405"]],
  },
  { element: "cmi.interactions.0.correct_responses._count", before: { "cmi.interactions.0.id": "q" }, first: ["0", "0"], ...readOnly("402") },
  {
    element: "cmi.interactions.0.correct_responses.0.pattern", hidden: true, legal: ["t", "0"],
    before: { "cmi.interactions.0.id": "q", "cmi.interactions.0.type": "true-false" },
  },
  { element: "cmi.interactions.0.weighting", hidden: true, legal: ["1", "0.5", "-2", "100"], illegal: [["heavy", "405"]] },
  { element: "cmi.interactions.0.student_response", hidden: true, before: { "cmi.interactions.0.type": "choice" }, legal: ["a", "a,b", "{a,c}"] },
  {
    element: "cmi.interactions.0.result", hidden: true, legal: ["correct", "wrong", "unanticipated", "neutral", "3.5", "0"],
    illegal: [["incorrect", "405"], ["maybe", "405"], ["", "405"]],
  },
  { element: "cmi.interactions.0.latency", hidden: true, ...TIMESPAN },
];

describe("RTE 1.2 3.4.4, element by element", () => {
  it.each(CASES.map((one, i) => [`${one.element} #${i}`, one] as const))("%s", (_, one) => {
    const { api, lms } = begin(one.given);
    for (const [name, value] of Object.entries(one.before ?? {})) expect(api.LMSSetValue(name, value)).toBe("true");
    if (one.first) expect([api.LMSGetValue(one.element), api.LMSGetLastError()]).toEqual(one.first);
    for (const value of one.legal ?? []) {
      expect([value.slice(0, 40), api.LMSSetValue(one.element, value), api.LMSGetLastError()]).toEqual([value.slice(0, 40), "true", "0"]);
      if (one.hidden) expect([api.LMSGetValue(one.element), api.LMSGetLastError()]).toEqual(["", "404"]);
      else if (one.element !== "cmi.comments") expect([api.LMSGetValue(one.element), api.LMSGetLastError()]).toEqual([value, "0"]);
    }
    const kept = one.hidden || one.first?.[1] === "404" ? null : api.LMSGetValue(one.element);
    for (const [value, code] of one.illegal ?? []) {
      expect([value.slice(0, 40), api.LMSSetValue(one.element, value), api.LMSGetLastError()]).toEqual([value.slice(0, 40), "false", code]);
      expect(api.LMSGetErrorString(code)).not.toBe("");
      if (kept !== null) expect(api.LMSGetValue(one.element)).toBe(kept);
    }
    if (!one.legal || one.hidden) return;
    // 3.4.2: what was set is there again when the SCO is taken up.
    api.LMSSetValue("cmi.core.exit", "suspend");
    expect(api.LMSFinish("")).toBe("true");
    const again = begin({ ...one.given, entry: "resume", saved: { ...lms.stored } });
    expect(again.api.LMSGetValue(one.element)).toBe(kept);
  });
});

describe("RTE 1.2 3.4.3, the lists of children", () => {
  it.each([
    ["cmi.core", "student_id,student_name,lesson_location,credit,lesson_status,entry,score,total_time,lesson_mode,exit,session_time"],
    ["cmi.core.score", "raw,min,max"],
    ["cmi.objectives", "id,score,status"],
    ["cmi.student_data", "mastery_score,max_time_allowed,time_limit_action"],
    ["cmi.student_preference", "audio,language,speed,text"],
    ["cmi.interactions", "id,objectives,time,type,correct_responses,weighting,student_response,result,latency"],
  ])("%s._children", (group, children) => {
    const { api } = begin();
    expect(api.LMSGetValue(`${group}._children`).split(",").sort()).toEqual(children.split(",").sort());
  });

  it.each([
    ["cmi.core.student_id._children", "202", "an element without children"],
    ["cmi.suspend_data._children", "202", "an element without children"],
    ["cmi.core._count", "203", "a group that is no array"],
    ["cmi.suspend_data._count", "203", "an element that is no array"],
    ["cmi.no_such_thing", "401", "nothing that the model has"],
    ["cmi.core.no_such_thing", "401", "nothing that the group has"],
    ["xyz.core.student_id", "401", "another model"],
    ["", "201", "no name"],
    ["cmi.objectives.0.id", "201", "an index that is not there"],
    ["cmi.interactions.0.objectives._count", "201", "a list in an index that is not there"],
  ])("3.3.4: LMSGetValue(%s) answers %s: %s", (name, code) => {
    const { api } = begin();
    expect([api.LMSGetValue(name), api.LMSGetLastError()]).toEqual(["", code]);
  });

  it.each([
    ["cmi.no_such_thing", "401"],
    ["cmi.core.no_such_thing", "401"],
    ["", "201"],
    ["cmi.objectives.1.id", "201"],
    ["cmi.interactions.3.id", "201"],
    ["cmi.interactions.0.correct_responses.1.pattern", "201"],
    ["cmi.objectives.-1.id", "401|201"],
    ["cmi.objectives.a.id", "401|201"],
  ])("3.3.4: LMSSetValue(%s) is refused with %s", (name, code) => {
    const { api } = begin();
    expect(api.LMSSetValue(name, "a")).toBe("false");
    expect(code.split("|")).toContain(api.LMSGetLastError());
    expect(api.LMSGetValue("cmi.objectives._count")).toBe("0");
  });

  it("3.4.3: indices grow one by one and each set counts once", () => {
    const { api } = begin();
    for (let i = 0; i < 3; i++) expect(api.LMSSetValue(`cmi.objectives.${i}.id`, `o${i}`)).toBe("true");
    expect(api.LMSSetValue("cmi.objectives.1.status", "passed")).toBe("true");
    expect(api.LMSGetValue("cmi.objectives._count")).toBe("3");
    expect(api.LMSSetValue("cmi.objectives.4.id", "o4")).toBe("false");
    expect(api.LMSGetValue("cmi.objectives._count")).toBe("3");
  });
});

describe("RTE 1.2 3.4.4, what LMSFinish works out", () => {
  it.each([
    ["a score at the mastery score passes", "100", "completed", "credit", "normal", "passed"],
    ["a score below it fails", "79", "completed", "credit", "normal", "failed"],
    ["below it, though the SCO says passed", "10", "passed", "credit", "normal", "failed"],
    ["no score: what the SCO said stays", "", "completed", "credit", "normal", "completed"],
    ["without credit what the SCO said stays", "10", "completed", "no-credit", "normal", "completed"],
  ] as const)("lesson_status and mastery_score: %s", (_, raw, said, credit, mode, status) => {
    const { api, lms } = begin({ item: item(data), credit, mode });
    if (raw) api.LMSSetValue("cmi.core.score.raw", raw);
    api.LMSSetValue("cmi.core.lesson_status", said);
    api.LMSFinish("");
    expect(lms.stored["cmi.core.lesson_status"]).toBe(status);
  });

  it("lesson_status: a SCO that never sets it is completed at its end", () => {
    const { api, lms } = begin();
    api.LMSFinish("");
    expect(lms.stored["cmi.core.lesson_status"]).toBe("completed");
  });

  it("total_time: does not move while the SCO runs, and holds the last session time afterwards", () => {
    const { api, lms } = begin({ totalSeconds: 60 });
    api.LMSSetValue("cmi.core.session_time", "00:10:00");
    api.LMSSetValue("cmi.core.session_time", "00:00:30");
    expect(api.LMSGetValue("cmi.core.total_time")).toBe("0000:01:00.00");
    api.LMSFinish("");
    expect(lms.endings[0]!.results.sessionSeconds).toBe(30);
  });

  it("comments: no clause has the site join what is set one after the other, so that the last set holds", () => {
    const { api } = begin();
    api.LMSSetValue("cmi.comments", "<1>one<e.1>");
    api.LMSSetValue("cmi.comments", "<1>one<e.1><2>two<e.2>");
    expect(api.LMSGetValue("cmi.comments")).toBe("<1>one<e.1><2>two<e.2>");
  });
});
