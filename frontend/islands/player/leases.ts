import type { KeyStore } from "./store";

/**
 * Says which playbacks have a page that plays them. A queue whose playback nobody holds was left behind by a
 * page that is gone, and only such a queue may be sent by somebody else.
 */
export interface Leases {
  /** Holds `name` until the page goes or the returned function is called. */
  hold(name: string): Promise<() => void>;
  /** Runs `work` while holding `name`; undefined where another page holds it. */
  whileFree<T>(name: string, work: () => Promise<T>): Promise<T | undefined>;
}

/** Milliseconds that a page which was just left may take to let go of its locks. */
const LEAVING = 1500;

/** Leases as Web Locks, which the browser frees when a page ends in any way. */
export function webLocks(locks: LockManager): Leases {
  return {
    hold(name) {
      return new Promise((resolve, reject) => {
        locks
          .request(name, () => new Promise<void>((release) => resolve(() => release())))
          .catch(reject);
      });
    },
    async whileFree(name, work) {
      const control = new AbortController();
      const timer = setTimeout(() => control.abort(), LEAVING);
      let granted = false;
      try {
        return await locks.request(name, { signal: control.signal }, () => {
          granted = true;
          clearTimeout(timer);
          return work();
        });
      } catch (error) {
        if (!granted && control.signal.aborted) return undefined;
        throw error;
      } finally {
        clearTimeout(timer);
      }
    },
  };
}

const LEASE = "collegium.lease/";
const VALID = 15_000;
const RENEW = 5_000;

/**
 * Leases as timed notes in the store, for pages served without TLS, where browsers have no Web Locks. A note
 * of this same tab is one that it left itself, before it was reloaded.
 */
export function timedLeases(store: KeyStore, tab: string, now: () => number = Date.now): Leases {
  const write = (name: string): void => {
    store.set(LEASE + name, `${tab} ${now() + VALID}`);
  };
  const held = (name: string): boolean => {
    const [owner, until] = (store.get(LEASE + name) ?? "").split(" ");
    return owner !== tab && Number(until) > now();
  };
  const take = (name: string): (() => void) => {
    write(name);
    const timer = setInterval(() => write(name), RENEW);
    const release = (): void => {
      clearInterval(timer);
      store.remove(LEASE + name);
      globalThis.removeEventListener?.("pagehide", release);
    };
    globalThis.addEventListener?.("pagehide", release);
    return release;
  };
  return {
    hold: (name) => Promise.resolve(take(name)),
    async whileFree(name, work) {
      if (held(name)) return undefined;
      const release = take(name);
      try {
        return await work();
      } finally {
        release();
      }
    },
  };
}

/** What this browser offers. */
export function pageLeases(store: KeyStore): Leases {
  if (typeof navigator !== "undefined" && navigator.locks !== undefined) return webLocks(navigator.locks);
  return timedLeases(store, tabName());
}

/** A name that stays with the tab through reloads. */
function tabName(): string {
  const key = "collegium.tab";
  const fresh = (): string => Array.from(crypto.getRandomValues(new Uint32Array(2)), (n) => n.toString(36)).join("");
  try {
    const known = sessionStorage.getItem(key);
    if (known !== null) return known;
    const name = fresh();
    sessionStorage.setItem(key, name);
    return name;
  } catch {
    return fresh();
  }
}
