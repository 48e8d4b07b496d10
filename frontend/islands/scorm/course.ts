/* The sequencer of a package, and its tree as the table of contents shows it. */
import { createSequencer, SimpleSequencer, type Sequencing, type TreeNode } from "../../runtime/scorm/sequencing/index.ts";
import type { Elements, Item, Mode, Package } from "../../runtime/scorm/types.ts";
import type { Node } from "./protocol.ts";

const SURROUNDINGS = { now: () => new Date(), random: Math.random };

/** Who only looks, or looks again, goes where he likes: no rule of the package is in force, and none is needed. */
export function courseOf(definition: Package, mode: Mode): Sequencing {
  if (mode === "normal") return createSequencer(definition, SURROUNDINGS);
  return new SimpleSequencer({ ...definition, organization: free(definition.organization) });
}

function free(item: Item): Item {
  return { ...item, prerequisites: null, children: item.children.map(free) };
}

function statusOf(node: TreeNode): Node["status"] {
  if (node.satisfied !== undefined) return node.satisfied ? "passed" : "failed";
  if (node.completed) return "completed";
  return node.attempts > 0 ? "incomplete" : "";
}

/** What is hidden is left out; what lies below it has its own say. `open`: the current one runs, so that there is nothing to choose. */
export function treeOf(root: TreeNode, open: boolean): Node[] {
  return root.children.flatMap((child) => {
    const children = treeOf(child, open);
    if (child.hidden) return children;
    const launches = child.kind === "sco" || child.kind === "asset";
    // A cluster without anything to show in it would be an empty heading.
    if (!launches && children.length === 0) return [];
    const { id, title, current, enabled } = child;
    return [{ id, title: title || id, status: statusOf(child), current, enabled: enabled && !(current && open), launches, children }];
  });
}

/** What the engine says of the whole package goes to the server only where the server cannot sum the parts up itself: SCORM
 *  2004 has rules for it, and a package of assets alone has no part that speaks. */
export function summaryOf(course: Sequencing, definition: Package, saved: Record<string, Elements>): Elements | null {
  const scos = leaves(definition.organization, "sco");
  if (definition.standard !== "scorm_2004" && scos.length > 0) return null;
  const summary = course.summary();
  const only = scos.length === 1 ? saved[scos[0]!.identifier] : undefined;
  if (summary["cmi.completion_status"] === "not attempted") return null;
  // A single SCO that gives points without a scaled score has a score all the same.
  if (only && summary["cmi.score.scaled"] === undefined)
    for (const part of ["raw", "min", "max"]) {
      const value = only[`cmi.score.${part}`];
      if (value !== undefined) summary[`cmi.score.${part}`] = value;
    }
  return summary;
}

export function leaves(item: Item, kind: Item["kind"]): Item[] {
  return [...(item.kind === kind ? [item] : []), ...item.children.flatMap((child) => leaves(child, kind))];
}
