/** Sending films to a part of the collection: several at once, one after the other, each with how far it has come. */
import htmx from "htmx.org";
import { upload } from "../uploads/client";

interface Sending {
  row: HTMLLIElement;
  words: HTMLElement;
  meter: HTMLProgressElement;
  stop: AbortController;
}

const MEGA = 1_000_000;
let queue: Promise<void> = Promise.resolve();
let open = 0;

export function uploading(): void {
  document.addEventListener("change", (event) => {
    const input = event.target;
    if (input instanceof HTMLInputElement && input.matches("[data-upload]")) chosen(input);
  });
  // Files that were chosen before this script had arrived.
  for (const input of document.querySelectorAll<HTMLInputElement>("[data-upload]")) chosen(input);
  document.addEventListener("dragover", (event) => {
    const part = partUnder(event);
    if (!part) return;
    event.preventDefault();
    part.classList.add("lib-over");
  });
  document.addEventListener("dragleave", (event) => partUnder(event)?.classList.remove("lib-over"));
  document.addEventListener("drop", (event) => {
    const part = partUnder(event);
    if (!part) return;
    event.preventDefault();
    part.classList.remove("lib-over");
    add([...(event.dataTransfer?.files ?? [])], part.dataset.part ?? "");
  });
  window.addEventListener("beforeunload", (event) => {
    if (open > 0) event.preventDefault();
  });
}

function chosen(input: HTMLInputElement): void {
  if (!input.files?.length) return;
  add([...input.files], input.dataset.upload ?? "");
  input.value = "";
}

/** The part that files are held over; null for anything else that is dragged. */
function partUnder(event: DragEvent): HTMLElement | null {
  if (!event.dataTransfer?.types.includes("Files")) return null;
  return (event.target as Element).closest<HTMLElement>("[data-part]");
}

function add(files: File[], part: string): void {
  const list = document.getElementById("sending");
  if (!list || !part) return;
  list.hidden = false;
  for (const file of files) {
    const sending = row(file);
    list.querySelector("ul")?.append(sending.row);
    open += 1;
    queue = queue.then(() => send(file, part, sending)).finally(() => {
      open -= 1;
    });
  }
}

function row(file: File): Sending {
  const item = document.createElement("li");
  item.className = "lib-sending";
  const name = document.createElement("strong");
  name.textContent = file.name;
  const words = document.createElement("span");
  words.className = "row-meta";
  words.textContent = "Waits for its turn";
  const meter = document.createElement("progress");
  meter.className = "bar-meter";
  meter.max = 1;
  meter.value = 0;
  meter.setAttribute("aria-label", `Sending ${file.name}`);
  const button = document.createElement("button");
  button.type = "button";
  button.className = "btn btn-plain btn-small";
  button.textContent = "Stop";
  const stop = new AbortController();
  button.addEventListener("click", () => {
    stop.abort();
    item.remove();
  });
  item.append(name, words, meter, button);
  return { row: item, words, meter, stop };
}

async function send(file: File, part: string, sending: Sending): Promise<void> {
  if (sending.stop.signal.aborted) return;
  try {
    const sent = await upload(file, {
      purpose: "collection",
      signal: sending.stop.signal,
      onProgress: (done, total) => {
        sending.meter.value = done / total;
        sending.words.textContent =
          done < total ? `${mega(done)} of ${mega(total)} MB` : "Arrived; its content is being checked";
      },
    });
    await take(sent.id, part);
    sending.row.remove();
  } catch (error) {
    if (sending.stop.signal.aborted) return;
    sending.meter.remove();
    sending.words.textContent = error instanceof Error ? error.message : "This did not work. Choose the file again.";
    sending.words.classList.add("lib-failed");
    sending.words.setAttribute("role", "alert");
    const button = sending.row.querySelector("button");
    if (button) button.textContent = "Close";
  }
}

function mega(bytes: number): string {
  return (bytes / MEGA).toFixed(bytes < 10 * MEGA ? 1 : 0);
}

/** Puts a file that arrived into the part; the answer is the list as it is now. */
async function take(file: string, part: string): Promise<void> {
  const parts = document.getElementById("parts");
  const address = parts?.dataset.take;
  if (!address) return;
  await htmx.ajax("post", address, { target: "#parts", swap: "outerHTML", values: { file, part } });
}
