/** The blanks of a text: a field for each that is marked, and none for one that is not. */

/** The numbers of the blanks that the text marks, in their order. */
export function blanksIn(form: HTMLFormElement): string[] {
  const text = form.querySelector<HTMLTextAreaElement>("textarea[name=question_html]")?.value ?? "";
  return numbersIn(text);
}

export function numbersIn(text: string): string[] {
  const found = [...text.matchAll(/\[\[([1-9][0-9]?)\]\]/g)].map((one) => one[1] as string);
  return [...new Set(found)].sort((one, other) => Number(one) - Number(other));
}

/** Makes and hides fields so that there is one for each blank; what was typed stays. */
export function keepBlanks(form: HTMLFormElement, numbers: string[]): void {
  const place = form.querySelector<HTMLElement>("[data-blanks]");
  if (!place || !numbers.length) return;
  const pattern = place.querySelector<HTMLElement>("[data-blank]");
  if (!pattern) return;
  for (const number of numbers) {
    if (place.querySelector(`[data-blank="${number}"]`)) continue;
    place.append(renamed(pattern, number));
    const tries = form.querySelector("[data-tries]");
    const first = tries?.firstElementChild;
    if (tries && first) tries.append(renamed(first as HTMLElement, number));
  }
  for (const one of place.querySelectorAll<HTMLElement>("[data-blank]")) one.hidden = !numbers.includes(one.dataset.blank ?? "");
}

/** A copy for another number, empty. */
function renamed(pattern: HTMLElement, number: string): HTMLElement {
  const copy = pattern.cloneNode(true) as HTMLElement;
  if (copy.dataset.blank) copy.dataset.blank = number;
  const swap = (text: string): string => text.replace(/(blank_|try_|[Bb]lank )\d+/g, `$1${number}`);
  for (const part of copy.querySelectorAll<HTMLElement>("input, textarea, label, p")) {
    for (const name of ["id", "name", "for", "aria-describedby"]) {
      const value = part.getAttribute(name);
      if (value) part.setAttribute(name, swap(value));
    }
    if (part instanceof HTMLInputElement || part instanceof HTMLTextAreaElement) part.value = "";
    for (const child of part.childNodes) if (child.nodeType === Node.TEXT_NODE) child.textContent = swap(child.textContent ?? "");
  }
  return copy;
}
