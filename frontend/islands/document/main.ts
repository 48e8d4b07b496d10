/** Reads a PDF in the page: pages, zoom, find, and what was read kept on the server. No script of a PDF ever runs. */
import { csrfToken } from "../site/csrf";
import { fetchPost } from "../player/transport";
import { sizesOf } from "./layout";
import { openPdf } from "./open";
import { Reporter } from "./reporter";
import { inView, Seen } from "./seen";
import { Viewer } from "./viewer";

interface Config {
  url: string;
  pages: number;
  sizes: [number, number, number][];
  page: number;
  offset: number;
  seen: [number, number][];
  openUrl: string;
  readingUrl: string;
  tracked: boolean;
}

/** Milliseconds between two looks at what is in view. */
const LOOK = 250;

function part<E extends HTMLElement>(root: HTMLElement, name: string): E {
  const found = root.querySelector<E>(`[data-reader-${name}]`);
  if (!found) throw new Error(`The reader has no ${name}.`);
  return found;
}

async function start(root: HTMLElement): Promise<void> {
  const config = JSON.parse(root.dataset["config"] ?? "{}") as Config;
  const status = part(root, "status");
  const view = part(root, "view");
  const bar = part(root, "bar");
  status.textContent = "Fetching the document.";
  view.hidden = false;
  try {
    const { lib, pdf } = await openPdf(config.url, true);
    const sizes = sizesOf(Math.min(config.pages, pdf.numPages), config.sizes);
    const reading = config.tracked ? await keep(root, config) : undefined;
    const viewer: Viewer = new Viewer(lib, pdf, view, sizes, () => {
      show();
      reading?.reporter.moved(viewer.place);
    });
    const show = controls(root, bar, view, viewer, sizes.length);
    viewer.goTo(reading?.place ?? { page: config.page, offset: config.offset });
    show();
    status.textContent = "";
    if (reading) watch(viewer, reading);
  } catch (error) {
    bar.hidden = true;
    view.hidden = true;
    const gone = error instanceof Error && "status" in error && (error.status === 404 || error.status === 403);
    status.replaceChildren(
      gone
        ? "This document was replaced, or it is not open to you any more. Reload the page."
        : "This document cannot be shown in the page. Its file may be damaged. ",
      ...(gone ? [] : [fileLink(config.url)]),
    );
  }
}

function fileLink(url: string): HTMLAnchorElement {
  const link = document.createElement("a");
  link.className = "link";
  link.href = url;
  link.textContent = "Open the file";
  return link;
}

interface Kept {
  reporter: Reporter;
  seen: Seen;
  place: { page: number; offset: number };
  told: () => void;
}

/** Opens the document on the server, which knows where the reader was on any device. */
async function keep(root: HTMLElement, config: Config): Promise<Kept | undefined> {
  const post = fetchPost(csrfToken());
  let place = { page: config.page, offset: config.offset };
  let ranges = config.seen;
  try {
    const opened = await post(config.openUrl, "{}");
    if (opened.status !== 200 || !opened.body) return undefined;
    place = { page: Number(opened.body["page"]) || 1, offset: Number(opened.body["offset"]) || 0 };
    ranges = [...String(opened.body["seen"]).matchAll(/\[(\d+),(\d+)\)/g)].map((m) => [Number(m[1]), Number(m[2])]);
  } catch {
    return undefined; // Without an answer nothing could be kept; the document can still be read.
  }
  const seen = new Seen(ranges);
  const words = part(root, "words");
  const told = () => {
    words.textContent = seen.pages.size
      ? `${seen.pages.size} of ${config.pages} ${config.pages === 1 ? "page" : "pages"} seen`
      : `${config.pages} ${config.pages === 1 ? "page" : "pages"}`;
  };
  told();
  const reporter = new Reporter(config.readingUrl, place, post, (answer) => {
    if (answer.status === 401) part(root, "status").textContent = "You are signed out, so your place is not kept. Sign in again and reload.";
    else if (answer.status === 200) leftAgain(seen.pages.size >= config.pages);
  });
  return { reporter, seen, place, told };
}

let shownAt = performance.now();

/** "What is left" names the pages seen; once a minute is often enough, and when the last one was seen. */
function leftAgain(whole: boolean): void {
  if (!whole && performance.now() - shownAt < 60_000) return;
  shownAt = performance.now();
  document.querySelector("#what-is-left")?.dispatchEvent(new Event("refresh"));
}

