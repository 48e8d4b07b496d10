/** A lesson's package on the site's page: opens the player in a frame of another origin, keeps its token good, and shows what
 *  came of it. */
import type { Downward, Upward } from "../scorm/protocol";
import { csrfToken } from "../site/csrf";

interface Opened {
  url: string;
  origin: string;
  /** What the frame may do: never lead the whole window elsewhere. */
  sandbox: string;
  allow: string;
}

interface Playing extends Opened {
  frame: HTMLIFrameElement;
  form: HTMLFormElement;
  /** Whether the registration was complete before this visit, as far as it has told. */
  met: boolean | null;
  token: string;
}

class Refused extends Error {}

async function posted<T>(address: string, body: FormData | URLSearchParams): Promise<T> {
  let answer: Response;
  try {
    answer = await fetch(address, {
      method: "POST",
      body: body instanceof FormData ? new URLSearchParams(body as unknown as Record<string, string>) : body,
      headers: { accept: "application/json", "x-csrf-token": csrfToken() },
    });
  } catch {
    throw new Refused("The site cannot be reached. Try again when you are online.");
  }
  if (answer.ok) return (await answer.json()) as T;
  if (answer.status === 401) throw new Refused("You are signed out. Sign in again and open the lesson once more.");
  const said = (await answer.json().catch(() => null)) as { detail?: string } | null;
  throw new Refused(said?.detail ?? "The site did not answer as it should. Try again in a moment.");
}

function themed(address: string): string {
  const theme = document.documentElement.dataset["theme"]?.replace("collegium-", "");
  return `${address}?theme=${theme ?? ""}`;
}

/** Has the player send what waits, and play nothing. */
const SETTLE = "&settle=1";
/** Milliseconds that a new attempt waits for what the one before had not saved. */
const SETTLING = 10_000;

class Lesson {
  private playing: Playing | null = null;
  /** Somebody was told that the attempt before is not all saved, and may begin anew all the same. */
  private warned = false;
  private settled: ((waits: string | null) => void) | null = null;

  constructor(
    private readonly root: HTMLElement,
    private readonly play: HTMLElement,
  ) {
    root.addEventListener("submit", (event) => {
      const form = event.target as HTMLFormElement;
      if (!form.matches("[data-scorm-launch]")) return;
      event.preventDefault();
      event.stopPropagation();
      void this.open(form);
    });
    window.addEventListener("message", (event) => this.heard(event));
    this.asked();
  }

  private get panel(): HTMLElement | null {
    return this.root.querySelector("[data-scorm-panel]");
  }

  /** The button was pressed before this script was there. */
  private asked(): void {
    const wanted = new URLSearchParams(location.search).get("open");
    if (wanted === null) return;
    history.replaceState(history.state, "", location.pathname);
    const form = this.root.querySelector<HTMLFormElement>(`form[data-open="${CSS.escape(wanted)}"]`);
    if (form) void this.open(form);
  }

  private note(words: string): void {
    const note = this.root.querySelector("[data-scorm-note]");
    if (note) note.textContent = words;
  }

  private async open(form: HTMLFormElement, again = false): Promise<void> {
    const button = form.querySelector<HTMLButtonElement>("button");
    if (button?.disabled) return;
    if (button) button.disabled = true;
    this.note("");
    try {
      const body = new FormData(form);
      // Who goes on after another window took over wants the attempt that is open.
      if (again) body.delete("new");
      if (body.has("new") && !(await this.settle(form))) return;
      this.show(form, await posted<Opened>(form.action, body));
    } catch (error) {
      this.close();
      this.note(error instanceof Refused ? error.message : "The lesson could not be opened.");
      if (!(error instanceof Refused)) throw error;
    } finally {
      if (button) button.disabled = false;
    }
  }

