/** What work is worth as it is typed: points, percent, and what is left after lateness. */
export interface Sum {
  /** Undefined while something is missing or out of range. */
  points: number | undefined;
  final: number | undefined;
}

export function read(text: string, most: number): number | undefined {
  const plain = text.trim().replace(",", ".");
  if (!/^\d{1,6}(\.\d{1,2})?$/.test(plain)) return undefined;
  const value = Number(plain);
  return value <= most ? value : undefined;
}

/** The same arithmetic as the database: percent to hundredths, then the percentage points off, never below nothing. */
export function sum(given: readonly { text: string; most: number }[], most: number, off: number): Sum {
  const read_ = given.map((one) => read(one.text, one.most));
  if (read_.length === 0 || read_.includes(undefined)) return { points: undefined, final: undefined };
  const cents = (read_ as number[]).reduce((all, one) => all + Math.round(one * 100), 0);
  const percent = Math.round((cents * 100) / most);
  return { points: cents / 100, final: Math.max(0, percent - Math.round(off * 100)) / 100 };
}

/** Points to choose by a click: nothing, a quarter, half, three quarters, all; each once. */
export function chips(most: number): number[] {
  return [...new Set([0, 0.25, 0.5, 0.75, 1].map((share) => (share === 1 ? most : Math.round(share * most * 2) / 2)))].filter((one) => one <= most);
}
