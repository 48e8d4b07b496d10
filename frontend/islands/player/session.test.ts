import { beforeEach, describe, expect, test } from "vitest";
import type { Config } from "./config";
import { subtract, total, union, type Interval } from "./intervals";
import type { Leftover } from "./leftovers";
import type { Counted } from "./protocol";
import { PlaybackQueue, storedPlaybacks } from "./queue";
import type { SendState } from "./sender";
import { Session, type Coverage, type SessionHooks } from "./session";
import { FakeLeases } from "./testing/leases";
import { FakeMedia } from "./testing/media";
import { between, chance, whole } from "./testing/random";
import { problem, Server } from "./testing/server";
import { MemoryStorage, memoryStore } from "./testing/store";
import { Time } from "./testing/time";

let time: Time;
let server: Server;
let leases: FakeLeases;
let storage: MemoryStorage;

interface Page {
  session: Session;
  media: FakeMedia;
  states: SendState[];
  /** Whether each of them could be kept on the device. */
  durable: boolean[];
  coverage: Coverage[];
  counted: Counted[];
  leftovers: Leftover[];
  rates: number[];
  /** The page goes without a word, as in a crash. */
  crash(): void;
}

function config(): Config {
  return {
    videoId: "v1",
    lessonId: "l1",
    enrollmentId: "e1",
    userId: "u1",
    duration: server.duration,
    resumeAt: 0,
    maxRate: 2,
    goalSeconds: server.goal,
    watched: union(server.watched),
    src: "x.m3u8",
    poster: "",
    provider: undefined,
    storyboard: "",
    captions: [],
    openUrl: "/open",
    heartbeatUrl: "/beat",
    csrf: "",
    statusUrl: "",
    signInUrl: "",
    tracked: true,
  };
}

/** Collects what a session tells. */
function hooksOf(made: Omit<Page, "session">): SessionHooks {
  return {
    coverage: (coverage) => made.coverage.push(coverage),
    sending(state, durable) {
      made.states.push(state);
      made.durable.push(durable);
    },
    counted: (counted) => made.counted.push(counted),
    leftover: (leftover) => made.leftovers.push(leftover),
    dropped: () => undefined,
    rateRefused: (rate) => made.rates.push(rate),
    rateAllowed: () => undefined,
  };
}

/** A page on the shared clock, device and server. After a crash it hears, writes and sends nothing more. */
async function page(random: () => number = () => 0): Promise<Page> {
  let gone = false;
  const media = new FakeMedia(time, server.duration);
  const mine = new Set<string>();
  const inner = memoryStore(storage);
  const made: Omit<Page, "session"> = {
    media,
    states: [],
    durable: [],
    coverage: [],
    counted: [],
    leftovers: [],
    rates: [],
    crash() {
      gone = true;
      for (const name of mine) leases.held.delete(name);
    },
  };
  const never = new Promise<never>(() => undefined);
  const session = new Session({
    config: config(),
    media,
    store: {
      ...inner,
      set: (key, value) => gone || inner.set(key, value),
      remove: (key) => (gone ? undefined : inner.remove(key)),
    },
    leases: {
      hold(name) {
        mine.add(name);
        return leases.hold(name);
      },
      whileFree: (name, work) => leases.whileFree(name, work),
    },
    post: async (url, body) => {
      if (gone) return never;
      const answer = await server.post(url, body);
      return gone ? never : answer;
    },
    timers: { after: (ms, work) => time.after(ms, () => (gone ? undefined : work())) },
    now: () => time.now,
    wall: () => time.now,
    random,
    hooks: hooksOf(made),
  });
  let started = false;
  void session.start().then(() => {
    started = true;
  });
  await time.advance(0);
  if (!started) await time.advance(5000);
  return { ...made, session };
}

/** What the device holds, as a page that comes next would find it. */
function onDevice(): Interval[] {
  const store = memoryStore(storage);
  return union(...storedPlaybacks(store, "u1").map((key) => PlaybackQueue.load(store, key)?.unsent ?? []));
}

beforeEach(() => {
  time = new Time();
  server = new Server();
  leases = new FakeLeases();
  storage = new MemoryStorage();
});

