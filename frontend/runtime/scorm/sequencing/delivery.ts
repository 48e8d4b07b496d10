/* Delivery behaviour: DB.1.1, DB.2, DB.2.1. */

import { beginAttempt, terminateDescendentAttempts } from "./attempts.ts";
import { type Activity, commonAncestor, isLeaf, pathBelow, pathFromRoot } from "./definition.ts";
import type { ExceptionCode } from "./exceptions.ts";
import { checkActivity } from "./rules.ts";
import { currentOf, type Engine, find, isActive, isSuspended, setActive, setSuspended } from "./state.ts";

/** DB.1.1 Delivery Request Process: why the activity may not be delivered; null when it may. */
export function deliveryRequest(engine: Engine, activity: Activity): ExceptionCode | null {
  if (!isLeaf(activity)) return "DB.1.1-1";
  return pathFromRoot(activity).some((each) => checkActivity(engine, each)) ? "DB.1.1-3" : null;
}

/** What was begun: an attempt that goes on after a suspension has its data kept. */
export interface Begun {
  exception: ExceptionCode | null;
  resumed: boolean;
}

/** DB.2 Content Delivery Environment Process. */
export function contentDeliveryEnvironment(engine: Engine, activity: Activity): Begun {
  const current = currentOf(engine);
  if (current && isActive(engine, current)) return { exception: "DB.2-1", resumed: false };
  if (activity.id !== engine.state.suspended) clearSuspendedActivity(engine, activity);
  terminateDescendentAttempts(engine, activity);
  let resumed = false;
  for (const each of pathFromRoot(activity)) {
    if (isActive(engine, each)) continue;
    resumed = isSuspended(engine, each);
    if (resumed) setSuspended(engine, each, false);
    else if (each.tracked) beginAttempt(engine, each);
    setActive(engine, each, true);
  }
  engine.state.current = activity.id;
  engine.state.suspended = null;
  engine.state.left = null;
  return { exception: null, resumed };
}

/** DB.2.1 Clear Suspended Activity Subprocess. */
export function clearSuspendedActivity(engine: Engine, chosen: Activity): void {
  const suspended = find(engine, engine.state.suspended);
  if (suspended) {
    const ancestor = commonAncestor(chosen, suspended);
    for (const each of [...pathBelow(suspended, ancestor), ancestor]) {
      const stays = !isLeaf(each) && each.children.some((child) => isSuspended(engine, child));
      if (!stays) setSuspended(engine, each, false);
    }
  }
  engine.state.suspended = null;
}
