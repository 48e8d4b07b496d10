/** A field of one line whose words can be more than words: a button opens the small editor in its place, and leads back. */
import { announce, tool } from "../editor/dom";
import type { TextPart } from "../editor/richtext";
import { wordsOf } from "./inwords";

const parts = new WeakMap<HTMLElement, TextPart>();

export function words(form: HTMLFormElement, changed: () => void): void {
  const ready = (box: HTMLElement): void => {
    const { input, html } = fields(box);
    const toggle = tool("type", name(box), () => void (parts.has(box) ? plain(box, changed) : open(form, box, changed, true)), "Rich text (Ctrl+B)");
    toggle.setAttribute("aria-pressed", "false");
    // From line to line by Tab: the keys below do what the button does.
    toggle.tabIndex = -1;
    input.after(toggle);
    input.addEventListener("keydown", (event) => {
      const key = event.key.toLowerCase();
      if (!((event.ctrlKey || event.metaKey) && (key === "b" || key === "i")) && !(event.altKey && event.key === "F10")) return;
      event.preventDefault();
      void open(form, box, changed, true);
    });
    if (html.value) void open(form, box, changed, false);
  };
  for (const box of form.querySelectorAll<HTMLElement>("[data-rich]")) ready(box);
  form.addEventListener("line", (event) => {
    for (const box of (event as CustomEvent<HTMLElement>).detail.querySelectorAll<HTMLElement>("[data-rich]")) ready(box);
  });
}

function fields(box: HTMLElement): Record<"input" | "html" | "was", HTMLInputElement> {
  const [input, html, was] = [...box.querySelectorAll("input")];
  return { input: input!, html: html!, was: was! };
}

function pressed(box: HTMLElement, rich: boolean): void {
  const toggle = box.querySelector<HTMLButtonElement>(":scope > button");
  if (!toggle) return;
  toggle.setAttribute("aria-pressed", String(rich));
  toggle.setAttribute("data-tip", rich ? "Words only" : "Rich text (Ctrl+B)");
  toggle.tabIndex = rich ? 0 : -1;
}

function name(box: HTMLElement): string {
  return `Rich text: ${box.querySelector("label")?.firstChild?.textContent?.trim() ?? "text"}`;
}

async function open(form: HTMLFormElement, box: HTMLElement, changed: () => void, focus: boolean): Promise<void> {
  const { richText } = await import("../editor/richtext");
  if (parts.has(box) || !box.isConnected) return;
  const { input, html, was } = fields(box);
  const put = (now: string): void => {
    html.value = now;
    input.value = was.value = wordsOf(now).slice(0, input.maxLength);
    changed();
  };
  const part = richText({
    html: html.value || paragraph(input.value),
    courseId: form.dataset.course ?? "",
    languages: [],
    films: true,
    noFiles: "noFiles" in form.dataset,
    small: true,
    label: box.querySelector("label")?.firstChild?.textContent?.trim() ?? "Text",
    changed: put,
    left: () => undefined,
  });
  parts.set(box, part);
  input.hidden = true;
  input.before(part.element);
  pressed(box, true);
  if (focus) part.focus();
}

/** Back to words: emphasis, pictures and films go. Undoing is pressing again, as long as the page stays. */
function plain(box: HTMLElement, changed: () => void): void {
  const { input, html, was } = fields(box);
  const part = parts.get(box);
  part?.destroy();
  part?.element.remove();
  parts.delete(box);
  html.value = was.value = "";
  input.hidden = false;
  pressed(box, false);
  input.focus();
  announce("Words only now.");
  changed();
}

function paragraph(text: string): string {
  const made = document.createElement("p");
  made.textContent = text;
  // A formula that was written as words becomes one.
  made.innerHTML = made.innerHTML.replace(/\\\((.+?)\\\)/g, (_all, tex: string) => `<span data-math="${tex.replaceAll('"', "&quot;")}"></span>`);
  return text ? made.outerHTML : "";
}
