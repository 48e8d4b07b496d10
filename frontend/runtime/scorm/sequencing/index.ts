/* The front door of sequencing. */

import type { Package } from "../types.ts";
import type { Sequencing, Surroundings } from "./interface.ts";
import { Sequencer } from "./sequencer.ts";
import { SimpleSequencer } from "./simple.ts";

export type { Outcome, Sequencing, Shared, Surroundings, TreeNode } from "./interface.ts";
export { Sequencer, SimpleSequencer };

/** The sequencer that a package's standard asks for. */
export function createSequencer(definition: Package, surroundings: Surroundings): Sequencing {
  return definition.standard === "scorm_2004"
    ? new Sequencer(definition, surroundings)
    : new SimpleSequencer(definition, surroundings);
}
