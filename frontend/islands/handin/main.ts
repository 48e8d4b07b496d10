/** Handing in: files that are sent in pieces and go on after a broken connection, and a text that the server keeps. */
import { csrfToken } from "../site/csrf";
import { checked, discard, upload, wordsOf, type Uploaded } from "../uploads/client";
import { Queue, type Item } from "../uploads/queue";
import { Rows, sizeInWords } from "../uploads/view";
import { Draft, type Answer, type Written } from "./draft";

for (const form of document.querySelectorAll<HTMLFormElement>("[data-hand-in]")) start(form);

function start(form: HTMLFormElement): void {
  const files = filesOf(form);
  const draft = draftOf(form);
  let leaving = false;
  form.addEventListener("submit", (event) => {
    if (files?.busy()) {
      event.preventDefault();
      files.say("A file is still on its way. Wait until it is there, or remove it.");
      return;
    }
    leaving = true;
  });
  window.addEventListener("beforeunload", (event) => {
    if (!leaving && (files?.busy() || draft?.open)) event.preventDefault();
  });
  window.addEventListener("pagehide", () => void draft?.now());
}

// Text and address ------------------------------------------------------------------------------------------------

function draftOf(form: HTMLFormElement): Draft | null {
  const fields = [...form.querySelectorAll<HTMLInputElement | HTMLTextAreaElement>("[data-draft]")];
  if (!fields.length) return null;
  const line = form.querySelector<HTMLElement>("[data-saved]");
  const html = form.querySelector<HTMLInputElement>("[data-html]");
  const value = (name: string) => (name === "text" && html?.value) || (fields.find((field) => field.dataset.draft === name)?.value ?? "");
  const written = (): Written => ({ text: value("text"), url: value("url") });
  const draft = new Draft(Number(form.dataset.revision ?? "0"), (sent) => put(form.dataset.handIn ?? "", sent), (words, bad) => {
    if (!line) return;
    line.textContent = words;
    line.dataset.kind = bad ? "bad" : "";
  });
  for (const field of fields) {
    field.addEventListener("input", () => draft.change(written()));
    // Typed before this script had arrived.
    if (field.value !== field.defaultValue) draft.change(written());
  }
  const area = form.querySelector<HTMLTextAreaElement>("textarea[data-draft=text]");
  const was = form.querySelector<HTMLInputElement>("[data-was]");
  if (html && was && area) void import("../richfield/field").then(({ richField }) => richField(area, html, was, "Your text"));
  window.addEventListener("online", () => void draft.now());
  // The server keeps it as it is written: a button for it would only ask for what happens anyway.
  form.querySelector<HTMLElement>("[data-keep]")?.remove();
  return draft;
}

async function put(assignment: string, sent: Written & { revision: number }): Promise<Answer> {
  try {
    const response = await fetch(`/api/v1/assignments/${assignment}/draft`, {
      method: "PUT",
      headers: { "content-type": "application/json", accept: "application/json", "x-csrf-token": csrfToken() },
      body: JSON.stringify(sent),
      keepalive: sent.text.length < 30000,
    });
    if (response.ok) return { kind: "saved", revision: ((await response.json()) as { revision: number }).revision };
    if (response.status >= 500 || response.status === 429) return { kind: "lost" };
    return { kind: "refused", words: wordsOf(response.status, await response.text()) };
  } catch {
    return { kind: "lost" };
  }
}

// Files -----------------------------------------------------------------------------------------------------------

interface Files {
  busy: () => boolean;
  say: (words: string) => void;
}

