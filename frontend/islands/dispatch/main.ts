/** The window in which a partner's learner plays a package: asks the page that opened it who he is, frames the player, and tells
 *  that page how he stands. */
import type { Downward, Upward } from "../scorm/protocol";
import { csrfToken } from "../site/csrf";

interface Opened {
  url: string;
  origin: string;
  sandbox: string;
  allow: string;
  ticket: string;
}

interface Standing {
  status: string;
  score: number | null;
  seconds: number;
}

/** Milliseconds that commits are collected before the partner's system is told. */
const TOGETHER = 400;

class Refused extends Error {}

class Dispatch {
  private readonly address: string;
  private readonly play: HTMLElement;
  private readonly note: HTMLElement;
  private readonly words: HTMLElement | null;
  private readonly again: HTMLElement;
  /** The page that opened this window; of that origin only, once it has said who the learner is. */
  private readonly opener = window.opener as Window | null;
  private partner = "";
  private student = "";
  private ticket = "";
  private frame: HTMLIFrameElement | null = null;
  private origin = "";
  private token = "";
  private telling: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly root: HTMLElement) {
    const part = (name: string) => root.querySelector<HTMLElement>(`[data-${name}]`)!;
    this.address = root.dataset["address"]!;
    [this.play, this.note, this.words, this.again] = [part("play"), part("note"), part("words"), part("again")];
    if (!this.opener || !this.words) return;
    window.addEventListener("message", (event) => this.heard(event));
    this.again.addEventListener("click", () => void this.open());
    // Without anything in it: whoever opened this window may read it.
    this.opener.postMessage({ collegium: "dispatch", say: "here" }, "*");
  }

  private say(words: string, again = false): void {
    if (this.words) this.words.textContent = words;
    this.again.hidden = !again;
    this.note.hidden = false;
    this.play.hidden = true;
  }

  private async ask<T>(what: string): Promise<T> {
    let answer: Response;
    try {
      answer = await fetch(`${this.address}/${what}`, {
        method: "POST",
        body: JSON.stringify({ student: this.student, ticket: this.ticket, token: this.token }),
        headers: { accept: "application/json", "content-type": "application/json", "x-csrf-token": csrfToken() },
      });
    } catch {
      throw new Refused("The site cannot be reached. Try again when you are online.");
    }
    if (answer.ok) return (await answer.json()) as T;
    const said = (await answer.json().catch(() => null)) as { detail?: string } | null;
    throw new Refused(said?.detail ?? "The site did not answer as it should. Try again in a moment.");
  }

  private heard(event: MessageEvent<unknown>): void {
    if (event.source === this.opener) this.fromPartner(event);
    else if (this.frame !== null && event.source === this.frame.contentWindow && event.origin === this.origin) this.fromPlayer(event);
  }

  private fromPartner(event: MessageEvent<unknown>): void {
    const said = event.data as { collegium?: string; say?: string; student?: unknown; ticket?: unknown } | null;
    if (said?.collegium !== "dispatch" || said.say !== "learner" || this.partner !== "") return;
    if (typeof said.student !== "string" || typeof said.ticket !== "string" || event.origin === "null") return;
    [this.partner, this.student, this.ticket] = [event.origin, said.student, said.ticket];
    void this.open();
  }

  private tell(message: object): void {
    if (this.partner) this.opener?.postMessage({ collegium: "dispatch", ...message }, this.partner);
  }

  private async open(): Promise<void> {
    this.say("The course is being opened.");
    try {
      const opened = await this.ask<Opened>("launch");
      [this.ticket, this.origin] = [opened.ticket, opened.origin];
      this.token = new URL(opened.url).pathname.split("/")[1] ?? "";
      this.tell({ say: "ticket", ticket: opened.ticket });
      await this.standing();
      this.show(opened);
    } catch (error) {
      this.say(error instanceof Refused ? error.message : "The course could not be opened.", true);
      if (!(error instanceof Refused)) throw error;
    }
  }

  private show(opened: Opened): void {
    const frame = document.createElement("iframe");
    frame.title = this.root.dataset["title"] ?? "Course";
    frame.setAttribute("sandbox", opened.sandbox);
    frame.allow = opened.allow;
    frame.src = opened.url;
    this.frame = frame;
    this.play.replaceChildren(frame);
    this.play.hidden = false;
    this.note.hidden = true;
    frame.focus();
  }

  private fromPlayer(event: MessageEvent<unknown>): void {
    const said = event.data as Upward | null;
    if (typeof said !== "object" || said === null || said.collegium !== "scorm") return;
    if (said.say === "saved") this.soon();
    else if (said.say === "renew") void this.renew();
    else if (said.say === "again") void this.open();
    else if (said.say === "left") void this.left();
  }

  private soon(): void {
    clearTimeout(this.telling);
    this.telling = setTimeout(() => void this.standing().catch(() => {}), TOGETHER);
  }

  private async standing(): Promise<void> {
    const { status, score, seconds } = await this.ask<Standing>("standing");
    this.tell({ say: "status", status, score, seconds });
  }

  private async renew(): Promise<void> {
    let say: Downward = { collegium: "scorm", say: "signed-out" };
    try {
      const renewed = await this.ask<{ token: string; expiresAt: string }>("renew");
      this.token = renewed.token;
      say = { collegium: "scorm", say: "token", ...renewed };
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
    }
    this.frame?.contentWindow?.postMessage(say, this.origin);
  }

  private async left(): Promise<void> {
    clearTimeout(this.telling);
    this.frame?.remove();
    this.frame = null;
    this.say("You have left the course. You can close this window.", true);
    try {
      await this.standing();
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      this.say("What you did is saved here, but your learning system could not be told. Open the course again when you are online.", true);
    }
    this.tell({ say: "left" });
  }
}

for (const root of document.querySelectorAll<HTMLElement>("[data-island=dispatch]")) new Dispatch(root);
