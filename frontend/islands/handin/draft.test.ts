import { describe, expect, it, vi } from "vitest";
import { Draft, type Answer, type Send } from "./draft.ts";

function made(answers: Answer[]) {
  const sent: Parameters<Send>[0][] = [];
  const said: string[] = [];
  const draft = new Draft(
    3,
    (written) => {
      sent.push(written);
      return Promise.resolve(answers.shift() ?? { kind: "saved", revision: sent.length + 3 });
    },
    (words) => said.push(words),
    10,
  );
  return { draft, sent, said };
}

describe("keeping what is written", () => {
  it("sends the last state once, with the revision that it was made from", async () => {
    const { draft, sent, said } = made([]);
    draft.change({ text: "a", url: "" });
    draft.change({ text: "ab", url: "" });
    expect(draft.open).toBe(true);
    await draft.now();
    expect(sent).toEqual([{ text: "ab", url: "", revision: 3 }]);
    draft.change({ text: "abc", url: "" });
    await draft.now();
    expect(sent[1]?.revision).toBe(4);
    expect([draft.open, said.at(-1)]).toEqual([false, "Kept. Nothing is handed in yet."]);
  });

  it("tries again when the site cannot be reached, and loses nothing", async () => {
    vi.useFakeTimers();
    const { draft, sent } = made([{ kind: "lost" }]);
    draft.change({ text: "a", url: "" });
    await draft.now();
    expect(draft.open).toBe(true);
    await vi.advanceTimersByTimeAsync(5000);
    expect(sent.map((one) => one.text)).toEqual(["a", "a"]);
    expect(draft.open).toBe(false);
    vi.useRealTimers();
  });

  it("stops when another tab has saved meanwhile", async () => {
    const { draft, sent, said } = made([{ kind: "refused", words: "Changed in another tab." }]);
    draft.change({ text: "a", url: "" });
    await draft.now();
    draft.change({ text: "ab", url: "" });
    await draft.now();
    expect([sent.length, said.at(-1)]).toEqual([1, "Changed in another tab."]);
  });
});
