/* The player: what the learner does and what the package asks for, led to the sequencer, the frame and the server. */
import type { Outcome, Sequencing } from "../../runtime/scorm/sequencing/index.ts";
import type { Call, CommitAnswer, Elements, Ended, Item, Results, Session, Shared } from "../../runtime/scorm/types.ts";
import { resultsOf } from "../../runtime/scorm/rte/index.ts";
import { launchAddress } from "./address.ts";
import { summaryOf, treeOf } from "./course.ts";
import type { Hacp } from "./hacp.ts";
import type { Definition, Kept, Node } from "./protocol.ts";
import { Recorder } from "./recorder.ts";
import { Visit, type Made, type Visiting } from "./sco.ts";
import type { Pending, Saving, Sender } from "./sender.ts";
import { add, news, whole } from "./sharing.ts";

export interface Shown {
  title: string;
  tree: Node[];
  previous: boolean;
  next: boolean;
  /** What the learner sees where the SCO would be; null while one is there. */
  cover: Cover | null;
}

export type Cover =
  /** Nothing is open: the learner chooses. */
  | { kind: "choose"; words: string }
  /** The SCO has ended by itself. */
  | { kind: "ended"; words: string; next: boolean }
  | { kind: "finished"; words: string }
  | { kind: "unsaved"; words: string }
  | { kind: "stopped"; words: string }
  | { kind: "broken"; words: string };

export interface Face {
  show(shown: Shown): void;
  saving(saving: Saving): void;
  say(words: string): void;
  /** Puts a page into the frame, or takes it away; what was there has had its unload when this returns. */
  frame(address: string | null, title: string): void;
  /** Tells the page in the frame that it goes, by the events of that, as long as it still runs. */
  farewell(runs: () => boolean): void;
}

/** Milliseconds after which what a package set is sent although it did not ask for it. */
export const AUTOMATIC = 30_000;

export interface Around {
  page: Window;
  face: Face;
  sender: Sender;
  make: Made;
  files: string;
  now(): number;
  /** The learner has left, and everything is sent as far as it could be. */
  left(): void;
  /** Of AICC only. */
  hacp: Hacp | null;
}

