/** Lines by keyboard: Enter adds one, Alt with the arrows moves it, Backspace in an empty one removes it. */
import { announce, tool } from "../editor/dom";

const LINE = "[data-row]";

export function lineKeys(form: HTMLFormElement, changed: () => void): void {
  const list = form.querySelector<HTMLElement>("[data-lines]");
  if (!list) return;
  const lines = (): HTMLElement[] => [...list.querySelectorAll<HTMLElement>(LINE)];
  const first = (line: HTMLElement): HTMLInputElement => line.querySelector<HTMLInputElement>(`input[name="${line.dataset.row}_text"]`)!;

  const number = (): void => {
    lines().forEach((line, at) => {
      const shown = line.querySelector(".qb-number");
      if (shown) shown.textContent = String(at + 1);
    });
    changed();
  };
  const add = (after: HTMLElement): void => {
    const made = emptied(after, freeName(lines()));
    after.after(made);
    tools(made);
    form.dispatchEvent(new CustomEvent("line", { detail: made }));
    number();
    first(made).focus();
  };
  const move = (line: HTMLElement, by: number): void => {
    const all = lines();
    const to = all.indexOf(line) + by;
    const other = all[to];
    if (!other) return;
    const held = document.activeElement as HTMLElement | null;
    if (by < 0) other.before(line);
    else other.after(line);
    held?.focus();
    number();
    announce(`Line ${to + 1} of ${all.length}`);
  };
  const remove = (line: HTMLElement): void => {
    const all = lines();
    if (all.length < 2) return;
    const at = all.indexOf(line);
    line.remove();
    number();
    const next = lines()[Math.max(0, at - 1)];
    if (next) first(next).focus();
    announce("The line is removed.");
  };
  const tools = (line: HTMLElement): void => {
    line.querySelector("[data-tools]")?.replaceChildren(
      tool("arrow-up", "Move up", () => move(line, -1), "Move up (Alt+Up)"),
      tool("arrow-down", "Move down", () => move(line, 1), "Move down (Alt+Down)"),
      tool("trash", "Remove this line", () => remove(line)),
    );
  };

  for (const line of lines()) tools(line);
  list.addEventListener("keydown", (event) => {
    const field = event.target as HTMLElement;
    const line = field.closest<HTMLElement>(LINE);
    if (!line || !(field instanceof HTMLInputElement)) return;
    const text = field.type === "text";
    if (event.altKey && (event.key === "ArrowUp" || event.key === "ArrowDown")) {
      event.preventDefault();
      move(line, event.key === "ArrowUp" ? -1 : 1);
    } else if (event.key === "Enter" && text && !event.ctrlKey && !event.metaKey) {
      event.preventDefault();
      const next = lines()[lines().indexOf(line) + 1];
      if (next && !first(next).value) first(next).focus();
      else add(line);
    } else if (event.key === "Backspace" && text && field === first(line) && !field.value) {
      event.preventDefault();
      remove(line);
    }
  });
  form.querySelector<HTMLButtonElement>("button[value=rows]")?.addEventListener("click", (event) => {
    event.preventDefault();
    const last = lines().at(-1);
    if (last) add(last);
  });
}

export function freeName(lines: HTMLElement[]): string {
  const taken = new Set(lines.map((line) => line.dataset.row));
  let number = lines.length + 1;
  while (taken.has(`o${number}`)) number += 1;
  return `o${number}`;
}

/** A copy of a line under another name, with nothing in it. */
export function emptied(pattern: HTMLElement, name: string): HTMLElement {
  const copy = pattern.cloneNode(true) as HTMLElement;
  const old = pattern.dataset.row ?? "";
  copy.dataset.row = name;
  const swap = (value: string): string =>
    value.startsWith(`${old}_`) ? name + value.slice(old.length) : value.replace(`f-${old}-`, `f-${name}-`);
  for (const part of copy.querySelectorAll<HTMLElement>("input, label")) {
    for (const key of ["id", "name", "for"]) {
      const value = part.getAttribute(key);
      if (value) part.setAttribute(key, swap(value));
    }
    if (!(part instanceof HTMLInputElement)) continue;
    if (part.name === "row" || part.name === "right") {
      part.value = name;
      part.checked = false;
      part.removeAttribute("checked");
    } else {
      part.value = "";
      part.removeAttribute("value");
    }
    if (part.name.endsWith("_alt_text")) part.hidden = true;
    else if (part.type === "text") part.hidden = false;
  }
  for (const left of copy.querySelectorAll("[data-rich] .editor-rich, [data-rich] > button")) left.remove();
  for (const shown of copy.querySelectorAll("[data-media] img, [data-media] span, [data-media] button")) shown.remove();
  return copy;
}
