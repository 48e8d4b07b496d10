/** Tidies what comes from Word, Google Docs and other pages: meaning stays, looks go. */

const GONE = "style, script, meta, link, title, xml, svg, math, iframe, object, form, input, button, select, textarea";

/** Markup as the editor takes it in. */
export function tidyPaste(html: string): string {
  const page = new DOMParser().parseFromString(withoutWordsComments(html), "text/html");
  const body = page.body;
  formulas(body);
  for (const element of body.querySelectorAll(GONE)) element.remove();
  for (const element of [...body.querySelectorAll("*")].filter((one) => one.tagName.includes(":"))) unwrap(element);
  wordLists(body);
  for (const element of body.querySelectorAll<HTMLElement>("span, font, b, a, i")) signs(element);
  for (const picture of body.querySelectorAll("img")) keepOwn(picture);
  rename(body, "h1", "h2");
  rename(body, "h5", "h4");
  rename(body, "h6", "h4");
  for (const element of body.querySelectorAll("*")) bare(element);
  for (const paragraph of body.querySelectorAll("p")) {
    if (!paragraph.textContent?.trim() && !paragraph.querySelector("img, br + br")) paragraph.remove();
  }
  return body.innerHTML;
}

/** Conditional comments, which Word wraps its list markers in: their content stays, the rest goes. */
function withoutWordsComments(html: string): string {
  return html
    .replace(/<!--\[if[\s\S]*?<!\[endif\]-->/gi, "")
    .replace(/<!\[if[^>]*>|<!\[endif\]>/gi, "")
    .replace(/<!--[\s\S]*?-->/g, "");
}

/** A formula that was drawn on a page comes back as its LaTeX. */
function formulas(body: HTMLElement): void {
  for (const drawn of body.querySelectorAll<HTMLElement>(".katex-display, .katex")) {
    const tex = drawn.querySelector("annotation")?.textContent;
    if (!tex || !drawn.isConnected) continue;
    const made = document.createElement(drawn.matches(".katex-display") ? "div" : "span");
    made.setAttribute("data-math", tex);
    made.textContent = tex;
    const holder = drawn.closest("[data-math]");
    (holder ?? drawn).replaceWith(made);
  }
}

interface Item {
  level: number;
  ordered: boolean;
  element: HTMLElement;
}

/** Word's paragraphs that only look like lists become lists. */
function wordLists(body: HTMLElement): void {
  const found = [...body.querySelectorAll<HTMLElement>("p, h1, h2, h3, h4, h5, h6")];
  let run: Item[] = [];
  const end = (): void => {
    if (run.length) nest(run);
    run = [];
  };
  for (const element of found) {
    const level = /mso-list:[^;"']*level(\d)/i.exec(element.getAttribute("style") ?? "");
    if (!level || element.closest("li")) {
      end();
      continue;
    }
    const marker = [...element.querySelectorAll<HTMLElement>("span")].find((span) => /mso-list:\s*ignore/i.test(span.getAttribute("style") ?? ""));
    const sign = marker?.textContent?.trim() ?? "";
    marker?.remove();
    const previous = run.at(-1)?.element;
    if (previous && nextElement(previous) !== element) end();
    run.push({ level: Number(level[1]), ordered: /^\(?([0-9]+|[a-z]|[ivxlc]+)[.)]/i.test(sign), element });
  }
  end();
}

const nextElement = (element: Element): Element | null => element.nextElementSibling;

function nest(items: Item[]): void {
  const first = items[0] as Item;
  const roots = document.createDocumentFragment();
  const open: { level: number; list: HTMLElement }[] = [];
  for (const item of items) {
    while (open.length && (open.at(-1)?.level ?? 0) > item.level) open.pop();
    let here = open.at(-1);
    if (here?.level === item.level && (here.list.tagName === "OL") !== item.ordered) {
      open.pop();
      here = open.at(-1);
    }
    if (!here || here.level < item.level) {
      const list = document.createElement(item.ordered ? "ol" : "ul");
      (here?.list.lastElementChild ?? roots).append(list);
      here = { level: item.level, list };
      open.push(here);
    }
    const entry = document.createElement("li");
    const paragraph = document.createElement("p");
    paragraph.append(...item.element.childNodes);
    entry.append(paragraph);
    here.list.append(entry);
  }
  first.element.before(roots);
  for (const item of items) item.element.remove();
}

/** Weight, stress and place that stand in a style become tags; Google's wrapper, a bold that is not, goes. */
function signs(element: HTMLElement): void {
  const style = (element.getAttribute("style") ?? "").toLowerCase().replace(/\s/g, "");
  const tags: string[] = [];
  if (/font-weight:(bold|[6-9]00)/.test(style)) tags.push("strong");
  if (/font-style:italic/.test(style)) tags.push("em");
  if (/text-decoration[^;]*underline/.test(style) && !element.closest("a")) tags.push("u");
  if (/text-decoration[^;]*line-through/.test(style)) tags.push("s");
  if (/vertical-align:super/.test(style)) tags.push("sup");
  if (/vertical-align:sub/.test(style)) tags.push("sub");
  const plain = element.tagName === "B" && /font-weight:(normal|400)/.test(style);
  const named = element.tagName === "A" && !element.hasAttribute("href");
  if (element.hasAttribute("data-math")) return;
  let inner: Element = element;
  if (element.textContent?.trim()) {
    for (const tag of tags) {
      if (element.tagName === "A" && tag === "u") continue;
      const made = document.createElement(tag);
      made.append(...inner.childNodes);
      inner.append(made);
      inner = made;
    }
  }
  if (plain || named || element.tagName === "SPAN" || element.tagName === "FONT") unwrap(element);
}

/** Pictures of this site stay, by their own path; what lies elsewhere or only in the clipboard cannot be shown here. */
function keepOwn(picture: HTMLImageElement): void {
  const source = picture.getAttribute("src") ?? "";
  const found = /^(?:https?:\/\/[^/]+)?(\/files\/[0-9a-f-]{36})$/.exec(source);
  const ours = found && (source.startsWith("/") || source.startsWith(location.origin));
  if (ours) picture.setAttribute("src", found[1] as string);
  else picture.remove();
}

function rename(body: HTMLElement, from: string, to: string): void {
  for (const element of body.querySelectorAll(from)) {
    const made = document.createElement(to);
    made.append(...element.childNodes);
    element.replaceWith(made);
  }
}

const KEPT = ["href", "src", "alt", "colspan", "rowspan", "scope", "start", "type", "data-math", "title"];

function bare(element: Element): void {
  const language = element.tagName === "CODE" ? /(?:^|\s)(language-[a-z]+)/.exec(element.className)?.[1] : undefined;
  const sized = element.tagName === "IMG" ? ["width", "height"] : [];
  for (const { name } of [...element.attributes]) if (!KEPT.includes(name) && !sized.includes(name)) element.removeAttribute(name);
  if (language) element.className = language;
}

function unwrap(element: Element): void {
  element.replaceWith(...element.childNodes);
}
