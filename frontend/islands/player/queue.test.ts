import { describe, expect, test } from "vitest";
import type { Heartbeat, Opened, PlaybackEvent } from "./protocol";
import { PlaybackQueue, storedPlaybacks, type Ids } from "./queue";
import { MemoryStorage, memoryStore } from "./testing/store";

const IDS: Ids = { user: "u1", video: "v1", lesson: "l1", enrollment: "e1" };
const OPENED: Opened = { playbackId: "p1", nonce: "n0", seq: 0, rate: 2, watched: [], goalSeconds: 57 };

function event(at: number): PlaybackEvent {
  return { type: "pause", at, t: 1 };
}

function heartbeat(queue: PlaybackQueue): Heartbeat {
  return JSON.parse(queue.nextBody() ?? "null") as Heartbeat;
}

describe("what lies on the device", () => {
  test("is nothing before anything was played, and nothing once all is acknowledged", () => {
    const store = memoryStore();
    const queue = PlaybackQueue.begin(store, IDS);
    queue.bind(OPENED);
    queue.add({ intervals: [], events: [] }, 12.7);
    expect(storedPlaybacks(store, "u1")).toEqual([]);
    queue.add({ intervals: [[0, 3]], events: [] }, 3.2);
    expect(storedPlaybacks(store, "u1")).toHaveLength(1);
    queue.nextBody();
    queue.acknowledge("n1", 1);
    expect(storedPlaybacks(store, "u1")).toEqual([]);
    expect(queue.length).toBe(0);
  });

  test("is written before add returns, and is all there after a reload", () => {
    const store = memoryStore();
    const queue = PlaybackQueue.begin(store, IDS);
    queue.bind(OPENED);
    queue.add({ intervals: [[0, 3]], events: [event(3)] }, 3.9);
    const again = PlaybackQueue.load(store, queue.key);
    expect(again?.ids).toEqual(IDS);
    expect(again?.unsent).toEqual([[0, 3]]);
    expect(again?.position).toBe(3);
    expect(again?.nextBody()).toBe(queue.nextBody());
  });

  test("has a key of its own for each playback and person", () => {
    const store = memoryStore();
    for (const [user, playback] of [["u1", "p1"], ["u1", "p2"], ["u2", "p3"]] as const) {
      const queue = PlaybackQueue.begin(store, { ...IDS, user });
      queue.bind({ ...OPENED, playbackId: playback });
      queue.add({ intervals: [[0, 1]], events: [] }, 1);
    }
    expect(storedPlaybacks(store, "u1")).toHaveLength(2);
    expect(storedPlaybacks(store, "u2")).toHaveLength(1);
    expect(storedPlaybacks(store, "u")).toEqual([]);
  });

  test("is left alone where it cannot be read, and removed", () => {
    const store = memoryStore();
    for (const text of ["", "{", "null", "[]", '{"v":2}', '{"v":1,"user":"u1","video":"v1","intervals":7}']) {
      store.set("collegium.playback/u1/v1/x", text);
      expect(PlaybackQueue.load(store, "collegium.playback/u1/v1/x")).toBeUndefined();
      expect(store.get("collegium.playback/u1/v1/x")).toBeNull();
    }
  });

  test("stays in memory where the device is full, and says so", () => {
    const storage = new MemoryStorage();
    const queue = PlaybackQueue.begin(memoryStore(storage), IDS);
    storage.full = true;
    queue.bind(OPENED);
    queue.add({ intervals: [[0, 3]], events: [] }, 3);
    expect(queue.durable).toBe(false);
    expect(queue.unsent).toEqual([[0, 3]]);
    storage.full = false;
    queue.add({ intervals: [[3, 4]], events: [] }, 4);
    expect(queue.durable).toBe(true);
    expect(storage.getItem(queue.key)).toContain("[[0,4]]");
  });

  test("is bounded, however long the server is away", () => {
    const storage = new MemoryStorage();
    const queue = PlaybackQueue.begin(memoryStore(storage), IDS);
    queue.bind(OPENED);
    for (let i = 0; i < 5000; i += 1) {
      const seek: PlaybackEvent = { type: "seek", at: i, t: 1_732_100_000_000, data: { from: i, to: i + 2 } };
      queue.add({ intervals: [[2 * i, 2 * i + 1]], events: [seek] }, i);
    }
    expect((storage.getItem(queue.key) ?? "").length).toBeLessThan(100_000);
    for (let body = queue.nextBody(); body !== null; body = queue.nextBody()) {
      expect(body.length).toBeLessThan(60_000);
      const { intervals, events, seq } = JSON.parse(body) as Heartbeat;
      expect(intervals.length).toBeLessThanOrEqual(200);
      expect(events.length).toBeLessThanOrEqual(100);
      queue.acknowledge(`n${seq}`, seq);
    }
    expect(queue.length).toBe(0);
  }, 30_000);
});

