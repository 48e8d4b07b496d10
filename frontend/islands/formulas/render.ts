/** Draws formulas with KaTeX, which is fetched when the first one is met. MathML stands beside each for screen readers. */
import type { KatexOptions } from "katex";

const OPTIONS: KatexOptions = { throwOnError: false, strict: "ignore", trust: false, maxSize: 40, maxExpand: 200, output: "htmlAndMathml" };

async function katex(): Promise<typeof import("katex").default> {
  const [{ default: library }] = await Promise.all([import("katex"), import("katex/dist/katex.min.css")]);
  return library;
}

/** Draws LaTeX into an element; what is wrong in it is shown in red with the reason as its tool-tip. */
export async function drawFormula(tex: string, block: boolean, into: HTMLElement): Promise<void> {
  (await katex()).render(tex, into, { ...OPTIONS, displayMode: block });
}

/** What is wrong with LaTeX, in KaTeX's words; null when nothing is. */
export async function formulaProblem(tex: string): Promise<string | null> {
  try {
    (await katex()).renderToString(tex, { ...OPTIONS, throwOnError: true });
    return null;
  } catch (error) {
    return error instanceof Error ? error.message.replace(/^KaTeX parse error: /, "") : String(error);
  }
}

/** Draws every formula under an element. */
export async function drawFormulas(root: ParentNode): Promise<void> {
  const found = [...root.querySelectorAll<HTMLElement>("[data-math]")];
  await Promise.all(
    found.map(async (place) => {
      await drawFormula(place.dataset.math ?? "", place.tagName === "DIV", place);
      place.classList.add("formula-drawn");
    }),
  );
}
