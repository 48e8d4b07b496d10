import { describe, expect, test } from "vitest";
import { subtract, union, wholeSeconds, type Interval } from "./intervals";
import { between, chance, whole } from "./testing/random";
import { FakeMedia } from "./testing/media";
import { Time } from "./testing/time";
import { Tracker, type Sample, type Signal } from "./tracker";

const SIGNALS: Signal[] = ["play", "playing", "pause", "timeupdate", "seeking", "seeked", "waiting", "ratechange", "ended"];

interface Bench {
  time: Time;
  media: FakeMedia;
  tracker: Tracker;
  taken: Interval[];
  take(): Interval[];
}

function bench(length = 63, duration = Math.ceil(length), maxRate = 2): Bench {
  const time = new Time();
  const media = new FakeMedia(time, length);
  const tracker = new Tracker({ duration, maxRate });
  const sample = (): Sample => ({
    time: media.currentTime,
    rate: media.playbackRate,
    paused: media.paused,
    ended: media.ended,
    now: time.now,
    wall: 1_732_100_000_000 + time.now,
  });
  for (const signal of SIGNALS) media.addEventListener(signal, () => tracker.handle(signal, sample()));
  tracker.setBounds(0, length);
  tracker.handle("ready", sample());
  const made: Bench = {
    time,
    media,
    tracker,
    taken: [],
    take() {
      tracker.handle("tick", sample());
      const { intervals } = tracker.take();
      made.taken = union(made.taken, intervals);
      return intervals;
    },
  };
  return made;
}

describe("what counts", () => {
  test("play from the start counts from second 0, the begun second waits", async () => {
    const { media, take } = bench();
    await media.play();
    await media.run(4600);
    expect(take()).toEqual([[0, 4]]);
    await media.run(500);
    expect(take()).toEqual([[4, 5]]);
  });

  test("nothing counts before play, while paused, or while the picture waits for data", async () => {
    const { media, take } = bench();
    await media.run(3000);
    expect(take()).toEqual([]);
    await media.play();
    await media.run(2000);
    media.pause();
    await media.run(5000);
    expect(take()).toEqual([[0, 2]]);
    await media.play();
    media.stall();
    await media.run(5000);
    expect(take()).toEqual([]);
    media.unstall();
    await media.run(1000);
    expect(take()).toEqual([[2, 3]]);
  });

  test("a second that was begun before a pause is finished after it", async () => {
    const { media, take } = bench();
    await media.play();
    await media.run(2400);
    media.pause();
    expect(take()).toEqual([[0, 2]]);
    await media.run(700);
    await media.play();
    await media.run(700);
    expect(take()).toEqual([[2, 3]]);
  });

  test("a seek counts only what was played on both sides", async () => {
    const { media, take } = bench();
    await media.play();
    await media.run(3000);
    media.currentTime = 40;
    await media.run(2100);
    expect(take()).toEqual([[0, 3], [40, 42]]);
  });

  test("a jump that the element keeps to itself is a seek", async () => {
    const { media, take, tracker } = bench();
    await media.play();
    await media.run(3000);
    media.silent = true;
    media.currentTime = 50;
    await media.run(2600);
    const intervals = take();
    // The clock's tolerance cannot turn a jump into play: only what followed it counts.
    expect(intervals).toEqual([[0, 3], [51, 52]]);
    expect(tracker.running).toBe(true);
  });

  test("dragging the slider to the end counts nothing", async () => {
    const { media, take } = bench();
    await media.play();
    await media.run(1000);
    for (let at = 5; at <= 63; at += 1.37) {
      media.currentTime = at;
      await media.run(30);
    }
    media.currentTime = 63;
    await media.run(3000);
    expect(media.ended).toBe(true);
    expect(subtract(take(), [[0, 1]])).toEqual([]);
  });

  test("a hidden tab that plays on counts, however seldom the element reports", async () => {
    const { media, take } = bench();
    await media.play();
    media.updateMs = 7000;
    await media.run(30_000);
    expect(take()).toEqual([[0, 30]]);
  });

  test("twice the speed counts at twice the speed, more than the course allows not at all", async () => {
    const { media, take } = bench();
    media.playbackRate = 2;
    await media.play();
    await media.run(5000);
    expect(take()).toEqual([[0, 10]]);
    media.playbackRate = 3;
    await media.run(5000);
    expect(take()).toEqual([]);
    media.playbackRate = 1;
    await media.run(3100);
    expect(take()).toEqual([[25, 28]]);
  });

  test("a player that never said that it plays is believed once it moves", async () => {
    const { media, tracker, time } = bench();
    const at = (position: number, now: number): Sample => ({
      time: position, rate: 1, paused: false, ended: false, now, wall: now,
    });
    tracker.handle("timeupdate", at(0, time.now));
    for (let i = 1; i <= 16; i += 1) tracker.handle("timeupdate", at(i * 0.25, i * 250));
    expect(tracker.take().intervals).toEqual([[0, 4]]);
    expect(media.paused).toBe(true);
  });

  test("an element that says it is paused is believed, with or without an event", () => {
    const tracker = new Tracker({ duration: 63, maxRate: 2 });
    const sample = (time: number, now: number, paused: boolean): Sample => ({ time, rate: 1, paused, ended: false, now, wall: now });
    tracker.handle("play", sample(0, 0, false));
    tracker.handle("timeupdate", sample(0.25, 250, false));
    expect(tracker.running).toBe(true);
    tracker.handle("timeupdate", sample(0.3, 300, true));
    expect(tracker.running).toBe(false);
    tracker.handle("seeking", sample(20, 400, true));
    tracker.handle("seeked", sample(20, 450, true));
    expect(tracker.running).toBe(false);
  });

  test("forget drops what was not taken, also the begun second", async () => {
    const { media, take, tracker } = bench();
    await media.play();
    await media.run(3600);
    tracker.forget();
    await media.run(600);
    expect(take()).toEqual([]);
    await media.run(1000);
    expect(take()).toEqual([[4, 5]]);
  });
});

