/* The sequencer of SCORM 2004: the procedures of the standard behind what the player asks. */

import type { Elements, Item, ObjectiveState, Package, Results } from "../types.ts";
import { arrangeAll, endAttempt } from "./attempts.ts";
import { type Activity, buildTree, isLeaf } from "./definition.ts";
import { deliveryRequest } from "./delivery.ts";
import { wordsOf } from "./exceptions.ts";
import type { Outcome, Sequencing, Shared, Surroundings, TreeNode } from "./interface.ts";
import { navigationRequest } from "./navigation.ts";
import { carryOut, overallSequencing, reopen, type Result } from "./overall.ts";
import { recordResults } from "./record.ts";
import { sequencingRequest } from "./requests.ts";
import { overallRollup, rollupReaders } from "./rollup.ts";
import { checkActivity, hasPrecondition } from "./rules.ts";
import {
  attemptsOn, copyOf, currentOf, emptyState, type Engine, find, isActive, isAvailable, isSuspended, type State,
} from "./state.ts";
import { type Terminated, terminationRequest } from "./termination.ts";
import { completedOf, measureOf, progressOf, satisfiedOf, viewOf } from "./tracking.ts";

/** What leaving the current activity would come to, kept until something changes. */
interface Ahead {
  engine: Engine;
  terminated: Terminated | null;
  /** Where a rule sends everybody who leaves, whatever was asked for. */
  redirected: boolean | null;
  until: number;
}

export class Sequencer implements Sequencing {
  readonly #engine: Engine;
  readonly #random: () => number;
  #ahead: Ahead | null = null;

