/* Each element of SCORM 1.2: RTE 1.2, 3.4.4 (the table of each element), 3.4.3 (data types), 3.3.5 (error codes). */
import { describe, expect, it } from "vitest";
import type { Api12 } from "../types.ts";
import { createApi12 } from "./api12.ts";
import { item, session, site } from "./fixtures.ts";

interface Row {
  element: string;
  access: "r" | "w" | "rw";
  /** What is found before anything is set. */
  initial?: string;
  good?: string[];
  bad?: string[];
  /** Calls that make the element reachable. */
  before?: [string, string][];
}

const launch = item({
  launchData: "page=3",
  masteryScore: 72.5,
  maxTimeAllowed: 5400,
  timeLimitAction: "exit,message",
});
const given = { item: launch, totalSeconds: 3723.5, commentsFromLms: [{ comment: "Welcome back." }] };

const text255 = { good: ["", "a", "ä 😀".repeat(50), "x".repeat(255)], bad: ["x".repeat(256), "a\0b", "half \ud83d"] };
const score = { initial: "", good: ["0", "100", "85.5", "99.999999999999", "", "7."], bad: ["-1", "100.1", "abc", "1,5", "1e2", "5 "] };
const identifier = { good: ["id_1", "urn:x-1", "Scene1.Slide2", "x".repeat(255)], bad: ["", "two words", "x".repeat(256), "a\tb"] };
const span = { good: ["00:00:00", "0001:30:05.5", "9999:59:59.99"], bad: ["", "1:00:00", "00:00", "00:00:00.123", "12345:00:00", "PT1H", "-00:01:00", "00:60:00", "00:00:60"] };
const status = ["passed", "completed", "failed", "incomplete", "browsed"];
const one: [string, string][] = [["cmi.interactions.0.id", "q1"]];

