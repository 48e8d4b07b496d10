/** Timers that a test can hold still. */
export interface Timers {
  after(ms: number, work: () => void): () => void;
}

export const pageTimers: Timers = {
  after(ms, work) {
    const id = setTimeout(work, ms);
    return () => clearTimeout(id);
  },
};

/** A promise that is kept after `ms`. */
export function pause(timers: Timers, ms: number): Promise<void> {
  return new Promise((resolve) => {
    timers.after(ms, resolve);
  });
}

/** Media time in words of a player: 0:12, 12:05, 1:02:05. */
export function clock(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const s = String(whole % 60).padStart(2, "0");
  const m = Math.floor(whole / 60) % 60;
  const h = Math.floor(whole / 3600);
  return h > 0 ? `${h}:${String(m).padStart(2, "0")}:${s}` : `${m}:${s}`;
}

/** "1 second", "12 seconds", "3 minutes", "3 minutes 12 seconds". */
export function duration(seconds: number): string {
  const whole = Math.round(seconds);
  const part = (n: number, unit: string): string => `${n} ${unit}${n === 1 ? "" : "s"}`;
  const minutes = Math.floor(whole / 60);
  const rest = whole % 60;
  if (minutes === 0) return part(rest, "second");
  return rest === 0 ? part(minutes, "minute") : `${part(minutes, "minute")} ${part(rest, "second")}`;
}
