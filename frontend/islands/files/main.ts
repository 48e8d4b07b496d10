/** The files of a lesson in the studio: uploads with progress, order by drag and by the arrows. */
import Sortable from "sortablejs";
import { csrfToken } from "../site/csrf";
import { toast } from "../site/toasts";
import { upload, type Purpose, type Uploaded } from "../uploads/client";
import type { Wish } from "../uploads/picker";

const root = document.querySelector<HTMLElement>("[data-island=files]");
if (root) start(root, root.dataset["here"] ?? "", root.dataset["course"] ?? "");

function start(root: HTMLElement, here: string, courseId: string): void {
  for (const drop of root.querySelectorAll<HTMLElement>("[data-drop]")) {
    if (drop.dataset["drop"] === "document") {
      dropping(drop, async (files) => {
        const file = files[0];
        if (!file) return;
        if (await send(drop, file, "lesson_pdf", courseId, `${here}/document`)) location.assign(here);
      });
      choosing(drop, { kinds: ["document"], purpose: "lesson_pdf", mime: "application/pdf", title: "Choose a PDF", accept: "application/pdf", courseId }, async (file) => {
        await hand(file, `${here}/document`);
        location.assign(here);
      });
    } else {
      choosing(drop, { kinds: ["document", "image", "audio", "video"], purpose: "attachment", title: "Choose a file", courseId }, async (file) => {
        await hand(file, here);
        await refresh(root, here);
      });
      dropping(drop, async (files) => {
        // One after the other, so that they stand in the order in which they were chosen.
        for (const file of files) if (await send(drop, file, "attachment", courseId, here)) await refresh(root, here);
      });
    }
  }
  root.addEventListener("submit", (event) => {
    const form = event.target as HTMLFormElement;
    const by = form.dataset["move"] === "up" ? -1 : form.dataset["move"] === "down" ? 1 : 0;
    const row = form.closest<HTMLElement>("[data-id]");
    if (by === 0 || !row) return;
    event.preventDefault();
    const other = by < 0 ? row.previousElementSibling : row.nextElementSibling;
    if (!other) return;
    if (by < 0) other.before(row);
    else other.after(row);
    ends(root);
    const button = form.querySelector("button");
    (button?.disabled ? row.querySelector<HTMLElement>("[data-move] button:enabled") : button)?.focus();
    void keepOrder(root, here);
  });
  sortable(root, here);
}

function sortable(root: HTMLElement, here: string): void {
  const list = root.querySelector<HTMLElement>("[data-files]");
  for (const grip of root.querySelectorAll<HTMLElement>("[data-grip]")) grip.hidden = false;
  if (list)
    Sortable.create(list, {
      handle: "[data-grip]",
      animation: matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : 120,
      onEnd: () => {
        ends(root);
        void keepOrder(root, here);
      },
    });
}

/** The first row cannot go up, the last not down. */
function ends(root: HTMLElement): void {
  const rows = [...root.querySelectorAll<HTMLElement>("[data-id]")];
  rows.forEach((row, at) => {
    const button = (way: string) => row.querySelector<HTMLButtonElement>(`[data-move=${way}] button`);
    const [up, down] = [button("up"), button("down")];
    if (up) up.disabled = at === 0;
    if (down) down.disabled = at === rows.length - 1;
  });
}

async function keepOrder(root: HTMLElement, here: string): Promise<void> {
  const order = [...root.querySelectorAll<HTMLElement>("[data-id]")].map((row) => row.dataset["id"]);
  try {
    const answer = await fetch(`${here}/order`, {
      method: "POST",
      headers: { "content-type": "application/json", "x-csrf-token": csrfToken() },
      body: JSON.stringify({ order }),
    });
    if (!answer.ok) throw new Error(String(answer.status));
    toast("The new order is saved.");
  } catch {
    toast("The order was not saved. Reload the page and try again.", "error");
  }
}

async function refresh(root: HTMLElement, here: string): Promise<void> {
  const answer = await fetch(here, { headers: { "hx-request": "true" } });
  const list = root.querySelector<HTMLElement>("[data-attached]");
  if (!answer.ok || !list) return location.assign(here);
  list.innerHTML = await answer.text();
  sortable(root, here);
}

function dropping(drop: HTMLElement, take: (files: File[]) => Promise<void>): void {
  const input = drop.querySelector<HTMLInputElement>("input[type=file]");
  input?.addEventListener("change", () => {
    const files = [...(input.files ?? [])];
    void take(files).finally(() => {
      input.value = "";
    });
  });
  // A file that was chosen before this script had arrived.
  if (input?.files?.length) input.dispatchEvent(new Event("change"));
  const over = (on: boolean) => (event: DragEvent) => {
    event.preventDefault();
    drop.toggleAttribute("data-over", on);
  };
  drop.addEventListener("dragover", over(true));
  drop.addEventListener("dragleave", over(false));
  drop.addEventListener("drop", (event) => {
    over(false)(event);
    void take([...(event.dataTransfer?.files ?? [])]);
  });
}

/** Uploads a file and hands it over to the lesson; whether that worked. What went wrong stays in the list, in words. */
async function send(drop: HTMLElement, file: File, purpose: Purpose, courseId: string, to: string): Promise<boolean> {
  const line = document.createElement("li");
  const name = document.createElement("span");
  name.textContent = file.name;
  const bar = document.createElement("progress");
  bar.className = "bar-meter";
  bar.max = Math.max(1, file.size);
  bar.value = 0;
  bar.setAttribute("aria-label", `Uploading ${file.name}`);
  const stop = document.createElement("button");
  stop.type = "button";
  stop.className = "btn btn-plain btn-small";
  stop.textContent = "Cancel";
  const control = new AbortController();
  stop.addEventListener("click", () => control.abort());
  line.append(name, bar, stop);
  drop.querySelector("[data-sending]")?.append(line);
  try {
    const sent = await upload(file, {
      courseId,
      purpose,
      signal: control.signal,
      onProgress: (done, total) => {
        bar.max = Math.max(1, total);
        bar.value = done;
      },
    });
    stop.remove();
    await hand(sent, to);
    line.remove();
    return true;
  } catch (error) {
    bar.remove();
    stop.remove();
    if (control.signal.aborted) {
      line.remove();
      return false;
    }
    line.dataset["wrong"] = "";
    name.textContent = `${file.name}: ${error instanceof Error ? error.message : "It could not be uploaded."}`;
    return false;
  }
}

/** Puts a file of the library with the lesson; throws words. */
async function hand(file: Uploaded, to: string): Promise<void> {
  const answer = await fetch(to, {
    method: "POST",
    headers: { "x-csrf-token": csrfToken(), accept: "application/json", "hx-request": "true" },
    body: new URLSearchParams({ file_id: file.id }),
  });
  if (answer.ok) return;
  const problem = (await answer.json().catch(() => undefined)) as { detail?: string } | undefined;
  throw new Error(problem?.detail ?? "It is in the library, but could not be put with the lesson. Reload the page and try again.");
}

/** A button beside the place to drop files that chooses one of the library. */
function choosing(drop: HTMLElement, wish: Wish, take: (file: Uploaded) => Promise<void>): void {
  const button = drop.querySelector<HTMLButtonElement>("[data-library]");
  button?.addEventListener("click", async () => {
    const { pick } = await import("../uploads/picker");
    const chosen = await pick(wish);
    if (!chosen) return;
    try {
      await take(chosen);
    } catch (error) {
      toast(error instanceof Error ? error.message : "It could not be put with the lesson. Try again.", "error");
    }
  });
}
