/* The functions of SCORM 1.2 and their order: RTE 1.2, 3.3.2 to 3.3.5; what the LMS does at the end: 3.4.4, cmi.core.lesson_status. */
import { describe, expect, it } from "vitest";
import type { Host, Session } from "../types.ts";
import { createApi12, createRuntime12 } from "./api12.ts";
import { resultsOf } from "./data12.ts";
import { item, session, site } from "./fixtures.ts";

function launched(extra: Partial<Session> = {}, host: Partial<Host> = {}) {
  const lms = site(host);
  return { lms, api: createApi12(session(extra), lms) };
}

describe("state (RTE 1.2, 3.3.2)", () => {
  it("goes from not initialised through running to finished, each once", () => {
    const { api } = launched();
    expect([api.LMSFinish(""), api.LMSGetLastError()]).toEqual(["false", "301"]);
    expect([api.LMSCommit(""), api.LMSGetLastError()]).toEqual(["false", "301"]);
    expect([api.LMSInitialize(""), api.LMSGetLastError()]).toEqual(["true", "0"]);
    expect([api.LMSInitialize(""), api.LMSGetLastError()]).toEqual(["false", "101"]);
    expect([api.LMSCommit(""), api.LMSGetLastError()]).toEqual(["true", "0"]);
    expect([api.LMSFinish(""), api.LMSGetLastError()]).toEqual(["true", "0"]);
    expect([api.LMSFinish(""), api.LMSGetLastError()]).toEqual(["false", "301"]);
    expect([api.LMSInitialize(""), api.LMSGetLastError()]).toEqual(["false", "101"]);
    expect([api.LMSCommit(""), api.LMSGetLastError()]).toEqual(["false", "301"]);
  });

  it.each(["LMSInitialize", "LMSFinish", "LMSCommit"] as const)("%s takes nothing but an empty text (201)", (fn) => {
    const { api } = launched();
    if (fn !== "LMSInitialize") api.LMSInitialize("");
    expect([api[fn]("x"), api.LMSGetLastError()]).toEqual(["false", "201"]);
    expect([api[fn](undefined as unknown as string), api.LMSGetLastError()]).toEqual(["true", "0"]);
  });

  it("works when its functions are taken off the object, as some packages do", () => {
    const { LMSInitialize, LMSSetValue, LMSGetValue } = launched().api;
    LMSInitialize("");
    LMSSetValue("cmi.core.score.raw", 80 as unknown as string);
    expect(LMSGetValue("cmi.core.score.raw")).toBe("80");
  });

  it("takes what is no text for an argument error (201)", () => {
    const failing = { toString: () => { throw new Error("no"); } };
    const { api } = launched();
    api.LMSInitialize("");
    for (const value of [null, undefined, failing, Object.create(null)]) {
      expect([api.LMSSetValue("cmi.suspend_data", value as string), api.LMSGetLastError()]).toEqual(["false", "201"]);
      expect([api.LMSGetValue(value as string), api.LMSGetLastError()]).toEqual(["", "201"]);
    }
  });
});

describe("errors (RTE 1.2, 3.3.5)", () => {
  it.each(["0", "101", "201", "202", "203", "301", "401", "402", "403", "404", "405"])("has words for %s", (code) => {
    const { api } = launched();
    expect(api.LMSGetErrorString(code)).not.toBe("");
    expect(api.LMSGetErrorString(code).length).toBeLessThanOrEqual(255);
  });

  it("answers nothing for a code that there is not, and keeps the last error meanwhile", () => {
    const { api } = launched();
    api.LMSGetValue("cmi.core.student_id");
    expect([api.LMSGetErrorString("999"), api.LMSGetErrorString("toString"), api.LMSGetErrorString("")]).toEqual(["", "", ""]);
    expect(api.LMSGetDiagnostic("")).toBe("LMSInitialize was not called yet.");
    expect(api.LMSGetDiagnostic("301")).toBe("LMSInitialize was not called yet.");
    expect(api.LMSGetDiagnostic("405")).toBe("Incorrect data type");
    expect([api.LMSGetLastError(), api.LMSGetLastError()]).toEqual(["301", "301"]);
    api.LMSInitialize("");
    expect([api.LMSGetLastError(), api.LMSGetDiagnostic("")]).toEqual(["0", "No error"]);
  });
});

