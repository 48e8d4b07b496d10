import { expect, test } from "vitest";
import type { Said } from "./said";
import { markText, plain, selectedText } from "./text";

function said(number: number, start: number, end: number, quote: string): Said {
  return { id: String(number), number, element: document.createElement("li"), file: undefined, page: undefined, rects: [], start, end, quote, body: "Why?", kind: "comment" };
}

function text(): HTMLElement {
  const root = document.createElement("div");
  root.innerHTML = "<p>A policy is <strong>a contract</strong> of two.</p><p>It ends.</p>";
  document.body.replaceChildren(root);
  return root;
}

test("marks go over elements and leave the text as it was", () => {
  const root = text();
  const whole = root.textContent;
  markText(root, [said(1, 9, 17, "is a con"), said(2, 2, 8, "policy")]);
  expect(plain(root)).toBe(whole);
  expect([...root.querySelectorAll("mark[data-mark='1']")].map((mark) => mark.textContent).join("")).toBe("is a con");
  expect(root.querySelectorAll("button.an-pin")).toHaveLength(2);
  markText(root, []);
  expect(root.innerHTML).toBe("<p>A policy is <strong>a contract</strong> of two.</p><p>It ends.</p>");
});

test("a selection is counted in the text without its marks", () => {
  const root = text();
  markText(root, [said(1, 2, 8, "policy")]);
  const strong = root.querySelector("strong")!.firstChild!;
  const range = document.createRange();
  range.setStart(strong, 2);
  range.setEnd(strong, 10);
  expect(selectedText(root, range)).toEqual({ start: 14, end: 22, quote: "contract" });
});

test("a formula that is drawn moves no place", () => {
  const root = document.createElement("div");
  root.innerHTML = '<p>Before <span data-math="x^2"></span> after.</p>';
  expect(plain(root)).toBe("Before  after.");
  root.querySelector("[data-math]")!.innerHTML = "<b>x<sup>2</sup></b>";
  expect(plain(root)).toBe("Before  after.");
  const words = root.querySelector("p")!.lastChild!;
  const range = document.createRange();
  range.setStart(words, 1);
  range.setEnd(words, 6);
  document.body.append(root);
  expect(selectedText(root, range)).toEqual({ start: 8, end: 13, quote: "after" });
});