  /** Has the attempt that is to end send what this browser still keeps of it; whether the new one may begin. */
  private async settle(form: HTMLFormElement): Promise<boolean> {
    if (this.warned) return true;
    const body = new FormData(form);
    body.delete("new");
    const opened = await posted<Opened>(form.action, body);
    const answer = new Promise<string | null>((resolve) => {
      this.settled = resolve;
      setTimeout(() => resolve("The player did not answer."), SETTLING);
    });
    this.show(form, opened, SETTLE);
    const waits = await answer;
    this.settled = null;
    this.close();
    if (waits === null) return true;
    this.warned = true;
    this.note(
      `What you did last in the attempt before is not saved yet: ${waits} Wait a moment and resume it, or press “New attempt” once more to begin without it.`,
    );
    return false;
  }

  private show(form: HTMLFormElement, opened: Opened, more = ""): void {
    this.playing?.frame.remove();
    const frame = document.createElement("iframe");
    frame.className = "scorm-window";
    frame.title = this.play.dataset["title"] ?? "Lesson";
    frame.setAttribute("sandbox", opened.sandbox);
    frame.allow = opened.allow;
    frame.src = themed(opened.url) + more;
    this.playing = { ...opened, frame, form, met: null, token: new URL(opened.url).pathname.split("/")[1] ?? "" };
    this.play.replaceChildren(frame);
    this.play.hidden = false;
    document.documentElement.classList.add("scorm-playing");
    this.play.scrollIntoView({ block: "start" });
    frame.focus();
  }

  private close(): void {
    this.playing?.frame.remove();
    this.playing = null;
    this.play.hidden = true;
    document.documentElement.classList.remove("scorm-playing");
  }

  private heard(event: MessageEvent<unknown>): void {
    const { playing } = this;
    const said = event.data as Upward | null;
    if (playing === null || event.origin !== playing.origin || event.source !== playing.frame.contentWindow) return;
    if (typeof said !== "object" || said === null || said.collegium !== "scorm") return;
    if (said.say === "settled") this.settled?.(said.waits);
    else if (said.say === "renew") void this.renew(playing);
    else if (said.say === "saved") this.saved(playing, said.met === true);
    else if (said.say === "again") void this.open(playing.form, true);
    else if (said.say === "left") void this.left();
  }

  private tell(playing: Playing, say: Downward): void {
    playing.frame.contentWindow?.postMessage(say, playing.origin);
  }

  private async renew(playing: Playing): Promise<void> {
    try {
      const renewed = await posted<{ token: string; expiresAt: string }>("/scorm/renew", new URLSearchParams({ token: playing.token }));
      playing.token = renewed.token;
      this.tell(playing, { collegium: "scorm", say: "token", ...renewed });
    } catch {
      this.tell(playing, { collegium: "scorm", say: "signed-out" });
    }
  }

  private saved(playing: Playing, met: boolean): void {
    if (met && playing.met === false) this.refresh();
    else if (met && playing.met === null) this.refresh();
    playing.met = met;
  }

  /** What is left, the outline and the way on, as other lessons bring them up to date. */
  private refresh(): void {
    const left = document.querySelector("#what-is-left");
    if (left && window.htmx) window.htmx.trigger("#what-is-left", "refresh");
  }

  private async left(): Promise<void> {
    this.close();
    this.refresh();
    const address = this.panel?.dataset["panelUrl"];
    if (address) {
      try {
        const answer = await fetch(address, { headers: { "HX-Request": "true" } });
        if (answer.ok) this.replace(await answer.text());
      } catch {
        this.note("You have left the lesson. Reload this page to see where you stand.");
      }
    }
    this.panel?.querySelector<HTMLElement>("button, a")?.focus();
  }

  private replace(html: string): void {
    const fresh = new DOMParser().parseFromString(html, "text/html").querySelector("[data-scorm-panel]");
    if (!fresh) return;
    for (const element of fresh.querySelectorAll<HTMLElement>("[data-needs-script]")) element.hidden = false;
    this.panel?.replaceWith(document.adoptNode(fresh));
  }
}

for (const root of document.querySelectorAll<HTMLElement>("[data-island=scormlesson]")) {
  const play = root.querySelector<HTMLElement>("[data-scorm-play]");
  if (play) new Lesson(root, play);
}
