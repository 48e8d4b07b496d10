/** Many files at once: each is sent with a bar of its own and becomes a lesson, in the order in which they were chosen. */
import { csrfToken } from "../site/csrf";
import { type Purpose, upload } from "../uploads/client";
import { announce, base, idOf, modules, outline, titleOf } from "./tree";

const FILM = /\.(mp4|m4v|mov|mkv|webm|avi|wmv|mpe?g)$/i;
const AT_ONCE = 2;
let running = 0;
let refresh: () => Promise<void> = () => Promise.resolve();

/** Whether something is still being sent. */
export function isUploading(): boolean {
  return running > 0;
}

function purposeOf(file: File): Purpose {
  if (file.type.startsWith("video/") || FILM.test(file.name)) return "lesson_video";
  return file.type === "application/pdf" || /\.pdf$/i.test(file.name) ? "lesson_pdf" : "attachment";
}

export function files(whenChanged: () => Promise<void>): void {
  refresh = whenChanged;
  const dialog = document.getElementById("ol-files") as HTMLDialogElement | null;
  const choice = document.getElementById("files-module") as HTMLSelectElement;
  const input = document.getElementById("files-input") as HTMLInputElement;
  const drop = document.getElementById("files-drop") as HTMLElement;
  if (!dialog) return;
  const open = (module: string): void => {
    choice.replaceChildren(...modules().map((row) => new Option(titleOf(row), idOf(row))));
    if (module) choice.value = module;
    if (running === 0 && !dialog.open) document.getElementById("files-list")?.replaceChildren();
    if (!dialog.open) dialog.showModal();
  };
  const take = (list: FileList | null | undefined): void => {
    const chosen = [...(list ?? [])].sort((one, other) => one.name.localeCompare(other.name, undefined, { numeric: true }));
    if (chosen.length && choice.value) void send(chosen, choice.value);
  };
  document.getElementById("ol-add-files")?.addEventListener("click", () => open(choice.value || idOf(modules().at(-1) ?? outline())));
  input.addEventListener("change", () => {
    take(input.files);
    input.value = "";
  });
  for (const place of [drop, outline()]) {
    place.addEventListener("dragover", (event) => {
      if (!event.dataTransfer?.types.includes("Files")) return;
      event.preventDefault();
      place.classList.add("ol-over");
    });
    place.addEventListener("dragleave", () => place.classList.remove("ol-over"));
    place.addEventListener("drop", (event) => {
      place.classList.remove("ol-over");
      if (!event.dataTransfer?.files.length) return;
      event.preventDefault();
      if (place !== drop) {
        const module = (event.target as Element).closest<HTMLElement>(".ol-module") ?? modules().at(-1);
        if (!module) return;
        open(idOf(module));
      }
      take(event.dataTransfer.files);
    });
  }
}

async function send(chosen: File[], module: string): Promise<void> {
  const lines = chosen.map((file) => line(file));
  let turn: Promise<unknown> = Promise.resolve();
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let at = next++; at < chosen.length; at = next++) {
      const [file, shown] = [chosen[at], lines[at]];
      if (!file || !shown) return;
      const sent = one(file, shown);
      const before = turn;
      turn = sent.then(async (id) => {
        await before;
        if (id) await become(id, module, shown);
      });
      await sent;
    }
  };
  running += chosen.length;
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, chosen.length) }, worker));
  await turn;
  running -= chosen.length;
  const made = lines.filter((shown) => shown.state === "made").length;
  announce(`${made} of ${chosen.length} files became lessons.`);
}

interface Line {
  bar: HTMLProgressElement;
  words: HTMLElement;
  stop: AbortController;
  button: HTMLButtonElement;
  state: string;
}

function line(file: File): Line {
  const row = document.createElement("li");
  const name = Object.assign(document.createElement("span"), { className: "ol-file-name", textContent: file.name });
  const bar = Object.assign(document.createElement("progress"), { className: "bar-meter", max: 100, value: 0 });
  bar.setAttribute("aria-label", file.name);
  const words = Object.assign(document.createElement("span"), { className: "ol-file-state", textContent: "Waiting" });
  const button = Object.assign(document.createElement("button"), { type: "button", className: "btn btn-plain btn-small", textContent: "Stop" });
  const stop = new AbortController();
  button.setAttribute("aria-label", `Stop ${file.name}`);
  button.addEventListener("click", () => stop.abort());
  row.append(name, words, bar, button);
  document.getElementById("files-list")?.append(row);
  return { bar, words, stop, button, state: "waiting" };
}

function end(shown: Line, state: string, words: string): void {
  shown.state = state;
  shown.words.textContent = words;
  shown.words.classList.toggle("ol-file-failed", state === "failed");
  shown.button.remove();
}

/** The id of the uploaded file; null when it did not arrive. */
async function one(file: File, shown: Line): Promise<string | null> {
  const { courseId } = { courseId: outline().dataset.course ?? "" };
  try {
    const done = await upload(file, {
      courseId,
      purpose: purposeOf(file),
      signal: shown.stop.signal,
      onProgress: (sent, total) => {
        const percent = total ? Math.floor((sent / total) * 100) : 0;
        shown.bar.value = percent;
        shown.words.textContent = percent < 100 ? `${percent} %` : "Being checked";
      },
    });
    shown.bar.value = 100;
    return done.id;
  } catch (error) {
    const stopped = shown.stop.signal.aborted;
    end(shown, stopped ? "stopped" : "failed", stopped ? "Stopped" : error instanceof Error ? error.message : "This file was not sent.");
    return null;
  }
}

async function become(file: string, module: string, shown: Line): Promise<void> {
  try {
    const answer = await fetch(`${base()}/from-file`, {
      method: "POST",
      headers: { accept: "application/json", "x-csrf-token": csrfToken() },
      body: new URLSearchParams({ module, file }),
    });
    const said = (await answer.json()) as { detail?: string };
    if (!answer.ok) {
      end(shown, "failed", `${said.detail ?? "No lesson was made."} The file is in your media library.`);
      return;
    }
    end(shown, "made", "Lesson made");
    await refresh();
  } catch {
    end(shown, "failed", "The server cannot be reached. The file is in your media library.");
  }
}
