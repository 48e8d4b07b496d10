/** Grades on their way to the server: sent soon and together, kept while there is no connection, undone if wanted. */
import { Refused, type Data, type Saved, type Shown } from "./data";
import type { Value } from "./values";

export type Saving = "wait" | "send" | "yes" | "no";

export interface Edit {
  enrollment: string;
  item: string;
  value: Value;
  reason: string | null;
  revision: number;
}

interface Hooks {
  /** A cell's state changed. */
  marked(key: string): void;
  /** What the server has now. */
  stored(saved: Saved): void;
  /** How it stands, in words; and whether something is wrong. */
  said(words: string, wrong?: boolean): void;
  conflict(edit: Edit, now: Shown | null): void;
  refused(edits: Edit[], words: string): void;
}

const MOST = 500;
const AGAIN_MS = 5000;

export function keyOf(enrollment: string, item: string): string {
  return `${enrollment}/${item}`;
}

export class Queue {
  readonly #waiting = new Map<string, Edit>();
  #sending = false;
  #timer = 0;

  constructor(
    readonly data: Data,
    readonly store: string,
    readonly states: Map<string, Saving>,
    readonly hooks: Hooks,
  ) {
    window.addEventListener("online", () => this.#soon(0));
    window.addEventListener("beforeunload", (event) => {
      if (this.#waiting.size > 0 || this.#sending) event.preventDefault();
    });
    // What a page that was left had not saved.
    const kept = sessionStorage.getItem(store);
    if (kept) this.add(JSON.parse(kept) as Edit[]);
  }

  get open(): number {
    return this.#waiting.size;
  }

  /** The grade that is on its way for a cell. */
  waiting(key: string): Edit | undefined {
    return this.#waiting.get(key);
  }

  add(edits: Edit[]): void {
    for (const edit of edits) {
      const key = keyOf(edit.enrollment, edit.item);
      this.#waiting.set(key, edit);
      this.#mark(key, "wait");
    }
    this.#keep();
    this.hooks.said(this.#words("Saving"));
    this.#soon(250);
  }

  #mark(key: string, state: Saving | null): void {
    if (state) this.states.set(key, state);
    else this.states.delete(key);
    this.hooks.marked(key);
  }

  #keep(): void {
    if (this.#waiting.size === 0) sessionStorage.removeItem(this.store);
    else sessionStorage.setItem(this.store, JSON.stringify([...this.#waiting.values()]));
  }

  #words(busy: string): string {
    return this.#waiting.size === 1 ? `${busy} 1 grade` : `${busy} ${this.#waiting.size} grades`;
  }

  #soon(after: number): void {
    window.clearTimeout(this.#timer);
    this.#timer = window.setTimeout(() => void this.#send(), after);
  }

  async #send(): Promise<void> {
    if (this.#sending || this.#waiting.size === 0) return;
    // One reason goes with each request.
    const first = [...this.#waiting.values()][0];
    const batch = [...this.#waiting.values()].filter((one) => one.reason === first?.reason).slice(0, MOST);
    this.#sending = true;
    for (const one of batch) this.#mark(keyOf(one.enrollment, one.item), "send");
    try {
      const saved = await this.data.save(
        batch.map((one) => ({ enrollment_id: one.enrollment, item_id: one.item, ...one.value, revision: one.revision })),
        first?.reason ?? null,
      );
      this.#done(batch, saved);
    } catch (error) {
      if (error instanceof Refused) this.#refuse(batch, error.message);
      else this.#later(batch);
    } finally {
      this.#sending = false;
      this.#keep();
    }
    if (this.#waiting.size > 0) this.#soon([...this.states.values()].includes("wait") && navigator.onLine && !this.#failed ? 0 : AGAIN_MS);
    else if (!this.#wrong) this.hooks.said("All grades are saved");
  }

  #failed = false;
  #wrong = false;

  #done(batch: Edit[], saved: Saved): void {
    this.#failed = false;
    this.#wrong = false;
    this.hooks.stored(saved);
    const outcomes = new Map(saved.cells.map((one) => [keyOf(one.enrollment_id, one.item_id), one]));
    for (const one of batch) {
      const key = keyOf(one.enrollment, one.item);
      const now = outcomes.get(key);
      // Typed again meanwhile: the newer one goes next, from where this one left it.
      const newer = this.#waiting.get(key);
      if (newer && newer !== one) {
        newer.revision = now?.cell?.[2] ?? newer.revision;
        this.#mark(key, "wait");
        continue;
      }
      this.#waiting.delete(key);
      if (now?.outcome === "conflict") {
        this.#wrong = true;
        this.#mark(key, "no");
        this.hooks.conflict(one, now.cell);
      } else {
        this.#mark(key, "yes");
        window.setTimeout(() => this.states.get(key) === "yes" && this.#mark(key, null), 2500);
      }
    }
  }

  #refuse(batch: Edit[], words: string): void {
    this.#wrong = true;
    for (const one of batch) {
      const key = keyOf(one.enrollment, one.item);
      if (this.#waiting.get(key) === one) this.#waiting.delete(key);
      this.#mark(key, "no");
    }
    this.hooks.refused(batch, words);
  }

  #later(batch: Edit[]): void {
    this.#failed = true;
    for (const one of batch) this.#mark(keyOf(one.enrollment, one.item), "wait");
    this.hooks.said(`${this.#words("No connection:")} kept in this page, sent when it is back`, true);
  }
}
