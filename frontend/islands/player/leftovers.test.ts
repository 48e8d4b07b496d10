import { beforeEach, describe, expect, test } from "vitest";
import { total } from "./intervals";
import { adoptLeftovers, leftPosition, sendLeftovers, type Leftover, type LeftoverOptions } from "./leftovers";
import { readOpened } from "./protocol";
import { PlaybackQueue, storedPlaybacks, type Ids } from "./queue";
import { Unanswered } from "./sender";
import type { KeyStore } from "./store";
import { FakeLeases } from "./testing/leases";
import { problem, Server } from "./testing/server";
import { memoryStore } from "./testing/store";
import { Time } from "./testing/time";

const IDS: Ids = { user: "u1", video: "v1", lesson: "l1", enrollment: "e1" };

let store: KeyStore;
let server: Server;
let time: Time;
let leases: FakeLeases;
let told: Leftover[];
let storedWhenTold: number;

beforeEach(() => {
  store = memoryStore();
  server = new Server();
  time = new Time();
  leases = new FakeLeases();
  told = [];
  storedWhenTold = -1;
});

function options(): LeftoverOptions {
  return {
    store,
    leases,
    post: server.post,
    heartbeatUrl: "/beat",
    user: "u1",
    timers: time,
    now: () => time.now,
    own: () => "",
    tell(leftover) {
      storedWhenTold = storedPlaybacks(store, "u1").length;
      told.push(leftover);
    },
  };
}

/** A page that played, and is gone. */
function left(ids: Partial<Ids> = {}, from = 0, to = 6): PlaybackQueue {
  const opened = readOpened(server.open().body);
  if (opened === undefined) throw new Error("not opened");
  const queue = PlaybackQueue.begin(store, { ...IDS, ...ids }, () => time.now);
  queue.bind(opened);
  queue.add({ intervals: [[from, to]], events: [] }, to);
  return queue;
}

describe("what an earlier page left", () => {
  test("goes under its own playback, and is gone then", async () => {
    left();
    await sendLeftovers(options());
    expect(server.watched).toEqual([[0, 6]]);
    expect(server.opened).toBe(1);
    expect(storedPlaybacks(store, "u1")).toEqual([]);
    expect(told).toMatchObject([{ fate: "counted", seconds: [[0, 6]], video: "v1" }]);
  });

  test("begins with the text that was out, unchanged, although its answer was lost", async () => {
    const queue = left();
    const text = queue.nextBody();
    queue.add({ intervals: [[6, 9]], events: [] }, 9);
    server.faults.push("answer is lost");
    await server.post("/beat", text ?? "").catch(() => undefined);
    await sendLeftovers(options());
    expect(JSON.stringify(server.arrived[1])).toBe(text);
    expect(server.counted.map(({ intervals }) => intervals)).toEqual([[[0, 6]], [[6, 9]]]);
  });

  test("is left alone while a page plays it, and where it is another person's", async () => {
    const queue = left();
    leases.held.add(queue.key);
    left({ user: "u2" });
    await sendLeftovers(options());
    expect(server.arrived).toEqual([]);
    expect(storedPlaybacks(store, "u1")).toHaveLength(1);
    expect(storedPlaybacks(store, "u2")).toHaveLength(1);
  });

  test("is dropped when it was taken over, but not before the person was told", async () => {
    left();
    server.open();
    await sendLeftovers(options());
    expect(told).toMatchObject([{ fate: "taken-over", seconds: [[0, 6]] }]);
    expect(storedWhenTold).toBe(1);
    expect(storedPlaybacks(store, "u1")).toEqual([]);
    expect(server.watched).toEqual([]);
  });

  test.each([
    ["no network", "never arrives" as const, undefined],
    ["a person who is signed out", problem(401, "unauthenticated"), 401],
    ["a network that wants a login", "captive portal" as const, undefined],
  ])("stays with %s, and nothing may open", async (_name, fault, status) => {
    left();
    server.down = fault;
    const failure = await sendLeftovers(options()).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(Unanswered);
    expect((failure as Unanswered).answer?.status).toBe(status);
    expect(storedPlaybacks(store, "u1")).toHaveLength(1);
    expect(told).toEqual([]);
  });

  test("is tried three times with a failing server, and then lets the person watch", async () => {
    left();
    server.down = problem(500, "");
    const done = sendLeftovers(options());
    await time.advance(10_000);
    await done;
    expect(server.arrived).toHaveLength(3);
    expect(storedPlaybacks(store, "u1")).toHaveLength(1);
  });

  test("waits where the server says that it comes too fast", async () => {
    left();
    server.faults.push(problem(422, "too_fast", { retry_after: 3 }));
    const done = sendLeftovers(options());
    await time.advance(2999);
    expect(server.watched).toEqual([]);
    await time.advance(1);
    await done;
    expect(server.watched).toEqual([[0, 6]]);
  });

  test("goes on under the next playback where the server lost track, less what it counted", async () => {
    left();
    server.loseTrack();
    server.watched = [[0, 2]];
    await sendLeftovers(options());
    const queue = PlaybackQueue.begin(store, IDS, () => time.now);
    await adoptLeftovers(options(), queue);
    expect(queue.unsent).toEqual([[0, 6]]);
    const opened = readOpened(server.open().body);
    if (opened !== undefined) queue.bind(opened);
    expect(queue.unsent).toEqual([[2, 6]]);
    expect(told).toEqual([]);
  });

  test("is not adopted for another video, nor while its page is there", async () => {
    const other = left({ video: "v2" });
    other.unbind();
    const there = left();
    there.unbind();
    leases.held.add(there.key);
    const queue = PlaybackQueue.begin(store, IDS, () => time.now);
    await adoptLeftovers(options(), queue);
    expect(total(queue.unsent)).toBe(0);
  });

  test("is refused with a word where the lesson is locked now", async () => {
    left();
    server.down = problem(403, "locked", { detail: "This lesson is locked." });
    await sendLeftovers(options());
    expect(told).toMatchObject([{ fate: "refused", detail: "This lesson is locked.", seconds: [[0, 6]] }]);
    expect(storedPlaybacks(store, "u1")).toEqual([]);
  });

  test("is given up after two months", async () => {
    left();
    time.now = 61 * 24 * 3600 * 1000;
    await sendLeftovers(options());
    expect(server.arrived).toEqual([]);
    expect(told).toMatchObject([{ fate: "refused" }]);
  });
});

test("leftPosition is where the last page of this video was", () => {
  expect(leftPosition(store, "u1", "v1")).toBeUndefined();
  left({}, 0, 6);
  left({ video: "v2" }, 0, 50);
  time.now += 1000;
  left({}, 6, 11);
  expect(leftPosition(store, "u1", "v1")).toBe(11);
});
