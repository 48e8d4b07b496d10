/**
 * Sends a file to the site, piece by piece, so that a lost connection, a closed laptop or a reloaded page costs nothing
 * that arrived. The promise ends when the file was checked and can be used. Errors carry words for people.
 */
import { csrfToken } from "../site/csrf.ts";

export type Purpose =
  | "lesson_image"
  | "lesson_video"
  | "attachment"
  | "lesson_pdf"
  | "captions"
  | "thumbnail"
  | "collection"
  | "package"
  | "submission";

export interface Uploaded {
  id: string;
  url: string;
  filename: string;
  kind: "image" | "video" | "audio" | "document" | "captions" | "archive";
  mime: string;
  bytes: number;
}

export interface Options {
  courseId?: string;
  /** For a file that is to be handed in: its assignment. */
  assignmentId?: string;
  purpose: Purpose;
  onProgress?: (sent: number, total: number) => void;
  /** What the upload is doing, for a line of text: sending, waiting for the connection, or being checked. */
  onState?: (state: State) => void;
  /** The id of the file, as soon as the server gave one. */
  onId?: (id: string) => void;
  /** Stops. With the reason "pause" what was sent is kept and choosing the file again goes on; else it is thrown away. */
  signal?: AbortSignal;
}

export type State = "sending" | "waiting" | "checking";

/** Bytes of one request: small enough for what proxies take and to lose little, large enough to cost little. */
export const CHUNK = 8 * 1024 * 1024;
const SMALLEST_CHUNK = 512 * 1024;
/** Pauses before trying again, in milliseconds. They begin anew whenever something arrived. */
export const DELAYS = [0, 500, 1000, 2000, 4000, 8000, 15000, 30000, 60000, 60000, 60000, 60000, 60000, 60000, 60000];
const LOST = "The site could not be reached for a long time. What was sent is kept: choose the same file again to go on.";

export class Stopped extends Error {
  constructor(readonly paused: boolean) {
    super(paused ? "Paused. What was sent is kept." : "Cancelled. What was sent was removed.");
    this.name = "AbortError";
  }
}

/** What one file is recognised by after a reload: the same bytes for the same place. */
export function fingerprint(file: File, purpose: string, courseId = ""): string {
  return ["collegium", purpose, courseId, file.name, file.size, file.lastModified].join("|");
}

/** The words of an answer that refuses, or words of ours where a machine in between answered. */
export function wordsOf(status: number, body: string): string {
  try {
    const problem = JSON.parse(body) as { detail?: unknown };
    if (typeof problem.detail === "string" && problem.detail) return problem.detail;
  } catch {
    // Not from the site itself.
  }
  if (status === 401) return "You were signed out. Sign in again, then choose the same file to go on.";
  if (status === 413) return "Something between you and the site does not let files of this size through.";
  return `The site answered in a way that was not expected (${status}). Try again; what was sent is kept.`;
}

/** Whether another try may help: the connection, a server that restarts, somebody else who writes. */
export function worthAnotherTry(status: number): boolean {
  return status === 0 || status === 408 || status === 409 || status === 423 || status === 429 || status === 460 || status >= 500;
}

export async function upload(file: File, options: Options): Promise<Uploaded> {
  if (options.signal?.aborted) throw new Stopped(options.signal.reason === "pause");
  if (file.size === 0) throw new Error(`“${file.name}” is empty. Choose another file.`);
  const id = await send(file, options);
  options.onState?.("checking");
  return checked(id, options.signal);
}

