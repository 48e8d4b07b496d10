/* The elements of a data model by name: which there are, where their indices stand, what they hold.
   Values lie flat under their full names, so nothing that a SCO names can reach or replace anything else. */

/** Of a leaf. The check says what is wrong with a value, or null. */
export interface Definition {
  access: "r" | "w" | "rw";
  check?: (value: string) => Fault | null;
}

export interface Fault {
  code: string;
  words: string;
}

/** What is not a leaf: names its children, and whether it is a collection. */
export interface Group {
  children?: string;
  counted?: boolean;
}

export interface Schema {
  leaves: Readonly<Record<string, Definition>>;
  groups: Readonly<Record<string, Group>>;
}

/** A step of an address: the collection that the index is counted in. */
export interface Step {
  collection: string;
  index: number;
}

export interface Located {
  name: string;
  /** The name with "n" for each index. */
  pattern: string;
  /** The name before the keyword or the leaf's own, as the SCO wrote it. */
  base: string;
  kind: "leaf" | "children" | "count" | "group" | "no_children" | "no_count";
  steps: Step[];
  definition?: Definition;
  children?: string;
}

/** An index has at most four digits: the site keeps no more. */
const mostEntries = 10_000;
const index = /^(?:0|[1-9]\d{0,8})$/;

export class Model {
  readonly #schema: Schema;
  readonly #values = new Map<string, string>();
  readonly #counts = new Map<string, number>();
  /** Set by the SCO, or by us in its place, and not acknowledged by the site. */
  readonly #dirty = new Map<string, string>();

  constructor(schema: Schema) {
    this.#schema = schema;
  }

  /** Where an element stands; null when the model has nothing of this name. */
  locate(name: string): Located | null {
    const parts = name.split(".");
    const steps: Step[] = [];
    const pattern = parts
      .map((part, i) => {
        if (!index.test(part)) return part;
        steps.push({ collection: parts.slice(0, i).join("."), index: Number(part) });
        return "n";
      })
      .join(".");
    const { leaves, groups } = this.#schema;
    const last = parts[parts.length - 1];
    const base = parts.slice(0, -1).join(".");
    const common = { name, pattern, base, steps };
    if (Object.hasOwn(leaves, pattern)) return { ...common, kind: "leaf", definition: leaves[pattern] };
    if (Object.hasOwn(groups, pattern)) return { ...common, kind: "group" };
    if (last !== "_children" && last !== "_count") return null;
    const basePattern = pattern.slice(0, pattern.lastIndexOf("."));
    const group = Object.hasOwn(groups, basePattern) ? groups[basePattern] : undefined;
    if (!group && !Object.hasOwn(leaves, basePattern)) return null;
    if (last === "_children") {
      return group?.children ? { ...common, kind: "children", children: group.children } : { ...common, kind: "no_children" };
    }
    return { ...common, kind: group?.counted ? "count" : "no_count" };
  }

  count(collection: string): number {
    return this.#counts.get(collection) ?? 0;
  }

  /** Whether each index of an address is of an entry that exists. */
  exists(at: Located): boolean {
    return at.steps.every((step) => step.index < this.count(step.collection));
  }

  /** Whether each index is of an entry that exists or of the next one. */
  mayFollow(at: Located): boolean {
    return at.steps.every((step) => step.index <= this.count(step.collection) && step.index < mostEntries);
  }

  get(name: string): string | undefined {
    return this.#values.get(name);
  }

  /** What the site knows already: filled in at launch. */
  fill(name: string, value: string): void {
    const at = this.locate(name);
    if (at?.kind !== "leaf" || at.steps.some((step) => step.index >= mostEntries)) return;
    this.#put(at, value);
  }

  /** What is to be saved. */
  put(at: Located, value: string): void {
    this.#put(at, value);
    this.#dirty.set(at.name, value);
  }

  mark(name: string): void {
    const value = this.#values.get(name);
    if (value !== undefined) this.#dirty.set(name, value);
  }

  dirty(): ReadonlyMap<string, string> {
    return this.#dirty;
  }

  /** The site has stored these. What was set anew meanwhile stays. */
  acknowledge(elements: Record<string, string>): void {
    for (const [name, value] of Object.entries(elements)) if (this.#dirty.get(name) === value) this.#dirty.delete(name);
  }

  #put(at: Located, value: string): void {
    this.#values.set(at.name, value);
    for (const step of at.steps) this.#counts.set(step.collection, Math.max(this.count(step.collection), step.index + 1));
  }
}
