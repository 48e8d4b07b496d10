/* One visit of one SCO: its run-time, what it commits, and its end. */
import type {
  Api12,
  Api2004,
  Call,
  CommitAnswer,
  Elements,
  Ended,
  Entry,
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

/** Whether a SCO goes on, and with what, from what it left behind and how it left.
 *
 *  A SCO that never ended (its tab was closed, the machine lost power) goes on: nothing that was saved is taken from a learner.
 *  SCORM 2004 4th edition RTE 2.1.1: after a normal exit the next visit is a new attempt at the activity and begins with an empty
 *  data model. SCORM 1.2 RTE 3.4.4 (cmi.core.entry) keeps the data and says neither. */
export function begin(standard: Standard, saved: Elements, exit: string | undefined): { entry: Entry; saved: Elements } {
  if (Object.keys(saved).length === 0) return { entry: "ab-initio", saved };
  if (exit === undefined || exit === "suspend" || exit === "logout") return { entry: "resume", saved };
  return standard === "scorm_2004" ? { entry: "ab-initio", saved: {} } : { entry: "", saved };
}

export interface Visiting {
  commit(item: Item, elements: Elements, results: Results | null): CommitAnswer;
  trace(call: Call): void;
  navigation(request: string, target: string | null): "true" | "false" | "unknown";
  ended(item: Item, how: Ended): void;
  sharedData?: Host["sharedData"];
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
      // With the end go the results, so that what the sequencer makes of them is stored together with what the SCO said.
      commit: (elements, terminate) => visiting.commit(item, elements, terminate ? this.runtime.results() : null),
      trace: (call) => visiting.trace(call),
      now: () => new Date(),
      navigation: (request, target) => visiting.navigation(request, target),
      ended: (how) => visiting.ended(item, how),
      ...(visiting.sharedData ? { sharedData: visiting.sharedData } : {}),
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
