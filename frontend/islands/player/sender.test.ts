import { beforeEach, describe, expect, test } from "vitest";
import { subtract, total, union, type Interval } from "./intervals";
import { PlaybackQueue } from "./queue";
import { FRESH, INTERVAL, Sender, Unanswered, type SendState } from "./sender";
import { chance, whole } from "./testing/random";
import { problem, Server, type Fault } from "./testing/server";
import { memoryStore } from "./testing/store";
import { Time } from "./testing/time";

let time: Time;
let server: Server;
let queue: PlaybackQueue;
let states: SendState[];
let dropped: Interval[];
let outAtOnce: number;
let before: () => Promise<void>;

function sender(random: () => number = () => 0): Sender {
  let out = 0;
  return new Sender({
    queue,
    post: async (url, body) => {
      out += 1;
      outAtOnce = Math.max(outAtOnce, out);
      try {
        return await server.post(url, body);
      } finally {
        out -= 1;
      }
    },
    openUrl: "/open",
    heartbeatUrl: "/beat",
    timers: time,
    now: () => time.now,
    random,
    hooks: {
      onState: (state) => states.push(state),
      onOpened: () => undefined,
      onCounted: () => undefined,
      onDropped: (lost) => dropped.push(...lost),
      beforeOpen: () => before(),
    },
  });
}

function play(from: number, to: number): void {
  queue.add({ intervals: [[from, to]], events: [] }, to);
}

function kinds(): string[] {
  return states.map(({ kind }) => kind);
}

beforeEach(() => {
  time = new Time();
  server = new Server(10_000, 57);
  queue = PlaybackQueue.begin(memoryStore(), { user: "u", video: "v", lesson: "l", enrollment: "e" }, () => time.now);
  states = [];
  dropped = [];
  outAtOnce = 0;
  before = () => Promise.resolve();
});

describe("when it sends", () => {
  test("nothing before it is begun", async () => {
    const made = sender();
    play(0, 1);
    made.flush(true);
    await time.advance(60_000);
    expect(server.opened).toBe(0);
  });

  test("every ten seconds, and at once when told to", async () => {
    const made = sender();
    made.begin();
    await time.advance(0);
    expect(server.opened).toBe(1);
    play(0, 9);
    await time.advance(INTERVAL - 1);
    expect(server.counted).toEqual([]);
    await time.advance(1);
    expect(server.watched).toEqual([[0, 9]]);
    play(9, 12);
    made.flush();
    await time.advance(0);
    expect(server.watched).toEqual([[0, 12]]);
  });

  test("nothing when there is nothing to say", async () => {
    sender().begin();
    await time.advance(120_000);
    expect(server.arrived).toEqual([]);
  });

  test("one request at a time; what comes meanwhile goes next", async () => {
    const made = sender();
    made.begin();
    play(0, 1);
    made.flush();
    play(1, 2);
    made.flush();
    made.flush(true);
    await time.advance(0);
    expect(outAtOnce).toBe(1);
    expect(server.watched).toEqual([[0, 2]]);
    expect(server.counted.map(({ seq }) => seq)).toEqual(server.counted.map((_, i) => i + 1));
  });
});

describe("when no answer comes", () => {
  test("the very same text goes again, and what was played meanwhile only after it", async () => {
    const made = sender();
    made.begin();
    await time.advance(0);
    play(0, 5);
    server.faults.push("answer is lost", "never arrives");
    made.flush();
    await time.advance(0);
    play(5, 9);
    await time.advance(60_000);
    const texts = server.arrived.map((body) => JSON.stringify(body));
    expect(texts[0]).toBe(texts[1]);
    expect(server.counted.map(({ intervals }) => intervals)).toEqual([[[0, 5]], [[5, 9]]]);
    expect(queue.length).toBe(0);
  });

  test("it waits 1, 2, 4 … 30 seconds", async () => {
    const made = sender();
    made.begin();
    await time.advance(0);
    play(0, 5);
    server.down = "never arrives";
    const tries: number[] = [];
    const post = server.post;
    Object.defineProperty(server, "post", {
      value: (url: string, body: string) => {
        tries.push(time.now);
        return post(url, body);
      },
    });
    made.flush();
    await time.advance(150_000);
    expect(tries.map((at, i) => at - (tries[i - 1] ?? 0))).toEqual([0, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000]);
    expect(kinds().at(-1)).toBe("offline");
  });

  test("the wait is shortened by chance, never below a second", async () => {
    const { backoff } = await import("./backoff");
    expect(backoff(1, () => 0.99)).toBe(1000);
    expect(backoff(4, () => 0.5)).toBe(6000);
    expect(backoff(40, () => 1)).toBe(15_000);
    expect(backoff(40, () => 0)).toBe(30_000);
  });

  test("being back online ends the wait, a mere pause does not", async () => {
    const made = sender();
    made.begin();
    await time.advance(0);
    play(0, 5);
    server.down = "never arrives";
    made.flush();
    await time.advance(20_000);
    server.down = undefined;
    made.flush();
    await time.advance(0);
    expect(server.counted).toEqual([]);
    made.flush(true);
    await time.advance(0);
    expect(server.watched).toEqual([[0, 5]]);
    expect(kinds().at(-1)).toBe("saved");
  });

  test("everything that waited is sent before it says that all is saved", async () => {
    const made = sender();
    made.begin();
    await time.advance(0);
    server.faults.push("never arrives");
    play(0, 5);
    made.flush();
    await time.advance(0);
    play(5, 9);
    states = [];
    await time.advance(1000);
    expect(kinds()).toEqual(["saved"]);
    expect(queue.length).toBe(0);
  });

  test.each<[string, Fault]>([
    ["a failing server", problem(503, "unavailable")],
    ["a network that wants a login", "captive portal"],
  ])("%s is taken for no answer", async (_name, fault) => {
    const made = sender();
    made.begin();
    await time.advance(0);
    play(0, 5);
    server.faults.push(fault);
    made.flush();
    await time.advance(0);
    expect(kinds().at(-1)).toBe("offline");
    await time.advance(1000);
    expect(server.watched).toEqual([[0, 5]]);
  });

  test("the opening is tried again too, and what was played meanwhile is kept", async () => {
    const made = sender();
    server.faults.push("never arrives", problem(502, ""));
    play(0, 2);
    made.begin();
    await time.advance(10_000);
    expect(server.watched).toEqual([[0, 2]]);
  });
});

