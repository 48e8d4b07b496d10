/** Menus are `<details data-pop>`: they close on Esc, on a click elsewhere and when focus leaves; arrows move inside. */
const OPEN = "details[data-pop][open]";
const ITEMS = ".pop-sheet a, .pop-sheet button, .pop-sheet input:not([type=hidden])";

export function menus(): void {
  document.addEventListener("click", (event) => closeAllBut(event.target));
  document.addEventListener("focusin", (event) => closeAllBut(event.target));
  document.addEventListener("keydown", (event) => {
    const menu = document.querySelector<HTMLDetailsElement>(OPEN);
    if (!menu) return;
    if (event.key === "Escape") {
      menu.open = false;
      menu.querySelector("summary")?.focus();
    } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      move(menu, event.key === "ArrowDown" ? 1 : -1);
      event.preventDefault();
    }
  });
}

function closeAllBut(target: EventTarget | null): void {
  for (const menu of document.querySelectorAll<HTMLDetailsElement>(OPEN)) {
    if (!(target instanceof Node && menu.contains(target))) menu.open = false;
  }
}

function move(menu: HTMLElement, step: 1 | -1): void {
  const items = [...menu.querySelectorAll<HTMLElement>(ITEMS)].filter((item) => item.checkVisibility());
  const at = items.indexOf(document.activeElement as HTMLElement);
  items[(at < 0 && step < 0 ? items.length : at) + step]?.focus();
}
