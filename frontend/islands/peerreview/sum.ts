/** The sum of what stands in the fields, to two decimals; null while nothing is given. A comma is a point. */
export function sum(given: readonly string[]): number | null {
  const figures = given.map((text) => text.trim().replace(",", ".")).filter((text) => text !== "");
  if (!figures.length || figures.some((text) => !/^\d{1,6}(\.\d{1,2})?$/.test(text))) return null;
  return Math.round(figures.reduce((all, text) => all + Number(text) * 100, 0)) / 100;
}
