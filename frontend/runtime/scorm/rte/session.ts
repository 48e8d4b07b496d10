/* What both run-times have in common: telling the flight recorder each call, committing so that the answer is the truth. */
import type { CommitAnswer, Elements, Ended, Host } from "../types.ts";
import type { Model } from "./model.ts";
import { asText } from "./text.ts";

/** The site takes commits of at most 1,000 elements and 1,000,000 bytes: larger ones go in parts. */
const mostElements = 900;
const mostBytes = 900_000;

/** Wraps a function of the API: never throws, tells each call with its answer and the error code after it. */
export function recorded(host: Host, errorNow: () => string, onFault: () => void) {
  const started = host.now().getTime();
  return (fn: string, call: (...args: unknown[]) => string, whenItFails = "") =>
    (...args: unknown[]): string => {
      let answer = whenItFails;
      try {
        answer = call(...args);
      } catch {
        onFault();
      }
      try {
        const t = Math.max(0, host.now().getTime() - started);
        host.trace({ t, fn, args: args.map((arg) => asText(arg) ?? ""), answer, error: errorNow() });
      } catch {
        // A recorder that fails must not take the lesson with it.
      }
      return answer;
    };
}

/** Tells the host that the SCO has ended; what it does with it cannot change the answer that the SCO gets. */
export function tellEnded(host: Host, how: Ended): void {
  try {
    host.ended?.(how);
  } catch {
    // The data is stored, and that is what the SCO asked.
  }
}

/** At most three bytes a character in UTF-8, two if JSON has to escape it and six for a control character. */
function weight(text: string): number {
  let bytes = 4;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    bytes += unit < 32 ? 6 : unit === 34 || unit === 92 ? 2 : unit < 128 ? 1 : 3;
  }
  return bytes;
}

function parts(dirty: ReadonlyMap<string, string>): Elements[] {
  const all: Elements[] = [];
  let part: Elements = {};
  let bytes = 0;
  let count = 0;
  for (const [name, value] of dirty) {
    const more = weight(name) + weight(value);
    if (count && (count >= mostElements || bytes + more > mostBytes)) {
      all.push(part);
      part = {};
      bytes = count = 0;
    }
    part[name] = value;
    bytes += more;
    count++;
  }
  return [...all, part];
}

/** Sends what is not saved yet, in parts if it is much. Stops at the first part that was not stored: the rest stays unsaved. */
export function save(model: Model, host: Host, terminate: boolean): CommitAnswer {
  let answer: CommitAnswer = { saved: false, reason: "refused", words: "" };
  const all = parts(model.dirty());
  for (const [i, part] of all.entries()) {
    try {
      answer = host.commit({ ...part }, terminate && i === all.length - 1);
    } catch {
      answer = { saved: false, reason: "offline", words: "The connection to the site failed. What was done is not saved yet." };
    }
    if (!answer?.saved) return answer ?? { saved: false, reason: "offline", words: "" };
    model.acknowledge(part);
  }
  return answer;
}

/** Why something was not saved, for GetDiagnostic. */
export function whyNotSaved(answer: CommitAnswer): string {
  return answer.saved ? "" : answer.words || "The site did not confirm that the data is saved.";
}