const rows: Row[] = [
  { element: "cmi._version", access: "r", initial: "3.4" },
  { element: "cmi.core.student_id", access: "r", initial: "learner-7" },
  { element: "cmi.core.student_name", access: "r", initial: "Doe, Jane" },
  { element: "cmi.core.lesson_location", access: "rw", initial: "", ...text255 },
  { element: "cmi.core.credit", access: "r", initial: "credit" },
  { element: "cmi.core.lesson_status", access: "rw", initial: "not attempted", good: status, bad: ["not attempted", "", "Passed", "unknown", "passed "] },
  { element: "cmi.core.entry", access: "r", initial: "ab-initio" },
  { element: "cmi.core.score.raw", access: "rw", ...score },
  { element: "cmi.core.score.min", access: "rw", ...score },
  { element: "cmi.core.score.max", access: "rw", ...score },
  { element: "cmi.core.total_time", access: "r", initial: "0001:02:03.50" },
  { element: "cmi.core.lesson_mode", access: "r", initial: "normal" },
  { element: "cmi.core.exit", access: "w", good: ["time-out", "suspend", "logout", ""], bad: ["normal", "Suspend", "exit"] },
  { element: "cmi.core.session_time", access: "w", ...span },
  { element: "cmi.suspend_data", access: "rw", initial: "", good: ["", "a=1&b=2", "x".repeat(4096)], bad: ["x".repeat(4097), "\0"] },
  { element: "cmi.launch_data", access: "r", initial: "page=3" },
  { element: "cmi.comments", access: "rw", initial: "", good: ["<1>Good.<e.1>", "x".repeat(4096)], bad: ["x".repeat(4097)] },
  { element: "cmi.comments_from_lms", access: "r", initial: "Welcome back." },
  { element: "cmi.objectives.0.id", access: "rw", ...identifier },
  { element: "cmi.objectives.0.score.raw", access: "rw", ...score, initial: undefined },
  { element: "cmi.objectives.0.score.min", access: "rw", ...score, initial: undefined },
  { element: "cmi.objectives.0.score.max", access: "rw", ...score, initial: undefined },
  { element: "cmi.objectives.0.status", access: "rw", good: [...status, "not attempted"], bad: ["", "unknown", "satisfied"] },
  { element: "cmi.student_data.mastery_score", access: "r", initial: "72.5" },
  { element: "cmi.student_data.max_time_allowed", access: "r", initial: "0001:30:00.00" },
  { element: "cmi.student_data.time_limit_action", access: "r", initial: "exit,message" },
  { element: "cmi.student_preference.audio", access: "rw", initial: "0", good: ["-1", "0", "100"], bad: ["-2", "101", "1.5", "", "loud"] },
  { element: "cmi.student_preference.language", access: "rw", initial: "", ...text255 },
  { element: "cmi.student_preference.speed", access: "rw", initial: "0", good: ["-100", "0", "100"], bad: ["-101", "101", "fast"] },
  { element: "cmi.student_preference.text", access: "rw", initial: "0", good: ["-1", "0", "1"], bad: ["2", "-2", "yes"] },
  { element: "cmi.interactions.0.id", access: "w", ...identifier },
  { element: "cmi.interactions.0.objectives.0.id", access: "w", before: one, ...identifier },
  { element: "cmi.interactions.0.time", access: "w", good: ["00:00:00", "23:59:59.99"], bad: ["24:00:00", "1:00:00", "12:60:00", "noon", ""] },
  {
    element: "cmi.interactions.0.type",
    access: "w",
    good: ["true-false", "choice", "fill-in", "matching", "performance", "sequencing", "likert", "numeric"],
    bad: ["", "other", "long-fill-in", "Choice"],
  },
  { element: "cmi.interactions.0.correct_responses.0.pattern", access: "w", before: one, good: ["a", "{a,b}", "", "x".repeat(255)], bad: ["x".repeat(256)] },
  { element: "cmi.interactions.0.weighting", access: "w", good: ["1", "-2.5", "0"], bad: ["heavy", "", "1.2.3"] },
  { element: "cmi.interactions.0.student_response", access: "w", good: ["a", "b,c", "1.a,2.b"], bad: ["x".repeat(256)] },
  { element: "cmi.interactions.0.result", access: "w", good: ["correct", "wrong", "unanticipated", "neutral", "0.5"], bad: ["incorrect", "", "right"] },
  { element: "cmi.interactions.0.latency", access: "w", ...span },
];

function launched(extra = {}): { api: Api12; lms: ReturnType<typeof site> } {
  const lms = site();
  const api = createApi12(session({ ...given, ...extra }), lms);
  return { api, lms };
}

function running(row: Row): ReturnType<typeof launched> {
  const made = launched();
  made.api.LMSInitialize("");
  for (const [element, value] of row.before ?? []) made.api.LMSSetValue(element, value);
  return made;
}

