/* Steps through the recorded calls of the page: by buttons, by the arrow keys, or by itself. */
import { after, type Recorded } from "./replay.ts";

const pace = 700;

function begin(root: HTMLElement): void {
  const json = root.querySelector<HTMLTemplateElement>("[data-replay-json]");
  const where = root.querySelector<HTMLElement>("[data-replay-where]");
  const body = root.querySelector<HTMLElement>("[data-replay-state]");
  const play = root.querySelector<HTMLButtonElement>("[data-replay-play]");
  const back = root.querySelector<HTMLButtonElement>("[data-replay-back]");
  const next = root.querySelector<HTMLButtonElement>("[data-replay-next]");
  if (!json || !where || !body || !play || !back || !next) return;
  const recorded = JSON.parse(json.content.textContent ?? "") as Recorded;
  const rows = [...document.querySelectorAll<HTMLTableRowElement>("[data-call]")];
  const several = new Set([...recorded.before, ...recorded.sets.filter((one) => one !== null)].map(([sco]) => sco)).size > 1;
  let at = 0;
  let timer = 0;

  const show = (follow: boolean): void => {
    rows.forEach((row, place) => row.classList.toggle("rec-now", place === at - 1));
    if (follow) rows[at - 1]?.scrollIntoView({ block: "nearest" });
    const call = rows[at - 1]?.querySelector("th")?.textContent ?? "";
    where.textContent = at ? `Call ${at} of ${rows.length}: ${call}` : `Before the first of ${rows.length} calls`;
    body.replaceChildren(
      ...after(recorded, at).map(({ sco, element, value, changed }) => {
        const row = document.createElement("tr");
        row.classList.toggle("rec-now", changed);
        const name = document.createElement("th");
        name.scope = "row";
        name.textContent = several && sco ? `${sco}: ${element}` : element;
        const cell = document.createElement("td");
        cell.className = "rec-value";
        cell.textContent = value.length > 300 ? `${value.slice(0, 300)}…` : value;
        row.append(name, cell);
        return row;
      }),
    );
    // A disabled button would lose the focus of whoever has just reached the end.
    back.setAttribute("aria-disabled", String(at === 0));
    next.setAttribute("aria-disabled", String(at === rows.length));
  };
  const stop = (): void => {
    window.clearInterval(timer);
    timer = 0;
    play.setAttribute("aria-pressed", "false");
  };
  const go = (to: number): void => {
    at = Math.max(0, Math.min(rows.length, to));
    if (at === rows.length) stop();
    show(true);
  };

  back.addEventListener("click", () => {
    stop();
    go(at - 1);
  });
  next.addEventListener("click", () => {
    stop();
    go(at + 1);
  });
  play.addEventListener("click", () => {
    if (timer) return stop();
    if (at === rows.length) at = 0;
    play.setAttribute("aria-pressed", "true");
    timer = window.setInterval(() => go(at + 1), pace);
    go(at + 1);
  });
  root.addEventListener("keydown", (event) => {
    const step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
    if (!step || (event.target instanceof Element && event.target.closest(".rec-state"))) return;
    event.preventDefault();
    stop();
    go(at + step);
  });
  root.hidden = false;
  show(false);
}

for (const root of document.querySelectorAll<HTMLElement>("[data-replay]")) begin(root);
