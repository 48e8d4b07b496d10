/** Matching by mouse: the right side as pieces that can be dragged onto a row. The selects stay, for keyboard and screen reader. */

export function enhanceMatching(list: HTMLElement): void {
  const first = list.querySelector("select");
  if (first === null) return;
  const pool = document.createElement("div");
  pool.className = "quiz-match-pool";
  pool.setAttribute("aria-hidden", "true");
  for (const option of first.options) {
    if (option.value === "") continue;
    const piece = document.createElement("span");
    piece.className = "quiz-match-piece";
    piece.draggable = true;
    piece.textContent = option.text;
    piece.addEventListener("dragstart", (event) => {
      event.dataTransfer?.setData("text/plain", option.value);
      if (event.dataTransfer) event.dataTransfer.effectAllowed = "copy";
    });
    pool.append(piece);
  }
  list.before(pool);
  for (const row of list.querySelectorAll<HTMLElement>("[data-left]")) {
    const field = row.querySelector("select");
    row.addEventListener("dragover", (event) => {
      event.preventDefault();
      row.dataset.over = "";
    });
    row.addEventListener("dragleave", () => delete row.dataset.over);
    row.addEventListener("drop", (event) => {
      event.preventDefault();
      delete row.dataset.over;
      const value = event.dataTransfer?.getData("text/plain") ?? "";
      if (field === null || ![...field.options].some((option) => option.value === value)) return;
      field.value = value;
      field.dispatchEvent(new Event("change", { bubbles: true }));
    });
  }
}
