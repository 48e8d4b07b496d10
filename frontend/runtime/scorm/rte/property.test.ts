/* Whatever a package calls, in whatever order: nothing throws, nothing that was acknowledged is lost or changed, nothing outside
   of the value space is ever answered, and the site is never sent what it would refuse. The sequences are the same in each run. */
import { describe, expect, it } from "vitest";
import type { Runtime } from "../types.ts";
import { createRuntime12 } from "./api12.ts";
import { createRuntime2004 } from "./api2004.ts";
import { item, session, type Site, site } from "./fixtures.ts";
import type { Schema } from "./model.ts";
import { schema12 } from "./schema12.ts";
import { schema2004 } from "./schema2004.ts";

/** mulberry32: a small generator of numbers that begins with its seed. */
function dice(seed: number): (sides: number) => number {
  let state = seed;
  return (sides) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return (((mixed ^ (mixed >>> 14)) >>> 0) % sides) | 0;
  };
}

const values = [
  "", "0", "1", "-1", "0.5", "85", "101", "1e9", "true", "false", "passed", "completed", "incomplete", "failed", "unknown", "browsed", "not attempted", "suspend", "logout",
  "correct", "wrong", "incorrect", "choice", "true-false", "numeric", "fill-in", "sequencing", "performance", "other", "likert", "a", "b", "a[,]b", "1[.]a", "1[:]5", "urn:x:y",
  "{lang=en}x", "{lang=}x", "two words", "00:01:00", "PT1M", "2026-11-22T01:02:03", "continue", "{target=a}choice", "en", "ä😀", "\0", "\ud800", "x".repeat(300), "y".repeat(5000), "z".repeat(70_000),
];
const strange: unknown[] = [undefined, null, 0, -1.5, true, [], {}, Number.NaN, Object.create(null), Symbol.iterator];

interface Kind {
  name: string;
  schema: Schema;
  make(lms: Site, saved: Record<string, string>): Runtime<unknown>;
  names: { get: string; set: string; commit: string; end: string; begin: string; others: string[] };
  /** Decided by more than what was set. */
  derived: string[];
}

const kinds: Kind[] = [
  {
    name: "SCORM 1.2",
    schema: schema12(),
    make: (lms, saved) => createRuntime12(session({ saved, item: item({ masteryScore: 50 }) }), lms),
    names: { get: "LMSGetValue", set: "LMSSetValue", commit: "LMSCommit", end: "LMSFinish", begin: "LMSInitialize", others: ["LMSGetLastError", "LMSGetErrorString", "LMSGetDiagnostic"] },
    derived: ["cmi.core.lesson_status"],
  },
  {
    name: "SCORM 2004",
    schema: schema2004(4),
    make: (lms, saved) =>
      createRuntime2004(session({ saved, item: item({ completionThreshold: 0.5, sequencing: { data: [{ targetID: "d" }], objectives: { primary: { objectiveID: "m", satisfiedByMeasure: true } } } }) }), lms),
    names: { get: "GetValue", set: "SetValue", commit: "Commit", end: "Terminate", begin: "Initialize", others: ["GetLastError", "GetErrorString", "GetDiagnostic"] },
    derived: ["cmi.completion_status", "cmi.success_status", "adl.nav.request"],
  },
];

/** What the site takes: private.is_scorm_element and private.scorm_value_limit. */
function siteTakes(schema: Schema, name: string, value: string): boolean {
  const definition = schema.leaves[name.replace(/(?<=\.)\d{1,4}(?=\.)/g, "n")];
  return definition !== undefined && definition.access !== "r" && name.length <= 255 && value.length <= 64_000 && !/[\0\p{Surrogate}]/u.test(value);
}

function play({ schema, make, names, derived }: Kind, seed: number): void {
  const roll = dice(seed);
  const pick = <T>(from: readonly T[]): T => from[roll(from.length)]!;
  const elements = [...Object.keys(schema.leaves), ...Object.keys(schema.groups).flatMap((group) => [group, `${group}._count`, `${group}._children`])];
  const lms = site();
  let run = make(lms, {});
  let api = run.api as Record<string, (...args: unknown[]) => unknown>;
  const acknowledged = new Map<string, string>();

  const call = (fn: string, ...args: unknown[]): string => {
    const answer = api[fn]!(...args);
    expect(typeof answer).toBe("string");
    return answer as string;
  };
  const element = (): unknown => (roll(25) === 0 ? pick([...strange, ...values, "cmi", "adl"]) : pick(elements).replace(/\bn\b(?=\.|$)/g, () => String(roll(3))));
  const checkRead = (name: string): void => {
    const value = call(names.get, name);
    const pattern = name.replace(/(?<=\.)\d+(?=\.)/g, "n");
    const definition = schema.leaves[pattern];
    if (!definition) return;
    if (acknowledged.has(name) && definition.access === "rw" && !derived.includes(pattern)) expect([name, value]).toEqual([name, acknowledged.get(name)]);
    if (value !== "" && definition.check && value !== "not attempted") expect([name, value, definition.check(value)]).toEqual([name, value, null]);
  };

  call(names.begin, "");
  for (let step = 0; step < 250; step++) {
    const what = roll(20);
    if (what < 9) {
      const name = element();
      const value = roll(15) === 0 ? pick(strange) : pick(values);
      if (call(names.set, name, value) === "true") acknowledged.set(String(name), String(value));
    } else if (what < 15) checkRead(String(pick([...acknowledged.keys(), pick(elements).replace(/\bn\b/g, "0")])));
    else if (what === 15) call(names.get, element());
    else if (what === 16) lms.refuse = roll(3) ? null : { saved: false, reason: "offline", words: "No." };
    else if (what === 17) call(pick(names.others), pick([...strange, ...values, "101", "406"]));
    else if (what === 18) {
      if (call(names.commit, "") === "true") for (const [name, value] of acknowledged) expect([name, lms.stored[name]]).toEqual([name, value]);
    } else if (roll(4) === 0) {
      lms.refuse = null;
      expect(call(names.end, "")).toBe("true");
      for (const [name, value] of acknowledged) if (!derived.includes(name)) expect([name, lms.stored[name]]).toEqual([name, value]);
      // The next session finds what this one left.
      for (const name of [...acknowledged.keys()]) if (/exit$|session_time$|nav\.request$/.test(name) || derived.includes(name)) acknowledged.delete(name);
      run = make(lms, lms.stored);
      api = run.api as typeof api;
      call(names.begin, "");
      for (const name of acknowledged.keys()) checkRead(name);
    } else call(pick([names.begin, names.commit]), pick(["x", 1]));
  }
  for (const { elements: sent } of lms.commits) {
    expect(Object.keys(sent).length).toBeLessThanOrEqual(1000);
    for (const [name, value] of Object.entries(sent)) expect([name, siteTakes(schema, name, value)]).toEqual([name, true]);
  }
}

describe.each(kinds)("$name", (kind) => {
  it("survives sixty sequences of 250 calls", () => {
    for (let seed = 1; seed <= 60; seed++) play(kind, seed * 7919);
  });
});
