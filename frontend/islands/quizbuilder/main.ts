/** The builder of a quiz: dragging, keys, and saving as one goes. Without it every act is a form. */
import { csrfToken } from "../site/csrf";
import { toast } from "../site/toasts";
import { numbers } from "./numbers";

interface Made {
  destroy(): void;
}
let sortable: Made | null = null;
let held: { row: HTMLElement; grip: HTMLElement; next: Element | null } | null = null;
let moving = false;
/** What is on its way to the server; the next wish waits for it. */
let sending: Promise<void> = Promise.resolve();
let waiting = 0;
let timer = 0;

function form(): HTMLFormElement {
  const found = document.getElementById("qz-form");
  if (!(found instanceof HTMLFormElement)) throw new Error("no builder on this page");
  return found;
}

function rows(): HTMLElement[] {
  return [...document.querySelectorAll<HTMLElement>("#qz-rows > [data-row]")];
}

function titleOf(row: HTMLElement): string {
  return row.dataset.title ?? "";
}

function status(words: string): void {
  const line = document.getElementById("qz-status");
  if (line && line.textContent !== words) line.textContent = words;
}

function announce(words: string): void {
  const said = document.getElementById("qz-said");
  if (said) said.textContent = words;
}

function place(row: HTMLElement): string {
  return `line ${rows().indexOf(row) + 1} of ${rows().length}`;
}

/** Numbers the questions as they stand. */
function count(): void {
  const shown = numbers(rows().map((row) => Number(row.dataset.asks ?? "0")));
  for (const [at, row] of rows().entries()) {
    const cell = row.querySelector("[data-n]");
    if (cell) cell.textContent = shown[at] ?? "";
  }
}

/** Saves what the page shows, soon: what is typed in the meantime goes with it. */
function later(): void {
  window.clearTimeout(timer);
  status("Not saved yet");
  timer = window.setTimeout(() => send("save"), 500);
}

function send(act: string): void {
  window.clearTimeout(timer);
  timer = 0;
  waiting += 1;
  status("Saving");
  sending = sending.then(() => post(act)).finally(() => {
    waiting -= 1;
  });
}

async function post(act: string): Promise<void> {
  const data = new URLSearchParams();
  for (const [name, value] of new FormData(form())) if (typeof value === "string") data.append(name, value);
  data.set("act", act);
  let answer: Response;
  try {
    answer = await fetch(form().action, {
      method: "POST",
      headers: { "hx-request": "true", "x-csrf-token": csrfToken() },
      body: data,
    });
  } catch {
    status("Not saved");
    toast("Not saved: the server cannot be reached. Your order is kept in this page; change anything to try again.", "error");
    return;
  }
  const html = new DOMParser().parseFromString(await answer.text(), "text/html");
  const problem = document.getElementById("qz-problem");
  if (!answer.ok) {
    status("Not saved");
    const notice = html.querySelector(".notice");
    if (!notice) {
      toast("Not saved. Reload the page and try again.", "error");
      return;
    }
    notice.querySelector("[data-over]")?.addEventListener("click", () => {
      const revision = document.getElementById("qz-revision");
      if (revision instanceof HTMLInputElement) revision.value = answer.headers.get("x-revision") ?? "";
      problem?.replaceChildren();
      send(act);
    });
    problem?.replaceChildren(notice);
    return;
  }
  problem?.replaceChildren();
  const focused = document.activeElement?.id ?? "";
  for (const part of [...html.body.children]) if (part.id) document.getElementById(part.id)?.replaceWith(part);
  if (act !== "save") {
    wake();
    const back = focused ? document.getElementById(focused) : null;
    (back ?? document.getElementById("qz-add-section"))?.focus();
    if (act === "section") rows().at(-1)?.querySelector<HTMLInputElement>("input[name=title]")?.select();
  }
  if (waiting <= 1 && !timer) status("Saved");
}

function step(row: HTMLElement, by: 1 | -1): void {
  const other = by < 0 ? row.previousElementSibling : row.nextElementSibling;
  if (!other) {
    announce(`${titleOf(row)} stays: there is no place further ${by < 0 ? "up" : "down"}.`);
    return;
  }
  moving = true;
  if (by < 0) other.before(row);
  else other.after(row);
  held?.grip.focus();
  moving = false;
  row.scrollIntoView({ block: "nearest" });
  count();
  announce(`${titleOf(row)}, ${place(row)}.`);
}

