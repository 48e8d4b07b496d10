/** A collection: order by dragging and by the arrow keys, a film that leads to the next one, a link to copy, and films to send. */
import htmx from "htmx.org";
import { film } from "./film";
import { ordering } from "./ordering";
import { uploading } from "./uploading";

window.htmx = htmx;

function copying(): void {
  document.addEventListener("click", (event) => {
    const button = (event.target as Element).closest<HTMLElement>("[data-copy]");
    const field = button?.parentElement?.querySelector<HTMLInputElement>("[data-link]");
    if (!button || !field) return;
    field.select();
    void copy(field.value).then((copied) => {
      const words = button.querySelector("span");
      if (words) words.textContent = copied ? "Copied" : "Press Ctrl+C";
    });
  });
}

/** The clipboard is closed to pages without TLS; then the selected text is left to the person. */
async function copy(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}

copying();
film();
ordering();
uploading();
