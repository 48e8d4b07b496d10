/** What people type and paste, and what cells show. */

export interface Value {
  points: number | null;
  excused: boolean;
}

/** A typed grade; words when it cannot be one. Nothing typed takes back what stood there. */
export function parse(text: string, most: number): Value | string {
  const typed = text.trim();
  if (typed === "" || typed === "-" || typed === "–") return { points: null, excused: false };
  if (/^(ex|excused)$/i.test(typed)) return { points: null, excused: true };
  if (!/^\d{1,6}([.,]\d{1,2})?$/.test(typed)) return `“${typed.slice(0, 30)}” is no number of points. EX excuses.`;
  const points = Number(typed.replace(",", "."));
  return points > most ? `${show(points)} is more than the ${show(most)} points there are.` : { points, excused: false };
}

/** A number as people write it: 15, 7.5. */
export function show(value: number | null): string {
  return value === null ? "" : String(Math.round(value * 100) / 100);
}

/** The cells of a piece of a spreadsheet, row by row. */
export function pasted(text: string): string[][] {
  return text
    .replace(/\r\n?/g, "\n")
    .replace(/\n$/, "")
    .split("\n")
    .map((line) => line.split("\t"));
}

/** Places from `from` to `to` that are seen in `length`, each `size` long, with some more around them. */
export function range(scrolled: number, length: number, size: number, count: number, more: number): [number, number] {
  const first = Math.max(0, Math.floor(scrolled / size) - more);
  return [first, Math.min(count, Math.ceil((scrolled + length) / size) + more)];
}
