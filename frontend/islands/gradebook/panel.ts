/** Beside the grid: what is known of one cell, its history, and what can be done with it. */
import type { Data, History } from "./data";
import { show } from "./values";

interface Acts {
  excuse(on: boolean): void;
  takeBack(): void;
  comment(text: string, revision: number): void;
  close(): void;
}

function element<K extends keyof HTMLElementTagNameMap>(name: K, words = "", className = ""): HTMLElementTagNameMap[K] {
  const made = document.createElement(name);
  made.textContent = words;
  if (className) made.className = className;
  return made;
}

function button(words: string, act: () => void, className = "btn btn-quiet btn-small"): HTMLButtonElement {
  const made = element("button", words, className);
  made.type = "button";
  made.addEventListener("click", act);
  return made;
}

function moment(text: string): string {
  return new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "short" }).format(new Date(text));
}

function status(one: History): string {
  const of = `of ${show(one.max_points)}`;
  if (one.excused) return "Excused";
  if (one.points === null) return one.state === "waiting" ? "Handed in, waits for a grade" : one.state === "missing" ? "Missing: counts as 0" : "No grade yet";
  return `${show(one.points)} ${of}${one.state === "dropped" ? ", left out as one of the lowest" : ""}`;
}

export async function panel(place: HTMLElement, data: Data, enrollment: string, item: string, acts: Acts): Promise<void> {
  place.hidden = false;
  place.replaceChildren(element("p", "Loading", "soft"));
  let one: History;
  try {
    one = await data.history(enrollment, item);
  } catch {
    place.replaceChildren(element("p", "The history cannot be read now. Try again in a moment."), button("Close", acts.close));
    return;
  }
  const head = element("header");
  const titles = element("div");
  titles.append(element("h2", one.learner), element("p", one.title, "soft"));
  head.append(titles, button("Close", acts.close, "btn btn-plain btn-small"));
  const parts: HTMLElement[] = [head, element("p", status(one))];
  if (one.overridden) {
    const own = one.source_points === null ? "has no score of its own yet" : `has a score of ${show(one.source_points)}`;
    parts.push(element("p", `Written over by a person; the work itself ${own}.${one.reason ? ` Why: ${one.reason}` : ""}`, "soft"));
  }
  const buttons = element("div", "", "gb-acts");
  buttons.append(button(one.excused ? "Not excused" : "Excuse", () => acts.excuse(!one.excused)));
  if (one.overridden) buttons.append(button("Take back", acts.takeBack));
  parts.push(buttons, comment(one, acts));
  if (one.work.length > 0) parts.push(element("h3", one.source === "quiz" ? "Attempts" : "Handed in"), work(one));
  parts.push(element("h3", "History"), log(one));
  place.replaceChildren(...parts);
}

function comment(one: History, acts: Acts): HTMLElement {
  const form = element("form", "", "gb-form");
  const label = element("label", "Comment for the learner", "field-label");
  label.htmlFor = "gb-comment";
  const box = element("textarea", "", "textarea");
  box.id = "gb-comment";
  box.rows = 2;
  box.maxLength = 2000;
  box.value = one.comment ?? "";
  const save = element("button", "Save the comment", "btn btn-quiet btn-small");
  form.append(label, box, save);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    acts.comment(box.value, one.revision);
  });
  return form;
}

function work(one: History): HTMLElement {
  const list = element("ul", "", "gb-log");
  for (const each of one.work) {
    const line = element("li");
    const words = `${each.number}: ${each.score === null ? each.status.replace("_", " ") : `${show(each.score)} %`}${each.at ? `, ${moment(each.at)}` : ""}`;
    if (each.href) {
      const link = element("a", words, "link");
      link.href = each.href;
      line.append(link);
    } else line.textContent = words;
    list.append(line);
  }
  return list;
}

function log(one: History): HTMLElement {
  if (one.changes.length === 0) return element("p", "Nobody has changed this yet.", "soft");
  const list = element("ul", "", "gb-log");
  for (const each of one.changes) {
    const line = element("li", `${each.before} → ${each.after}`);
    line.append(element("p", `${each.who ?? "The site"}, ${moment(each.at)} · ${each.what}${each.reason ? ` · ${each.reason}` : ""}`));
    list.append(line);
  }
  return list;
}
