import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { PAUSE, Reporter, RETRY, type Answer } from "./reporter";
import { inView, Seen } from "./seen";

const part = (page: number, ofPage: number, ofView: number) => ({ page, pixels: ofView * 1000, ofPage, ofView });

describe("what was seen", () => {
  it("asks for half of the page or of the view, and for two pages at most", () => {
    expect(inView([part(1, 0.4, 0.3), part(2, 1, 0.4), part(3, 0.2, 0.6)])).toEqual([3, 2]);
    expect(inView([1, 2, 3, 4].map((page) => part(page, 1, 0.2)))).toEqual([1, 2]);
  });

  it("counts a page after a second without a break, once", () => {
    const seen = new Seen([[7, 9]]);
    expect(seen.look([1, 7], 0)).toEqual([]);
    expect(seen.look([1, 7], 999)).toEqual([]);
    expect(seen.look([1, 7], 1000)).toEqual([1]);
    expect(seen.look([1], 5000)).toEqual([]);
    expect([...seen.pages].sort()).toEqual([1, 7, 8]);
  });

  it("begins again after a break", () => {
    const seen = new Seen();
    seen.look([1], 0);
    seen.look([], 600);
    expect(seen.look([1], 1100)).toEqual([]);
    expect(seen.look([1], 2100)).toEqual([1]);
  });
});

describe("telling the server", () => {
  beforeEach(() => vi.useFakeTimers());
  afterEach(() => vi.useRealTimers());

  function made(answers: (Answer | Error)[]) {
    const sent: unknown[] = [];
    const reporter = new Reporter("/r", { page: 1, offset: 0 }, (_, body) => {
      sent.push(JSON.parse(body));
      const answer = answers.shift() ?? { status: 200, body: { counted: true } };
      return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
    });
    return { reporter, sent };
  }

  it("sends one report for many moves", async () => {
    const { reporter, sent } = made([]);
    for (let offset = 0; offset < 1; offset += 0.1) reporter.moved({ page: 2, offset });
    reporter.saw([2]);
    await vi.advanceTimersByTimeAsync(PAUSE);
    expect(sent).toEqual([{ page: 2, offset: expect.closeTo(1, 1) as number, seen: [2] }]);
    await vi.advanceTimersByTimeAsync(10 * PAUSE);
    expect(sent.length).toBe(1);
  });

  it("keeps pages that came too fast, and tells them again", async () => {
    const { reporter, sent } = made([{ status: 200, body: { counted: false, retry_after: 3 } }]);
    reporter.saw([1, 2, 3]);
    await reporter.flush();
    expect(reporter.unsent).toBe(3);
    await vi.advanceTimersByTimeAsync(3000);
    expect(sent.length).toBe(2);
    expect(reporter.unsent).toBe(0);
  });

  it("tries again when no answer comes, and stops when it is of no use", async () => {
    const { reporter, sent } = made([new Error("no network"), { status: 401, body: undefined }]);
    reporter.saw([1]);
    await reporter.flush();
    await vi.advanceTimersByTimeAsync(RETRY);
    expect(sent.length).toBe(2);
    await vi.advanceTimersByTimeAsync(100 * RETRY);
    expect(sent.length).toBe(2);
  });

  it("says nothing when there is nothing to say", async () => {
    const { reporter, sent } = made([]);
    reporter.moved({ page: 1, offset: 0.01 });
    await vi.advanceTimersByTimeAsync(PAUSE);
    await new Reporter("/r", { page: 1, offset: 0 }, () => Promise.reject(new Error())).flush();
    expect(sent).toEqual([]);
  });
});
