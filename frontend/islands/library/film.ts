/** What happens around a film: the next one begins where the collection plays on, and a file that cannot be played says so. */
export function film(): void {
  const player = document.querySelector<HTMLVideoElement>("[data-film]");
  if (!player) return;
  player.addEventListener("ended", () => {
    const next = player.dataset.next;
    if (next) location.assign(next + "#player");
  });
  player.addEventListener("error", () => {
    const words = document.querySelector<HTMLElement>("[data-film-wrong]");
    if (words) words.hidden = false;
  });
  // The person pressed play on the film before; a browser that wants it pressed again shows its own button.
  if (new URLSearchParams(location.search).has("play")) void player.play().catch(() => undefined);
}
