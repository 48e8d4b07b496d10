/** Colours code by its language. The library and each language are fetched when a page holds such a block, and not before. */
import type { HLJSApi, LanguageFn } from "highlight.js";

type Load = () => Promise<{ default: LanguageFn }>;

/** Longer code is shown as it is: colouring it would hold the page up. */
const MOST = 60_000;

/** Each language that the editor offers, by the name that it is stored under; what others hold inside them comes first. */
const LANGUAGES: Record<string, Load> = {
  bash: () => import("highlight.js/lib/languages/bash"),
  c: () => import("highlight.js/lib/languages/c"),
  cpp: () => import("highlight.js/lib/languages/cpp"),
  csharp: () => import("highlight.js/lib/languages/csharp"),
  css: () => import("highlight.js/lib/languages/css"),
  diff: () => import("highlight.js/lib/languages/diff"),
  go: () => import("highlight.js/lib/languages/go"),
  java: () => import("highlight.js/lib/languages/java"),
  javascript: () => import("highlight.js/lib/languages/javascript"),
  json: () => import("highlight.js/lib/languages/json"),
  kotlin: () => import("highlight.js/lib/languages/kotlin"),
  latex: () => import("highlight.js/lib/languages/latex"),
  markdown: () => import("highlight.js/lib/languages/markdown"),
  php: () => import("highlight.js/lib/languages/php"),
  powershell: () => import("highlight.js/lib/languages/powershell"),
  python: () => import("highlight.js/lib/languages/python"),
  r: () => import("highlight.js/lib/languages/r"),
  ruby: () => import("highlight.js/lib/languages/ruby"),
  rust: () => import("highlight.js/lib/languages/rust"),
  sql: () => import("highlight.js/lib/languages/sql"),
  swift: () => import("highlight.js/lib/languages/swift"),
  toml: () => import("highlight.js/lib/languages/ini"),
  typescript: () => import("highlight.js/lib/languages/typescript"),
  vba: () => import("highlight.js/lib/languages/vbnet"),
  xml: () => import("highlight.js/lib/languages/xml"),
  yaml: () => import("highlight.js/lib/languages/yaml"),
};
const SAME: Record<string, string> = { html: "xml" };
const INSIDE: Record<string, string[]> = { xml: ["css", "javascript"] };

let library: Promise<HLJSApi> | null = null;

function core(): Promise<HLJSApi> {
  library ??= Promise.all([import("highlight.js/lib/core"), import("./code.css")]).then(([{ default: found }]) => found);
  return library;
}

/** The name by which a block's language is known here; null for plain text and what nobody knows. */
export function languageOf(code: Element): string | null {
  const given = [...code.classList].find((name) => name.startsWith("language-"))?.slice("language-".length) ?? "";
  const name = SAME[given] ?? given;
  return Object.hasOwn(LANGUAGES, name) ? name : null;
}

async function learn(hljs: HLJSApi, name: string): Promise<void> {
  for (const one of [name, ...(INSIDE[name] ?? [])]) {
    if (!hljs.getLanguage(one)) hljs.registerLanguage(one, (await LANGUAGES[one]!()).default);
  }
}

/** Colours every block of code under an element that says its language. What is marked up already stays as it is. */
export async function colourCode(root: ParentNode): Promise<void> {
  const found = [...root.querySelectorAll<HTMLElement>("pre > code[class*='language-']")].filter(
    (code) => code.childElementCount === 0 && (code.textContent?.length ?? 0) <= MOST && languageOf(code) !== null,
  );
  if (!found.length) return;
  const hljs = await core();
  for (const code of found) {
    const name = languageOf(code)!;
    await learn(hljs, name);
    // The answer holds the text, escaped, and spans with classes of the library: nothing else.
    code.innerHTML = hljs.highlight(code.textContent ?? "", { language: name, ignoreIllegals: true }).value;
    code.dataset.coloured = name;
    const pre = code.parentElement!;
    // What is wider than the page can be scrolled by the keyboard in every browser.
    if (pre.scrollWidth > pre.clientWidth) pre.tabIndex = 0;
  }
}
