/* Each element of SCORM 2004 that stands alone: RTE 4th edition, 4.2 (clause beside each), 4.1.1 (data types), 3.1.7 (error codes).
   Interactions and objectives, which depend on others, are in collections2004.test.ts. */
import { describe, expect, it } from "vitest";
import type { Session } from "../types.ts";
import { createApi2004 } from "./api2004.ts";
import { item, session, site } from "./fixtures.ts";

interface Row {
  element: string;
  clause: string;
  access: "r" | "w" | "rw";
  /** What is found before anything is set; an error code when there is nothing. */
  initial?: string;
  none?: string;
  good?: string[];
  /** Refused as of the wrong type (406), and as outside of the range (407). */
  bad?: string[];
  outside?: string[];
}

const launch = item({
  launchData: "page=3",
  maxTimeAllowed: 5400,
  timeLimitAction: "exit,message",
  completionThreshold: 0.75,
  sequencing: { objectives: { primary: { satisfiedByMeasure: true, minNormalizedMeasure: 0.6 } } },
});
const given: Partial<Session> = {
  totalSeconds: 3723.5,
  commentsFromLms: [{ comment: "{lang=en}Welcome back.", location: "p3", timestamp: "2026-11-22T01:00:00Z" }],
};
const withLaunch: Partial<Session> = { ...given, item: launch };

const real = { good: ["0", "-12.5", "9999999999.9999999", "0.3333333333333333", "1.0"], bad: ["", "a", "1,5", "1e2", "--1", "NaN", " 1"] };
const scaled = { none: "403", good: ["-1", "-1.0", "0", "0.75", "1"], bad: ["", "a", "1,0"], outside: ["1.0000001", "-1.1", "2"] };
const measure = { none: "403", good: ["0", "0.5", "1", "1.0"], bad: ["", "half", ".", "0.5%"], outside: ["-0.1", "1.1"] };
const text = (most: number) => ({ good: ["", "a", "ä 😀 <&>", "x".repeat(most)], bad: ["x".repeat(most + 1), "a\0b", "half \ud83d"] });
const interval = {
  good: ["PT0S", "PT1H5M", "P1Y2M3DT4H5M6.78S", "P1D", "PT05M", "P1M", "PT1M", "PT0.5S", "PT36H"],
  bad: ["", "P", "PT", "P1YT", "1H", "PT1.234S", "PT1H5", "00:05:00", "P-1D", "PT5.S", "pt5s", "P1H", "PT1.5M"],
};
const time = {
  good: ["2026", "2026-11", "2026-02-28", "2024-02-29", "2026-11-22T01", "2026-11-22T01:02", "2026-11-22T01:02:03", "2026-11-22T01:02:03.45", "2026-11-22T01:02:03Z", "2026-11-22T01:02:03.4+05:30", "1970-01-01T00:00:00-08", "2038-01-01"],
  bad: ["", "26", "2026-13", "2026-00-10", "2026-02-30", "2025-02-29", "2026-11-22T24:00:00", "2026-11-22T01:60", "2026-11-22 01:02:03", "1969-12-31", "2039-01-01", "2026-11-22T01:02:03.123", "2026-11-22T", "2026-11-22T01:02:03+25", "now"],
};
const localized = { good: ["", "plain", "{lang=en}text", "{lang=zh-Hans}", "{lang=i-klingon}Q", "{note} kept", "{lang=en", "x".repeat(4000)], bad: ["x".repeat(4001), "{lang=}text", "{lang=e n}text", "{lang=english}text", "{lang=en-}text", "a\0"] };

