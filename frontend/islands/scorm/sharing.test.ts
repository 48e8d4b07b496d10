import { expect, it } from "vitest";
import { add, news, whole } from "./sharing.ts";

it("tells what is new, value by value, and nothing twice", () => {
  const known = whole({ objectives: { G: { satisfied: true, measure: 0.5 } } });
  const now = { objectives: { G: { satisfied: false, measure: 0.5 }, H: {}, I: { raw: 0 } }, data: { D: "" } };
  const found = news(known, now);
  expect(found).toEqual({ objectives: { G: { satisfied: false }, I: { raw: 0 } }, data: { D: "" } });
  add(known, found!);
  expect(known).toEqual({ objectives: { G: { satisfied: false, measure: 0.5 }, I: { raw: 0 } }, data: { D: "" } });
  expect(news(known, now)).toBeNull();
  expect(news(whole(null), whole(undefined))).toBeNull();
});

it("sends nothing back that another package wrote", () => {
  const known = whole({ objectives: { G: { completed: true } }, data: { D: "theirs" } });
  expect(news(known, whole(known))).toBeNull();
  expect(news(known, whole({}))).toBeNull();
});
