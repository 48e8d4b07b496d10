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
    // Redirects are not followed: the answer's cookie is all that is wanted.
    void fetch(form.action, { method: "POST", body: new URLSearchParams(body as never), redirect: "manual" });
  });
}

export function paint(chosen: string): void {
  if (chosen === "auto") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = `collegium-${chosen}`;
  for (const button of document.querySelectorAll<HTMLButtonElement>("[data-theme-form] button[name=theme]")) {
    button.setAttribute("aria-pressed", String(button.value === chosen));
  }
}
