import type { VideoElement } from "./hls";

/** Said by the player's root when its media element stands in the page. */
export const STANDS = "collegium:player";

/** The media element of the player in `root`, for another island of the page, as soon as it is there. */
export function playerMedia(root: HTMLElement): Promise<VideoElement> {
  const find = (): VideoElement | null => root.querySelector<VideoElement>("[data-player-stage] [slot=media]");
  const here = find();
  if (here !== null) return Promise.resolve(here);
  return new Promise((resolve) => {
    root.addEventListener(
      STANDS,
      () => {
        const found = find();
        if (found !== null) resolve(found);
      },
      { once: true },
    );
  });
}
