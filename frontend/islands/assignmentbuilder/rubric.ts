/** Figures of the builder: what a rubric adds up to, and what lateness costs, in the words that the server uses. */

/** Points as somebody typed them, with a point or a comma; null for what is no number above 0. */
export function pointsOf(text: string): number | null {
  const clean = text.trim().replace(",", ".");
  if (!/^\d{1,6}(\.\d{1,2})?$/.test(clean)) return null;
  const value = Number(clean);
  return value > 0 ? value : null;
}

export function plain(value: number): string {
  return String(Number(value.toFixed(2)));
}

/** "3 criteria, 100 points together", and how many lines still lack points. */
export function sumWords(points: (number | null)[]): string {
  if (!points.length) return "";
  const sum = points.reduce<number>((all, one) => all + (one ?? 0), 0);
  const lacking = points.filter((one) => one === null).length;
  const words = `${points.length} ${points.length === 1 ? "criterion" : "criteria"}, ${plain(sum)} points together`;
  return lacking ? `${words}; ${lacking} without points yet` : words;
}

export function lateExample(taken: boolean, perDay: number | null): string {
  if (!taken) return "Nothing is taken after the deadline.";
  if (perDay === null || perDay > 100) return "Give a number from 0 to 100.";
  if (perDay === 0) return "Late work is taken, and nothing is taken off for it.";
  const two = Math.min(100, perDay * 2);
  return `Late work loses ${plain(perDay)} percentage points for each day that has begun: two days late with 90 % becomes ${plain(Math.max(0, 90 - two))} %.`;
}
