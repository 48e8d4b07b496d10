/** The sum of what was typed for each criterion, never more than all points; comma and point are both decimal. */
export function total(given: readonly string[], most: number): string {
  const cents = given.map((text) => Math.round(Number(text.trim().replace(",", ".")) * 100)).filter(Number.isFinite);
  const sum = cents.reduce((all, one) => all + one, 0) / 100;
  return String(Math.min(sum, most));
}