  constructor(definition: Package, surroundings: Surroundings) {
    this.#random = surroundings.random;
    this.#engine = {
      tree: buildTree(definition),
      state: emptyState(0),
      now: () => surroundings.now().getTime(),
      changed: new Set(),
    };
  }

  start(state?: unknown, shared: Shared = {}): Outcome {
    const engine = this.#engine;
    const kept = readable(state);
    engine.state = kept ?? emptyState(Math.floor(this.#random() * 4_294_967_296) | 0);
    this.#takeIn(shared);
    if (kept) rollupReaders(engine);
    else arrangeAll(engine);
    this.#interrupted();
    const suspended = find(engine, engine.state.suspended);
    if (!suspended) {
      engine.state.suspended = null;
      return this.#changed(overallSequencing(engine, "start"));
    }
    const left = find(engine, engine.state.left) ?? suspended;
    const resumed = overallSequencing(engine, "resumeAll");
    if (resumed.delivered) return this.#changed(resumed);
    reopen(engine, suspended, left);
    return this.#goOn(resumed);
  }

  /** A session that was never ended, because the browser was closed or broke down, is suspended where it stood. */
  #interrupted(): void {
    const engine = this.#engine;
    const current = currentOf(engine);
    if (current) {
      const kept = engine.state.activities[current.id];
      if (kept?.active && kept.over && kept.leaving !== "suspend") endAttempt(engine, current);
      terminationRequest(engine, "suspendAll");
    }
    engine.state.current = null;
  }

  /** Somebody comes back to a place where nothing is open: on to the next page, or a choice, or the last page once more. */
  #goOn(resumed: Result): Outcome {
    this.#ahead = null;
    if (this.requestValid("continue")) return this.navigate("continue");
    const choosable = this.#engine.tree.all.some((each) => isLeaf(each) && this.requestValid("choice", each.id));
    if (choosable) return this.#changed({ ...resumed, exception: null });
    return this.#changed(carryOut(this.#engine, "retry", null));
  }

  navigate(request: string, target: string | null = null): Outcome {
    return this.#changed(overallSequencing(this.#engine, request, target));
  }

  record(activityId: string, results: Results, over = false): void {
    const activity = find(this.#engine, activityId);
    if (!activity || !isLeaf(activity)) return;
    recordResults(this.#engine, activity, results, over);
    this.#ahead = null;
  }

  requestValid(request: string, target: string | null = null): boolean {
    const understood = navigationRequest(this.#engine, request, target);
    if (understood.exception !== null) return false;
    if (understood.termination && understood.termination !== "exit") return true;
    if (request === "exit") return true;
    const ahead = understood.termination ? this.#afterLeaving() : { engine: this.#engine, terminated: null };
    if (ahead.terminated && ahead.terminated.exception !== null) return false;
    if (ahead.terminated?.sequencing) return this.#redirected();
    const sequenced = sequencingRequest(ahead.engine, understood.sequencing, understood.target);
    return sequenced.deliver !== null && deliveryRequest(ahead.engine, sequenced.deliver) === null;
  }

  #afterLeaving(): Ahead {
    const now = this.#engine.now();
    if (this.#ahead && now < this.#ahead.until) return this.#ahead;
    const engine = copyOf(this.#engine);
    const terminated = terminationRequest(engine, "exit");
    this.#ahead = { engine, terminated, redirected: null, until: now + 1000 };
    return this.#ahead;
  }

  #redirected(): boolean {
    const ahead = this.#afterLeaving();
    if (ahead.redirected === null && ahead.terminated?.exception === null && ahead.terminated.sequencing) {
      const result = carryOut(copyOf(ahead.engine), ahead.terminated.sequencing, null);
      ahead.redirected = result.delivered !== null || result.ends === "exit";
    }
    return ahead.redirected ?? false;
  }

  tree(): TreeNode {
    return this.#node(this.#engine.tree.root, false);
  }

  #node(activity: Activity, hiddenAbove: boolean): TreeNode {
    const engine = this.#engine;
    const away = hiddenAbove || !isAvailable(engine, activity) || hasPrecondition(engine, activity, "hiddenFromChoice");
    const node: TreeNode = {
      id: activity.id,
      title: activity.item.title,
      kind: activity.item.kind,
      hidden: away || !activity.item.isVisible,
      enabled: !away && this.requestValid("choice", activity.id),
      disabled: checkActivity(engine, activity),
      current: engine.state.current === activity.id,
      suspended: isSuspended(engine, activity),
      attempts: attemptsOn(engine, activity),
      children: this.#ordered(activity).map((child) => this.#node(child, away)),
    };
    const [completed, satisfied] = [completedOf(engine, activity), satisfiedOf(engine, activity)];
    const measure = measureOf(engine, activity);
    if (completed !== undefined) node.completed = completed;
    if (satisfied !== undefined) node.satisfied = satisfied;
    if (measure !== undefined) node.measure = measure;
    return node;
  }

  /** Available children in their order, then those that were not selected, which are hidden. */
  #ordered(activity: Activity): Activity[] {
    const chosen = this.#engine.state.activities[activity.id]?.available;
    if (!chosen) return activity.children;
    const place = (child: Activity) => (chosen.includes(child.id) ? chosen.indexOf(child.id) : chosen.length + child.place);
    return activity.children.toSorted((one, other) => place(one) - place(other));
  }

  summary(): Elements {
    const engine = copyOf(this.#engine);
    const current = currentOf(engine);
    if (current && isActive(engine, current)) {
      const over = engine.state.activities[current.id]?.over || current.item.kind === "asset";
      if (over) endAttempt(engine, current);
      else overallRollup(engine, current);
    }
    const { root } = engine.tree;
    const [completed, satisfied] = [completedOf(engine, root), satisfiedOf(engine, root)];
    const [measure, progress] = [measureOf(engine, root), progressOf(engine, root)];
    const begun = attemptsOn(engine, root) > 0;
    const elements: Elements = {
      "cmi.completion_status": completed ? "completed" : completed === false || begun ? "incomplete" : "not attempted",
      "cmi.success_status": satisfied === undefined ? "unknown" : satisfied ? "passed" : "failed",
    };
    if (measure !== undefined) elements["cmi.score.scaled"] = String(measure);
    if (progress !== undefined) elements["cmi.progress_measure"] = String(progress);
    return elements;
  }

  hiddenControls(): string[] {
    return currentOf(this.#engine)?.hideLMSUI ?? [];
  }

  objectives(activityId: string): ObjectiveState[] {
    const activity = find(this.#engine, activityId);
    return activity ? activity.objectives.map((objective) => viewOf(this.#engine, activity, objective)) : [];
  }

  readShared(targetId: string): string {
    return this.#engine.state.shared[targetId] ?? "";
  }

  writeShared(targetId: string, value: string): void {
    this.#engine.state.shared[targetId] = value;
  }

  shared(): Required<Shared> {
    const { tree, state } = this.#engine;
    return structuredClone({
      objectives: tree.objectivesGlobalToSystem ? state.globals : {},
      data: tree.sharedDataGlobalToSystem ? state.shared : {},
    });
  }

  /** What is not known elsewhere stays as it was here; what is known elsewhere was written later. */
  #takeIn(shared: Shared): void {
    const { tree, state, changed } = this.#engine;
    changed.clear();
    if (tree.sharedDataGlobalToSystem) Object.assign(state.shared, shared.data ?? {});
    if (!tree.objectivesGlobalToSystem) return;
    for (const [id, known] of Object.entries(shared.objectives ?? {})) {
      const before = state.globals[id] ?? {};
      if (Object.entries(known).some(([field, value]) => before[field as keyof ObjectiveState] !== value)) changed.add(id);
      state.globals[id] = { ...before, ...known };
    }
  }

  toJSON(): State {
    return structuredClone(this.#engine.state);
  }

  #changed(result: Result): Outcome {
    this.#ahead = null;
    const { delivered } = result;
    const item: Item | null = delivered?.item ?? null;
    return {
      delivered: item,
      entry: item ? (result.resumed ? "resume" : "ab-initio") : "",
      attempt: delivered ? attemptsOn(this.#engine, delivered) : 0,
      objectives: delivered ? this.objectives(delivered.id) : [],
      ended: result.ends !== null,
      exception: result.exception,
      words: result.exception && wordsOf(result.exception),
    };
  }
}

/** A state that this engine wrote; null for anything else, so that a damaged one begins anew instead of failing. */
function readable(state: unknown): State | null {
  if (typeof state !== "object" || state === null) return null;
  const given = state as Partial<State>;
  if (given.version !== 1 || typeof given.activities !== "object" || given.activities === null) return null;
  const seed = typeof given.seed === "number" ? given.seed : 0;
  return structuredClone({ ...emptyState(seed), ...given }) as State;
}
