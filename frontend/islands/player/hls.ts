import { backoff } from "./backoff";
import type { Timers } from "./clock";
import type { Media } from "./session";

/** A media element of the page, with what the player needs beyond playing. */
export interface VideoElement extends HTMLElement, Omit<Media, keyof EventTarget> {
  volume: number;
  muted: boolean;
  readonly textTracks: TextTrackList;
  readonly readyState: number;
  load(): void;
}

/** What can go wrong with the picture itself. */
export interface Trouble {
  /** Its parts do not arrive; they are asked for again. */
  lost(): void;
  /** They arrive again. */
  back(): void;
  /** The address is no longer valid, as after a long pause. */
  expired(): void;
  /** It cannot be played. */
  broken(): void;
}

interface HlsApi {
  on(event: string, listener: (event: string, data: never) => void): void;
  loadSource(url: string): void;
  startLoad(): void;
  recoverMediaError(): void;
}

interface HlsElement extends VideoElement {
  api?: HlsApi | null;
  config: object | null;
}

interface Failure {
  fatal: boolean;
  type: string;
  response?: { code?: number };
}

/** Milliseconds between two attempts to repair the decoder, below which it is taken to be broken. */
const REPAIR = 10_000;
const GONE = new Set([401, 403, 404, 410]);

export function isHls(src: string): boolean {
  return /\.m3u8($|[?#])/.test(src);
}

/** Loads the HLS library, which is large, and defines `<hls-video>`. */
export async function defineHls(): Promise<void> {
  await import("hls-video-element");
}

/**
 * Plays `src` in an `<hls-video>` and keeps at it when the network goes. False where the browser plays HLS by
 * itself, and reports its troubles as the element's errors.
 */
export async function attachHls(element: VideoElement, src: string, trouble: Trouble, timers: Timers): Promise<boolean> {
  const video = element as HlsElement;
  // A worker would need blob: in the content security policy; our own segments need no work.
  video.config = { enableWorker: false, backBufferLength: 90 };
  video.setAttribute("src", src);
  for (let i = 0; i < 10 && !video.api; i += 1) await Promise.resolve();
  const api = video.api;
  if (!api) return false;

  let manifest = false;
  let failures = 0;
  let repaired = Number.NEGATIVE_INFINITY;
  let cancel: (() => void) | undefined;
  const again = (): void => {
    cancel?.();
    cancel = undefined;
    if (manifest) api.startLoad();
    else api.loadSource(src);
  };
  api.on("hlsManifestParsed", () => {
    manifest = true;
    if (failures > 0) api.startLoad();
  });
  api.on("hlsFragLoaded", () => {
    if (failures > 0) trouble.back();
    failures = 0;
  });
  api.on("hlsError", (_event, failure: Failure) => {
    if (!failure.fatal) return;
    if (failure.type === "mediaError" && performance.now() - repaired > REPAIR) {
      repaired = performance.now();
      api.recoverMediaError();
    } else if (failure.type === "networkError") {
      if (GONE.has(failure.response?.code ?? 0)) {
        trouble.expired();
        return;
      }
      failures += 1;
      trouble.lost();
      cancel?.();
      cancel = timers.after(backoff(failures, Math.random), again);
    } else trouble.broken();
  });
  globalThis.addEventListener("online", () => {
    if (cancel !== undefined) again();
  });
  return true;
}
