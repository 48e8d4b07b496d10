/* What changes while a package is played (TM and AM, tracking and activity state models), as plain data: it goes to JSON, comes
   back in another browser, and is copied when somebody asks what a request would do. */

import type { ObjectiveState } from "../types.ts";
import { type Activity, type ActivityTree, isBelow } from "./definition.ts";

/** TM.1 and AM.1.1 of one activity. What is unknown is absent: the standard's pairs of "status" and value are one field here. */
export interface ActivityState {
  /** Activity is Active */
  active?: true;
  /** Activity is Suspended */
  suspended?: true;
  /** Activity Attempt Count; Activity Progress Status is true from 1 on. */
  attempts?: number;
  /** Attempt Progress Status and Attempt Completion Status */
  completed?: boolean;
  /** Attempt Completion Amount */
  progressMeasure?: number;
  /** By key of the objective; "" is the primary one. */
  objectives?: Record<string, ObjectiveState>;
  /** Available Children, by identifier; absent: all of them in the manifest's order. */
  available?: string[];
  /** cmi.exit as last reported in the attempt under way. */
  leaving?: string;
  /** The content object has ended, and nobody has moved on yet. */
  over?: true;
  /** Milliseconds since 1970. */
  activityBegan?: number;
  attemptBegan?: number;
  attemptEnded?: number;
  /** Seconds experienced: of this attempt and of all before the session under way, and of that session. */
  attemptSeconds?: number;
  activitySeconds?: number;
  sessionSeconds?: number;
}

export interface State {
  version: 1;
  /** AM.1.2; null: undefined */
  current: string | null;
  suspended: string | null;
  /** Where somebody was who left while nothing was delivered: the resumed session goes on from there. */
  left: string | null;
  activities: Record<string, ActivityState>;
  /** Global objectives. */
  globals: Record<string, ObjectiveState>;
  /** adl.data by targetID. */
  shared: Record<string, string>;
  /** Of the generator of random numbers: a copy of the state draws the same ones. */
  seed: number;
}

/** What every procedure works on. */
export interface Engine {
  tree: ActivityTree;
  state: State;
  now(): number;
  /** Global objectives written since the last rollup. */
  changed: Set<string>;
}

export function emptyState(seed: number): State {
  return { version: 1, current: null, suspended: null, left: null, activities: {}, globals: {}, shared: {}, seed };
}

/** A copy in which a request can be tried without anything happening to the original. */
export function copyOf(engine: Engine): Engine {
  return { ...engine, state: structuredClone(engine.state), changed: new Set(engine.changed) };
}

/** What is kept of an activity; made when it is first asked for. */
export function of(engine: Engine, activity: Activity): ActivityState {
  return (engine.state.activities[activity.id] ??= {});
}

export function currentOf(engine: Engine): Activity | null {
  return find(engine, engine.state.current);
}

export function find(engine: Engine, id: string | null | undefined): Activity | null {
  return id === null || id === undefined ? null : (engine.tree.byId.get(id) ?? null);
}

export function isActive(engine: Engine, activity: Activity): boolean {
  return engine.state.activities[activity.id]?.active === true;
}

export function isSuspended(engine: Engine, activity: Activity): boolean {
  return engine.state.activities[activity.id]?.suspended === true;
}

export function attemptsOn(engine: Engine, activity: Activity): number {
  return engine.state.activities[activity.id]?.attempts ?? 0;
}

export function setActive(engine: Engine, activity: Activity, active: boolean): void {
  if (active) of(engine, activity).active = true;
  else delete of(engine, activity).active;
}

export function setSuspended(engine: Engine, activity: Activity, suspended: boolean): void {
  if (suspended) of(engine, activity).suspended = true;
  else delete of(engine, activity).suspended;
}

/** Available Children (AM.1.1). */
export function available(engine: Engine, activity: Activity): Activity[] {
  const chosen = engine.state.activities[activity.id]?.available;
  if (!chosen) return activity.children;
  const byId = new Map(activity.children.map((child) => [child.id, child]));
  return chosen.map((id) => byId.get(id)).filter((child) => child !== undefined);
}

export function isAvailable(engine: Engine, activity: Activity): boolean {
  return !activity.parent || available(engine, activity.parent).includes(activity);
}

/** Whether one activity comes after another when the tree is walked forward through the available children. */
export function comesAfter(engine: Engine, later: Activity, earlier: Activity): boolean {
  if (isBelow(later, earlier)) return true;
  if (later === earlier || isBelow(earlier, later)) return false;
  let [one, other] = [later, earlier];
  while (one.parent && !isBelow(earlier, one.parent)) one = one.parent;
  while (other.parent && other.parent !== one.parent) other = other.parent;
  const order = one.parent ? available(engine, one.parent) : [];
  const [first, second] = [order.indexOf(one), order.indexOf(other)];
  return first >= 0 && second >= 0 ? first > second : one.place > other.place;
}

/** A number from 0 to below 1, drawn from the state (mulberry32). */
export function draw(engine: Engine): number {
  engine.state.seed = (engine.state.seed + 0x6d2b79f5) | 0;
  let mixed = engine.state.seed;
  mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
  mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
  return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
}
