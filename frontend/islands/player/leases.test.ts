import { describe, expect, test } from "vitest";
import { timedLeases, webLocks } from "./leases";
import { memoryStore } from "./testing/store";

/** The part of LockManager that is used, as the specification has it: exclusive, first come first served. */
class Locks {
  #tails = new Map<string, Promise<unknown>>();

  request(name: string, ...rest: unknown[]): Promise<unknown> {
    const work = rest.at(-1) as () => Promise<unknown>;
    const signal = rest.length > 1 ? (rest[0] as { signal?: AbortSignal }).signal : undefined;
    const before = this.#tails.get(name) ?? Promise.resolve();
    const aborted = new Promise<never>((_, reject) => {
      signal?.addEventListener("abort", () => reject(new DOMException("aborted", "AbortError")));
    });
    const mine = Promise.race([before, aborted]).then(() => work());
    this.#tails.set(name, Promise.allSettled([before, mine]));
    return mine;
  }
}

function locks(): LockManager {
  return new Locks() as unknown as LockManager;
}

describe("Web Locks", () => {
  test("nobody else runs while a page holds", async () => {
    const leases = webLocks(locks());
    const release = await leases.hold("a");
    expect(await leases.whileFree("a", () => Promise.resolve("ran"))).toBeUndefined();
    expect(await leases.whileFree("b", () => Promise.resolve("ran"))).toBe("ran");
    release();
    expect(await leases.whileFree("a", () => Promise.resolve("ran"))).toBe("ran");
  }, 10_000);

  test("a page that is just leaving is waited for", async () => {
    const leases = webLocks(locks());
    const release = await leases.hold("a");
    const ran = leases.whileFree("a", () => Promise.resolve("ran"));
    setTimeout(release, 50);
    expect(await ran).toBe("ran");
  });

  test("what goes wrong inside is not taken for a lock that is held", async () => {
    const leases = webLocks(locks());
    const failing = leases.whileFree("a", () => Promise.reject(new DOMException("timeout", "AbortError")));
    await expect(failing).rejects.toThrow("timeout");
  });
});

describe("timed leases", () => {
  test("hold against other tabs until they run out, never against the tab itself", async () => {
    let now = 0;
    const store = memoryStore();
    const one = timedLeases(store, "one", () => now);
    const two = timedLeases(store, "two", () => now);
    const release = await one.hold("a");
    expect(await two.whileFree("a", () => Promise.resolve("ran"))).toBeUndefined();
    expect(await one.whileFree("b", () => Promise.resolve("ran"))).toBe("ran");
    release();
    expect(await two.whileFree("a", () => Promise.resolve("ran"))).toBe("ran");

    // The page of `one` crashed: nobody renews, nobody lets go.
    store.set("collegium.lease/a", `one ${now + 15_000}`);
    expect(await two.whileFree("a", () => Promise.resolve("ran"))).toBeUndefined();
    expect(await one.whileFree("a", () => Promise.resolve("ran"))).toBe("ran");
    store.set("collegium.lease/a", `one ${now + 15_000}`);
    now = 15_000;
    expect(await two.whileFree("a", () => Promise.resolve("ran"))).toBe("ran");
  });
});