const rows: Row[] = [
  { element: "cmi._version", clause: "4.2.1", access: "r", initial: "1.0" },
  { element: "cmi.comments_from_learner.0.comment", clause: "4.2.2", access: "rw", none: "301", ...localized },
  { element: "cmi.comments_from_learner.0.location", clause: "4.2.2", access: "rw", none: "301", ...text(4000) },
  { element: "cmi.comments_from_learner.0.timestamp", clause: "4.2.2", access: "rw", none: "301", ...time },
  { element: "cmi.comments_from_lms.0.comment", clause: "4.2.3", access: "r", initial: "{lang=en}Welcome back." },
  { element: "cmi.comments_from_lms.0.location", clause: "4.2.3", access: "r", initial: "p3" },
  { element: "cmi.comments_from_lms.0.timestamp", clause: "4.2.3", access: "r", initial: "2026-11-22T01:00:00Z" },
  { element: "cmi.completion_status", clause: "4.2.4", access: "rw", initial: "unknown", good: ["completed", "incomplete", "not attempted", "unknown"], bad: ["", "complete", "Completed", "passed"] },
  { element: "cmi.completion_threshold", clause: "4.2.5", access: "r", none: "403" },
  { element: "cmi.credit", clause: "4.2.6", access: "r", initial: "credit" },
  { element: "cmi.entry", clause: "4.2.7", access: "r", initial: "ab-initio" },
  { element: "cmi.exit", clause: "4.2.8", access: "w", good: ["time-out", "suspend", "logout", "normal", ""], bad: ["timeout", "Suspend", "resume"] },
  { element: "cmi.launch_data", clause: "4.2.10", access: "r", none: "403" },
  { element: "cmi.learner_id", clause: "4.2.11", access: "r", initial: "learner-7" },
  { element: "cmi.learner_name", clause: "4.2.12", access: "r", initial: "Doe, Jane" },
  { element: "cmi.learner_preference.audio_level", clause: "4.2.13", access: "rw", initial: "1", good: ["0", "1.5", "100"], bad: ["", "loud"], outside: ["-1", "-0.0001"] },
  { element: "cmi.learner_preference.language", clause: "4.2.13", access: "rw", initial: "", good: ["", "en", "fr-CA", "eng", "x-custom"], bad: ["english", "e", "en_US", "fr-", "12"] },
  { element: "cmi.learner_preference.delivery_speed", clause: "4.2.13", access: "rw", initial: "1", good: ["0", "0.5", "2"], bad: ["", "fast"], outside: ["-2"] },
  { element: "cmi.learner_preference.audio_captioning", clause: "4.2.13", access: "rw", initial: "0", good: ["-1", "0", "1"], bad: ["", "2", "on", "01"] },
  { element: "cmi.location", clause: "4.2.14", access: "rw", none: "403", ...text(1000) },
  { element: "cmi.max_time_allowed", clause: "4.2.15", access: "r", none: "403" },
  { element: "cmi.mode", clause: "4.2.16", access: "r", initial: "normal" },
  { element: "cmi.progress_measure", clause: "4.2.18", access: "rw", ...measure },
  { element: "cmi.scaled_passing_score", clause: "4.2.19", access: "r", none: "403" },
  { element: "cmi.score.scaled", clause: "4.2.20", access: "rw", ...scaled },
  { element: "cmi.score.raw", clause: "4.2.20", access: "rw", none: "403", ...real },
  { element: "cmi.score.min", clause: "4.2.20", access: "rw", none: "403", ...real },
  { element: "cmi.score.max", clause: "4.2.20", access: "rw", none: "403", ...real },
  { element: "cmi.session_time", clause: "4.2.21", access: "w", ...interval },
  { element: "cmi.success_status", clause: "4.2.22", access: "rw", initial: "unknown", good: ["passed", "failed", "unknown"], bad: ["", "completed", "Passed"] },
  { element: "cmi.suspend_data", clause: "4.2.23", access: "rw", none: "403", ...text(64_000) },
  { element: "cmi.time_limit_action", clause: "4.2.24", access: "r", initial: "continue,no message" },
  { element: "cmi.total_time", clause: "4.2.25", access: "r", initial: "PT1H2M3.5S" },
  { element: "adl.nav.request", clause: "SN 5.6.4", access: "rw", initial: "_none_", good: ["continue", "previous", "exit", "exitAll", "abandon", "abandonAll", "suspendAll", "{target=item_2}choice", "{target=item-2}jump", "_none_"], bad: ["", "choice", "jump", "next", "{target=}choice", "{target=a b}choice", "{target=item_2}continue", "{target=item_2}", "start", "Continue"] },
];