export class Player {
  private visit: Visit | null = null;
  private readonly recorder = new Recorder();
  /** The SCO that calls last, of which the end of its session is still to be told. */
  private caller: string | null = null;
  private readonly kept: Required<Kept>;
  private readonly saved: Record<string, Elements>;
  private readonly seconds: Record<string, number>;
  /** Of the SCO that is open, before this visit. */
  private secondsBefore = 0;
  private lastState: string;
  /** What the learner's packages share, as the site has it or is about to. */
  private readonly shared: Required<Shared>;
  private cover: Cover | null = null;
  private leaving = false;
  /** Whether the SCO that is open has used the API. */
  private spoke = false;
  private gone = false;
  private dismissing = false;
  /** What a SCO asked for; it is followed after the call that ended it has returned. */
  private wanted: Ended | null = null;
  private showing: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly given: Definition,
    private readonly course: Sequencing,
    private readonly around: Around,
  ) {
    this.kept = { sequencer: null, anew: {}, ...given.session.state };
    this.saved = { ...given.session.saved };
    this.seconds = { ...given.session.totalSeconds };
    this.shared = whole(given.session.shared);
    this.lastState = JSON.stringify(this.state());
  }

  start(): void {
    const outcome = this.course.start(this.kept.sequencer ?? undefined, whole(this.shared));
    const all = leavesOf(treeOf(this.course.tree(), false));
    // Without flow nothing is delivered at the start (SB.2.5), and the learner chooses; where there is one part, there is no choice.
    if (outcome.delivered === null && !outcome.ended && all.length === 1) this.follow(this.course.navigate("choice", all[0]!.id));
    else this.follow(outcome);
  }

  // What the learner does ------------------------------------------------------------------------------------

  next(): void {
    this.request("continue");
  }

  previous(): void {
    this.request("previous");
  }

  choose(id: string): void {
    this.request("choice", id);
  }

  /** Keeps everything and ends the visit. */
  leave(): void {
    if (this.leaving) return;
    this.leaving = true;
    this.endVisit();
    if (this.course.navigate("suspendAll").exception === null) this.send();
    this.around.left();
  }

  /** The page goes. What the SCO says while it is unloaded comes after this. */
  parting(): void {
    this.gone = true;
    const visit = this.visit;
    this.around.sender.part(visit ? this.pending(visit.item, visit.unsaved(), false) : null);
  }

  /** The page went into the browser's memory and is back. */
  returned(): void {
    this.gone = false;
    this.around.sender.again();
  }

  /** Every half minute: what was set and not committed. */
  automatic(): void {
    const visit = this.visit;
    if (visit === null) return;
    const unsaved = visit.unsaved();
    if (Object.keys(unsaved).length > 0 || this.recorder.size > 0) void this.around.sender.later(this.pending(visit.item, unsaved, false));
  }

  /** The learner wants to leave, and not everything is stored. */
  stay(words: string): void {
    this.cover = { kind: "unsaved", words };
    this.show();
  }

  stop(words: string): void {
    if (this.cover?.kind === "stopped") return;
    this.leaving = true;
    this.cover = { kind: "stopped", words };
    this.around.face.frame(null, "");
    this.closeVisit();
    this.show();
  }

  private request(request: string, target: string | null = null): void {
    if (this.leaving) return;
    this.endVisit();
    // What the SCO asked for while it ended is overruled by the learner.
    this.wanted = null;
    this.follow(this.course.navigate(request, target));
  }

  // What the package says ------------------------------------------------------------------------------------

  private commit(item: Item, elements: Elements, results: Results, over: boolean): CommitAnswer {
    // Who leaves in the middle means to come back, also where the package did not think of it.
    const interrupted = over && (this.leaving || this.gone) && results.exit === "" && results.completed !== true;
    this.course.record(item.identifier, interrupted ? { ...results, exit: "suspend" } : results, over);
    if (over) this.seconds[item.identifier] = this.secondsBefore + results.sessionSeconds;
    this.saved[item.identifier] = { ...this.saved[item.identifier], ...elements };
    const anew = this.kept.anew[item.identifier];
    if (anew) this.kept.anew[item.identifier] = [...new Set([...anew, ...Object.keys(elements)])];
    const pending = this.pending(item, elements, over);
    this.withState(pending);
    if (this.dismissing) {
      this.around.sender.keep(pending);
      return { saved: false, reason: "offline", words: "The page of the lesson had gone before the site could answer." };
    }
    if (!this.gone) {
      const answer = this.around.sender.commit(pending);
      if (!over) this.show();
      return answer;
    }
    this.around.sender.part(pending);
    return { saved: false, reason: "offline", words: "The page was closed before the site had answered." };
  }

  private pending(item: Item, elements: Elements, terminate: boolean): Pending {
    const pending: Pending = { sco: item.identifier, elements, terminate, calls: this.recorder.take() };
    this.withShared(pending);
    return pending;
  }

  private withShared(pending: Pending): void {
    const shared = news(this.shared, this.course.shared());
    if (shared === null) return;
    add(this.shared, shared);
    pending.shared = shared;
  }

  private withState(pending: Pending): void {
    const state = this.state();
    const text = JSON.stringify(state);
    if (text === this.lastState) return;
    this.lastState = text;
    pending.state = state;
    const summary = summaryOf(this.course, this.given.package, this.saved);
    if (summary !== null) pending.summary = summary;
  }

  private state(): Kept {
    return { sequencer: this.course.toJSON(), anew: this.kept.anew };
  }

  /** Sends what the sequencer has come to when no SCO says anything. */
  private send(): void {
    // A SCO's last calls go under its own name: the organisation calls nothing.
    const caller = this.recorder.size > 0 ? this.caller : null;
    const pending: Pending = {
      sco: caller ?? this.given.package.organization.identifier,
      elements: {},
      terminate: false,
      calls: this.recorder.take(),
    };
    this.withShared(pending);
    this.withState(pending);
    // Said for the organisation itself, what was rolled up is what is set.
    if (pending.summary && caller === null) {
      pending.elements = pending.summary;
      delete pending.summary;
    }
    if (pending.state !== undefined || pending.shared !== undefined || pending.calls.length > 0) void this.around.sender.later(pending);
  }

  private ended(how: Ended): void {
    this.wanted = how;
    // The SCO is still inside its own call; it returns before its page goes.
    setTimeout(() => this.afterEnd(), 0);
  }

  private afterEnd(): void {
    const how = this.wanted;
    this.wanted = null;
    if (how === null || this.leaving) return;
    if (how.request !== "" && how.request !== "_none_") {
      this.closeVisit();
      this.follow(this.course.navigate(how.request, how.target));
      return;
    }
    this.send();
    this.show();
    this.around.face.say("This part has ended. What it said is kept.");
  }

  // Visits ---------------------------------------------------------------------------------------------------

  /** Takes the page of the SCO away, which ends itself while it goes, or is ended. */
  private endVisit(): void {
    const { visit } = this;
    if (visit === null) return;
    this.around.hacp?.parting();
    // While a page goes, browsers let nobody wait for an answer. So the SCO is told first, as long as its answers can be the truth.
    if (visit.running()) this.around.face.farewell(() => visit.running());
    this.dismissing = true;
    this.around.face.frame(null, "");
    this.dismissing = false;
    this.hear(visit.item.identifier);
    this.closeVisit();
  }

  /** A unit of AICC that did not use the API has told the site itself how it went. */
  private hear(unit: string): void {
    const elements = this.spoke ? null : this.around.hacp?.heard(unit);
    if (elements) this.take(unit, elements);
  }

  private take(unit: string, elements: Elements): void {
    if (Object.keys(elements).length === 0) return;
    this.saved[unit] = { ...this.saved[unit], ...elements };
    this.course.record(unit, resultsOf(elements), true);
  }

  private closeVisit(): void {
    this.visit?.close();
    this.visit = null;
  }

  private follow(outcome: Outcome): void {
    this.cover = null;
    if (outcome.words !== null) this.around.face.say(outcome.words);
    if (outcome.delivered?.href) {
      this.deliver(outcome.delivered, outcome);
      return;
    }
    this.closeVisit();
    this.around.face.frame(null, "");
    this.send();
    this.cover = outcome.ended
      ? { kind: "finished", words: "What you did is kept." }
      : { kind: "choose", words: outcome.words ?? "The table of contents shows what is open to you." };
    this.show();
  }

  private deliver(item: Item, outcome: Outcome): void {
    this.closeVisit();
    if (item.kind === "asset") this.course.record(item.identifier, ASSET, true);
    else this.open(item, outcome);
    const address = launchAddress(this.around.files, item.href ?? "", item.parameters);
    const hacp = item.kind === "sco" ? this.around.hacp : null;
    this.around.face.frame(hacp ? hacp.launch(address, item.identifier) : address, item.title);
    this.send();
    this.show();
  }

  private open(item: Item, outcome: Outcome): void {
    this.spoke = false;
    const given = this.given.session;
    const { standard, edition } = this.given.package;
    const all = this.saved[item.identifier] ?? {};
    // What was saved before anything of the sequencer was belongs to the first attempt, which goes on.
    const lost = outcome.attempt <= 1 && Object.keys(all).length > 0;
    const entry = outcome.entry === "ab-initio" && lost ? "resume" : outcome.entry;
    if (entry === "ab-initio" && Object.keys(all).length > 0) {
      // A further attempt at the activity begins with an empty data model (SCORM 2004 4th edition RTE 2.1.1).
      this.kept.anew[item.identifier] = [];
      this.seconds[item.identifier] = 0;
    }
    const since = this.kept.anew[item.identifier];
    const saved = since ? Object.fromEntries(Object.entries(all).filter(([element]) => since.includes(element))) : all;
    this.secondsBefore = this.seconds[item.identifier] ?? 0;
    const session: Session = {
      learnerId: given.learnerId,
      learnerName: given.learnerName,
      mode: given.mode,
      credit: given.credit,
      entry,
      edition,
      item,
      saved,
      totalSeconds: this.secondsBefore,
      objectives: outcome.objectives,
      limits: given.limits,
    };
    const visiting: Visiting = {
      commit: (of, elements, results, over) => this.commit(of, elements, results, over),
      trace: (call) => this.traced(call),
      navigation: (request, target) => this.course.requestValid(request, target),
      ended: (_of, how) => this.ended(how),
      sharedData: {
        read: (target) => this.course.readShared(target),
        write: (target, value) => this.course.writeShared(target, value),
      },
    };
    this.visit = new Visit(item, standard, this.around.make, session, visiting, this.around.page);
  }

  /** What a SCO sets of its status may open other parts before it commits. */
  private traced(call: Call): void {
    this.spoke = true;
    this.recorder.add(call);
    if (this.visit !== null) this.caller = this.visit.item.identifier;
    if (!call.fn.endsWith("SetValue") || !call.args[0]?.endsWith("_status")) return;
    clearTimeout(this.showing);
    this.showing = setTimeout(() => {
      if (this.visit?.running()) this.show();
    }, 50);
  }

  show(): void {
    const visit = this.visit;
    if (visit?.running()) this.course.record(visit.item.identifier, visit.results(), false);
    const hidden = this.course.hiddenControls();
    this.around.face.show({
      title: this.visit?.item.title || this.given.session.title,
      tree: treeOf(this.course.tree(), this.visit?.running() ?? false),
      previous: !hidden.includes("previous") && this.course.requestValid("previous"),
      next: !hidden.includes("continue") && this.course.requestValid("continue"),
      cover: this.cover,
    });
  }
}

function leavesOf(nodes: Node[]): Node[] {
  return nodes.flatMap((node) => [...(node.launches ? [node] : []), ...leavesOf(node.children)]);
}

/** What is launched without an API is complete when it was shown. */
const ASSET: Results = { completed: true, satisfied: true, objectives: [], exit: "", sessionSeconds: 0, lessonStatus: "completed" };
