/**
 * Keeps what is being written on the server, soon after each change, one save at a time; without a connection it goes on
 * trying. What another tab saved meanwhile is never overwritten.
 */
export interface Written {
  text: string;
  url: string;
}

export type Answer = { kind: "saved"; revision: number } | { kind: "refused"; words: string } | { kind: "lost" };
export type Send = (written: Written & { revision: number }) => Promise<Answer>;

export class Draft {
  private waiting: Written | null = null;
  private sending: Promise<void> | null = null;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private over = false;

  constructor(
    private revision: number,
    private readonly send: Send,
    private readonly say: (words: string, bad: boolean) => void,
    private readonly pause = 800,
  ) {}

  /** Whether something that was written is not kept yet. */
  get open(): boolean {
    return !this.over && (this.waiting !== null || this.sending !== null);
  }

  change(written: Written): void {
    if (this.over) return;
    this.waiting = written;
    this.say("Not kept yet", false);
    this.later(this.pause);
  }

  private later(after: number): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.now(), after);
  }

  /** Sends at once what is not kept yet, and waits for the answer. */
  async now(): Promise<void> {
    clearTimeout(this.timer);
    if (this.sending) await this.sending;
    if (!this.waiting || this.over) return;
    const written = this.waiting;
    this.waiting = null;
    this.sending = this.put(written);
    await this.sending;
    this.sending = null;
  }

  private async put(written: Written): Promise<void> {
    const answer = await this.send({ ...written, revision: this.revision });
    if (answer.kind === "saved") {
      this.revision = answer.revision;
      if (!this.waiting) this.say("Kept. Nothing is handed in yet.", false);
    } else if (answer.kind === "refused") {
      this.over = true;
      this.say(answer.words, true);
    } else {
      this.waiting ??= written;
      this.say("Not kept: the site cannot be reached. It is tried again; leave this page open.", true);
      this.later(5000);
    }
  }
}
