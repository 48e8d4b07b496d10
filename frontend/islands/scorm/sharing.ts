/* What the packages of a learner share (SCORM 2004: global objectives, adl.data), and what of it is new to the site. */
import type { Shared } from "../../runtime/scorm/types.ts";

/** A copy with both parts. */
export function whole(given: Shared | null | undefined): Required<Shared> {
  return structuredClone({ objectives: given?.objectives ?? {}, data: given?.data ?? {} });
}

/** Adds what is new, value by value. */
export function add(to: Required<Shared>, shared: Shared): void {
  for (const [id, known] of Object.entries(shared.objectives ?? {})) to.objectives[id] = { ...to.objectives[id], ...known };
  Object.assign(to.data, shared.data);
}

/** The values of `now` that `known` does not have; null when there are none. What another package has written is not sent back. */
export function news(known: Required<Shared>, now: Required<Shared>): Shared | null {
  const objectives = Object.entries(now.objectives).flatMap(([id, state]) => {
    const before: object = known.objectives[id] ?? {};
    const changed = Object.entries(state).filter(([field, value]) => before[field as keyof typeof before] !== value);
    return changed.length > 0 ? [[id, Object.fromEntries(changed)] as const] : [];
  });
  const data = Object.entries(now.data).filter(([id, value]) => known.data[id] !== value);
  if (objectives.length === 0 && data.length === 0) return null;
  return { objectives: Object.fromEntries(objectives), data: Object.fromEntries(data) };
}
