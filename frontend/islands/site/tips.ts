/** Esc sends a tool-tip away until the pointer or the focus moves on (WCAG 2.2, 1.4.13). */
export function tips(): void {
  const root = document.documentElement;
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") root.dataset.tips = "off";
  });
  for (const moved of ["pointerover", "focusin"]) {
    document.addEventListener(moved, () => {
      delete root.dataset.tips;
    });
  }
}