/** Looks four times a second at what is in view, and tells before the page goes. */
function watch(viewer: Viewer, { reporter, seen, told }: Kept): void {
  setInterval(() => {
    const fresh = seen.look(document.hidden ? [] : inView(viewer.visible()), performance.now());
    if (fresh.length === 0) return;
    reporter.saw(fresh);
    told();
  }, LOOK);
  const leave = () => void reporter.flush();
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) leave();
  });
  window.addEventListener("pagehide", leave);
}

/** The bar above the pages; answers what brings it up to date. */
function controls(root: HTMLElement, bar: HTMLElement, view: HTMLElement, viewer: Viewer, pages: number): () => void {
  const input = part<HTMLInputElement>(root, "page");
  const zoom = part(root, "zoom");
  const found = part(root, "found");
  const go = (page: number) => viewer.goTo({ page: Math.min(Math.max(1, page), pages), offset: 0 });
  const acts: Record<string, () => void> = {
    previous: () => go(viewer.page - 1),
    next: () => go(viewer.page + 1),
    in: () => viewer.zoom("in"),
    out: () => viewer.zoom("out"),
    fit: () => viewer.zoom("fit"),
    wide: () => widen(root, view),
  };
  bar.addEventListener("click", (event) => {
    const act = (event.target as Element).closest<HTMLElement>("[data-do]")?.dataset["do"];
    if (act) acts[act]?.();
  });
  const typed = () => {
    const page = Number.parseInt(input.value, 10);
    if (Number.isFinite(page)) go(page);
    show();
  };
  input.addEventListener("change", typed);
  input.addEventListener("keydown", (event) => {
    if (event.key === "Enter") typed();
  });
  view.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const key = { ArrowLeft: "previous", ArrowRight: "next", "+": "in", "=": "in", "-": "out", "0": "fit" }[event.key];
    if (!key) return;
    event.preventDefault();
    acts[key]?.();
  });
  root.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && root.classList.contains("reader-wide")) widen(root, view);
  });
  finding(root, viewer, found);
  const show = () => {
    if (document.activeElement !== input) input.value = String(viewer.page);
    zoom.textContent = `${Math.round(viewer.factor * 100)} %`;
    bar.querySelector<HTMLElement>("[data-do=fit]")?.setAttribute("aria-pressed", String(viewer.fits));
    bar.querySelector<HTMLButtonElement>("[data-do=previous]")!.disabled = viewer.page <= 1;
    bar.querySelector<HTMLButtonElement>("[data-do=next]")!.disabled = viewer.page >= pages;
  };
  return show;
}

function finding(root: HTMLElement, viewer: Viewer, said: HTMLElement): void {
  const form = part<HTMLFormElement>(root, "find");
  const input = form.querySelector("input")!;
  let turn = 0;
  let last: { text: string; page: number } | undefined;
  input.addEventListener("input", () => {
    turn++;
    last = undefined;
    said.textContent = "";
    if (input.value.trim() === "") viewer.mark("");
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const text = input.value.trim();
    if (text === "") return;
    const mine = ++turn;
    said.textContent = "Looking for it.";
    const from = last?.text === text ? last.page + 1 : viewer.page;
    viewer
      .find(text, from, () => mine === turn)
      .then((page) => {
        if (mine !== turn) return;
        viewer.mark(page === undefined ? "" : text);
        said.textContent = page === undefined ? "Not in this document." : `On page ${page}. Enter goes on.`;
        if (page === undefined) return;
        last = { text, page };
        viewer.goTo({ page, offset: 0 });
      })
      .catch(() => {
        said.textContent = "The pages could not be fetched. Try again.";
      });
  });
}

/** The whole window for the document, and back. What is behind cannot be reached meanwhile. */
function widen(root: HTMLElement, view: HTMLElement): void {
  const wide = root.classList.toggle("reader-wide");
  for (let element: HTMLElement | null = root; element && element !== document.body; element = element.parentElement) {
    for (const other of element.parentElement?.children ?? []) {
      if (other !== element && other instanceof HTMLElement && other.id !== "toasts") other.inert = wide;
    }
  }
  document.documentElement.classList.toggle("reader-behind", wide);
  root.querySelector("[data-do=wide]")?.setAttribute("aria-pressed", String(wide));
  view.focus();
}

for (const root of document.querySelectorAll<HTMLElement>("[data-island=document]")) void start(root);
