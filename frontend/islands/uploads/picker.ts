/**
 * A dialog in which a file is chosen from the media library or uploaded: `await pick({ kinds: ["image"], purpose: "lesson_image" })`.
 * Answers null when it was closed. Focus returns where it was.
 */
import type { Purpose, Uploaded } from "./client.ts";
import { Queue, type Item } from "./queue.ts";
import { Rows, sizeInWords } from "./view.ts";

export interface Wish {
  kinds: Uploaded["kind"][];
  purpose: Purpose;
  courseId?: string;
  title?: string;
  /** For the browser's own dialog, such as "image/*". */
  accept?: string;
  /** Of a kind, only files of this type, such as "application/pdf". */
  mime?: string;
}

interface Choice extends Uploaded {
  thumbnail: string | null;
  size: string;
}

let made = 0;

export function pick(wish: Wish): Promise<Uploaded | null> {
  const number = ++made;
  const dialog = document.createElement("dialog");
  dialog.className = "dialog picker";
  dialog.setAttribute("aria-labelledby", `picker-${number}`);
  const inner = element("div", "dialog-in");
  const head = element("header", "dialog-head");
  const title = element("h2");
  title.id = `picker-${number}`;
  title.textContent = wish.title ?? "Choose a file";
  const close = button("Close", "btn btn-quiet btn-small");
  head.append(title, close);

  const chooser = element("label", "btn btn-primary media-choose");
  chooser.textContent = "Upload a new one";
  const input = document.createElement("input");
  input.type = "file";
  input.className = "sr-only";
  if (wish.accept) input.accept = wish.accept;
  chooser.append(input);
  const queued = element("ul", "media-queue");
  queued.hidden = true;
  queued.setAttribute("aria-label", "Uploads");

  const label = element("label", "sr-only");
  label.setAttribute("for", `picker-q-${number}`);
  label.textContent = "Search the media library";
  const search = document.createElement("input");
  search.className = "input";
  search.id = `picker-q-${number}`;
  search.type = "search";
  search.placeholder = "Search the media library";
  const bar = element("div", "picker-bar");
  bar.append(label, search, chooser);
  const list = element("ul", "media media-grid picker-list");
  list.setAttribute("aria-label", "Files");
  const said = element("p", "row-meta");
  said.setAttribute("role", "status");
  inner.append(head, bar, queued, said, list);
  dialog.append(inner);
  document.body.append(dialog);

  return new Promise((resolve) => {
    let answer: Uploaded | null = null;
    const take = (file: Uploaded) => {
      answer = file;
      dialog.close();
    };
    const queue = new Queue((item: Item) => {
      rows.show(item);
      if (item.standing === "done" && item.result && dialog.open) take(item.result);
    });
    const rows = new Rows(queued, () => queue);
    input.addEventListener("change", () => {
      const file = input.files?.[0];
      if (file) queue.add(file, wish.purpose, wish.courseId);
      input.value = "";
    });
    close.addEventListener("click", () => dialog.close());
    dialog.addEventListener("close", () => {
      for (const item of queue.items) queue.pause(item);
      dialog.remove();
      resolve(answer);
    });
    let turn = 0;
    const load = async () => {
      const mine = ++turn;
      said.textContent = "Loading";
      try {
        const all = (await Promise.all(wish.kinds.map((kind) => fetchChoices(kind, search.value)))).flat();
        const found = wish.mime ? all.filter((choice) => choice.mime === wish.mime) : all;
        if (mine !== turn) return;
        list.replaceChildren(...found.map((choice) => item(choice, take)));
        said.textContent = found.length ? "" : search.value.trim() ? "No file has these words in its name." : "No file of this kind is in your library yet. Upload one.";
      } catch {
        if (mine === turn) said.textContent = "The library cannot be reached. Close this and try again.";
      }
    };
    let wait = 0;
    search.addEventListener("input", () => {
      clearTimeout(wait);
      wait = window.setTimeout(() => void load(), 200);
    });
    dialog.showModal();
    search.focus();
    void load();
  });
}

async function fetchChoices(kind: string, q: string): Promise<Choice[]> {
  const response = await fetch(`/studio/media/choices?${new URLSearchParams({ kind, q })}`, {
    headers: { accept: "application/json" },
  });
  if (!response.ok) throw new Error(String(response.status));
  return (await response.json()) as Choice[];
}

function item(choice: Choice, take: (file: Uploaded) => void): HTMLElement {
  const row = element("li", "media-item picker-item");
  const act = button("", "picker-choice");
  const picture = element("span", "media-picture");
  picture.setAttribute("aria-hidden", "true");
  if (choice.thumbnail) {
    const image = document.createElement("img");
    image.src = choice.thumbnail;
    image.alt = "";
    image.loading = "lazy";
    picture.append(image);
  } else {
    picture.textContent = (/\.([^.]+)$/.exec(choice.filename)?.[1] ?? choice.kind).toUpperCase();
  }
  const name = element("span", "picker-name");
  name.textContent = choice.filename;
  const size = element("span", "row-meta");
  size.textContent = choice.size || sizeInWords(choice.bytes);
  act.append(picture, name, size);
  act.addEventListener("click", () => {
    const { id, url, filename, kind, mime, bytes } = choice;
    take({ id, url, filename, kind, mime, bytes });
  });
  row.append(act);
  return row;
}

function element<K extends keyof HTMLElementTagNameMap>(name: K, style = ""): HTMLElementTagNameMap[K] {
  const made = document.createElement(name);
  if (style) made.className = style;
  return made;
}

function button(text: string, style: string): HTMLButtonElement {
  const made = element("button", style);
  made.type = "button";
  made.textContent = text;
  return made;
}