describe("a page that plays", () => {
  test("opens nothing until the person presses play", async () => {
    const { media } = await page();
    await media.run(30_000);
    expect(server.opened).toBe(0);
    await media.play();
    await media.run(1000);
    expect(server.opened).toBe(1);
  });

  test("has what was played on the device within a second, and on the server within ten", async () => {
    const { media, session } = await page();
    await media.play();
    for (let second = 1; second <= 9; second += 1) {
      await media.run(1000);
      expect(subtract([[0, second - 1]], onDevice())).toEqual([]);
    }
    expect(server.watched).toEqual([]);
    await media.run(1100);
    expect(subtract([[0, 9]], server.watched)).toEqual([]);
    expect(session.watched).toEqual(server.watched);
    expect(session.lastSeq).toBeGreaterThan(0);
  });

  test("sends at once on pause, at the end, and when the page is hidden", async () => {
    const { media, session } = await page();
    await media.play();
    await media.run(3200);
    media.pause();
    await media.run(100);
    expect(server.watched).toEqual([[0, 3]]);
    await media.play();
    await media.run(1000);
    session.leave();
    await media.run(10);
    expect(server.watched).toEqual([[0, 4]]);
    media.currentTime = 61.5;
    await media.run(3000);
    expect(media.ended).toBe(true);
    expect(server.watched).toEqual([[0, 4], [62, 63]]);
    expect(session.queueLength).toBe(0);
  });

  test("sends at once when the goal is first reached, and says that it is complete", async () => {
    server.watched = [[0, 54]];
    const { media, counted } = await page();
    media.currentTime = 54;
    await media.run(100);
    await media.play();
    await media.run(2500);
    expect(server.watched).toEqual([[0, 54]]);
    await media.run(800);
    expect(server.watched).toEqual([[0, 57]]);
    expect(counted.at(-1)?.completed).toBe(true);
    const complete = server.counted.flatMap(({ events }) => events).filter(({ type }) => type === "complete");
    expect(complete).toHaveLength(1);
    await media.run(5000);
    expect(server.counted.flatMap(({ events }) => events).filter(({ type }) => type === "complete")).toHaveLength(1);
  });

  test("shows each second as soon as it is played", async () => {
    const { media, coverage } = await page();
    await media.play();
    await media.run(5300);
    expect(coverage.at(-1)).toMatchObject({ unsent: [[0, 5]], goalSeconds: 57 });
  });

  test("goes back to the highest speed allowed, and counts nothing meanwhile", async () => {
    const { media, rates } = await page();
    await media.play();
    await media.run(1000);
    media.playbackRate = 16;
    expect(media.playbackRate).toBe(2);
    expect(rates).toEqual([2]);
  });
});

describe("a page that is reloaded", () => {
  test("loses nothing that was played, not even in a crash", async () => {
    const first = await page();
    await first.media.play();
    await first.media.run(14_600);
    first.crash();
    const second = await page();
    expect(server.watched).toEqual([[0, 14]]);
    expect(server.opened).toBe(1);
    expect(second.session.watched).toEqual([[0, 14]]);
    expect(second.leftovers).toMatchObject([{ fate: "counted" }]);
  });

  test("sends what is left before it opens, even when the network comes back only then", async () => {
    const first = await page();
    await first.media.play();
    await first.media.run(3000);
    server.down = "never arrives";
    await first.media.run(9000);
    first.crash();
    const second = await page();
    expect(server.watched).toEqual([]);
    await second.media.play();
    await second.media.run(5000);
    expect(second.states.at(-1)?.kind).toBe("offline");
    server.down = undefined;
    second.session.returned();
    await second.media.run(12_000);
    expect(subtract([[0, 12]], server.watched)).toEqual([]);
    expect(server.counted[0]?.playback_id).toBe("p1");
  });

  test("keeps what was played while no playback could be opened", async () => {
    const first = await page();
    server.down = "never arrives";
    await first.media.play();
    await first.media.run(5100);
    first.crash();
    server.down = undefined;
    const second = await page();
    await second.media.run(1000);
    expect(server.watched).toEqual([[0, 5]]);
    expect(server.opened).toBe(1);
  });
});

