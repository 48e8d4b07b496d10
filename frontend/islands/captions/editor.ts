import { el } from "../player/dom";
import type { VideoElement } from "../player/hls";
import { at, insert, merge, problem, readTime, remove, split, toVtt, writeTime, type Cue } from "./cues";
import { Row, type RowActions } from "./row";

/** Changes that can be taken back. */
const MOST_STEPS = 100;

interface Step {
  cues: Cue[];
  index: number;
}

function read(json: string | undefined): Cue[] {
  const parsed: unknown = JSON.parse(json ?? "[]");
  if (!Array.isArray(parsed)) return [];
  return parsed.map((item: { start?: unknown; end?: unknown; text?: unknown }) => ({
    start: Number(item.start),
    end: Number(item.end),
    text: String(item.text ?? ""),
  }));
}

/**
 * The list of captions in `form`, whose text area stays what is sent: as WebVTT that the list writes, or as it was typed
 * there by hand.
 */
export class Editor {
  #form: HTMLFormElement;
  #source: HTMLTextAreaElement;
  #list: HTMLOListElement;
  #said: HTMLElement;
  #undoButton: HTMLButtonElement;
  #cues: Cue[];
  #rows: Row[] = [];
  #steps: Step[] = [];
  #media: VideoElement | undefined;
  #stopAt: number | undefined;
  #changed = false;
  #byHand = false;
  #heard = -1;

  constructor(form: HTMLFormElement) {
    const source = form.querySelector("textarea");
    const list = form.querySelector<HTMLOListElement>("[data-cues-list]");
    const said = form.querySelector<HTMLElement>("[data-cues-said]");
    const tools = form.querySelector<HTMLElement>("[data-cues-tools]");
    if (!source || !list || !said || !tools) throw new Error("the page has no room for the captions");
    this.#form = form;
    this.#source = source;
    this.#list = list;
    this.#said = said;
    this.#cues = read(form.dataset["cues"]);
    this.#undoButton = el("button", { type: "button", class: "btn btn-quiet btn-small", disabled: true }, "Undo");
    this.#undoButton.addEventListener("click", () => this.#undo());
    const add = el("button", { type: "button", class: "btn btn-quiet btn-small" }, "Add at the player’s time");
    add.addEventListener("click", () => this.#addHere());
    tools.prepend(add, this.#undoButton);
    tools.hidden = false;
    this.#draw();
    source.addEventListener("input", () => this.#takeOver());
    form.addEventListener("submit", () => this.#hand());
    addEventListener("beforeunload", (event) => {
      if (this.#changed) event.preventDefault();
    });
  }

  /** Follows a player: the caption that is heard is marked, and captions can be played. */
  follow(media: VideoElement): void {
    this.#media = media;
    media.addEventListener("timeupdate", () => {
      const now = media.currentTime;
      if (this.#stopAt !== undefined && now >= this.#stopAt) {
        this.#stopAt = undefined;
        media.pause();
      }
      this.#mark(at(this.#cues, now));
    });
    this.#form.classList.add("cues-playable");
  }

  #mark(index: number): void {
    if (index === this.#heard) return;
    this.#rows[this.#heard]?.element.removeAttribute("aria-current");
    this.#heard = index;
    this.#rows[index]?.element.setAttribute("aria-current", "true");
  }

  /** The person writes the file by hand: from here on that is what is sent. */
  #takeOver(): void {
    this.#changed = true;
    if (this.#byHand) return;
    this.#byHand = true;
    this.#list.hidden = true;
    this.#undoButton.disabled = true;
    this.#say("You are editing the text. Save it to see the list again.");
  }

  #hand(): void {
    this.#changed = false;
    if (!this.#byHand) this.#source.value = toVtt(this.#cues);
  }

  #say(words: string): void {
    this.#said.textContent = words;
  }

  #edit(index: number, change: Partial<Cue>): void {
    const cue = this.#cues[index];
    if (cue === undefined) return;
    this.#cues[index] = { ...cue, ...change };
    this.#touch();
    this.#rows[index]?.warn(problem(this.#cues[index] as Cue));
  }

  #touch(): void {
    this.#changed = true;
    this.#source.value = toVtt(this.#cues);
  }

  #step(cues: Cue[], index: number, words: string, field: "text" | "start" = "text"): void {
    this.#steps.push({ cues: this.#cues, index });
    if (this.#steps.length > MOST_STEPS) this.#steps.shift();
    this.#cues = cues;
    this.#touch();
    this.#draw();
    this.#rows[Math.min(Math.max(0, index), this.#rows.length - 1)]?.focus(field);
    this.#say(words);
  }

  #undo(): void {
    const step = this.#steps.pop();
    if (step === undefined) return;
    this.#cues = step.cues;
    this.#touch();
    this.#draw();
    this.#rows[Math.min(step.index, this.#rows.length - 1)]?.focus("text");
    this.#say("Taken back.");
  }

  #addHere(): void {
    const now = this.#media?.currentTime ?? 0;
    const index = at(this.#cues, now);
    this.#step(insert(this.#cues, index, now), index + 1, `Caption ${index + 2} added.`);
  }

  #play(index: number): void {
    const cue = this.#cues[index];
    const media = this.#media;
    if (cue === undefined || media === undefined) return;
    if (!media.paused && this.#heard === index) {
      media.pause();
      return;
    }
    media.currentTime = cue.start;
    this.#stopAt = undefined;
    void media.play()?.catch(() => undefined);
  }

  #actions(index: number): RowActions {
    return {
      edit: (change) => this.#edit(index, change),
      play: () => this.#play(index),
      now: () => this.#media?.currentTime,
      split: (place) => {
        const cues = split(this.#cues, index, place);
        if (cues.length === this.#cues.length) this.#say("This caption is too short to be split.");
        else this.#step(cues, index + 1, `Caption ${index + 1} split in two.`);
      },
      merge: () => {
        if (index + 1 < this.#cues.length) this.#step(merge(this.#cues, index), index, `Captions ${index + 1} and ${index + 2} joined.`);
      },
      add: () => this.#step(insert(this.#cues, index), index + 1, `Caption ${index + 2} added.`),
      remove: () => this.#step(remove(this.#cues, index), index, `Caption ${index + 1} deleted. Undo brings it back.`),
      go: (by) => this.#rows[index + by]?.focus("text"),
    };
  }

  #draw(): void {
    this.#undoButton.disabled = this.#steps.length === 0;
    this.#heard = -1;
    this.#rows = this.#cues.map((cue, index) => new Row(cue, index, index + 1 === this.#cues.length, this.#actions(index)));
    this.#list.replaceChildren(...this.#rows.map((row) => row.element));
    this.#rows.forEach((row, index) => row.warn(problem(this.#cues[index] as Cue)));
    if (this.#cues.length === 0) {
      const add = el("button", { type: "button", class: "btn btn-quiet" }, "Add the first caption");
      add.addEventListener("click", () => this.#step(insert([], -1, this.#media?.currentTime), 0, "Caption 1 added."));
      this.#list.append(el("li", { class: "cue-none" }, el("p", { class: "soft" }, "No captions yet."), add));
    }
  }
}

export { readTime, writeTime };
