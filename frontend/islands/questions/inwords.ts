/** The words of rich text in one line: formulas between \\( and \\), pictures by what they show. */
export function wordsOf(html: string): string {
  const read = new DOMParser().parseFromString(html, "text/html");
  for (const formula of read.querySelectorAll("[data-math]")) formula.textContent = `\\(${formula.getAttribute("data-math") ?? ""}\\)`;
  for (const picture of read.querySelectorAll("img")) picture.replaceWith(` ${picture.alt} `);
  for (const part of read.querySelectorAll("p, li, h2, h3, h4, div, blockquote, pre, figcaption, td, th")) part.append(" ");
  return (read.body.textContent ?? "").replace(/\s+/g, " ").trim();
}
