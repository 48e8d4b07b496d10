/** The order of a course as plain values: what is sent to the server, compared, put together and undone. */
export interface Arranged {
  id: string;
  lessons: string[];
}
export type Arrangement = Arranged[];

export function same(one: Arrangement, other: Arrangement): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

export function copy(of: Arrangement): Arrangement {
  return of.map(({ id, lessons }) => ({ id, lessons: [...lessons] }));
}

/**
 * `wanted` as far as it can be had of what is there now: what is gone is left out, and what came meanwhile stands after the
 * neighbour that it has in `now`. Every part of `now` is in the answer exactly once.
 */
export function reconcile(wanted: Arrangement, now: Arrangement): Arrangement {
  const present = new Set(now.flatMap((module) => module.lessons));
  const modules = merge(
    wanted.map((module) => module.id),
    now.map((module) => module.id),
  );
  const placed = new Set<string>();
  const byId = new Map(wanted.map((module) => [module.id, module.lessons]));
  const result = modules.map((id) => ({
    id,
    lessons: (byId.get(id) ?? []).filter((lesson) => present.has(lesson) && !placed.has(lesson) && placed.add(lesson)),
  }));
  for (const module of now) {
    const target = result.find((one) => one.id === module.id);
    if (!target) continue;
    module.lessons.forEach((lesson, at) => {
      if (placed.has(lesson)) return;
      const before = module.lessons.slice(0, at).findLast((one) => target.lessons.includes(one));
      target.lessons.splice(before === undefined ? 0 : target.lessons.indexOf(before) + 1, 0, lesson);
      placed.add(lesson);
    });
  }
  return result;
}

function merge(wanted: string[], now: string[]): string[] {
  const merged = wanted.filter((id) => now.includes(id));
  now.forEach((id, at) => {
    if (merged.includes(id)) return;
    const before = now.slice(0, at).findLast((one) => merged.includes(one));
    merged.splice(before === undefined ? 0 : merged.indexOf(before) + 1, 0, id);
  });
  return merged;
}

export interface Difference {
  part: string;
  what: "added" | "removed" | "moved" | "renamed";
}

/** What is different in `after`: the fewest parts that must have moved, those that came and those that went. */
export function differences(before: Arrangement, after: Arrangement): Difference[] {
  const found: Difference[] = [];
  compare(
    before.map((module) => module.id),
    after.map((module) => module.id),
    found,
  );
  const was = new Map(before.flatMap((module) => module.lessons.map((lesson) => [lesson, module.id] as const)));
  const is = new Map(after.flatMap((module) => module.lessons.map((lesson) => [lesson, module.id] as const)));
  for (const lesson of was.keys()) if (!is.has(lesson)) found.push({ part: lesson, what: "removed" });
  for (const [lesson, module] of is) {
    if (!was.has(lesson)) found.push({ part: lesson, what: "added" });
    else if (was.get(lesson) !== module) found.push({ part: lesson, what: "moved" });
  }
  for (const module of after) {
    const earlier = before.find((one) => one.id === module.id)?.lessons ?? [];
    moves(
      earlier.filter((lesson) => is.get(lesson) === module.id),
      module.lessons.filter((lesson) => was.get(lesson) === module.id),
      found,
    );
  }
  return found;
}

function compare(before: string[], after: string[], found: Difference[]): void {
  for (const id of before) if (!after.includes(id)) found.push({ part: id, what: "removed" });
  for (const id of after) if (!before.includes(id)) found.push({ part: id, what: "added" });
  moves(
    before.filter((id) => after.includes(id)),
    after.filter((id) => before.includes(id)),
    found,
  );
}

/** What is not in the longest run that kept its order has moved. */
function moves(before: string[], after: string[], found: Difference[]): void {
  const place = new Map(before.map((id, at) => [id, at]));
  const runs: { length: number; previous: number }[] = [];
  let best = -1;
  after.forEach((id, at) => {
    const run = { length: 1, previous: -1 };
    for (let earlier = 0; earlier < at; earlier++) {
      const other = runs[earlier];
      if (other && (place.get(after[earlier] ?? "") ?? 0) < (place.get(id) ?? 0) && other.length >= run.length) {
        run.length = other.length + 1;
        run.previous = earlier;
      }
    }
    runs.push(run);
    if (best < 0 || run.length > (runs[best]?.length ?? 0)) best = at;
  });
  const kept = new Set<string>();
  for (let at = best; at >= 0; at = runs[at]?.previous ?? -1) kept.add(after[at] ?? "");
  for (const id of after) if (!kept.has(id)) found.push({ part: id, what: "moved" });
}
