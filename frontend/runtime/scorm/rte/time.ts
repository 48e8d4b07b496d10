/* Durations and points in time of both standards. */

/** CMITimespan of SCORM 1.2 (appendix A.1): HHHH:MM:SS.SS with two to four digits of hours. */
const timespan = /^(\d{2,4}):([0-5]\d):([0-5]\d(?:\.\d{1,2})?)$/;

/** CMITime of SCORM 1.2: HH:MM:SS.SS of a day. */
const timeOfDay = /^(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,2})?$/;

/** timeinterval(second,10,2) of SCORM 2004 (RTE 4.1.1.7): at least one part, after T at least one more. */
const interval =
  /^P(?=\d|T)(?:(\d{1,10})Y)?(?:(\d{1,10})M)?(?:(\d{1,10})D)?(?:T(?=\d)(?:(\d{1,10})H)?(?:(\d{1,10})M)?(?:(\d{1,10}(?:\.\d{1,2})?)S)?)?$/;

/** time(second,10,0) of SCORM 2004 (RTE 4.1.1.6). */
const point =
  /^(\d{4})(?:-(\d{2})(?:-(\d{2})(?:T(\d{2})(?::(\d{2})(?::(\d{2})(?:\.\d{1,2})?)?)?(?:Z|[+-](\d{2})(?::(\d{2}))?)?)?)?)?$/;

export const isTimespan = (value: string): boolean => timespan.test(value);
export const isTimeOfDay = (value: string): boolean => timeOfDay.test(value);
export const isInterval = (value: string): boolean => interval.test(value);

export function timespanSeconds(value: string): number {
  const found = timespan.exec(value);
  return found ? Number(found[1]) * 3600 + Number(found[2]) * 60 + Number(found[3]) : 0;
}

/** A year counts as 365 days and a month as 30, as on the server. */
export function intervalSeconds(value: string): number {
  const found = interval.exec(value);
  if (!found) return 0;
  const weights = [31_536_000, 2_592_000, 86_400, 3600, 60, 1];
  return weights.reduce((sum, weight, i) => sum + weight * Number(found[i + 1] ?? 0), 0);
}

export function isPointInTime(value: string): boolean {
  const found = point.exec(value);
  if (!found) return false;
  const [year, month, day, hour, minute, second, zoneHour, zoneMinute] = found.slice(1).map((part) => (part === undefined ? undefined : Number(part)));
  // IEEE 1484.11.1, 5.5.2: what must be understood ends in 2038.
  if (year! < 1970 || year! > 2038) return false;
  if (month !== undefined && (month < 1 || month > 12)) return false;
  if (day !== undefined && (day < 1 || day > new Date(Date.UTC(year!, month!, 0)).getUTCDate())) return false;
  return (hour ?? 0) <= 23 && (minute ?? 0) <= 59 && (second ?? 0) <= 59 && (zoneHour ?? 0) <= 23 && (zoneMinute ?? 0) <= 59;
}

const hundredths = (seconds: number): number => Math.max(0, Math.round((Number.isFinite(seconds) ? seconds : 0) * 100));

/** Seconds as CMITimespan, at most 9999:59:59.99. */
export function asTimespan(seconds: number): string {
  const all = Math.min(hundredths(seconds), 3_599_999_999);
  const two = (part: number): string => String(part).padStart(2, "0");
  const hours = String(Math.floor(all / 360_000)).padStart(4, "0");
  return `${hours}:${two(Math.floor(all / 6000) % 60)}:${two(Math.floor(all / 100) % 60)}.${two(all % 100)}`;
}

/** Seconds as timeinterval(second,10,2). */
export function asInterval(seconds: number): string {
  const all = Math.min(hundredths(seconds), 999_999_999_999);
  const rest = all % 100;
  const fraction = rest ? `.${String(rest).padStart(2, "0").replace(/0$/, "")}` : "";
  return `PT${Math.floor(all / 360_000)}H${Math.floor(all / 6000) % 60}M${Math.floor(all / 100) % 60}${fraction}S`;
}
