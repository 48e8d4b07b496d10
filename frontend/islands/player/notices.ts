import { el } from "./dom";
import { icon } from "./icons";

export interface Action {
  label: string;
  /** A button does this; the notice goes. */
  run?: () => void;
  /** A link goes here. */
  href?: string;
  primary?: boolean;
}

export interface Notice {
  text: string;
  tone?: "plain" | "warning";
  actions?: Action[];
  /** Whether the person can put it away. */
  closes?: boolean;
}

export function actionElement(action: Action, done: () => void): HTMLElement {
  const kind = `player-action${action.primary === true ? " player-action-primary" : ""}`;
  if (action.href !== undefined) return el("a", { class: kind, href: action.href }, action.label);
  const button = el("button", { class: kind, type: "button" }, action.label);
  button.addEventListener("click", () => {
    done();
    action.run?.();
  });
  return button;
}

/** Short messages over the picture, one for each name, read out politely when they appear. */
export class Notices {
  readonly element = el("div", { class: "player-notices", slot: "top-chrome", noautohide: true, role: "status" });
  #shown = new Map<string, HTMLElement>();

  show(name: string, notice: Notice): void {
    const hide = (): void => this.hide(name);
    const box = el("div", { class: "player-notice", "data-notice": name, "data-tone": notice.tone ?? "plain" });
    box.append(el("p", {}, notice.text), ...(notice.actions ?? []).map((action) => actionElement(action, hide)));
    if (notice.closes === true) {
      const button = el("button", { class: "player-close", type: "button", "aria-label": "Close this message" });
      button.append(icon("close"));
      button.addEventListener("click", hide);
      box.append(button);
    }
    const before = this.#shown.get(name);
    if (before === undefined) this.element.append(box);
    else before.replaceWith(box);
    this.#shown.set(name, box);
  }

  hide(name: string): void {
    this.#shown.get(name)?.remove();
    this.#shown.delete(name);
  }
}
