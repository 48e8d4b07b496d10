/** A text between its two forms: what somebody types, and the HTML of the small editor. */
const BLOCKS = "p, li, h2, h3, h4, blockquote, pre";

/** The words of HTML, a line for each block. */
export function wordsOf(html: string): string {
  const read = new DOMParser().parseFromString(html, "text/html");
  for (const line of read.querySelectorAll("br")) line.replaceWith("\n");
  for (const block of read.querySelectorAll(BLOCKS)) block.append("\n");
  return (read.body.textContent ?? "").replace(/\n{2,}/g, "\n").trim();
}

/** Typed words as paragraphs: an empty line begins a new one. */
export function paragraphs(text: string): string {
  const made = document.createElement("div");
  for (const part of text.split(/\n\s*\n/)) {
    if (!part.trim()) continue;
    const words = document.createElement("p");
    part.trim().split("\n").forEach((line, n) => words.append(...(n ? [document.createElement("br")] : []), line));
    made.append(words);
  }
  return made.innerHTML;
}
