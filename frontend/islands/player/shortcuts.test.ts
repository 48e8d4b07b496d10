import { beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { listenForKeys, type Controls } from "./shortcuts";

const controls = {
  togglePlay: vi.fn<Controls["togglePlay"]>(),
  seekBy: vi.fn<Controls["seekBy"]>(),
  seekToTenth: vi.fn<Controls["seekToTenth"]>(),
  seekToStart: vi.fn<Controls["seekToStart"]>(),
  seekToEnd: vi.fn<Controls["seekToEnd"]>(),
  changeVolume: vi.fn<Controls["changeVolume"]>(),
  toggleMute: vi.fn<Controls["toggleMute"]>(),
  toggleCaptions: vi.fn<Controls["toggleCaptions"]>(),
  toggleFullscreen: vi.fn<Controls["toggleFullscreen"]>(),
  changeSpeed: vi.fn<Controls["changeSpeed"]>(),
} satisfies Controls;

let enabled = true;

function press(key: string, target: Element = document.body, more: KeyboardEventInit = {}): boolean {
  return !target.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true, composed: true, ...more }));
}

function byId(id: string): HTMLElement {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`no ${id}`);
  return found;
}

function used(id: string): void {
  byId(id).dispatchEvent(new MouseEvent("pointerdown", { bubbles: true }));
}

function calls(): unknown[] {
  return Object.entries(controls).flatMap(([name, mock]) => mock.mock.calls.map((args) => [name, ...args]));
}

beforeAll(() => {
  document.body.innerHTML = `
    <p id="text"></p>
    <section id="player"><div role="slider" id="slider"></div><div role="menu"><i role="menuitemradio" id="item"></i></div><span id="inside"></span></section>
    <input id="input"><textarea id="area"></textarea><select id="select"></select><div contenteditable="true" id="edit"><b id="deep"></b></div>
    <button id="button"></button><a href="/" id="link"></a><dialog id="dialog"></dialog>`;
  listenForKeys(byId("player"), controls, () => enabled);
});

beforeEach(() => {
  enabled = true;
  used("text");
  vi.clearAllMocks();
});

describe("keys", () => {
  test.each<[string, unknown[]]>([
    [" ", ["togglePlay"]],
    ["k", ["togglePlay"]],
    ["K", ["togglePlay"]],
    ["j", ["seekBy", -10]],
    ["l", ["seekBy", 10]],
    ["ArrowLeft", ["seekBy", -5]],
    ["ArrowRight", ["seekBy", 5]],
    ["m", ["toggleMute"]],
    ["c", ["toggleCaptions"]],
    ["f", ["toggleFullscreen"]],
    ["<", ["changeSpeed", -1]],
    [">", ["changeSpeed", 1]],
    ["0", ["seekToTenth", 0]],
    ["7", ["seekToTenth", 7]],
  ])("%s", (key, call) => {
    expect(press(key)).toBe(true);
    expect(calls()).toEqual([call]);
  });

  test.each<[string, unknown[]]>([
    ["ArrowUp", ["changeVolume", 0.1]],
    ["ArrowDown", ["changeVolume", -0.1]],
    ["Home", ["seekToStart"]],
    ["End", ["seekToEnd"]],
  ])("%s belongs to the page until the player is used", (key, call) => {
    expect(press(key)).toBe(false);
    expect(calls()).toEqual([]);
    used("inside");
    expect(press(key)).toBe(true);
    expect(calls()).toEqual([call]);
    used("text");
    expect(press(key)).toBe(false);
  });

  test.each(["input", "area", "select", "edit", "deep"])("are silent while somebody types in %s", (id) => {
    for (const key of ["k", " ", "5", "ArrowLeft", "m"]) expect(press(key, byId(id))).toBe(false);
    expect(calls()).toEqual([]);
  });

  test("are silent while a dialog is open", () => {
    byId("dialog").setAttribute("open", "");
    press("k");
    byId("dialog").removeAttribute("open");
    expect(calls()).toEqual([]);
    press("k");
    expect(calls()).toEqual([["togglePlay"]]);
  });

  test("are silent with a modifier, in a menu, or when somebody else has taken them", () => {
    for (const more of [{ ctrlKey: true }, { metaKey: true }, { altKey: true }, { isComposing: true }]) press("c", document.body, more);
    press("c", byId("item"));
    press("ArrowDown", byId("item"));
    const taken = (event: Event): void => event.preventDefault();
    byId("inside").addEventListener("keydown", taken, { once: true });
    press("c", byId("inside"));
    expect(calls()).toEqual([]);
  });

  test("leave a button its space and a slider its arrows", () => {
    expect(press(" ", byId("button"))).toBe(false);
    expect(press(" ", byId("link"))).toBe(false);
    expect(press("ArrowLeft", byId("slider"))).toBe(false);
    expect(press("Home", byId("slider"))).toBe(false);
    expect(calls()).toEqual([]);
    press("k", byId("button"));
    press("m", byId("slider"));
    expect(calls()).toEqual([["togglePlay"], ["toggleMute"]]);
  });

  test("a space held down plays once", () => {
    press(" ", document.body, { repeat: true });
    expect(calls()).toEqual([]);
  });

  test("can be turned off", () => {
    enabled = false;
    expect(press("k")).toBe(false);
    expect(calls()).toEqual([]);
  });
});
