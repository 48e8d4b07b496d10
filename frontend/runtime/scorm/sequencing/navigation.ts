/* NB.2.1 Navigation Request Process: whether a request makes sense here, and what it means for the activity under way. */

import { type Activity, commonAncestor, pathBelow } from "./definition.ts";
import type { ExceptionCode } from "./exceptions.ts";
import { currentOf, type Engine, find, isActive, isAvailable } from "./state.ts";

export type TerminationRequest = "exit" | "exitAll" | "suspendAll" | "abandon" | "abandonAll";
export type SequencingRequest =
  | "start" | "resumeAll" | "continue" | "previous" | "choice" | "jump" | "retry" | "exit";

/** The navigation requests of the standard, in the words of adl.nav.request where it has one. */
export const NAVIGATION = [
  "start", "resumeAll", "continue", "previous", "choice", "jump", "exit", "exitAll", "abandon", "abandonAll", "suspendAll",
] as const;

export type Understood =
  | { exception: ExceptionCode }
  | { exception: null; termination: TerminationRequest | null; sequencing: SequencingRequest; target: Activity | null };

/** NB.2.1 */
export function navigationRequest(engine: Engine, request: string, targetId?: string | null): Understood {
  const current = currentOf(engine);
  switch (request) {
    case "start":
      return current ? refused("NB.2.1-1") : { ...valid("start"), termination: null };
    case "resumeAll":
      if (current) return refused("NB.2.1-1");
      return engine.state.suspended === null ? refused("NB.2.1-3") : { ...valid("resumeAll"), termination: null };
    case "continue":
    case "previous":
      return flowRequest(engine, request, current);
    case "forward":
    case "backward":
      return refused("NB.2.1-7");
    case "choice":
      return choiceRequest(engine, current, find(engine, targetId));
    case "jump":
      return jumpRequest(engine, current, find(engine, targetId));
    case "exit":
    case "abandon":
      if (!current) return refused("NB.2.1-2");
      return isActive(engine, current) ? { ...valid("exit"), termination: request } : refused("NB.2.1-12");
    case "exitAll":
    case "abandonAll":
    case "suspendAll":
      return current ? { ...valid("exit"), termination: request } : refused("NB.2.1-2");
    default:
      return refused("NB.2.1-13");
  }
}

function refused(exception: ExceptionCode): Understood {
  return { exception };
}

function valid(sequencing: SequencingRequest, target: Activity | null = null) {
  return { exception: null, sequencing, target };
}

/** The activity under way is ended first. */
function leaving(engine: Engine, current: Activity | null): "exit" | null {
  return current && isActive(engine, current) ? "exit" : null;
}

/** NB.2.1 3 and 4 */
function flowRequest(engine: Engine, request: "continue" | "previous", current: Activity | null): Understood {
  if (!current) return refused("NB.2.1-2");
  const back = request === "previous";
  if (!current.parent) return refused(back ? "NB.2.1-6" : "NB.2.1-4");
  if (!current.parent.flow || (back && current.parent.forwardOnly)) return refused(back ? "NB.2.1-5" : "NB.2.1-4");
  return { ...valid(request), termination: leaving(engine, current) };
}

/** NB.2.1 7 */
function choiceRequest(engine: Engine, current: Activity | null, target: Activity | null): Understood {
  if (!target) return refused("NB.2.1-11");
  if (target.parent && !target.parent.choice) return refused("NB.2.1-10");
  if (!current) return { ...valid("choice", target), termination: null };
  if (target.parent !== current.parent) {
    const ancestor = commonAncestor(current, target);
    // The common ancestor itself is not left.
    const stays = (each: Activity) => isActive(engine, each) && !each.choiceExit;
    if (pathBelow(current, ancestor).some(stays)) return refused("NB.2.1-8");
  }
  if (isActive(engine, current) && !current.choiceExit) return refused("NB.2.1-8");
  return { ...valid("choice", target), termination: leaving(engine, current) };
}

/** NB.2.1 13 (4th edition): only within the children available now. */
function jumpRequest(engine: Engine, current: Activity | null, target: Activity | null): Understood {
  if (!target || !isAvailable(engine, target)) return refused("NB.2.1-11");
  if (!current) return refused("NB.2.1-2");
  return { ...valid("jump", target), termination: leaving(engine, current) };
}
