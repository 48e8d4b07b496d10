import { expect, test } from "vitest";
import { readConfig } from "./config";

const WHOLE = {
  videoId: "v", lessonId: "l", enrollmentId: "e", userId: "u", duration: 63, resumeAt: 12, maxRate: 2, goalSeconds: 57,
  watched: [[0, 12]], src: "/media/t/master.m3u8", poster: "/p.jpg",
  captions: [{ src: "/c.vtt", lang: "en", label: "English" }, { lang: "de" }],
  openUrl: "/api/v1/playback", heartbeatUrl: "/api/v1/playback/heartbeat", csrf: "t", statusUrl: "/s", tracked: true,
};

test("reads what the page says", () => {
  const config = readConfig(JSON.stringify(WHOLE));
  expect(config).toMatchObject({ ...WHOLE, captions: [WHOLE.captions[0]], signInUrl: "/sign-in" });
});

test("somebody who is not enrolled has no enrollment, and a page without addresses tracks nothing", () => {
  expect(readConfig(JSON.stringify({ ...WHOLE, enrollmentId: null })).enrollmentId).toBeNull();
  expect(readConfig(JSON.stringify({ ...WHOLE, enrollmentId: "null" })).enrollmentId).toBeNull();
  expect(readConfig(JSON.stringify({ ...WHOLE, heartbeatUrl: "" })).tracked).toBe(false);
  expect(readConfig(JSON.stringify({ src: "/x.mp4" }))).toMatchObject({ tracked: false, maxRate: 2, watched: [] });
});

test("a page that names no video is an error", () => {
  expect(() => readConfig("")).toThrow();
  expect(() => readConfig("{}")).toThrow("names no video");
  expect(() => readConfig("[]")).toThrow();
});
