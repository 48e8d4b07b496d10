/* The functions of SCORM 2004 and their order (RTE 4th edition, 3.1.2 to 3.1.7), navigation (SN 5.6) and shared data (RTE 4.3). */
import { describe, expect, it } from "vitest";
import type { Host, Session } from "../types.ts";
import { createRuntime2004 } from "./api2004.ts";
import { errors2004 } from "./errors.ts";
import { item, session, site } from "./fixtures.ts";

function launched(extra: Partial<Session> = {}, host: Partial<Host> = {}) {
  const lms = site(host);
  const run = createRuntime2004(session(extra), lms);
  return { lms, run, api: run.api };
}

function running(extra: Partial<Session> = {}, host: Partial<Host> = {}) {
  const made = launched(extra, host);
  made.api.Initialize("");
  return made;
}

describe("state (RTE 3.1.2)", () => {
  it("goes from not initialised through running to terminated, each once, each mistake with its own code", () => {
    const { api } = launched();
    expect([api.Terminate(""), api.GetLastError()]).toEqual(["false", "112"]);
    expect([api.Commit(""), api.GetLastError()]).toEqual(["false", "142"]);
    expect([api.Initialize(""), api.GetLastError()]).toEqual(["true", "0"]);
    expect([api.Initialize(""), api.GetLastError()]).toEqual(["false", "103"]);
    expect([api.Commit(""), api.GetLastError()]).toEqual(["true", "0"]);
    expect([api.Terminate(""), api.GetLastError()]).toEqual(["true", "0"]);
    expect([api.Terminate(""), api.GetLastError()]).toEqual(["false", "113"]);
    expect([api.Commit(""), api.GetLastError()]).toEqual(["false", "143"]);
    expect([api.Initialize(""), api.GetLastError()]).toEqual(["false", "104"]);
    expect(api.version).toBe("1.0");
  });

  it.each(["Initialize", "Terminate", "Commit"] as const)("%s takes nothing but an empty text (201)", (fn) => {
    const { api } = fn === "Initialize" ? launched() : running();
    expect([api[fn]("x"), api.GetLastError()]).toEqual(["false", "201"]);
    expect([api[fn](null as unknown as string), api.GetLastError()]).toEqual(["true", "0"]);
  });

  it("takes numbers as text, and what is no text for an argument error", () => {
    const { api } = running();
    expect([api.SetValue("cmi.score.scaled", 0.5 as unknown as string), api.GetValue("cmi.score.scaled")]).toEqual(["true", "0.5"]);
    for (const value of [undefined, null, Object.create(null)]) {
      expect([api.SetValue("cmi.location", value as string), api.GetLastError()]).toEqual(["false", "201"]);
      expect([api.GetValue(value as string), api.GetLastError()]).toEqual(["", "301"]);
      expect([api.SetValue(value as unknown as string, "x"), api.GetLastError()]).toEqual(["false", "351"]);
    }
  });
});

describe("errors (RTE 3.1.3.8, 3.1.7)", () => {
  it.each(Object.keys(errors2004))("has words for %s", (code) => {
    const words = launched().api.GetErrorString(code);
    expect(words.length).toBeGreaterThan(0);
    expect(words.length).toBeLessThanOrEqual(255);
  });

  it("asks nothing of the state and changes no error", () => {
    const { api } = launched();
    api.GetValue("cmi.mode");
    expect([api.GetErrorString("12345"), api.GetErrorString(""), api.GetErrorString("toString")]).toEqual(["", "", ""]);
    expect([api.GetDiagnostic("122"), api.GetDiagnostic("")]).toEqual(Array(2).fill("Initialize was not called yet."));
    expect([api.GetDiagnostic("406"), api.GetDiagnostic("none")]).toEqual(["Data Model Element Type Mismatch", ""]);
    expect([api.GetLastError(), api.GetLastError()]).toEqual(["122", "122"]);
  });

  it("says in at most 255 characters what was wrong", () => {
    const { api } = running();
    api.SetValue("cmi.exit", "x".repeat(5000));
    expect(api.GetDiagnostic("")).toMatch(/is none of time-out, suspend/);
    expect(api.GetDiagnostic("").length).toBeLessThanOrEqual(255);
  });
});

