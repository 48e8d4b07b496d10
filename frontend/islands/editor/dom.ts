import arrowDown from "lucide-static/icons/arrow-down.svg?raw";
import arrowUp from "lucide-static/icons/arrow-up.svg?raw";
import bold from "lucide-static/icons/bold.svg?raw";
import code from "lucide-static/icons/code.svg?raw";
import codeBlock from "lucide-static/icons/square-code.svg?raw";
import copy from "lucide-static/icons/copy.svg?raw";
import file from "lucide-static/icons/file.svg?raw";
import grip from "lucide-static/icons/grip-vertical.svg?raw";
import image from "lucide-static/icons/image.svg?raw";
import italic from "lucide-static/icons/italic.svg?raw";
import library from "lucide-static/icons/images.svg?raw";
import link from "lucide-static/icons/link.svg?raw";
import film from "lucide-static/icons/film.svg?raw";
import list from "lucide-static/icons/list.svg?raw";
import numbered from "lucide-static/icons/list-ordered.svg?raw";
import pencil from "lucide-static/icons/pencil.svg?raw";
import pilcrow from "lucide-static/icons/remove-formatting.svg?raw";
import plus from "lucide-static/icons/plus.svg?raw";
import quote from "lucide-static/icons/quote.svg?raw";
import redo from "lucide-static/icons/redo-2.svg?raw";
import sigma from "lucide-static/icons/sigma.svg?raw";
import sound from "lucide-static/icons/volume-2.svg?raw";
import strike from "lucide-static/icons/strikethrough.svg?raw";
import sub from "lucide-static/icons/subscript.svg?raw";
import sup from "lucide-static/icons/superscript.svg?raw";
import table from "lucide-static/icons/table.svg?raw";
import text from "lucide-static/icons/text.svg?raw";
import trash from "lucide-static/icons/trash-2.svg?raw";
import type from "lucide-static/icons/type.svg?raw";
import underline from "lucide-static/icons/underline.svg?raw";
import undo from "lucide-static/icons/undo-2.svg?raw";
import video from "lucide-static/icons/video.svg?raw";
import youtube from "lucide-static/icons/square-play.svg?raw";
import formula from "lucide-static/icons/square-function.svg?raw";

const DRAWINGS = {
  "arrow-down": arrowDown, "arrow-up": arrowUp, bold, code, "code-block": codeBlock, copy, file, film, grip, image, italic, library, link, list,
  numbered, pencil, pilcrow, plus, quote, redo, sigma, sound, strike, sub, sup, table, text, trash, type, underline, undo, video, youtube, formula,
} satisfies Record<string, string>;
export type IconName = keyof typeof DRAWINGS;

type Attributes = Record<string, string | number | boolean | undefined>;

/** Makes an element. An attribute that is true is present without a value, one that is false or undefined is absent. */
export function el<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== false) element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...children);
  return element;
}

export function icon(name: IconName, size = 18): SVGElement {
  const holder = document.createElement("div");
  holder.innerHTML = DRAWINGS[name];
  const drawing = holder.querySelector("svg") as SVGElement;
  for (const [key, value] of Object.entries({ class: "icon", width: size, height: size, "stroke-width": 1.5, "aria-hidden": "true" })) {
    drawing.setAttribute(key, String(value));
  }
  return drawing;
}

/** A button with a word. */
export function button(label: string, act: () => void, options: { kind?: string; icon?: IconName; type?: string } = {}): HTMLButtonElement {
  const made = el("button", { type: options.type ?? "button", class: `btn btn-${options.kind ?? "quiet"}` });
  if (options.icon) made.append(icon(options.icon));
  made.append(label);
  made.addEventListener("click", act);
  return made;
}

/** A button that is an icon; its label is its name and its tool-tip. */
export function tool(name: IconName, label: string, act: () => void, hint = label): HTMLButtonElement {
  const made = el("button", { type: "button", class: "btn btn-plain btn-icon btn-small", "aria-label": label, "data-tip": hint });
  made.append(icon(name));
  made.addEventListener("click", act);
  return made;
}

let numbers = 0;

export interface Field {
  name: string;
  label: string;
  value?: string;
  hint?: string;
  required?: boolean;
  lines?: number;
  placeholder?: string;
  mono?: boolean;
}

/** A field with its label, and the input in it. */
export function field(about: Field): { box: HTMLElement; input: HTMLInputElement | HTMLTextAreaElement } {
  const id = `e-${about.name}-${++numbers}`;
  const input = about.lines
    ? el("textarea", { class: "textarea", rows: about.lines })
    : el("input", { class: "input", type: "text" });
  input.id = id;
  input.name = about.name;
  input.value = about.value ?? "";
  input.required = about.required ?? false;
  input.autocomplete = "off";
  if (about.mono) input.classList.add("editor-mono");
  if (about.placeholder) input.placeholder = about.placeholder;
  if (about.hint) input.setAttribute("aria-describedby", `${id}-hint`);
  const label = el("label", { class: "field-label", for: id }, about.label);
  if (!about.required) label.append(" ", el("span", { class: "field-optional" }, "optional"));
  const box = el("div", { class: "field" }, label);
  if (about.hint) box.append(el("p", { class: "field-hint", id: `${id}-hint` }, about.hint));
  box.append(input);
  return { box, input };
}

export interface Ask {
  title: string;
  verb: string;
  content: (Node | string)[];
  /** Answers words for what is wrong, or null when the dialog may close. */
  check?: () => Promise<string | null> | string | null;
  /** A second way out, such as removing a link. */
  other?: { label: string; value: string };
}

/** Opens a dialog; answers "ok", the other button's value, or null when it was closed. Focus goes back where it was. */
export function ask(about: Ask): Promise<string | null> {
  const id = `d-${++numbers}`;
  const before = document.activeElement;
  return new Promise((answer) => {
    let said: string | null = null;
    const wrong = el("p", { class: "field-error", role: "alert" });
    const form = el("form", { method: "dialog", class: "form" }, ...about.content, wrong);
    const foot = el("div", { class: "dialog-foot" });
    const dialog = el("dialog", { class: "dialog", "aria-labelledby": id });
    const end = (value: string | null): void => {
      said = value;
      dialog.close();
    };
    if (about.other) foot.append(button(about.other.label, () => end(about.other?.value ?? null)));
    foot.append(button("Cancel", () => end(null)), button(about.verb, () => undefined, { kind: "primary", type: "submit" }));
    form.append(foot);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      void Promise.resolve(about.check?.() ?? null).then((words) => {
        wrong.textContent = words ?? "";
        if (words === null) end("ok");
      });
    });
    dialog.append(el("div", { class: "dialog-in" }, el("h2", { id }, about.title), form));
    dialog.addEventListener("close", () => {
      dialog.remove();
      if (before instanceof HTMLElement && before.isConnected) before.focus();
      answer(said);
    });
    document.body.append(dialog);
    dialog.showModal();
    form.querySelector<HTMLElement>("input, textarea")?.focus();
  });
}

/** Says something to screen readers. */
export function announce(words: string): void {
  const region = document.querySelector<HTMLElement>("[data-announce]");
  if (region) region.textContent = words;
}
