/** A text: Tiptap with a toolbar. Alt+F10 leads from the text to the toolbar, Esc back. */
import { Editor } from "@tiptap/core";
import { Placeholder } from "@tiptap/extensions";
import StarterKit from "@tiptap/starter-kit";
import { upload } from "../uploads/client";
import { drawFormula, formulaProblem } from "../formulas/render";
import { announce, ask, el, field, type IconName, tool } from "./dom";
import { Definitions, Figure, Films, MathBlock, MathInline, Signs, Tables } from "./nodes";
import { tidyPaste } from "./paste";
import { pictureSize } from "./pictures";

export interface TextOptions {
  html: string;
  courseId: string;
  languages: string[];
  label: string;
  changed: (html: string) => void;
  left: () => void;
  /** Films and sound of the media library may stand in it. */
  films?: boolean;
  /** Without new pictures, films and sound: for who has no media library. */
  noFiles?: boolean;
  /** For a text of a line or two: no headings, tables and code. */
  small?: boolean;
  /** Words with emphasis, lists and links alone: no pictures, formulas, films and tables. */
  bare?: boolean;
}

export interface TextPart {
  element: HTMLElement;
  focus: () => void;
  destroy: () => void;
}

export function richText(options: TextOptions): TextPart {
  const bar = el("div", { class: "editor-tools", role: "toolbar", "aria-label": `Tools for ${options.label}` });
  const body = el("div", { class: "editor-text" });
  const editor = new Editor({
    element: body,
    content: options.html,
    extensions: [
      StarterKit.configure({
        heading: { levels: [2, 3, 4] },
        link: { openOnClick: false, autolink: true, defaultProtocol: "https", HTMLAttributes: { target: null, rel: "noopener noreferrer", class: null } },
      }),
      Placeholder.configure({ placeholder: "Write here. Alt+F10 leads to the tools." }),
      ...Signs,
      ...(options.bare
        ? []
        : [Figure, MathInline.configure({ edit: editFormula }), MathBlock.configure({ edit: editFormula }), ...Films, ...Definitions, ...Tables]),
    ],
    editorProps: {
      attributes: { class: "prose", role: "textbox", "aria-multiline": "true", "aria-label": options.label },
      transformPastedHTML: tidyPaste,
      handlePaste: (_view, event) => takePictures(event.clipboardData, !event.clipboardData?.types.includes("text/html")),
      handleDrop: (_view, event, _slice, moved) => !moved && takePictures((event as DragEvent).dataTransfer, true),
      handleKeyDown: (_view, event) => {
        if (!(event.altKey && event.key === "F10")) return false;
        bar.querySelector<HTMLElement>("[tabindex='0']")?.focus();
        return true;
      },
    },
    onUpdate: ({ editor: now }) => options.changed(now.isEmpty ? "" : now.getHTML()),
    onBlur: () => options.left(),
    onTransaction: () => show(),
  });

  function editFormula(value: string, block: boolean, done: (value: string) => void): void {
    void askFormula(value, block).then((tex) => tex && done(tex));
  }

  function takePictures(data: DataTransfer | null, alone: boolean): boolean {
    const file = !options.bare && !options.noFiles && alone && [...(data?.files ?? [])].find((one) => one.type.startsWith("image/"));
    if (!file) return false;
    void addPicture(file);
    return true;
  }

  async function addPicture(file?: File): Promise<void> {
    const picture = await askPicture(options.courseId, file);
    if (picture) editor.chain().focus().insertContent({ type: "figure", attrs: picture }).run();
  }

  async function addFilm(kind: "video" | "audio"): Promise<void> {
    const { pick } = await import("../uploads/picker");
    const file = await pick({
      kinds: [kind],
      purpose: "attachment",
      courseId: options.courseId || undefined,
      title: kind === "video" ? "Choose a film" : "Choose a sound",
    });
    if (file) editor.chain().focus().insertContent({ type: kind, attrs: { src: file.url, title: file.filename } }).run();
  }

  const show = fill(bar, editor, {
    languages: options.languages,
    small: options.small ?? false,
    bare: options.bare ?? false,
    film: options.films && !options.noFiles ? (kind) => void addFilm(kind) : undefined,
    picture: options.noFiles ? undefined : () => void addPicture(),
    formula: (block) =>
      void askFormula("", block).then((tex) => {
        if (tex) editor.chain().focus().insertContent({ type: block ? "mathBlock" : "mathInline", attrs: { tex } }).run();
      }),
  });
  show();
  return {
    element: el("div", { class: "editor-rich" }, bar, body),
    focus: () => editor.commands.focus("end"),
    destroy: () => editor.destroy(),
  };
}