describe("a commit is the truth (RTE 3.1.5, 391)", () => {
  it("answers false while nothing can be saved, keeps running and sends everything later", () => {
    const { api, lms, run } = running();
    lms.refuse = { saved: false, reason: "stale", words: "The lesson is open in another window." };
    api.SetValue("cmi.location", "p1");
    expect([api.Commit(""), api.GetLastError(), api.GetDiagnostic("")]).toEqual(["false", "391", "The lesson is open in another window."]);
    expect([api.Terminate(""), api.GetLastError()]).toEqual(["false", "391"]);
    expect([run.running(), lms.endings]).toEqual([true, []]);
    expect(run.unsaved()).toEqual({ "cmi.location": "p1" });
    lms.refuse = null;
    api.SetValue("cmi.location", "p2");
    expect(api.Terminate("")).toBe("true");
    expect(lms.commits).toEqual([{ elements: { "cmi.location": "p2" }, terminate: true }]);
    expect(lms.endings).toHaveLength(1);
  });

  it("ends in the place of a SCO whose window was closed, and keeps what was not saved", () => {
    const { run, api, lms } = running();
    api.SetValue("cmi.exit", "suspend");
    lms.refuse = { saved: false, reason: "offline", words: "" };
    expect([run.close(), run.running(), run.unsaved()]).toEqual([false, false, { "cmi.exit": "suspend" }]);
    expect(lms.endings[0]!.results.exit).toBe("suspend");
    expect([api.Commit(""), api.GetLastError()]).toEqual(["false", "143"]);
  });

  it("does not begin anything by itself", () => {
    const { run, lms } = launched();
    expect([run.close(), lms.commits, lms.endings]).toEqual([true, [], []]);
  });
});

describe("results for the sequencer (RTE 4.2, SN 4.1)", () => {
  it("says what was reported and leaves out what is unknown", () => {
    const { run, api } = running();
    expect(run.results()).toEqual({ objectives: [], exit: "", sessionSeconds: 0, lessonStatus: "" });
    const set: [string, string][] = [
      ["cmi.completion_status", "incomplete"],
      ["cmi.success_status", "passed"],
      ["cmi.score.scaled", "-0.5"],
      ["cmi.score.raw", "3"],
      ["cmi.progress_measure", "0.25"],
      ["cmi.session_time", "P1DT1H1M1.5S"],
      ["cmi.exit", "normal"],
      ["cmi.objectives.0.id", "o1"],
      ["cmi.objectives.0.success_status", "failed"],
    ];
    for (const [element, value] of set) expect(api.SetValue(element, value)).toBe("true");
    expect(run.results()).toEqual({
      completed: false,
      satisfied: true,
      measure: -0.5,
      raw: 3,
      progressMeasure: 0.25,
      objectives: [{ id: "o1", satisfied: false }],
      exit: "normal",
      sessionSeconds: 90_061.5,
      lessonStatus: "",
    });
  });
});

describe("adl.nav (SN 5.6)", () => {
  it.each([
    [{}, "_none_", null],
    [{ "adl.nav.request": "continue" }, "continue", null],
    [{ "adl.nav.request": "{target=intro.1}choice" }, "choice", "intro.1"],
    [{ "adl.nav.request": "{target=intro}jump" }, "jump", "intro"],
    [{ "adl.nav.request": "suspendAll", "cmi.exit": "suspend" }, "suspendAll", null],
    // RTE 4.2.8: these exits end the whole.
    [{ "adl.nav.request": "continue", "cmi.exit": "time-out" }, "exitAll", null],
    [{ "adl.nav.request": "continue", "cmi.exit": "logout" }, "exitAll", null],
  ])("%j is handed on at the end as %s of %s", (set, request, target) => {
    const { api, lms } = running();
    for (const [element, value] of Object.entries(set)) expect(api.SetValue(element, value)).toBe("true");
    expect(lms.endings).toEqual([]);
    api.Terminate("");
    expect(lms.endings).toMatchObject([{ request, target }]);
  });

  it("asks the sequencer what is valid, and cannot be set (404)", () => {
    const asked: unknown[] = [];
    const { api } = running({}, { navigation: (request, target) => (asked.push([request, target]), request === "previous" ? "false" : "true") });
    const names = ["continue", "previous", "choice.{target=a.b}", "jump.{target=a.b}"].map((name) => `adl.nav.request_valid.${name}`);
    expect(names.map((name) => api.GetValue(name))).toEqual(["true", "false", "true", "true"]);
    expect(asked).toEqual([["continue", null], ["previous", null], ["choice", "a.b"], ["jump", "a.b"]]);
    for (const name of names) expect([api.SetValue(name, "true"), api.GetLastError()]).toEqual(["false", "404"]);
  });

  it("is unknown without a sequencer or when it fails", () => {
    expect(running().api.GetValue("adl.nav.request_valid.continue")).toBe("unknown");
    const failing = { navigation: () => { throw new Error("no"); } };
    expect(running({}, failing).api.GetValue("adl.nav.request_valid.previous")).toBe("unknown");
  });

  it.each([
    ["choice", "301"],
    ["choice.intro", "301"],
    ["choice.{target=}", "301"],
    ["continue.{target=a}", "401"],
    ["exit", "401"],
    ["", "401"],
  ])("request_valid.%s is answered with %s", (name, code) => {
    const { api } = running();
    expect([api.GetValue(`adl.nav.request_valid.${name}`), api.GetLastError()]).toEqual(["", code]);
  });

  it.each([2, 3])("knows no jump and no shared data in edition %s", (edition) => {
    const { api } = running({ edition, item: item({ sequencing: { data: [{ targetID: "d" }] } }) });
    expect([api.SetValue("adl.nav.request", "{target=a}jump"), api.GetLastError()]).toEqual(["false", "406"]);
    expect([api.GetValue("adl.nav.request_valid.jump.{target=a}"), api.GetLastError()]).toEqual(["", "401"]);
    for (const name of ["adl.data._count", "adl.data._children", "adl.data.0.id"]) expect([api.GetValue(name), api.GetLastError()]).toEqual(["", "401"]);
    expect(api.SetValue("adl.nav.request", "{target=a}choice")).toBe("true");
  });
});