describe.each(rows)("$element (RTE 1.2, 3.4.4)", (row) => {
  const value = row.good?.[0] ?? "x";

  it("is out of reach before LMSInitialize and after LMSFinish (301)", () => {
    const { api } = launched();
    const tried = (): string[] => [
      api.LMSGetValue(row.element),
      api.LMSGetLastError(),
      api.LMSSetValue(row.element, value),
      api.LMSGetLastError(),
    ];
    expect(tried()).toEqual(["", "301", "false", "301"]);
    api.LMSInitialize("");
    api.LMSFinish("");
    expect(tried()).toEqual(["", "301", "false", "301"]);
  });

  if (row.access === "r") it("is found and cannot be set (403, the version 402)", () => {
    const { api } = running(row);
    expect(api.LMSSetValue(row.element, value)).toBe("false");
    expect(api.LMSGetLastError()).toBe(row.element === "cmi._version" ? "402" : "403");
    expect([api.LMSGetValue(row.element), api.LMSGetLastError()]).toEqual([row.initial, "0"]);
  });

  if (row.access === "w") it("cannot be read (404), before and after it is set", () => {
    const { api } = running(row);
    for (const good of row.good!) {
      expect([api.LMSGetValue(row.element), api.LMSGetLastError()]).toEqual(["", "404"]);
      expect([api.LMSSetValue(row.element, good), api.LMSGetLastError()]).toEqual(["true", "0"]);
    }
    expect(api.LMSGetValue(row.element)).toBe("");
  });

  if (row.access === "rw") it("holds what was set", () => {
    const { api } = running(row);
    if (row.initial !== undefined) expect([api.LMSGetValue(row.element), api.LMSGetLastError()]).toEqual([row.initial, "0"]);
    for (const good of row.good!) {
      expect([api.LMSSetValue(row.element, good), api.LMSGetLastError()]).toEqual(["true", "0"]);
      expect([api.LMSGetValue(row.element), api.LMSGetLastError()]).toEqual([good, "0"]);
    }
  });

  if (row.bad) it("refuses what its data type does not allow and keeps what it held (405)", () => {
    const { api, lms } = running(row);
    expect(api.LMSSetValue(row.element, row.good!.at(-1)!)).toBe("true");
    for (const bad of row.bad!) {
      expect([bad, api.LMSSetValue(row.element, bad), api.LMSGetLastError()]).toEqual([bad, "false", "405"]);
      expect(api.LMSGetDiagnostic("405")).not.toBe("");
    }
    if (row.access === "rw") expect(api.LMSGetValue(row.element)).toBe(row.good!.at(-1));
    api.LMSCommit("");
    expect(lms.stored[row.element]).toBe(row.good!.at(-1));
  });

  if (row.access !== "r") it("is committed, and found again by the next session", () => {
    const { api, lms } = running(row);
    const last = row.good!.at(-1)!;
    api.LMSSetValue(row.element, last);
    expect(api.LMSCommit("")).toBe("true");
    expect(lms.commits[0]!.elements[row.element]).toBe(last);
    expect(api.LMSCommit("")).toBe("true");
    expect(lms.commits[1]!.elements).toEqual({});
    const { api: next } = launched({ saved: lms.stored, entry: "resume" });
    next.LMSInitialize("");
    if (row.access === "rw") expect(next.LMSGetValue(row.element)).toBe(last);
    if (row.element.startsWith("cmi.interactions.0")) expect(next.LMSGetValue("cmi.interactions._count")).toBe("1");
  });
});

