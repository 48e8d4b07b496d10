/** The outline as it stands in the page. The page is the one truth of what is shown; nothing is kept beside it. */
import type { Arrangement } from "./arrangement";

export function outline(): HTMLElement {
  const found = document.getElementById("outline");
  if (!found) throw new Error("no outline on this page");
  return found;
}

export function base(): string {
  return `/studio/${outline().dataset.course ?? ""}`;
}

export function idOf(row: HTMLElement): string {
  return row.dataset.part?.split(":")[1] ?? "";
}

export function titleOf(row: HTMLElement): string {
  return row.dataset.title ?? "";
}

export function rowOf(id: string): HTMLElement | null {
  return document.getElementById(`part-${id}`);
}

export function isModule(row: HTMLElement): boolean {
  return row.matches(".ol-module");
}

export function modules(): HTMLElement[] {
  return [...outline().querySelectorAll<HTMLElement>(".ol-module")];
}

export function lessonsOf(module: Element): HTMLElement[] {
  return [...module.querySelectorAll<HTMLElement>(".ol-lesson")];
}

export function listOf(module: Element): HTMLElement {
  const list = module.querySelector<HTMLElement>("[data-lessons]");
  if (!list) throw new Error("a module without a list");
  return list;
}

/** The order that the page shows. */
export function shown(): Arrangement {
  return modules().map((module) => ({ id: idOf(module), lessons: lessonsOf(module).map(idOf) }));
}

/** Titles of everything that the page shows, by id. */
export function titles(): Map<string, string> {
  return new Map([...outline().querySelectorAll<HTMLElement>("[data-part]")].map((row) => [idOf(row), titleOf(row)]));
}

/** Puts the rows of the page into an order; every row must be in it. */
export function arrange(order: Arrangement): void {
  const list = outline().querySelector<HTMLElement>("[data-modules]");
  for (const { id, lessons } of order) {
    const module = rowOf(id);
    if (!module || !list) continue;
    list.append(module);
    for (const lesson of lessons) {
      const row = rowOf(lesson);
      if (row) listOf(module).append(row);
    }
  }
}

export function announce(words: string): void {
  const said = document.getElementById("ol-said");
  if (said) said.textContent = words;
}

/** Where a row stands, in words: "position 2 of 5 in Basics". */
export function whereIs(row: HTMLElement): string {
  if (isModule(row)) {
    const all = modules();
    return `module ${all.indexOf(row) + 1} of ${all.length}`;
  }
  const module = row.closest<HTMLElement>(".ol-module");
  if (!module) return "";
  const all = lessonsOf(module);
  return `position ${all.indexOf(row) + 1} of ${all.length} in ${titleOf(module)}`;
}