describe("adl.data (RTE 4.3.1)", () => {
  const data = [
    { targetID: "both" },
    { targetID: "read", readSharedData: true, writeSharedData: false },
    { targetID: "write", readSharedData: false, writeSharedData: true },
  ];
  const shared = () => {
    const kept = new Map([["read", "from another SCO"]]);
    const made = running({ item: item({ sequencing: { data } }) }, { sharedData: { read: (id) => kept.get(id), write: (id, value) => void kept.set(id, value) } });
    return { ...made, kept };
  };

  it("has the stores of the manifest, whose identifiers cannot be set (404)", () => {
    const { api } = shared();
    expect([api.GetValue("adl.data._count"), api.GetValue("adl.data._children")]).toEqual(["3", "id,store"]);
    expect([0, 1, 2].map((i) => api.GetValue(`adl.data.${i}.id`))).toEqual(["both", "read", "write"]);
    expect([api.SetValue("adl.data.0.id", "x"), api.GetLastError()]).toEqual(["false", "404"]);
  });

  it("holds each to its rights", () => {
    const { api, kept, lms } = shared();
    expect([api.GetValue("adl.data.0.store"), api.GetLastError()]).toEqual(["", "403"]);
    expect([api.SetValue("adl.data.0.store", "mine"), api.GetValue("adl.data.0.store")]).toEqual(["true", "mine"]);
    expect([api.GetValue("adl.data.1.store"), api.GetLastError()]).toEqual(["from another SCO", "0"]);
    expect([api.SetValue("adl.data.1.store", "x"), api.GetLastError()]).toEqual(["false", "404"]);
    expect([api.SetValue("adl.data.2.store", "secret"), api.GetLastError()]).toEqual(["true", "0"]);
    expect([api.GetValue("adl.data.2.store"), api.GetLastError()]).toEqual(["", "405"]);
    expect([api.SetValue("adl.data.0.store", ""), api.GetValue("adl.data.0.store"), api.GetLastError()]).toEqual(["true", "", "0"]);
    expect([api.SetValue("adl.data.0.store", "x".repeat(64_000)), api.GetLastError()]).toEqual(["true", "0"]);
    expect([api.SetValue("adl.data.0.store", "x".repeat(64_001)), api.GetLastError()]).toEqual(["false", "406"]);
    expect(Object.fromEntries(kept)).toMatchObject({ read: "from another SCO", write: "secret" });
    api.Commit("");
    expect(Object.keys(lms.stored)).toEqual(["adl.data.0.store", "adl.data.2.store"]);
  });

  it("has no store beyond them (301, 351)", () => {
    const { api } = shared();
    expect([api.GetValue("adl.data.3.store"), api.GetLastError()]).toEqual(["", "301"]);
    expect([api.SetValue("adl.data.3.store", "x"), api.GetLastError()]).toEqual(["false", "351"]);
    expect(api.GetValue("adl.data._count")).toBe("3");
  });
});
