/**
 * One question on a page (the macro `question`): reads and writes its answer, says when it changes, and makes ordering and
 * matching handier. Used where a quiz is taken and where it is previewed.
 */
import { enhanceMatching } from "./matching";
import { enhanceOrdering } from "./ordering";
import type { Answer } from "./types";

export interface Question {
  position: number;
  root: HTMLElement;
  read(): Answer;
  write(answer: Answer): void;
}

type Field = HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement;

/** `soon` is for what is typed, at once for what is chosen. */
export type Changed = (question: Question, soon: boolean) => void;

function fields(root: HTMLElement): Field[] {
  return [...root.querySelectorAll<Field>(".quiz-controls :is(input, textarea, select)")];
}

/** `q3-a` is part `a` of question 3. */
function part(name: string): string {
  return name.slice(name.indexOf("-") + 1);
}

function parts(root: HTMLElement): Record<string, string> {
  return Object.fromEntries(fields(root).filter((field) => field.value !== "").map((field) => [part(field.name), field.value]));
}

function one(root: HTMLElement): Field | undefined {
  return fields(root)[0];
}

export function read(root: HTMLElement): Answer {
  const ticked = fields(root).filter((field) => field instanceof HTMLInputElement && field.checked);
  switch (root.dataset.type) {
    case "multiple_choice":
    case "true_false":
      return ticked[0] ? { selected: ticked[0].value } : {};
    case "multiple_answer":
      return ticked.length > 0 ? { selected: ticked.map((field) => field.value) } : {};
    case "ordering": {
      const placed = fields(root).filter((field) => field.value !== "");
      placed.sort((a, b) => Number(a.value) - Number(b.value));
      return placed.length === fields(root).length ? { order: placed.map((field) => part(field.name)) } : {};
    }
    case "matching": {
      const pairs = parts(root);
      return Object.keys(pairs).length > 0 ? { pairs } : {};
    }
    case "fill_blank": {
      const blanks = Object.fromEntries(fields(root).map((field) => [part(field.name), field.value]));
      return Object.values(blanks).some((text) => text.trim() !== "") ? { blanks } : {};
    }
    case "numeric": {
      const [number, unit] = fields(root).map((field) => field.value.trim());
      return number || unit ? { number: number ?? "", ...(unit ? { unit } : {}) } : {};
    }
    default: {
      const text = one(root)?.value ?? "";
      return text.trim() === "" ? {} : { text };
    }
  }
}

export function write(root: HTMLElement, answer: Answer): void {
  const chosen = ([] as unknown[]).concat(answer.selected ?? []).map(String);
  const order = (answer.order as string[] | undefined) ?? [];
  const named = (answer.pairs ?? answer.blanks ?? {}) as Record<string, string>;
  for (const field of fields(root)) {
    const name = part(field.name);
    if (field instanceof HTMLInputElement && (field.type === "radio" || field.type === "checkbox")) field.checked = chosen.includes(field.value);
    else if (root.dataset.type === "ordering") field.value = order.includes(name) ? String(order.indexOf(name) + 1) : "";
    else if (root.dataset.type === "matching" || root.dataset.type === "fill_blank") field.value = named[name] ?? "";
    else if (root.dataset.type === "numeric") field.value = String((name === "unit" ? answer.unit : answer.number) ?? "");
    else field.value = String(answer.text ?? "");
  }
  root.dispatchEvent(new CustomEvent("quiz:written"));
}

export function isAnswered(answer: Answer): boolean {
  return Object.keys(answer).length > 0;
}

/** Makes a question alive; `announce` says something to a screen reader. */
export function question(root: HTMLElement, changed: Changed, announce: (words: string) => void): Question {
  const found: Question = {
    position: Number(root.dataset.question),
    root,
    read: () => read(root),
    write: (answer) => write(root, answer),
  };
  const tell = (soon: boolean): void => {
    showClear();
    changed(found, soon);
  };
  const clear = root.querySelector<HTMLButtonElement>("[data-clear]");
  const showClear = (): void => {
    if (clear) clear.hidden = !isAnswered(found.read());
  };
  clear?.addEventListener("click", () => {
    write(root, {});
    one(root)?.focus();
    tell(false);
  });
  const words = root.querySelector<HTMLElement>("[data-words]");
  const count = (): void => {
    const many = (one(root)?.value.trim().match(/\S+/g) ?? []).length;
    if (words) words.textContent = `${many} ${many === 1 ? "word" : "words"}.`;
  };
  root.addEventListener("input", (event) => {
    count();
    const field = event.target as Field;
    if (field instanceof HTMLTextAreaElement || (field instanceof HTMLInputElement && field.type === "text")) tell(true);
  });
  root.addEventListener("change", (event) => {
    const field = event.target as Field;
    if (field instanceof HTMLSelectElement || (field instanceof HTMLInputElement && field.type !== "text")) tell(false);
  });
  root.addEventListener("quiz:written", () => {
    showClear();
    count();
  });
  const order = root.querySelector<HTMLElement>("[data-order]");
  if (order && root.dataset.disabled === undefined && root.dataset.final === undefined) enhanceOrdering(root, order, () => tell(false), announce);
  const match = root.querySelector<HTMLElement>("[data-match]");
  if (match && root.dataset.disabled === undefined && root.dataset.final === undefined) enhanceMatching(match);
  showClear();
  count();
  return found;
}
