/** Saves by itself: a moment after the last change, at the latest every few seconds, and again when the connection is back. */
import type { Drafts } from "./drafts";
import { type Block, copyOf, sameBlocks } from "./types";

export type State =
  | { kind: "saved"; at: Date | null }
  | { kind: "changed" }
  | { kind: "saving" }
  | { kind: "offline"; kept: boolean }
  | { kind: "signed-out" }
  | { kind: "refused"; words: string }
  | { kind: "conflict" };

export interface Theirs {
  revision: number;
  blocks: Block[];
  savedBy: string;
  savedAt: string | null;
}

export interface Sent {
  base: number;
  editor: string;
  blocks: Block[];
}

/** What the server answers. `blocks` are those that it keeps in another form than they were sent in. */
export type Answer =
  | { kind: "saved"; revision: number; savedAt: string | null; blocks: Pick<Block, "id" | "content">[] }
  | { kind: "conflict"; theirs: Theirs }
  | { kind: "refused"; words: string }
  | { kind: "signed-out" }
  | { kind: "unreachable" };

export interface Options {
  editor: string;
  base: number;
  origin: Block[];
  /** The parts that are whole, for the server. */
  read: () => Block[];
  /** Every part, for the draft. */
  all: () => Block[];
  send: (sent: Sent, last: boolean) => Promise<Answer>;
  drafts: Drafts;
  shown: (state: State) => void;
  clash: (theirs: Theirs, origin: Block[]) => void;
}

const SOON_MS = 1200;
const LATEST_MS = 6000;
const AGAIN_MS = [3000, 6000, 12_000, 30_000];

export class Autosave {
  #state: State = { kind: "saved", at: null };
  #dirtySince: number | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #sending = false;
  #failures = 0;
  #base: number;
  #origin: Block[];

  constructor(private readonly options: Options) {
    this.#base = options.base;
    this.#origin = copyOf(options.origin);
  }

  get state(): State {
    return this.#state;
  }

  /** Which state of the lesson the text was made from. */
  get base(): number {
    return this.#base;
  }

  get unsaved(): boolean {
    return this.#dirtySince !== null || this.#sending;
  }

  /** Something was changed. */
  changed(): void {
    this.#dirtySince ??= Date.now();
    const kept = this.#keep();
    if (this.#state.kind === "conflict") return;
    if (this.#state.kind === "offline") this.#show({ kind: "offline", kept });
    else if (!this.#sending) this.#show({ kind: "changed" });
    if (this.#state.kind !== "offline") this.#later(Math.min(SOON_MS, Math.max(0, this.#dirtySince + LATEST_MS - Date.now())));
  }

  /** Saves now, if there is anything to save. `last`: the page is going. */
  async flush(last = false): Promise<void> {
    clearTimeout(this.#timer);
    if (this.#dirtySince === null || this.#state.kind === "conflict") return;
    if (this.#sending && !last) return;
    const blocks = copyOf(this.options.read());
    if (sameBlocks(blocks, this.#origin)) {
      this.#settled(null);
      return;
    }
    this.#sending = true;
    const since = this.#dirtySince;
    this.#dirtySince = null;
    this.#show({ kind: "saving" });
    const answer = await this.options.send({ base: this.#base, editor: this.options.editor, blocks }, last).catch((): Answer => ({ kind: "unreachable" }));
    this.#sending = false;
    if (answer.kind === "saved") this.#saved(answer, blocks);
    else this.#failed(answer, since);
  }

  /** After a conflict: the lesson goes on from their state. */
  goOnFrom(theirs: Theirs): void {
    this.#base = theirs.revision;
    this.#origin = copyOf(theirs.blocks);
    this.#show({ kind: "changed" });
    this.changed();
  }

  /** The lesson was read again: there is nothing of one's own. */
  take(revision: number, blocks: Block[], at: Date | null): void {
    this.#base = revision;
    this.#origin = copyOf(blocks);
    this.#settled(at);
  }

  #saved(answer: Answer & { kind: "saved" }, blocks: Block[]): void {
    this.#failures = 0;
    this.#base = answer.revision;
    const kept = new Map(answer.blocks.map((block) => [block.id, block.content]));
    this.#origin = blocks.map((block) => ({ ...block, content: kept.get(block.id) ?? block.content }));
    if (this.#dirtySince !== null) {
      this.#keep();
      this.#show({ kind: "changed" });
      this.#later(SOON_MS);
    } else {
      this.#settled(answer.savedAt ? new Date(answer.savedAt) : new Date());
    }
  }

  #failed(answer: Exclude<Answer, { kind: "saved" }>, since: number): void {
    this.#dirtySince ??= since;
    const kept = this.#keep();
    if (answer.kind === "conflict") {
      this.#show({ kind: "conflict" });
      this.options.clash(answer.theirs, this.#origin);
    } else if (answer.kind === "refused") {
      // Sending the same again would be refused again: the next change tries anew.
      this.#show({ kind: "refused", words: answer.words });
    } else {
      this.#show(answer.kind === "signed-out" ? { kind: "signed-out" } : { kind: "offline", kept });
      this.#later(AGAIN_MS[Math.min(this.#failures++, AGAIN_MS.length - 1)] ?? SOON_MS);
    }
  }

  #settled(at: Date | null): void {
    this.#dirtySince = null;
    // A part that is not whole yet is with nobody but this browser.
    if (this.options.all().length === this.options.read().length) this.options.drafts.forget(this.options.editor);
    else this.#keep();
    this.#show({ kind: "saved", at: at ?? (this.#state.kind === "saved" ? this.#state.at : null) });
  }

  #keep(): boolean {
    return this.options.drafts.keep({
      editor: this.options.editor,
      base: this.#base,
      origin: this.#origin,
      blocks: this.options.all(),
      at: Date.now(),
    });
  }

  #later(ms: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.flush(), ms);
  }

  #show(state: State): void {
    this.#state = state;
    this.options.shown(state);
  }
}

/** A state in words. */
export function stateWords(state: State): string {
  switch (state.kind) {
    case "saved":
      return state.at ? `Saved ${clock(state.at)}` : "Everything is saved";
    case "changed":
      return "Not saved yet";
    case "saving":
      return "Saving…";
    case "offline":
      return state.kept ? "Not saved: no connection, kept in this browser" : "Not saved: no connection. Leave this page open.";
    case "signed-out":
      return "Not saved: you are signed out. Sign in in another tab; what you wrote is kept in this browser";
    case "refused":
      return `Not saved: ${state.words}`;
    case "conflict":
      return "Not saved: somebody else has changed this lesson";
  }
}

export function clock(at: Date): string {
  return at.toLocaleTimeString(document.documentElement.lang || undefined, { hour: "2-digit", minute: "2-digit" });
}