describe("a commit is the truth", () => {
  it.each([
    ["says so", { saved: false, reason: "offline", words: "You are offline. Nothing is lost." } as const],
    ["fails", null],
  ])("answers false while the site %s, and sends all of it when it is back", (_, refusal) => {
    const { api, lms } = launched();
    const commit = lms.commit.bind(lms);
    if (refusal) lms.refuse = refusal;
    else lms.commit = () => { throw new TypeError("network"); };
    api.LMSInitialize("");
    api.LMSSetValue("cmi.suspend_data", "one");
    expect([api.LMSCommit(""), api.LMSGetLastError()]).toEqual(["false", "101"]);
    expect(api.LMSGetDiagnostic("101")).toMatch(refusal ? /Nothing is lost/ : /not saved yet/);
    expect([api.LMSFinish(""), api.LMSGetLastError()]).toEqual(["false", "101"]);
    expect(api.LMSGetValue("cmi.suspend_data")).toBe("one");
    lms.refuse = null;
    lms.commit = commit;
    api.LMSSetValue("cmi.core.lesson_location", "p2");
    expect(api.LMSFinish("")).toBe("true");
    expect(lms.stored).toMatchObject({ "cmi.suspend_data": "one", "cmi.core.lesson_location": "p2" });
    expect(lms.commits).toHaveLength(1);
    expect(lms.commits[0]!.terminate).toBe(true);
  });

  it("sends what is too much for one commit in parts, and the end with the last", () => {
    const { api, lms } = launched();
    api.LMSInitialize("");
    for (let i = 0; i < 1000; i++) api.LMSSetValue(`cmi.interactions.${i}.id`, `q${i}`);
    api.LMSFinish("");
    expect(lms.commits.map(({ terminate }) => terminate)).toEqual([false, true]);
    expect(lms.commits.every(({ elements }) => Object.keys(elements).length <= 1000)).toBe(true);
    expect(Object.keys(lms.stored)).toHaveLength(1001);
  });

  it("keeps the parts that were not stored", () => {
    const { api, lms } = launched();
    const commit = lms.commit.bind(lms);
    lms.commit = (elements, terminate) => (lms.commits.length ? { saved: false, reason: "full", words: "" } : commit(elements, terminate));
    api.LMSInitialize("");
    for (let i = 0; i < 1000; i++) api.LMSSetValue(`cmi.interactions.${i}.id`, `q${i}`);
    expect(api.LMSCommit("")).toBe("false");
    lms.commit = commit;
    expect(api.LMSCommit("")).toBe("true");
    expect(lms.commits.map(({ elements }) => Object.keys(elements).length)).toEqual([900, 100]);
  });

  it("is told to the flight recorder with its answer, error and time", () => {
    const { api, lms } = launched();
    api.LMSInitialize("");
    lms.clock += 1500;
    api.LMSGetValue("cmi.core.exit");
    expect(lms.calls).toEqual([
      { t: 0, fn: "LMSInitialize", args: [""], answer: "true", error: "0" },
      { t: 1500, fn: "LMSGetValue", args: ["cmi.core.exit"], answer: "", error: "404" },
    ]);
  });

  it("does not depend on a recorder that fails", () => {
    const { api } = launched({}, { trace: () => { throw new Error("full"); }, ended: () => { throw new Error("gone"); } });
    expect([api.LMSInitialize(""), api.LMSFinish(""), api.LMSGetLastError()]).toEqual(["true", "true", "0"]);
  });
});

describe("LMSFinish (RTE 1.2, 3.4.4, cmi.core.lesson_status)", () => {
  const mastery = item({ masteryScore: 80 });
  it.each([
    ["nothing said", {}, {}, "completed"],
    ["nothing said, only interrupted", {}, { "cmi.core.exit": "suspend" }, "incomplete"],
    ["nothing said while browsing", { mode: "browse", credit: "no-credit" }, {}, "browsed"],
    ["a status of its own", {}, { "cmi.core.lesson_status": "incomplete" }, "incomplete"],
    ["a score at the mastery score", { item: mastery }, { "cmi.core.score.raw": "80" }, "passed"],
    ["a score below it", { item: mastery }, { "cmi.core.score.raw": "79.99" }, "failed"],
    ["a score below it, called passed", { item: mastery }, { "cmi.core.score.raw": "10", "cmi.core.lesson_status": "passed" }, "failed"],
    ["no score", { item: mastery }, { "cmi.core.lesson_status": "passed" }, "passed"],
    ["a blank score", { item: mastery }, { "cmi.core.score.raw": "" }, "completed"],
    ["no mastery score", {}, { "cmi.core.score.raw": "1", "cmi.core.lesson_status": "passed" }, "passed"],
    ["no credit", { item: mastery, credit: "no-credit" }, { "cmi.core.score.raw": "1", "cmi.core.lesson_status": "completed" }, "completed"],
    ["review", { item: mastery, mode: "review" }, { "cmi.core.score.raw": "1", "cmi.core.lesson_status": "passed" }, "passed"],
    [
      "a score in the middle of an interrupted attempt",
      { item: mastery },
      { "cmi.core.score.raw": "10", "cmi.core.lesson_status": "incomplete", "cmi.core.exit": "suspend" },
      "incomplete",
    ],
    ["a mastery score of nothing", { item: item({ masteryScore: 0 }) }, { "cmi.core.score.raw": "0" }, "passed"],
  ] as [string, Partial<Session>, Record<string, string>, string][])("%s", (_, extra, set, status) => {
    const { api, lms } = launched(extra);
    api.LMSInitialize("");
    for (const [element, value] of Object.entries(set)) expect(api.LMSSetValue(element, value)).toBe("true");
    expect(api.LMSFinish("")).toBe("true");
    const found = lms.stored["cmi.core.lesson_status"];
    expect(found).toBe(status);
    expect(lms.endings[0]!.results.lessonStatus).toBe(status);
  });

  it("does not touch a status that an earlier session left", () => {
    const { api, lms } = launched({ saved: { "cmi.core.lesson_status": "incomplete", "cmi.core.exit": "suspend" }, entry: "resume" });
    api.LMSInitialize("");
    expect(api.LMSGetValue("cmi.core.lesson_status")).toBe("incomplete");
    api.LMSFinish("");
    expect(lms.stored).toEqual({});
    expect(lms.endings[0]!.results.exit).toBe("");
  });
});