async function send(file: File, options: Options): Promise<string> {
  const tus = await import("tus-js-client");
  const mark = fingerprint(file, options.purpose, options.assignmentId ?? options.courseId);
  return new Promise<string>((resolve, reject) => {
    let settled = false;
    let signedOut = "";
    let started = false;
    const end = (act: () => void) => {
      if (settled) return;
      settled = true;
      options.signal?.removeEventListener("abort", stop);
      window.removeEventListener("online", now);
      act();
    };
    const sending = new tus.Upload(file, {
      endpoint: "/uploads",
      chunkSize: CHUNK,
      retryDelays: DELAYS,
      removeFingerprintOnSuccess: true,
      fingerprint: () => Promise.resolve(mark),
      metadata: { filename: file.name, purpose: options.purpose, ...(options.courseId ? { course: options.courseId } : {}), ...(options.assignmentId ? { assignment: options.assignmentId } : {}) },
      onBeforeRequest: (request) => {
        // The token may have changed since the upload began.
        request.setHeader("X-CSRF-Token", csrfToken());
        request.setHeader("Accept", "application/json");
      },
      onAfterResponse: (request, response) => {
        // The library would take this for an upload that is gone, forget it and begin anew.
        if (request.getMethod() === "HEAD" && [401, 403].includes(response.getStatus())) {
          signedOut = wordsOf(401, "");
          throw new Error(signedOut);
        }
      },
      onProgress: (sent, total) => {
        options.onState?.("sending");
        options.onProgress?.(sent, total ?? file.size);
      },
      onUploadUrlAvailable: () => {
        options.onId?.(idOf(sending.url));
        if (stopping) finish();
      },
      onShouldRetry: (error, _attempt, settings) => {
        if (signedOut || stopping) return false;
        const response = error.originalResponse;
        const status = response?.getStatus() ?? 0;
        const chunk = settings.chunkSize ?? CHUNK;
        const ours = response?.getBody().includes('"code"') ?? false;
        if (status === 413 && !ours && chunk > SMALLEST_CHUNK) {
          // A proxy that takes less at once.
          sending.options.chunkSize = Math.max(SMALLEST_CHUNK, chunk / 4);
          return true;
        }
        const again = worthAnotherTry(status);
        if (again) options.onState?.("waiting");
        return again;
      },
      onError: (error) => {
        if (stopping) return finish();
        const response = "originalResponse" in error ? error.originalResponse : null;
        const status = response?.getStatus() ?? 0;
        const words = signedOut || (response ? wordsOf(status, response.getBody()) : LOST);
        if (response && !worthAnotherTry(status) && status !== 401 && status !== 403) void forget(mark);
        end(() => reject(new Error(words)));
      },
      onSuccess: () => end(() => resolve(idOf(sending.url))),
    });
    let stopping = false;
    const finish = () =>
      end(() => {
        const paused = options.signal?.reason === "pause";
        void sending.abort(false);
        if (!paused) {
          void forget(mark);
          if (sending.url) void discard(idOf(sending.url)).catch(() => undefined);
        }
        reject(new Stopped(paused));
      });
    const stop = () => {
      stopping = true;
      if (!started || sending.url) finish();
      // The server is making room at this moment: to leave now would leave an upload behind that nobody knows.
      else setTimeout(finish, 3000);
    };
    // When the connection is back, there is no reason to wait for the next try.
    const now = () => {
      if (!settled) void sending.abort(false).then(() => (settled ? undefined : sending.start()));
    };
    options.signal?.addEventListener("abort", stop);
    window.addEventListener("online", now);
    void sending.findPreviousUploads().then((found) => {
      if (settled) return;
      const last = found.sort((a, b) => Date.parse(b.creationTime) - Date.parse(a.creationTime))[0];
      started = true;
      if (last) sending.resumeFromPreviousUpload(last);
      sending.start();
    });
  });
}

/** Forgets where a file was being sent to, because it was refused there: the next try begins anew. */
async function forget(mark: string): Promise<void> {
  const { defaultOptions } = await import("tus-js-client");
  for (const found of await defaultOptions.urlStorage.findUploadsByFingerprint(mark)) {
    await defaultOptions.urlStorage.removeUpload(found.urlStorageKey);
  }
}

/** Gives an upload up: what was sent is thrown away, also when the page is being left. */
export function discard(id: string): Promise<unknown> {
  const headers = { "tus-resumable": "1.0.0", "x-csrf-token": csrfToken(), accept: "application/json" };
  return fetch(`/uploads/${id}`, { method: "DELETE", headers, keepalive: true });
}

function idOf(url: string | null): string {
  return url?.split("?")[0]?.split("/").pop() ?? "";
}

interface Result extends Uploaded {
  state: "uploading" | "checking" | "ready" | "refused";
  refusal: string | null;
}

/** Waits until the server has looked into a file. */
export async function checked(id: string, signal?: AbortSignal): Promise<Uploaded> {
  for (let turn = 0, failures = 0; ; turn++) {
    await pause(Math.min(3000, 150 * 1.4 ** turn), signal);
    try {
      const response = await fetch(`/uploads/${id}/result`, { headers: { accept: "application/json" } });
      if (response.ok) {
        const found = (await response.json()) as Result;
        failures = 0;
        if (found.state === "refused") throw new Refusal(found.refusal ?? "This file was not accepted.");
        if (found.state === "ready") {
          const { id: made, url, filename, kind, mime, bytes } = found;
          return { id: made, url, filename, kind, mime, bytes };
        }
      } else if (!worthAnotherTry(response.status)) {
        throw new Refusal(wordsOf(response.status, await response.text()));
      }
    } catch (error) {
      if (error instanceof Refusal) throw new Error(error.message);
      if (++failures > 40) throw new Error("The file has arrived and is being checked. Look into the media library later.");
    }
  }
}

class Refusal extends Error {}

function pause(milliseconds: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stopped = () => {
      clearTimeout(timer);
      reject(new Stopped(true));
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", stopped);
      resolve();
    }, milliseconds);
    if (signal?.aborted) stopped();
    else signal?.addEventListener("abort", stopped, { once: true });
  });
}
