import { describe, expect, it } from "vitest";
import { type Choice, merge } from "./merge";
import type { Block } from "./types";

const text = (id: string, html: string): Block => ({ id, type: "rich_text", content: { html }, metadata: {} });
const shown = (blocks: Block[]): string => blocks.map((block) => String(block.content.html)).join(" | ");
const base = [text("a", "A"), text("b", "B"), text("c", "C")];

describe("two people's changes", () => {
  it("in different parts are both taken", () => {
    const merged = merge(base, [text("a", "A1"), text("b", "B"), text("c", "C")], [text("a", "A"), text("b", "B"), text("c", "C2")]);
    expect(merged.clashes).toEqual([]);
    expect(shown(merged.decide(new Map()))).toBe("A1 | B | C2");
  });

  it("in the same part are a clash, of which both are kept unless somebody says otherwise", () => {
    const merged = merge(base, [text("a", "mine"), ...base.slice(1)], [text("a", "theirs"), ...base.slice(1)]);
    expect(merged.clashes.map((clash) => clash.id)).toEqual(["a"]);
    const said = (choice?: Choice): string => shown(merged.decide(new Map(choice ? [["a", choice]] : [])));
    expect(said()).toBe("theirs | mine | B | C");
    expect(said("mine")).toBe("mine | B | C");
    expect(said("theirs")).toBe("theirs | B | C");
    const both = merged.decide(new Map());
    expect(new Set(both.map((block) => block.id)).size).toBe(4);
  });

  it("add parts each where they stood", () => {
    const merged = merge(base, [base[0]!, text("m", "M"), ...base.slice(1)], [...base, text("t", "T")]);
    expect(merged.clashes).toEqual([]);
    expect(shown(merged.decide(new Map()))).toBe("A | M | B | C | T");
  });

  it("remove what the other left alone, and clash over what the other changed", () => {
    expect(shown(merge(base, base.slice(1), base).decide(new Map()))).toBe("B | C");
    expect(shown(merge(base, base, base.slice(1)).decide(new Map()))).toBe("B | C");
    const merged = merge(base, base.slice(1), [text("a", "A2"), ...base.slice(1)]);
    expect(merged.clashes).toHaveLength(1);
    expect(shown(merged.decide(new Map()))).toBe("A2 | B | C");
    expect(shown(merged.decide(new Map([["a", "mine"]])))).toBe("B | C");
  });

  it("keep the order of who moved parts", () => {
    const turned = [...base].reverse();
    expect(shown(merge(base, turned, base).decide(new Map()))).toBe("C | B | A");
    expect(shown(merge(base, base, turned).decide(new Map()))).toBe("C | B | A");
  });
});
