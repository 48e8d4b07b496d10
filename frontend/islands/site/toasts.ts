/** Short messages at the foot of the page, in a region that screen readers follow. */
export type Kind = "success" | "info" | "warning" | "error";

/** How long a message of so many characters stays: long enough to be read twice. Milliseconds. */
export function stay(text: string): number {
  return Math.max(5000, text.length * 120);
}

export function toast(text: string, kind: Kind = "success"): void {
  const region = document.getElementById("toasts");
  if (!region) return;
  const element = document.createElement("div");
  element.className = `toast toast-${kind}`;
  element.textContent = text;
  region.append(element);
  window.setTimeout(() => element.remove(), stay(text));
}

/** Shows what the server sends as `HX-Trigger: {"toast": {"kind": …, "text": …}}`, and says when it cannot be reached. */
export function toasts(): void {
  document.addEventListener("toast", (event) => {
    const { text, kind } = (event as CustomEvent<{ text: string; kind?: Kind }>).detail;
    toast(text, kind);
  });
  document.addEventListener("htmx:sendError", () => {
    toast("The server cannot be reached. Nothing was changed; try again in a moment.", "error");
  });
}
