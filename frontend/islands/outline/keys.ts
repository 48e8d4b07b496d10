/** Moving by keys: a grip is picked up with Space, moved with the arrows, dropped with Space, put back with Escape. */
import { type Arrangement } from "./arrangement";
import { save } from "./saving";
import { announce, arrange, isModule, listOf, modules, outline, rowOf, shown, titleOf, whereIs } from "./tree";

let held: { row: HTMLElement; grip: HTMLElement; before: Arrangement } | null = null;
let moving = false;

export function keys(openMove: (row: HTMLElement) => void): void {
  const root = outline();
  root.addEventListener("keydown", (event) => {
    const grip = (event.target as Element).closest<HTMLElement>("[data-grip]");
    const row = grip?.closest<HTMLElement>("[data-part]");
    if (!grip || !row || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === " ") {
      if (held) drop();
      else pick(row, grip);
    } else if (held && event.key === "Escape") {
      putBack();
    } else if (held && (event.key === "ArrowUp" || event.key === "ArrowDown")) {
      step(held.row, event.key === "ArrowUp" ? -1 : 1);
    } else if (!held && event.key === "Enter") {
      openMove(row);
    } else if (!held && (event.key === "ArrowUp" || event.key === "ArrowDown")) {
      neighbour(grip, event.key === "ArrowUp" ? -1 : 1);
    } else {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  });
  // A button answers Space when the key comes up again.
  root.addEventListener("keyup", (event) => {
    if (event.key === " " && (event.target as Element).closest("[data-grip]")) event.preventDefault();
  });
  root.addEventListener("click", (event) => {
    const grip = (event.target as Element).closest<HTMLElement>("[data-grip]");
    const row = grip?.closest<HTMLElement>("[data-part]");
    // A tap that was no drag; keys come with detail 0 and are handled above.
    if (row && event.detail > 0 && !held) openMove(row);
  });
  root.addEventListener("focusout", () => {
    if (held && !moving) putBack();
  });
}

function pick(row: HTMLElement, grip: HTMLElement): void {
  held = { row, grip, before: shown() };
  grip.setAttribute("aria-pressed", "true");
  row.classList.add("ol-held");
  announce(`Picked up ${titleOf(row)}, ${whereIs(row)}. Use the arrow keys, Space to drop, Escape to put it back.`);
}

function release(): typeof held {
  const was = held;
  held = null;
  was?.grip.setAttribute("aria-pressed", "false");
  was?.row.classList.remove("ol-held");
  return was;
}

function drop(): void {
  const was = release();
  if (!was) return;
  announce(`Dropped ${titleOf(was.row)}, ${whereIs(was.row)}.`);
  save(was.before);
}

function putBack(): void {
  const was = release();
  if (!was) return;
  const here = document.activeElement;
  arrange(was.before);
  if (here instanceof HTMLElement) here.focus();
  announce(`${titleOf(was.row)} is back at ${whereIs(was.row)}.`);
}

function step(row: HTMLElement, by: 1 | -1): void {
  moving = true;
  const done = isModule(row) ? slide(row, by) : slide(row, by) || cross(row, by);
  held?.grip.focus();
  moving = false;
  row.scrollIntoView({ block: "nearest" });
  announce(done ? `${titleOf(row)}, ${whereIs(row)}.` : `${titleOf(row)} stays: there is no place further ${by < 0 ? "up" : "down"}.`);
}

function slide(row: HTMLElement, by: 1 | -1): boolean {
  const other = by < 0 ? row.previousElementSibling : row.nextElementSibling;
  if (!other) return false;
  if (by < 0) other.before(row);
  else other.after(row);
  return true;
}

function cross(row: HTMLElement, by: 1 | -1): boolean {
  const all = modules();
  const here = row.closest<HTMLElement>(".ol-module");
  const next = here ? all[all.indexOf(here) + by] : undefined;
  if (!next) return false;
  if (by < 0) listOf(next).append(row);
  else listOf(next).prepend(row);
  return true;
}

/** The arrows lead from grip to grip. */
function neighbour(grip: HTMLElement, by: 1 | -1): void {
  const all = [...outline().querySelectorAll<HTMLElement>("[data-grip]")];
  all[all.indexOf(grip) + by]?.focus();
}

/** Focus on the grip of a part. */
export function focusGrip(id: string): void {
  rowOf(id)?.querySelector<HTMLElement>("[data-grip]")?.focus();
}
