/** The question bank: ticking many in the list; in the editor rich text, lines by keyboard, files, preview and trial. */
import { csrfToken } from "../site/csrf";
import { blanksIn, keepBlanks } from "./blanks";
import { lineKeys } from "./lines";
import { mediaTools } from "./media";
import { words } from "./words";

const WAIT_MS = 400;

function list(form: HTMLFormElement): void {
  const boxes = [...form.querySelectorAll<HTMLInputElement>("input[name=question]")];
  const all = form.querySelector<HTMLInputElement>("[data-all]")!;
  const count = form.querySelector<HTMLElement>("[data-count]")!;
  const resting = count.textContent ?? "";
  const show = (): void => {
    const ticked = boxes.filter((box) => box.checked).length;
    all.checked = ticked === boxes.length;
    all.indeterminate = ticked > 0 && ticked < boxes.length;
    count.textContent = ticked ? `${ticked} of ${boxes.length} ticked` : resting;
  };
  all.addEventListener("change", () => {
    for (const box of boxes) box.checked = all.checked;
    show();
  });
  form.addEventListener("change", show);
  for (const hidden of form.querySelectorAll<HTMLElement>("[data-needs-script]")) hidden.hidden = false;
  show();
}

class EditorPage {
  private turn = 0;
  private timer = 0;
  private readonly form: HTMLFormElement;

  constructor(form: HTMLFormElement) {
    this.form = form;
    for (const hidden of form.querySelectorAll<HTMLElement>("[data-needs-script]")) hidden.hidden = false;
    const soon = (): void => this.soon();
    form.addEventListener("input", soon);
    form.addEventListener("change", soon);
    form.addEventListener("click", (event) => {
      const pressed = (event.target as HTMLElement).closest("button");
      if (pressed?.getAttribute("value") !== "try") return;
      event.preventDefault();
      void this.look();
    });
    form.addEventListener("keydown", (event) => this.keys(event));
    lineKeys(form, soon);
    if (!("noFiles" in form.dataset)) mediaTools(form, soon);
    words(form, soon);
    void this.rich();
  }

  private keys(event: KeyboardEvent): void {
    const field = event.target as HTMLElement;
    if (event.key !== "Enter" || !(field instanceof HTMLInputElement)) return;
    if (event.ctrlKey || event.metaKey) {
      event.preventDefault();
      this.form.requestSubmit();
    } else if (field.name.startsWith("try")) {
      event.preventDefault();
      void this.look();
    } else if (!event.defaultPrevented && field.type !== "submit") {
      // Enter in a field would press the first button, whatever that is.
      event.preventDefault();
    }
  }

  private soon(): void {
    window.clearTimeout(this.timer);
    this.timer = window.setTimeout(() => void this.look(), WAIT_MS);
  }

  /** Asks the server, which has the rules: what is missing, what is right in part earns, what a tried answer earns. */
  private async look(): Promise<void> {
    window.clearTimeout(this.timer);
    const mine = ++this.turn;
    keepBlanks(this.form, blanksIn(this.form));
    try {
      const answer = await fetch(this.form.dataset.look ?? "", {
        method: "POST",
        body: new FormData(this.form),
        headers: { "x-csrf-token": csrfToken() },
      });
      if (!answer.ok || mine !== this.turn) return;
      const found = new DOMParser().parseFromString(await answer.text(), "text/html");
      const put = (from: string, into: string): void => {
        const part = found.querySelector(`[data-look-${from}]`);
        this.form.querySelector(into)?.replaceChildren(...(part ? [...part.childNodes] : []));
      };
      put("rule", "[data-rule-words]");
      put("tried", "[data-tried]");
      put("problems", "[data-problems]");
      put("preview", "[data-preview]");
      const preview = this.form.querySelector<HTMLElement>("[data-preview]");
      if (preview?.querySelector("[data-math]")) await (await import("../formulas/render")).drawFormulas(preview);
    } catch {
      // Without a connection the form still holds everything; the next change asks again.
    }
  }

  private async rich(): Promise<void> {
    const { richText } = await import("../editor/richtext");
    for (const name of ["question_html", "explanation"]) {
      const area = this.form.querySelector<HTMLTextAreaElement>(`textarea[name=${name}]`);
      const box = area?.closest<HTMLElement>(".field");
      if (!area || !box) continue;
      const label = box.querySelector("label");
      const part = richText({
        html: asHtml(area.value),
        courseId: this.form.dataset.course ?? "",
        languages: [],
        films: true,
        noFiles: "noFiles" in this.form.dataset,
        label: label?.firstChild?.textContent?.trim() ?? "Text",
        changed: (html) => {
          area.value = html;
          this.soon();
        },
        left: () => undefined,
      });
      const held = document.activeElement === area;
      area.required = false;
      box.classList.add("qb-rich");
      box.append(part.element);
      label?.addEventListener("click", (event) => {
        event.preventDefault();
        part.focus();
      });
      if (held) part.focus();
    }
    const preview = this.form.querySelector<HTMLElement>("[data-preview]");
    if (preview?.querySelector("[data-math]")) await (await import("../formulas/render")).drawFormulas(preview);
  }
}

/** What was typed before the script came: words become paragraphs. */
function asHtml(text: string): string {
  if (/<[a-z/]/i.test(text)) return text;
  const holder = document.createElement("div");
  for (const part of text.split(/\n\s*\n/)) {
    const words = document.createElement("p");
    words.textContent = part.trim();
    if (part.trim()) holder.append(words);
  }
  return holder.innerHTML;
}

for (const form of document.querySelectorAll<HTMLFormElement>("[data-questions]")) list(form);
for (const form of document.querySelectorAll<HTMLFormElement>("[data-question-editor]")) new EditorPage(form);
for (const sheet of document.querySelectorAll<HTMLElement>("[data-formulas]")) {
  if (sheet.querySelector("[data-math]")) void import("../formulas/render").then(({ drawFormulas }) => drawFormulas(sheet));
}
