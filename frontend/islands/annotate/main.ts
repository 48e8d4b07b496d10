/** Comments on work that was handed in: the PDF and the text with their marks, the list beside them, and what is written anew. */
import { drawFormulas } from "../formulas/render";
import { toast } from "../site/toasts";
import { times } from "../site/times";
import { Pages } from "./pages";
import { readSaid, send, type Place, type Said } from "./said";
import { markText, selectedText } from "./text";

class Annotations {
  readonly #list: HTMLElement | null;
  readonly #text: HTMLElement | null;
  readonly #pages: Pages[];
  readonly #url: string;
  readonly #composer: HTMLFormElement | null;
  readonly #area: HTMLTextAreaElement | null;
  #said: Said[] = [];
  #place: Place | undefined;
  #changing: Said | undefined;
  #from: Element | null = null;
  #bar: HTMLElement | undefined;

  constructor(private readonly root: HTMLElement) {
    const write = root.dataset["write"] === "1";
    this.#url = root.dataset["url"] ?? "";
    this.#list = root.querySelector<HTMLElement>("[data-said]");
    this.#text = root.querySelector<HTMLElement>("[data-text]");
    this.#composer = root.querySelector<HTMLFormElement>("[data-composer]");
    this.#area = this.#composer?.querySelector("textarea") ?? null;
    this.#pages = [...root.querySelectorAll<HTMLElement>("[data-pdf]")].map(
      (element) =>
        new Pages(element, write, {
          compose: (place, about) => this.#compose(place, about),
          chosen: (id) => this.#choose(id),
          told: (words) => this.#tell(words),
        }),
    );
    this.#read();
    this.#text?.addEventListener("click", (event) => {
      const at = (event.target as Element).closest<HTMLElement>("[data-pin], [data-mark]");
      if (at && document.getSelection()?.isCollapsed) this.#choose(at.dataset["pin"] ?? at.dataset["mark"] ?? "");
    });
    this.#list?.addEventListener("click", (event) => void this.#listed(event));
    if (write) this.#writing();
    root.dataset["ready"] = "";
  }

  #read(): void {
    this.#said = this.#list ? readSaid(this.#list) : [];
    if (this.#text) markText(this.#text, this.#said);
    for (const pages of this.#pages) pages.show(this.#said);
  }

  #tell(words: string): void {
    const told = this.root.querySelector("[data-told]");
    if (told) told.textContent = words;
  }

  /** From a mark to its comment. */
  #choose(id: string): void {
    const one = this.#said.find((said) => said.id === id);
    one?.element.focus({ preventScroll: true });
    one?.element.scrollIntoView({ block: "nearest" });
  }

  async #listed(event: MouseEvent): Promise<void> {
    const target = event.target as Element;
    const one = this.#said.find((said) => said.element.contains(target));
    if (!one) return;
    if (target.closest("[data-show]")) {
      event.preventDefault();
      if (one.file === undefined) {
        const pin = this.#text?.querySelector<HTMLElement>(`[data-pin="${one.id}"]`);
        pin?.scrollIntoView({ block: "center" });
        pin?.focus({ preventScroll: true });
      } else this.#pages.find((pages) => pages.file === one.file)?.goTo(one);
    } else if (target.closest("[data-change]")) {
      this.#changing = one;
      this.#open(`Comment ${one.number}`, one.body, target);
    } else if (target.closest("[data-remove]")) await this.#remove(one);
  }

  // Writing ---------------------------------------------------------------------------------------------------------

  #writing(): void {
    document.addEventListener("selectionchange", () => this.#offer());
    this.#composer?.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#save();
    });
    this.#composer?.querySelector("[data-cancel]")?.addEventListener("click", () => this.#close());
    this.#area?.addEventListener("keydown", (event) => {
      // The page's own Ctrl+Enter would save the grade.
      event.stopPropagation();
      if (event.key === "Escape") this.#close();
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
        event.preventDefault();
        this.#composer?.requestSubmit();
      }
    });
  }

  #selected(): { place: Place; range: Range } | undefined {
    const selection = document.getSelection();
    if (!selection || selection.isCollapsed || selection.rangeCount === 0) return undefined;
    const range = selection.getRangeAt(0);
    const place = this.#pages.map((pages) => pages.selected(range)).find(Boolean) ?? (this.#text ? selectedText(this.#text, range) : undefined);
    return place && { place, range };
  }

  /** Two buttons beside what is selected. */
  #offer(): void {
    const found = this.#selected();
    if (!found) {
      // Whoever has gone from the selection to the buttons still means it.
      if (!this.#bar?.contains(document.activeElement)) this.#bar?.remove();
      return;
    }
    if (!this.#bar) {
      this.#bar = document.createElement("div");
      this.#bar.className = "an-bar";
      this.#bar.setAttribute("role", "toolbar");
      this.#bar.setAttribute("aria-label", "What is selected");
      for (const [kind, words] of [["comment", "Comment"], ["highlight", "Mark"]] as const) {
        const button = document.createElement("button");
        button.type = "button";
        button.className = "btn btn-quiet btn-small";
        button.textContent = words;
        button.addEventListener("pointerdown", (event) => event.preventDefault());
        button.addEventListener("click", () => {
          const now = this.#selected();
          if (!now) return;
          this.#bar?.remove();
          document.getSelection()?.removeAllRanges();
          if (kind === "comment") this.#compose(now.place, `On “${short(now.place.quote)}”`);
          else void this.#add(now.place, "");
        });
        this.#bar.append(button);
      }
    }
    const box = found.range.getBoundingClientRect();
    const root = this.root.getBoundingClientRect();
    this.#bar.style.top = `${box.bottom - root.top + 6}px`;
    this.#bar.style.left = `${Math.max(0, Math.min(box.left - root.left, root.width - 190))}px`;
    if (!this.#bar.isConnected) this.root.append(this.#bar);
  }

  #compose(place: Place, about: string): void {
    this.#place = place;
    this.#changing = undefined;
    this.#open(about, "", document.activeElement);
  }

  #open(about: string, body: string, from: Element | null): void {
    if (!this.#composer || !this.#area) return;
    this.#from = from;
    this.#composer.querySelector("[data-about]")!.textContent = about;
    this.#wrong("");
    this.#area.value = body;
    this.#composer.hidden = false;
    this.#area.focus();
  }

  #close(): void {
    if (this.#composer) this.#composer.hidden = true;
    this.#place = this.#changing = undefined;
    if (this.#from instanceof HTMLElement && this.#from.isConnected) this.#from.focus({ preventScroll: true });
  }

  #wrong(words: string): void {
    const element = this.#composer?.querySelector<HTMLElement>("[data-wrong]");
    if (!element) return;
    element.textContent = words;
    element.hidden = words === "";
  }

  async #save(): Promise<void> {
    const body = this.#area?.value.trim() ?? "";
    if (body === "") {
      this.#wrong("Write a comment.");
      return;
    }
    if (this.#changing) {
      const id = this.#changing.id;
      await this.#change(`${this.#url}/${id}`, { body }, id);
    } else if (this.#place) await this.#add(this.#place, body);
  }

  async #add(place: Place, body: string): Promise<void> {
    await this.#change(this.#url, { ...place, body });
  }

  async #change(url: string, sent: unknown, id?: string): Promise<void> {
    try {
      const answer = await send(url, sent);
      this.#take(answer.html);
      if (this.#composer) this.#composer.hidden = true;
      this.#place = this.#changing = undefined;
      this.#tell("The comment is saved.");
      this.#choose(id ?? answer.id ?? "");
    } catch (error) {
      const words = error instanceof Error ? error.message : "This was not saved. Try again.";
      if (this.#composer && !this.#composer.hidden) this.#wrong(words);
      else toast(words, "error");
    }
  }

  #take(html: string): void {
    if (!this.#list) return;
    // What the site's own templates made, as on the page itself.
    this.#list.innerHTML = html;
    times(this.#list);
    for (const element of this.#list.querySelectorAll<HTMLElement>("[data-needs-script]")) element.hidden = false;
    this.#read();
  }

  async #remove(one: Said): Promise<void> {
    try {
      this.#take((await send(`${this.#url}/${one.id}/remove`, {})).html);
    } catch (error) {
      toast(error instanceof Error ? error.message : "This was not removed. Try again.", "error");
      return;
    }
    this.#tell("The comment is removed. ");
    const undo = document.createElement("button");
    undo.type = "button";
    undo.className = "btn btn-quiet btn-small";
    undo.textContent = "Bring it back";
    undo.addEventListener("click", () => {
      const place: Place = { quote: one.quote };
      if (one.file !== undefined) Object.assign(place, { file: one.file, page: one.page, rects: one.rects });
      else Object.assign(place, { start: one.start, end: one.end });
      void this.#add(place, one.body);
    });
    this.root.querySelector("[data-told]")?.append(undo);
    undo.focus();
  }
}

function short(text: string): string {
  return text.length > 80 ? `${text.slice(0, 79)}…` : text;
}

for (const root of document.querySelectorAll<HTMLElement>("[data-island=annotate]")) new Annotations(root);
// In the task, the work and the feedback; what is being written draws its own.
for (const text of document.querySelectorAll<HTMLElement>(".prose"))
  if (!text.closest("[contenteditable]")) void drawFormulas(text);