interface Acts {
  languages: string[];
  small: boolean;
  bare: boolean;
  film?: (kind: "video" | "audio") => void;
  picture?: () => void;
  formula: (block: boolean) => void;
}

interface Tool {
  icon: IconName;
  label: string;
  keys?: string;
  act: () => void;
  on?: () => boolean;
  can?: () => boolean;
  /** Left out where a text is small. */
  large?: boolean;
  /** Left out where a text has words alone. */
  more?: boolean;
}

/** Puts the tools into the bar; answers what brings their states up to date. */
function fill(bar: HTMLElement, editor: Editor, acts: Acts): () => void {
  const run = (name: string, ...given: unknown[]) => () => {
    const chain = editor.chain().focus() as unknown as Record<string, (...some: unknown[]) => { run: () => boolean }>;
    chain[name]?.(...given).run();
  };
  const mark = (name: string) => () => editor.isActive(name);
  const kinds = el("select", { class: "select editor-kind", "aria-label": "Kind of paragraph" });
  for (const [value, label] of [["0", "Text"], ["2", "Heading"], ["3", "Smaller heading"], ["4", "Smallest heading"]]) {
    kinds.append(el("option", { value }, label as string));
  }
  kinds.addEventListener("change", () => {
    const level = Number(kinds.value);
    if (level) run("setHeading", { level })();
    else run("setParagraph")();
  });
  const film = acts.film;
  const listed: Tool[] = [
    { icon: "bold", label: "Bold", keys: "Ctrl+B", act: run("toggleBold"), on: mark("bold") },
    { icon: "italic", label: "Italic", keys: "Ctrl+I", act: run("toggleItalic"), on: mark("italic") },
    { icon: "underline", label: "Underlined", keys: "Ctrl+U", act: run("toggleUnderline"), on: mark("underline") },
    { icon: "strike", label: "Struck through", large: true, act: run("toggleStrike"), on: mark("strike") },
    { icon: "sub", label: "Subscript", act: run("toggleMark", "subscript"), on: mark("subscript") },
    { icon: "sup", label: "Superscript", act: run("toggleMark", "superscript"), on: mark("superscript") },
    { icon: "list", label: "List", keys: "Ctrl+Shift+8", act: run("toggleBulletList"), on: mark("bulletList") },
    { icon: "numbered", label: "Numbered list", keys: "Ctrl+Shift+7", act: run("toggleOrderedList"), on: mark("orderedList") },
    { icon: "quote", label: "Quotation", large: true, keys: "Ctrl+Shift+B", act: run("toggleBlockquote"), on: mark("blockquote") },
    { icon: "link", label: "Link", act: () => void askLink(editor), on: mark("link") },
    ...(acts.picture ? [{ icon: "image", label: "Picture", more: true, act: acts.picture } as Tool] : []),
    ...(film
      ? ([
          { icon: "film", label: "Film", act: () => film("video") },
          { icon: "sound", label: "Sound", act: () => film("audio") },
        ] satisfies Tool[])
      : []),
    { icon: "table", label: "Table", large: true, more: true, act: run("insertTable", { rows: 3, cols: 3, withHeaderRow: true }), can: () => !editor.isActive("table") },
    { icon: "formula", label: "Formula in the line", more: true, act: () => acts.formula(false) },
    { icon: "sigma", label: "Formula on its own", large: true, more: true, act: () => acts.formula(true) },
    { icon: "code", label: "Code in the line", keys: "Ctrl+E", act: run("toggleCode"), on: mark("code") },
    { icon: "code-block", label: "Code", large: true, more: true, act: run("toggleCodeBlock"), on: mark("codeBlock") },
    { icon: "pilcrow", label: "Remove formatting", large: true, act: () => editor.chain().focus().unsetAllMarks().clearNodes().run() },
    { icon: "undo", label: "Undo", keys: "Ctrl+Z", act: run("undo"), can: () => editor.can().undo() },
    { icon: "redo", label: "Redo", keys: "Ctrl+Shift+Z", act: run("redo"), can: () => editor.can().redo() },
  ];
  const tools = listed.filter((one) => !(acts.small && one.large) && !(acts.bare && one.more));
  const made = tools.map((one) => tool(one.icon, one.label, one.act, one.keys ? `${one.label} (${one.keys})` : one.label));
  const more = el("div", { class: "editor-more" });
  bar.append(...(acts.small ? [] : [kinds]), ...made, more);
  roving(bar, () => editor.commands.focus());
  let context = "";
  return () => {
    if (editor.isDestroyed) return;
    kinds.value = String([2, 3, 4].find((level) => editor.isActive("heading", { level })) ?? 0);
    tools.forEach((one, at) => {
      const control = made[at] as HTMLButtonElement;
      if (one.on) control.setAttribute("aria-pressed", String(one.on()));
      if (one.can) control.setAttribute("aria-disabled", String(!one.can()));
    });
    const now = ["table", "codeBlock", "figure"].find((name) => editor.isActive(name)) ?? "";
    const language = String(editor.getAttributes("codeBlock").language ?? "text");
    if (now !== context || (now === "codeBlock" && more.dataset.language !== language)) {
      context = now;
      more.dataset.language = language;
      more.replaceChildren(...contextTools(now, editor, run, acts.languages, language));
      roving(bar, () => editor.commands.focus());
    }
  };
}

