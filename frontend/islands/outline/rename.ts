/** Renaming in place: Enter keeps the title, Escape the old one; so does leaving the field untouched. */
import { csrfToken } from "../site/csrf";
import { toast } from "../site/toasts";
import { status } from "./saving";
import { announce, base, idOf, rowOf, titleOf } from "./tree";

export function rename(row: HTMLElement, focusAfter?: HTMLElement | null): void {
  const place = row.querySelector<HTMLElement>(".ol-title");
  if (!place || place.querySelector("input")) return;
  const back = focusAfter ?? row.querySelector<HTMLElement>("summary");
  const shown = [...place.childNodes];
  const old = titleOf(row);
  const input = document.createElement("input");
  input.className = "input ol-rename";
  input.value = old;
  input.maxLength = 200;
  input.setAttribute("aria-label", `Title of ${old}`);
  place.replaceChildren(input);
  input.focus();
  input.select();
  let done = false;

  const finish = (): void => {
    done = true;
    const here = document.activeElement === input || document.activeElement === document.body;
    place.replaceChildren(...shown);
    if (here) back?.focus();
  };
  const keep = async (): Promise<void> => {
    if (done) return;
    const title = input.value.trim();
    finish();
    if (!title || title === old) return;
    show(row, title);
    const failed = await send(row, title);
    if (failed === null) return;
    show(row, old);
    status("Not saved");
    toast(failed, "error");
  };
  input.addEventListener("keydown", (event) => {
    event.stopPropagation();
    if (event.key === "Enter") {
      event.preventDefault();
      void keep();
    } else if (event.key === "Escape") {
      finish();
      announce(`The title stays ${old}.`);
    }
  });
  input.addEventListener("blur", () => void keep());
}

function show(row: HTMLElement, title: string): void {
  const old = titleOf(row);
  row.dataset.title = title;
  const words = row.querySelector<HTMLElement>(":scope > .ol-text .ol-title > *, :scope > .ol-head .ol-title > *");
  if (words) words.textContent = title;
  const pick = row.querySelector(":scope > .ol-pick");
  pick?.setAttribute("aria-label", `Choose ${title}`);
  const own = isOwn(row);
  for (const hidden of own) if (hidden.textContent) hidden.textContent = hidden.textContent.replace(old, title);
}

function isOwn(row: HTMLElement): HTMLElement[] {
  return [...row.querySelectorAll<HTMLElement>("[data-grip] .sr-only, .ol-menu summary .sr-only, .ol-add summary .sr-only")].filter(
    (one) => one.closest("[data-part]") === row,
  );
}

/** Null when it is kept, else why not, in words. */
async function send(row: HTMLElement, title: string): Promise<string | null> {
  status("Saving");
  const body = new URLSearchParams({ part: row.dataset.part ?? "", title });
  try {
    const answer = await fetch(`${base()}/rename`, {
      method: "POST",
      headers: { accept: "application/json", "x-csrf-token": csrfToken() },
      body,
    });
    const said = (await answer.json()) as { title?: string; detail?: string };
    if (!answer.ok) return said.detail ?? "The title was not saved. Reload the page and try again.";
    const kept = rowOf(idOf(row));
    if (kept && said.title) show(kept, said.title);
    status("Saved");
    announce(`Renamed to ${said.title ?? title}.`);
    return null;
  } catch {
    return "The title was not saved: the server cannot be reached.";
  }
}