describe("a heartbeat", () => {
  test("carries what was played, sorted and disjoint, with the next number and the last nonce", () => {
    const queue = PlaybackQueue.begin(memoryStore(), IDS);
    queue.bind({ ...OPENED, seq: 4, nonce: "n4" });
    queue.add({ intervals: [[20, 25]], events: [event(25)] }, 25.4);
    queue.add({ intervals: [[4, 9], [23, 27]], events: [] }, 27.9);
    expect(heartbeat(queue)).toEqual({
      playback_id: "p1",
      seq: 5,
      nonce: "n4",
      intervals: [[4, 9], [20, 27]],
      position: 27,
      events: [event(25)],
    });
  });

  test("is the same text until it is acknowledged, whatever is played meanwhile", () => {
    const queue = PlaybackQueue.begin(memoryStore(), IDS);
    queue.bind(OPENED);
    queue.add({ intervals: [[0, 10]], events: [] }, 10);
    const first = queue.nextBody();
    queue.add({ intervals: [[10, 20]], events: [event(20)] }, 20);
    expect(queue.nextBody()).toBe(first);
    queue.acknowledge("n1", 1);
    expect(heartbeat(queue)).toMatchObject({ seq: 2, nonce: "n1", intervals: [[10, 20]] });
  });

  test("survives a reload as the same text", () => {
    const store = memoryStore();
    const queue = PlaybackQueue.begin(store, IDS);
    queue.bind(OPENED);
    queue.add({ intervals: [[0, 10]], events: [] }, 10);
    const first = queue.nextBody();
    queue.add({ intervals: [[10, 11]], events: [] }, 11);
    expect(PlaybackQueue.load(store, queue.key)?.nextBody()).toBe(first);
  });

  test("is not made without a playback, and not when there is nothing to say", () => {
    const queue = PlaybackQueue.begin(memoryStore(), IDS);
    queue.add({ intervals: [[0, 10]], events: [] }, 10);
    expect(queue.nextBody()).toBeNull();
    queue.bind(OPENED);
    queue.nextBody();
    queue.acknowledge("n1", 1);
    queue.add({ intervals: [], events: [] }, 33);
    expect(queue.nextBody()).toBeNull();
  });
});

describe("another playback", () => {
  test("gets what was played before the server had opened one", () => {
    const store = memoryStore();
    const queue = PlaybackQueue.begin(store, IDS);
    queue.add({ intervals: [[0, 2]], events: [] }, 2);
    queue.bind({ ...OPENED, watched: [[0, 30]] });
    expect(heartbeat(queue).intervals).toEqual([[0, 2]]);
    expect(storedPlaybacks(store, "u1")).toEqual([queue.key]);
  });

  test("gets what an earlier one refused, less what was counted after all", () => {
    const store = memoryStore();
    const queue = PlaybackQueue.begin(store, IDS);
    queue.bind(OPENED);
    queue.add({ intervals: [[0, 6]], events: [] }, 6);
    queue.nextBody();
    queue.add({ intervals: [[6, 8]], events: [] }, 8);
    queue.unbind();
    expect(queue.nextBody()).toBeNull();
    expect(PlaybackQueue.load(store, queue.key)?.unsent).toEqual([[0, 8]]);
    queue.bind({ ...OPENED, playbackId: "p2", nonce: "m0", watched: [[0, 4]] });
    expect(heartbeat(queue)).toMatchObject({ playback_id: "p2", seq: 1, nonce: "m0", intervals: [[4, 8]] });
  });

  test("gets at most eight seconds of it with each heartbeat", () => {
    const queue = PlaybackQueue.begin(memoryStore(), IDS);
    queue.add({ intervals: [[0, 5], [10, 40]], events: [] }, 40);
    queue.unbind();
    queue.bind(OPENED);
    const sizes: unknown[] = [];
    for (let body = queue.nextBody(); body !== null; body = queue.nextBody()) {
      const { intervals, seq } = JSON.parse(body) as Heartbeat;
      sizes.push(intervals);
      queue.acknowledge(`n${seq}`, seq);
    }
    expect(sizes).toEqual([[[0, 5], [10, 13]], [[13, 21]], [[21, 29]], [[29, 37]], [[37, 40]]]);
  });

  test("takes over what a page that is gone could not open", () => {
    const store = memoryStore();
    const gone = PlaybackQueue.begin(store, IDS);
    gone.add({ intervals: [[0, 2]], events: [] }, 2);
    const queue = PlaybackQueue.begin(store, IDS);
    queue.adopt(gone);
    expect(storedPlaybacks(store, "u1")).toEqual([queue.key]);
    expect(queue.unsent).toEqual([[0, 2]]);
  });
});

test("discard gives back every second it drops, and nothing is written afterwards", () => {
  const store = memoryStore();
  const queue = PlaybackQueue.begin(store, IDS);
  queue.bind(OPENED);
  queue.add({ intervals: [[0, 6]], events: [] }, 6);
  queue.nextBody();
  queue.add({ intervals: [[6, 8]], events: [] }, 8);
  expect(queue.discard()).toEqual([[0, 8]]);
  queue.add({ intervals: [[8, 9]], events: [] }, 9);
  expect(storedPlaybacks(store, "u1")).toEqual([]);
  expect(queue.nextBody()).toBeNull();
});
