import { clock } from "./clock";
import { el } from "./dom";
import { subtract, total, union, type Interval } from "./intervals";
import type { Coverage } from "./session";

/** Below this goal seconds say more than minutes. */
const SHORT = 120;

/** "41 of 57 seconds needed", or once there is enough, that there is. */
export function coverageWords(seconds: number, goal: number): string {
  if (seconds >= goal) return "You have watched what this lesson needs";
  return goal < SHORT ? `${seconds} of ${goal} seconds needed` : `${clock(seconds)} of ${clock(goal)} needed`;
}

/**
 * Keeps the coverage strip and its words true. `[data-coverage-bar]` gets one child for each covered stretch
 * (`.coverage-seg`, with `data-unsent` where the server does not have it yet); `[data-coverage-words]` the words.
 */
export class CoverageStrip {
  #root: ParentNode;
  #duration: number;
  #drawn = "";

  constructor(root: ParentNode, duration: number) {
    this.#root = root;
    this.#duration = Math.max(1, Math.ceil(duration));
  }

  show({ watched, unsent, goalSeconds }: Coverage): void {
    const onTheWay = subtract(unsent, watched);
    const seconds = total(union(watched, unsent));
    for (const words of this.#root.querySelectorAll("[data-coverage-words]")) {
      const text = coverageWords(seconds, goalSeconds);
      if (words.textContent !== text) words.textContent = text;
    }
    const drawing = JSON.stringify([watched, onTheWay]);
    if (drawing === this.#drawn) return;
    this.#drawn = drawing;
    for (const bar of this.#root.querySelectorAll("[data-coverage-bar]")) {
      bar.replaceChildren(
        ...watched.map((stretch) => this.#segment(stretch, false)),
        ...onTheWay.map((stretch) => this.#segment(stretch, true)),
      );
    }
  }

  #segment([start, end]: Interval, unsent: boolean): HTMLElement {
    const segment = el("span", { class: "coverage-seg", "data-unsent": unsent });
    const left = (Math.min(start, this.#duration) / this.#duration) * 100;
    const right = (Math.min(end, this.#duration) / this.#duration) * 100;
    segment.style.left = `${left.toFixed(3)}%`;
    segment.style.width = `${(right - left).toFixed(3)}%`;
    return segment;
  }
}
