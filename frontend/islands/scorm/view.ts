/* What the learner sees of the player. */
import type { Cover, Face, Shown } from "./player.ts";
import type { Node } from "./protocol.ts";
import type { Saving } from "./sender.ts";
import { STATES, warningWords } from "./words.ts";

export interface Acts {
  next(): void;
  previous(): void;
  choose(id: string): void;
  leave(): void;
  /** Opens the lesson anew, in the place of what was stopped. */
  again(): void;
  /** Sends what waits, and leaves when it is stored. */
  retry(): void;
  /** Leaves although something waits in this browser. */
  go(): void;
}

const HEADINGS: Record<Cover["kind"], string> = {
  choose: "Choose where to go on",
  ended: "This part has ended",
  finished: "You are at the end",
  unsaved: "Not everything is saved yet",
  stopped: "This window has stopped",
  broken: "This lesson cannot be played here",
};

function part<E extends HTMLElement>(name: string): E {
  const found = document.querySelector<E>(`[data-${name}]`);
  if (!found) throw new Error(`The player has no ${name}.`);
  return found;
}

function made<K extends keyof HTMLElementTagNameMap>(tag: K, given: Record<string, string>, ...inside: (Element | string)[]): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(given)) element.setAttribute(name, value);
  element.append(...inside);
  return element;
}

function icon(name: string): Element {
  const icons = part<HTMLTemplateElement>("icons").content;
  const found = icons.querySelector(`[data-icon="${name}"]`) ?? icons.querySelector('[data-icon="none"]')!;
  return found.cloneNode(true) as Element;
}

const narrow = () => matchMedia("(max-width: 47.99rem)").matches;

export class View implements Face {
  private readonly treeButton = document.querySelector<HTMLButtonElement>("[data-do=tree]")!;
  private readonly tree = part("tree");
  private readonly stage = document.querySelector<HTMLElement>("#scorm-stage")!;
  private readonly cover = part("cover");
  private iframe: HTMLIFrameElement | null = null;
  private treeOpen = !narrow();
  private hasTree = false;
  private warned = "";
  private savedSince: ReturnType<typeof setTimeout> | null = null;

