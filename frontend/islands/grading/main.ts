/** Grading by keys: Ctrl+Enter saves and goes on, J and K move, figures go to the points, criteria add up. */
import { total } from "./total";

const form = document.getElementById("qg-form");
const points = document.querySelector<HTMLInputElement>("[data-points]");

function go(way: "next" | "previous"): void {
  document.querySelector<HTMLAnchorElement>(`[data-way=${way}]`)?.click();
}

document.addEventListener("keydown", (event) => {
  if (!(form instanceof HTMLFormElement)) return;
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
    event.preventDefault();
    form.requestSubmit();
    return;
  }
  // No figure has a J or a K: these two work in the fields for points too.
  const moving = (event.key === "j" || event.key === "k") && (event.target as Element).matches("[data-points], [data-criterion]");
  const typing = !moving && (event.target as Element).closest("input, textarea, select, [contenteditable]");
  if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "j" || event.key === "ArrowRight") go("next");
  else if (event.key === "k" || event.key === "ArrowLeft") go("previous");
  else if (/^[0-9]$/.test(event.key)) {
    const first = document.querySelector<HTMLInputElement>("[data-criterion]") ?? points;
    first?.focus();
    first?.select();
    return;
  } else return;
  event.preventDefault();
});

form?.addEventListener("input", (event) => {
  if (!points || !(event.target as Element).matches("[data-criterion]")) return;
  const given = [...form.querySelectorAll<HTMLInputElement>("[data-criterion]")].map((one) => one.value);
  points.value = total(given, Number(points.dataset.most));
});

document.getElementById("qg-question")?.addEventListener("change", (event) => {
  (event.target as HTMLSelectElement).form?.requestSubmit();
});

(document.querySelector<HTMLInputElement>("[data-criterion]") ?? points)?.focus({ preventScroll: true });
