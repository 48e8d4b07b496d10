import type { VideoElement } from "./hls";
import type { Media } from "./session";

export type Provider = "youtube" | "vimeo" | "wistia";

interface Known {
  name: string;
  tag: string;
  define: () => Promise<unknown>;
}

const KNOWN: Record<Provider, Known> = {
  youtube: { name: "YouTube", tag: "youtube-video", define: () => import("youtube-video-element") },
  vimeo: { name: "Vimeo", tag: "vimeo-video", define: () => import("vimeo-video-element") },
  wistia: { name: "Wistia", tag: "wistia-video", define: () => import("wistia-video-element") },
};

export function isProvider(name: string): name is Provider {
  return Object.hasOwn(KNOWN, name);
}

export function providerName(provider: Provider): string {
  return KNOWN[provider].name;
}

export function providerTag(provider: Provider): string {
  return KNOWN[provider].tag;
}

/** Loads the program that speaks with a provider's player, and defines its element. Asks nothing of the provider yet. */
export async function defineProvider(provider: Provider): Promise<void> {
  await KNOWN[provider].define();
}

/**
 * Waits until the person wants the video of a provider to be loaded. Before that nothing is asked from the provider, not
 * even a picture.
 */
export function consent(stage: HTMLElement, provider: Provider): Promise<void> {
  const name = KNOWN[provider].name;
  const button = stage.querySelector<HTMLButtonElement>("[data-provider-load]");
  if (button === null) return Promise.reject(new Error(`the page does not ask before it loads ${name}`));
  button.hidden = false;
  return new Promise((resolve) => {
    button.addEventListener(
      "click",
      () => {
        button.disabled = true;
        button.setAttribute("aria-busy", "true");
        resolve();
      },
      { once: true },
    );
  });
}

/** What a provider's player reports reliably. */
const HEARD = ["play", "playing", "pause", "timeupdate", "waiting", "ratechange", "ended", "loadedmetadata", "durationchange", "progress"];
const NOTHING = { length: 0, start: () => 0, end: () => 0 } as unknown as TimeRanges;

/**
 * A provider's element as the session sees it. Its own `seeking` and `seeked` are left out: they are guessed from the time,
 * which a frame reports in jumps of a quarter of a second, so that plain playing looks like seeking. The tracker tells a
 * jump by the clock instead, which counts the same seconds and needs no word of the player.
 */
export class ProviderMedia extends EventTarget implements Media {
  #element: VideoElement;
  #ended = false;

  constructor(element: VideoElement) {
    super();
    this.#element = element;
    for (const name of HEARD) {
      element.addEventListener(name, () => {
        if (name === "ended") this.#ended = true;
        else if (name === "play" || name === "playing") this.#ended = false;
        this.dispatchEvent(new Event(name));
      });
    }
  }

  get currentTime(): number {
    return this.#element.currentTime || 0;
  }

  set currentTime(seconds: number) {
    this.#element.currentTime = seconds;
  }

  get playbackRate(): number {
    const rate = this.#element.playbackRate;
    return rate > 0 ? rate : 1;
  }

  set playbackRate(rate: number) {
    this.#element.playbackRate = rate;
  }

  get paused(): boolean {
    return this.#element.paused;
  }

  get ended(): boolean {
    return this.#element.ended || this.#ended;
  }

  get duration(): number {
    return this.#element.duration;
  }

  get buffered(): TimeRanges {
    try {
      return this.#element.buffered ?? NOTHING;
    } catch {
      return NOTHING; // asked before its player is there
    }
  }

  play(): Promise<void> | undefined {
    return this.#element.play();
  }

  pause(): void {
    this.#element.pause();
  }
}
