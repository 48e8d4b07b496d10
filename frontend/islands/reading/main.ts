/** A lesson's text where it has formulas to draw, code to colour, or videos that are fetched from YouTube only when somebody plays them. */
import { drawFormulas } from "../formulas/render";

for (const figure of document.querySelectorAll<HTMLElement>("[data-youtube]")) {
  const play = figure.querySelector<HTMLAnchorElement>("[data-play]");
  play?.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    const frame = document.createElement("iframe");
    frame.src = `https://www.youtube-nocookie.com/embed/${figure.dataset.youtube}?autoplay=1&rel=0`;
    frame.title = figure.dataset.title ?? "Video on YouTube";
    frame.allow = "autoplay; encrypted-media; picture-in-picture; fullscreen";
    // YouTube plays nothing for a page that does not say which site it is.
    frame.referrerPolicy = "strict-origin-when-cross-origin";
    play.replaceWith(frame);
    frame.focus();
  });
}
void drawFormulas(document);
if (document.querySelector("pre > code[class*='language-']")) void import("../code/render").then(({ colourCode }) => colourCode(document));
