/** Parts that are not text: a form for each, with a preview of what learners will see. */
import { upload, type Uploaded } from "../uploads/client";
import { button, el, field } from "./dom";
import { pictureSize, type Size, sizeAt } from "./pictures";
import { type Block, type Content, fileAddress, missing, words, youtubeId } from "./types";

export interface MediaOptions {
  block: Block;
  courseId: string;
  changed: () => void;
}

const PURPOSE = { image: "lesson_image", video: "lesson_video", file: "attachment" } as const;
const KINDS: Record<keyof typeof PURPOSE, Uploaded["kind"][]> = { image: ["image"], video: ["video"], file: ["document", "image", "audio", "video"] };
const ACCEPT = { image: "image/*", video: "video/*", file: "" } as const;

export function mediaPart({ block, courseId, changed }: MediaOptions): HTMLElement {
  const preview = el("div", { class: "editor-shown" });
  const lack = el("p", { class: "editor-lack", role: "status" });
  const show = (): void => {
    preview.replaceChildren(...shown(block));
    const words = missing(block);
    lack.textContent = words ? `${words} Until then this part is kept in this browser only.` : "";
    lack.hidden = words === null;
  };
  const set = (given: Content): void => {
    block.content = { ...block.content, ...given };
    show();
    changed();
  };
  const fields = el("div", { class: "editor-fields" });
  const line = (name: string, label: string, options: { required?: boolean; hint?: string; placeholder?: string } = {}): void => {
    const made = field({ name, label, value: words(block.content, name), ...options });
    made.input.addEventListener("input", () => set({ [name]: made.input.value }));
    fields.append(made.box);
  };
  if (block.type === "youtube") {
    line("video_id", "Address of the video", { required: true, placeholder: "https://www.youtube.com/watch?v=…" });
    line("title", "Title", { hint: "Shown before the video is fetched." });
  } else if (block.type !== "rich_text") {
    fields.append(chooser(block, block.type, courseId, set));
    if (block.type === "image") {
      line("alt_text", "What it shows", { required: true, hint: "Read out to those who cannot see it." });
      line("caption", "Caption");
    } else if (block.type === "file") line("description", "Description");
    else line("title", "Title");
  }
  show();
  return el("div", { class: "editor-media" }, preview, fields, lack);
}

function chooser(block: Block, type: "image" | "video" | "file", courseId: string, set: (given: Content) => void): HTMLElement {
  const input = el("input", { type: "file", class: "file-input", id: `file-${block.id}`, accept: ACCEPT[type] || undefined });
  const state = el("p", { class: "soft small", role: "status" });
  input.addEventListener("change", () => {
    const file = input.files?.[0];
    if (!file) return;
    state.textContent = `Sending ${file.name}…`;
    void send(file).catch((error: unknown) => {
      state.textContent = error instanceof Error ? error.message : "The file could not be sent. Choose it again to go on.";
    });
  });
  async function send(file: File): Promise<void> {
    const size = type === "image" ? await pictureSize(file) : null;
    const sent = await upload(file, {
      courseId,
      purpose: PURPOSE[type],
      onProgress: (done, all) => {
        state.textContent = `Sending ${file.name}: ${Math.round((done / all) * 100)} %`;
      },
    });
    use(sent, size);
  }
  function use(file: Uploaded, size: Size | null): void {
    state.textContent = `${file.filename} is here.`;
    title.textContent = `Another ${label.toLowerCase()}`;
    if (type === "file") set({ url: file.url, filename: file.filename, file_type: file.mime, file_size: file.bytes });
    else set({ url: file.url, ...(size ?? {}) });
  }
  async function choose(): Promise<void> {
    const { pick } = await import("../uploads/picker");
    const chosen = await pick({ kinds: KINDS[type], purpose: PURPOSE[type], courseId, title: `Choose a ${label.toLowerCase()}`, accept: ACCEPT[type] });
    if (chosen) use(chosen, type === "image" ? await sizeAt(chosen.url) : null);
  }
  const label = { image: "Picture", video: "Video", file: "File" }[type];
  const title = el("label", { class: "field-label", for: input.id }, fileAddress(block.content.url) ? `Another ${label.toLowerCase()}` : label);
  const library = button("Choose from library", () => void choose(), { icon: "library" });
  return el(
    "div",
    { class: "field" },
    title,
    el("div", { class: "editor-choose" }, input, library),
    state,
  );
}

function shown(block: Block): Node[] {
  const { content } = block;
  const address = fileAddress(content.url);
  if (block.type === "youtube") {
    const id = youtubeId(words(content, "video_id"));
    return id ? [el("p", { class: "soft small" }, `Video ${id}. Learners fetch it from YouTube only when they press play.`)] : [];
  }
  if (!address) return [];
  if (block.type === "image") {
    const caption = words(content, "caption");
    return [el("figure", { class: "prose" }, el("img", { src: address, alt: words(content, "alt_text") }), ...(caption ? [el("figcaption", {}, caption)] : []))];
  }
  if (block.type === "video") return [el("video", { src: address, controls: true, preload: "metadata" })];
  return [el("p", {}, el("a", { class: "link", href: address, target: "_blank", rel: "noopener" }, words(content, "filename") || "File"))];
}