function launched(extra: Partial<Session> = given) {
  const lms = site();
  return { api: createApi2004(session(extra), lms), lms };
}

function running(extra: Partial<Session> = given) {
  const made = launched(extra);
  made.api.Initialize("");
  return made;
}

describe.each(rows)("$element (RTE $clause)", (row) => {
  const value = row.good?.[0] ?? "x";
  const ofASession = row.access === "w" || row.element === "adl.nav.request";

  it("is out of reach before Initialize (122, 132) and after Terminate (123, 133): 3.1.7", () => {
    const { api } = launched();
    const tried = (): string[] => [api.GetValue(row.element), api.GetLastError(), api.SetValue(row.element, value), api.GetLastError()];
    expect(tried()).toEqual(["", "122", "false", "132"]);
    api.Initialize("");
    api.Terminate("");
    expect(tried()).toEqual(["", "123", "false", "133"]);
  });

  if (row.access !== "w")
    it("is found as the LMS initialises it, or has no value yet", () => {
      const { api } = running();
      expect([api.GetValue(row.element), api.GetLastError()]).toEqual(row.none ? ["", row.none] : [row.initial, "0"]);
    });

  if (row.access === "r")
    it("cannot be set (404)", () => {
      const { api } = running();
      expect([api.SetValue(row.element, value), api.GetLastError()]).toEqual(["false", "404"]);
      expect(api.GetValue(row.element)).toBe(row.initial ?? "");
    });

  if (row.access === "w")
    it("cannot be read (405), before and after it is set", () => {
      const { api } = running();
      for (const good of row.good!) {
        expect([api.GetValue(row.element), api.GetLastError()]).toEqual(["", "405"]);
        expect([good, api.SetValue(row.element, good), api.GetLastError()]).toEqual([good, "true", "0"]);
      }
      expect(api.GetValue(row.element)).toBe("");
    });

  if (row.access === "rw")
    it("holds what was set", () => {
      const { api } = running();
      for (const good of row.good!) {
        expect([good, api.SetValue(row.element, good), api.GetLastError()]).toEqual([good, "true", "0"]);
        expect([api.GetValue(row.element), api.GetLastError()]).toEqual([good, "0"]);
      }
    });

  if (row.access !== "r")
    it("refuses what its data type does not allow (406, 407) and keeps what it held", () => {
      const { api, lms } = running();
      api.SetValue(row.element, row.good!.at(-1)!);
      for (const bad of row.bad!) expect([bad, api.SetValue(row.element, bad), api.GetLastError()]).toEqual([bad, "false", "406"]);
      for (const bad of row.outside ?? []) expect([bad, api.SetValue(row.element, bad), api.GetLastError()]).toEqual([bad, "false", "407"]);
      if (row.access === "rw") expect(api.GetValue(row.element)).toBe(row.good!.at(-1));
      api.Commit("");
      expect(lms.stored[row.element]).toBe(row.good!.at(-1));
    });

  if (row.access !== "r")
    it("is committed once, and found again by the next session", () => {
      const { api, lms } = running();
      const last = row.good![0]!;
      api.SetValue(row.element, last);
      expect([api.Commit(""), api.Commit("")]).toEqual(["true", "true"]);
      expect(lms.commits.map(({ elements }) => elements)).toEqual([{ [row.element]: last }, {}]);
      const { api: next } = running({ ...given, saved: lms.stored, entry: "resume" });
      if (row.access === "rw") expect(next.GetValue(row.element)).toBe(row.element === "adl.nav.request" ? "_none_" : last);
      if (ofASession) expect(next.Terminate("")).toBe("true");
    });
});

