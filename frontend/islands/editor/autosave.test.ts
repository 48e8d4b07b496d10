import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type Answer, Autosave, type Sent, stateWords } from "./autosave";
import { Drafts } from "./drafts";
import type { Block } from "./types";

const text = (html: string): Block => ({ id: "a", type: "rich_text", content: { html }, metadata: {} });
const saved = (revision: number): Answer => ({ kind: "saved", revision, savedAt: "2026-11-21T14:02:00Z", blocks: [] });

class Bench {
  now = text("A");
  sent: Sent[] = [];
  answers: Answer[] = [];
  clash = vi.fn();
  states: string[] = [];
  drafts = new Drafts("lesson", "person", localStorage);
  autosave = new Autosave({
    editor: "e",
    base: 1,
    origin: [text("A")],
    read: () => [this.now],
    all: () => [this.now],
    drafts: this.drafts,
    send: async (sent) => {
      this.sent.push(structuredClone(sent));
      const answer = this.answers.shift();
      if (!answer) throw new Error("no connection");
      return answer;
    },
    shown: (state) => this.states.push(state.kind),
    clash: this.clash,
  });

  type(html: string): void {
    this.now = text(html);
    this.autosave.changed();
  }

  get kept(): number {
    return localStorage.length;
  }
}

describe("saving by itself", () => {
  beforeEach(() => {
    vi.useFakeTimers();
    localStorage.clear();
  });
  afterEach(() => vi.useRealTimers());

  it("waits for a pause, sends once, and forgets the draft", async () => {
    const bench = new Bench();
    bench.answers = [saved(2)];
    for (const typed of ["B", "BC", "BCD"]) {
      bench.type(typed);
      await vi.advanceTimersByTimeAsync(500);
    }
    expect(bench.kept).toBe(1);
    await vi.advanceTimersByTimeAsync(1500);
    expect(bench.sent.map((sent) => [sent.base, sent.blocks[0]?.content.html])).toEqual([[1, "BCD"]]);
    expect(bench.kept).toBe(0);
    expect(stateWords(bench.autosave.state)).toMatch(/^Saved \d/);
  });

  it("does not wait for ever while somebody types on", async () => {
    const bench = new Bench();
    bench.answers = [saved(2), saved(3)];
    for (let at = 0; at < 10; at++) {
      bench.type(`B${at}`);
      await vi.advanceTimersByTimeAsync(800);
    }
    expect(bench.sent.length).toBeGreaterThan(0);
  });

  it("keeps what cannot be sent and sends it when it can", async () => {
    const bench = new Bench();
    bench.type("B");
    await vi.advanceTimersByTimeAsync(1500);
    expect(stateWords(bench.autosave.state)).toBe("Not saved: no connection, kept in this browser");
    expect((await bench.drafts.adopt(Date.now() + 60_000))?.blocks[0]?.content.html).toBe("B");
    bench.answers = [saved(2)];
    await vi.advanceTimersByTimeAsync(4000);
    expect(bench.autosave.state.kind).toBe("saved");
    expect(bench.kept).toBe(0);
  });

  it("sends nothing when everything is as it was", async () => {
    const bench = new Bench();
    bench.type("A");
    await vi.advanceTimersByTimeAsync(3000);
    expect(bench.sent).toEqual([]);
    expect(bench.autosave.state.kind).toBe("saved");
  });

  it("stops at a conflict, keeps the draft, and goes on from their state once it is settled", async () => {
    const bench = new Bench();
    const theirs = { revision: 5, blocks: [text("T")], savedBy: "Mara", savedAt: null };
    bench.answers = [{ kind: "conflict", theirs }, saved(6)];
    bench.type("B");
    await vi.advanceTimersByTimeAsync(1500);
    expect(bench.clash).toHaveBeenCalledOnce();
    expect(bench.kept).toBe(1);
    bench.type("BB");
    await vi.advanceTimersByTimeAsync(10_000);
    expect(bench.sent).toHaveLength(1);
    bench.autosave.goOnFrom(theirs);
    await vi.advanceTimersByTimeAsync(2000);
    expect(bench.sent[1]?.base).toBe(5);
    expect(bench.autosave.base).toBe(6);
  });

  it("says why something was refused, and tries again with the next change", async () => {
    const bench = new Bench();
    bench.answers = [{ kind: "refused", words: "It is too long." }, saved(2)];
    bench.type("B");
    await vi.advanceTimersByTimeAsync(60_000);
    expect(bench.sent).toHaveLength(1);
    expect(stateWords(bench.autosave.state)).toBe("Not saved: It is too long.");
    bench.type("C");
    await vi.advanceTimersByTimeAsync(2000);
    expect(bench.autosave.state.kind).toBe("saved");
  });
});
