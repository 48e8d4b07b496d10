import { afterEach, describe, expect, test, vi } from "vitest";
import { fetchPost } from "./transport";

function answering(body: string, init: ResponseInit): { send: typeof fetch; requests: [string, RequestInit][] } {
  const requests: [string, RequestInit][] = [];
  const send = ((url: string, init_: RequestInit) => {
    requests.push([url, init_]);
    return Promise.resolve(new Response(body, init));
  }) as unknown as typeof fetch;
  return { send, requests };
}

afterEach(() => {
  vi.useRealTimers();
});

describe("a request", () => {
  test("carries the token and the exact text, and outlives the page", async () => {
    const { send, requests } = answering('{"seq":1}', { status: 200 });
    const answer = await fetchPost("secret", send)("/beat", '{"a":1}');
    expect(answer).toEqual({ status: 200, body: { seq: 1 }, retryAfter: undefined });
    expect(requests[0]?.[0]).toBe("/beat");
    expect(requests[0]?.[1]).toMatchObject({
      method: "POST",
      body: '{"a":1}',
      keepalive: true,
      redirect: "error",
      headers: { "X-CSRF-Token": "secret", "Content-Type": "application/json" },
    });
  });

  test("that nobody answers is given up", async () => {
    vi.useFakeTimers();
    const send = ((_url: string, { signal }: RequestInit) =>
      new Promise((_, reject) => {
        signal?.addEventListener("abort", () => reject(new DOMException("aborted", "AbortError")));
      })) as unknown as typeof fetch;
    const refused = expect(fetchPost("", send)("/beat", "{}")).rejects.toThrow("aborted");
    await vi.advanceTimersByTimeAsync(15_000);
    await refused;
  });
});

describe("an answer", () => {
  test.each([
    ["<html>", {}, undefined, undefined],
    ["[1]", {}, undefined, undefined],
    ['{"retry_after":2.5}', {}, { retry_after: 2.5 }, 2.5],
    ["", { "Retry-After": "12" }, undefined, 12],
    ['{"retry_after":3}', { "Retry-After": "12" }, { retry_after: 3 }, 3],
    ["", { "Retry-After": "soon" }, undefined, undefined],
  ])("%j with %j", async (text, headers, body, retryAfter) => {
    const { send } = answering(text, { status: 429, headers: headers as Record<string, string> });
    expect(await fetchPost("", send)("/beat", "{}")).toEqual({ status: 429, body, retryAfter });
  });

  test("may name the time to come back", async () => {
    const { send } = answering("", { status: 503, headers: { "Retry-After": new Date(Date.now() + 60_000).toUTCString() } });
    const { retryAfter } = await fetchPost("", send)("/beat", "{}");
    expect(retryAfter).toBeGreaterThan(50);
    expect(retryAfter).toBeLessThanOrEqual(60);
  });
});
