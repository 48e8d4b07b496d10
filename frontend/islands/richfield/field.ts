/** A text in a small editor; its words stay in the field, for whoever counts them and for the page without a script. */
import { richText } from "../editor/richtext";
import { paragraphs, wordsOf } from "./words";

/** Puts the editor in the place of `area`. `html` takes what it writes, `was` the words of that, so that the server knows which is newer. */
export function richField(area: HTMLTextAreaElement, html: HTMLInputElement, was: HTMLInputElement, label: string): void {
  const box = area.closest<HTMLElement>(".field");
  if (!box) return;
  // What was typed before the editor had come is in the field, not in what the page was sent with.
  const begun = area.value === area.defaultValue && html.value ? html.value : paragraphs(area.value);
  const part = richText({
    html: begun,
    courseId: "",
    languages: [],
    bare: true,
    label,
    changed: (now) => {
      html.value = now;
      area.value = was.value = wordsOf(now);
      area.dispatchEvent(new Event("input", { bubbles: true }));
    },
    left: () => undefined,
  });
  const held = document.activeElement === area;
  area.required = false;
  box.classList.add("rich-field");
  box.append(part.element);
  box.querySelector("label")?.addEventListener("click", (event) => {
    event.preventDefault();
    part.focus();
  });
  if (held) part.focus();
}
