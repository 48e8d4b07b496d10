/** The outline of a course: dragging, keys, renaming in place, choosing several, undoing. Without it every act is a form. */
import "./outline.css";
import htmx from "htmx.org";
import { csrfToken } from "../site/csrf";
import type { Arrangement } from "./arrangement";
import { drag } from "./drag";
import { files, isUploading } from "./files";
import { focusGrip, keys } from "./keys";
import { moveDialog } from "./move";
import { rename } from "./rename";
import { adopted, begin, forget, isUnsaved, remember, settled, undo } from "./saving";
import { base, idOf, outline, rowOf, shown } from "./tree";

const root = outline();
let before: Arrangement | null = null;
/** Where the focus was when something was asked of the server. */
let focused: { id: string; next: string } | null = null;

const openMove = moveDialog((rows) => {
  const first = rows[0];
  if (first) focusGrip(idOf(first));
});

function chosen(): HTMLInputElement[] {
  return [...root.querySelectorAll<HTMLInputElement>(".ol-pick:checked")];
}

function count(): void {
  const words = root.querySelector("[data-count]");
  const many = chosen().length;
  if (words) words.textContent = many === 1 ? "1 lesson chosen" : `${many} lessons chosen`;
}

function wake(): void {
  for (const hidden of root.querySelectorAll<HTMLElement>("[data-needs-script]")) hidden.hidden = false;
  count();
  void drag();
}

function refresh(html: string): void {
  root.innerHTML = html;
  htmx.process(root);
  adopted(null);
  wake();
}

begin({
  refresh,
  restore: (parts) => void act("restore", parts),
});
keys((row) => openMove([row]));
files(async () => {
  await settled();
  const answer = await fetch(`${base()}/outline`, { headers: { "hx-request": "true" } });
  if (answer.ok) refresh(await answer.text());
});
wake();

async function act(verb: string, parts: string[]): Promise<void> {
  forget(parts);
  const values = { act: verb, part: parts, _csrf_token: csrfToken() };
  await htmx.ajax("post", `${base()}/act`, { target: root, swap: "innerHTML", values });
  const first = parts[0]?.split(":")[1];
  if (first) focusGrip(first);
}

root.addEventListener("click", (event) => {
  const target = event.target as Element;
  const wish = target.closest<HTMLElement>("[data-rename]");
  const row = target.closest<HTMLElement>("[data-part]");
  const link = target.closest<HTMLElement>("[data-move]");
  if (wish && row) {
    const menu = wish.closest("details");
    if (menu) menu.open = false;
    rename(row);
  } else if (link && row) {
    event.preventDefault();
    const menu = link.closest("details");
    if (menu) menu.open = false;
    openMove([row]);
  } else if (target.closest("[data-move-chosen]")) {
    event.preventDefault();
    openMove(chosen().flatMap((box) => box.closest<HTMLElement>("[data-part]") ?? []));
  } else if (target.closest("[data-choose-none]")) {
    const first = chosen()[0];
    for (const box of chosen()) box.checked = false;
    count();
    first?.focus();
  } else if (target instanceof HTMLInputElement && target.matches(".ol-pick")) {
    if (event.shiftKey && last) through(last, target);
    last = target;
    count();
  }
});
let last: HTMLInputElement | null = null;

/** Shift and a click choose everything between two boxes. */
function through(from: HTMLInputElement, to: HTMLInputElement): void {
  const all = [...root.querySelectorAll<HTMLInputElement>(".ol-pick")];
  const [start, end] = [all.indexOf(from), all.indexOf(to)].sort((one, other) => one - other);
  for (const box of all.slice(start, (end ?? 0) + 1)) box.checked = to.checked;
}

root.addEventListener("keydown", (event) => {
  const row = (event.target as Element).closest<HTMLElement>("[data-part]");
  if (event.key === "F2" && row) {
    event.preventDefault();
    rename(row, event.target as HTMLElement);
  }
});
document.addEventListener("keydown", (event) => {
  const typing = (event.target as Element).closest("input:not([type=checkbox]), textarea, select, [contenteditable]");
  if (event.key.toLowerCase() !== "z" || !(event.ctrlKey || event.metaKey) || event.shiftKey || typing) return;
  event.preventDefault();
  undo();
});
/** The buttons stand outside their forms, so what was pressed is added to what is sent. */
let pressed: HTMLButtonElement | null = null;
root.addEventListener(
  "submit",
  (event) => {
    pressed = event.submitter instanceof HTMLButtonElement ? event.submitter : null;
  },
  true,
);
root.addEventListener("htmx:configRequest", (event) => {
  const { parameters } = (event as CustomEvent<{ parameters: Record<string, string> }>).detail;
  if (pressed?.name) parameters[pressed.name] = pressed.value;
  pressed = null;
});
root.addEventListener("htmx:beforeRequest", () => {
  before = shown();
  const row = document.activeElement?.closest<HTMLElement>("[data-part]");
  const rows = [...root.querySelectorAll<HTMLElement>("[data-part]")];
  const next = row ? (rows.slice(rows.indexOf(row) + 1).find((one) => !row.contains(one)) ?? rows[rows.indexOf(row) - 1]) : null;
  focused = row ? { id: idOf(row), next: next ? idOf(next) : "" } : null;
});
root.addEventListener("htmx:afterSwap", () => {
  adopted(before);
  before = null;
  wake();
});
root.addEventListener("htmx:afterSettle", () => {
  if (document.activeElement !== document.body || !focused) return;
  const place = rowOf(focused.id) ?? rowOf(focused.next);
  (place?.querySelector<HTMLElement>("summary") ?? document.getElementById("new-module"))?.focus();
});

document.addEventListener("outline-added", (event) => {
  const { part, rename: named } = (event as CustomEvent<{ part: string; rename?: boolean }>).detail;
  const row = rowOf(part.split(":")[1] ?? "");
  if (!row) return;
  row.scrollIntoView({ block: "nearest" });
  row.classList.add("ol-fresh");
  if (named) rename(row, row.closest(".ol-module")?.querySelector<HTMLElement>(".ol-add > summary"));
});
document.addEventListener("outline-removed", (event) => {
  const { parts, text } = (event as CustomEvent<{ parts: string[]; text: string }>).detail;
  remember({ removed: parts });
  const region = document.getElementById("toasts");
  const note = Object.assign(document.createElement("div"), { className: "toast toast-success ol-toast" });
  const back = Object.assign(document.createElement("button"), { type: "button", className: "btn btn-plain btn-small", textContent: "Undo" });
  note.append(Object.assign(document.createElement("span"), { textContent: text }), back);
  back.addEventListener("click", () => {
    note.remove();
    void act("restore", parts);
  });
  region?.append(note);
  // Long enough to be read and reached; the list below the outline keeps it afterwards.
  window.setTimeout(() => {
    if (!note.contains(document.activeElement)) note.remove();
  }, 12_000);
});
window.addEventListener("beforeunload", (event) => {
  if (isUnsaved() || isUploading()) event.preventDefault();
});
