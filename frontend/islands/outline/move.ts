/** The dialog that moves a module, or lessons, to a chosen place. */
import { save } from "./saving";
import { announce, idOf, isModule, lessonsOf, listOf, modules, rowOf, shown, titleOf, whereIs } from "./tree";

export function moveDialog(after: (rows: HTMLElement[]) => void): (rows: HTMLElement[]) => void {
  const dialog = document.getElementById("ol-move") as HTMLDialogElement;
  const heading = document.getElementById("ol-move-title") as HTMLElement;
  const whose = dialog.querySelector<HTMLElement>("[data-move-module]") as HTMLElement;
  const module = document.getElementById("move-module") as HTMLSelectElement;
  const place = document.getElementById("move-after") as HTMLSelectElement;
  let rows: HTMLElement[] = [];

  const fill = (): void => {
    const target = rowOf(module.value);
    const first = rows[0];
    if (!first) return;
    const others = (isModule(first) ? modules() : target ? lessonsOf(target) : []).filter((row) => !rows.includes(row));
    const before = first.previousElementSibling;
    place.replaceChildren(new Option("First", ""), ...others.map((row) => new Option(`After ${titleOf(row)}`, idOf(row))));
    const inside = isModule(first) || first.closest(".ol-module") === target;
    const usual = inside ? (before instanceof HTMLElement ? idOf(before) : "") : others.length ? idOf(others[others.length - 1] as HTMLElement) : "";
    place.value = [...place.options].some((option) => option.value === usual) ? usual : "";
  };
  module.addEventListener("change", fill);
  dialog.addEventListener("close", () => {
    if (dialog.returnValue === "yes") put(rows, rowOf(module.value), rowOf(place.value));
    after(rows);
  });

  return (chosen) => {
    const first = chosen[0];
    if (!first) return;
    rows = chosen;
    heading.textContent = chosen.length === 1 ? `Move “${titleOf(first)}”` : `Move ${chosen.length} lessons`;
    whose.hidden = isModule(first);
    module.replaceChildren(...modules().map((one) => new Option(titleOf(one), idOf(one))));
    const here = first.closest<HTMLElement>(".ol-module");
    if (here) module.value = idOf(here);
    fill();
    dialog.returnValue = "";
    dialog.showModal();
  };
}

function put(rows: HTMLElement[], module: HTMLElement | null, after: HTMLElement | null): void {
  const first = rows[0];
  if (!first) return;
  const before = shown();
  const list = isModule(first) ? first.parentElement : module && listOf(module);
  if (!list) return;
  if (after) after.after(...rows);
  else list.prepend(...rows);
  announce(rows.length === 1 ? `${titleOf(first)} is at ${whereIs(first)}.` : `${rows.length} lessons are moved.`);
  save(before);
}
