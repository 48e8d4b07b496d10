/* The sequencer of SCORM 1.2 and AICC, which know an order, free choice and prerequisites, and nothing else. */

import type { Elements, Item, ObjectiveState, Package, Results } from "../types.ts";
import { type ExceptionCode, wordsOf } from "./exceptions.ts";
import type { Outcome, Sequencing, Shared, Surroundings, TreeNode } from "./interface.ts";
import { prerequisitesMet, type Status } from "./prerequisites.ts";

interface Kept {
  attempts: number;
  status?: Status;
  /** Scaled. */
  measure?: number;
  /** Left to be taken up again. */
  suspended?: true;
  /** cmi.core.exit of the attempt under way. */
  leaving?: string;
}

interface State {
  version: 1;
  current: string | null;
  /** Shown now; without it the current item was left. */
  active: boolean;
  items: Record<string, Kept>;
}

/** Words for what these standards have no codes for. */
const LOCKED: ExceptionCode = "DB.1.1-3";
const STATUSES: Status[] = ["passed", "completed", "failed", "incomplete", "browsed", "not attempted"];

export class SimpleSequencer implements Sequencing {
  readonly #root: Item;
  readonly #items = new Map<string, Item>();
  readonly #parents = new Map<Item, Item>();
  readonly #leaves: Item[] = [];
  #state: State = { version: 1, current: null, active: false, items: {} };
  /** adl.data for who only looks at a package of SCORM 2004: what he finds there, and what is set while he looks. */
  readonly #data = new Map<string, string>();

  constructor(definition: Package, _surroundings?: Surroundings) {
    this.#root = definition.organization;
    this.#learn(this.#root);
  }

  #learn(item: Item): void {
    if (!this.#items.has(item.identifier)) this.#items.set(item.identifier, item);
    // An item of a SCORM 1.2 manifest may have a page and children: it is shown, and its children come after it.
    if (item.kind === "sco" || item.kind === "asset") this.#leaves.push(item);
    for (const child of item.children ?? []) {
      this.#parents.set(child, item);
      this.#learn(child);
    }
  }