describe("what the manifest gives", () => {
  it.each([
    ["cmi.launch_data", "page=3", "4.2.10"],
    ["cmi.max_time_allowed", "PT1H30M0S", "4.2.15"],
    ["cmi.time_limit_action", "exit,message", "4.2.24"],
    ["cmi.completion_threshold", "0.75", "4.2.5"],
    ["cmi.scaled_passing_score", "0.6", "4.2.19"],
  ])("%s is %j (RTE %s)", (element, value) => {
    const { api } = running(withLaunch);
    expect([api.GetValue(element), api.GetLastError()]).toEqual([value, "0"]);
    expect([api.SetValue(element, "x"), api.GetLastError()]).toEqual(["false", "404"]);
  });

  it.each([
    [{ completionThreshold: { completedByMeasure: true } }, null, "1"],
    [{ completionThreshold: { completedByMeasure: true, minProgressMeasure: 0.4 } }, null, "0.4"],
    [{ completionThreshold: { completedByMeasure: false, minProgressMeasure: 0.4 } }, 0.4, ""],
    [{}, 0, "0"],
  ])("completion_threshold of %j and %j is %j (CAM 3.4.1.13)", (sequencing, completionThreshold, value) => {
    const { api } = running({ item: item({ sequencing, completionThreshold }) });
    expect(api.GetValue("cmi.completion_threshold")).toBe(value);
  });

  it.each([
    [{ satisfiedByMeasure: true }, "1"],
    [{ satisfiedByMeasure: true, minNormalizedMeasure: -0.5 }, "-0.5"],
    [{ satisfiedByMeasure: false, minNormalizedMeasure: 0.5 }, ""],
    [{ minNormalizedMeasure: 0.5 }, ""],
  ])("scaled_passing_score of %j is %j (RTE 4.2.19)", (primary, value) => {
    const { api } = running({ item: item({ sequencing: { objectives: { primary } } }) });
    expect(api.GetValue("cmi.scaled_passing_score")).toBe(value);
  });
});

describe("statuses that a measure decides", () => {
  // Tables 4.2.4.1a and 4.2.22.1a: threshold, measure, what the SCO set, what is found.
  const completion: [number | null, string | null, string | null, string][] = [
    [null, null, null, "unknown"],
    [null, null, "incomplete", "incomplete"],
    [null, "0.5", "completed", "completed"],
    [0.8, "0.5", "completed", "incomplete"],
    [0.8, "0.9", "incomplete", "completed"],
    [0.8, "0.8", null, "completed"],
    [0.8, "0.5", null, "incomplete"],
    [0.8, null, null, "unknown"],
    [null, "0.5", null, "unknown"],
    [0.8, null, "completed", "unknown"],
  ];
  it.each(completion)("threshold %s, measure %s, set %s: completion_status is %s", (completionThreshold, progress, set, found) => {
    const { api } = running({ item: item({ completionThreshold }) });
    if (set) expect(api.SetValue("cmi.completion_status", set)).toBe("true");
    if (progress) expect(api.SetValue("cmi.progress_measure", progress)).toBe("true");
    expect(api.GetValue("cmi.completion_status")).toBe(found);
  });

  const success: [number | null, string | null, string | null, string][] = [
    [null, null, null, "unknown"],
    [null, null, "failed", "failed"],
    [null, "0.5", "passed", "passed"],
    [0.8, "0.5", "passed", "failed"],
    [0.8, "0.9", "failed", "passed"],
    [0.8, "0.8", null, "passed"],
    [0.8, "0.5", null, "failed"],
    [0.8, null, null, "unknown"],
    [null, "0.5", null, "unknown"],
    [0.8, null, "passed", "unknown"],
  ];
  it.each(success)("passing score %s, scaled %s, set %s: success_status is %s", (minNormalizedMeasure, scaledScore, set, found) => {
    const primary = minNormalizedMeasure === null ? {} : { satisfiedByMeasure: true, minNormalizedMeasure };
    const { api } = running({ item: item({ sequencing: { objectives: { primary } } }) });
    if (set) expect(api.SetValue("cmi.success_status", set)).toBe("true");
    if (scaledScore) expect(api.SetValue("cmi.score.scaled", scaledScore)).toBe("true");
    expect(api.GetValue("cmi.success_status")).toBe(found);
  });
});
