/** Says every 15 seconds that the lesson is open here, and hears who else has it open. Rests while nobody looks at the page. */
import { csrfToken } from "../site/csrf";

export interface Heard {
  others: string[];
  revision: number;
  savedBy: string;
}

const EVERY_MS = 15_000;

export function presence(url: string, heard: (about: Heard) => void): void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const say = async (leaving: boolean): Promise<void> => {
    const answer = await fetch(leaving ? `${url}?leaving=true` : url, {
      method: "POST",
      keepalive: leaving,
      headers: { accept: "application/json", "x-csrf-token": csrfToken() },
    });
    if (!leaving && answer.ok) heard((await answer.json()) as Heard);
  };
  const round = (): void => {
    clearTimeout(timer);
    if (document.visibilityState === "hidden") return;
    // Without a connection the state beside the text says so already.
    void say(false).catch(() => undefined);
    timer = setTimeout(round, EVERY_MS);
  };
  document.addEventListener("visibilitychange", round);
  window.addEventListener("pagehide", () => void say(true).catch(() => undefined));
  round();
}

/** Who else is there, in words; empty when nobody is. */
export function othersWords(names: string[]): string {
  if (names.length === 0) return "";
  if (names.length === 1) return `${names[0]} is editing this lesson`;
  return `${names.slice(0, -1).join(", ")} and ${names.at(-1)} are editing this lesson`;
}
