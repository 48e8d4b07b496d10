/* What the player says of saving, in words. */
import type { Node } from "./protocol.ts";
import type { Saving } from "./sender.ts";

export const STATES: Record<Node["status"], string> = {
  "": "",
  incomplete: "begun",
  completed: "complete",
  passed: "passed",
  failed: "not passed",
};

/** The line under the bar; "" when there is nothing to say. */
export function warningWords(saving: Saving): string {
  if (saving.state !== "waiting") return "";
  const kept = saving.durable
    ? "It is kept in this browser and sent by itself; you can go on."
    : "This browser keeps nothing when the page is closed. Leave it open until it says “Saved”.";
  if (saving.reason === "signed_out") return `Not saved yet: ${saving.words} ${kept}`;
  if (saving.reason === "full") return `Not saved yet: ${saving.words} ${kept} Tell your instructor if it stays so.`;
  return `Not saved yet: the site cannot be reached. ${kept}`;
}

/** What became of what an earlier visit had not saved. */
export function leftWords(sent: number, lost: number, late: number): string {
  if (late > 0) return "What this browser had not saved of an earlier attempt was left out: that attempt had been ended elsewhere.";
  if (lost === 0) return "";
  const rest = sent > 0 ? " The rest of it was saved." : "";
  return `What this browser had not saved of an earlier visit was left out, because you went on in another window or on another device since.${rest}`;
}
