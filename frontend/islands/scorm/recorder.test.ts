import { expect, test } from "vitest";
import { MOST_TEXT, Recorder } from "./recorder.ts";

test("what is recorded leaves room in a commit for what the learner did", () => {
  const recorder = new Recorder();
  const text = "\u6f22".repeat(3_000);
  for (let n = 0; n < 500; n++) recorder.add({ t: n, fn: "SetValue", args: ["cmi.suspend_data", text], answer: "true", error: "0" });
  const taken = recorder.take();
  expect(taken.reduce((sum, call) => sum + call.args.join("").length + call.answer.length, 0)).toBeLessThan(MOST_TEXT + 100);
  expect(taken[0]?.args[0]).toMatch(/^\d+ calls before were not recorded$/);
  expect(taken.at(-1)?.t).toBe(499);
  recorder.add({ t: 1, fn: "Commit", args: [""], answer: "true", error: "0" });
  expect(recorder.take()).toHaveLength(1);
});
