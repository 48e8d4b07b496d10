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

if (root !== null) {
  const player = root.querySelector<HTMLElement>("[data-island=player]");
  for (const form of root.querySelectorAll<HTMLFormElement>("[data-film-upload]")) sendFilm(form);
  if (player !== null) {
    learnLength(root, player);
    pickPoster(root, player);
  }
}
