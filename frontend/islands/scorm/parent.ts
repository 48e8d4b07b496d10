/* What the player and the site's page say to each other, each to the other's origin only. */
import type { Downward, Upward } from "./protocol.ts";

export class Parent {
  private readonly origin: string | null;
  private renewing: ((token: string | null) => void)[] = [];

  constructor(
    private readonly sites: readonly string[],
    private readonly hear: (said: Downward) => void,
  ) {
    // Of the page around us, as the browser says; without that the first site it may be.
    const around = location.ancestorOrigins?.[0] ?? sites[0] ?? null;
    this.origin = window.parent !== window && around !== null && sites.includes(around) ? around : null;
    window.addEventListener("message", (event) => this.heard(event));
  }

  private heard(event: MessageEvent<unknown>): void {
    const said = event.data as Downward | null;
    if (event.source !== window.parent || !this.sites.includes(event.origin)) return;
    if (typeof said !== "object" || said === null || said.collegium !== "scorm") return;
    if (said.say === "token" || said.say === "signed-out") {
      const waiting = this.renewing;
      this.renewing = [];
      for (const done of waiting) done(said.say === "token" ? said.token : null);
    }
    this.hear(said);
  }

  get there(): boolean {
    return this.origin !== null;
  }

  tell(say: Upward): void {
    if (this.origin !== null) window.parent.postMessage(say, this.origin);
  }

  /** Asks for another token; null when there is none to be had now. */
  renew(): Promise<string | null> {
    if (this.origin === null) return Promise.resolve(null);
    return new Promise((resolve) => {
      this.renewing.push(resolve);
      if (this.renewing.length === 1) this.tell({ collegium: "scorm", say: "renew" });
      setTimeout(() => {
        if (!this.renewing.includes(resolve)) return;
        this.renewing = this.renewing.filter((one) => one !== resolve);
        resolve(null);
      }, 20_000);
    });
  }
}
