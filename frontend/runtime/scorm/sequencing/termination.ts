/* Termination behaviour: TB.2.1 exit action rules, TB.2.2 postcondition rules, TB.2.3 termination requests. */

import { endAttempt, closeSession, terminateDescendentAttempts } from "./attempts.ts";
import { type Activity, isLeaf, pathFromRoot } from "./definition.ts";
import type { ExceptionCode } from "./exceptions.ts";
import type { SequencingRequest, TerminationRequest } from "./navigation.ts";
import { overallRollup } from "./rollup.ts";
import { sequencingRulesCheck } from "./rules.ts";
import { currentOf, type Engine, isActive, isSuspended, setActive, setSuspended } from "./state.ts";

/** What follows: sequencing null means that what was asked for goes on. */
export type Terminated = { exception: ExceptionCode } | { exception: null; sequencing: SequencingRequest | null };

/** TB.2.1 Sequencing Exit Action Rules Subprocess: the highest ancestor whose exit rule is true ends too. */
export function sequencingExitActionRules(engine: Engine): void {
  const current = currentOf(engine);
  if (!current?.parent) return;
  const target = pathFromRoot(current.parent).find(
    (activity) => sequencingRulesCheck(engine, activity, activity.exitConditions, ["exit"]) !== null,
  );
  if (!target) return;
  terminateDescendentAttempts(engine, target);
  endAttempt(engine, target);
  engine.state.current = target.id;
}

const POST = ["exitParent", "exitAll", "retry", "retryAll", "continue", "previous"] as const;

/** TB.2.2 Sequencing Post Condition Rules Subprocess. */
export function sequencingPostConditionRules(engine: Engine): {
  termination: "exitParent" | "exitAll" | null;
  sequencing: SequencingRequest | null;
} {
  const current = currentOf(engine)!;
  const nothing = { termination: null, sequencing: null };
  if (isSuspended(engine, current)) return nothing;
  const action = sequencingRulesCheck(engine, current, current.postConditions, POST);
  switch (action) {
    case "retry":
    case "continue":
    case "previous":
      return { termination: null, sequencing: action };
    case "exitParent":
    case "exitAll":
      return { termination: action, sequencing: null };
    case "retryAll":
      return { termination: "exitAll", sequencing: "retry" };
    default:
      return nothing;
  }
}

/** TB.2.3 Termination Request Process. */
export function terminationRequest(engine: Engine, request: TerminationRequest): Terminated {
  const current = currentOf(engine);
  if (!current) return { exception: "TB.2.3-1" };
  if ((request === "exit" || request === "abandon") && !isActive(engine, current)) return { exception: "TB.2.3-2" };
  switch (request) {
    case "exit":
      return exit(engine, current);
    case "exitAll":
      return exitAll(engine, null);
    case "suspendAll":
      return suspendAll(engine, current);
    case "abandon":
      setActive(engine, current, false);
      closeSession(engine, current);
      return { exception: null, sequencing: null };
    case "abandonAll":
      for (const activity of pathFromRoot(current)) {
        setActive(engine, activity, false);
        closeSession(engine, activity);
      }
      engine.state.current = engine.tree.root.id;
      return { exception: null, sequencing: "exit" };
    default:
      return { exception: "TB.2.3-7" };
  }
}

/** TB.2.3 3 */
function exit(engine: Engine, ended: Activity): Terminated {
  endAttempt(engine, ended);
  sequencingExitActionRules(engine);
  for (;;) {
    const after = sequencingPostConditionRules(engine);
    if (after.termination === "exitAll") return exitAll(engine, after.sequencing);
    const current = currentOf(engine)!;
    if (after.termination !== "exitParent") {
      // The attempt on the root is over: without a retry the session is too.
      if (!current.parent && after.sequencing !== "retry") return { exception: null, sequencing: "exit" };
      return { exception: null, sequencing: after.sequencing };
    }
    if (!current.parent) return { exception: "TB.2.3-4" };
    engine.state.current = current.parent.id;
    endAttempt(engine, current.parent);
  }
}

/** TB.2.3 4, and what a walk past the last activity comes to. */
export function exitAll(engine: Engine, sequencing: SequencingRequest | null): Terminated {
  const { root } = engine.tree;
  const current = currentOf(engine)!;
  if (isActive(engine, current)) endAttempt(engine, current);
  terminateDescendentAttempts(engine, root);
  if (current !== root || isActive(engine, root)) endAttempt(engine, root);
  engine.state.current = root.id;
  return { exception: null, sequencing: sequencing ?? "exit" };
}

/**
 * TB.2.3 5. Where nothing is open the standard suspends the cluster around it, which cannot be delivered again: `left` tells where
 * somebody stood.
 */
function suspendAll(engine: Engine, current: Activity): Terminated {
  let suspended = current;
  if (isActive(engine, current) || isSuspended(engine, current)) {
    overallRollup(engine, current);
  } else {
    if (!current.parent) return { exception: "TB.2.3-3" };
    suspended = current.parent;
  }
  engine.state.left = suspended === current && isLeaf(current) ? null : current.id;
  engine.state.suspended = suspended.id;
  for (const activity of pathFromRoot(suspended)) {
    setActive(engine, activity, false);
    setSuspended(engine, activity, true);
    closeSession(engine, activity);
  }
  engine.state.current = engine.tree.root.id;
  return { exception: null, sequencing: "exit" };
}