function contextTools(
  context: string,
  editor: Editor,
  run: (name: string, ...given: unknown[]) => () => void,
  languages: string[],
  language: string,
): HTMLElement[] {
  const small = (label: string, act: () => void): HTMLElement => {
    const made = el("button", { type: "button", class: "btn btn-quiet btn-small" }, label);
    made.addEventListener("click", act);
    return made;
  };
  if (context === "table") {
    const headers = (name: string) => () => {
      run(name)();
      fixScopes(editor);
    };
    return [
      small("Row above", run("addRowBefore")),
      small("Row below", run("addRowAfter")),
      small("Column before", run("addColumnBefore")),
      small("Column after", run("addColumnAfter")),
      small("Remove row", run("deleteRow")),
      small("Remove column", run("deleteColumn")),
      small("Header row", headers("toggleHeaderRow")),
      small("Header column", headers("toggleHeaderColumn")),
      small("Remove table", run("deleteTable")),
    ];
  }
  if (context === "codeBlock") {
    const choice = el("select", { class: "select editor-kind", "aria-label": "Language of the code" });
    for (const name of languages) choice.append(el("option", { value: name, selected: name === language }, name));
    choice.addEventListener("change", () => editor.chain().focus().updateAttributes("codeBlock", { language: choice.value }).run());
    return [choice];
  }
  if (context === "figure") return [small("Describe the picture", () => void describe(editor)), small("Remove picture", run("deleteNode", "figure"))];
  return [];
}

/** Header cells of the first row head their columns, all others their rows. */
function fixScopes(editor: Editor): void {
  const { state } = editor;
  const change = state.tr;
  state.doc.descendants((table, at) => {
    if (table.type.name !== "table") return true;
    table.forEach((row, rowAt, rowNumber) => {
      row.forEach((cell, cellAt) => {
        const scope = rowNumber === 0 ? "col" : "row";
        if (cell.type.name === "tableHeader" && cell.attrs.scope !== scope) {
          change.setNodeAttribute(at + 1 + rowAt + 1 + cellAt, "scope", scope);
        }
      });
    });
    return false;
  });
  if (change.docChanged) editor.view.dispatch(change);
}

/** One stop for Tab; arrows, Home and End move inside; Esc goes back to the text. */
function roving(bar: HTMLElement, leave: () => void): void {
  const stops = [...bar.querySelectorAll<HTMLElement>("button, select")];
  const current = stops.find((stop) => stop === document.activeElement) ?? stops[0];
  for (const stop of stops) stop.tabIndex = stop === current ? 0 : -1;
  bar.onkeydown = (event) => {
    const all = [...bar.querySelectorAll<HTMLElement>("button, select")];
    const at = all.indexOf(event.target as HTMLElement);
    const moves: Record<string, number> = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: all.length - 1 };
    if (event.key === "Escape") leave();
    const to = moves[event.key];
    if (to === undefined || at < 0) return;
    event.preventDefault();
    const target = all[(to + all.length) % all.length] as HTMLElement;
    for (const stop of all) stop.tabIndex = stop === target ? 0 : -1;
    target.focus();
  };
}

