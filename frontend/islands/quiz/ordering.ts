/** Things to put in order: buttons for the keyboard and for screen readers, a handle for the mouse and the finger. */

const UP = '<path d="m18 15-6-6-6 6"/>';
const DOWN = '<path d="m6 9 6 6 6-6"/>';
const GRIP = '<circle cx="9" cy="12" r="1"/><circle cx="9" cy="5" r="1"/><circle cx="9" cy="19" r="1"/><circle cx="15" cy="12" r="1"/><circle cx="15" cy="5" r="1"/><circle cx="15" cy="19" r="1"/>';

function icon(drawing: string): string {
  return `<svg class="icon" width="18" height="18" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="1.5" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">${drawing}</svg>`;
}

function items(list: HTMLElement): HTMLElement[] {
  return [...list.querySelectorAll<HTMLElement>(":scope > li")];
}

function nameOf(item: HTMLElement): string {
  return item.querySelector(".quiz-order-text")?.textContent?.trim() ?? "";
}

function select(item: HTMLElement): HTMLSelectElement | null {
  return item.querySelector("select");
}

function button(label: string, drawing: string): HTMLButtonElement {
  const made = document.createElement("button");
  made.type = "button";
  made.className = "btn btn-plain btn-icon btn-small";
  made.setAttribute("aria-label", label);
  made.innerHTML = icon(drawing);
  return made;
}

export function enhanceOrdering(root: HTMLElement, list: HTMLElement, changed: () => void, announce: (words: string) => void): void {
  const how = root.querySelector<HTMLElement>("[data-order-how]");
  const keep = document.createElement("button");
  keep.type = "button";
  keep.className = "btn btn-quiet btn-small quiz-clear";
  keep.textContent = "Keep this order";
  list.after(keep);

  const answered = (): boolean => items(list).every((item) => select(item)?.value !== "");

  /** Shows places and states as they are; the answer is in the selects, which a plain form would send. */
  const show = (): void => {
    const all = items(list);
    all.forEach((item, at) => {
      const number = item.querySelector(".quiz-order-n");
      if (number) number.textContent = `${at + 1}.`;
      const [up, down] = item.querySelectorAll<HTMLButtonElement>("button");
      up?.toggleAttribute("disabled", at === 0);
      down?.toggleAttribute("disabled", at === all.length - 1);
    });
    keep.hidden = answered();
    if (how) how.textContent = answered() ? "The first stands on top." : "Put them in order, the first on top. As they stand now they are not an answer yet.";
  };

  const place = (): void => {
    items(list).forEach((item, at) => {
      const field = select(item);
      if (field) field.value = String(at + 1);
    });
    show();
    changed();
  };

  const move = (item: HTMLElement, by: number): void => {
    const all = items(list);
    const to = all.indexOf(item) + by;
    const other = all[to];
    if (!other) return;
    if (by < 0) other.before(item);
    else other.after(item);
    place();
    const [up, down] = item.querySelectorAll<HTMLButtonElement>("button");
    const wanted = by < 0 ? up : down;
    // At an end the button that was pressed cannot be pressed any more; the focus stays with the thing.
    (wanted?.disabled ? (by < 0 ? down : up) : wanted)?.focus();
    announce(`${nameOf(item)} is now ${to + 1} of ${all.length}.`);
  };

  for (const item of items(list)) {
    const number = document.createElement("span");
    number.className = "quiz-order-n";
    const grip = document.createElement("span");
    grip.className = "quiz-grip";
    grip.innerHTML = icon(GRIP);
    const up = button(`Move ${nameOf(item)} up`, UP);
    const down = button(`Move ${nameOf(item)} down`, DOWN);
    up.addEventListener("click", () => move(item, -1));
    down.addEventListener("click", () => move(item, 1));
    item.prepend(grip, number);
    item.append(up, down);
    const label = item.querySelector<HTMLElement>(".quiz-order-place");
    if (label) label.hidden = true;
  }
  keep.addEventListener("click", () => {
    place();
    announce("This order is your answer.");
    items(list)[0]?.querySelector<HTMLButtonElement>("button:not([disabled])")?.focus();
  });
  root.addEventListener("quiz:written", () => {
    const all = items(list);
    if (answered()) {
      all.sort((a, b) => Number(select(a)?.value) - Number(select(b)?.value));
      list.append(...all);
    }
    show();
  });
  show();
  void import("sortablejs").then(({ default: Sortable }) => Sortable.create(list, { handle: ".quiz-grip", animation: 120, onEnd: place }));
}
