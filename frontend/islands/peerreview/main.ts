/** A review as it is written: criteria add up, and a draft is kept a moment after the last key. */
import { sum } from "./sum";

const PAUSE = 1500;

function begin(form: HTMLFormElement): void {
  const total = form.querySelector<HTMLOutputElement>("[data-total]");
  const said = form.querySelector<HTMLElement>("[data-saved]");
  const address = form.dataset["draft"];
  let timer: number | undefined;
  let dirty = false;
  let leaving = false;

  function add(): void {
    if (!total) return;
    const given = [...form.querySelectorAll<HTMLInputElement>("[data-criterion]")].map((one) => one.value);
    const found = sum(given);
    total.value = found === null ? "" : `${found} of ${Number(total.dataset["most"])} points`;
  }

  async function keep(): Promise<void> {
    if (!address || !dirty || leaving) return;
    dirty = false;
    try {
      const body = new URLSearchParams();
      for (const [name, value] of new FormData(form)) if (typeof value === "string") body.append(name, value);
      const answer = await fetch(address, { method: "POST", body, headers: { accept: "application/json" }, keepalive: true });
      if (!answer.ok) throw new Error(String(answer.status));
      const { saved } = (await answer.json()) as { saved: string };
      if (said && !leaving) said.textContent = saved;
    } catch {
      dirty = true;
      if (said && !leaving) said.textContent = "Not kept: there is no connection, or you have been signed out. It is tried again with the next key.";
    }
  }

  form.addEventListener("input", () => {
    add();
    dirty = true;
    window.clearTimeout(timer);
    timer = window.setTimeout(() => void keep(), PAUSE);
  });
  form.addEventListener("submit", () => {
    leaving = true;
    window.clearTimeout(timer);
  });
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "hidden") void keep();
  });
  const html = form.querySelector<HTMLInputElement>("[data-html]");
  const was = form.querySelector<HTMLInputElement>("[data-was]");
  const area = form.querySelector<HTMLTextAreaElement>("textarea[name=feedback]");
  if (html && was && area) void import("../richfield/field").then(({ richField }) => richField(area, html, was, "What you would tell the author"));
  add();
  // What was typed before this ran: the fields differ from what the page came with.
  const fields = form.querySelectorAll<HTMLInputElement | HTMLTextAreaElement>("input[data-criterion], input[name=points], textarea");
  if ([...fields].some((one) => one.value !== one.defaultValue)) {
    dirty = true;
    void keep();
  }
}

for (const form of document.querySelectorAll<HTMLFormElement>("form[data-peer-review]")) begin(form);
