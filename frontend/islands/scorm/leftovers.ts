/* What an earlier visit had not saved when its page was closed or its machine lost power: it is sent before the package starts,
   under the numbers that it had, and becomes part of what the package resumes with. */
import type { Elements, Shared } from "../../runtime/scorm/types.ts";
import { judge, type Line } from "./line.ts";
import type { Entry, Queue } from "./queue.ts";
import { add } from "./sharing.ts";
import { body } from "./sender.ts";

export interface Left {
  /** Commits that the server has now. */
  sent: number;
  /** Commits that do not fit any more, because somebody has gone on elsewhere. */
  lost: number;
  /** Why the rest waits still; null when nothing does. */
  waits: string | null;
  /** What was sent, by SCO, in its order. */
  elements: Record<string, Elements>;
  state: unknown;
  shared: Required<Shared>;
}

/** `stays`: this player goes on with what cannot be sent now; without it that is left where it is. */
export async function sendLeft(queue: Queue, line: Line, path: string, stays = true): Promise<Left> {
  const found: Left = { sent: 0, lost: 0, waits: null, elements: {}, state: undefined, shared: { objectives: {}, data: {} } };
  for (const entry of queue.left()) {
    const answer = judge(await line.later(path, body(entry)), entry.seq);
    if (!answer.saved && answer.reason !== "stale" && answer.reason !== "refused") {
      // The site is out of reach: it is this player's to send now, in front of what comes.
      found.waits = answer.words;
      if (!stays) return found;
      for (const one of queue.left()) {
        queue.adopt(one);
        note(found, one);
      }
      return found;
    }
    queue.remove(entry);
    if (answer.saved) {
      found.sent++;
      queue.reached(answer.seq);
      note(found, entry);
    } else found.lost++;
  }
  return found;
}

/** Takes what attempts that are over had not saved out of the browser; answers how many commits held something. */
export function forget(queue: Queue): number {
  const over = queue.foreign();
  for (const entry of over) queue.remove(entry);
  return over.filter((entry) => Object.keys(entry.elements).length > 0).length;
}

function note(found: Left, { sco, elements, state, shared }: Entry): void {
  found.elements[sco] = { ...found.elements[sco], ...elements };
  if (state !== undefined) found.state = state;
  if (shared !== undefined) add(found.shared, shared);
}
