/** What the text knows beyond the usual: pictures with a caption, formulas, tables as the list of clean HTML has them. */
import { Mark, Node, mergeAttributes } from "@tiptap/core";
import { Table, TableCell, TableHeader, TableRow } from "@tiptap/extension-table";
import { drawFormula } from "../formulas/render";

export const Figure = Node.create({
  name: "figure",
  group: "block",
  content: "inline*",
  draggable: true,
  isolating: true,
  addAttributes() {
    return { src: { default: null }, alt: { default: "" }, width: { default: null }, height: { default: null } };
  },
  parseHTML() {
    const read = (picture: Element | null): Record<string, string | null> | false =>
      picture?.getAttribute("src")
        ? {
            src: picture.getAttribute("src"),
            alt: picture.getAttribute("alt") ?? "",
            width: picture.getAttribute("width"),
            height: picture.getAttribute("height"),
          }
        : false;
    const empty = (): HTMLElement => document.createElement("figcaption");
    return [
      {
        tag: "figure",
        getAttrs: (figure) => read(figure.querySelector("img")),
        contentElement: (figure) => (figure as HTMLElement).querySelector<HTMLElement>("figcaption") ?? empty(),
      },
      { tag: "img[src]", getAttrs: (picture) => read(picture), contentElement: empty },
    ];
  },
  renderHTML({ HTMLAttributes }) {
    return ["figure", ["img", mergeAttributes(HTMLAttributes)], ["figcaption", 0]];
  },
});

/** A film or a sound of this site, played where it stands. */
function played(name: "video" | "audio") {
  return Node.create({
    name,
    group: "block",
    atom: true,
    draggable: true,
    addAttributes: () => ({ src: { default: null }, title: { default: null } }),
    parseHTML: () => [{ tag: `${name}[src^="/files/"]` }],
    renderHTML: ({ HTMLAttributes }) => [name, HTMLAttributes],
    addNodeView() {
      return ({ HTMLAttributes }) => {
        const dom = document.createElement(name);
        for (const [key, value] of Object.entries(HTMLAttributes)) if (typeof value === "string") dom.setAttribute(key, value);
        dom.controls = true;
        dom.preload = "metadata";
        return { dom };
      };
    },
  });
}
export const Films = [played("video"), played("audio")];

const tex = { default: "", parseHTML: (element: HTMLElement) => element.getAttribute("data-math") ?? "", rendered: false };

function formula(name: string, tag: "span" | "div") {
  return Node.create<{ edit: (value: string, block: boolean, done: (value: string) => void) => void }>({
    name,
    group: tag === "span" ? "inline" : "block",
    inline: tag === "span",
    atom: true,
    addOptions: () => ({ edit: () => undefined }),
    addAttributes: () => ({ tex }),
    parseHTML: () => [{ tag: `${tag}[data-math]` }],
    renderHTML: ({ node }) => [tag, { "data-math": node.attrs.tex as string }, node.attrs.tex as string],
    renderText: ({ node }) => node.attrs.tex as string,
    addNodeView() {
      return ({ node, editor, getPos }) => {
        const dom: HTMLElement = document.createElement(tag);
        dom.className = "editor-formula";
        dom.tabIndex = 0;
        dom.setAttribute("role", "button");
        const draw = (value: string): void => {
          dom.setAttribute("aria-label", `Formula: ${value}. Press Enter to change it.`);
          dom.textContent = value;
          void drawFormula(value, tag === "div", dom);
        };
        const edit = (): void =>
          this.options.edit(node.attrs.tex as string, tag === "div", (value) => {
            const at = getPos();
            if (at !== undefined) editor.view.dispatch(editor.state.tr.setNodeAttribute(at, "tex", value));
          });
        dom.addEventListener("dblclick", edit);
        dom.addEventListener("keydown", (event) => {
          if (event.key !== "Enter") return;
          event.preventDefault();
          event.stopPropagation();
          edit();
        });
        draw(node.attrs.tex as string);
        return {
          dom,
          update: (next) => {
            if (next.type.name !== name) return false;
            if (next.attrs.tex !== node.attrs.tex) draw(next.attrs.tex as string);
            node = next;
            return true;
          },
          // Its own keys and clicks stay with it.
          stopEvent: (event) => event.type === "keydown" && (event as KeyboardEvent).key === "Enter",
          ignoreMutation: () => true,
        };
      };
    },
  });
}

export const MathInline = formula("mathInline", "span");
export const MathBlock = formula("mathBlock", "div");

function sign(name: string, tag: string, attributes: string[] = []) {
  return Mark.create({
    name,
    addAttributes: () => Object.fromEntries(attributes.map((one) => [one, { default: null }])),
    parseHTML: () => [{ tag }],
    renderHTML: ({ HTMLAttributes }) => [tag, HTMLAttributes, 0],
  });
}

/** Signs that the clean list has and the toolbar has not all: what an import brought is kept. */
export const Signs = [
  sign("subscript", "sub").extend({ excludes: "superscript" }),
  sign("superscript", "sup").extend({ excludes: "subscript" }),
  sign("mark", "mark"),
  sign("kbd", "kbd"),
  sign("abbr", "abbr", ["title"]),
  sign("ins", "ins"),
];

export const Definitions = [
  Node.create({ name: "dl", group: "block", content: "(dt|dd)+", parseHTML: () => [{ tag: "dl" }], renderHTML: () => ["dl", 0] }),
  Node.create({ name: "dt", content: "inline*", parseHTML: () => [{ tag: "dt" }], renderHTML: () => ["dt", 0] }),
  Node.create({ name: "dd", content: "inline*", parseHTML: () => [{ tag: "dd" }], renderHTML: () => ["dd", 0] }),
];

const spans = (attributes: Record<string, unknown>): Record<string, unknown> => {
  const kept: Record<string, unknown> = {};
  for (const name of ["colspan", "rowspan"]) if (Number(attributes[name]) > 1) kept[name] = attributes[name];
  if (typeof attributes.scope === "string") kept.scope = attributes.scope;
  return kept;
};

export const Tables = [
  Table.configure({ resizable: false }).extend({ renderHTML: () => ["table", ["tbody", 0]] }),
  TableRow,
  TableCell.extend({ renderHTML: ({ HTMLAttributes }) => ["td", spans(HTMLAttributes), 0] }),
  TableHeader.extend({
    addAttributes() {
      return { ...this.parent?.(), scope: { default: "col" } };
    },
    renderHTML: ({ HTMLAttributes }) => ["th", spans(HTMLAttributes), 0],
  }),
];
