/** The builder of an assignment: rich text, lines of the rubric moved at once, sums, and what lateness costs. */
import { lateExample, pointsOf, sumWords } from "./rubric";

const form = document.querySelector<HTMLFormElement>("[data-assignment-builder]");
if (form) start(form);

function start(form: HTMLFormElement): void {
  const list = form.querySelector<HTMLElement>("[data-criteria]")!;
  const sum = form.querySelector<HTMLElement>("[data-sum]")!;
  const total = form.querySelector<HTMLElement>("[data-total]")!;
  const pattern = form.querySelector<HTMLTemplateElement>("[data-line-template]")!;
  let changed = false;
  // What stands twice in a row, such as after a click on a button, is the same sentence: it is not read out again.
  const say = (line: HTMLElement, words: string) => {
    if (line.textContent !== words) line.textContent = words;
  };
  const lines = () => [...list.querySelectorAll<HTMLElement>("[data-line]")];

  const count = () => {
    const all = lines();
    for (const [n, line] of all.entries()) {
      const name = line.querySelector<HTMLInputElement>("[data-name]")!.value.trim() || `criterion ${n + 1}`;
      line.querySelector<HTMLInputElement>("[data-points]")!.setAttribute("aria-label", `Points of ${name}`);
      for (const button of line.querySelectorAll<HTMLButtonElement>("[data-act]")) {
        const verb = button.dataset.act ?? "";
        button.value = `${verb}:${n + 1}`;
        button.setAttribute("aria-label", `${{ up: "Move up", down: "Move down", remove: "Take out" }[verb] ?? verb}: ${name}`);
        button.disabled = (verb === "up" && n === 0) || (verb === "down" && n === all.length - 1);
      }
    }
    say(sum, sumWords(all.map((line) => pointsOf(line.querySelector<HTMLInputElement>("[data-points]")!.value))));
    total.hidden = all.length > 0;
  };

  form.addEventListener("click", (event) => {
    const button = (event.target as Element).closest<HTMLButtonElement>("[data-act]");
    if (!button) return;
    event.preventDefault();
    changed = true;
    const line = button.closest<HTMLElement>("[data-line]");
    const verb = button.dataset.act;
    if (verb === "add") {
      list.append(pattern.content.cloneNode(true));
      count();
      lines().at(-1)?.querySelector<HTMLInputElement>("[data-name]")?.focus();
      return;
    }
    if (!line) return;
    if (verb === "up") line.previousElementSibling?.before(line);
    if (verb === "down") line.nextElementSibling?.after(line);
    if (verb === "remove") {
      const next = line.nextElementSibling ?? line.previousElementSibling;
      line.remove();
      count();
      (next?.querySelector<HTMLElement>("[data-name]") ?? form.querySelector<HTMLElement>("[data-act=add]"))?.focus();
      return;
    }
    count();
    // At the end of the list the key that was pressed is off: its neighbour has the focus then.
    if (button.disabled) line.querySelector<HTMLButtonElement>("[data-act]:not(:disabled)")?.focus();
    else button.focus();
  });

  const type = form.querySelector<HTMLSelectElement>("[name=submission_type]")!;
  const files = form.querySelector<HTMLElement>("[data-files]")!;
  const late = form.querySelector<HTMLInputElement>("[name=late_submission_allowed]")!;
  const perDay = form.querySelector<HTMLInputElement>("[name=late_penalty_percentage]")!;
  const example = form.querySelector<HTMLElement>("[data-late-example]")!;
  const show = () => {
    files.hidden = !["file_upload", "both"].includes(type.value);
    const off = perDay.closest<HTMLElement>(".field");
    if (off) off.hidden = !late.checked;
    const rate = perDay.value.trim() === "0" ? 0 : pointsOf(perDay.value);
    say(example, lateExample(late.checked, rate));
  };
  form.addEventListener("input", (event) => {
    changed = true;
    if ((event.target as Element).matches("[data-points], [data-name]")) count();
    show();
  });
  form.addEventListener("change", show);
  form.addEventListener("submit", () => (changed = false));
  window.addEventListener("beforeunload", (event) => {
    if (changed) event.preventDefault();
  });
  count();
  show();
  void rich(form, () => (changed = true));
}

async function rich(form: HTMLFormElement, changed: () => void): Promise<void> {
  const { richText } = await import("../editor/richtext");
  const box = form.querySelector<HTMLElement>("[data-rich]");
  const area = box?.querySelector<HTMLTextAreaElement>("textarea");
  const field = area?.closest<HTMLElement>(".field");
  if (!box || !area || !field) return;
  const held = document.activeElement === area;
  const part = richText({
    html: area.value,
    courseId: form.dataset.course ?? "",
    languages: [],
    label: "Instructions",
    changed: (html) => {
      area.value = html;
      changed();
    },
    left: () => undefined,
  });
  field.append(part.element);
  field.classList.add("qb-rich");
  field.querySelector("label")?.addEventListener("click", (event) => {
    event.preventDefault();
    part.focus();
  });
  if (held) part.focus();
}
