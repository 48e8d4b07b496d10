/** Marking by keys: points by click or arrows, the sum as it is typed, what is unsaved kept in this browser, J and K lead on. */
import { chips, read, sum } from "./sum";

interface Draft {
  at: number;
  fields: [string, string][];
}

/** Milliseconds after which a draft that nobody came back to is forgotten. */
const KEPT = 30 * 86_400_000;

class Marking {
  readonly #key: string;
  readonly #most: number;
  readonly #off: number;
  #sent = false;

  constructor(private readonly form: HTMLFormElement) {
    this.#key = `collegium-marking:${form.dataset["key"] ?? ""}`;
    this.#most = Number(form.dataset["most"]);
    this.#off = Number(form.dataset["off"]);
    for (const field of this.#criteria()) this.#chips(field);
    form.addEventListener("input", () => this.#changed());
    form.addEventListener("submit", () => {
      this.#sent = true;
    });
    form.addEventListener("keydown", (event) => this.#arrows(event));
    document.addEventListener("keydown", (event) => this.#keys(event), { capture: true });
    form.querySelector("[data-draft-drop]")?.addEventListener("click", () => {
      this.#forget();
      location.reload();
    });
    // After a refusal the form already holds what was sent; else what was typed here before comes back.
    if (!form.querySelector(".notice")) this.#bring();
    this.#show();
    void this.#feedback();
    if (window.innerWidth >= 1024 && document.activeElement === document.body) (this.#criteria()[0] ?? this.#points())?.focus({ preventScroll: true });
    form.dataset["ready"] = "";
  }

  #criteria(): HTMLInputElement[] {
    return [...this.form.querySelectorAll<HTMLInputElement>("[data-criterion]")];
  }

  #points(): HTMLInputElement | null {
    return this.form.querySelector<HTMLInputElement>("[data-points]");
  }

  #chips(field: HTMLInputElement): void {
    const box = field.closest(".mk-criterion")?.querySelector<HTMLElement>("[data-chips]");
    if (!box) return;
    const name = field.labels?.[0]?.firstChild?.textContent?.trim() ?? "";
    for (const value of chips(Number(field.dataset["most"]))) {
      const chip = document.createElement("button");
      chip.type = "button";
      chip.className = "mk-chip";
      // By keys the field itself takes figures and arrows; five more stops a criterion would be in the way.
      chip.tabIndex = -1;
      chip.textContent = String(value);
      chip.setAttribute("aria-label", `${value} points for ${name}`);
      chip.addEventListener("click", () => {
        field.value = String(value);
        this.#changed();
      });
      box.append(chip);
    }
    box.hidden = false;
  }

  /** Up and down change points by one. */
  #arrows(event: KeyboardEvent): void {
    const field = event.target as HTMLInputElement;
    if (!field.matches("[data-criterion], [data-points]") || !["ArrowUp", "ArrowDown"].includes(event.key)) return;
    event.preventDefault();
    const most = Number(field.dataset["most"]);
    const now = read(field.value, most) ?? 0;
    field.value = String(Math.min(most, Math.max(0, now + (event.key === "ArrowUp" ? 1 : -1))));
    this.#changed();
  }

  #keys(event: KeyboardEvent): void {
    const target = event.target as Element;
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && this.form.contains(target)) {
      event.preventDefault();
      event.stopPropagation();
      this.form.requestSubmit(this.form.querySelector<HTMLButtonElement>("[data-main]"));
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey || !["j", "k"].includes(event.key)) return;
    // No figure has a J or a K: these two work in the fields for points too.
    const figures = target.matches("[data-points], [data-criterion]");
    if (!figures && target.closest("input, textarea, select, [contenteditable]")) return;
    event.preventDefault();
    document.querySelector<HTMLAnchorElement>(`[data-way=${event.key === "j" ? "next" : "previous"}]`)?.click();
  }

  #show(): void {
    const fields = this.#criteria();
    const points = this.#points();
    const given = (fields.length ? fields : points ? [points] : []).map((one) => ({ text: one.value, most: Number(one.dataset["most"]) }));
    const { points: sum_, final } = sum(given, this.#most, this.#off);
    const put = (name: string, value: number | undefined) => {
      const element = this.form.querySelector(name);
      if (element) element.textContent = value === undefined ? "–" : String(value);
    };
    put("[data-points-given]", sum_);
    put("[data-final-score]", final);
    for (const field of fields) {
      const wrong = field.value.trim() !== "" && read(field.value, Number(field.dataset["most"])) === undefined;
      if (wrong) field.setAttribute("aria-invalid", "true");
      else field.removeAttribute("aria-invalid");
      for (const chip of field.closest(".mk-criterion")?.querySelectorAll<HTMLElement>(".mk-chip") ?? []) {
        chip.setAttribute("aria-pressed", String(field.value.trim() !== "" && Number(chip.textContent) === read(field.value, Number(field.dataset["most"]))));
      }
    }
  }

  #changed(): void {
    this.#show();
    if (this.#sent) return;
    const draft: Draft = { at: Date.now(), fields: this.#fields() };
    try {
      localStorage.setItem(this.#key, JSON.stringify(draft));
    } catch {
      // A browser that keeps nothing still sends what is in the form.
    }
  }

  #fields(): [string, string][] {
    return [...this.form.querySelectorAll<HTMLInputElement | HTMLTextAreaElement>("input:not([type=hidden]), textarea[name]")]
      .filter((field) => field.name)
      .map((field) => [field.name, field.value]);
  }

  /** What was typed and not saved comes back, unless somebody decided meanwhile: then the form shows that. */
  #bring(): void {
    try {
      for (const key of Object.keys(localStorage)) {
        if (!key.startsWith("collegium-marking:")) continue;
        const { at } = JSON.parse(localStorage.getItem(key) ?? "{}") as Partial<Draft>;
        if (!at || Date.now() - at > KEPT) localStorage.removeItem(key);
      }
      const raw = localStorage.getItem(this.#key);
      if (!raw) return;
      const draft = JSON.parse(raw) as Draft;
      const seen = this.form.querySelector<HTMLInputElement>("[name=seen]")?.value ?? "";
      if (seen && new Date(seen).getTime() > draft.at) {
        this.#forget();
        return;
      }
      const now = this.#fields();
      if (now.every(([, value], n) => value === draft.fields[n]?.[1])) return;
      const fields = [...this.form.querySelectorAll<HTMLInputElement | HTMLTextAreaElement>("input:not([type=hidden]), textarea[name]")].filter((field) => field.name);
      fields.forEach((field, n) => {
        const kept = draft.fields[n];
        if (kept && kept[0] === field.name) field.value = kept[1];
      });
      const notice = this.form.querySelector<HTMLElement>("[data-draft]");
      const words = this.form.querySelector<HTMLElement>("[data-draft-words]");
      if (notice && words) {
        words.textContent = `What you typed on ${new Date(draft.at).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" })} is back. It is not saved yet.`;
        notice.hidden = false;
      }
    } catch {
      // What cannot be read is left alone.
    }
  }

  #forget(): void {
    try {
      localStorage.removeItem(this.#key);
    } catch {
      // Nothing was kept, then.
    }
  }

  async #feedback(): Promise<void> {
    const area = this.form.querySelector<HTMLTextAreaElement>("textarea[name=feedback]");
    const box = area?.closest<HTMLElement>(".field");
    if (!area || !box) return;
    const { richText } = await import("../editor/richtext");
    const part = richText({
      html: area.value,
      courseId: this.form.dataset["course"] ?? "",
      languages: [],
      label: "Feedback",
      changed: (html) => {
        area.value = html;
        this.#changed();
      },
      left: () => undefined,
    });
    const held = document.activeElement === area;
    box.classList.add("mk-rich");
    box.append(part.element);
    box.querySelector("label")?.addEventListener("click", (event) => {
      event.preventDefault();
      part.focus();
    });
    if (held) part.focus();
  }
}

for (const form of document.querySelectorAll<HTMLFormElement>("form[data-island=marking]")) new Marking(form);
