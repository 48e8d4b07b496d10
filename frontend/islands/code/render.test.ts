import { beforeEach, describe, expect, it, vi } from "vitest";
import { colourCode, languageOf } from "./render.ts";

vi.mock("./code.css", () => ({ default: "" }));

function block(language: string, text: string): HTMLElement {
  const pre = document.createElement("pre");
  const code = document.createElement("code");
  code.className = language;
  code.textContent = text;
  pre.append(code);
  document.body.append(pre);
  return code;
}

beforeEach(() => document.body.replaceChildren());

describe("code", () => {
  it("is coloured by its language, and its text stays what it was", async () => {
    const text = 'def greet(name):\n    return f"Hello {name}"  # <b>kindly</b>\n';
    const code = block("language-python", text);
    await colourCode(document);
    expect(code.textContent).toBe(text);
    expect(code.querySelector(".hljs-keyword")?.textContent).toBe("def");
    expect(code.querySelector(".hljs-comment")?.textContent).toBe("# <b>kindly</b>");
    expect(code.querySelector("b")).toBeNull();
    expect(code.querySelector("[style]")).toBeNull();
  });

  it("of a page may hold styles and scripts", async () => {
    const code = block("language-html", "<style>p { color: red }</style><script>let a = 1</script>");
    await colourCode(document);
    expect(code.querySelector(".language-javascript .hljs-keyword")?.textContent).toBe("let");
    expect(code.querySelector(".hljs-attribute")?.textContent).toBe("color");
    expect(code.querySelector("script")).toBeNull();
  });

  it.each(["language-text", "language-nonsense", "language-constructor", ""])("of no known language stays: %j", async (name) => {
    const code = block(name, "let a = 1");
    await colourCode(document);
    expect(languageOf(code)).toBeNull();
    expect(code.innerHTML).toBe("let a = 1");
  });

  it("that is too long or marked up by hand stays", async () => {
    const long = block("language-json", "1,".repeat(40_000));
    const marked = block("language-json", "");
    marked.innerHTML = "<mark>1</mark>";
    await colourCode(document);
    expect([long.childElementCount, marked.innerHTML]).toEqual([0, "<mark>1</mark>"]);
  });

  it("is understood in every language that the editor offers", async () => {
    const { readFileSync } = await import("node:fs");
    const { join } = await import("node:path");
    const python = readFileSync(join(import.meta.dirname, "../../../src/collegium/features/authoring/clean.py"), "utf8");
    const offered = [.../LANGUAGES = \(([^)]*)\)/.exec(python)![1]!.matchAll(/"(\w+)"/g)].map((found) => found[1]!);
    expect(offered.length).toBeGreaterThan(20);
    const codes = offered.filter((name) => name !== "text").map((name) => block(`language-${name}`, "x = 1"));
    await colourCode(document);
    expect(codes.filter((code) => !code.dataset.coloured).map((code) => code.className)).toEqual([]);
  });
});
