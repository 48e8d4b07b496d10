import { expect, test } from "vitest";
import { direction, same, shown } from "./order";

test("the order is read from the page", () => {
  document.body.innerHTML =
    '<div><section data-part="a"><ol><li data-clip="1"></li><li data-clip="2"></li></ol></section><section data-part="b"></section></div>';
  expect(shown(document)).toEqual([
    { module: "a", videos: ["1", "2"] },
    { module: "b", videos: [] },
  ]);
  expect(same(shown(document), shown(document))).toBe(true);
  expect(same(shown(document), [])).toBe(false);
});

test("only the arrows up and down move", () => {
  expect(["ArrowUp", "ArrowDown", "ArrowLeft", "Enter", "Tab"].map(direction)).toEqual(["up", "down", null, null, null]);
});
