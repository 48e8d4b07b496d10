import { beforeEach, describe, expect, test, vi } from "vitest";
import { cueAt, Transcript } from "./transcript";

let now: number;
let still: boolean;
let jump: ReturnType<typeof vi.fn<(seconds: number) => void>>;

function root(): HTMLElement {
  const found = document.querySelector<HTMLElement>("[data-transcript]");
  if (found === null) throw new Error("no transcript");
  return found;
}

function list(): HTMLElement {
  const found = root().querySelector<HTMLElement>("ol");
  if (found === null) throw new Error("no list");
  return found;
}

function buttons(): HTMLElement[] {
  return [...root().querySelectorAll<HTMLElement>("button")];
}

/** The list is 200 px high, each line 40, as there is no layout here. */
function lay(): void {
  const box = (top: number, height: number): DOMRect => new DOMRect(0, top, 300, height);
  Object.defineProperty(list(), "scrollHeight", { value: 400 });
  Object.defineProperty(list(), "clientHeight", { value: 200 });
  list().style.overflowY = "auto";
  list().getBoundingClientRect = () => box(0, 200);
  buttons().forEach((button, i) => {
    button.getBoundingClientRect = () => box(i * 40 - list().scrollTop, 40);
  });
}

beforeEach(() => {
  now = 0;
  still = false;
  jump = vi.fn<(seconds: number) => void>();
  const lines = Array.from({ length: 10 }, (_, i) => `<li><button data-start="${i * 4}" data-end="${i * 4 + 4}"><b>line</b></button></li>`);
  document.body.innerHTML = `<aside data-transcript><ol>${lines.join("")}</ol></aside>`;
  lay();
});

function transcript(): Transcript {
  return new Transcript(root(), jump, () => now, () => still);
}

function current(): number[] {
  return buttons().flatMap((button, i) => (button.getAttribute("aria-current") === "true" ? [i] : []));
}

test("cueAt finds the cue that has begun last", () => {
  const cues = [{ start: 1 }, { start: 4 }, { start: 9 }];
  expect([0, 1, 3.9, 4, 8, 9, 100].map((time) => cueAt(cues, time))).toEqual([-1, 0, 0, 1, 1, 2, 2]);
  expect(cueAt([], 5)).toBe(-1);
});

describe("the transcript", () => {
  test("marks one cue at a time, and none before the first", () => {
    const made = transcript();
    made.show(5);
    expect(current()).toEqual([1]);
    made.show(21);
    expect(current()).toEqual([5]);
    made.show(-1);
    expect(current()).toEqual([]);
  });

  test("jumps to the cue that is clicked, wherever inside it", () => {
    transcript();
    buttons()[3]?.querySelector("b")?.dispatchEvent(new MouseEvent("click", { bubbles: true }));
    expect(jump).toHaveBeenCalledExactlyOnceWith(12);
  });

  test("scrolls its own panel to a cue that is out of sight, and leaves one that is in sight", () => {
    const made = transcript();
    const page = vi.spyOn(window, "scrollTo");
    made.show(5);
    expect(list().scrollTop).toBe(0);
    made.show(21);
    expect(list().scrollTop).toBeGreaterThan(100);
    expect(page).not.toHaveBeenCalled();
  });

  test("keeps still for a while after the person scrolled, not after its own scrolling", () => {
    const made = transcript();
    now = 1000;
    made.show(21);
    const place = list().scrollTop;
    now = 1050;
    list().dispatchEvent(new Event("scroll"));
    made.show(37);
    expect(list().scrollTop).not.toBe(place);

    list().dispatchEvent(new Event("wheel", { bubbles: true }));
    const left = list().scrollTop;
    now = 3000;
    made.show(0);
    expect(list().scrollTop).toBe(left);
    now = 20_000;
    made.show(8);
    expect(list().scrollTop).not.toBe(left);
  });

  test("keeps still for people who prefer less motion", () => {
    still = true;
    transcript().show(37);
    expect(current()).toEqual([9]);
    expect(list().scrollTop).toBe(0);
  });
});
