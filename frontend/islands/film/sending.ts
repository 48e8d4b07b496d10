import { upload, type Purpose } from "../uploads/client";

const MB = 1_000_000;

/** Bytes as people say them: "3.4 MB", "1.2 GB". */
export function size(bytes: number): string {
  return bytes >= 1000 * MB ? `${(bytes / MB / 1000).toFixed(1)} GB` : `${(bytes / MB).toFixed(1)} MB`;
}

/** Sends the chosen file of a form, shows how far it is, and hands the form in with the file's id. */
export function sendFilm(form: HTMLFormElement): void {
  const chosen = form.querySelector<HTMLInputElement>("input[type=file]");
  const id = form.querySelector<HTMLInputElement>("input[name=file_id]");
  const bar = form.querySelector<HTMLProgressElement>("progress");
  const words = form.querySelector<HTMLElement>("[data-film-words]");
  const going = form.querySelector<HTMLElement>("[data-film-going]");
  const send = form.querySelector<HTMLButtonElement>("[data-film-send]");
  const stop = form.querySelector<HTMLButtonElement>("[data-film-stop]");
  if (!chosen || !id || !bar || !words || !going || !send || !stop) return;
  let abort: AbortController | undefined;

  const leaving = (event: BeforeUnloadEvent): void => event.preventDefault();
  const begin = async (file: File): Promise<void> => {
    abort = new AbortController();
    going.hidden = false;
    send.disabled = true;
    bar.value = 0;
    words.textContent = `Sending ${file.name}.`;
    addEventListener("beforeunload", leaving);
    try {
      const sent = await upload(file, {
        ...(form.dataset["courseId"] ? { courseId: form.dataset["courseId"] } : {}),
        purpose: (form.dataset["purpose"] ?? "lesson_video") as Purpose,
        signal: abort.signal,
        onProgress(bytes, total) {
          bar.value = total > 0 ? bytes / total : 0;
          words.textContent = bytes < total ? `${size(bytes)} of ${size(total)} sent.` : "Sent. The site is looking at it.";
        },
      });
      removeEventListener("beforeunload", leaving);
      words.textContent = "The video has arrived.";
      id.value = sent.id;
      form.submit();
    } catch (error) {
      removeEventListener("beforeunload", leaving);
      send.disabled = false;
      going.hidden = error instanceof Error && error.name === "AbortError";
      bar.value = 0;
      words.textContent = error instanceof Error ? error.message : String(error);
    }
  };
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const file = chosen.files?.[0];
    if (file === undefined) {
      going.hidden = false;
      words.textContent = "Choose a file first.";
      chosen.focus();
    } else void begin(file);
  });
  stop.addEventListener("click", () => abort?.abort());
}
