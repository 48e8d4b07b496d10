/** How an upload looks in a list: its name, how far it is, and what can be done about it. */
import type { Item, Queue, Standing } from "./queue.ts";
import { discard } from "./client.ts";

const WORDS: Record<Standing, string> = {
  queued: "Waits its turn",
  sending: "Being sent",
  waiting: "The connection is lost; it goes on by itself",
  checking: "Arrived, being checked",
  paused: "Paused; what was sent is kept",
  done: "In your library",
  failed: "Not uploaded",
  cancelled: "Cancelled",
};

export function sizeInWords(bytes: number): string {
  for (const [unit, size] of [["GB", 1e9], ["MB", 1e6], ["kB", 1e3]] as const) {
    if (bytes >= size) return `${Number((bytes / size).toPrecision(3))} ${unit}`;
  }
  return `${bytes} bytes`;
}

export class Rows {
  private readonly rows = new Map<Item, HTMLLIElement>();

  constructor(
    private readonly list: HTMLElement,
    private readonly queue: () => Queue,
  ) {}

  show(item: Item): void {
    if (item.standing === "cancelled") {
      const row = this.rows.get(item);
      const next = row?.nextElementSibling?.querySelector("button");
      row?.remove();
      this.rows.delete(item);
      this.list.hidden = this.rows.size === 0;
      next?.focus();
      return;
    }
    const row = this.rows.get(item) ?? this.make(item);
    row.dataset.standing = item.standing;
    const share = item.file.size ? Math.floor((item.sent * 100) / item.file.size) : 0;
    const bar = row.querySelector("progress")!;
    bar.value = item.standing === "done" ? 100 : share;
    bar.hidden = item.standing === "failed" || item.standing === "done";
    const moving = item.standing === "sending" || item.standing === "paused" || item.standing === "waiting";
    row.querySelector(".upload-words")!.textContent =
      item.words || WORDS[item.standing] + (moving ? `, ${share} % of ${sizeInWords(item.file.size)}` : "");
    const able: Record<string, boolean> = {
      pause: item.standing === "sending" || item.standing === "waiting" || item.standing === "queued",
      resume: item.standing === "paused" || item.standing === "failed",
      cancel: item.standing !== "done" && item.standing !== "checking",
    };
    let lost = false;
    for (const button of row.querySelectorAll<HTMLButtonElement>("button")) {
      const hide = !able[button.dataset.act ?? ""];
      lost ||= hide && !button.hidden && document.activeElement === button;
      button.hidden = hide;
    }
    // Who paused by the keyboard finds the way back under the same key.
    if (lost) row.querySelector<HTMLButtonElement>("button:not([hidden])")?.focus();
    const again = row.querySelector<HTMLButtonElement>("[data-act=resume]")!;
    again.textContent = item.standing === "failed" ? "Try again" : "Resume";
    again.setAttribute("aria-label", `${again.textContent} ${item.file.name}`);
  }

  private make(item: Item): HTMLLIElement {
    const row = document.createElement("li");
    row.className = "upload";
    const name = document.createElement("p");
    name.className = "upload-name";
    name.textContent = item.file.name;
    const bar = document.createElement("progress");
    bar.className = "bar-meter";
    bar.max = 100;
    bar.setAttribute("aria-label", `${item.file.name}, share that was sent`);
    const words = document.createElement("p");
    words.className = "upload-words row-meta";
    const acts = document.createElement("div");
    acts.className = "upload-acts";
    for (const [act, text] of [["pause", "Pause"], ["resume", "Resume"], ["cancel", "Cancel"]] as const) {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "btn btn-plain btn-small";
      button.dataset.act = act;
      button.textContent = text;
      button.setAttribute("aria-label", `${text} ${item.file.name}`);
      button.addEventListener("click", () => {
        if (act === "cancel") void this.queue().cancel(item, discard);
        else this.queue()[act](item);
      });
      acts.append(button);
    }
    row.append(name, bar, words, acts);
    this.list.append(row);
    this.list.hidden = false;
    this.rows.set(item, row);
    return row;
  }
}
