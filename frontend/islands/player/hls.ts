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
/** Answers that say that the address itself is no longer good. */
const EXPIRED = new Set([401, 403, 410]);
/** Parts in a row that did not arrive before it is worth a word. */
const WORTH_A_WORD = 2;

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
  // What was just seen stays, so that going back 10 seconds loads nothing again. The first part comes while the decoder starts.
  video.config = { backBufferLength: 90, startFragPrefetch: true };
  video.setAttribute("src", src);
  for (let i = 0; i < 10 && !video.api; i += 1) await Promise.resolve();
  const api = video.api;
  if (!api) return false;

  let manifest = false;
  let missed = 0;
  let failures = 0;
  let repaired = Number.NEGATIVE_INFINITY;
  let cancel: (() => void) | undefined;
  const again = (): void => {
    cancel?.();
    cancel = undefined;
    if (manifest) api.startLoad();
    else api.loadSource(src);
  };
  const network = (failure: Failure): void => {
    missed += 1;
    if (EXPIRED.has(failure.response?.code ?? 0)) trouble.expired();
    else if (failure.fatal || missed >= WORTH_A_WORD) trouble.lost();
    if (!failure.fatal) return;
    failures += 1;
    cancel?.();
    cancel = timers.after(backoff(failures, Math.random), again);
  };
  api.on("hlsManifestParsed", () => {
    manifest = true;
    if (failures > 0) api.startLoad();
  });
  api.on("hlsFragLoaded", () => {
    if (missed > 0) trouble.back();
    missed = 0;
    failures = 0;
  });
  api.on("hlsError", (_event, failure: Failure) => {
    if (failure.type === "networkError") network(failure);
    else if (!failure.fatal) return;
    else if (failure.type === "mediaError" && performance.now() - repaired > REPAIR) {
      repaired = performance.now();
      api.recoverMediaError();
    } else trouble.broken();
  });
  globalThis.addEventListener("online", () => {
    if (cancel !== undefined) again();
  });
  return true;
}
