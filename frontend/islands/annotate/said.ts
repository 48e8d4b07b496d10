/** The comments as the list beside the work has them: the only place where they are kept in the page. */
import { csrfToken } from "../site/csrf";
import type { Rect } from "./places";

export interface Said {
  id: string;
  number: number;
  element: HTMLElement;
  file: number | undefined;
  page: number | undefined;
  rects: Rect[];
  start: number | undefined;
  end: number | undefined;
  quote: string;
  body: string;
  kind: string;
}

export interface Place {
  file?: number;
  page?: number;
  rects?: Rect[];
  start?: number;
  end?: number;
  quote: string;
}

function whole(text: string | undefined): number | undefined {
  return text === undefined || text === "" ? undefined : Number(text);
}

export function readSaid(list: ParentNode): Said[] {
  return [...list.querySelectorAll<HTMLElement>("[data-id]")].map((element, index) => ({
    id: element.dataset["id"] ?? "",
    number: index + 1,
    element,
    file: whole(element.dataset["file"]),
    page: whole(element.dataset["page"]),
    rects: JSON.parse(element.dataset["rects"] ?? "[]") as Rect[],
    start: whole(element.dataset["start"]),
    end: whole(element.dataset["end"]),
    quote: element.dataset["quote"] ?? "",
    body: element.dataset["body"] ?? "",
    kind: element.dataset["kind"] ?? "comment",
  }));
}

export class Refused extends Error {}

/** Sends a change; answers the list as it is now, and the new comment's id. Rejects with words for the person. */
export async function send(url: string, body: unknown): Promise<{ html: string; id: string | undefined }> {
  let answer: Response;
  try {
    answer = await fetch(url, {
      method: "POST",
      body: JSON.stringify(body),
      headers: { "Content-Type": "application/json", Accept: "text/html, application/problem+json", "X-CSRF-Token": csrfToken(), "HX-Request": "true" },
      credentials: "same-origin",
      redirect: "error",
    });
  } catch {
    throw new Refused("There is no connection. What you wrote stays here; save it again in a moment.");
  }
  const text = await answer.text();
  if (answer.ok) return { html: text, id: answer.headers.get("x-annotation") ?? undefined };
  const said = new DOMParser().parseFromString(text, "text/html").body.textContent?.replace(/\s+/g, " ").trim();
  throw new Refused(answer.status === 401 ? "You are signed out. Sign in in another tab, then save it again." : said || "This was not saved. Try again.");
}
