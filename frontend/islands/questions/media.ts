/** Pictures, sound and film from the media library, for the question and for each of its lines. A picture asks what it shows. */
import { button } from "../editor/dom";
import type { Uploaded } from "../uploads/client";

const FIELDS = { image: "image_url", audio: "audio_url", video: "video_url" } as const;
const WORDS = { image: "picture", audio: "sound", video: "film" } as const;
type Kind = keyof typeof FIELDS;

export function mediaTools(form: HTMLFormElement, changed: () => void): void {
  const main = form.querySelector<HTMLElement>("[data-media-main]");
  if (main) {
    const shows = form.querySelector<HTMLElement>("[data-alt]");
    for (const kind of ["image", "audio", "video"] as const) {
      const field = form.querySelector<HTMLInputElement>(`input[name=${FIELDS[kind]}]`);
      if (field) main.append(chooser(form, [kind], () => field.value !== "", (file) => {
        field.value = file?.url ?? "";
        if (kind === "image") {
          form.querySelector(".qb-picture")?.remove();
          if (shows) shows.hidden = !file;
          if (file) shows?.querySelector("input")?.focus();
        }
        changed();
      }));
    }
  }
  const line = (row: HTMLElement): void => {
    const place = row.querySelector<HTMLElement>("[data-media]");
    if (!place) return;
    const field = (kind: Kind): HTMLInputElement => row.querySelector<HTMLInputElement>(`input[name="${row.dataset.row}_${FIELDS[kind]}"]`)!;
    const kinds = Object.keys(FIELDS) as Kind[];
    place.append(chooser(form, kinds, () => kinds.some((kind) => field(kind).value !== ""), (file) => {
      for (const kind of kinds) field(kind).value = file?.kind === kind ? file.url : "";
      for (const shown of place.querySelectorAll("img, span")) shown.remove();
      const alt = place.querySelector<HTMLInputElement>("input");
      if (alt) {
        alt.hidden = file?.kind !== "image";
        if (!alt.hidden) alt.focus();
      }
      if (file) place.prepend(shown(file));
      changed();
    }));
  };
  for (const row of form.querySelectorAll<HTMLElement>("[data-row]")) line(row);
  form.addEventListener("line", (event) => line((event as CustomEvent<HTMLElement>).detail));
}

function shown(file: Uploaded): HTMLElement {
  if (file.kind === "image") {
    const image = document.createElement("img");
    image.src = file.url;
    image.alt = "";
    return image;
  }
  const words = document.createElement("span");
  words.className = "small soft";
  words.textContent = file.filename;
  return words;
}

/** A button that adds a file, or takes it away again. */
function chooser(form: HTMLFormElement, kinds: Kind[], has: () => boolean, put: (file: Uploaded | null) => void): HTMLButtonElement {
  const what = kinds.length === 1 ? WORDS[kinds[0] as Kind] : "file";
  const words = (): string => (has() ? `Remove ${what}` : kinds.length === 1 ? `Add ${what}` : "Add picture or sound");
  const made = button(words(), () => {
    if (has()) {
      put(null);
      made.textContent = words();
      return;
    }
    void import("../uploads/picker").then(async ({ pick }) => {
      const file = await pick({ kinds, purpose: kinds[0] === "image" ? "lesson_image" : "attachment", courseId: form.dataset.course, title: `Choose a ${what}` });
      if (file) put(file);
      made.textContent = words();
    });
  });
  made.classList.add("btn-small");
  return made;
}
