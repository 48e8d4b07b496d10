/** The figures of a video's curve, and a moment of it in words. */
export interface Figures {
  starts: number[];
  ends: number[];
  /** Percent of all viewers who have seen each stretch, and how often it was played by every hundred of them. */
  seen: number[];
  played: number[];
  duration: number;
  again: [number, number][];
  skipped: [number, number][];
}

/** A time within a video: 1:03 or 1:02:07. */
export function time(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60), whole % 60];
  const two = (n: number) => String(n).padStart(2, "0");
  return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}

/** Seconds between two marks of the axis: whole minutes or quarters, and no more marks than have room. */
export function step(duration: number, most: number): number {
  const steps = [5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200];
  return steps.find((wide) => duration / wide <= most) ?? 14_400;
}

export function moment(figures: Figures, at: number): string {
  const seen = figures.seen[at] ?? 0;
  const played = figures.played[at] ?? 0;
  const span = `${time(figures.starts[at] ?? 0)} to ${time(figures.ends[at] ?? 0)}`;
  if (seen === 0) return `${span}: seen by nobody.`;
  const each = played / seen;
  const again = each >= 1.05 ? `, played ${each.toFixed(1)} times by each of them` : "";
  return `${span}: seen by ${Math.round(seen)} % of the viewers${again}.`;
}