function filesOf(form: HTMLFormElement): Files | null {
  const drop = form.querySelector<HTMLElement>("[data-drop]");
  const input = form.querySelector<HTMLInputElement>("[data-input]");
  const list = form.querySelector<HTMLElement>("[data-files]");
  if (!drop || !input || !list) return null;
  const status = drop.querySelector<HTMLElement>("[data-status]")!;
  const assignmentId = form.dataset.handIn ?? "";
  const most = Number(form.dataset.most ?? "0");
  const say = (words: string) => (status.textContent = words);
  const rows = new Rows(drop.querySelector<HTMLElement>("[data-queue]")!, () => queue);
  const told = new Map<Item, string>();
  const queue = new Queue(
    (item) => {
      if (item.standing === "done" && item.result) {
        add(list, item.result);
        // Its line among those on their way goes; it stands among the files now.
        item.standing = "cancelled";
        say(`${item.file.name} is there.`);
      }
      rows.show(item);
      if (item.standing === "failed" && told.get(item) !== item.words) say(`${item.file.name}: ${item.words}`);
      told.set(item, item.words);
    },
    (file, options) => {
      if (most && file.size > most) {
        return Promise.reject(new Error(`This file has ${sizeInWords(file.size)}; up to ${sizeInWords(most)} are taken. Make it smaller, or split it.`));
      }
      return upload(file, { ...options, assignmentId });
    },
  );
  const take = (chosen: Iterable<File>) => {
    for (const file of chosen) {
      // One that was not sent to its end goes on where it stopped: its old line is not needed any more.
      for (const row of list.querySelectorAll<HTMLElement>("[data-state=uploading]")) {
        if (row.querySelector(".hi-file-name")?.textContent?.trim().startsWith(file.name)) row.remove();
      }
      queue.add(file, "submission");
    }
  };
  input.addEventListener("change", () => {
    take(input.files ?? []);
    input.value = "";
  });
  if (input.files?.length) input.dispatchEvent(new Event("change"));
  drop.addEventListener("dragover", (event) => {
    event.preventDefault();
    drop.classList.add("hi-over");
  });
  drop.addEventListener("dragleave", () => drop.classList.remove("hi-over"));
  drop.addEventListener("drop", (event) => {
    event.preventDefault();
    drop.classList.remove("hi-over");
    take(event.dataTransfer?.files ?? []);
  });
  // A file that misses the place must not take the place of the page.
  for (const kind of ["dragover", "drop"]) window.addEventListener(kind, (event) => event.preventDefault());
  list.addEventListener("click", (event) => {
    const button = (event.target as Element).closest<HTMLButtonElement>("[data-remove]");
    const row = button?.closest<HTMLElement>("[data-file]");
    if (!button || !row) return;
    event.preventDefault();
    void remove(row, assignmentId, say);
  });
  for (const row of list.querySelectorAll<HTMLElement>("[data-state=checking]")) void wait(row, list, say);
  return { busy: () => queue.busy || queue.items.some((item) => item.standing === "checking"), say };
}

function add(list: HTMLElement, file: Uploaded): void {
  const row = document.createElement("li");
  row.className = "hi-file";
  row.dataset.file = file.id;
  row.dataset.state = "ready";
  const chosen = document.createElement("input");
  chosen.type = "hidden";
  chosen.name = "file";
  chosen.value = file.id;
  const name = document.createElement("span");
  name.className = "hi-file-name";
  const size = document.createElement("span");
  size.className = "soft small";
  size.textContent = sizeInWords(file.bytes);
  name.append(`${file.filename} `, size);
  const button = document.createElement("button");
  button.type = "button";
  button.className = "btn btn-plain btn-small";
  button.dataset.remove = "";
  button.textContent = "Remove";
  button.setAttribute("aria-label", `Remove ${file.filename}`);
  const mark = document.createElement("span");
  mark.setAttribute("aria-hidden", "true");
  mark.append(chosen);
  row.append(mark, name, button);
  list.append(row);
  list.hidden = false;
}

async function wait(row: HTMLElement, list: HTMLElement, say: (words: string) => void): Promise<void> {
  try {
    const file = await checked(row.dataset.file ?? "");
    row.remove();
    add(list, file);
  } catch (error) {
    const words = error instanceof Error ? error.message : "This file was not accepted.";
    row.querySelector("[data-words]")!.textContent = words;
    say(words);
  }
}

async function remove(row: HTMLElement, assignment: string, say: (words: string) => void): Promise<void> {
  const id = row.dataset.file ?? "";
  const list = row.parentElement;
  if (row.dataset.state === "uploading") {
    await discard(id).catch(() => undefined);
  } else {
    const response = await fetch(`/assignments/${assignment}/files/${id}/remove`, {
      method: "POST",
      headers: { "x-csrf-token": csrfToken(), accept: "application/json" },
      redirect: "manual",
    }).catch(() => null);
    if (!response || (response.type !== "opaqueredirect" && !response.ok && response.status !== 404)) {
      say("It could not be removed. Try again.");
      return;
    }
  }
  const next = row.nextElementSibling ?? row.previousElementSibling;
  row.remove();
  say("Removed.");
  if (list && !list.children.length) list.hidden = true;
  (next?.querySelector<HTMLElement>("[data-remove]") ?? document.querySelector<HTMLElement>("[data-input]"))?.focus();
}