  constructor(private readonly acts: Acts) {
    document.addEventListener("click", (event) => this.click(event));
    document.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && this.treeOpen && narrow()) this.openTree(false, true);
    });
    this.tree.addEventListener("keydown", (event) => this.walk(event));
    document.addEventListener("fullscreenchange", () => {
      const button = document.querySelector("[data-do=full]");
      button?.setAttribute("aria-pressed", String(document.fullscreenElement !== null));
    });
    if (!document.fullscreenEnabled) document.querySelector<HTMLElement>("[data-do=full]")?.remove();
  }

  private click(event: Event): void {
    const target = (event.target as Element).closest<HTMLElement>("[data-do], [data-go]");
    if (!target || target.getAttribute("aria-disabled") === "true") return;
    const id = target.dataset["go"];
    if (id !== undefined) {
      if (narrow()) this.openTree(false, false);
      this.acts.choose(id);
      return;
    }
    const what = target.dataset["do"];
    if (what === "tree") this.openTree(!this.treeOpen, false);
    else if (what === "full") void (document.fullscreenElement ? document.exitFullscreen() : document.documentElement.requestFullscreen());
    else if (what === "next") this.acts.next();
    else if (what === "previous") this.acts.previous();
    else if (what === "leave") this.acts.leave();
    else if (what === "again") this.acts.again();
    else if (what === "retry") this.acts.retry();
    else if (what === "go") this.acts.go();
  }

  /** Arrows, Home and End go through the table of contents. */
  private walk(event: KeyboardEvent): void {
    const all = [...this.tree.querySelectorAll<HTMLElement>("button")];
    const at = all.indexOf(document.activeElement as HTMLElement);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: all.length - 1 }[event.key];
    if (to === undefined || at < 0) return;
    event.preventDefault();
    all[Math.min(Math.max(0, to), all.length - 1)]?.focus();
  }

  private openTree(open: boolean, back: boolean): void {
    this.treeOpen = open;
    this.tree.hidden = !this.hasTree || !open;
    this.treeButton.setAttribute("aria-expanded", String(!this.tree.hidden));
    if (back) this.treeButton.focus();
    else if (open && narrow()) this.tree.querySelector<HTMLElement>("[aria-current], button")?.focus();
  }

  show(shown: Shown): void {
    part("title").textContent = shown.title;
    document.title = shown.title;
    const leaves = count(shown.tree);
    this.hasTree = leaves > 1;
    this.treeButton.hidden = !this.hasTree;
    const focused = (document.activeElement as HTMLElement | null)?.dataset["go"];
    this.tree.replaceChildren(this.branch(shown.tree));
    if (focused) this.tree.querySelector<HTMLElement>(`[data-go="${CSS.escape(focused)}"]`)?.focus();
    this.openTree(this.treeOpen || shown.cover?.kind === "choose", false);
    part("moves").hidden = leaves < 2 && !shown.next && !shown.previous;
    this.enable("previous", shown.previous);
    this.enable("next", shown.next);
    this.showCover(shown.cover);
  }

  private enable(name: string, on: boolean): void {
    const button = document.querySelector<HTMLButtonElement>(`.scorm-moves [data-do=${name}]`);
    if (on) button?.removeAttribute("aria-disabled");
    else button?.setAttribute("aria-disabled", "true");
  }

  private branch(nodes: Node[]): HTMLElement {
    return made("ul", {}, ...nodes.map((node) => this.leaf(node)));
  }

  private leaf(node: Node): HTMLElement {
    const inside: (Element | string)[] = [];
    if (node.launches) {
      const words = STATES[node.status];
      const button = made("button", { type: "button", class: "scorm-node", "data-go": node.id, "data-status": node.status });
      button.append(icon(node.enabled || node.current ? node.status || "none" : "shut"), made("span", {}, node.title));
      if (words) button.append(made("span", { class: "sr-only" }, ` (${words})`));
      if (node.current) button.setAttribute("aria-current", "step");
      if (!node.enabled) button.setAttribute("aria-disabled", "true");
      inside.push(button);
    } else inside.push(made("p", { class: "scorm-group" }, node.title));
    if (node.children.length > 0) inside.push(this.branch(node.children));
    return made("li", {}, ...inside);
  }

  private showCover(cover: Cover | null): void {
    this.cover.hidden = cover === null;
    if (this.iframe) this.iframe.hidden = cover !== null;
    if (cover === null) return;
    const actions = made("div", { class: "scorm-actions" });
    const button = (act: string, words: string, kind: string) =>
      actions.append(made("button", { type: "button", class: `btn ${kind}`, "data-do": act }, words));
    if (cover.kind === "stopped") button("again", "Go on here", "btn-primary");
    if (cover.kind === "unsaved") {
      button("retry", "Try again", "btn-primary");
      button("go", "Leave now", "btn-quiet");
    }
    if (cover.kind === "finished") button("leave", "Leave the lesson", "btn-primary");
    if (cover.kind === "broken") button("again", "Try again", "btn-primary");
    this.cover.replaceChildren(icon(cover.kind), made("h2", {}, HEADINGS[cover.kind]), made("p", {}, cover.words), actions);
  }

  saving(saving: Saving): void {
    const line = part("saving");
    line.dataset["state"] = saving.state;
    if (this.savedSince) clearTimeout(this.savedSince);
    if (saving.state === "saved") line.replaceChildren(icon("saved"), "Saved");
    else if (saving.state === "waiting" || saving.state === "stopped") line.replaceChildren(icon("waiting"), "Not saved yet");
    else this.savedSince = setTimeout(() => line.replaceChildren("Saving"), 400);
    const words = warningWords(saving);
    if (words === this.warned) return;
    this.warned = words;
    const warning = part("warning");
    warning.hidden = words === "";
    warning.textContent = words;
  }

  farewell(runs: () => boolean): void {
    const page = this.iframe?.contentWindow;
    if (!page) return;
    for (const event of ["beforeunload", "pagehide", "unload"])
      for (const each of windowsOf(page)) {
        if (!runs()) return;
        // A handler that fails is the package's own affair.
        each.dispatchEvent(new Event(event, { cancelable: event === "beforeunload" }));
      }
  }

  say(words: string): void {
    part("said").textContent = words;
  }

  warn(words: string): void {
    const warning = part("warning");
    this.warned = words;
    warning.hidden = words === "";
    warning.textContent = words;
  }

  frame(address: string | null, title: string): void {
    // Taking the frame away fires the page's unload before this returns.
    this.iframe?.remove();
    this.iframe = null;
    if (address === null) return;
    const frame = made("iframe", {
      class: "scorm-frame",
      title: title || "Content of the lesson",
      allow: "fullscreen; autoplay; clipboard-write",
    });
    frame.src = address;
    this.iframe = frame;
    this.stage.append(frame);
  }
}

/** The window and those of the pages in it, as far as they are of this origin. */
function windowsOf(page: Window): Window[] {
  const found: Window[] = [];
  try {
    if (page.document) found.push(page);
    for (let at = 0; at < page.frames.length; at++) found.push(...windowsOf(page.frames[at]!));
  } catch {
    // Of another origin; it has no API of ours.
  }
  return found;
}

function count(nodes: Node[]): number {
  return nodes.reduce((sum, node) => sum + (node.launches ? 1 : 0) + count(node.children), 0);
}
