/* Units of AICC courses speak to the site themselves (HACP): how they are launched, and what they left when they go. */
import type { Elements } from "../../runtime/scorm/types.ts";
import { withParameters } from "./address.ts";

export interface Hacp {
  /** The address of a unit with where it is to speak, and under which name. */
  launch(address: string, unit: string): string;
  /** The unit is about to go. */
  parting(): void;
  /** What the site has of a unit now; null when it does not answer. */
  heard(unit: string): Elements | null;
}

/** The identifier of a unit as its session's name begins: base64url without padding. */
export function named(unit: string): string {
  const bytes = Array.from(new TextEncoder().encode(unit), (byte) => String.fromCharCode(byte)).join("");
  return btoa(bytes).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

/** Tells the pages of a unit that they go while they can still be heard: units send their last words by a request that they wait
 *  for, which browsers no longer carry out for a page that is really going. */
export function announce(page: Window | null | undefined): void {
  try {
    for (let at = 0; at < (page?.frames.length ?? 0); at++) announce(page!.frames[at]);
    for (const event of ["beforeunload", "pagehide", "unload"]) page?.dispatchEvent(new Event(event));
  } catch {
    // A page of another host cannot be told.
  }
}

/** The names are in capitals: units that look for them as they are written look for these. */
export function hacp(origin: string, token: () => string, now: () => number): Hacp {
  let visits = 0;
  return {
    launch(address, unit) {
      const sid = `${named(unit)}.${now().toString(36)}-${++visits}`;
      return withParameters(address, `AICC_SID=${sid}&AICC_URL=${encodeURIComponent(`${origin}/${token()}/aicc`)}`);
    },
    parting() {
      announce(document.querySelector<HTMLIFrameElement>("iframe.scorm-frame")?.contentWindow);
    },
    heard(unit) {
      const request = new XMLHttpRequest();
      try {
        // What the unit sent while it went has been answered by now, and the next one may depend on it.
        request.open("GET", `/${token()}/definition`, false);
        request.send();
        const given = JSON.parse(request.responseText) as { session?: { saved?: Record<string, Elements> } };
        return request.status === 200 ? (given.session?.saved?.[unit] ?? {}) : null;
      } catch {
        return null;
      }
    },
  };
}
