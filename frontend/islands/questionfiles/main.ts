/** Questions in files: a file too large for a form goes by the library's uploads; ticking many questions at once. */

import { upload } from "../uploads/client";

function need<T extends Element>(form: Element, selector: string): T {
  const found = form.querySelector<T>(selector);
  if (!found) throw new Error(`${selector} is missing`);
  return found;
}

function prepareFile(form: HTMLFormElement): void {
  const input = need<HTMLInputElement>(form, "[data-file]");
  const drop = need<HTMLElement>(form, "[data-drop]");
  const sending = need<HTMLElement>(form, "[data-sending]");
  const bar = need<HTMLProgressElement>(form, "[data-bar]");
  const words = need<HTMLElement>(form, "[data-words]");
  const error = need<HTMLElement>(form, "[data-error]");
  const id = need<HTMLInputElement>(form, "[data-file-id]");
  const stop = need<HTMLButtonElement>(form, "[data-stop]");
  const most = Number(form.dataset["most"]);
  let abort: AbortController | null = null;

  function say(text: string): void {
    error.textContent = text;
    error.hidden = text === "";
  }

  async function send(file: File): Promise<void> {
    abort = new AbortController();
    bar.value = 0;
    words.textContent = "0 %";
    sending.hidden = false;
    input.disabled = true;
    stop.focus();
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
      // The input stays disabled, so that the file is not sent a second time.
      form.submit();
    } catch (failure) {
      const stopped = abort.signal.aborted;
      sending.hidden = true;
      input.disabled = false;
      input.focus();
      say(
        stopped
          ? "The upload was stopped. Choose the same file again to go on."
          : failure instanceof Error
            ? failure.message
            : "The upload did not work. Choose the file again to go on.",
      );
    }
  }

  form.addEventListener("submit", (event) => {
    const file = input.files?.[0];
    if (!file) {
      event.preventDefault();
      say("Choose a file first.");
      input.focus();
    } else if (file.size > most) {
      event.preventDefault();
      // The button shows that it works; here the bar does.
      event.stopImmediatePropagation();
      if (!("library" in form.dataset)) say("This file is larger than 7 MB. Import it in parts.");
      else if (/\.zip$/i.test(file.name)) void send(file);
      else say("This file is larger than 7 MB. Pack it as a zip and choose that.");
    }
  });
  input.addEventListener("change", () => {
    say("");
  });
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
    const given = event.dataTransfer?.files;
    if (given?.length && !input.disabled) {
      input.files = given;
      say("");
      input.focus();
    }
  });
}

function prepareChoice(form: HTMLFormElement): void {
  const boxes = [...form.querySelectorAll<HTMLInputElement>('input[name="n"]')];
  const told = need<HTMLElement>(form, "[data-chosen]");
  need<HTMLElement>(form, "[data-choose-all]").hidden = false;

  function tell(): void {
    const number = boxes.filter((box) => box.checked).length;
    told.textContent = `${String(number)} of ${String(boxes.length)} chosen`;
  }

  for (const button of form.querySelectorAll<HTMLButtonElement>("[data-tick]")) {
    button.addEventListener("click", () => {
      const which = button.dataset["tick"];
      for (const box of boxes) box.checked = which === "all" || (which === "new" && !("known" in box.dataset));
      tell();
    });
  }
  form.addEventListener("change", tell);
  tell();
}

for (const form of document.querySelectorAll<HTMLFormElement>("[data-question-file]")) prepareFile(form);
for (const form of document.querySelectorAll<HTMLFormElement>("[data-choose]")) prepareChoice(form);
