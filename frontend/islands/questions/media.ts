/** Pictures, sound and film from the media library, for the question and for each of its lines. A picture asks what it shows. */
import { button, tool } from "../editor/dom";
import type { Uploaded } from "../uploads/client";

const FIELDS = { image: "image_url", audio: "audio_url", video: "video_url" } as const;
const WORDS = { image: "picture", audio: "sound", video: "film" } as const;
type Kind = keyof typeof FIELDS;

export function mediaTools(form: HTMLFormElement, changed: () => void): void {
  const main = form.querySelector<HTMLElement>("[data-media-main]");
  if (main) {
    // Pictures stand in the text, each with what it shows.
    for (const kind of ["audio", "video"] as const) {
      const field = form.querySelector<HTMLInputElement>(`input[name=${FIELDS[kind]}]`);
      if (field) main.append(chooser(form, [kind], () => field.value !== "", (file) => {
        field.value = file?.url ?? "";
        changed();
      }));
    }
  }
  const line = (row: HTMLElement): void => {
    const place = row.querySelector<HTMLElement>("[data-media]");
    if (!place) return;
    const field = (kind: Kind): HTMLInputElement => row.querySelector<HTMLInputElement>(`input[name="${row.dataset.row}_${FIELDS[kind]}"]`)!;
    const kinds = Object.keys(FIELDS) as Kind[];
    const made = chooser(form, kinds, () => kinds.some((kind) => field(kind).value !== ""), (file) => {
      for (const kind of kinds) field(kind).value = file?.kind === kind ? file.url : "";
      for (const shown of place.querySelectorAll("img, span")) shown.remove();
      const alt = place.querySelector<HTMLInputElement>("input");
      if (alt) {
        alt.hidden = file?.kind !== "image";
        if (!alt.hidden) alt.focus();
      }
      if (file) place.prepend(shown(file));
      changed();
    });
    row.querySelector("[data-tools]")?.prepend(made);
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

/** A button that adds a file, or takes it away again; in a line it is an icon. */
function chooser(form: HTMLFormElement, kinds: Kind[], has: () => boolean, put: (file: Uploaded | null) => void): HTMLButtonElement {
  const one = kinds.length === 1;
  const what = one ? WORDS[kinds[0] as Kind] : "file";
  const words = (): string => (has() ? `Remove ${what}` : one ? `Add ${what}` : "Add picture, sound or film");
  const name = (): void => {
    if (one) made.textContent = words();
    else for (const key of ["aria-label", "data-tip"]) made.setAttribute(key, words());
  };
  const act = (): void => {
    if (has()) {
      put(null);
      name();
      return;
    }
    void import("../uploads/picker").then(async ({ pick }) => {
      const file = await pick({ kinds, purpose: kinds[0] === "image" ? "lesson_image" : "attachment", courseId: form.dataset.course, title: `Choose a ${what}` });
      if (file) put(file);
      name();
    });
  };
  const made = one ? button(words(), act) : tool("image", words(), act);
  if (one) made.classList.add("btn-small");
  return made;
}
