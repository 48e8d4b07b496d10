/** What the server has not acknowledged yet, kept on this device: it survives a reload, a crash and a closed lid. */
import type { Answer } from "./types";

export interface Waiting {
  answer: Answer;
  seq: number;
}

interface Kept {
  answers: Record<string, Waiting>;
  flags: Record<string, boolean>;
}

/** The part of `localStorage` that is needed; it may be missing. */
export type Shelf = Pick<Storage, "getItem" | "setItem" | "removeItem">;

export class Store {
  readonly #key: string;
  readonly #shelf: Shelf | null;
  #kept: Kept;

  constructor(user: string, attempt: string, shelf: Shelf | null) {
    this.#key = `collegium.quiz.${user}.${attempt}`;
    this.#shelf = shelf;
    this.#kept = this.#read();
  }

  /** Keeps an answer; of two for one question the one with the higher number. */
  put(position: number, waiting: Waiting): void {
    this.#change((kept) => {
      const before = kept.answers[position];
      if (before === undefined || before.seq <= waiting.seq) kept.answers[position] = waiting;
    });
  }

  putFlag(position: number, flagged: boolean): void {
    this.#change((kept) => (kept.flags[position] = flagged));
  }

  /** Forgets an answer that was acknowledged, unless a newer one came meanwhile. */
  done(position: number, seq: number): void {
    this.#change((kept) => {
      const before = kept.answers[position];
      if (before !== undefined && before.seq <= seq) delete kept.answers[position];
    });
  }

  doneFlag(position: number, flagged: boolean): void {
    this.#change((kept) => {
      if (kept.flags[position] === flagged) delete kept.flags[position];
    });
  }

  waiting(): [number, Waiting][] {
    return Object.entries(this.#kept.answers).map(([position, one]) => [Number(position), one]);
  }

  of(position: number): Waiting | undefined {
    return this.#kept.answers[position];
  }

  flags(): [number, boolean][] {
    return Object.entries(this.#kept.flags).map(([position, flagged]) => [Number(position), flagged]);
  }

  get empty(): boolean {
    return Object.keys(this.#kept.answers).length === 0 && Object.keys(this.#kept.flags).length === 0;
  }

  clear(): void {
    this.#kept = { answers: {}, flags: {} };
    try {
      this.#shelf?.removeItem(this.#key);
    } catch {
      // Storage may be forbidden; then nothing was kept.
    }
  }

  #read(): Kept {
    try {
      const found = JSON.parse(this.#shelf?.getItem(this.#key) ?? "null") as Partial<Kept> | null;
      return { answers: found?.answers ?? {}, flags: found?.flags ?? {} };
    } catch {
      return { answers: {}, flags: {} };
    }
  }

  #change(act: (kept: Kept) => void): void {
    // Another tab may have written meanwhile: what it keeps stays.
    const stored = this.#read();
    if (this.#shelf !== null) this.#kept = stored;
    act(this.#kept);
    try {
      if (this.empty) this.#shelf?.removeItem(this.#key);
      else this.#shelf?.setItem(this.#key, JSON.stringify(this.#kept));
    } catch {
      // Full or forbidden: it is kept in this page alone.
    }
  }
}
