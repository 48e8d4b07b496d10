/** The parts of a lesson in their order: adding, moving, duplicating, removing, and taking any of that back. */
import { announce, button, el, icon, type IconName, tool } from "./dom";
import { mediaPart } from "./media";
import { richText, type TextPart } from "./richtext";
import { type Block, type BlockType, type Config, copyOf, NAMES, newBlock, newId } from "./types";

const ICONS: Record<BlockType, IconName> = { rich_text: "text", image: "image", video: "video", file: "file", youtube: "youtube" };
const TYPES = Object.keys(NAMES) as BlockType[];

interface Part {
  block: Block;
  element: HTMLElement;
  text: TextPart | null;
}

export interface ListOptions {
  config: Config;
  place: HTMLElement;
  changed: () => void;
  left: () => void;
}

export class BlockList {
  #parts: Part[] = [];
  #past: Block[][] = [];
  readonly #undo: HTMLButtonElement;
  readonly #rows = el("ol", { class: "editor-parts" });

  constructor(private readonly options: ListOptions) {
    this.#undo = button("Undo the last change of parts", () => this.undo(), { icon: "undo", kind: "plain" });
    this.#undo.hidden = true;
    options.place.append(this.#rows, this.#adders("Add to the lesson", () => this.#parts.length), this.#undo);
    void this.#draggable();
  }

  get blocks(): Block[] {
    return this.#parts.map((part) => part.block);
  }

  /** Shows other parts in place of all. Those that are the same keep their cursor and their own undo. */
  show(blocks: Block[]): void {
    const known = new Map(this.#parts.map((part) => [part.block.id, part]));
    this.#parts = copyOf(blocks).map((block) => {
      const old = known.get(block.id);
      if (old && JSON.stringify([old.block.type, old.block.content]) === JSON.stringify([block.type, block.content])) {
        known.delete(block.id);
        return old;
      }
      return this.#part(block);
    });
    for (const gone of known.values()) gone.text?.destroy();
    this.#draw();
  }

  undo(): void {
    const before = this.#past.pop();
    if (!before) return;
    // Parts come back and to their places; what was written meanwhile in those that stayed is kept.
    const now = new Map(this.blocks.map((block) => [block.id, block]));
    this.show(before.map((block) => now.get(block.id) ?? block));
    this.#undo.hidden = this.#past.length === 0;
    announce("Taken back.");
    this.options.changed();
  }

