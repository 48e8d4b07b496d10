import type { Answer } from "./protocol";

/** Sends a JSON text and returns the answer. Rejects only where no answer of the server came. */
export type Post = (url: string, body: string) => Promise<Answer>;

/** Milliseconds after which an answer is taken to be lost. */
const PATIENCE = 15_000;

function seconds(value: unknown): number | undefined {
  const number = typeof value === "string" && value.trim() !== "" ? Number(value) : value;
  if (typeof number === "number" && Number.isFinite(number)) return Math.max(0, number);
  if (typeof value !== "string") return undefined;
  const date = Date.parse(value);
  return Number.isNaN(date) ? undefined : Math.max(0, (date - Date.now()) / 1000);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * A transport on `fetch`. Every request is `keepalive`, so that one under way when the page goes is still
 * delivered. A redirect is no answer: it comes from a network that wants a login of its own.
 */
export function fetchPost(csrf: string, send: typeof fetch = (...args) => fetch(...args)): Post {
  return async (url, body) => {
    const control = new AbortController();
    const timer = setTimeout(() => control.abort(), PATIENCE);
    try {
      const response = await send(url, {
        method: "POST",
        body,
        headers: { "Content-Type": "application/json", Accept: "application/json", "X-CSRF-Token": csrf },
        credentials: "same-origin",
        keepalive: true,
        redirect: "error",
        cache: "no-store",
        signal: control.signal,
      });
      const text = await response.text();
      let parsed: unknown;
      try {
        parsed = JSON.parse(text);
      } catch {
        parsed = undefined;
      }
      const object = isObject(parsed) ? parsed : undefined;
      const retryAfter = seconds(object?.["retry_after"]) ?? seconds(response.headers.get("Retry-After") ?? undefined);
      return { status: response.status, body: object, retryAfter };
    } finally {
      clearTimeout(timer);
    }
  };
}
