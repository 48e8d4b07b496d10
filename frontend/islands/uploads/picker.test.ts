import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { pick } from "./picker.ts";

const CHOICES = [
  { id: "1", url: "/files/1", thumbnail: "/files/1/thumbnail", filename: "house.png", kind: "image", mime: "image/png", bytes: 2940, size: "2.94 kB" },
  { id: "2", url: "/files/2", thumbnail: null, filename: "plan.png", kind: "image", mime: "image/png", bytes: 10, size: "10 bytes" },
];
const asked: string[] = [];
const turn = () => new Promise((resolve) => setTimeout(resolve, 5));
const dialog = () => document.querySelector<HTMLDialogElement>("dialog.picker");

beforeEach(() => {
  asked.length = 0;
  vi.stubGlobal("fetch", (address: string) => {
    asked.push(address);
    return Promise.resolve(new Response(JSON.stringify(CHOICES)));
  });
});
afterEach(() => {
  vi.unstubAllGlobals();
  document.body.replaceChildren();
});

describe("choosing a file", () => {
  it("offers what the library has, and answers with what was chosen", async () => {
    const chosen = pick({ kinds: ["image"], purpose: "lesson_image", title: "Choose a picture" });
    await turn();
    expect(asked).toEqual(["/studio/media/choices?kind=image&q="]);
    expect(dialog()?.querySelector("h2")?.textContent).toBe("Choose a picture");
    const buttons = [...dialog()!.querySelectorAll<HTMLButtonElement>(".picker-choice")];
    expect(buttons.map((button) => button.querySelector(".picker-name")?.textContent)).toEqual(["house.png", "plan.png"]);
    buttons[1]!.click();
    expect(await chosen).toEqual({ id: "2", url: "/files/2", filename: "plan.png", kind: "image", mime: "image/png", bytes: 10 });
    expect(dialog()).toBeNull();
  });

  it("answers nothing when it is closed", async () => {
    const chosen = pick({ kinds: ["image"], purpose: "lesson_image" });
    await turn();
    [...dialog()!.querySelectorAll("button")].find((button) => button.textContent === "Close")!.click();
    expect(await chosen).toBeNull();
  });

  it("says what to do when the library cannot be reached", async () => {
    vi.stubGlobal("fetch", () => Promise.reject(new TypeError("offline")));
    const chosen = pick({ kinds: ["video"], purpose: "lesson_video" });
    await turn();
    expect(dialog()?.querySelector("[role=status]")?.textContent).toMatch(/cannot be reached/);
    dialog()!.close();
    expect(await chosen).toBeNull();
  });
});