  #adders(label: string, place: () => number, focusBack?: () => void): HTMLElement {
    const row = el("div", { class: "editor-add", role: "group", "aria-label": label }, el("span", { class: "soft small" }, `${label}:`));
    for (const type of TYPES) {
      row.append(
        button(NAMES[type], () => {
          focusBack?.();
          this.#insert(newBlock(type), place());
        }, { icon: ICONS[type] }),
      );
    }
    return row;
  }

  #insert(block: Block, at: number): void {
    this.#remember();
    const part = this.#part(block);
    this.#parts.splice(at, 0, part);
    this.#draw();
    part.element.scrollIntoView({ block: "nearest" });
    if (part.text) part.text.focus();
    else part.element.querySelector<HTMLElement>("input")?.focus();
    announce(`${NAMES[block.type]} added as part ${at + 1}.`);
    // An empty text is nothing to save yet, and a picture is nothing without its file.
    this.options.changed();
  }

  #move(part: Part, by: number): void {
    const at = this.#parts.indexOf(part);
    const to = at + by;
    if (to < 0 || to >= this.#parts.length) {
      announce(by < 0 ? "This is the first part." : "This is the last part.");
      return;
    }
    const held = document.activeElement;
    this.#remember();
    this.#parts.splice(at, 1);
    this.#parts.splice(to, 0, part);
    this.#draw();
    if (held instanceof HTMLElement && part.element.contains(held)) held.focus();
    announce(`Part ${at + 1} is now part ${to + 1} of ${this.#parts.length}.`);
    this.options.changed();
  }

  #duplicate(part: Part): void {
    const [copy] = copyOf([part.block]);
    if (copy) this.#insert({ ...copy, id: newId() }, this.#parts.indexOf(part) + 1);
  }

  #remove(part: Part): void {
    this.#remember();
    const at = this.#parts.indexOf(part);
    this.#parts.splice(at, 1);
    part.text?.destroy();
    this.#draw();
    const next = this.#parts[Math.min(at, this.#parts.length - 1)];
    (next?.element.querySelector<HTMLElement>("[data-name='move-up']") ?? this.#undo).focus();
    announce(`${NAMES[part.block.type]} removed. “Undo the last change of parts” brings it back.`);
    this.options.changed();
  }

  #remember(): void {
    this.#past.push(copyOf(this.blocks));
    if (this.#past.length > 50) this.#past.shift();
    this.#undo.hidden = false;
  }

  #part(block: Block): Part {
    const title = el("h2", { class: "editor-part-name" });
    const part: Part = { block, element: el("li", { class: "editor-part", "data-id": block.id }), text: null };
    const named = (name: string, made: HTMLButtonElement): HTMLButtonElement => {
      made.dataset.name = name;
      return made;
    };
    const below = el("div", { hidden: true });
    const plus = named("add-below", tool("plus", "Add a part below", () => {
      below.hidden = !below.hidden;
      plus.setAttribute("aria-expanded", String(!below.hidden));
      if (!below.hidden) below.querySelector("button")?.focus();
    }));
    plus.setAttribute("aria-expanded", "false");
    below.append(this.#adders("Add below", () => this.#parts.indexOf(part) + 1, () => plus.click()));
    const grip = el("span", { class: "editor-grip", "aria-hidden": "true", title: "Drag to move" });
    grip.append(icon("grip"));
    const head = el(
      "div",
      { class: "editor-part-head" },
      grip,
      title,
      named("move-up", tool("arrow-up", "Move up", () => this.#move(part, -1), "Move up (Alt+Shift+Up)")),
      named("move-down", tool("arrow-down", "Move down", () => this.#move(part, 1), "Move down (Alt+Shift+Down)")),
      plus,
      named("duplicate", tool("copy", "Duplicate", () => this.#duplicate(part))),
      named("remove", tool("trash", "Remove", () => this.#remove(part))),
    );
    part.element.append(head, this.#body(part), below);
    part.element.addEventListener("keydown", (event) => {
      if (!event.altKey || !event.shiftKey || (event.key !== "ArrowUp" && event.key !== "ArrowDown")) return;
      event.preventDefault();
      this.#move(part, event.key === "ArrowUp" ? -1 : 1);
    });
    return part;
  }

  #body(part: Part): HTMLElement {
    const { block } = part;
    const { config, changed, left } = this.options;
    if (block.type !== "rich_text") {
      const made = mediaPart({ block, courseId: config.courseId, changed });
      made.addEventListener("focusout", left);
      return made;
    }
    part.text = richText({
      html: typeof block.content.html === "string" ? block.content.html : "",
      courseId: config.courseId,
      languages: config.languages,
      label: "Text",
      changed: (html) => {
        block.content = { html };
        changed();
      },
      left,
    });
    return part.text.element;
  }

  #draw(): void {
    this.#rows.replaceChildren(...this.#parts.map((part) => part.element));
    const all = this.#parts.length;
    this.#parts.forEach((part, at) => {
      const name = NAMES[part.block.type];
      part.element.setAttribute("aria-label", `Part ${at + 1} of ${all}: ${name}`);
      const title = part.element.querySelector(".editor-part-name");
      if (title) title.textContent = name;
      for (const [control, words] of [["move-up", "Move up"], ["move-down", "Move down"], ["add-below", "Add a part below"], ["duplicate", "Duplicate"], ["remove", "Remove"]]) {
        part.element.querySelector(`[data-name='${control}']`)?.setAttribute("aria-label", `${words}: part ${at + 1}, ${name}`);
      }
    });
    this.#rows.hidden = all === 0;
  }

  async #draggable(): Promise<void> {
    const { default: Sortable } = await import("sortablejs");
    Sortable.create(this.#rows, {
      handle: ".editor-grip",
      animation: matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : 120,
      onEnd: ({ oldIndex, newIndex }) => {
        const part = this.#parts[oldIndex ?? -1];
        if (part && newIndex !== undefined && oldIndex !== newIndex) this.#move(part, newIndex - (oldIndex as number));
      },
    });
  }
}
