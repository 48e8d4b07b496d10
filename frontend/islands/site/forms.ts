/** Forms: the button that was pressed shows that it works, nothing is sent twice, Ctrl+Enter sends, passwords can be shown. */
export function forms(): void {
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented || !(form instanceof HTMLFormElement) || form.method === "dialog") return;
    if (form.dataset.sent === "yes") event.preventDefault();
    // The button is marked after this turn: a disabled one would not be part of what is sent.
    else if (form.method === "post") queueMicrotask(() => busy(form, event.submitter));
  });
  // The page comes back from the browser's memory with its buttons as they were left.
  window.addEventListener("pageshow", (event) => {
    if (event.persisted) for (const form of document.forms) rest(form);
  });
  document.addEventListener("htmx:afterRequest", (event) => {
    const form = (event.target as Element).closest("form");
    if (form) rest(form);
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
    (event.target as Element).closest("form")?.requestSubmit();
  });
  document.addEventListener("click", (event) => {
    const button = (event.target as Element).closest<HTMLButtonElement>("[data-reveal]");
    if (button) show(button);
  });
}

function busy(form: HTMLFormElement, button: HTMLElement | null): void {
  form.dataset.sent = "yes";
  button?.setAttribute("aria-busy", "true");
}

function rest(form: HTMLFormElement): void {
  delete form.dataset.sent;
  for (const button of form.querySelectorAll("[aria-busy]")) button.removeAttribute("aria-busy");
}

function show(button: HTMLButtonElement): void {
  const input = document.getElementById(button.getAttribute("aria-controls") ?? "");
  if (!(input instanceof HTMLInputElement)) return;
  const shown = input.type === "text";
  input.type = shown ? "password" : "text";
  button.setAttribute("aria-pressed", String(!shown));
  if (button.firstChild) button.firstChild.textContent = shown ? "Show" : "Hide";
}
