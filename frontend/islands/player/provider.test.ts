import { describe, expect, test, vi } from "vitest";
import type { VideoElement } from "./hls";
import { consent, isProvider, ProviderMedia } from "./provider";
import { Tracker } from "./tracker";

/** A player in a frame: its time moves by itself and is told in jumps. */
class Frame extends EventTarget {
  currentTime = 0;
  playbackRate = 1;
  paused = true;
  duration = 60;
  get buffered(): TimeRanges {
    throw new Error("no player yet");
  }
  play(): Promise<void> {
    return Promise.resolve();
  }
  pause(): void {}
  say(name: string): void {
    this.dispatchEvent(new Event(name));
  }
}

function watched(frame: Frame): { media: ProviderMedia; tracker: Tracker; at: (ms: number) => void } {
  const media = new ProviderMedia(frame as unknown as VideoElement);
  const tracker = new Tracker({ duration: 60, maxRate: 2 });
  let now = 0;
  const sample = () => ({
    time: media.currentTime, rate: media.playbackRate, paused: media.paused, ended: media.ended, now, wall: now,
  });
  for (const signal of ["play", "playing", "pause", "timeupdate", "seeking", "seeked", "ratechange", "ended"] as const) {
    media.addEventListener(signal, () => tracker.handle(signal, sample()));
  }
  return { media, tracker, at: (ms) => (now = ms) };
}

describe("a provider's player", () => {
  test("its guesses about seeking cost no watched second", () => {
    const frame = new Frame();
    const { tracker, at } = watched(frame);
    frame.paused = false;
    frame.say("play");
    frame.say("playing");
    for (let quarter = 1; quarter <= 40; quarter += 1) {
      at(quarter * 250);
      frame.currentTime = quarter / 4;
      frame.say("seeking");
      frame.say("timeupdate");
      frame.say("seeked");
    }
    expect(tracker.take().intervals).toEqual([[0, 10]]);
  });

  test("a real jump counts nothing and is noted", () => {
    const frame = new Frame();
    const { tracker, at } = watched(frame);
    frame.paused = false;
    frame.say("play");
    at(2000);
    frame.currentTime = 2;
    frame.say("timeupdate");
    at(2250);
    frame.currentTime = 40;
    frame.say("timeupdate");
    at(4250);
    frame.currentTime = 42;
    frame.say("timeupdate");
    const { intervals, events } = tracker.take();
    expect(intervals).toEqual([[0, 2], [40, 42]]);
    expect(events.filter((event) => event.type === "seek").map((event) => event.data)).toEqual([{ from: 2, to: 40 }]);
  });

  test("has ended until it plays again, though its frame does not say so", () => {
    const frame = new Frame();
    const { media } = watched(frame);
    frame.say("ended");
    expect(media.ended).toBe(true);
    frame.say("play");
    expect(media.ended).toBe(false);
    expect(media.buffered.length).toBe(0);
  });
});

test("nothing is loaded before somebody asks for it", async () => {
  document.body.innerHTML = "<div><button hidden data-provider-load>Load</button></div>";
  const stage = document.body.firstElementChild as HTMLElement;
  const asked = vi.fn();
  const answer = consent(stage, "youtube").then(asked);
  await Promise.resolve();
  expect(asked).not.toHaveBeenCalled();
  const button = stage.querySelector("button") as HTMLButtonElement;
  expect(button.hidden).toBe(false);
  button.click();
  await answer;
  expect(asked).toHaveBeenCalledOnce();
  await expect(consent(document.createElement("div"), "vimeo")).rejects.toThrow("Vimeo");
});

test("providers are known by name", () => {
  expect(["youtube", "vimeo", "wistia", "upload", "constructor"].filter(isProvider)).toEqual(["youtube", "vimeo", "wistia"]);
});
