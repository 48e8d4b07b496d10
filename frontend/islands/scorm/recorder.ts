/* The flight recorder's share in the browser: the calls of the API since the last commit, bounded in number and length. */
import type { Call } from "../../runtime/scorm/types.ts";

export const MOST_CALLS = 500;
export const LONGEST_TEXT = 2_000;

function cut(text: string): string {
  return text.length <= LONGEST_TEXT ? text : `${text.slice(0, LONGEST_TEXT)}… (${text.length} characters)`;
}

export class Recorder {
  private calls: Call[] = [];
  private dropped = 0;

  add(call: Call): void {
    this.calls.push({ ...call, args: call.args.map((arg) => cut(String(arg))), answer: cut(call.answer) });
    if (this.calls.length > MOST_CALLS) {
      this.calls.shift();
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
    return taken;
  }
}