describe("two pages", () => {
  test("the later one takes over; the first stops, says so, and counts none of what ran beside it", async () => {
    const one = await page();
    await one.media.play();
    await one.media.run(4000);
    one.session.leave();
    await one.media.run(10);
    const two = await page();
    await Promise.all([two.media.play(), two.media.run(2000)]);
    await one.media.run(10_500);
    const state = one.states.at(-1);
    expect(state?.kind).toBe("taken-over");
    expect(one.media.paused).toBe(true);
    expect(total(state?.kind === "taken-over" ? state.lost : [])).toBeGreaterThan(1);
    expect(subtract(server.watched, [[0, 4]])).toEqual([]);
    // The pause that follows is no news for the playback that took over, nor for one that may come.
    await one.media.run(1000);
    expect(one.session.queueLength).toBe(0);
  });

  test("'Continue here' takes it back and plays on, without what was lost", async () => {
    const one = await page();
    await one.media.play();
    await one.media.run(4000);
    one.session.leave();
    await one.media.run(10);
    server.open();
    await one.media.run(10_400);
    expect(one.media.paused).toBe(true);
    const at = Math.ceil(one.media.currentTime);
    one.session.continueHere();
    await one.media.run(8000);
    one.session.leave();
    await one.media.run(10);
    expect(server.watched[0]).toEqual([0, 4]);
    expect(server.watched[1]?.[0]).toBe(at);
  });

  test("pressing play does the same", async () => {
    const one = await page();
    await one.media.play();
    await one.media.run(2000);
    server.open();
    await one.media.run(10_000);
    expect(one.media.paused).toBe(true);
    await one.media.play();
    await one.media.run(2000);
    expect(server.opened).toBe(3);
    expect(one.states.at(-1)?.kind).toBe("saved");
  });

  test("do not touch what the other still plays", async () => {
    const one = await page();
    await one.media.play();
    await one.media.run(4500);
    await page();
    expect(server.arrived.every(({ playback_id }) => playback_id === "p1")).toBe(true);
    await one.media.run(8000);
    expect(one.states.some(({ kind }) => kind === "taken-over")).toBe(false);
    expect(subtract([[0, 9]], server.watched)).toEqual([]);
  });
});

test("somebody who is signed out is tried again when they come back to the page", async () => {
  const { media, session, states } = await page();
  await media.play();
  await media.run(2000);
  server.down = problem(401, "unauthenticated");
  await media.run(10_000);
  expect(states.at(-1)?.kind).toBe("signed-out");
  server.down = undefined;
  session.returned();
  await media.run(100);
  expect(server.watched).toEqual([[0, 9]]);
});

test("a write that the device refuses is reported as such", async () => {
  storage.full = true;
  const { media, states, durable, session } = await page();
  server.down = "never arrives";
  await media.play();
  await media.run(3000);
  expect(states.at(-1)?.kind).toBe("offline");
  expect(session.queueLength).toBeGreaterThan(0);
  expect(durable.at(-1)).toBe(false);
});

test("whatever people, networks and crashes do, the server counts what was played and nothing else", async () => {
  for (let seed = 1; seed <= 25; seed += 1) {
    const random = chance(seed);
    time = new Time();
    server = new Server(120, 100);
    leases = new FakeLeases();
    storage = new MemoryStorage();
    let truth: Interval[] = [];
    let here = await page(random);
    for (let i = 0; i < 30; i += 1) {
      const { media, session } = here;
      const dice = random();
      if (dice < 0.4) await media.play();
      else if (dice < 0.5) media.pause();
      else if (dice < 0.6) media.currentTime = between(random, 0, 119);
      else if (dice < 0.65) media.stall();
      else if (dice < 0.75) media.unstall();
      else if (dice < 0.82) session.leave();
      else if (dice < 0.9) {
        truth = union(truth, media.truth);
        here.crash();
        here = await page(random);
      } else if (dice < 0.95) session.returned();
      if (random() < 0.2) server.faults.push(random() < 0.5 ? "answer is lost" : "never arrives");
      if (random() < 0.05) server.loseTrack();
      await here.media.run(whole(random, 0, 600) * 10);
    }
    truth = union(truth, here.media.truth);
    server.faults = [];
    here.media.pause();
    await time.advance(300_000);
    here.session.leave();
    await time.advance(300_000);
    const invented = subtract(server.watched, truth).filter(([start, end]) => end - start > 1e-6);
    expect(invented, `seed ${seed}: invented`).toEqual([]);
    expect(here.session.queueLength, `seed ${seed}: unsent`).toBe(0);
    expect(here.session.watched).toEqual(server.watched);
  }
}, 120_000);
