/** A PDF of the work: its pages drawn, and on each of them the marks of what was said there. */
import type { Size } from "../document/layout";
import type { Viewer } from "../document/viewer";
import { pointOf, rectsOf, type Rect } from "./places";
import type { Place, Said } from "./said";

/** Pages whose sizes are asked for one by one; of a longer file the others are taken to be like the first. */
const MEASURED = 400;

export interface Asked {
  compose: (place: Place, about: string) => void;
  chosen: (id: string) => void;
  told: (words: string) => void;
}

export class Pages {
  readonly file: number;
  #viewer: Viewer | undefined;
  #said: Said[] = [];
  #wanted: string | undefined;
  #pointing = false;
  readonly #view: HTMLElement;
  readonly #status: HTMLElement;
  readonly #drawn = new Map<number, HTMLElement>();

  constructor(
    private readonly root: HTMLElement,
    private readonly write: boolean,
    private readonly ask: Asked,
  ) {
    this.file = Number(root.dataset["file"]);
    this.#view = root.querySelector<HTMLElement>("[data-view]")!;
    this.#status = root.querySelector<HTMLElement>("[data-status]")!;
    const near = new IntersectionObserver((seen) => {
      if (!seen.some((one) => one.isIntersecting)) return;
      near.disconnect();
      void this.#open();
    }, { rootMargin: "600px" });
    near.observe(root);
    root.addEventListener("click", (event) => this.#clicked(event));
    this.#view.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && this.#pointing) this.#point(false);
    });
  }

  /** Shows other comments. */
  show(said: Said[]): void {
    this.#said = said.filter((one) => one.file === this.file);
    for (const [page, place] of this.#drawn) this.#mark(page, place);
  }

  /** Leads to where a comment stands; its mark has the focus as soon as its page is drawn. */
  goTo(one: Said): void {
    this.#wanted = one.id;
    this.root.scrollIntoView({ block: "nearest" });
    if (!this.#viewer) return;
    const offset = one.rects[0]?.[1] ?? 0;
    this.#viewer.goTo({ page: one.page ?? 1, offset: Math.max(0, offset - 0.1) });
    this.#find();
  }

  /** What is selected on one of the pages; undefined when nothing of this file is. */
  selected(range: Range): Place | undefined {
    const from = range.startContainer instanceof Element ? range.startContainer : range.startContainer.parentElement;
    const page = from?.closest<HTMLElement>(".reader-page");
    if (!page || !this.#view.contains(page)) return undefined;
    const rects = rectsOf([...range.getClientRects()], page.getBoundingClientRect());
    const quote = range.toString().replace(/\s+/g, " ").trim().slice(0, 2000);
    return rects.length && quote ? { file: this.file, page: this.#numberOf(page), rects, quote } : undefined;
  }

  #numberOf(page: HTMLElement): number {
    return [...this.#view.children].indexOf(page) + 1;
  }

  async #open(): Promise<void> {
    this.#status.textContent = "Fetching the document.";
    this.#view.hidden = false;
    try {
      const [{ openPdf }, { Viewer }] = await Promise.all([import("../document/open"), import("../document/viewer")]);
      const { lib, pdf } = await openPdf(this.root.dataset["href"] ?? "", false);
      const sizes: Size[] = [];
      for (let page = 1; page <= pdf.numPages; page++) {
        if (page > MEASURED) {
          sizes.push(sizes[0]!);
          continue;
        }
        const { width, height } = (await pdf.getPage(page)).getViewport({ scale: 1 });
        sizes.push([width, height]);
      }
      const place = this.root.querySelector<HTMLElement>("[data-place]");
      const viewer = new Viewer(
        lib,
        pdf,
        this.#view,
        sizes,
        () => {
          if (place) place.textContent = `Page ${viewer.page} of ${sizes.length}`;
        },
        (page, element) => {
          this.#drawn.set(page, element);
          this.#mark(page, element);
          this.#find();
        },
      );
      this.#viewer = viewer;
      viewer.goTo({ page: 1, offset: 0 });
      this.#status.textContent = "";
      for (const name of ["[data-tools]", ...(this.write ? ["[data-acts]"] : [])]) {
        const element = this.root.querySelector<HTMLElement>(name);
        if (element) element.hidden = false;
      }
      this.root.dataset["drawn"] = "";
      const wanted = this.#said.find((one) => one.id === this.#wanted);
      if (wanted) this.goTo(wanted);
    } catch {
      this.#view.hidden = true;
      this.#status.textContent = "This PDF cannot be shown in the page. Its file may be damaged. Download it to look at it.";
    }
  }

  #clicked(event: MouseEvent): void {
    const target = event.target as HTMLElement;
    const pin = target.closest<HTMLElement>("[data-pin]");
    if (pin) {
      this.ask.chosen(pin.dataset["pin"] ?? "");
      return;
    }
    const act = target.closest<HTMLElement>("[data-do]")?.dataset["do"];
    if (act === "in" || act === "out") this.#viewer?.zoom(act);
    else if (act === "page") {
      const page = this.#viewer?.page ?? 1;
      this.ask.compose({ file: this.file, page, rects: [], quote: "" }, `On page ${page} as a whole`);
    } else if (act === "point") this.#point(!this.#pointing);
    else if (this.#pointing) {
      const page = target.closest<HTMLElement>(".reader-page");
      if (!page) return;
      event.preventDefault();
      this.#point(false);
      const number = this.#numberOf(page);
      this.ask.compose({ file: this.file, page: number, rects: [pointOf(event.clientX, event.clientY, page.getBoundingClientRect())], quote: "" }, `At a point of page ${number}`);
    }
  }

  #point(on: boolean): void {
    this.#pointing = on;
    this.root.querySelector("[data-do=point]")?.setAttribute("aria-pressed", String(on));
    this.#view.classList.toggle("an-pointing", on);
    this.ask.told(on ? "Click the place on the page. Esc leaves it." : "");
    if (on) this.#view.focus();
  }

  #mark(page: number, place: HTMLElement): void {
    place.querySelector(".an-marks")?.remove();
    const here = this.#said.filter((one) => one.page === page);
    if (here.length === 0) return;
    const marks = document.createElement("div");
    marks.className = "an-marks";
    let whole = 0;
    for (const one of here) {
      for (const rect of one.rects) if (rect[2] > 0) marks.append(this.#box(rect));
      const [first, top] = one.rects[0] ?? [0.97, 0.015 + 0.04 * whole++];
      // Of words it stands in the margin beside their first line, not on the words before them.
      const left = one.rects[0]?.[2] ? 0.035 : first;
      const pin = document.createElement("button");
      pin.type = "button";
      pin.className = "an-pin";
      pin.dataset["pin"] = one.id;
      pin.textContent = String(one.number);
      pin.setAttribute("aria-label", `Comment ${one.number}${one.quote ? ` on “${one.quote.slice(0, 60)}”` : ""}`);
      pin.style.left = `${left * 100}%`;
      pin.style.top = `${(top + (one.rects[0]?.[3] ?? 0) / 2) * 100}%`;
      marks.append(pin);
    }
    place.append(marks);
  }

  #box([left, top, width, height]: Rect): HTMLElement {
    const box = document.createElement("div");
    box.className = "an-box";
    box.style.left = `${left * 100}%`;
    box.style.top = `${top * 100}%`;
    box.style.width = `${width * 100}%`;
    box.style.height = `${height * 100}%`;
    return box;
  }

  #find(): void {
    if (!this.#wanted) return;
    const pin = this.#view.querySelector<HTMLElement>(`[data-pin="${this.#wanted}"]`);
    if (!pin) return;
    this.#wanted = undefined;
    pin.focus({ preventScroll: true });
  }
}
