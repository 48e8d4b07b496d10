/* The elements of an attempt as they stood after each call that a page shows. */

export interface Recorded {
  /** SCO, element and value before the first call. */
  before: [string, string, string][];
  /** For each call what it set, if anything: SCO, element, value. */
  sets: ([string, string, string] | null)[];
}

export interface Shown {
  sco: string;
  element: string;
  value: string;
  /** Whether the call that is looked at has set it. */
  changed: boolean;
}

/** After so many calls. */
export function after(recorded: Recorded, calls: number): Shown[] {
  const now = new Map<string, Shown>();
  const put = ([sco, element, value]: [string, string, string], changed: boolean): void => {
    now.set(JSON.stringify([sco, element]), { sco, element, value, changed });
  };
  for (const one of recorded.before) put(one, false);
  recorded.sets.slice(0, calls).forEach((one, place) => {
    if (one) put(one, place === calls - 1);
  });
  return [...now.values()].sort((a, b) => a.sco.localeCompare(b.sco) || a.element.localeCompare(b.element, "en", { numeric: true }));
}
