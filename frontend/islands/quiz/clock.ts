/** The time that is left, by the server's clock: what this device believes about the hour does not matter. */

export const WARNINGS_S = [300, 60];

/** "1 h 5 min" while there is much, "4:59" in the last ten minutes. */
export function left(seconds: number): string {
  const whole = Math.max(0, Math.ceil(seconds));
  if (whole > 600) {
    const minutes = Math.ceil(whole / 60);
    const hours = Math.floor(minutes / 60);
    return hours > 0 ? `${hours} h ${minutes % 60} min left` : `${minutes} min left`;
  }
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")} left`;
}

/** The warning that is due when the time goes from one value to another; null when none is. */
export function warning(before: number, now: number): string | null {
  for (const at of [...WARNINGS_S].reverse()) {
    if (before > at && now <= at && now > 0) return at === 60 ? "One minute is left." : `${at / 60} minutes are left.`;
  }
  return null;
}

export class Clock {
  #deadline: number | null;
  /** Server time minus this page's own, in ms; the smaller the wait for an answer, the better it is known. */
  #offset: number;
  #doubt: number;
  readonly #own: () => number;

  constructor(deadline: string | null, serverTime: string, own: () => number = () => performance.now()) {
    this.#own = own;
    this.#deadline = deadline === null ? null : Date.parse(deadline);
    this.#offset = Date.parse(serverTime) - own();
    this.#doubt = 5000;
  }

  /** Takes what an answer said of the server's clock; `askedAt` is when it was asked, by this page's own. */
  set(serverTime: string, deadline: string | null, askedAt: number, fresh = false): void {
    const wait = this.#own() - askedAt;
    if (deadline !== null) this.#deadline = Date.parse(deadline);
    if (fresh || wait <= this.#doubt) {
      this.#offset = Date.parse(serverTime) - (askedAt + wait / 2);
      this.#doubt = wait;
    }
  }

  /** Seconds until the deadline; null without one. */
  get seconds(): number | null {
    return this.#deadline === null ? null : (this.#deadline - this.#own() - this.#offset) / 1000;
  }
}
