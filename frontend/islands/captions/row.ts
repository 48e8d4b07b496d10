import { el } from "../player/dom";
import { icon } from "../player/icons";
import { readTime, writeTime, type Cue } from "./cues";

/** What can be done with one caption. */
export interface RowActions {
  edit(change: Partial<Cue>): void;
  play(): void;
  /** Where the player is, in seconds; undefined where there is none. */
  now(): number | undefined;
  split(place: number): void;
  merge(): void;
  add(): void;
  remove(): void;
  /** Moves to a neighbour. */
  go(by: -1 | 1): void;
}

function button(words: string, name: string, run: () => void, disabled = false): HTMLButtonElement {
  const made = el("button", { type: "button", class: "btn btn-plain btn-small", "aria-label": name, disabled }, words);
  made.addEventListener("click", run);
  return made;
}

/** One caption in the list: when it begins and ends, its words, and what can be done with it. */
export class Row {
  readonly element: HTMLLIElement;
  #text: HTMLTextAreaElement;
  #start: HTMLInputElement;
  #wrong: HTMLElement;

  constructor(cue: Cue, index: number, last: boolean, actions: RowActions) {
    const number = index + 1;
    const play = el("button", { type: "button", class: "cue-play btn btn-plain btn-icon btn-small", "aria-label": `Play caption ${number} from here`, "data-tip": "Play from here (Alt+Enter)" }, icon("play"));
    play.addEventListener("click", () => actions.play());
    this.#start = this.#time(cue.start, `Caption ${number} begins`, (seconds) => actions.edit({ start: seconds }), actions);
    const end = this.#time(cue.end, `Caption ${number} ends`, (seconds) => actions.edit({ end: seconds }), actions);
    this.#text = el("textarea", { class: "textarea cue-text", rows: Math.max(1, cue.text.split("\n").length), "aria-label": `Words of caption ${number}`, spellcheck: true });
    this.#text.value = cue.text;
    this.#text.addEventListener("input", () => {
      this.#text.rows = Math.max(1, this.#text.value.split("\n").length);
      actions.edit({ text: this.#text.value });
    });
    this.#wrong = el("p", { class: "cue-wrong field-error", hidden: true });
    const tools = el(
      "div",
      { class: "cue-tools" },
      button("Split", `Split caption ${number}`, () => actions.split(this.#text.selectionStart)),
      button("Join", `Join caption ${number} with the next`, () => actions.merge(), last),
      button("Add", `Add a caption after ${number}`, () => actions.add()),
      button("Delete", `Delete caption ${number}`, () => actions.remove()),
    );
    this.element = el("li", { class: "cue", "aria-label": `Caption ${number}` }, play, el("div", { class: "cue-times" }, this.#start, end), this.#text, tools, this.#wrong);
    this.element.addEventListener("keydown", (event) => this.#key(event, actions));
  }

  focus(field: "text" | "start"): void {
    const target = field === "text" ? this.#text : this.#start;
    target.focus();
    this.element.scrollIntoView({ block: "nearest" });
  }

  /** Shows what is wrong with it; nothing where it is well. */
  warn(words: string): void {
    this.#wrong.textContent = words;
    this.#wrong.hidden = words === "";
    this.element.classList.toggle("cue-bad", words !== "");
  }

  #time(seconds: number, name: string, changed: (seconds: number) => void, actions: RowActions): HTMLInputElement {
    const field = el("input", { class: "input cue-time", "aria-label": name, inputmode: "decimal", autocomplete: "off", spellcheck: "false", "data-tip": "Alt+T takes the player’s time" });
    field.value = Number.isFinite(seconds) ? writeTime(seconds) : "";
    field.addEventListener("input", () => changed(readTime(field.value) ?? Number.NaN));
    field.addEventListener("blur", () => {
      const read = readTime(field.value);
      if (read !== undefined) field.value = writeTime(read);
    });
    field.addEventListener("keydown", (event) => {
      const now = actions.now();
      if (!event.altKey || event.code !== "KeyT" || now === undefined) return;
      event.preventDefault();
      field.value = writeTime(now);
      changed(readTime(field.value) ?? now);
    });
    return field;
  }

  #key(event: KeyboardEvent, actions: RowActions): void {
    if (!event.altKey || event.ctrlKey || event.metaKey) return;
    const run: Record<string, () => void> = {
      Enter: () => (event.shiftKey ? actions.split(this.#text.selectionStart) : actions.play()),
      ArrowUp: () => actions.go(-1),
      ArrowDown: () => actions.go(1),
      KeyJ: () => actions.merge(),
      KeyN: () => actions.add(),
      Delete: () => actions.remove(),
      Backspace: () => actions.remove(),
    };
    const found = run[event.code === "NumpadEnter" ? "Enter" : event.code];
    if (found === undefined) return;
    event.preventDefault();
    found();
  }
}
