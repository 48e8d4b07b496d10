/** The picture of a course: dropped, chosen or taken from the library, shown at once, and saved when it was checked. */
import { upload, type Uploaded } from "../uploads/client";

let sending: AbortController | null = null;

const section = (): HTMLElement => document.querySelector<HTMLElement>("[data-picture]")!;
const part = <T extends HTMLElement>(name: string): T | null => section().querySelector<T>(`[data-picture-${name}]`);

function say(words: string): void {
  const state = part("state");
  if (!state) return;
  state.className = "soft small";
  state.textContent = words;
}

function tell(error: unknown, otherwise: string): void {
  say(error instanceof Error ? error.message : otherwise);
}

/** Shows the picture while it is on its way. */
function preview(address: string): void {
  const image = document.createElement("img");
  image.className = "cover cover-picture";
  image.alt = "";
  image.src = address;
  const shown = part("shown");
  shown?.replaceChildren(image);
  shown?.classList.add("pub-picture-waits");
}

function undo(before: Node[]): void {
  part("shown")?.replaceChildren(...before);
  part("shown")?.classList.remove("pub-picture-waits");
  const bar = part<HTMLProgressElement>("bar");
  if (bar) bar.hidden = true;
}

async function send(file: File): Promise<void> {
  if (sending) return;
  sending = new AbortController();
  const before = [...(part("shown")?.childNodes ?? [])];
  const local = URL.createObjectURL(file);
  const bar = part<HTMLProgressElement>("bar");
  preview(local);
  if (bar) {
    bar.value = 0;
    bar.hidden = false;
  }
  say(`Sending ${file.name}`);
  try {
    const sent = await upload(file, {
      courseId: section().dataset.course,
      purpose: "thumbnail",
      signal: sending.signal,
      onProgress: (done, all) => {
        if (bar) bar.value = Math.round((done / all) * 100);
      },
      onState: (state) => {
        if (state === "checking") say("Arrived, being checked");
        if (state === "waiting") say("The connection is lost; it goes on by itself");
      },
    });
    await put(sent);
  } catch (error) {
    undo(before);
    tell(error, "The picture could not be sent. Choose it again to go on.");
  } finally {
    URL.revokeObjectURL(local);
    sending = null;
  }
}

async function put(file: Uploaded): Promise<void> {
  const form = part<HTMLFormElement>("form")!;
  form.querySelector<HTMLInputElement>("[name=picture]")!.value = file.id;
  await save(form);
}

/** Saves, and takes over this section alone: what was typed in the others stays. */
async function save(form: HTMLFormElement): Promise<void> {
  const answer = await fetch(form.action, { method: "POST", body: new FormData(form), headers: { accept: "application/json" } });
  const text = await answer.text();
  if (!answer.ok) throw new Error(wordsOf(text));
  const fresh = new DOMParser().parseFromString(text, "text/html").querySelector<HTMLElement>("[data-picture]");
  if (!fresh) {
    location.reload();
    return;
  }
  const held = section().contains(document.activeElement);
  // A status that comes with its words is not read out; one that gets them is.
  const state = fresh.querySelector<HTMLElement>("[data-picture-state]");
  const said = [...(state?.childNodes ?? [])];
  state?.replaceChildren();
  section().replaceWith(fresh);
  ready();
  if (held) part("input")?.focus();
  setTimeout(() => state?.append(...said), 50);
}

function wordsOf(text: string): string {
  try {
    const { detail } = JSON.parse(text) as { detail?: unknown };
    if (typeof detail === "string" && detail) return detail;
  } catch {
    // Not from the site itself.
  }
  return "The picture could not be saved. Try again.";
}

async function choose(): Promise<void> {
  const { pick } = await import("../uploads/picker");
  const courseId = section().dataset.course;
  const chosen = await pick({ kinds: ["image"], purpose: "thumbnail", courseId, title: "Choose the course’s picture", accept: "image/*" });
  if (chosen) await put(chosen).catch((error: unknown) => tell(error, "The picture could not be saved. Try again."));
}

function ready(): void {
  for (const hidden of section().querySelectorAll<HTMLElement>("[data-needs-script]")) hidden.hidden = false;
  const input = part<HTMLInputElement>("input")!;
  const take = (): void => {
    const file = input.files?.[0];
    if (file) void send(file);
    input.value = "";
  };
  input.addEventListener("change", take);
  // A picture that was chosen before this script had arrived.
  if (input.files?.length) take();
  part("library")?.addEventListener("click", () => void choose());
  part<HTMLFormElement>("remove")?.addEventListener("submit", (event) => {
    event.preventDefault();
    void save(event.currentTarget as HTMLFormElement).catch((error: unknown) => tell(error, "The picture could not be removed. Try again."));
  });
  dropping(section());
}

function dropping(place: HTMLElement): void {
  const frame = place.querySelector<HTMLElement>(".pub-picture")!;
  place.addEventListener("dragover", (event) => {
    if (event.dataTransfer?.types.includes("Files")) frame.classList.add("pub-picture-over");
  });
  place.addEventListener("dragleave", (event) => {
    if (!place.contains(event.relatedTarget as Node | null)) frame.classList.remove("pub-picture-over");
  });
  place.addEventListener("drop", (event) => {
    frame.classList.remove("pub-picture-over");
    const file = event.dataTransfer?.files[0];
    if (file) void send(file);
  });
}

if (document.querySelector("[data-picture]")) {
  ready();
  // A picture that misses its place must not take that of the page.
  for (const kind of ["dragover", "drop"]) window.addEventListener(kind, (event) => event.preventDefault());
}
