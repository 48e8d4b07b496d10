import { expect, test } from "vitest";
import { paragraphs, wordsOf } from "./words";

test("typed words become paragraphs, and tags in them stay words", () => {
  expect(paragraphs("One\ntwo\n\n<b>three</b>")).toBe("<p>One<br>two</p><p>&lt;b&gt;three&lt;/b&gt;</p>");
  expect(paragraphs("  ")).toBe("");
});

test("the words of a text, a line for each block", () => {
  expect(wordsOf("<p>One<br>two</p><ul><li><p>a</p></li><li><p>b</p></li></ul>")).toBe("One\ntwo\na\nb");
});
