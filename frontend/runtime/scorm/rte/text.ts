/* Values as a SCO hands them over: it may pass numbers, nothing, or things that cannot be text. */

/** The argument as text; null when it is no text (null, undefined, a symbol, an object whose toString fails). */
export function asText(value: unknown): string | null {
  if (typeof value === "string") return value;
  if (value === null || value === undefined) return null;
  try {
    const text: unknown = String(value);
    return typeof text === "string" ? text : null;
  } catch {
    return null;
  }
}

/** The parameter of Initialize, Terminate and Commit: "" is asked for, and a call without it is taken as that. */
export function isEmptyArgument(value: unknown): boolean {
  return value === undefined || value === null || asText(value) === "";
}

/** ISO 10646 characters that can be kept: no NUL, no half of a surrogate pair. */
export function isKeepable(value: string): boolean {
  return !/[\0\p{Surrogate}]/u.test(value);
}

/** The smallest 255 characters that GetErrorString and GetDiagnostic may answer. */
export function brief(words: string): string {
  return words.length <= 255 ? words : `${words.slice(0, 254)}…`;
}

/** What of a value is told in a diagnostic. */
export function quoted(value: string): string {
  return `"${value.length <= 60 ? value : `${value.slice(0, 59)}…`}"`;
}
