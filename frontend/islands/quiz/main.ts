/** Taking a quiz: answers are saved as they are given, the clock is the server's, and nothing is lost when the line is. */
import { drawFormulas } from "../formulas/render";
import { csrfToken } from "../site/csrf";
import { Clock, left, warning } from "./clock";
import { type Question, isAnswered, question } from "./question";
import { type Reply, Sender, type Told } from "./sender";
import { Store } from "./store";
import type { Answer, Config, Saved, State } from "./types";

const WORDS: Record<State, string> = {
  saved: "Saved",
  saving: "Saving",
  offline: "Not saved yet: you are offline; kept on this device",
  error: "Not saved",
};
const TYPING_MS = 700;

function shelf(): Storage | null {
  try {
    return window.localStorage;
  } catch {
    return null; // Storage may be forbidden; then the page alone keeps what waits.
  }
}

async function send(method: "PUT" | "POST", path: string, body: unknown): Promise<Reply> {
  const answer = await fetch(path, {
    method,
    headers: { "content-type": "application/json", "x-csrf-token": csrfToken(), accept: "application/json" },
    body: JSON.stringify(body),
  });
  return { status: answer.status, body: await answer.json().catch(() => null) };
}

class Page {
  readonly #root: HTMLElement;
  readonly #config: Config;
  readonly #store: Store;
  readonly #sender: Sender;
  readonly #clock: Clock;
  readonly #questions = new Map<number, Question>();
  readonly #tabs: BroadcastChannel | null;
  readonly #polite = document.createElement("div");
  #typing: ReturnType<typeof setTimeout> | undefined;
  #before = Infinity;
  #leaving = false;
  #late = false;

