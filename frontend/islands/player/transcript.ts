interface Cue {
  start: number;
  end: number;
  button: HTMLElement;
}

/** Milliseconds for which the panel stays where the person scrolled it. */
const HANDS_OFF = 5000;
/** Milliseconds within which a scroll event is still the effect of our own scrolling. */
const OWN_SCROLL = 250;

/** The cue spoken at `time`, or the last one before it; -1 before the first. `cues` are sorted by start. */
export function cueAt(cues: readonly { start: number }[], time: number): number {
  let low = 0;
  let high = cues.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((cues[middle]?.start ?? 0) <= time) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/**
 * Follows the video in `[data-transcript]`: the button of the cue that is spoken has `aria-current`, and its
 * panel (never the page) scrolls to it, unless the person has just scrolled or prefers less motion.
 */
export class Transcript {
  #root: HTMLElement;
  #cues: Cue[];
  #current = -1;
  #scrolledAt = Number.NEGATIVE_INFINITY;
  #ownScrollAt = Number.NEGATIVE_INFINITY;
  #now: () => number;
  #still: () => boolean;

  constructor(root: HTMLElement, jump: (seconds: number) => void, now: () => number, still: () => boolean) {
    this.#root = root;
    this.#now = now;
    this.#still = still;
    this.#cues = [...root.querySelectorAll<HTMLElement>("[data-start]")]
      .map((button) => ({
        start: Number(button.dataset["start"]),
        end: Number(button.dataset["end"] ?? Number.NaN),
        button,
      }))
      .filter((cue) => Number.isFinite(cue.start))
      .sort((a, b) => a.start - b.start);
    root.addEventListener("click", (event) => {
      const button = (event.target as Element | null)?.closest?.<HTMLElement>("[data-start]");
      const cue = this.#cues.find((known) => known.button === button);
      if (cue === undefined) return;
      this.#scrolledAt = Number.NEGATIVE_INFINITY;
      jump(cue.start);
    });
    const touched = (): void => {
      this.#scrolledAt = this.#now();
    };
    root.addEventListener("wheel", touched, { passive: true });
    root.addEventListener("touchmove", touched, { passive: true });
    root.addEventListener(
      "scroll",
      () => {
        if (this.#now() - this.#ownScrollAt > OWN_SCROLL) touched();
      },
      { passive: true, capture: true },
    );
  }

  show(time: number): void {
    const index = cueAt(this.#cues, time);
    if (index === this.#current) return;
    this.#cues[this.#current]?.button.removeAttribute("aria-current");
    this.#current = index;
    const cue = this.#cues[index];
    if (cue === undefined) return;
    cue.button.setAttribute("aria-current", "true");
    this.#follow(cue.button);
  }

  #follow(button: HTMLElement): void {
    if (this.#still() || this.#now() - this.#scrolledAt < HANDS_OFF) return;
    const panel = this.#panel(button);
    if (panel === undefined) return;
    const inside = button.getBoundingClientRect();
    const frame = panel.getBoundingClientRect();
    const margin = Math.min(inside.height, frame.height / 4);
    if (inside.top >= frame.top + margin && inside.bottom <= frame.bottom - margin) return;
    this.#ownScrollAt = this.#now();
    panel.scrollTop += inside.top - frame.top - (frame.height - inside.height) / 3;
  }

  /** The nearest element between the button and the transcript itself that scrolls. */
  #panel(button: HTMLElement): HTMLElement | undefined {
    for (let node: HTMLElement | null = button.parentElement; node !== null; node = node.parentElement) {
      const overflow = getComputedStyle(node).overflowY;
      if ((overflow === "auto" || overflow === "scroll") && node.scrollHeight > node.clientHeight) return node;
      if (node === this.#root) return undefined;
    }
    return undefined;
  }
}
