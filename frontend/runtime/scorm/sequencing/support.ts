/* For the tests: packages in a few words. */

import type { Item, Package, Results, Sequencing as Rules, SequencingRule } from "../types.ts";
import type { Outcome, TreeNode } from "./interface.ts";
import { Sequencer } from "./sequencer.ts";

/** A leaf (SCO) without children, else a cluster. */
export function item(identifier: string, sequencing: Rules = {}, children: Item[] = []): Item {
  return {
    identifier, title: identifier, kind: children.length ? "cluster" : "sco", isVisible: true, href: `${identifier}.html`,
    sequencing, children,
  };
}

export function pack(sequencing: Rules, ...children: Item[]): Package {
  return {
    standard: "scorm_2004",
    edition: 4,
    organization: { ...item("root", sequencing, children), kind: "organization" },
  };
}

export const FLOW: Rules = { controlMode: { flow: true } };

/** Children under a root that flows and lets choose. */
export function flowing(...children: Item[]): Package {
  return pack(FLOW, ...children);
}

export function rule(action: string, condition: string, more: Partial<SequencingRule["conditions"][0]> = {}): SequencingRule {
  return { conditions: [{ condition, ...more }], action };
}

export function pre(...rules: SequencingRule[]): Rules {
  return { sequencingRules: { preConditionRule: rules } };
}

export function post(...rules: SequencingRule[]): Rules {
  return { sequencingRules: { postConditionRule: rules } };
}

export class Clock {
  time = Date.parse("2026-01-01T08:00:00Z");
  now = () => new Date(this.time);
  pass(seconds: number): void {
    this.time += seconds * 1000;
  }
}

export interface Play {
  engine: Sequencer;
  clock: Clock;
  begun: Outcome;
  /** Identifier of what is delivered, "end", or the code of the exception; "-" for nothing at all. */
  go(request: string, target?: string): string;
  /** Reports for the current activity. */
  say(results: Partial<Results>, over?: boolean): void;
  at(): string | undefined;
  node(id: string): TreeNode;
}

export function told(outcome: Outcome): string {
  return outcome.exception ?? outcome.delivered?.identifier ?? (outcome.ended ? "end" : "-");
}

export function results(given: Partial<Results> = {}): Results {
  return { objectives: [], exit: "", sessionSeconds: 0, lessonStatus: "", ...given };
}

export function nodes(node: TreeNode): TreeNode[] {
  return [node, ...node.children.flatMap(nodes)];
}

export function play(definition: Package, options: { state?: unknown; random?: number; idle?: boolean } = {}): Play {
  const clock = new Clock();
  const engine = new Sequencer(definition, { now: clock.now, random: () => options.random ?? 0.5 });
  const begun = engine.start(options.state);
  const at = () => nodes(engine.tree()).find((node) => node.current)?.id;
  return {
    engine,
    clock,
    begun,
    at,
    go: (request, target) => told(engine.navigate(request, target ?? null)),
    say: (given, over) => engine.record(at()!, results(given), over),
    node: (id) => nodes(engine.tree()).find((node) => node.id === id)!,
  };
}