async function askLink(editor: Editor): Promise<void> {
  const old = String(editor.getAttributes("link").href ?? "");
  const { from, to, empty } = editor.state.selection;
  const address = field({ name: "href", label: "Address", value: old, required: true, placeholder: "https://", hint: "Or a page of this site, beginning with /." });
  const shown = field({ name: "text", label: "Words to show", value: editor.state.doc.textBetween(from, to, " "), required: empty && !old });
  const answer = await ask({
    title: old ? "Change the link" : "Add a link",
    verb: "Set link",
    content: empty && !old ? [address.box, shown.box] : [address.box],
    other: old ? { label: "Remove link", value: "remove" } : undefined,
    check: () => (linkAddress(address.input.value) ? null : "Give a web address (https://…), a mail address, or a page of this site (/…)."),
  });
  if (answer === "remove") editor.chain().focus().extendMarkRange("link").unsetLink().run();
  const href = linkAddress(address.input.value);
  if (answer !== "ok" || !href) return;
  if (empty && !old) {
    const text = shown.input.value.trim() || href;
    editor.chain().focus().insertContent({ type: "text", text, marks: [{ type: "link", attrs: { href } }] }).run();
  } else editor.chain().focus().extendMarkRange("link").setLink({ href }).run();
}

/** An address that may stand in a link, completed; null for any other. */
export function linkAddress(given: string): string | null {
  const text = given.trim();
  if (/^(https?:\/\/[^\s/]|mailto:.+@|tel:|#|\/(?![/\\]))/i.test(text)) return text;
  if (/^[^\s@:/]+@[^\s@:/]+\.[a-z]{2,}$/i.test(text)) return `mailto:${text}`;
  return /^[a-z0-9-]+(\.[a-z0-9-]+)+([/?#]\S*)?$/i.test(text) ? `https://${text}` : null;
}

async function askFormula(value: string, block: boolean): Promise<string | null> {
  const source = field({ name: "tex", label: "LaTeX", value, lines: 3, required: true, mono: true, placeholder: "\\frac{a}{b}" });
  const preview = el("div", { class: "editor-preview", role: "img", "aria-label": "Preview of the formula" });
  const draw = (): void => {
    if (source.input.value.trim()) void drawFormula(source.input.value, block, preview);
    else preview.textContent = "The formula is shown here.";
  };
  source.input.addEventListener("input", draw);
  draw();
  const answer = await ask({
    title: block ? "Formula on its own" : "Formula in the line",
    verb: value ? "Change formula" : "Add formula",
    content: [source.box, preview],
    check: async () => {
      const tex = source.input.value.trim();
      if (!tex || tex.length > 2000) return "Write a formula of at most 2,000 characters.";
      const problem = await formulaProblem(tex);
      return problem && `This cannot be drawn: ${problem}`;
    },
  });
  return answer === "ok" ? source.input.value.trim() : null;
}

interface Picture {
  src: string;
  alt: string;
  width: number | null;
  height: number | null;
}

async function askPicture(courseId: string, given?: File): Promise<Picture | null> {
  const chooser = el("input", { type: "file", accept: "image/*", class: "file-input", "aria-label": "Picture" });
  const alt = field({ name: "alt", label: "What it shows", required: true, hint: "Read out to those who cannot see it." });
  const state = el("p", { class: "soft small", role: "status" }, given ? given.name : "");
  let picture: Picture | null = null;
  const answer = await ask({
    title: "Add a picture",
    verb: "Add picture",
    content: given ? [state, alt.box] : [chooser, state, alt.box],
    check: async () => {
      const file = given ?? chooser.files?.[0];
      if (!file) return "Choose a picture.";
      if (!alt.input.value.trim()) return "Say what the picture shows.";
      try {
        const size = await pictureSize(file);
        const sent = await upload(file, { courseId, purpose: "lesson_image", onProgress: (done, all) => {
          state.textContent = `Sending: ${Math.round((done / all) * 100)} %`;
        } });
        picture = { src: sent.url, alt: alt.input.value.trim(), width: size?.width ?? null, height: size?.height ?? null };
        return null;
      } catch (error) {
        return error instanceof Error ? error.message : "The picture could not be sent.";
      }
    },
  });
  return answer === "ok" ? picture : null;
}

async function describe(editor: Editor): Promise<void> {
  const alt = field({ name: "alt", label: "What it shows", required: true, value: String(editor.getAttributes("figure").alt ?? "") });
  const answer = await ask({
    title: "Describe the picture",
    verb: "Keep",
    content: [alt.box],
    check: () => (alt.input.value.trim() ? null : "Say what the picture shows."),
  });
  if (answer !== "ok") return;
  editor.chain().focus().updateAttributes("figure", { alt: alt.input.value.trim() }).run();
  announce("The picture is described.");
}

