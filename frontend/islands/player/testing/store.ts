import { safeStore, type KeyStore } from "../store";

/** What localStorage is, in memory; `full` makes every write fail. */
export class MemoryStorage implements Storage {
  full = false;
  writes = 0;
  #map = new Map<string, string>();

  get length(): number {
    return this.#map.size;
  }
  key(index: number): string | null {
    return [...this.#map.keys()][index] ?? null;
  }
  getItem(key: string): string | null {
    return this.#map.get(key) ?? null;
  }
  setItem(key: string, value: string): void {
    if (this.full) throw new DOMException("full", "QuotaExceededError");
    this.writes += 1;
    this.#map.set(key, value);
  }
  removeItem(key: string): void {
    this.#map.delete(key);
  }
  clear(): void {
    this.#map.clear();
  }
}

export function memoryStore(storage = new MemoryStorage()): KeyStore {
  return safeStore(storage);
}
