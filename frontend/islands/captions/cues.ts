/** One caption: seconds from the start, and its words. */
export interface Cue {
  start: number;
  end: number;
  text: string;
}

/** Seconds below which a caption cannot be read, and so is not cut further. */
export const SHORTEST = 0.2;
/** Seconds of a new caption where nothing says how long it is to be. */
const USUAL = 3;

const TIME = /^(?:(\d{1,4}):)?([0-5]?\d):([0-5]?\d)(?:[.,](\d{1,3}))?$/;

/** Milliseconds without the noise of floating point. */
function round(seconds: number): number {
  return Math.round(seconds * 1000) / 1000;
}

/** `1:02.5`, `00:01:02.500` or `62` as seconds; undefined where it is none of these. */
export function readTime(text: string): number | undefined {
  const written = text.trim();
  if (/^\d+(?:[.,]\d{1,3})?$/.test(written)) return round(Number(written.replace(",", ".")));
  const match = TIME.exec(written);
  if (match === null) return undefined;
  const whole = (Number(match[1] ?? 0) * 60 + Number(match[2])) * 60 + Number(match[3]);
  return round(whole + Number((match[4] ?? "0").padEnd(3, "0")) / 1000);
}

/** Seconds as they are shown and written: `01:02.500`, with hours where there are some. */
export function writeTime(seconds: number, hours = seconds >= 3600): string {
  const all = Math.max(0, Math.round(seconds * 1000));
  const two = (value: number): string => String(Math.floor(value)).padStart(2, "0");
  const rest = `${two((all / 60_000) % 60)}:${two((all / 1000) % 60)}.${String(all % 1000).padStart(3, "0")}`;
  return hours ? `${two(all / 3_600_000)}:${rest}` : rest;
}

/** What is wrong with a caption, in words; empty where nothing is. */
export function problem(cue: Cue): string {
  if (!Number.isFinite(cue.start) || !Number.isFinite(cue.end)) return "Write times like 01:02.500.";
  if (cue.end <= cue.start) return "It ends before it begins.";
  if (cue.text.trim() === "") return "It has no words yet. Empty captions are left out.";
  return "";
}

/** A WebVTT file of these captions, in order of time. Arrows and angle brackets in the words cannot be taken for marks. */
export function toVtt(cues: readonly Cue[]): string {
  const blocks = ["WEBVTT"];
  for (const cue of [...cues].sort((a, b) => a.start - b.start)) {
    const words = cue.text
      .split(/\r?\n/)
      .map((line) => line.trim())
      .filter((line) => line !== "")
      .join("\n")
      .replaceAll("&", "&amp;")
      .replaceAll("<", "&lt;")
      .replaceAll(">", "&gt;");
    if (words === "") continue;
    const time = (seconds: number): string => (Number.isFinite(seconds) ? writeTime(seconds, true) : "??");
    blocks.push(`${time(cue.start)} --> ${time(cue.end)}\n${words}`);
  }
  return `${blocks.join("\n\n")}\n`;
}

/** Cuts a caption in two at a character of its words; the time is shared as the words are. */
export function split(cues: readonly Cue[], index: number, at: number): Cue[] {
  const cue = cues[index];
  if (cue === undefined || cue.end - cue.start < 2 * SHORTEST) return [...cues];
  const words = cue.text;
  const place = at > 0 && at < words.length ? at : middle(words);
  const share = words.length > 0 ? place / words.length : 0.5;
  const cut = round(
    Math.min(Math.max(cue.start + (cue.end - cue.start) * share, cue.start + SHORTEST), cue.end - SHORTEST),
  );
  const first = { start: cue.start, end: cut, text: words.slice(0, place).trim() };
  const second = { start: cut, end: cue.end, text: words.slice(place).trim() };
  return [...cues.slice(0, index), first, second, ...cues.slice(index + 1)];
}

/** The space nearest to the middle. */
function middle(words: string): number {
  const half = words.length / 2;
  let best = Math.round(half);
  let distance = Number.POSITIVE_INFINITY;
  for (const match of words.matchAll(/\s/g)) {
    if (Math.abs(match.index - half) < distance) {
      best = match.index;
      distance = Math.abs(match.index - half);
    }
  }
  return best;
}

/** Joins a caption with the next one. */
export function merge(cues: readonly Cue[], index: number): Cue[] {
  const cue = cues[index];
  const next = cues[index + 1];
  if (cue === undefined || next === undefined) return [...cues];
  const text = [cue.text.trim(), next.text.trim()].filter((words) => words !== "").join("\n");
  const joined = { start: Math.min(cue.start, next.start), end: Math.max(cue.end, next.end), text };
  return [...cues.slice(0, index), joined, ...cues.slice(index + 2)];
}

export function remove(cues: readonly Cue[], index: number): Cue[] {
  return cues.filter((_, at) => at !== index);
}

/** Adds an empty caption after one (-1: before all), at `time` where that fits between its neighbours. */
export function insert(cues: readonly Cue[], index: number, time?: number): Cue[] {
  const before = cues[index];
  const after = cues[index + 1];
  const from = before?.end ?? 0;
  const until = after?.start ?? Number.POSITIVE_INFINITY;
  const start = time !== undefined && time >= from && time < until ? time : from;
  const end = Math.max(start + SHORTEST, Math.min(start + USUAL, until));
  const made = { start: round(start), end: round(end), text: "" };
  return [...cues.slice(0, index + 1), made, ...cues.slice(index + 1)];
}

/** The caption that is heard at `time`, or the last before it; -1 before the first. */
export function at(cues: readonly Cue[], time: number): number {
  let found = -1;
  cues.forEach((cue, index) => {
    if (cue.start <= time + 0.001 && (found < 0 || cue.start >= (cues[found]?.start ?? 0))) found = index;
  });
  return found;
}