function release(): typeof held {
  const was = held;
  held = null;
  was?.grip.setAttribute("aria-pressed", "false");
  was?.row.classList.remove("ol-held");
  return was;
}

function putBack(): void {
  const was = release();
  if (!was) return;
  const here = document.activeElement;
  was.row.parentElement?.insertBefore(was.row, was.next);
  if (here instanceof HTMLElement) here.focus();
  count();
  announce(`${titleOf(was.row)} is back at ${place(was.row)}.`);
}

function pressed(event: KeyboardEvent): void {
  const grip = (event.target as Element).closest<HTMLElement>("[data-grip]");
  const row = grip?.closest<HTMLElement>("[data-row]");
  if (!grip || !row || event.ctrlKey || event.metaKey || event.altKey) return;
  const by = event.key === "ArrowUp" ? -1 : event.key === "ArrowDown" ? 1 : 0;
  if (event.key === " " && held) {
    const was = release();
    announce(`Dropped ${titleOf(row)}, ${place(row)}.`);
    if (was?.row.nextElementSibling !== was?.next) later();
  } else if (event.key === " ") {
    held = { row, grip, next: row.nextElementSibling };
    grip.setAttribute("aria-pressed", "true");
    row.classList.add("ol-held");
    announce(`Picked up ${titleOf(row)}, ${place(row)}. Use the arrow keys, Space to drop, Escape to put it back.`);
  } else if (held && event.key === "Escape") {
    putBack();
  } else if (held && by) {
    step(held.row, by);
  } else if (by) {
    rows()[rows().indexOf(row) + by]?.querySelector<HTMLElement>("[data-grip]")?.focus();
  } else {
    return;
  }
  event.preventDefault();
}

async function drag(): Promise<void> {
  sortable?.destroy();
  sortable = null;
  const list = document.getElementById("qz-rows");
  if (!list) return;
  const { default: Sortable } = await import("sortablejs");
  const still = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
  sortable = Sortable.create(list, {
    handle: "[data-grip]",
    draggable: "[data-row]",
    animation: still ? 0 : 120,
    delay: 150,
    delayOnTouchOnly: true,
    ghostClass: "ol-ghost",
    chosenClass: "ol-chosen",
    onEnd: ({ item, oldIndex, newIndex }) => {
      count();
      announce(`${titleOf(item)} is at ${place(item)}.`);
      if (oldIndex !== newIndex) later();
    },
  });
}

function wake(): void {
  for (const hidden of document.querySelectorAll<HTMLElement>("#qz-body [data-needs-script]")) hidden.hidden = false;
  count();
  void drag();
}

const body = document.querySelector<HTMLElement>(".qz");
if (body) {
  body.classList.add("qz-live");
  body.addEventListener("submit", (event) => {
    if ((event.target as Element).id !== "qz-form") return;
    event.preventDefault();
    const button = event.submitter instanceof HTMLButtonElement ? event.submitter : null;
    send(button?.value ?? "save");
  });
  body.addEventListener("input", (event) => {
    if (!(event.target as Element).closest("#qz-form")) return;
    const row = (event.target as Element).closest<HTMLElement>("[data-row]");
    if (row && event.target instanceof HTMLInputElement && event.target.name === "count") {
      row.dataset.asks = String(Number.parseInt(event.target.value, 10) || 0);
      count();
    }
    later();
  });
  // Enter in a field saves at once and does not press the first button.
  body.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && event.target instanceof HTMLInputElement && event.target.closest("#qz-form")) {
      event.preventDefault();
      send("save");
    } else {
      pressed(event);
    }
  });
  // A button answers Space when the key comes up again.
  body.addEventListener("keyup", (event) => {
    if (event.key === " " && (event.target as Element).closest("[data-grip]")) event.preventDefault();
  });
  body.addEventListener("focusout", () => {
    if (held && !moving) putBack();
  });
  window.addEventListener("beforeunload", (event) => {
    if (timer || waiting) event.preventDefault();
  });
  wake();
}
