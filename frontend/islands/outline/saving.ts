/** Sends the order to the server, one at a time; says so; undoes; and never saves over what somebody else did. */
import { csrfToken } from "../site/csrf";
import { toast } from "../site/toasts";
import { type Arrangement, differences, reconcile, same } from "./arrangement";
import { announce, arrange, base, outline, shown, titles } from "./tree";

type Step = { order: Arrangement } | { removed: string[] };

/** What the server has, as far as this page knows. */
let seen: Arrangement = [];
const steps: Step[] = [];
let sending: Promise<void> | null = null;
let refresh: (html: string) => void = () => undefined;
let restore: (parts: string[]) => void = () => undefined;

export function begin(given: { refresh: (html: string) => void; restore: (parts: string[]) => void }): void {
  ({ refresh, restore } = given);
  seen = shown();
  document.getElementById("ol-undo")?.addEventListener("click", undo);
}

export function status(words: string): void {
  const line = document.getElementById("ol-status");
  if (line) line.textContent = words;
}

export function remember(step: Step): void {
  steps.push(step);
  if (steps.length > 50) steps.shift();
  button();
}

function button(): void {
  const undoing = document.getElementById("ol-undo");
  if (undoing instanceof HTMLButtonElement) undoing.disabled = steps.length === 0;
}

/** The server sent the outline anew: that is what is there. What an act of this page moved can be undone. */
export function adopted(before: Arrangement | null): void {
  const now = shown();
  if (before && !same(before, now) && same(sorted(before), sorted(now))) remember({ order: before });
  seen = now;
}

function sorted(order: Arrangement): Arrangement {
  const lessons = order.flatMap((module) => module.lessons).sort();
  return [{ id: order.map((module) => module.id).sort().join(), lessons }];
}

/** Saves what the page shows. `before` is what it showed before the person moved something. */
export function save(before: Arrangement | null): void {
  if (before && same(before, shown())) return;
  if (before) remember({ order: before });
  sending ??= send().finally(() => {
    sending = null;
  });
}

async function send(): Promise<void> {
  while (!same(seen, shown())) {
    const wanted = shown();
    status("Saving");
    let answer: Response;
    try {
      answer = await fetch(`${base()}/order`, {
        method: "POST",
        headers: { "content-type": "application/json", accept: "application/json", "x-csrf-token": csrfToken() },
        body: JSON.stringify({ outline: wanted, base: seen }),
      });
    } catch {
      failed("Not saved: the server cannot be reached.", wanted);
      return;
    }
    if (answer.ok) {
      seen = wanted;
      status("Saved");
    } else if (answer.status === 409) {
      await conflict(wanted);
      return;
    } else {
      const problem = (await answer.json().catch(() => ({}))) as { detail?: string };
      failed(problem.detail ?? "Not saved. Reload the page and try again.", null);
      arrange(reconcile(seen, shown()));
      return;
    }
  }
}

function failed(words: string, again: Arrangement | null): void {
  status("Not saved");
  toast(words, "error");
  if (again) offer("Your order is not saved yet", [words], again, "Try again");
}

/** Shows what somebody else did, and keeps the person's own order to be applied to it. */
async function conflict(mine: Arrangement): Promise<void> {
  const was = seen;
  const known = titles();
  const answer = await fetch(`${base()}/outline`, { headers: { "hx-request": "true" } });
  if (!answer.ok) {
    failed("The outline could not be loaded anew. Reload the page.", null);
    return;
  }
  refresh(await answer.text());
  const now = titles();
  const words = differences(was, seen).map(({ part, what }) => `“${now.get(part) ?? known.get(part) ?? "A part"}” was ${what}.`);
  status("Not saved");
  offer("Somebody else changed this outline", words.length ? words : ["It is in another order now."], mine, "Apply my order again");
}

function offer(title: string, lines: string[], mine: Arrangement, verb: string): void {
  const place = document.getElementById("ol-conflict");
  if (!place) return;
  const notice = document.createElement("div");
  notice.className = "notice notice-warning ol-notice";
  notice.setAttribute("role", "alert");
  const inner = document.createElement("div");
  const heading = document.createElement("p");
  heading.className = "notice-title";
  heading.textContent = `${title}. Your own order is kept until you leave this page.`;
  const list = document.createElement("ul");
  for (const line of lines.slice(0, 12)) list.append(Object.assign(document.createElement("li"), { textContent: line }));
  if (lines.length > 12) list.append(Object.assign(document.createElement("li"), { textContent: `And ${lines.length - 12} more.` }));
  const foot = document.createElement("p");
  foot.className = "ol-notice-foot";
  const apply = choice(verb, "btn btn-primary btn-small");
  const leave = choice("Leave it as it is", "btn btn-quiet btn-small");
  foot.append(apply, leave);
  inner.append(heading, list, foot);
  notice.append(inner);
  place.replaceChildren(notice);
  apply.addEventListener("click", () => {
    place.replaceChildren();
    const before = shown();
    arrange(reconcile(mine, before));
    save(same(before, seen) ? before : null);
    announce("Your order is applied.");
  });
  leave.addEventListener("click", () => {
    place.replaceChildren();
    arrange(reconcile(seen, shown()));
    status("");
  });
}

function choice(words: string, looks: string): HTMLButtonElement {
  return Object.assign(document.createElement("button"), { type: "button", className: looks, textContent: words });
}

/** Takes back the last move, or puts back what was removed last. */
export function undo(): void {
  const step = steps.pop();
  button();
  if (!step) return;
  if ("removed" in step) {
    restore(step.removed);
    return;
  }
  const now = shown();
  arrange(reconcile(step.order, now));
  announce("The last move is undone.");
  if (same(now, shown())) return;
  save(null);
}

/** The last removal is undone elsewhere. */
export function forget(parts: string[]): void {
  const at = steps.findLastIndex((step) => "removed" in step && step.removed.join() === parts.join());
  if (at >= 0) steps.splice(at, 1);
  button();
}

/** When nothing is on its way any more. */
export async function settled(): Promise<void> {
  await sending;
}

/** Whether something of this page is not on the server yet. */
export function isUnsaved(): boolean {
  return sending !== null || (outline().isConnected && !same(seen, shown()));
}
