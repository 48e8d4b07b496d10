/** Text by key, as localStorage has it. */
export interface KeyStore {
  get(key: string): string | null;
  /** Says whether the text is now on the device; when not, it is kept in memory only. */
  set(key: string, value: string): boolean;
  remove(key: string): void;
  keys(prefix: string): string[];
}

/**
 * A store on `storage`, which may be refused by the browser, full, or absent. What it does not take stays in
 * memory, so that nothing is lost while the page is open.
 */
export function safeStore(storage: Storage | undefined): KeyStore {
  const memory = new Map<string, string>();
  const attempt = <T>(work: (storage: Storage) => T, otherwise: T): T => {
    if (storage === undefined) return otherwise;
    try {
      return work(storage);
    } catch {
      return otherwise;
    }
  };
  return {
    get: (key) => memory.get(key) ?? attempt((s) => s.getItem(key), null),
    set(key, value) {
      const kept = attempt((s) => {
        s.setItem(key, value);
        return true;
      }, false);
      if (kept) memory.delete(key);
      else memory.set(key, value);
      return kept;
    },
    remove(key) {
      memory.delete(key);
      attempt((s) => s.removeItem(key), undefined);
    },
    keys(prefix) {
      const stored = attempt((s) => Array.from({ length: s.length }, (_, i) => s.key(i) ?? ""), []);
      return [...new Set([...stored, ...memory.keys()])].filter((key) => key.startsWith(prefix)).sort();
    },
  };
}

/** The page's localStorage as a store; reading the property itself may throw where storage is forbidden. */
export function pageStore(): KeyStore {
  try {
    return safeStore(globalThis.localStorage);
  } catch {
    return safeStore(undefined);
  }
}
