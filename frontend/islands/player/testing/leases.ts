import type { Leases } from "../leases";

/** Leases of several pages in one test: a name is free or it is not. */
export class FakeLeases implements Leases {
  held = new Set<string>();

  hold(name: string): Promise<() => void> {
    this.held.add(name);
    return Promise.resolve(() => this.held.delete(name));
  }

  async whileFree<T>(name: string, work: () => Promise<T>): Promise<T | undefined> {
    if (this.held.has(name)) return undefined;
    this.held.add(name);
    try {
      return await work();
    } finally {
      this.held.delete(name);
    }
  }
}
