import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { contrast, parse, themes, type Oklch } from "./colour.ts";

const styles = join(import.meta.dirname, "../styles");
const found = themes(readFileSync(join(styles, "tokens.css"), "utf8"));
const hues = [...readFileSync(join(styles, "covers.css"), "utf8").matchAll(/^  \.cover-\w+ \{ --hue:\s*([\d.]+)/gm)].map((m) => Number(m[1]));

const PAPERS = ["--color-base-100", "--color-base-200", "--sheet"];
const STATES = ["info", "success", "warning", "error"];

/** Foreground, background, least ratio: 7 where one reads, 4.5 for other text, 3 for the edge of a control. */
const PAIRS: [string, string, number][] = [
  ...PAPERS.map((paper): [string, string, number] => ["--color-base-content", paper, 7]),
  ["--color-base-content", "--wash", 7],
  ...PAPERS.map((paper): [string, string, number] => ["--soft", paper, 4.5]),
  ["--soft", "--wash", 4.5],
  ...PAPERS.map((paper): [string, string, number] => ["--color-primary", paper, 4.5]),
  ["--color-primary", "--wash", 4.5],
  ["--press", "--color-base-100", 4.5],
  ["--color-primary-content", "--color-primary", 4.5],
  ["--color-primary-content", "--press", 4.5],
  ["--color-neutral-content", "--color-neutral", 7],
  ...STATES.flatMap((state): [string, string, number][] => [
    ...PAPERS.map((paper): [string, string, number] => [`--color-${state}`, paper, 4.5]),
    [`--color-${state}`, `--${state}-wash`, 4.5],
    [`--color-${state}-content`, `--color-${state}`, 4.5],
    ["--color-base-content", `--${state}-wash`, 7],
    ["--soft", `--${state}-wash`, 4.5],
  ]),
  ...PAPERS.map((paper): [string, string, number] => ["--edge", paper, 3]),
  ...["word", "name", "text", "value"].flatMap((part) => PAPERS.map((paper): [string, string, number] => [`--code-${part}`, paper, 4.5])),
];

describe.each(["collegium-light", "collegium-dark"])("%s", (name) => {
  const theme = found[name] ?? {};
  const colour = (token: string): Oklch => parse(theme[token] ?? "");

  it.each(PAIRS)("%s on %s is at least %d", (front, back, least) => {
    expect(contrast(colour(front), colour(back))).toBeGreaterThanOrEqual(least);
  });

  it("prints every cover's lettering at 7 on its cloth and 4.5 on its figure", () => {
    expect(hues).toHaveLength(9);
    const number = (token: string) => Number(theme[token]);
    for (const hue of hues) {
      expect(contrast(colour("--foil"), [number("--cloth-l"), number("--cloth-c"), hue])).toBeGreaterThanOrEqual(7);
      expect(contrast(colour("--foil"), [number("--figure-l"), number("--figure-c"), hue])).toBeGreaterThanOrEqual(4.5);
    }
  });
});

it("agrees with known ratios", () => {
  expect(contrast(parse("oklch(0% 0 0)"), parse("oklch(100% 0 0)"))).toBeCloseTo(21, 1);
  // #777777, the grey that just misses 4.5 on white.
  expect(contrast(parse("oklch(56.93% 0 0)"), parse("oklch(100% 0 0)"))).toBeCloseTo(4.48, 1);
});

it("defines the same tokens in both themes", () => {
  expect(Object.keys(found["collegium-dark"] ?? {})).toEqual(Object.keys(found["collegium-light"] ?? {}));
});
