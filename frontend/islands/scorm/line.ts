/* The way to the server: one synchronous, because a Commit must answer the truth before it returns, one that is not, and one
   for a page that goes. */
import type { CommitAnswer, Refusal } from "../../runtime/scorm/types.ts";

export interface Reply {
  /** 0 when the server was not reached. */
  status: number;
  body: Record<string, unknown> | null;
}

export interface Line {
  now(path: string, body: string): Reply;
  later(path: string, body: string): Promise<Reply>;
  /** For a page that goes; answers whether the browser took it. */
  parting(path: string, body: string): boolean;
}

function parsed(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}

/** Of the largest body that browsers send while a page goes. */
export const PARTING = 60_000;
/** Milliseconds after which a request that nobody waits for is given up. */
const PATIENCE = 30_000;

export const pageLine: Line = {
  now(path, body) {
    const request = new XMLHttpRequest();
    try {
      request.open("POST", path, false);
      request.setRequestHeader("content-type", "application/json");
      request.send(body);
      return { status: request.status, body: parsed(request.responseText) };
    } catch {
      return { status: 0, body: null };
    }
  },
  async later(path, body) {
    try {
      const answer = await fetch(path, {
        method: "POST",
        body,
        headers: { "content-type": "application/json" },
        signal: AbortSignal.timeout(PATIENCE),
      });
      return { status: answer.status, body: parsed(await answer.text()) };
    } catch {
      return { status: 0, body: null };
    }
  },
  parting(path, body) {
    if (body.length > PARTING) return false;
    try {
      void fetch(path, { method: "POST", body, headers: { "content-type": "application/json" }, keepalive: true }).catch(() => undefined);
      return true;
    } catch {
      return navigator.sendBeacon(path, new Blob([body], { type: "application/json" }));
    }
  },
};

const WORDS: Record<Refusal, string> = {
  offline: "The site cannot be reached.",
  stale: "This lesson was opened in another tab or on another device.",
  signed_out: "You are signed out.",
  refused: "The site did not take what the lesson sent.",
  full: "The site has no room for what the lesson sent.",
};
const REASONS = new Set(Object.keys(WORDS));

/** What a reply means for the commit that was sent; what is not a clear answer means that it was not saved. */
export function judge(reply: Reply, seq: number): CommitAnswer {
  const body = reply.body;
  if (reply.status === 200 && body?.["saved"] === true && typeof body["seq"] === "number" && body["seq"] >= seq)
    return body as CommitAnswer;
  const reason = reasonOf(body) ?? byStatus(reply.status);
  const words = typeof body?.["words"] === "string" ? body["words"] : WORDS[reason];
  return { saved: false, reason, words };
}

/** Of these, what was sent does not fit what the server has: somebody else has gone on. */
const NOT_OURS = new Set(["sequence_used", "commits_missing"]);

function reasonOf(body: Reply["body"]): Refusal | null {
  const said = body?.["reason"];
  if (NOT_OURS.has(String(body?.["code"]))) return "stale";
  // The token has run out, which the site's page mends, as it does when somebody has signed in again.
  if (said === "expired") return "signed_out";
  return typeof said === "string" && REASONS.has(said) ? (said as Refusal) : null;
}

function byStatus(status: number): Refusal {
  if (status === 401 || status === 403 || status === 404) return "signed_out";
  if (status === 409) return "stale";
  if (status === 413 || status === 422 || status === 400) return "refused";
  if (status === 507) return "full";
  return "offline";
}