describe("what the page itself asks", () => {
  it("ends the session in the place of a SCO whose window was closed", () => {
    const lms = site();
    const run = createRuntime12(session(), lms);
    run.api.LMSInitialize("");
    run.api.LMSSetValue("cmi.core.lesson_location", "p9");
    expect([run.running(), run.unsaved()]).toEqual([true, { "cmi.core.lesson_location": "p9" }]);
    expect(run.close()).toBe(true);
    expect([run.running(), run.unsaved()]).toEqual([false, {}]);
    expect(lms.commits[0]!.terminate).toBe(true);
    expect(lms.endings).toHaveLength(1);
    expect(run.close()).toBe(true);
    expect(lms.commits).toHaveLength(1);
  });

  it("keeps what could not be saved at the end", () => {
    const lms = site();
    const run = createRuntime12(session(), lms);
    run.api.LMSInitialize("");
    run.api.LMSSetValue("cmi.core.lesson_location", "p9");
    lms.refuse = { saved: false, reason: "offline", words: "" };
    expect(run.close()).toBe(false);
    expect([run.running(), run.close()]).toEqual([false, false]);
    expect(run.unsaved()).toMatchObject({ "cmi.core.lesson_location": "p9" });
  });

  it("reads the results in the sequencer's words", () => {
    const run = createRuntime12(session(), site());
    run.api.LMSInitialize("");
    const set: [string, string][] = [
      ["cmi.core.lesson_status", "failed"],
      ["cmi.core.score.raw", "30"],
      ["cmi.core.score.min", "20"],
      ["cmi.core.score.max", "40"],
      ["cmi.core.session_time", "00:01:30.25"],
      ["cmi.objectives.0.id", "o1"],
      ["cmi.objectives.0.status", "passed"],
      ["cmi.objectives.0.score.raw", "75"],
      ["cmi.objectives.1.id", "o2"],
    ];
    for (const [element, value] of set) expect(run.api.LMSSetValue(element, value)).toBe("true");
    expect(run.results()).toEqual({
      completed: true,
      satisfied: false,
      measure: 0.5,
      raw: 30,
      min: 20,
      max: 40,
      objectives: [{ id: "o1", completed: true, satisfied: true, measure: 0.75, raw: 75 }, { id: "o2" }],
      exit: "",
      sessionSeconds: 90.25,
      lessonStatus: "failed",
    });
  });

  it("reads what was said without a run-time", () => {
    const elements = { "cmi.core.lesson_status": "passed", "cmi.core.score.raw": "80", "cmi.core.exit": "suspend", "cmi.core.session_time": "00:00:05" };
    expect(resultsOf(elements)).toEqual({
      completed: true,
      satisfied: true,
      measure: 0.8,
      raw: 80,
      objectives: [],
      exit: "suspend",
      sessionSeconds: 5,
      lessonStatus: "passed",
    });
    expect(resultsOf({}).lessonStatus).toBe("not attempted");
  });

  it("takes more suspend_data from a package that was given leave", () => {
    const { api } = launched({ limits: { suspendData: 64_000, location: 1000 } });
    api.LMSInitialize("");
    expect(api.LMSSetValue("cmi.suspend_data", "x".repeat(64_000))).toBe("true");
    expect(api.LMSSetValue("cmi.suspend_data", "x".repeat(64_001))).toBe("false");
    expect(api.LMSSetValue("cmi.core.lesson_location", "x".repeat(1000))).toBe("true");
  });
});