  constructor(root: HTMLElement) {
    this.#root = root;
    this.#config = JSON.parse(root.dataset.config ?? "{}") as Config;
    this.#store = new Store(this.#config.user, this.#config.attempt, shelf());
    this.#clock = new Clock(this.#config.deadline, this.#config.now);
    this.#sender = new Sender(this.#store, this.#config.api, send, this.#told());
    this.#tabs = "BroadcastChannel" in window ? new BroadcastChannel(`collegium.quiz.${this.#config.attempt}`) : null;
    this.#polite.className = "sr-only";
    this.#polite.setAttribute("role", "status");
    root.append(this.#polite);
  }

  start(): void {
    for (const element of this.#root.querySelectorAll<HTMLElement>("[data-question]")) {
      const found = question(element, (which, soon) => this.#changed(which, soon), (words) => (this.#polite.textContent = words));
      this.#questions.set(found.position, found);
      this.#sender.knows(found.position, Number(element.dataset.seq ?? 0));
      // What was entered before this script had come, and is not what the server wrote into the page.
      if (isAnswered(found.read()) && this.#entered(element)) this.#sender.take(found.position, found.read());
    }
    for (const [position, waiting] of this.#store.waiting()) this.#questions.get(position)?.write(waiting.answer);
    for (const plain of this.#root.querySelectorAll<HTMLElement>("[data-only-plain]")) plain.hidden = true;
    this.#root.dataset.alive = "";
    this.#wire();
    this.#listen();
    void this.#look();
    this.#tick();
    setInterval(() => this.#tick(), 1000);
    void drawFormulas(this.#root);
  }

  /** Whether the browser holds another value than the page was sent with. */
  #entered(element: HTMLElement): boolean {
    return [...element.querySelectorAll<HTMLInputElement>("input, textarea")].some((field) =>
      field.type === "radio" || field.type === "checkbox" ? field.checked !== field.defaultChecked : field.type !== "hidden" && field.value !== field.defaultValue,
    );
  }

  #told(): Told {
    return {
      state: (position, state, words) => this.#state(position, state, words),
      all: (state) => this.#all(state),
      saved: (position, answer, seq) => {
        this.#setSeq(position, seq);
        this.#tabs?.postMessage({ position, answer, seq });
      },
      newer: (position, answer, seq) => {
        this.#show(position, answer, seq);
        this.#state(position, "saved", "A newer answer from another tab or device is shown");
      },
      clock: (serverTime, deadline, askedAt) => this.#clock.set(serverTime, deadline, askedAt),
      ended: (words) => void this.#ended(words),
      signedOut: () => this.#say("warning", "You are signed out. What you entered is kept on this device.", [this.#config.signIn, "Sign in again"]),
    };
  }

  #changed(which: Question, soon: boolean): void {
    this.#sender.take(which.position, which.read());
    this.#place(which.position);
    clearTimeout(this.#typing);
    // What is typed is kept on this device at once and sent at the next pause.
    if (soon) this.#typing = setTimeout(() => void this.#sender.go(), TYPING_MS);
    else void this.#sender.go();
  }

  #show(position: number, answer: Answer, seq: number): void {
    this.#sender.knows(position, seq);
    this.#questions.get(position)?.write(answer);
    this.#setSeq(position, seq);
    this.#place(position);
  }

  /** A plain form, should this script fail later, goes on from here. */
  #setSeq(position: number, seq: number): void {
    const field = this.#root.querySelector<HTMLInputElement>(`input[name="s${position}"]`);
    if (field) field.value = String(seq);
  }

  #state(position: number, state: State, words?: string): void {
    const place = this.#root.querySelector<HTMLElement>(`[data-state="${position}"]`);
    if (!place) return;
    place.dataset.kind = state;
    place.textContent = words && state === "error" ? `Not saved: ${words}` : (words ?? WORDS[state]);
  }

  #all(state: State): void {
    const place = this.#root.querySelector<HTMLElement>("[data-saved]");
    if (!place || place.dataset.kind === state) return;
    place.dataset.kind = state;
    place.textContent = state === "saved" ? "All answers are saved" : WORDS[state];
  }

  #place(position: number): void {
    const link = this.#root.querySelector<HTMLElement>(`[data-place="${position}"]`);
    const found = this.#questions.get(position);
    if (!link || !found) return;
    const answered = isAnswered(found.read());
    link.toggleAttribute("data-answered", answered);
    const words = link.querySelector("[data-place-words]");
    const marked = link.hasAttribute("data-flagged") ? ", marked to look at again" : "";
    if (words) words.textContent = `${answered ? "answered" : "not answered"}${marked}`;
    const tally = this.#root.querySelector("[data-tally]");
    if (tally) tally.textContent = String(this.#root.querySelectorAll("[data-place][data-answered]").length);
  }

  #wire(): void {
    const form = this.#root.querySelector<HTMLFormElement>("[data-quiz-form]");
    form?.addEventListener("submit", (event) => {
      const go = event.submitter?.getAttribute("value") ?? "stay";
      if (go.startsWith("reveal-")) {
        // The server saves what the form holds and shows what is right.
        this.#leaving = true;
        return;
      }
      event.preventDefault();
      event.stopPropagation();
      if (go === "review") void this.#review();
      else if (/^\d+$/.test(go)) this.#turn(Number(go));
      else void this.#sender.go();
    });
    this.#root.addEventListener("click", (event) => {
      const flag = (event.target as Element).closest<HTMLButtonElement>("[data-flag]");
      if (flag) {
        event.preventDefault();
        const on = flag.getAttribute("aria-pressed") !== "true";
        this.#flag(Number(flag.dataset.flag), on);
        this.#sender.flag(Number(flag.dataset.flag), on);
      }
      const place = (event.target as Element).closest<HTMLAnchorElement>("[data-place]");
      if (place && this.#config.layout === "one") {
        event.preventDefault();
        this.#turn(Number(place.dataset.place));
      }
    });
    window.addEventListener("beforeunload", (event) => {
      if (!this.#leaving && !this.#store.empty) event.preventDefault();
    });
    window.addEventListener("online", () => void this.#sender.go());
    for (const name of ["visibilitychange", "pageshow"]) document.addEventListener(name, () => void (document.hidden ? this.#sender.go() : this.#look()));
  }

  #flag(position: number, on: boolean): void {
    const button = this.#root.querySelector<HTMLElement>(`[data-flag="${position}"]`);
    button?.setAttribute("aria-pressed", String(on));
    const words = button?.querySelector("span");
    if (words) words.textContent = on ? "Marked" : "Mark to look at again";
    this.#root.querySelector(`[data-place="${position}"]`)?.toggleAttribute("data-flagged", on);
    this.#place(position);
  }

  /** One question on a page: all of them are here, so that the next one comes also without a connection. */
  #turn(position: number): void {
    if (!this.#questions.has(position)) return;
    for (const one of this.#root.querySelectorAll<HTMLElement>("[data-one]")) one.hidden = Number(one.dataset.one) !== position;
    for (const link of this.#root.querySelectorAll<HTMLElement>("[data-place]")) {
      if (Number(link.dataset.place) === position) link.setAttribute("aria-current", "step");
      else link.removeAttribute("aria-current");
    }
    for (const [name, to] of [["previous", position - 1], ["next", position + 1]] as const) {
      const button = this.#root.querySelector<HTMLButtonElement>(`[data-turn="${name}"]`);
      if (!button) continue;
      button.value = String(to);
      button.hidden = !this.#questions.has(to);
    }
    history.replaceState(null, "", `${this.#config.page}?question=${position}`);
    const root = this.#questions.get(position)?.root;
    root?.setAttribute("tabindex", "-1");
    root?.focus({ preventScroll: true });
    root?.closest("[data-one]")?.scrollIntoView({ block: "start" });
    void this.#sender.go();
  }

  #listen(): void {
    this.#tabs?.addEventListener("message", (event) => {
      const said = event.data as { position?: number; answer?: Answer; seq?: number; ended?: boolean };
      if (said.ended) return void this.#away(`${this.#config.page}/result`);
      // What is being entered here is not taken from under the fingers; the number decides when it is saved.
      if (said.position === undefined || said.seq === undefined || this.#store.of(said.position)) return;
      this.#show(said.position, said.answer ?? {}, said.seq);
      this.#state(said.position, "saved", "Answered in another tab");
    });
  }

  /** Asks how the attempt stands: the clock after a sleep, and answers that were given elsewhere. */
  async #look(): Promise<void> {
    const askedAt = performance.now();
    try {
      const answer = await fetch(this.#config.api, { headers: { accept: "application/json" } });
      if (!answer.ok) return;
      const view = (await answer.json()) as { status: string; server_time: string; deadline_at: string | null; questions: Saved[] };
      if (view.status !== "in_progress") return this.#away(`${this.#config.page}/result`);
      this.#clock.set(view.server_time, view.deadline_at, askedAt, true);
      for (const { position, seq, answer: given } of view.questions) {
        const shown = Number(this.#root.querySelector<HTMLInputElement>(`input[name="s${position}"]`)?.value ?? 0);
        if (seq !== null && seq > shown && !this.#store.of(position)) this.#show(position, given ?? {}, seq);
        this.#sender.knows(position, seq ?? 0);
      }
    } catch {
      this.#all("offline");
    }
    if (!this.#store.empty) void this.#sender.go();
  }

  #tick(): void {
    const seconds = this.#clock.seconds;
    const place = this.#root.querySelector<HTMLElement>("[data-clock]");
    if (seconds === null || !place) return;
    const words = place.querySelector("[data-clock-words]");
    if (words) words.textContent = left(seconds);
    place.toggleAttribute("data-near", seconds <= 300);
    place.toggleAttribute("data-over", seconds <= 60);
    const due = warning(this.#before, seconds);
    this.#before = seconds;
    if (due) {
      const alert = this.#root.querySelector("[data-alert]");
      if (alert) alert.textContent = due;
      this.#say("warning", `${due} What is saved then is handed in by itself.`);
    }
    if (seconds <= 0) void this.#timeUp();
  }

  async #timeUp(): Promise<void> {
    if (this.#late) return;
    this.#late = true;
    this.#say("warning", "The time is up. What you have saved is being handed in.");
    await this.#sender.go();
    await this.#handIn();
  }

  async #ended(words: string): Promise<void> {
    this.#late = true;
    this.#say("warning", words || "This attempt has been handed in.");
    await this.#handIn();
  }

  async #handIn(): Promise<void> {
    try {
      const reply = await send("POST", `${this.#config.api}/submit`, {});
      if (reply.status === 200 || reply.status === 404) {
        this.#store.clear();
        this.#tabs?.postMessage({ ended: true });
        return this.#away(`${this.#config.page}/result`);
      }
    } catch {
      this.#say("warning", "The time is up and you are offline. What was saved before is handed in on our side; this page goes on when you are online.");
    }
    setTimeout(() => void this.#handIn(), 5000);
  }

  async #review(): Promise<void> {
    clearTimeout(this.#typing);
    if (await this.#sender.go()) this.#away(`${this.#config.page}/review`);
    else this.#say("warning", "Some answers are not saved yet, because you are offline. They are kept on this device. Hand in when you are online again.");
  }

  #away(path: string): void {
    this.#leaving = true;
    this.#sender.stop();
    location.assign(path);
  }

  #say(kind: "info" | "warning", words: string, link?: [string, string]): void {
    const place = this.#root.querySelector("[data-told]");
    if (!place) return;
    const notice = document.createElement("div");
    notice.className = `notice notice-${kind}`;
    notice.setAttribute("role", "status");
    const text = document.createElement("p");
    text.textContent = words;
    if (link) {
      const made = document.createElement("a");
      made.className = "link";
      [made.href, made.textContent] = link;
      text.append(" ", made);
    }
    notice.append(text);
    place.replaceChildren(notice);
  }
}

/** Before handing in: what this device still holds is sent first. */
async function review(root: HTMLElement): Promise<void> {
  const config = JSON.parse(root.dataset.config ?? "{}") as Config;
  const store = new Store(config.user, config.attempt, shelf());
  const nothing = (): void => undefined;
  const told: Told = { state: nothing, newer: nothing, saved: nothing, all: nothing, clock: nothing, ended: nothing, signedOut: nothing };
  const sender = new Sender(store, config.api, send, told);
  if (!store.empty && (await sender.go())) location.reload();
  const form = root.querySelector<HTMLFormElement>("[data-submit]");
  form?.addEventListener("submit", (event) => {
    event.preventDefault();
    void handIn(form, config, store, sender, root.querySelector("[data-told]"));
  });
}

async function handIn(form: HTMLFormElement, config: Config, store: Store, sender: Sender, place: Element | null): Promise<void> {
  const button = form.querySelector("button");
  try {
    if (!store.empty && !(await sender.go())) throw new Error("offline");
    const reply = await send("POST", `${config.api}/submit`, {});
    if (reply.status !== 200) return form.submit();
    if ("BroadcastChannel" in window) new BroadcastChannel(`collegium.quiz.${config.attempt}`).postMessage({ ended: true });
    location.assign(`${config.page}/result`);
  } catch {
    delete form.dataset.sent;
    button?.removeAttribute("aria-busy");
    const notice = document.createElement("p");
    notice.className = "notice notice-warning";
    notice.setAttribute("role", "status");
    notice.textContent = "You are offline, so this is not handed in yet. What you entered is kept on this device. Try again when you are online.";
    place?.replaceChildren(notice);
  }
}

for (const root of document.querySelectorAll<HTMLElement>("[data-island=quiz]")) new Page(root).start();
for (const root of document.querySelectorAll<HTMLElement>("[data-island=quiz-review]")) void review(root);