  start(state?: unknown, shared: Shared = {}): Outcome {
    for (const [target, value] of Object.entries(shared.data ?? {})) this.#data.set(target, value);
    this.#state = readable(state) ?? { version: 1, current: null, active: false, items: {} };
    const current = this.#items.get(this.#state.current ?? "");
    if (current && this.#state.active) this.#leave(current, true);
    const order = this.#leaves;
    const done = (item: Item) => ["passed", "completed", "failed", "browsed"].includes(this.#statusOf(item));
    const kept = (item: Item) => this.#state.items[item.identifier];
    const next =
      (current && this.#open(current) && (kept(current)?.suspended || !done(current)) ? current : undefined) ??
      order.find((item) => this.#open(item) && !done(item)) ??
      (current && this.#open(current) ? current : undefined) ??
      order.find((item) => this.#open(item));
    return next ? this.#deliver(next) : this.#refused("SB.2.5-2");
  }

  navigate(request: string, target: string | null = null): Outcome {
    const current = this.#items.get(this.#state.current ?? "");
    const understood = this.#understand(request, target, current);
    if ("exception" in understood) return this.#refused(understood.exception);
    if (current && this.#state.active) this.#leave(current, request === "suspendAll", request.startsWith("abandon"));
    if (understood.item && !this.#open(understood.item)) return this.#refused(LOCKED);
    if (understood.item) return this.#deliver(understood.item);
    return { ...this.#nothing(), ended: understood.ends };
  }

  #understand(
    request: string,
    target: string | null,
    current: Item | undefined,
  ): { exception: ExceptionCode } | { item: Item | null; ends: boolean } {
    switch (request) {
      case "start":
      case "resumeAll":
        return { exception: "NB.2.1-1" };
      case "continue":
      case "previous": {
        if (!current) return { exception: "NB.2.1-2" };
        const item = this.#neighbour(current, request === "continue" ? 1 : -1);
        if (item) return { item, ends: false };
        return request === "continue" ? { item: null, ends: true } : { exception: "SB.2.1-3" };
      }
      case "choice":
      case "jump": {
        const item = this.#items.get(target ?? "");
        const page = item && (this.#leaves.includes(item) ? item : this.#leaves.find((leaf) => this.#within(leaf, item)));
        return page ? { item: page, ends: false } : { exception: "NB.2.1-11" };
      }
      case "exit":
      case "abandon":
        if (!current) return { exception: "NB.2.1-2" };
        return this.#state.active ? { item: null, ends: this.#leaves.length === 1 } : { exception: "NB.2.1-12" };
      case "exitAll":
      case "abandonAll":
      case "suspendAll":
        return { item: null, ends: true };
      default:
        return { exception: "NB.2.1-13" };
    }
  }

  /** The next (last) page in the manifest's order whose prerequisites are met. */
  #neighbour(current: Item, by: 1 | -1): Item | null {
    for (let at = this.#leaves.indexOf(current) + by; at >= 0 && at < this.#leaves.length; at += by) {
      const item = this.#leaves[at]!;
      if (this.#open(item, current)) return item;
    }
    return null;
  }

  #within(item: Item, block: Item): boolean {
    for (let at = this.#parents.get(item); at; at = this.#parents.get(at)) if (at === block) return true;
    return false;
  }

  /** Prerequisites of the item and of every block around it. `leaving` counts as it would once it is left. */
  #open(item: Item, leaving?: Item): boolean {
    const asked = (identifier: string) => {
      const found = this.#items.get(identifier);
      return found ? this.#statusOf(found, leaving) : null;
    };
    for (let at: Item | undefined = item; at; at = this.#parents.get(at)) {
      if (!prerequisitesMet(at.prerequisites, asked)) return false;
    }
    return true;
  }

  #statusOf(item: Item, leaving?: Item): Status {
    const children = (item.children ?? []).map((child) => this.#statusOf(child, leaving));
    if (this.#leaves.includes(item)) {
      children.unshift(this.#own(item, leaving));
    }
    return together(children);
  }

  /** Of the page alone; one that is being left counts as it would then. */
  #own(item: Item, leaving: Item | undefined): Status {
    const kept = this.#state.items[item.identifier];
    return kept?.status ?? (item === leaving ? this.#onLeaving(item) : kept ? "incomplete" : "not attempted");
  }

  /** A page that reports nothing is completed by being seen; a SCO that never sets a status too (RTE 1.2, 3.4.4). */
  #onLeaving(item: Item): Status {
    return this.#state.items[item.identifier]?.leaving === "suspend" ? "incomplete" : "completed";
  }

  #deliver(item: Item): Outcome {
    const kept = (this.#state.items[item.identifier] ??= { attempts: 0 });
    const resumed = kept.suspended === true;
    if (!resumed) kept.attempts += 1;
    delete kept.suspended;
    delete kept.leaving;
    this.#state.current = item.identifier;
    this.#state.active = true;
    const entry = resumed ? "resume" : kept.attempts === 1 ? "ab-initio" : "";
    return { ...this.#nothing(), delivered: item, entry, attempt: kept.attempts };
  }

  #leave(item: Item, suspend: boolean, abandon = false): void {
    const kept = (this.#state.items[item.identifier] ??= { attempts: 1 });
    if (!kept.status && !suspend && !abandon) kept.status = this.#onLeaving(item);
    if (suspend || kept.leaving === "suspend") kept.suspended = true;
    delete kept.leaving;
    this.#state.active = false;
  }

  record(activityId: string, results: Results): void {
    const item = this.#items.get(activityId);
    if (!item || !this.#leaves.includes(item)) return;
    const kept = (this.#state.items[activityId] ??= { attempts: 1 });
    kept.leaving = results.exit;
    const status = STATUSES.find((word) => word === results.lessonStatus);
    if (status && status !== "not attempted") kept.status = status;
    if (results.measure !== undefined) kept.measure = results.measure;
    else if (results.raw !== undefined) kept.measure = results.raw / 100;
  }

  requestValid(request: string, target: string | null = null): boolean {
    const current = this.#items.get(this.#state.current ?? "");
    const understood = this.#understand(request, target, current);
    if ("exception" in understood) return false;
    if (!understood.item) return request !== "continue";
    return this.#open(understood.item, this.#state.active ? current : undefined);
  }

  tree(): TreeNode {
    return this.#node(this.#root);
  }

  #node(item: Item): TreeNode {
    const kept = this.#state.items[item.identifier];
    const status = this.#statusOf(item);
    const node: TreeNode = {
      id: item.identifier,
      title: item.title,
      kind: item.kind,
      hidden: !item.isVisible,
      enabled: this.requestValid("choice", item.identifier),
      disabled: !this.#open(item),
      current: this.#state.current === item.identifier,
      suspended: kept?.suspended === true,
      attempts: kept?.attempts ?? 0,
      children: (item.children ?? []).map((child) => this.#node(child)),
    };
    if (status !== "not attempted") node.completed = ["passed", "completed", "failed"].includes(status);
    if (status === "passed" || status === "failed") node.satisfied = status === "passed";
    if (kept?.measure !== undefined) node.measure = kept.measure;
    return node;
  }

  /** Complete when every page is; passed when one passed and none failed; the score is the mean of those that have one. */
  summary(): Elements {
    const current = this.#items.get(this.#state.current ?? "");
    const seen = current?.kind === "asset" && this.#state.active ? current : undefined;
    const statuses = this.#leaves.map((item) => this.#own(item, seen));
    const begun = Object.keys(this.#state.items).length > 0;
    const complete = statuses.every((status) => ["passed", "completed", "failed", "browsed"].includes(status));
    const failed = statuses.includes("failed");
    const passed = complete && !failed && statuses.includes("passed");
    const elements: Elements = {
      "cmi.completion_status": complete && begun ? "completed" : begun ? "incomplete" : "not attempted",
      "cmi.success_status": failed ? "failed" : passed ? "passed" : "unknown",
    };
    const scores = this.#leaves.flatMap((item) => this.#state.items[item.identifier]?.measure ?? []);
    if (scores.length) {
      const mean = scores.reduce((sum, score) => sum + score, 0) / scores.length;
      elements["cmi.score.scaled"] = String(Math.round(mean * 1e7) / 1e7);
    }
    return elements;
  }

  hiddenControls(): string[] {
    return [];
  }

  objectives(): ObjectiveState[] {
    return [];
  }

  readShared(targetId: string): string {
    return this.#data.get(targetId) ?? "";
  }

  writeShared(targetId: string, value: string): void {
    this.#data.set(targetId, value);
  }

  shared(): Required<Shared> {
    return { objectives: {}, data: {} };
  }

  toJSON(): State {
    return structuredClone(this.#state);
  }

  #nothing(): Outcome {
    return { delivered: null, entry: "", attempt: 0, objectives: [], ended: false, exception: null, words: null };
  }

  #refused(exception: ExceptionCode): Outcome {
    return { ...this.#nothing(), exception, words: wordsOf(exception) };
  }
}

/** The status of a block from those of what is in it. */
function together(statuses: Status[]): Status {
  const every = (...words: Status[]) => statuses.every((status) => words.includes(status));
  if (statuses.length === 1) return statuses[0]!;
  if (statuses.length === 0 || every("not attempted")) return "not attempted";
  if (statuses.includes("failed")) return "failed";
  if (every("passed")) return "passed";
  return every("passed", "completed", "browsed") ? "completed" : "incomplete";
}

function readable(state: unknown): State | null {
  if (typeof state !== "object" || state === null) return null;
  const given = state as Partial<State>;
  if (given.version !== 1 || typeof given.items !== "object" || given.items === null) return null;
  return structuredClone({ version: 1, current: given.current ?? null, active: given.active ?? false, items: given.items });
}
