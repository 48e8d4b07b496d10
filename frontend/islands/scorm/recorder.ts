/* The flight recorder's share in the browser: the calls of the API since the last commit, bounded in number and length. */
import type { Call } from "../../runtime/scorm/types.ts";

export const MOST_CALLS = 500;
export const LONGEST_TEXT = 2_000;
/** Characters of all of them together: a commit has an end, and what the learner did goes before what is recorded of it. */
export const MOST_TEXT = 200_000;

function size(call: Call): number {
  return call.args.reduce((sum, arg) => sum + arg.length, call.answer.length);
}

function cut(text: string): string {
  return text.length <= LONGEST_TEXT ? text : `${text.slice(0, LONGEST_TEXT)}… (${text.length} characters)`;
}

export class Recorder {
  private calls: Call[] = [];
  private dropped = 0;
  private text = 0;

  add(call: Call): void {
    const kept = { ...call, args: call.args.map((arg) => cut(String(arg))), answer: cut(call.answer) };
    this.calls.push(kept);
    this.text += size(kept);
    while (this.calls.length > MOST_CALLS || this.text > MOST_TEXT) {
      const gone = this.calls.shift();
      if (gone) this.text -= size(gone);
      this.dropped++;
    }
  }

  get size(): number {
    return this.calls.length;
  }

  /** What was recorded since the last time, in its order. What had to go for want of room is told by a line of its own. */
  take(): Call[] {
    const taken = this.calls;
    if (this.dropped > 0) taken.unshift({ t: taken[0]?.t ?? 0, fn: "…", args: [`${this.dropped} calls before were not recorded`], answer: "", error: "" });
    this.calls = [];
    this.dropped = 0;
    this.text = 0;
    return taken;
  }
}