describe("keywords (RTE 1.2, 3.4.2)", () => {
  const children: [string, string][] = [
    ["cmi.core", "student_id,student_name,lesson_location,credit,lesson_status,entry,score,total_time,lesson_mode,exit,session_time"],
    ["cmi.core.score", "raw,min,max"],
    ["cmi.objectives", "id,score,status"],
    ["cmi.objectives.0.score", "raw,min,max"],
    ["cmi.student_data", "mastery_score,max_time_allowed,time_limit_action"],
    ["cmi.student_preference", "audio,language,speed,text"],
    ["cmi.interactions", "id,objectives,time,type,correct_responses,weighting,student_response,result,latency"],
  ];
  const begun = (): Api12 => {
    const { api } = launched();
    api.LMSInitialize("");
    api.LMSSetValue("cmi.objectives.0.id", "o");
    return api;
  };

  it.each(children)("%s._children names what there is and cannot be set (402)", (group, names) => {
    const api = begun();
    expect([api.LMSGetValue(`${group}._children`), api.LMSGetLastError()]).toEqual([names, "0"]);
    expect([api.LMSSetValue(`${group}._children`, "x"), api.LMSGetLastError()]).toEqual(["false", "402"]);
  });

  it("_count counts the entries of each collection and cannot be set (402)", () => {
    const api = begun();
    for (const collection of ["cmi.interactions", "cmi.interactions.0.objectives", "cmi.interactions.0.correct_responses"]) {
      if (collection === "cmi.interactions") expect(api.LMSGetValue(`${collection}._count`)).toBe("0");
      const leaf = { objectives: "objectives.0.id", correct_responses: "correct_responses.0.pattern" }[collection.split(".")[3] ?? ""];
      api.LMSSetValue(leaf ? `cmi.interactions.0.${leaf}` : "cmi.interactions.0.id", "a");
      expect(api.LMSGetValue(`${collection}._count`)).toBe("1");
      expect([api.LMSSetValue(`${collection}._count`, "5"), api.LMSGetLastError()]).toEqual(["false", "402"]);
    }
  });

  it.each([
    ["cmi.core.student_name._children", "202"],
    ["cmi.suspend_data._children", "202"],
    ["cmi.core.score._count", "203"],
    ["cmi.core.student_name._count", "203"],
    ["cmi.foo._children", "401"],
    ["xyz.score.result", "401"],
    ["cmi", "401"],
    ["cmi.core", "401"],
    ["cmi.objectives.0", "401"],
    ["cmi.objectives.00.id", "401"],
    ["cmi.objectives.-1.id", "401"],
    ["CMI.core.student_id", "401"],
    ["cmi.core.student_id ", "401"],
    ["__proto__", "401"],
    ["constructor", "401"],
    ["", "201"],
    ["cmi.objectives.1.id", "201"],
  ])("LMSGetValue(%j) is answered with %s", (name, code) => {
    const api = begun();
    expect([api.LMSGetValue(name), api.LMSGetLastError()]).toEqual(["", code]);
  });

  it.each([
    ["cmi.foo", "401"],
    ["cmi", "401"],
    ["cmi.core", "401"],
    ["", "201"],
    ["cmi.objectives.2.id", "201"],
    ["cmi.interactions.1.id", "201"],
    ["cmi.interactions.0.objectives.1.id", "201"],
    ["cmi.interactions.10000.id", "201"],
  ])("LMSSetValue(%j) is answered with %s and destroys nothing", (name, code) => {
    const api = begun();
    api.LMSSetValue("cmi.suspend_data", "precious");
    expect([api.LMSSetValue(name, "x"), api.LMSGetLastError()]).toEqual(["false", code]);
    expect(api.LMSGetValue("cmi.suspend_data")).toBe("precious");
    expect(api.LMSGetValue("cmi.objectives.0.id")).toBe("o");
    expect(api.LMSGetValue("cmi.interactions._count")).toBe("0");
  });
});

describe("CMIFeedback (RTE 1.2, appendix A.1)", () => {
  it.each([
    ["true-false", ["0", "1", "t", "f", "true"], ["maybe", "2"]],
    ["numeric", ["3", "-2.5"], ["three"]],
    ["choice", ["a", "a,b", "Choice text"], []],
    ["likert", ["3", "agree"], []],
  ])("%s", (type, good, bad) => {
    const { api } = launched();
    api.LMSInitialize("");
    api.LMSSetValue("cmi.interactions.0.type", type);
    for (const value of good) expect([value, api.LMSSetValue("cmi.interactions.0.student_response", value)]).toEqual([value, "true"]);
    for (const value of bad) {
      expect(api.LMSSetValue("cmi.interactions.0.student_response", value)).toBe("false");
      expect(api.LMSSetValue("cmi.interactions.0.correct_responses.0.pattern", value)).toBe("false");
      expect(api.LMSGetLastError()).toBe("405");
    }
  });

  it("takes a range as the pattern of a number", () => {
    const { api } = launched();
    api.LMSInitialize("");
    api.LMSSetValue("cmi.interactions.0.type", "numeric");
    expect(api.LMSSetValue("cmi.interactions.0.correct_responses.0.pattern", "{1,5}")).toBe("true");
    expect(api.LMSSetValue("cmi.interactions.0.student_response", "1,5")).toBe("false");
  });
});
