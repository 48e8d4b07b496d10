import { expect, test } from "vitest";
import { wordsOf } from "./inwords";

test.each([
  ["<p>Not <strong>yet</strong></p><p>again</p>", "Not yet again"],
  ['<p>So <span data-math="x^2"></span></p>', "So \\(x^2\\)"],
  ['<figure><img src="/files/1" alt="A curve"><figcaption>Of 2026</figcaption></figure>', "A curve Of 2026"],
  ['<video src="/files/1"></video>', ""],
])("the words of %s", (html, words) => {
  expect(wordsOf(html)).toBe(words);
});
