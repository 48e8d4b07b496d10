/** What could not be saved yet, kept in this browser across reloads. A draft belongs to one open page at a time. */
import { type Block, newId } from "./types";

export interface Draft {
  editor: string;
  base: number;
  /** The lesson as the server had it when these changes began. */
  origin: Block[];
  blocks: Block[];
  at: number;
}

const ABANDONED_MS = 30_000;
/** A page that is just going holds its lock a moment longer. */
const PATIENCE_MS = 800;

export class Drafts {
  readonly #prefix: string;
  readonly #storage: Storage | null;

  constructor(lessonId: string, userId: string, storage: Storage | null = ownStorage()) {
    this.#prefix = `collegium.lesson.${userId}.${lessonId}.`;
    this.#storage = storage;
  }

  /** Keeps a draft; false when this browser has no room or keeps nothing. */
  keep(draft: Draft): boolean {
    try {
      this.#storage?.setItem(this.#prefix + draft.editor, JSON.stringify(draft));
      return this.#storage !== null;
    } catch {
      return false;
    }
  }

  forget(editor: string): void {
    try {
      this.#storage?.removeItem(this.#prefix + editor);
    } catch {
      // Nothing was kept then.
    }
  }

  /** The last draft of a page that is gone; this page goes on as that one. */
  async adopt(now: number = Date.now()): Promise<Draft | null> {
    const found = this.#all().sort((one, other) => other.at - one.at);
    for (const draft of found) if (await claimed(draft, now)) return draft;
    return null;
  }

  #all(): Draft[] {
    const found: Draft[] = [];
    try {
      for (let at = 0; at < (this.#storage?.length ?? 0); at++) {
        const key = this.#storage?.key(at);
        if (!key?.startsWith(this.#prefix)) continue;
        const draft = JSON.parse(this.#storage?.getItem(key) ?? "null") as Draft | null;
        if (draft && Array.isArray(draft.blocks) && Array.isArray(draft.origin)) found.push(draft);
      }
    } catch {
      // What cannot be read is not there.
    }
    return found;
  }
}

/** A name for this open page, which no other page takes while it lives. */
export async function newEditor(): Promise<string> {
  const id = newId();
  await claim(id);
  return id;
}

function ownStorage(): Storage | null {
  try {
    return window.localStorage;
  } catch {
    return null;
  }
}

async function claimed(draft: Draft, now: number): Promise<boolean> {
  return locks() ? claim(draft.editor) : now - draft.at > ABANDONED_MS;
}

/** Browsers have locks only where the site is reached by TLS, or on this machine. */
function locks(): LockManager | null {
  return (navigator as Partial<Navigator>).locks ?? null;
}

/** Takes a lock that the browser gives back when this page ends. */
function claim(id: string): Promise<boolean> {
  const held = locks();
  if (!held) return Promise.resolve(true);
  return new Promise((answer) => {
    held
      .request(`collegium.editor.${id}`, { signal: AbortSignal.timeout(PATIENCE_MS) }, () => {
        answer(true);
        return new Promise<void>(() => undefined);
      })
      .catch(() => answer(false));
  });
}
