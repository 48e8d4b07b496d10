/* One visit of one SCO: its run-time, what it commits, and its end. */
import type {
  Api12,
  Api2004,
  Call,
  CommitAnswer,
  Elements,
  Ended,
  Host,
  Item,
  Results,
  Runtime,
  Session,
  Standard,
} from "../../runtime/scorm/types.ts";

export interface Made {
  "1.2": (session: Session, host: Host) => Runtime<Api12>;
  "2004": (session: Session, host: Host) => Runtime<Api2004>;
}

export interface Visiting {
  commit(item: Item, elements: Elements, results: Results, over: boolean): CommitAnswer;
  trace(call: Call): void;
  navigation(request: string, target: string | null): boolean;
  ended(item: Item, how: Ended): void;
  sharedData: NonNullable<Host["sharedData"]>;
}

type Page = Window & { API?: Api12 | undefined; API_1484_11?: Api2004 | undefined };

export class Visit {
  private readonly runtime: Runtime<Api12> | Runtime<Api2004>;

  constructor(
    readonly item: Item,
    standard: Standard,
    make: Made,
    session: Session,
    visiting: Visiting,
    private readonly page: Page,
  ) {
    const host: Host = {
      // With the results, so that what the sequencer makes of them is stored together with what the SCO said.
      commit: (elements, terminate) => visiting.commit(item, elements, this.runtime.results(), terminate),
      trace: (call) => visiting.trace(call),
      now: () => new Date(),
      navigation: (request, target) => (visiting.navigation(request, target) ? "true" : "false"),
      ended: (how) => visiting.ended(item, how),
      sharedData: visiting.sharedData,
    };
    if (standard === "scorm_2004") {
      const runtime = make["2004"](session, host);
      this.runtime = runtime;
      page.API_1484_11 = runtime.api;
    } else {
      const runtime = make["1.2"](session, host);
      this.runtime = runtime;
      page.API = runtime.api;
    }
  }

  results(): Results {
    return this.runtime.results();
  }

  unsaved(): Elements {
    return this.runtime.running() ? this.runtime.unsaved() : {};
  }

  running(): boolean {
    return this.runtime.running();
  }

  /** Ends the session when the SCO has not, and takes the API away. */
  close(): void {
    if (this.runtime.running()) this.runtime.close();
    delete this.page.API;
    delete this.page.API_1484_11;
  }
}
