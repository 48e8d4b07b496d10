/** Puts `<time data-local>` into the reader's own zone and language; the server wrote UTC. */
const STYLES: Record<string, Intl.DateTimeFormatOptions> = {
  date: { day: "numeric", month: "long", year: "numeric" },
  datetime: { day: "numeric", month: "long", year: "numeric", hour: "numeric", minute: "2-digit" },
  time: { hour: "numeric", minute: "2-digit" },
};
const UNITS: [Intl.RelativeTimeFormatUnit, number][] = [
  ["year", 31_557_600],
  ["month", 2_629_800],
  ["week", 604_800],
  ["day", 86_400],
  ["hour", 3600],
  ["minute", 60],
];

export function relative(then: Date, now: Date, language: string): string {
  const seconds = (then.getTime() - now.getTime()) / 1000;
  const words = new Intl.RelativeTimeFormat(language, { numeric: "auto" });
  for (const [unit, length] of UNITS) {
    if (Math.abs(seconds) >= length) return words.format(Math.trunc(seconds / length), unit);
  }
  return words.format(0, "minute");
}

export function times(root: ParentNode): void {
  const language = document.documentElement.lang || "en";
  for (const element of root.querySelectorAll<HTMLTimeElement>("time[data-local]")) {
    const then = new Date(element.dateTime);
    const style = element.dataset.local ?? "date";
    if (Number.isNaN(then.getTime())) continue;
    // Whoever chose a way to write dates gets it. "en" alone would give American order; the pages are written day first.
    const own = language === "en" && !navigator.language.startsWith("en-") ? "en-GB" : navigator.language;
    const locale = language.includes("-") ? language : own;
    const full = new Intl.DateTimeFormat(locale, { ...STYLES.datetime, timeZoneName: "short" }).format(then);
    element.textContent =
      style === "relative" ? relative(then, new Date(), language) : new Intl.DateTimeFormat(locale, STYLES[style]).format(then);
    element.title = full;
    delete element.dataset.local;
  }
}
