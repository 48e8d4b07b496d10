import { openDialog } from "./dialogs";

/** `/` goes to the search, `?` shows the keys, arrows move through a list of rows. None while somebody types. */
export function keys(): void {
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
    if (event.key === "/" && search()) event.preventDefault();
    else if (event.key === "?") openDialog("keys");
    else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      if (step(event.target as Element, event.key === "ArrowDown" ? 1 : -1)) event.preventDefault();
    }
  });
}

export function typing(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable || target.matches("input:not([type=checkbox], [type=radio]), textarea, select"))
  );
}

/** The page's own search goes before the bar's. Whether there was one to go to. */
function search(): boolean {
  const fields = [...document.querySelectorAll<HTMLInputElement>("[data-search-key]")].filter((field) => field.checkVisibility());
  const field = fields.find((one) => one.closest("main")) ?? fields[0];
  field?.focus();
  field?.select();
  return field !== undefined;
}

function step(from: Element, by: 1 | -1): boolean {
  const links = [...(from.closest("[data-rows]")?.querySelectorAll<HTMLElement>("a.row-link, a.lesson-in") ?? [])];
  const next = links[links.indexOf(from as HTMLElement) + by];
  if (!links.includes(from as HTMLElement) || !next) return false;
  next.focus();
  return true;
}
