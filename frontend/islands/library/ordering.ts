/** Dragging parts and videos, and moving them by the arrow keys on their handles. The server keeps the order and shows it. */
import htmx from "htmx.org";
import type Sortable from "sortablejs";
import { toast } from "../site/toasts";
import { direction, same, shown, type PartOrder } from "./order";

type Maker = typeof Sortable;

export function ordering(): void {
  if (!list()) return;
  document.addEventListener("htmx:responseError", refused);
  document.addEventListener("keydown", (event) => {
    const handle = (event.target as Element).closest<HTMLElement>("[data-handle]");
    const to = direction(event.key);
    if (!handle?.dataset.handle || !to) return;
    event.preventDefault();
    event.stopPropagation();
    void send(list()?.dataset.move, { item: handle.dataset.handle, to }, handle.id);
  });
  // Dragging is fetched when somebody reaches for a handle.
  document.addEventListener("pointerover", (event) => {
    if ((event.target as Element).closest("[data-handle]")) void draggable();
  });
}

function list(): HTMLElement | null {
  return document.getElementById("parts");
}

/** Sends a change; the answer replaces the list, and the focus stays on the handle. What was refused is said, and undone. */
async function send(address: string | undefined, values: Record<string, string>, focus?: string): Promise<void> {
  if (!address) return;
  const before = list();
  await htmx.ajax("post", address, { target: "#parts", swap: "outerHTML", values });
  const after = list();
  if (after && after !== before) {
    // A hidden handle takes no focus, and the page shows it only when the change has settled.
    reveal(after);
    if (focus) document.getElementById(focus)?.focus();
    return;
  }
  // The order that the page shows is not the one that is kept.
  const whole = await fetch(location.href, { headers: { accept: "text/html" } });
  const kept = new DOMParser().parseFromString(await whole.text(), "text/html").getElementById("parts");
  if (!whole.ok || !kept || !before) return;
  before.replaceWith(kept);
  htmx.process(kept);
  reveal(kept);
}

function reveal(root: ParentNode): void {
  for (const handle of root.querySelectorAll<HTMLElement>("[data-needs-script]")) handle.hidden = false;
}

/** The words of a refusal, which comes as a notice. */
function refused(event: Event): void {
  const { xhr } = (event as CustomEvent<{ xhr: XMLHttpRequest }>).detail;
  const notice = new DOMParser().parseFromString(xhr.responseText, "text/html").querySelector(".notice");
  toast(notice?.textContent.trim() || "This did not work. Nothing was changed; try again.", "error");
}

let made: Promise<Maker> | undefined;

async function draggable(): Promise<void> {
  const root = list();
  if (!root || root.dataset.draggable) return;
  root.dataset.draggable = "yes";
  made ??= import("sortablejs").then((module) => module.default);
  const maker = await made;
  let before: PartOrder[] = [];
  const common = {
    handle: "[data-handle]",
    animation: matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : 120,
    ghostClass: "lib-carried",
    onStart: () => {
      before = shown(root);
    },
    onEnd: () => {
      const now = shown(root);
      if (!same(before, now)) void send(root.dataset.order, { order: JSON.stringify(now) });
    },
  };
  maker.create(root, { ...common, draggable: "[data-part]", handle: ".lib-part-head [data-handle]" });
  for (const clips of root.querySelectorAll<HTMLElement>("[data-clips]")) {
    maker.create(clips, { ...common, draggable: "[data-clip]", group: "clips" });
  }
}
