import { beforeEach, describe, expect, it } from "vitest";
import type { Timers } from "../player/clock.ts";
import { sendLeft } from "./leftovers.ts";
import type { Line, Reply } from "./line.ts";
import { Queue, type Keys } from "./queue.ts";
import { parts, Sender, type Pending, type Saving } from "./sender.ts";

/** A server as the protocol has it: numbers in their order, the same again is answered again. */
class Server implements Line {
  stored: Record<string, unknown>[] = [];
  mode: "up" | "down" | "deaf" | "expired" | "stale" = "up";
  refuses: string | null = null;
  asked = 0;

  now(_path: string, body: string): Reply {
    this.asked++;
    if (this.mode === "down") return { status: 0, body: null };
    if (this.mode === "expired") return { status: 401, body: { saved: false, reason: "expired", words: "Long open." } };
    if (this.mode === "stale") return { status: 409, body: { saved: false, reason: "stale", words: "Opened elsewhere." } };
    const commit = JSON.parse(body) as { seq: number; elements: Record<string, string> };
    if (this.refuses && this.refuses in commit.elements)
      return { status: 422, body: { saved: false, reason: "refused", code: "value_too_long", words: "Too long." } };
    const last = this.stored.length;
    if (commit.seq > last + 1) return { status: 422, body: { saved: false, reason: "refused", code: "commits_missing", words: "" } };
    if (commit.seq <= last && JSON.stringify(this.stored[commit.seq - 1]!["elements"]) !== JSON.stringify(commit.elements))
      return { status: 422, body: { saved: false, reason: "refused", code: "sequence_used", words: "" } };
    if (commit.seq > last) this.stored.push(commit);
    // Deaf: it has stored, and its answer is lost.
    return this.mode === "deaf" ? { status: 0, body: null } : { status: 200, body: { saved: true, seq: this.stored.length } };
  }
  later(path: string, body: string): Promise<Reply> {
    return Promise.resolve(this.now(path, body));
  }
  parting(path: string, body: string): boolean {
    this.now(path, body);
    return true;
  }
  get values(): Record<string, string>[] {
    return this.stored.map((commit) => commit["elements"] as Record<string, string>);
  }
}

class Memory implements Keys {
  readonly kept = new Map<string, string>();
  room = Infinity;
  get length(): number {
    return this.kept.size;
  }
  key(index: number): string | null {
    return [...this.kept.keys()][index] ?? null;
  }
  getItem(key: string): string | null {
    return this.kept.get(key) ?? null;
  }
  setItem(key: string, value: string): void {
    if (value.length > this.room) throw new Error("QuotaExceededError");
    this.kept.set(key, value);
  }
  removeItem(key: string): void {
    this.kept.delete(key);
  }
}

let server: Server;
let memory: Memory;
let time: number;
let due: (() => void)[];
let told: Saving[];
let renewals: number;
const timers: Timers = {
  after(_ms, work) {
    due.push(work);
    return () => (due = due.filter((one) => one !== work));
  },
};

function player(name = "one", seq = server.stored.length, attempt = "A"): { sender: Sender; queue: Queue } {
  const queue = new Queue(memory, "R", name, attempt, seq);
  const watching = { changed: (saving: Saving) => told.push(saving), answered: () => undefined, expired: () => renewals++ };
  return { queue, sender: new Sender(() => "/t/commit", server, queue, timers, () => 0, () => time, watching) };
}

const setting = (elements: Record<string, string>, terminate = false): Pending => ({ sco: "S", elements, terminate, calls: [] });

beforeEach(() => {
  server = new Server();
  memory = new Memory();
  time = 1_000_000;
  due = [];
  told = [];
  renewals = 0;
});