describe("when the server says no", () => {
  test("too fast: the same text after as long as it asks, whatever else happens", async () => {
    const made = sender();
    made.begin();
    await time.advance(0);
    play(0, 5);
    server.faults.push(problem(422, "too_fast", { retry_after: 7 }));
    made.flush();
    await time.advance(0);
    play(5, 7);
    made.flush(true);
    await time.advance(6999);
    expect(server.counted).toEqual([]);
    await time.advance(1);
    expect(server.counted.map(({ seq, intervals }) => [seq, intervals])).toEqual([[1, [[0, 5]]]]);
    await time.advance(INTERVAL);
    expect(server.counted.map(({ seq, intervals }) => [seq, intervals])).toEqual([[1, [[0, 5]]], [2, [[5, 7]]]]);
  });

  test("too fast: a player at the very limit does not hammer", async () => {
    const made = sender();
    made.begin();
    await time.advance(0);
    let refused = false;
    const post = server.post;
    Object.defineProperty(server, "post", {
      value: (url: string, body: string) => {
        refused = url === "/beat" && !refused;
        if (refused) server.faults.push(problem(422, "too_fast", { retry_after: 0.3 }));
        return post(url, body);
      },
    });
    for (let second = 0; second < 60; second += 1) {
      play(second, second + 1);
      await time.advance(1000);
    }
    expect(server.arrived.length).toBeLessThanOrEqual(12);
  });

  test("too many: waits as long as it asks", async () => {
    const made = sender();
    made.begin();
    await time.advance(0);
    play(0, 5);
    server.faults.push({ status: 429, body: undefined, retryAfter: 20 });
    made.flush();
    await time.advance(19_999);
    expect(server.counted).toEqual([]);
    await time.advance(1);
    expect(server.watched).toEqual([[0, 5]]);
  });

  test("taken over: stops, drops what cannot be counted, and says how much", async () => {
    const made = sender();
    made.begin();
    await time.advance(0);
    play(0, 5);
    server.open();
    made.flush();
    await time.advance(60_000);
    expect(states.at(-1)).toEqual({ kind: "taken-over", lost: [[0, 5]] });
    expect(server.arrived).toHaveLength(1);
    expect(made.halted).toBe(true);

    queue = PlaybackQueue.begin(memoryStore(), queue.ids);
    made.resume(queue);
    await time.advance(0);
    play(5, 8);
    made.flush();
    await time.advance(0);
    expect(server.watched).toEqual([[5, 8]]);
  });

  test("replayed nonce: opens again and sends only what was not counted", async () => {
    const made = sender();
    made.begin();
    await time.advance(0);
    play(0, 3);
    made.flush();
    await time.advance(0);
    play(3, 6);
    server.loseTrack();
    server.watched = [[0, 4]];
    made.flush();
    await time.advance(0);
    expect(server.opened).toBe(2);
    expect(server.counted.at(-1)?.intervals).toEqual([[4, 6]]);
    expect(kinds().at(-1)).toBe("saved");
  });

  test("a server that loses track again and again is given time", async () => {
    const made = sender();
    made.begin();
    await time.advance(0);
    play(0, 3);
    server.faults = Array.from({ length: 20 }, () => problem(409, "replayed_nonce"));
    server.faults = server.faults.flatMap((fault): Fault[] => [fault, "never arrives"]);
    made.flush();
    await time.advance(5000);
    expect(server.arrived.length + server.opened).toBeLessThan(12);
  });

  test("signed out: keeps everything and goes on when told that somebody is back", async () => {
    const made = sender();
    made.begin();
    await time.advance(0);
    play(0, 5);
    server.down = problem(401, "unauthenticated");
    made.flush();
    await time.advance(60_000);
    expect(kinds().at(-1)).toBe("signed-out");
    expect(server.arrived).toHaveLength(1);
    expect(queue.unsent).toEqual([[0, 5]]);
    server.down = undefined;
    made.resume();
    await time.advance(0);
    expect(server.watched).toEqual([[0, 5]]);
    expect(server.opened).toBe(1);
  });

  test("locked: stops, says why, and keeps what was played", async () => {
    const made = sender();
    server.down = problem(403, "locked", { detail: "This lesson opens on Monday." });
    play(0, 2);
    made.begin();
    await time.advance(60_000);
    expect(states.at(-1)).toEqual({ kind: "refused", detail: "This lesson opens on Monday." });
    expect(queue.unsent).toEqual([[0, 2]]);
  });

  test("a text that it will never take is dropped with a word, and the next one goes", async () => {
    const made = sender();
    made.begin();
    await time.advance(0);
    play(20_000, 20_005);
    made.flush();
    await time.advance(0);
    expect(dropped).toEqual([[20_000, 20_005]]);
    play(0, 5);
    await time.advance(INTERVAL);
    expect(server.watched).toEqual([[0, 5]]);
  });
});

