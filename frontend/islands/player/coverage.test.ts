import { beforeEach, describe, expect, test } from "vitest";
import { coverageWords, CoverageStrip } from "./coverage";

describe("coverageWords", () => {
  test.each([
    [41, 57, "41 of 57 seconds needed"],
    [0, 57, "0 of 57 seconds needed"],
    [57, 57, "You have watched what this lesson needs"],
    [760, 3240, "12:40 of 54:00 needed"],
  ])("%i of %i", (seconds, goal, words) => {
    expect(coverageWords(seconds, goal)).toBe(words);
  });
});

describe("the strip", () => {
  beforeEach(() => {
    document.body.innerHTML = "<div data-coverage><div data-coverage-bar><i></i></div><p data-coverage-words>old</p></div>";
  });

  test("has a segment for each stretch, and another look for what the server does not have yet", () => {
    new CoverageStrip(document, 100).show({ watched: [[0, 25], [50, 60]], unsent: [[20, 30]], goalSeconds: 90 });
    const segments = [...document.querySelectorAll<HTMLElement>("[data-coverage-bar] > *")];
    expect(segments.map(({ style, dataset }) => [style.left, style.width, dataset["unsent"] !== undefined])).toEqual([
      ["0.000%", "25.000%", false],
      ["50.000%", "10.000%", false],
      ["25.000%", "5.000%", true],
    ]);
    expect(document.querySelector("[data-coverage-words]")?.textContent).toBe("40 of 90 seconds needed");
  });

  test("is not drawn again where nothing changed", () => {
    const strip = new CoverageStrip(document, 100);
    strip.show({ watched: [[0, 25]], unsent: [], goalSeconds: 90 });
    const segment = document.querySelector("[data-coverage-bar] > *");
    strip.show({ watched: [[0, 25]], unsent: [], goalSeconds: 90 });
    expect(document.querySelector("[data-coverage-bar] > *")).toBe(segment);
  });

  test("does without its elements", () => {
    document.body.innerHTML = "";
    expect(() => new CoverageStrip(document, 0).show({ watched: [], unsent: [], goalSeconds: 1 })).not.toThrow();
  });
});
