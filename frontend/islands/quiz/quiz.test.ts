import { beforeEach, expect, test } from "vitest";
import { Clock, left, warning } from "./clock";
import { question, read, write } from "./question";
import { type Reply, Sender, type Told } from "./sender";
import { Store } from "./store";
import type { Answer } from "./types";

function shelf(): Storage {
  const kept = new Map<string, string>();
  return {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => void kept.set(key, value),
    removeItem: (key: string) => void kept.delete(key),
  } as unknown as Storage;
}

let said: string[];
let told: Told;
beforeEach(() => {
  said = [];
  told = {
    state: (position, state) => void said.push(`${position} ${state}`),
    newer: (position, answer) => void said.push(`${position} newer ${JSON.stringify(answer)}`),
    saved: () => undefined,
    all: () => undefined,
    clock: () => undefined,
    ended: (words) => void said.push(`ended ${words}`),
    signedOut: () => void said.push("signed out"),
  };
});

const body = (more: object): Reply => ({ status: 200, body: { server_time: "2026-01-01T00:00:00Z", deadline_at: null, answer: null, ...more } });

test("what was not acknowledged is kept on the device and sent when the line is back", async () => {
  const place = shelf();
  const offline = new Sender(new Store("u", "a", place), "/api", () => Promise.reject(new TypeError("offline")), told);
  offline.take(1, { selected: "1" });
  offline.take(1, { selected: "2" });
  expect(await offline.go()).toBe(false);
  offline.stop();
  expect(said.at(-1)).toBe("1 offline");
  const sent: unknown[] = [];
  const later = new Sender(new Store("u", "a", place), "/api", (_method, path, what) => {
    sent.push([path, what]);
    return Promise.resolve(body({ saved: true, seq: 2 }));
  }, told);
  expect(await later.go()).toBe(true);
  expect(sent).toEqual([["/api/answers/1", { answer: { selected: "2" }, seq: 2 }]]);
  expect(new Store("u", "a", place).empty).toBe(true);
});

test("a newer answer from elsewhere is shown, and numbers go on from it", async () => {
  const sent: number[] = [];
  const sender = new Sender(new Store("u", "a", shelf()), "/api", (_method, _path, what) => {
    const { seq } = what as { seq: number };
    sent.push(seq);
    return Promise.resolve(seq < 10 ? body({ saved: false, seq: 9, answer: { text: "theirs" } }) : body({ saved: true, seq }));
  }, told);
  sender.take(4, { text: "mine" });
  await sender.go();
  expect(said.at(-1)).toBe('4 newer {"text":"theirs"}');
  sender.take(4, { text: "again" });
  await sender.go();
  expect(sent).toEqual([1, 10]);
});

test("what is typed while a save is under way is sent after it", async () => {
  const sent: Answer[] = [];
  const sender: Sender = new Sender(new Store("u", "a", shelf()), "/api", (_method, _path, what) => {
    const given = what as { answer: Answer; seq: number };
    sent.push(given.answer);
    if (sent.length === 1) sender.take(2, { text: "b" });
    return Promise.resolve(body({ saved: true, seq: given.seq }));
  }, told);
  sender.take(2, { text: "a" });
  expect(await sender.go()).toBe(true);
  expect(sent).toEqual([{ text: "a" }, { text: "b" }]);
});

test("after the end nothing is sent any more", async () => {
  const sender = new Sender(new Store("u", "a", shelf()), "/api", () => Promise.resolve({ status: 409, body: { detail: "The time is over." } }), told);
  sender.take(1, {});
  await sender.go();
  expect(said.at(-1)).toBe("ended The time is over.");
});

test("the clock is the server's", () => {
  let own = 1000;
  const clock = new Clock("2026-01-01T00:10:00Z", "2026-01-01T00:00:00Z", () => own);
  expect(clock.seconds).toBe(600);
  own += 60_000;
  expect(clock.seconds).toBe(540);
  // The page slept: its own clock stood still for five minutes.
  clock.set("2026-01-01T00:06:00Z", "2026-01-01T00:10:00Z", own, true);
  expect(clock.seconds).toBe(240);
  expect([left(3700), left(700), left(299.2), left(0)]).toEqual(["1 h 2 min left", "12 min left", "5:00 left", "0:00 left"]);
  expect([warning(301, 299), warning(299, 298), warning(61, 60), warning(400, 50)]).toEqual([
    "5 minutes are left.", null, "One minute is left.", "One minute is left.",
  ]);
});

test("an order is an answer from the moment when somebody moved something", () => {
  document.body.innerHTML = `<fieldset data-question="3" data-type="ordering"><div class="quiz-controls"><ol data-order>${["1", "2", "3"]
    .map((id) => `<li><span class="quiz-order-text">Thing ${id}</span><label class="quiz-order-place"><select name="q3-${id}"><option value=""></option><option>1</option><option>2</option><option>3</option></select></label></li>`)
    .join("")}</ol></div></fieldset>`;
  const root = document.querySelector<HTMLElement>("fieldset");
  if (!root) throw new Error("no question");
  const told: Answer[] = [];
  const words: string[] = [];
  question(root, (which) => told.push(which.read()), (heard) => words.push(heard));
  expect(read(root)).toEqual({});
  root.querySelector<HTMLButtonElement>('[aria-label="Move Thing 3 up"]')?.click();
  expect(told).toEqual([{ order: ["1", "3", "2"] }]);
  expect(words).toEqual(["Thing 3 is now 2 of 3."]);
  write(root, { order: ["2", "1", "3"] });
  expect([...root.querySelectorAll(".quiz-order-text")].map((one) => one.textContent)).toEqual(["Thing 2", "Thing 1", "Thing 3"]);
});
