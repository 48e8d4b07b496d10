/** What the editor works with, as the server gives and takes it. */
export type BlockType = "rich_text" | "image" | "video" | "file" | "youtube";
export type Content = Record<string, unknown>;

export interface Block {
  id: string;
  type: BlockType;
  content: Content;
  metadata: Record<string, unknown>;
}

export interface Config {
  lessonId: string;
  courseId: string;
  userId: string;
  revision: number;
  blocks: Block[];
  saveUrl: string;
  presenceUrl: string;
  historyUrl: string;
  languages: string[];
  /** A lesson that is a text begins with a place to write. */
  isText: boolean;
}

export const NAMES: Record<BlockType, string> = {
  rich_text: "Text",
  image: "Picture",
  video: "Video",
  file: "File",
  youtube: "YouTube video",
};

const FILE = /^\/files\/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** The address of a file of this site, or null. */
export function fileAddress(value: unknown): string | null {
  return typeof value === "string" && FILE.test(value) ? value : null;
}

export function words(content: Content, name: string): string {
  const value = content[name];
  return typeof value === "string" ? value : "";
}

/** The id of a video on YouTube, from its address in any form or the id alone; null when there is none. */
export function youtubeId(address: string): string | null {
  const text = address.trim();
  if (/^[A-Za-z0-9_-]{11}$/.test(text)) return text;
  let url: URL;
  try {
    url = new URL(text.includes("://") ? text : `https://${text}`);
  } catch {
    return null;
  }
  if (!/(^|\.)(youtube\.com|youtu\.be|youtube-nocookie\.com)$/.test(url.hostname)) return null;
  const found = [url.searchParams.get("v") ?? "", url.pathname.replace(/\/$/, "").split("/").pop() ?? ""];
  return found.find((one) => /^[A-Za-z0-9_-]{11}$/.test(one)) ?? null;
}

/** What a part still needs before it can be saved, in words; null when it is whole. */
export function missing(block: Block): string | null {
  const { type, content } = block;
  if (type === "rich_text") return null;
  if (type === "youtube") return youtubeId(words(content, "video_id")) ? null : "Give the address of a video on YouTube.";
  if (!fileAddress(content.url)) return type === "image" ? "Choose a picture." : type === "video" ? "Choose a video." : "Choose a file.";
  if (type === "image" && !words(content, "alt_text").trim()) return "Say what the picture shows.";
  return null;
}

/** A text by which equal contents are equal: names in order, without what the server adds. */
export function digest(block: Block): string {
  const names = Object.keys(block.content).filter((name) => name !== "plain_text" && block.content[name] !== "").sort();
  return JSON.stringify([block.type, names.map((name) => [name, block.content[name]])]);
}

export function sameBlocks(one: Block[], other: Block[]): boolean {
  return one.length === other.length && one.every((block, at) => block.id === other[at]?.id && digest(block) === digest(other[at] as Block));
}

export function copyOf(blocks: Block[]): Block[] {
  return structuredClone(blocks);
}

export function newBlock(type: BlockType): Block {
  return { id: newId(), type, content: type === "rich_text" ? { html: "" } : {}, metadata: {} };
}

/** A random id; without TLS browsers offer numbers only. */
export function newId(): string {
  if (typeof crypto.randomUUID === "function") return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = ((bytes[6] ?? 0) & 15) | 64;
  bytes[8] = ((bytes[8] ?? 0) & 63) | 128;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}
