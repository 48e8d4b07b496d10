import type { Timers } from "./clock";
import { el } from "./dom";
import type { SendState } from "./sender";

/** Milliseconds for which good news stays. */
const FADE = 6000;
const LOST = "Connection lost. Your progress is kept on this device and will be sent when you are back.";
const LOST_IN_MEMORY =
  "Connection lost. Keep this page open: this browser stores nothing, and your progress is sent from here when you are back.";

const SAVE_WORDS: Record<SendState["kind"], string> = {
  idle: "",
  saving: "Saving",
  saved: "Saved",
  offline: "Not saved yet",
  "signed-out": "Not saved yet",
  "taken-over": "Paused here",
  refused: "Not saved",
};

/** The `[data-connection]` line of the page and the small indicator below the picture. */
export class Connection {
  #line: HTMLElement;
  #save: HTMLElement;
  #timers: Timers;
  #signInUrl: string;
  #kind: SendState["kind"] = "idle";
  #away = false;
  #cancelFade: (() => void) | undefined;

  constructor(line: HTMLElement, save: HTMLElement, signInUrl: string, timers: Timers) {
    this.#line = line;
    this.#save = save;
    this.#timers = timers;
    this.#signInUrl = signInUrl;
  }

  show(state: SendState, durable: boolean): void {
    this.#save.textContent = SAVE_WORDS[state.kind];
    this.#save.dataset["saveState"] = state.kind;
    if (state.kind === this.#kind) return;
    const wasAway = this.#away;
    this.#kind = state.kind;
    switch (state.kind) {
      case "offline":
        this.#away = true;
        this.#say("lost", durable ? LOST : LOST_IN_MEMORY);
        break;
      case "signed-out":
        this.#away = true;
        this.#say(
          "signed-out",
          durable
            ? "You are signed out. Your progress is kept on this device; "
            : "You are signed out. Keep this page open and ",
          el("a", { href: this.#signInUrl, class: "link" }, "sign in to send it"),
          ".",
        );
        break;
      case "saved":
        this.#away = false;
        if (wasAway) this.#say("back", "Back online. Everything is saved.");
        break;
      case "taken-over":
      case "refused":
        this.#away = false;
        this.#clear();
        break;
      default:
        break;
    }
  }

  #say(state: string, ...words: (Node | string)[]): void {
    this.#cancelFade?.();
    this.#line.replaceChildren(...words);
    this.#line.dataset["state"] = state;
    this.#cancelFade = state === "back" ? this.#timers.after(FADE, () => this.#clear()) : undefined;
  }

  #clear(): void {
    this.#cancelFade?.();
    this.#cancelFade = undefined;
    this.#line.replaceChildren();
    delete this.#line.dataset["state"];
  }
}
