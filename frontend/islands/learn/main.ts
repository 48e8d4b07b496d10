/** The player's frame: remembers whether the outline is open; on a narrow screen it begins closed. */
import htmx from "htmx.org";

// The player asks for what is left, which replaces parts of the page in several places.
window.htmx = htmx;

const KEY = "collegium.outline";
const outline = document.querySelector<HTMLDetailsElement>("[data-outline]");

function remembered(): string | null {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null; // Storage may be forbidden; then nothing is remembered.
  }
}

if (outline !== null) {
  const narrow = matchMedia("(max-width: 63.99rem)").matches;
  outline.open = narrow ? false : remembered() !== "closed";
  outline.addEventListener("toggle", () => {
    if (matchMedia("(max-width: 63.99rem)").matches) return;
    try {
      localStorage.setItem(KEY, outline.open ? "open" : "closed");
    } catch {
      // As above.
    }
  });
  outline.querySelector("[aria-current=page]")?.scrollIntoView({ block: "nearest" });
}
