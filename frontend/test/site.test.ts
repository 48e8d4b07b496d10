import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { forms } from "../islands/site/forms";
import { typing } from "../islands/site/keys";
import { paint } from "../islands/site/theme";
import { relative, times } from "../islands/site/times";
import { stay, toast, toasts } from "../islands/site/toasts";

function page(html: string): void {
  document.body.innerHTML = html;
}

describe("times", () => {
  const now = new Date("2026-06-03T12:00:00Z");
  it.each([
    ["2026-06-03T12:00:20Z", "this minute"],
    ["2026-06-03T11:15:00Z", "45 minutes ago"],
    ["2026-06-03T15:59:00Z", "in 3 hours"],
    ["2026-06-02T11:00:00Z", "yesterday"],
    ["2026-05-20T12:00:00Z", "2 weeks ago"],
    ["2028-07-01T12:00:00Z", "in 2 years"],
  ])("%s is %s", (then, words) => {
    expect(relative(new Date(then), now, "en")).toBe(words);
  });

  it("leaves what is not a time alone, and does no element twice", () => {
    page('<time datetime="soon" data-local="date">soon</time><time datetime="2026-06-03T12:00:00Z" data-local="date">x</time>');
    times(document);
    const [first, second] = document.querySelectorAll("time");
    expect(first?.textContent).toBe("soon");
    expect(second?.textContent).toContain("2026");
    expect(second?.hasAttribute("data-local")).toBe(false);
  });
});

describe("theme", () => {
  beforeEach(() => page('<form data-theme-form><button name="theme" value="auto"></button><button name="theme" value="dark"></button></form>'));
  it("names the theme on the root, and nothing when the device decides", () => {
    paint("dark");
    expect(document.documentElement.dataset.theme).toBe("collegium-dark");
    expect(document.querySelector("[aria-pressed=true]")?.getAttribute("value")).toBe("dark");
    paint("auto");
    expect(document.documentElement.hasAttribute("data-theme")).toBe(false);
    expect(document.querySelector("[aria-pressed=true]")?.getAttribute("value")).toBe("auto");
  });
});

describe("toasts", () => {
  beforeEach(() => {
    vi.useFakeTimers();
    page('<div id="toasts"></div>');
  });
  afterEach(() => vi.useRealTimers());

  it("shows text as text and takes it away again", () => {
    toast("<b>Saved</b>");
    const shown = document.querySelector(".toast-success");
    expect(shown?.textContent).toBe("<b>Saved</b>");
    vi.advanceTimersByTime(stay("<b>Saved</b>"));
    expect(document.querySelector(".toast")).toBeNull();
  });

  it("leaves long messages longer", () => {
    expect(stay("Saved.")).toBe(5000);
    expect(stay("x".repeat(100))).toBe(12_000);
  });

  it("follows the server's trigger", () => {
    toasts();
    document.dispatchEvent(new CustomEvent("toast", { detail: { text: "Kept.", kind: "warning" } }));
    expect(document.querySelector(".toast-warning")?.textContent).toBe("Kept.");
  });
});

describe("forms", () => {
  forms();
  const submit = () => {
    const event = new SubmitEvent("submit", { bubbles: true, cancelable: true, submitter: document.querySelector("button") });
    document.querySelector("form")?.dispatchEvent(event);
    return event;
  };

  it("are sent once, and their button says so", async () => {
    page('<form method="post"><button>Save</button></form>');
    expect(submit().defaultPrevented).toBe(false);
    await Promise.resolve();
    expect(document.querySelector("button")?.getAttribute("aria-busy")).toBe("true");
    expect(submit().defaultPrevented).toBe(true);
  });

  it("may be sent again when htmx had an answer", async () => {
    page('<form method="post"><button>Save</button></form>');
    submit();
    await Promise.resolve();
    document.querySelector("form")?.dispatchEvent(new CustomEvent("htmx:afterRequest", { bubbles: true }));
    expect(document.querySelector("button")?.hasAttribute("aria-busy")).toBe(false);
    expect(submit().defaultPrevented).toBe(false);
  });

  it("that only ask may be sent as often as one likes", async () => {
    page('<form method="get"><button>Search</button></form>');
    submit();
    await Promise.resolve();
    expect(submit().defaultPrevented).toBe(false);
  });
});

describe("typing", () => {
  it.each([
    ["<input>", true],
    ["<input type=search>", true],
    ["<textarea></textarea>", true],
    ["<select></select>", true],
    ["<input type=checkbox>", false],
    ["<button></button>", false],
  ])("%s: %s", (html, expected) => {
    page(html);
    expect(typing(document.body.firstElementChild)).toBe(expected);
  });
});
