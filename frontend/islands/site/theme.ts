/** Changes the colours at once and tells the server, which keeps the choice in the cookie `theme`. */
export function theme(): void {
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!(form instanceof HTMLFormElement) || !form.matches("[data-theme-form]")) return;
    const chosen = (event.submitter as HTMLButtonElement | null)?.value;
    if (!chosen) return;
    event.preventDefault();
    paint(chosen);
    const body = new FormData(form);
    body.set("theme", chosen);
    // The answer's cookie is all that is wanted, so its redirect is not followed; it arrives even if the reader moves on.
    const sent = new URLSearchParams(body as unknown as Record<string, string>);
    void fetch(form.action, { method: "POST", body: sent, redirect: "manual", keepalive: true });
  });
}

export function paint(chosen: string): void {
  if (chosen === "auto") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = `collegium-${chosen}`;
  for (const button of document.querySelectorAll<HTMLButtonElement>("[data-theme-form] button[name=theme]")) {
    button.setAttribute("aria-pressed", String(button.value === chosen));
  }
}
