/* OP.1 Overall Sequencing Process, for one navigation request: from what was asked to what is shown. */

import { endAttempt, terminateDescendentAttempts } from "./attempts.ts";
import type { Activity } from "./definition.ts";
import { contentDeliveryEnvironment, deliveryRequest } from "./delivery.ts";
import type { ExceptionCode } from "./exceptions.ts";
import { navigationRequest, type SequencingRequest } from "./navigation.ts";
import { sequencingRequest } from "./requests.ts";
import { type Engine, isActive, isSuspended, setActive, setSuspended } from "./state.ts";
import { exitAll, terminationRequest } from "./termination.ts";

export interface Result {
  delivered: Activity | null;
  /** The attempt that was delivered goes on after a suspension. */
  resumed: boolean;
  /** Why the session is over, if it is: asked for or by rule, or because the walk went past the last activity. */
  ends: "exit" | "past" | null;
  exception: ExceptionCode | null;
}

const NOTHING: Result = { delivered: null, resumed: false, ends: null, exception: null };

/** OP.1 */
export function overallSequencing(engine: Engine, request: string, targetId?: string | null): Result {
  const understood = navigationRequest(engine, request, targetId);
  if (understood.exception !== null) return { ...NOTHING, exception: understood.exception };
  let next: { sequencing: SequencingRequest; target: Activity | null } = understood;
  if (understood.termination) {
    const ended = terminationRequest(engine, understood.termination);
    if (ended.exception !== null) return { ...NOTHING, exception: ended.exception };
    // A rule replaces what was asked for (OP.1 1.3.2).
    if (ended.sequencing) next = { sequencing: ended.sequencing, target: null };
  }
  return carryOut(engine, next.sequencing, next.target);
}

/** OP.1 1.4 and 1.5: the sequencing request, then the delivery. */
export function carryOut(engine: Engine, request: SequencingRequest, target: Activity | null): Result {
  const sequenced = sequencingRequest(engine, request, target);
  if (sequenced.ends === "past" && engine.state.current !== null) exitAll(engine, null);
  if (sequenced.ends) {
    // The session is over: there is no current activity until another one begins (AM.1.2).
    engine.state.current = null;
    return { ...NOTHING, ends: sequenced.ends };
  }
  if (sequenced.leaveTo) leaveTo(engine, sequenced.leaveTo.ancestor, sequenced.leaveTo.target);
  if (!sequenced.deliver) return { ...NOTHING, exception: sequenced.exception };
  return deliver(engine, sequenced.deliver);
}

function deliver(engine: Engine, activity: Activity): Result {
  const refused = deliveryRequest(engine, activity);
  if (refused) return { ...NOTHING, exception: refused };
  const begun = contentDeliveryEnvironment(engine, activity);
  if (begun.exception) return { ...NOTHING, exception: begun.exception };
  return { delivered: activity, resumed: begun.resumed, ends: null, exception: null };
}

/**
 * SB.2.9 13: a cluster was chosen, and nothing in it can be shown. The attempt on the root goes on: ending it here would have the
 * next page begin the whole package anew, and a wrong choice cost a learner everything.
 */
function leaveTo(engine: Engine, ancestor: Activity, target: Activity): void {
  if (engine.state.current !== null) {
    terminateDescendentAttempts(engine, ancestor);
    if (ancestor.parent && isActive(engine, ancestor)) endAttempt(engine, ancestor);
  }
  engine.state.current = target.id;
}

/**
 * Takes a session up again that cannot be resumed by delivering the activity that was suspended, because it is a cluster or
 * because its rules forbid it by now: its ancestors are under way again, and the learner chooses or goes on.
 */
export function reopen(engine: Engine, suspended: Activity, left: Activity): void {
  const open = suspended === left ? suspended.parent : suspended;
  for (let at = open; at; at = at.parent) {
    if (isSuspended(engine, at)) setSuspended(engine, at, false);
    setActive(engine, at, true);
  }
  engine.state.current = left.id;
  engine.state.suspended = null;
  engine.state.left = null;
}
