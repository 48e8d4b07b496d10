import { expect, it } from "vitest";
import { launchAddress, withParameters } from "./address.ts";
import { LONGEST_TEXT, MOST_TEXT, MOST_CALLS, Recorder } from "./recorder.ts";

it.each([
  ["a.html", "", "a.html"],
  ["a.html", "?x=1", "a.html?x=1"],
  ["a.html?y=2", "&x=1", "a.html?y=2&x=1"],
  ["a.html#top", "x=1", "a.html?x=1#top"],
  ["a.html", "#part", "a.html#part"],
  ["a.html#top", "#part", "a.html#top"],
])("puts %s and %s together", (href, parameters, whole) => {
  expect(withParameters(href, parameters)).toBe(whole);
});

it("keeps a launch below its package, and leaves other sites alone", () => {
  expect(launchAddress("/t/files/", "./sub/a.html", null)).toBe("/t/files/sub/a.html");
  expect(launchAddress("/t/files/", "/a.html", null)).toBe("/t/files/a.html");
  expect(launchAddress("/t/files/", "https://example.org/a", "x=1")).toBe("https://example.org/a?x=1");
});

it("records calls within bounds, and says what went", () => {
  const recorder = new Recorder();
  const add = (t: number, characters: number): void =>
    recorder.add({ t, fn: "SetValue", args: ["cmi.suspend_data", "x".repeat(characters)], answer: "true", error: "0" });
  for (let t = 0; t < MOST_CALLS + 3; t++) add(t, 9);
  const calls = recorder.take();
  expect(calls).toHaveLength(MOST_CALLS + 1);
  expect(calls[0]!.args[0]).toContain("3 calls");
  expect(recorder.take()).toEqual([]);
  add(0, 9_000);
  expect(recorder.take()[0]!.args[1]).toBe(`${"x".repeat(LONGEST_TEXT)}… (9000 characters)`);
  for (let t = 0; t < MOST_CALLS; t++) add(t, 9_000);
  const few = recorder.take();
  expect(few.length).toBeLessThan(MOST_CALLS);
  expect(few.slice(1).reduce((sum, call) => sum + call.args[1]!.length, 0)).toBeLessThanOrEqual(MOST_TEXT);
  expect(few.at(-1)!.t).toBe(MOST_CALLS - 1);
  expect(recorder.take()).toEqual([]);
});