describe("the edges of a video", () => {
  test("the last part of a second counts when the end was played to", async () => {
    const { media, take } = bench(62.96, 63);
    media.currentTime = 60;
    await media.run(100);
    await media.play();
    await media.run(4000);
    expect(media.ended).toBe(true);
    expect(take()).toEqual([[60, 63]]);
  });

  test("a video that is longer than the server knows gives no second beyond it", async () => {
    const { media, take } = bench(63.4, 63);
    media.currentTime = 61;
    await media.run(100);
    await media.play();
    await media.run(4000);
    expect(take()).toEqual([[61, 63]]);
  });

  test("a video that ends long before the server's length gives nothing for the rest", async () => {
    const { media, take } = bench(40.5, 63);
    media.currentTime = 38;
    await media.run(100);
    await media.play();
    await media.run(4000);
    expect(take()).toEqual([[38, 40]]);
  });

  test("an end that was not played to adds nothing to what is played before it", () => {
    const tracker = new Tracker({ duration: 63, maxRate: 2 });
    tracker.setBounds(0, 62.5);
    const sample = (time: number, now: number, ended = false): Sample => ({ time, rate: 1, paused: ended, ended, now, wall: now });
    tracker.handle("seeked", sample(62.1, 0));
    tracker.handle("ended", sample(62.1, 10, true));
    tracker.handle("seeked", sample(61, 100));
    for (let i = 1; i <= 11; i += 1) tracker.handle("timeupdate", sample(61 + i * 0.1, 100 + i * 100));
    expect(tracker.take().intervals).toEqual([[61, 62]]);
  });

  test("a stream whose first frame is late still has a second 0", () => {
    const tracker = new Tracker({ duration: 10, maxRate: 2 });
    tracker.setBounds(0.08, 10);
    const sample = (time: number, now: number): Sample => ({ time, rate: 1, paused: false, ended: false, now, wall: now });
    tracker.handle("seeked", sample(0.13, 0));
    for (let i = 1; i <= 8; i += 1) tracker.handle("timeupdate", sample(0.13 + i * 0.25, i * 250));
    expect(tracker.take().intervals).toEqual([[0, 2]]);
  });

  test("watching again is reported again", async () => {
    const { media, take } = bench(5);
    await media.play();
    await media.run(5100);
    expect(take()).toEqual([[0, 5]]);
    await media.play();
    await media.run(3100);
    expect(take()).toEqual([[0, 3]]);
  });
});

