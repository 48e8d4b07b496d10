import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { entries } from "../build/entries.ts";
import { drawing } from "../build/icons.ts";

let root = "";
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "collegium-"));
});
afterEach(() => rmSync(root, { recursive: true }));

it("builds every island that has a main.ts, and passes over one that has none yet", () => {
  mkdirSync(join(root, "islands/player"), { recursive: true });
  mkdirSync(join(root, "islands/site"));
  writeFileSync(join(root, "islands/site/main.ts"), "");
  const found = Object.keys(entries(root));
  expect(found.filter((name) => name.startsWith("islands/"))).toEqual(["islands/site"]);
  expect(found).toContain("styles/app");
  for (const sheet of found.filter((name) => name.startsWith("styles/"))) expect(existsSync(`${sheet}.css`), sheet).toBe(true);
});

it("takes the drawing out of an icon", () => {
  const svg = '<!-- licence --><svg width="24"\n  viewBox="0 0 24 24">\n  <path d="M4 5h16" />\n  <path d="M4 12h16" />\n</svg>\n';
  expect(drawing(svg)).toBe('<path d="M4 5h16"/><path d="M4 12h16"/>');
  expect(() => drawing("nothing")).toThrow();
});
