import { describe, expect, it } from "vitest";
import { GAP, Layout, sizesOf, zoomed } from "./layout";

const sizes = sizesOf(4, [
  [1, 100, 200],
  [3, 300, 100],
]);

describe("where pages lie", () => {
  it("knows each page's size before it is fetched", () => {
    expect(sizes).toEqual([[100, 200], [100, 200], [300, 100], [300, 100]]);
    expect(sizesOf(2, [])).toEqual([[595, 842], [595, 842]]);
  });

  it("puts them one below the other", () => {
    const layout = new Layout(sizes, { scale: 2 });
    expect(layout.tops).toEqual([GAP, 400 + 2 * GAP, 800 + 3 * GAP, 1000 + 4 * GAP]);
    expect(layout.height).toBe(1200 + 5 * GAP);
  });

  it("finds a place again, at another scale too", () => {
    const layout = new Layout(sizes, { scale: 2 });
    for (let y = 0; y < layout.height; y += 7) {
      const place = layout.place(y);
      expect(Math.abs(layout.yOf(place) - y)).toBeLessThanOrEqual(GAP + 1);
      const other = new Layout(sizes, { width: 777 });
      expect(other.place(other.yOf(place)).page).toBe(place.page);
    }
  });

  it("says what of which page is in view", () => {
    const parts = new Layout(sizes, { scale: 1 }).between(GAP + 150, GAP + 250);
    expect(parts.map((part) => [part.page, part.pixels])).toEqual([[1, 50], [2, 50 - GAP]]);
    expect(new Layout(sizes, { scale: 1 }).between(50, 50)).toEqual([]);
  });

  it("lets each page fill the width, and zooms by steps", () => {
    const layout = new Layout(sizes, { width: 400 + 2 * GAP });
    expect([1, 3].map((page) => [layout.widthOf(page), layout.heightOf(page)])).toEqual([[400, 800], [400, 133]]);
    expect([zoomed(1, 1), zoomed(1, -1), zoomed(0.93, 1), zoomed(0.1, -1), zoomed(9, 1)]).toEqual([1.1, 0.9, 1, 0.5, 4]);
  });
});
