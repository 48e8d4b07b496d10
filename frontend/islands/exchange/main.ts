/** The choice of a package to import: sends the file by the library's uploads, then the form with its id. */

import { upload } from "../uploads/client";

function need<T extends Element>(form: Element, selector: string): T {
  const found = form.querySelector<T>(selector);
  if (!found) throw new Error(`${selector} is missing`);
  return found;
}

function prepare(form: HTMLFormElement): void {
  const input = need<HTMLInputElement>(form, "[data-package-file]");
  const drop = need<HTMLElement>(form, "[data-package-drop]");
  const sending = need<HTMLElement>(form, "[data-package-sending]");
  const bar = need<HTMLProgressElement>(form, "[data-package-bar]");
  const words = need<HTMLElement>(form, "[data-package-words]");
  const error = need<HTMLElement>(form, "[data-package-error]");
  const id = need<HTMLInputElement>(form, "[data-package-id]");
  const stop = need<HTMLButtonElement>(form, "[data-package-stop]");
  let abort: AbortController | null = null;

  function show(busy: boolean): void {
    sending.hidden = !busy;
    input.disabled = busy;
    if (busy) stop.focus();
    else input.focus();
  }

  async function send(file: File): Promise<void> {
    error.hidden = true;
    abort = new AbortController();
    bar.value = 0;
    words.textContent = "0 %";
    show(true);
    try {
      const sent = await upload(file, {
        purpose: "package",
        signal: abort.signal,
        onProgress(done, total) {
          const share = total > 0 ? Math.floor((done / total) * 100) : 0;
          bar.value = share;
          words.textContent = share >= 100 ? "Being checked" : `${String(share)} %`;
        },
      });
      id.value = sent.id;
      form.submit();
    } catch (failure) {
      const stopped = abort.signal.aborted;
      show(false);
      input.value = "";
      error.textContent = stopped
        ? "The upload was stopped. Choose the same file again to go on."
        : failure instanceof Error
          ? failure.message
          : "The upload did not work. Choose the file again to go on.";
      error.hidden = false;
    }
  }

  input.addEventListener("change", () => {
    const file = input.files?.[0];
    if (file) void send(file);
  });
  // A file that was chosen before this script had arrived.
  if (input.files?.length) input.dispatchEvent(new Event("change"));
  stop.addEventListener("click", () => abort?.abort());
  for (const name of ["dragover", "dragenter"]) {
    drop.addEventListener(name, (event) => {
      event.preventDefault();
      drop.dataset["over"] = "";
    });
  }
  for (const name of ["dragleave", "drop"]) drop.addEventListener(name, () => delete drop.dataset["over"]);
  drop.addEventListener("drop", (event) => {
    event.preventDefault();
    const file = event.dataTransfer?.files[0];
    if (file && !input.disabled) void send(file);
  });
}

for (const form of document.querySelectorAll<HTMLFormElement>("[data-package-form]")) prepare(form);
