/** The upload area of the media library: drop or choose files; the list below is fetched anew as they arrive. */
import htmx from "htmx.org";
import { purposeOf, Queue, type Item } from "./queue.ts";
import { Rows } from "./view.ts";

const area = document.querySelector<HTMLElement>("[data-uploads]");
if (area) start(area);

function start(area: HTMLElement): void {
  const input = area.querySelector<HTMLInputElement>("[data-uploads-input]")!;
  const course = area.querySelector<HTMLSelectElement>("[data-uploads-course]")!;
  const status = area.querySelector<HTMLElement>("[data-uploads-status]")!;
  const rows = new Rows(area.querySelector<HTMLElement>("[data-uploads-queue]")!, () => queue);
  const told = new Map<Item, string>();
  const queue = new Queue((item) => {
    rows.show(item);
    if (told.get(item) === item.standing) return;
    told.set(item, item.standing);
    if (item.standing === "done") status.textContent = `${item.file.name} is in your library.`;
    if (item.standing === "failed") status.textContent = `${item.file.name}: ${item.words}`;
    if (["done", "failed", "paused", "cancelled"].includes(item.standing)) void refresh();
  });

  const take = (files: Iterable<File>) => {
    for (const file of files) queue.add(file, purposeOf(file), course.value);
  };
  input.addEventListener("change", () => {
    take(input.files ?? []);
    input.value = "";
  });
  // A file that was chosen before this script had arrived.
  if (input.files?.length) input.dispatchEvent(new Event("change"));
  let inside = 0;
  area.addEventListener("dragenter", (event) => {
    if (!event.dataTransfer?.types.includes("Files")) return;
    inside++;
    area.classList.add("media-drop-over");
  });
  area.addEventListener("dragleave", () => {
    if (--inside <= 0) area.classList.remove("media-drop-over");
  });
  area.addEventListener("dragover", (event) => event.preventDefault());
  area.addEventListener("drop", (event) => {
    event.preventDefault();
    inside = 0;
    area.classList.remove("media-drop-over");
    take(event.dataTransfer?.files ?? []);
  });
  // A file that misses the area must not take the place of the page.
  for (const kind of ["dragover", "drop"]) window.addEventListener(kind, (event) => event.preventDefault());
  window.addEventListener("beforeunload", (event) => {
    if (queue.busy) event.preventDefault();
  });
}

async function refresh(): Promise<void> {
  const list = document.querySelector<HTMLElement>("[data-media-files]");
  // What is being chosen for deletion stays as it is.
  if (!list || list.querySelector("input:checked") || list.contains(document.activeElement)) return;
  await htmx.ajax("get", location.pathname + location.search, {
    target: "#media-files",
    select: "#media-files",
    swap: "outerHTML",
  });
}
