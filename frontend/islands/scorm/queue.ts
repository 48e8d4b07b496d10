/* What is not stored on the server yet, kept durably in the browser: an entry is written here before it is sent and goes only
   when the server has answered that it has it. localStorage, because a Commit must be kept before it is answered, and nothing
   else in a browser is synchronous. */
import type { Commit, Elements } from "../../runtime/scorm/types.ts";

export interface Entry extends Commit {
  /** The player that made it; another one takes it over after a reload or a crash. */
  session: string;
  attempt: string;
  /** Milliseconds since the epoch, by this device's clock. */
  at: number;
}

/** The part of Storage that is used. */
export interface Keys {
  readonly length: number;
  key(index: number): string | null;
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
  removeItem(key: string): void;
}

function isEntry(value: unknown): value is Entry {
  const entry = value as Entry | null;
  return (
    typeof entry === "object" &&
    entry !== null &&
    Number.isSafeInteger(entry.seq) &&
    typeof entry.sco === "string" &&
    typeof entry.session === "string" &&
    typeof entry.elements === "object" &&
    entry.elements !== null
  );
}

export class Queue {
  /** Whether everything in the queue survives this page. */
  durable = true;
  private readonly entries = new Map<string, Entry>();

  /** `registration` keeps registrations apart where they share an origin. */
  constructor(
    private readonly keys: Keys | null,
    private readonly registration: string,
    private readonly session: string,
    private readonly attempt: string,
    /** Of the last commit that the server has. */
    private last: number,
  ) {
    for (const [key, entry] of this.kept()) this.entries.set(key, entry);
    for (const entry of this.own()) this.last = Math.max(this.last, entry.seq);
  }

  private prefix(): string {
    return `collegium.scorm.${this.registration}.`;
  }

  private *kept(): Generator<[string, Entry]> {
    if (this.keys === null) return;
    const names: string[] = [];
    for (let at = 0; at < this.keys.length; at++) {
      const key = this.keys.key(at);
      if (key?.startsWith(this.prefix())) names.push(key);
    }
    for (const key of names) {
      try {
        const entry: unknown = JSON.parse(this.keys.getItem(key) ?? "null");
        if (isEntry(entry)) yield [key, entry];
      } catch {
        // Written by something else; it is not ours to judge.
      }
    }
  }

  /** Of this player, in their order. */
  own(): Entry[] {
    return [...this.entries.values()].filter((entry) => entry.session === this.session).sort((a, b) => a.seq - b.seq);
  }

  /** Left behind by players before this one, for the attempt that is open now, in their order. */
  left(): Entry[] {
    return [...this.entries.values()]
      .filter((entry) => entry.session !== this.session && entry.attempt === this.attempt)
      .sort((a, b) => a.seq - b.seq || a.at - b.at);
  }

  /** Left behind by players of attempts that are not open any more. */
  foreign(): Entry[] {
    return [...this.entries.values()].filter((entry) => entry.attempt !== this.attempt).sort((a, b) => a.seq - b.seq);
  }

  get size(): number {
    return this.own().length;
  }

  get lastSeq(): number {
    return this.last;
  }

  /** The server has told of a later number, as after what was left behind has been sent. */
  reached(seq: number): void {
    this.last = Math.max(this.last, seq);
  }

  /** Gives the next number, which is never given again, and keeps the commit. */
  add(commit: Omit<Commit, "seq">, at: number): Entry {
    const entry: Entry = { ...commit, seq: this.last + 1, session: this.session, attempt: this.attempt, at };
    this.last = entry.seq;
    const key = this.keyOf(entry);
    this.entries.set(key, entry);
    this.write(key, entry);
    return entry;
  }

  /** Keeps another content under a number under which nothing was stored. */
  put(entry: Entry): void {
    this.entries.set(this.keyOf(entry), entry);
    this.write(this.keyOf(entry), entry);
  }

  /** What another player left behind is this one's now, under the number that it had. */
  adopt(entry: Entry): Entry {
    const mine: Entry = { ...entry, session: this.session, attempt: this.attempt };
    this.put(mine);
    this.remove(entry);
    this.last = Math.max(this.last, mine.seq);
    return mine;
  }

  private write(key: string, entry: Entry): void {
    try {
      if (this.keys === null) throw new Error("There is no storage.");
      this.keys.setItem(key, JSON.stringify(entry));
    } catch {
      try {
        // Full: what the package set weighs more than the record of its calls.
        this.keys?.setItem(key, JSON.stringify({ ...entry, calls: [] }));
        if (this.keys === null) this.durable = false;
      } catch {
        this.durable = false;
      }
    }
  }

  private keyOf(entry: Entry): string {
    return `${this.prefix()}${entry.session}.${entry.seq}`;
  }

  remove(entry: Entry): void {
    const key = this.keyOf(entry);
    this.entries.delete(key);
    try {
      this.keys?.removeItem(key);
    } catch {
      // Sent once more after a reload, and answered as stored already.
    }
    if (this.entries.size === 0) this.durable = true;
  }

  /** The latest values of a SCO that wait here. */
  waiting(sco: string): Elements {
    return Object.assign({}, ...this.own().filter((entry) => entry.sco === sco).map((entry) => entry.elements)) as Elements;
  }
}
