import { beforeEach, describe, expect, test } from "vitest";
import { Connection } from "./connection";
import { el } from "./dom";
import { Time } from "./testing/time";

let line: HTMLElement;
let save: HTMLElement;
let time: Time;
let connection: Connection;

beforeEach(() => {
  line = el("div");
  save = el("span");
  time = new Time();
  connection = new Connection(line, save, "/sign-in?next=%2Flearn", time);
});

describe("the connection line", () => {
  test("says that the connection is lost, and after that that all is saved, for a while", async () => {
    connection.show({ kind: "saving" }, true);
    connection.show({ kind: "saved" }, true);
    expect(line.textContent).toBe("");
    connection.show({ kind: "offline" }, true);
    expect(line.textContent).toBe(
      "Connection lost. Your progress is kept on this device and will be sent when you are back.",
    );
    connection.show({ kind: "saved" }, true);
    expect(line.textContent).toBe("Back online. Everything is saved.");
    await time.advance(10_000);
    expect(line.textContent).toBe("");
  });

  test("does not say that something is kept which is not", () => {
    connection.show({ kind: "offline" }, false);
    expect(line.textContent).toContain("Keep this page open");
    expect(line.textContent).not.toContain("kept on this device");
  });

  test("is not written again while nothing changes, so that it is read out once", () => {
    connection.show({ kind: "offline" }, true);
    const words = line.firstChild;
    connection.show({ kind: "offline" }, true);
    expect(line.firstChild).toBe(words);
  });

  test("leads somebody who is signed out to sign in and back", () => {
    connection.show({ kind: "signed-out" }, true);
    expect(line.textContent).toBe("You are signed out. Your progress is kept on this device; sign in to send it.");
    expect(line.querySelector("a")?.getAttribute("href")).toBe("/sign-in?next=%2Flearn");
  });

  test("is silent when another tab took over: the picture says that", () => {
    connection.show({ kind: "offline" }, true);
    connection.show({ kind: "taken-over", lost: [] }, true);
    expect(line.textContent).toBe("");
  });
});

test("the indicator has a word for each state", () => {
  const words = (["idle", "saving", "saved", "offline", "signed-out"] as const).map((kind) => {
    connection.show({ kind }, true);
    return [save.dataset["saveState"], save.textContent];
  });
  expect(words).toEqual([
    ["idle", ""],
    ["saving", "Saving"],
    ["saved", "Saved"],
    ["offline", "Not saved yet"],
    ["signed-out", "Not saved yet"],
  ]);
});
