import { el } from "./dom";
import { KEYS } from "./shortcuts";

/** The list of shortcuts, where they can also be turned off: a voice or a cat may press single keys. */
export function keysDialog(enabled: boolean, change: (enabled: boolean) => void): HTMLDialogElement {
  const box = el("input", { type: "checkbox", id: "player-keys-on", class: "checkbox" });
  box.checked = enabled;
  box.addEventListener("change", () => change(box.checked));
  const rows = KEYS.map(([keys, meaning]) => el("tr", {}, el("th", { scope: "row" }, keys), el("td", {}, meaning)));
  const close = el("button", { type: "button", class: "player-action player-action-primary" }, "Close");
  const dialog = el(
    "dialog",
    { class: "player-dialog", "aria-labelledby": "player-keys-title" },
    el("h2", { id: "player-keys-title" }, "Keyboard shortcuts"),
    el("table", {}, el("tbody", {}, ...rows)),
    el("label", { class: "player-check", for: "player-keys-on" }, box, "Use single keys on this page"),
    close,
  );
  close.addEventListener("click", () => dialog.close());
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) dialog.close();
  });
  return dialog;
}