describe("what is logged", () => {
  test("play, pause, seek and speed with their places", async () => {
    const { media, tracker } = bench();
    await media.play();
    await media.run(2000);
    media.playbackRate = 1.5;
    media.pause();
    media.currentTime = 20;
    await media.run(100);
    await media.play();
    const { events } = tracker.take();
    expect(events.map(({ type, at, data }) => ({ type, at, data }))).toEqual([
      { type: "play", at: 0, data: undefined },
      { type: "ratechange", at: 2, data: { from: 1, to: 1.5 } },
      { type: "pause", at: 2, data: undefined },
      { type: "seek", at: 20, data: { from: 2, to: 20 } },
      { type: "play", at: 20, data: undefined },
    ]);
    expect(events.every(({ t }) => t >= 1_732_100_000_000)).toBe(true);
  });

  test("a dragged slider is one seek", async () => {
    const { media, tracker } = bench();
    await media.play();
    await media.run(2000);
    media.pause();
    tracker.take();
    for (const at of [10, 11, 14, 9, 30]) {
      media.currentTime = at;
      await media.run(60);
    }
    expect(tracker.take().events).toMatchObject([{ type: "seek", data: { from: 2, to: 30 } }]);
  });

  test("nothing before the person has pressed play", async () => {
    const { media, tracker } = bench();
    media.playbackRate = 1.25;
    media.currentTime = 12;
    await media.run(100);
    expect(tracker.take().events).toEqual([]);
  });

  test("the end is no pause", async () => {
    const { media, tracker } = bench(3);
    await media.play();
    await media.run(4000);
    expect(tracker.take().events.map(({ type }) => type)).toEqual(["play"]);
  });
});

/** Does anything that a person, a browser or a script may do, for about two minutes. */
async function anything({ media, take }: Bench, random: () => number): Promise<void> {
  for (let i = 0; i < 60; i += 1) {
    media.silent = false;
    const dice = random();
    if (dice < 0.3) await media.play();
    else if (dice < 0.4) media.pause();
    else if (dice < 0.55) media.currentTime = between(random, 0, media.duration);
    else if (dice < 0.62) {
      const far = (media.currentTime + between(random, 6, media.duration - 6)) % media.duration;
      media.silent = true;
      media.currentTime = far;
    } else if (dice < 0.7) media.stall();
    else if (dice < 0.85) media.unstall();
    else if (dice < 0.93) media.playbackRate = [0.5, 1, 1.25, 2, 3, 16][whole(random, 0, 5)] ?? 1;
    media.updateMs = random() < 0.15 ? 1000 : between(random, 150, 300);
    media.seekMs = between(random, 5, 400);
    await media.run(whole(random, 1, 300) * 10);
    if (random() < 0.5) take();
  }
  take();
}

describe("whatever happens", () => {
  test("no second counts that was not really played", async () => {
    for (let seed = 1; seed <= 40; seed += 1) {
      const made = bench(between(chance(seed), 20, 63));
      await anything(made, chance(seed));
      const invented = subtract(made.taken, union(made.media.truth, [[Math.floor(made.media.duration), 99]]));
      const beyondRounding = invented.filter(([start, end]) => end - start > 1e-6);
      expect(beyondRounding, `seed ${seed}`).toEqual([]);
    }
  }, 60_000);

  test("all that is played without a break counts, wherever it is cut, paused or held up", async () => {
    for (let seed = 1; seed <= 40; seed += 1) {
      const random = chance(seed);
      const made = bench(63);
      const { media, take } = made;
      media.currentTime = between(random, 0, 20);
      await media.run(500);
      media.truth = [];
      for (let i = 0; i < 40 && !media.ended; i += 1) {
        const dice = random();
        if (dice < 0.2) media.pause();
        else if (dice < 0.3) media.stall();
        else {
          media.unstall();
          await media.play();
        }
        if (random() < 0.2) media.playbackRate = [0.75, 1, 1.5, 2][whole(random, 0, 3)] ?? 1;
        media.updateMs = between(random, 100, 1000);
        await media.run(whole(random, 1, 250) * 10);
        if (random() < 0.4) take();
        if (media.ended) break;
      }
      take();
      expect(made.taken, `seed ${seed}`).toEqual(wholeSeconds(media.truth).seconds);
    }
  }, 60_000);
});
