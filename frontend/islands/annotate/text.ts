/** The text of the work, with what was said of it marked. The text itself never changes: marks are put in and taken out again. */
import { rangeOf } from "./places";
import type { Place, Said } from "./said";

/** Pins, and what a formula was drawn as: places are the same before and after it is drawn. */
const UNCOUNTED = ".an-pin, [data-math]";

function textNodes(root: HTMLElement): Text[] {
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT, (node) =>
    node.parentElement?.closest(UNCOUNTED) ? NodeFilter.FILTER_REJECT : NodeFilter.FILTER_ACCEPT,
  );
  const found: Text[] = [];
  while (walker.nextNode()) found.push(walker.currentNode as Text);
  return found;
}

/** The text without marks, in the characters that places count. */
export function plain(root: HTMLElement): string {
  return textNodes(root).map((node) => node.data).join("");
}

/** How many characters of the text stand before a place in the document. */
function before(root: HTMLElement, node: Node, offset: number): number {
  const range = document.createRange();
  range.setStart(root, 0);
  range.setEnd(node, offset);
  const copy = document.createElement("div");
  copy.append(range.cloneContents());
  for (const pin of copy.querySelectorAll(UNCOUNTED)) pin.remove();
  return (copy.textContent ?? "").length;
}

export function selectedText(root: HTMLElement, range: Range): Place | undefined {
  if (!root.contains(range.startContainer) || !root.contains(range.endContainer)) return undefined;
  const text = plain(root);
  let start = before(root, range.startContainer, range.startOffset);
  let end = before(root, range.endContainer, range.endOffset);
  while (start < end && /\s/.test(text[start] ?? "")) start++;
  while (end > start && /\s/.test(text[end - 1] ?? "")) end--;
  return start < end ? { start, end, quote: text.slice(start, end).slice(0, 2000) } : undefined;
}

export function markText(root: HTMLElement, said: readonly Said[]): void {
  for (const pin of root.querySelectorAll(".an-pin")) pin.remove();
  for (const mark of root.querySelectorAll("mark.an-mark")) mark.replaceWith(...mark.childNodes);
  root.normalize();
  for (const one of said) {
    if (one.start === undefined || one.end === undefined) continue;
    const found = rangeOf(plain(root), one.start, one.end, one.quote.length < 2000 ? one.quote : "");
    if (found) wrap(root, found, one);
  }
}

function wrap(root: HTMLElement, [start, end]: [number, number], one: Said): void {
  let at = 0;
  let last: HTMLElement | undefined;
  for (const node of textNodes(root)) {
    const from = Math.max(start - at, 0);
    const to = Math.min(end - at, node.data.length);
    at += node.data.length;
    if (from >= to) continue;
    const part = from > 0 ? node.splitText(from) : node;
    if (to - from < part.data.length) part.splitText(to - from);
    const mark = document.createElement("mark");
    mark.className = "an-mark";
    mark.dataset["mark"] = one.id;
    part.replaceWith(mark);
    mark.append(part);
    last = mark;
  }
  const pin = document.createElement("button");
  pin.type = "button";
  pin.className = "an-pin an-pin-line";
  pin.dataset["pin"] = one.id;
  pin.textContent = String(one.number);
  pin.setAttribute("aria-label", `Comment ${one.number}`);
  last?.after(pin);
}