describe("a commit", () => {
  it("is true when the server has it, and kept before it is sent", () => {
    const { sender } = player();
    expect(sender.commit(setting({ a: "1" }))).toMatchObject({ saved: true, seq: 1 });
    expect(memory.kept.size).toBe(0);
    server.mode = "down";
    expect(sender.commit(setting({ a: "2" }))).toMatchObject({ saved: false, reason: "offline" });
    expect([...memory.kept.values()][0]).toContain('"a":"2"');
    expect(told.at(-1)).toMatchObject({ state: "waiting", entries: 1, durable: true });
  });

  it("takes along what waits, in its order, and nothing twice", async () => {
    const { sender } = player();
    server.mode = "down";
    sender.commit(setting({ a: "1", b: "1" }));
    time += 60_000;
    server.mode = "up";
    // The run-time gives again what it has no answer for.
    expect(sender.commit(setting({ a: "1", b: "2" }, true))).toMatchObject({ saved: true, seq: 2 });
    expect(server.values).toEqual([{ a: "1", b: "1" }, { b: "2" }]);
    expect(sender.commit(setting({ a: "1", b: "2" }))).toMatchObject({ saved: true });
    expect(server.stored).toHaveLength(2);
  });

  it("whose answer was lost is sent again under its number and stored once", async () => {
    const { sender } = player();
    server.mode = "deaf";
    expect(sender.commit(setting({ a: "1" })).saved).toBe(false);
    server.mode = "up";
    due.shift()!();
    await sender.drain();
    expect(server.values).toEqual([{ a: "1" }]);
    expect(sender.saving).toEqual({ state: "saved" });
  });

  it("does not hang a package that asks again and again while nobody answers", () => {
    const { sender } = player();
    server.mode = "down";
    for (let n = 0; n < 50; n++) expect(sender.commit(setting({ a: String(n) })).saved).toBe(false);
    expect(server.asked).toBe(1);
  });

  it("with one value that is not taken loses nothing else", () => {
    const { sender } = player();
    server.refuses = "bad";
    const answer = sender.commit(setting({ a: "1", b: "2", bad: "x", c: "3", d: "4" }));
    expect(answer).toMatchObject({ saved: false, reason: "refused" });
    expect(Object.assign({}, ...server.values)).toEqual({ a: "1", b: "2", c: "3", d: "4" });
    expect(sender.commit(setting({ bad: "x", e: "5" }))).toMatchObject({ saved: false, reason: "refused" });
    expect(server.values.at(-1)).toEqual({ e: "5" });
  });

  it("asks for a token when its own has run out", () => {
    const { sender } = player();
    server.mode = "expired";
    expect(sender.commit(setting({ a: "1" })).saved).toBe(false);
    expect(renewals).toBe(1);
  });

  it("of a player that was overtaken is not kept, and says so", () => {
    const { sender } = player();
    server.mode = "stale";
    expect(sender.commit(setting({ a: "1" }))).toMatchObject({ saved: false, reason: "stale" });
    expect(told.at(-1)).toMatchObject({ state: "stopped", lost: 1 });
    expect(memory.kept.size).toBe(0);
    server.mode = "up";
    expect(sender.commit(setting({ a: "2" })).saved).toBe(false);
    expect(server.stored).toHaveLength(0);
  });

  it("says when the browser keeps nothing", () => {
    memory.room = 0;
    const { sender } = player();
    server.mode = "down";
    sender.commit(setting({ a: "1" }));
    expect(told.at(-1)).toMatchObject({ state: "waiting", durable: false });
  });
});

describe("what an earlier visit left behind", () => {
  it("is sent before the package starts, and is what it resumes with", async () => {
    const before = player("one");
    before.sender.commit(setting({ a: "1" }));
    server.mode = "down";
    before.sender.commit(setting({ a: "2" }));
    server.mode = "up";
    const after = player("two");
    const left = await sendLeft(after.queue, server, "/t/commit");
    expect(left).toMatchObject({ sent: 1, lost: 0, waits: null, elements: { S: { a: "2" } } });
    expect(after.sender.commit(setting({ b: "1" }))).toMatchObject({ saved: true, seq: 3 });
    expect(server.values).toEqual([{ a: "1" }, { a: "2" }, { b: "1" }]);
  });

  it("is left out when somebody has gone on elsewhere", async () => {
    const before = player("one");
    server.mode = "down";
    before.sender.commit(setting({ a: "mine" }));
    server.mode = "up";
    server.stored.push({ seq: 1, elements: { a: "theirs" } });
    const left = await sendLeft(player("two").queue, server, "/t/commit");
    expect(left).toMatchObject({ sent: 0, lost: 1 });
    expect(memory.kept.size).toBe(0);
    expect(server.values).toEqual([{ a: "theirs" }]);
  });

  it("of another attempt waits for it", async () => {
    const before = player("one");
    server.mode = "down";
    before.sender.commit(setting({ a: "1" }));
    server.mode = "up";
    expect(await sendLeft(player("two", 0, "B").queue, server, "/t/commit")).toMatchObject({ sent: 0, lost: 0 });
    expect(memory.kept.size).toBe(1);
  });
});

describe("numbers", () => {
  it("are never given twice, whatever happens", async () => {
    const seen = new Set<number>();
    for (const [at, mode] of (["up", "down", "deaf", "up", "down", "up"] as const).entries()) {
      server.mode = "up";
      const { queue, sender } = player(`p${at}`);
      await sendLeft(queue, server, "/t/commit");
      server.mode = mode;
      sender.commit(setting({ a: String(at) }));
      for (const entry of queue.own()) seen.add(entry.seq);
    }
    server.mode = "up";
    await sendLeft(player("last").queue, server, "/t/commit");
    expect(server.stored.map((commit) => commit["seq"])).toEqual([1, 2, 3, 4, 5, 6]);
    expect(server.values.map((value) => value["a"])).toEqual(["0", "1", "2", "3", "4", "5"]);
  });
});

it("splits what is more than the server takes at once", () => {
  const many = Object.fromEntries(Array.from({ length: 1_900 }, (_, n) => [`e${n}`, "x"]));
  expect(parts(many).map((part) => Object.keys(part).length)).toEqual([800, 800, 300]);
  expect(parts({ a: "x".repeat(200_000), b: "x".repeat(200_000) })).toHaveLength(2);
  expect(Object.assign({}, ...parts(many))).toEqual(many);
});
