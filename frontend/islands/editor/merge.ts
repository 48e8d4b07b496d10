/** Two people's changes to one lesson, part by part. What only one of them changed needs no choice. */
import { type Block, digest, newId } from "./types";

export type Choice = "mine" | "theirs" | "both";

/** A part that both changed, each in another way. Null on a side: it was removed there. */
export interface Clash {
  id: string;
  mine: Block | null;
  theirs: Block | null;
}

export interface Merge {
  clashes: Clash[];
  /** The whole lesson once every clash is decided. */
  decide: (choices: ReadonlyMap<string, Choice>) => Block[];
}

const byId = (blocks: Block[]): Map<string, Block> => new Map(blocks.map((block) => [block.id, block]));
const ids = (blocks: Block[]): string => blocks.map((block) => block.id).join(" ");

export function merge(base: Block[], mine: Block[], theirs: Block[]): Merge {
  const [old, own, other] = [byId(base), byId(mine), byId(theirs)];
  const text = (block: Block | undefined): string => (block ? digest(block) : "");
  const changed = (side: Map<string, Block>, id: string): boolean => text(side.get(id)) !== text(old.get(id));
  const clashes: Clash[] = [];
  const taken = new Map<string, Block | null>();
  for (const id of new Set([...own.keys(), ...other.keys()])) {
    const [a, b] = [own.get(id) ?? null, other.get(id) ?? null];
    if (text(own.get(id)) === text(other.get(id))) taken.set(id, a);
    else if (!changed(other, id)) taken.set(id, a);
    else if (!changed(own, id)) taken.set(id, b);
    else clashes.push({ id, mine: a, theirs: b });
  }
  const order = inOneOrder(base, mine, theirs);
  return {
    clashes,
    decide: (choices) =>
      order.flatMap((id) => {
        const clash = clashes.find((one) => one.id === id);
        if (!clash) return taken.get(id) ?? [];
        const choice = choices.get(id) ?? "both";
        const [a, b] = [clash.mine, clash.theirs];
        if (choice === "mine") return a ?? [];
        if (choice === "theirs") return b ?? [];
        // Theirs keeps the part's identity; mine stands below it as a part of its own.
        return [...(b ? [b] : []), ...(a ? [b ? { ...a, id: newId() } : a] : [])];
      }),
  };
}

/** Theirs order, unless only mine was moved; what stands in one alone comes after what it followed there. */
function inOneOrder(base: Block[], mine: Block[], theirs: Block[]): string[] {
  const common = (blocks: Block[], within: Set<string>): Block[] => blocks.filter((block) => within.has(block.id));
  const inBoth = new Set(base.map((block) => block.id).filter((id) => theirs.some((block) => block.id === id)));
  const moved = ids(common(theirs, inBoth)) !== ids(common(base, inBoth));
  const [first, second] = moved ? [theirs, mine] : [mine, theirs];
  const order = first.map((block) => block.id);
  second.forEach((block, at) => {
    if (order.includes(block.id)) return;
    const before = second[at - 1]?.id;
    const place = before === undefined ? 0 : order.indexOf(before) + 1;
    order.splice(place, 0, block.id);
  });
  return order;
}
