/* Sequencing requests: SB.2.5 to SB.2.8 and SB.2.10 to SB.2.13. Choice has a file of its own. */

import { choiceSequencingRequest } from "./choice.ts";
import { type Activity, isLeaf } from "./definition.ts";
import type { ExceptionCode } from "./exceptions.ts";
import { flow, type Walk } from "./flow.ts";
import type { SequencingRequest } from "./navigation.ts";
import { currentOf, type Engine, find, isActive, isSuspended } from "./state.ts";

/** What a sequencing request comes to: an activity to deliver, the end of the session, or neither with a reason. */
export interface Sequenced {
  deliver: Activity | null;
  /** "exit": asked for. "past": the walk went past the last activity. */
  ends: "exit" | "past" | null;
  exception: ExceptionCode | null;
  /** SB.2.9 13: what becomes of the place of the learner when a chosen cluster has nothing to show. */
  leaveTo?: { ancestor: Activity; target: Activity } | null;
}

/** SB.2.12 Sequencing Request Process. */
export function sequencingRequest(engine: Engine, request: SequencingRequest, target: Activity | null): Sequenced {
  switch (request) {
    case "start":
      return start(engine);
    case "resumeAll":
      return resumeAll(engine);
    case "exit":
      return exit(engine);
    case "retry":
      return retry(engine);
    case "continue":
      return moveOn(engine);
    case "previous":
      return previous(engine);
    case "choice": {
      const chosen = choiceSequencingRequest(engine, target);
      if (chosen.activity) return delivery(chosen.activity);
      return { ...refused(chosen.exception), leaveTo: chosen.leaveTo };
    }
    case "jump":
      return jump(engine, target);
    default:
      return refused("SB.2.12-1");
  }
}

function delivery(activity: Activity): Sequenced {
  return { deliver: activity, ends: null, exception: null };
}

function refused(exception: ExceptionCode): Sequenced {
  return { deliver: null, ends: null, exception };
}

function walked(walk: Walk, otherwise: ExceptionCode): Sequenced {
  if (walk.deliverable) return delivery(walk.activity);
  if (walk.over) return { deliver: null, ends: "past", exception: null };
  return refused(walk.exception ?? otherwise);
}

/** SB.2.5 Start Sequencing Request Process. */
export function start(engine: Engine): Sequenced {
  if (currentOf(engine)) return refused("SB.2.5-1");
  const { root } = engine.tree;
  if (isLeaf(root)) return delivery(root);
  return walked(flow(engine, root, "forward", true), "SB.2.5-2");
}

/** SB.2.6 Resume All Sequencing Request Process. */
export function resumeAll(engine: Engine): Sequenced {
  if (currentOf(engine)) return refused("SB.2.6-1");
  const suspended = find(engine, engine.state.suspended);
  return suspended ? delivery(suspended) : refused("SB.2.6-2");
}

/** SB.2.7 Continue Sequencing Request Process. */
export function moveOn(engine: Engine): Sequenced {
  const current = currentOf(engine);
  if (!current) return refused("SB.2.7-1");
  if (current.parent && !current.parent.flow) return refused("SB.2.7-2");
  return walked(flow(engine, current, "forward", false), "SB.2.7-2");
}

/** SB.2.8 Previous Sequencing Request Process. */
export function previous(engine: Engine): Sequenced {
  const current = currentOf(engine);
  if (!current) return refused("SB.2.8-1");
  if (current.parent && !current.parent.flow) return refused("SB.2.8-2");
  return walked(flow(engine, current, "backward", false), "SB.2.8-2");
}

/** SB.2.10 Retry Sequencing Request Process. */
export function retry(engine: Engine): Sequenced {
  const current = currentOf(engine);
  if (!current) return refused("SB.2.10-1");
  if (isActive(engine, current) || isSuspended(engine, current)) return refused("SB.2.10-2");
  if (isLeaf(current)) return delivery(current);
  const walk = flow(engine, current, "forward", true);
  return walk.deliverable ? delivery(walk.activity) : refused("SB.2.10-3");
}

/** SB.2.11 Exit Sequencing Request Process: the session ends when the root was left. */
export function exit(engine: Engine): Sequenced {
  const current = currentOf(engine);
  if (!current) return refused("SB.2.11-1");
  if (isActive(engine, current)) return refused("SB.2.11-2");
  return { deliver: null, ends: current.parent ? null : "exit", exception: null };
}

/** SB.2.13 Jump Sequencing Request Process (4th edition): no rule on the way is asked. */
export function jump(engine: Engine, target: Activity | null): Sequenced {
  if (!currentOf(engine) || !target) return refused("SB.2.13-1");
  return delivery(target);
}
