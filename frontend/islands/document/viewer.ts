/** Shows the pages of a document one below the other; draws only those that are near the view. */
import type { PDFDocumentProxy, PDFPageProxy, RenderTask } from "pdfjs-dist";
import { Layout, zoomed, type Place, type Size, type Visible, type Zoom } from "./layout";

const document_ = window.document;

type Pdfjs = typeof import("pdfjs-dist");

/** Pixels of a canvas at most: a page zoomed far in is drawn coarser rather than not at all. */
const MOST_PIXELS = 16_000_000;
/** CSS pixels for a point at the size on paper. */
const PAPER = 96 / 72;
/** How many heights of the view a drawn page is kept beyond its edges, and how many ahead a page is drawn. */
const KEPT = 3;
const AHEAD = 0.75;

interface Drawn {
  scale: number;
  task: RenderTask | undefined;
}

export class Viewer {
  readonly #pages: HTMLElement[] = [];
  readonly #drawn = new Map<number, Drawn>();
  #layout: Layout;
  /** A factor of the size on paper, or the width of the view. */
  #zoom: number | "fit" = "fit";
  #busy = false;
  #looking = 0;
  #ended = false;
  query = "";

  constructor(
    private readonly lib: Pdfjs,
    private readonly document: PDFDocumentProxy,
    private readonly view: HTMLElement,
    private readonly sizes: readonly Size[],
    private readonly moved: () => void,
    /** Told of each page that was drawn, whose place holds nothing else then. */
    private readonly drawn: (page: number, place: HTMLElement) => void = () => undefined,
  ) {
    this.#layout = new Layout(sizes, this.#wanted());
    const fragment = new DocumentFragment();
    sizes.forEach((_, index) => {
      const element = document_.createElement("div");
      element.className = "reader-page";
      element.setAttribute("role", "group");
      element.setAttribute("aria-label", `Page ${index + 1} of ${sizes.length}`);
      this.#pages.push(element);
      fragment.append(element);
    });
    view.replaceChildren(fragment);
    this.#place();
    view.addEventListener("scroll", () => this.#look(), { passive: true });
    new ResizeObserver(() => this.#resized()).observe(view);
  }

  get place(): Place {
    return this.#layout.place(this.view.scrollTop);
  }

  /** The page that fills most of the view, which is the one that its reader would name. */
  get page(): number {
    const parts = this.#layout.between(this.view.scrollTop, this.view.scrollTop + this.view.clientHeight);
    return parts.reduce((most, part) => (part.pixels > most.pixels ? part : most), parts[0] ?? { page: 1, pixels: 0 }).page;
  }

  /** The zoom as a factor of the size on paper. */
  get factor(): number {
    return this.#layout.scaleOf(this.page) / PAPER;
  }

  get fits(): boolean {
    return this.#zoom === "fit";
  }

  /** The pages in that part of the view that is inside the window and has been drawn. */
  visible(): Visible[] {
    const box = this.view.getBoundingClientRect();
    const from = this.view.scrollTop + Math.max(0, -box.top);
    const to = this.view.scrollTop + this.view.clientHeight - Math.max(0, box.bottom - window.innerHeight);
    return this.#layout.between(from, to).filter((part) => this.#drawn.get(part.page)?.task === undefined && this.#drawn.has(part.page));
  }

  goTo(place: Place): void {
    this.view.scrollTop = this.#layout.yOf(place);
    this.#look();
  }

  zoom(to: "in" | "out" | "fit"): void {
    const place = this.place;
    this.#zoom = to === "fit" ? "fit" : zoomed(this.factor, to === "in" ? 1 : -1);
    this.#relay(place);
  }

  /** The next page on which a text stands, from a page on and round to it again; undefined where it stands nowhere. */
  async find(text: string, from: number, still: () => boolean): Promise<number | undefined> {
    const wanted = text.toLocaleLowerCase();
    for (let step = 0; step < this.sizes.length && still(); step++) {
      const number = ((from - 1 + step) % this.sizes.length) + 1;
      const { items } = await (await this.document.getPage(number)).getTextContent();
      const whole = items.map((item) => ("str" in item ? item.str + (item.hasEOL ? " " : "") : "")).join("");
      if (whole.toLocaleLowerCase().includes(wanted)) return number;
    }
    return undefined;
  }

  /** Marks a text on the pages that are drawn and will be drawn; nothing marks nothing. */
  mark(text: string): void {
    this.query = text.toLocaleLowerCase();
    for (const element of this.#pages) this.#markIn(element);
  }

  end(): void {
    this.#ended = true;
    for (const page of [...this.#drawn.keys()]) this.#drop(page);
  }

  #wanted(): Zoom {
    return this.#zoom === "fit" ? { width: this.view.clientWidth } : { scale: this.#zoom * PAPER };
  }

  #place(): void {
    this.#pages.forEach((element, index) => {
      element.style.width = `${this.#layout.widthOf(index + 1)}px`;
      element.style.height = `${this.#layout.heightOf(index + 1)}px`;
      element.style.setProperty("--total-scale-factor", String(this.#layout.scaleOf(index + 1)));
    });
  }

  #relay(place: Place): void {
    const layout = new Layout(this.sizes, this.#wanted());
    if (layout.scaleOf(1) === this.#layout.scaleOf(1)) return;
    this.#layout = layout;
    this.#place();
    this.goTo(place);
  }

  #resized(): void {
    if (this.#zoom === "fit" && this.view.clientWidth > 0) this.#relay(this.place);
    this.#look();
  }

  #look(): void {
    if (this.#looking) return;
    this.#looking = requestAnimationFrame(() => {
      this.#looking = 0;
      this.moved();
      void this.#draw();
    });
  }

  /** The pages to draw, the nearest to the middle of the view first. */
  #near(): number[] {
    const { scrollTop, clientHeight } = this.view;
    const middle = scrollTop + clientHeight / 2;
    const far = (page: number) => Math.abs(this.#layout.topOf(page) + this.#layout.heightOf(page) / 2 - middle);
    return this.#layout
      .between(scrollTop - AHEAD * clientHeight, scrollTop + (1 + AHEAD) * clientHeight)
      .map((part) => part.page)
      .sort((a, b) => far(a) - far(b));
  }

  async #draw(): Promise<void> {
    const { scrollTop, clientHeight } = this.view;
    const kept = new Set(this.#layout.between(scrollTop - KEPT * clientHeight, scrollTop + (1 + KEPT) * clientHeight).map((p) => p.page));
    for (const page of [...this.#drawn.keys()]) if (!kept.has(page)) this.#drop(page);
    if (this.#busy) return;
    this.#busy = true;
    try {
      for (;;) {
        const next = this.#near().find((page) => this.#drawn.get(page)?.scale !== this.#layout.scaleOf(page));
        if (next === undefined || this.#ended) break;
        await this.#drawPage(next);
      }
    } finally {
      this.#busy = false;
    }
  }

  #drop(page: number): void {
    this.#drawn.get(page)?.task?.cancel();
    this.#drawn.delete(page);
    this.#pages[page - 1]?.replaceChildren();
  }

  async #drawPage(number: number): Promise<void> {
    const scale = this.#layout.scaleOf(number);
    const entry: Drawn = { scale, task: undefined };
    try {
      const page = await this.document.getPage(number);
      const viewport = page.getViewport({ scale });
      const canvas = document_.createElement("canvas");
      const sharp = Math.min(window.devicePixelRatio || 1, 2, Math.sqrt(MOST_PIXELS / (viewport.width * viewport.height)));
      canvas.width = Math.max(1, Math.floor(viewport.width * sharp));
      canvas.height = Math.max(1, Math.floor(viewport.height * sharp));
      canvas.setAttribute("aria-hidden", "true");
      const task = page.render({ canvas, viewport, transform: sharp === 1 ? undefined : [sharp, 0, 0, sharp, 0, 0] });
      entry.task = task;
      // What stands there, at another scale, stays until the new picture is done.
      this.#drawn.set(number, entry);
      await task.promise;
      const text = await this.#textOf(page, viewport);
      const links = await this.#linksOf(page, viewport);
      if (this.#drawn.get(number) !== entry) return;
      entry.task = undefined;
      this.#pages[number - 1]?.replaceChildren(canvas, text, ...links);
      this.#markIn(this.#pages[number - 1]!);
      this.drawn(number, this.#pages[number - 1]!);
      page.cleanup();
    } catch (error) {
      entry.task = undefined;
      if (error instanceof Error && error.name === "RenderingCancelledException") return;
      this.#drawn.set(number, entry);
      const note = document_.createElement("p");
      note.className = "reader-broken";
      note.textContent = `Page ${number} cannot be shown.`;
      this.#pages[number - 1]?.replaceChildren(note);
    }
  }

  async #textOf(page: PDFPageProxy, viewport: ReturnType<PDFPageProxy["getViewport"]>): Promise<HTMLElement> {
    const container = document_.createElement("div");
    container.className = "reader-text";
    const layer = new this.lib.TextLayer({ textContentSource: page.streamTextContent(), container, viewport });
    await layer.render();
    return container;
  }

  /** Links to pages of the document, and to the web, where they are https or mail; nothing else that a PDF may ask for. */
  async #linksOf(page: PDFPageProxy, viewport: ReturnType<PDFPageProxy["getViewport"]>): Promise<HTMLElement[]> {
    const found: HTMLElement[] = [];
    const annotations = (await page.getAnnotations()) as Record<string, unknown>[];
    for (const annotation of annotations) {
      const rect = annotation["rect"];
      if (annotation["subtype"] !== "Link" || !Array.isArray(rect)) continue;
      const link = document_.createElement("a");
      const url = annotation["url"];
      const dest = annotation["dest"];
      if (typeof url === "string" && /^(https?:|mailto:)/i.test(url)) {
        link.href = url;
        link.rel = "noopener noreferrer";
        link.target = "_blank";
        link.setAttribute("aria-label", `Link to ${url}`);
      } else if (dest) {
        link.href = "#document";
        link.setAttribute("aria-label", "Link within the document");
        link.addEventListener("click", (event) => {
          event.preventDefault();
          void this.#follow(dest);
        });
      } else continue;
      const [a, b, c, d] = viewport.convertToViewportRectangle(rect as [number, number, number, number]) as [number, number, number, number];
      link.className = "reader-link";
      link.style.left = `${Math.min(a, c)}px`;
      link.style.top = `${Math.min(b, d)}px`;
      link.style.width = `${Math.abs(a - c)}px`;
      link.style.height = `${Math.abs(b - d)}px`;
      found.push(link);
    }
    return found;
  }

  async #follow(dest: unknown): Promise<void> {
    const explicit = typeof dest === "string" ? await this.document.getDestination(dest) : dest;
    if (!Array.isArray(explicit)) return;
    const target: unknown = explicit[0];
    const index = typeof target === "number" ? target : await this.document.getPageIndex(target as never);
    this.goTo({ page: index + 1, offset: 0 });
    this.view.focus();
  }

  #markIn(element: HTMLElement): void {
    for (const span of element.querySelectorAll<HTMLElement>(".reader-text span")) {
      const text = span.textContent ?? "";
      span.classList.toggle("reader-mark", this.query !== "" && text.toLocaleLowerCase().includes(this.query));
    }
  }
}

