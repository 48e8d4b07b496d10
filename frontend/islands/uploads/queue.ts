/** Several uploads at once: two are on their way, the rest wait their turn; each can be paused, resumed and cancelled. */
import { Stopped, upload, type Purpose, type State, type Uploaded } from "./client.ts";

export type Standing = "queued" | State | "paused" | "done" | "failed" | "cancelled";

export interface Item {
  readonly file: File;
  readonly purpose: Purpose;
  readonly courseId: string;
  standing: Standing;
  sent: number;
  words: string;
  result: Uploaded | null;
  fileId: string;
}

/** What a file is for when it is put into the library: seen by its kind; the server looks again, by its content. */
export function purposeOf(file: Pick<File, "name" | "type">): Purpose {
  const ending = /\.([a-z0-9]+)$/i.exec(file.name)?.[1]?.toLowerCase() ?? "";
  if (ending === "vtt" || ending === "srt") return "captions";
  if (ending === "zip" || ending === "imscc") return "package";
  if (file.type.startsWith("image/")) return "lesson_image";
  if (file.type.startsWith("video/") || ["mkv", "avi", "wmv", "mpg", "mpeg", "ts", "flv"].includes(ending)) return "lesson_video";
  return "attachment";
}

export const AT_ONCE = 2;

export class Queue {
  readonly items: Item[] = [];
  private readonly stops = new Map<Item, AbortController>();

  constructor(
    private readonly changed: (item: Item) => void,
    private readonly send: typeof upload = upload,
  ) {}

  add(file: File, purpose: Purpose, courseId = ""): Item {
    const item: Item = { file, purpose, courseId, standing: "queued", sent: 0, words: "", result: null, fileId: "" };
    this.items.push(item);
    this.put(item, "queued");
    this.next();
    return item;
  }

  pause(item: Item): void {
    if (item.standing === "queued") this.put(item, "paused");
    else this.stops.get(item)?.abort("pause");
  }

  resume(item: Item): void {
    if (item.standing !== "paused" && item.standing !== "failed") return;
    item.words = "";
    this.put(item, "queued");
    this.next();
  }

  /** Ends an upload and has what was sent thrown away. */
  async cancel(item: Item, remove: (id: string) => Promise<unknown>): Promise<void> {
    const running = this.stops.get(item);
    if (running) running.abort("cancel");
    else if (item.fileId) await remove(item.fileId).catch(() => undefined);
    this.put(item, "cancelled");
    this.next();
  }

  get busy(): boolean {
    return this.items.some((item) => ["queued", "sending", "waiting"].includes(item.standing));
  }

  private next(): void {
    for (const item of this.items) {
      if (this.stops.size >= AT_ONCE) return;
      if (item.standing === "queued") void this.run(item);
    }
  }

  private async run(item: Item): Promise<void> {
    const stop = new AbortController();
    this.stops.set(item, stop);
    this.put(item, "sending");
    try {
      item.result = await this.send(item.file, {
        purpose: item.purpose,
        ...(item.courseId ? { courseId: item.courseId } : {}),
        signal: stop.signal,
        onId: (id) => (item.fileId = id),
        onProgress: (sent) => {
          item.sent = sent;
          this.changed(item);
        },
        onState: (state) => this.put(item, state),
      });
      item.sent = item.file.size;
      this.put(item, "done");
    } catch (error) {
      if (error instanceof Stopped) {
        if (error.paused) this.put(item, "paused");
      } else {
        item.words = error instanceof Error ? error.message : String(error);
        this.put(item, "failed");
      }
    } finally {
      this.stops.delete(item);
      this.next();
    }
  }

  private put(item: Item, standing: Standing): void {
    if (item.standing === "cancelled") return;
    item.standing = standing;
    this.changed(item);
  }
}