test("a tab that stood open overnight opens anew instead of being told that it was taken over", async () => {
  const made = sender();
  made.begin();
  await time.advance(0);
  play(0, 5);
  made.flush();
  await time.advance(FRESH + 1);
  expect(server.opened).toBe(1);
  play(5, 6);
  made.flush();
  await time.advance(0);
  expect(server.opened).toBe(2);
  expect(server.watched).toEqual([[0, 6]]);
  expect(server.counted.at(-1)?.playback_id).toBe("p2");
});

describe("before it opens", () => {
  test("what was left over goes first; without an answer to that it does not open", async () => {
    let ready = false;
    before = () => (ready ? Promise.resolve() : Promise.reject(new Unanswered()));
    sender().begin();
    await time.advance(5000);
    expect(server.opened).toBe(0);
    expect(kinds().at(-1)).toBe("offline");
    ready = true;
    await time.advance(30_000);
    expect(server.opened).toBe(1);
  });

  test("an answer that decides about the person decides here too", async () => {
    before = () => Promise.reject(new Unanswered(problem(401, "")));
    sender().begin();
    await time.advance(5000);
    expect(kinds().at(-1)).toBe("signed-out");
  });
});

test("whatever is lost on the way, each second is counted once and under one number", async () => {
  for (let seed = 1; seed <= 60; seed += 1) {
    const random = chance(seed);
    time = new Time();
    server = new Server(10_000, 9999);
    queue = PlaybackQueue.begin(memoryStore(), { user: "u", video: "v", lesson: "l", enrollment: null }, () => time.now);
    const made = sender(random);
    made.begin();
    let at = 0;
    for (let i = 0; i < 40; i += 1) {
      const dice = random();
      if (dice < 0.25) server.faults.push("never arrives");
      else if (dice < 0.5) server.faults.push("answer is lost");
      else if (dice < 0.55) server.faults.push("captive portal");
      else if (dice < 0.6) server.faults.push(problem(500, ""));
      else if (dice < 0.65) server.faults.push(problem(422, "too_fast", { retry_after: whole(random, 1, 9) }));
      const next = at + whole(random, 1, 9);
      play(at, next);
      at = next;
      if (random() < 0.4) made.flush(random() < 0.5);
      await time.advance(whole(random, 0, 12_000));
    }
    server.faults = [];
    await time.advance(120_000);
    expect(server.watched, `seed ${seed}`).toEqual([[0, at]]);
    // The sum, not only the union: nothing travelled under two numbers.
    const sum = server.counted.reduce((seconds, { intervals }) => seconds + total(intervals), 0);
    expect(sum, `seed ${seed}`).toBe(at);
    const bodies = new Map<string, string>();
    for (const body of server.arrived) {
      const name = `${body.playback_id} ${body.seq}`;
      expect(bodies.get(name) ?? JSON.stringify(body), `seed ${seed}`).toBe(JSON.stringify(body));
      bodies.set(name, JSON.stringify(body));
    }
    expect(subtract([[0, at]], union(...server.counted.map(({ intervals }) => intervals)))).toEqual([]);
    expect(outAtOnce).toBe(1);
  }
}, 60_000);
