import { clock } from "../player/clock";
import { playerMedia } from "../player/outside";
import { sendFilm } from "./sending";

const root = document.querySelector<HTMLElement>("[data-island=film]");

/** Fills in the length that the provider's player tells, for the instructor to save. */
function learnLength(page: HTMLElement, player: HTMLElement): void {
  const field = page.querySelector<HTMLInputElement>("[data-film-length]");
  const words = page.querySelector<HTMLElement>("[data-film-length-words]");
  if (field === null) return;
  void playerMedia(player).then((media) => {
    const learn = (): void => {
      const seconds = Math.floor(media.duration);
      if (!(seconds > 0)) return;
      if (field.value.trim() === "") field.value = clock(seconds);
      if (words !== null) words.textContent = `The player says ${clock(seconds)}.`;
    };
    for (const name of ["loadedmetadata", "durationchange"]) media.addEventListener(name, learn);
    learn();
  });
}

/** Lets the picture that the preview shows become the poster. */
function pickPoster(page: HTMLElement, player: HTMLElement): void {
  const form = page.querySelector<HTMLFormElement>("[data-film-now]");
  const second = form?.querySelector<HTMLInputElement>("[name=second]");
  if (form === null || second === null || second === undefined) return;
  void playerMedia(player).then((media) => {
    form.hidden = false;
    form.addEventListener("submit", () => {
      second.value = media.currentTime.toFixed(2);
    });
  });
}

/** Beside the list of the newest videos: all of the library, with pictures and a search. */
function lookThrough(form: HTMLFormElement): void {
  const list = form.querySelector<HTMLSelectElement>("[name=file_id]");
  form.querySelector("[data-film-look]")?.addEventListener("click", async () => {
    const { pick } = await import("../uploads/picker");
    const chosen = await pick({ kinds: ["video"], purpose: "lesson_video", courseId: form.dataset["courseId"], title: "Choose a video", accept: "video/*" });
    if (!chosen || !list) return;
    if (![...list.options].some((option) => option.value === chosen.id)) list.append(new Option(chosen.filename, chosen.id));
    list.value = chosen.id;
    list.focus();
  });
}

if (root !== null) {
  const player = root.querySelector<HTMLElement>("[data-island=player]");
  for (const form of root.querySelectorAll<HTMLFormElement>("[data-film-upload]")) sendFilm(form);
  for (const form of root.querySelectorAll<HTMLFormElement>("[data-film-library]")) lookThrough(form);
  if (player !== null) {
    learnLength(root, player);
    pickPoster(root, player);
  }
}
