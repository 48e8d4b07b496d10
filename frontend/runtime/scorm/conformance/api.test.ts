/* The functions of both run-times in each of their states, from outside: SCORM 1.2 RTE 3.3, SCORM 2004 4th edition RTE 3.1. */
import { describe, expect, it } from "vitest";
import { createApi12, createApi2004 } from "../rte/index.ts";
import { session, site } from "../rte/fixtures.ts";

type State = "before" | "running" | "after";
type Row = [fn: string, args: string[], before: [string, string], running: [string, string], after: [string, string]];

const ROWS_2004: Row[] = [
  ["Initialize", [""], ["true", "0"], ["false", "103"], ["false", "104"]],
  ["Initialize", ["x"], ["false", "201"], ["false", "201|103"], ["false", "201|104"]],
  ["Terminate", [""], ["false", "112"], ["true", "0"], ["false", "113"]],
  ["Terminate", ["x"], ["false", "201|112"], ["false", "201"], ["false", "201|113"]],
  ["Commit", [""], ["false", "142"], ["true", "0"], ["false", "143"]],
  ["Commit", ["x"], ["false", "201|142"], ["false", "201"], ["false", "201|143"]],
  ["GetValue", ["cmi.mode"], ["", "122"], ["normal", "0"], ["", "123"]],
  ["GetValue", [""], ["", "122"], ["", "301"], ["", "123"]],
  ["SetValue", ["cmi.location", "1"], ["false", "132"], ["true", "0"], ["false", "133"]],
  ["SetValue", ["", "1"], ["false", "132"], ["false", "351"], ["false", "133"]],
];
const ROWS_12: Row[] = [
  ["LMSInitialize", [""], ["true", "0"], ["false", "101"], ["false", "101"]],
  ["LMSInitialize", ["x"], ["false", "201"], ["false", "201|101"], ["false", "201|101"]],
  ["LMSFinish", [""], ["false", "301"], ["true", "0"], ["false", "301"]],
  ["LMSFinish", ["x"], ["false", "201|301"], ["false", "201"], ["false", "201|301"]],
  ["LMSCommit", [""], ["false", "301"], ["true", "0"], ["false", "301"]],
  ["LMSCommit", ["x"], ["false", "201|301"], ["false", "201"], ["false", "201|301"]],
  ["LMSGetValue", ["cmi.core.lesson_mode"], ["", "301"], ["normal", "0"], ["", "301"]],
  ["LMSSetValue", ["cmi.core.lesson_location", "1"], ["false", "301"], ["true", "0"], ["false", "301"]],
];
const STATES: State[] = ["before", "running", "after"];

type Any = Record<string, (...args: string[]) => string>;
function at(standard: "12" | "2004", state: State) {
  const lms = site();
  const api = (standard === "12" ? createApi12(session(), lms) : createApi2004(session(), lms)) as unknown as Any;
  const prefix = standard === "12" ? "LMS" : "";
  if (state !== "before") api[`${prefix}Initialize`]!("");
  if (state === "after") api[standard === "12" ? "LMSFinish" : "Terminate"]!("");
  return { api, lms, error: () => api[`${prefix}GetLastError`]!() };
}
const rows = (standard: "12" | "2004", table: Row[]) =>
  table.flatMap(([fn, args, ...wanted]) => STATES.map((state, i) => [standard, `${fn}(${args.join()})`, state, fn, args, wanted[i]!] as const));

describe("state and argument errors (1.2: 3.3.2 to 3.3.5; 2004: 3.1.2 to 3.1.4)", () => {
  it.each([...rows("12", ROWS_12), ...rows("2004", ROWS_2004)])("%s %s %s", (standard, _, state, fn, args, [answer, codes]) => {
    const { api, error } = at(standard, state);
    expect(api[fn]!(...args)).toBe(answer);
    expect(codes.split("|")).toContain(error());
  });
});

describe("support functions (1.2: 3.3.3; 2004: 3.1.5)", () => {
  it.each(STATES)("2004 %s: they answer in any state and change no error", (state) => {
    const { api } = at("2004", state);
    api.GetValue!("cmi.no_such_thing");
    const code = api.GetLastError!();
    expect(code).not.toBe("0");
    expect(api.GetErrorString!("404")).not.toBe("");
    expect(api.GetErrorString!("")).toBe("");
    expect(api.GetErrorString!("99999")).toBe("");
    expect(api.GetDiagnostic!("404").length).toBeLessThanOrEqual(255);
    expect(api.GetDiagnostic!("").length).toBeLessThanOrEqual(255);
    expect(api.GetLastError!()).toBe(code);
  });

  it.each(STATES)("1.2 %s: they answer in any state and change no error", (state) => {
    const { api } = at("12", state);
    api.LMSGetValue!("cmi.no_such_thing");
    const code = api.LMSGetLastError!();
    expect(code).toBe(state === "running" ? "401" : "301");
    expect(api.LMSGetErrorString!("301")).not.toBe("");
    expect(api.LMSGetErrorString!("99999")).toBe("");
    expect(api.LMSGetDiagnostic!("301").length).toBeLessThanOrEqual(255);
    expect(api.LMSGetLastError!()).toBe(code);
  });

  it.each("0 101 102 103 104 111 112 113 122 123 132 133 142 143 201 301 351 391 401 402 403 404 405 406 407 408".split(" "))(
    "2004 table 3.1.7: code %s has words of at most 255 characters",
    (code) => {
      const words = at("2004", "before").api.GetErrorString!(code);
      expect(words.length).toBeGreaterThan(0);
      expect(words.length).toBeLessThanOrEqual(255);
    },
  );

  it.each("0 101 201 202 203 301 401 402 403 404 405".split(" "))("1.2 3.3.5: code %s has words", (code) => {
    expect(at("12", "before").api.LMSGetErrorString!(code)).not.toBe("");
  });

  it.each(["12", "2004"] as const)("%s: each successful call sets the code to 0", (standard) => {
    const { api, error } = at(standard, "running");
    const prefix = standard === "12" ? "LMS" : "";
    api[`${prefix}GetValue`]!("cmi.no_such_thing");
    expect(error()).not.toBe("0");
    api[`${prefix}Commit`]!("");
    expect(error()).toBe("0");
  });

  it("2004 3.1.3: what was set and not committed is stored by Terminate", () => {
    const { api, lms } = at("2004", "running");
    api.SetValue!("cmi.location", "9");
    api.Terminate!("");
    expect(lms.stored["cmi.location"]).toBe("9");
    expect(lms.commits.at(-1)!.terminate).toBe(true);
  });

  it("1.2 3.3.2: what was set and not committed is stored by LMSFinish", () => {
    const { api, lms } = at("12", "running");
    api.LMSSetValue!("cmi.core.lesson_location", "9");
    api.LMSFinish!("");
    expect(lms.stored["cmi.core.lesson_location"]).toBe("9");
    expect(lms.commits.at(-1)!.terminate).toBe(true);
  });

  it("a commit that the site did not store answers false: 2004 391, 1.2 101", () => {
    const modern = at("2004", "running");
    modern.api.SetValue!("cmi.location", "9");
    modern.lms.refuse = { saved: false, reason: "offline", words: "No connection." };
    expect([modern.api.Commit!(""), modern.error()]).toEqual(["false", "391"]);
    const old = at("12", "running");
    old.api.LMSSetValue!("cmi.core.lesson_location", "9");
    old.lms.refuse = modern.lms.refuse;
    expect([old.api.LMSCommit!(""), old.error()]).toEqual(["false", "101"]);
  });
});
