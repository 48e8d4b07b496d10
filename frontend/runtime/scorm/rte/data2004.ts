/* What a SCO of SCORM 2004 finds, may set, and leaves behind (RTE 4th edition, 4.2 and 4.3; SN 4th edition, 5.6). */
import type { Elements, Host, Item, ObjectiveState, Results, Session, SharedDataMap } from "../types.ts";
import { defined } from "./data12.ts";
import { type Fault, type Located, Model } from "./model.ts";
import { correctResponse, learnerResponse } from "./responses.ts";
import { readRequest, schema2004 } from "./schema2004.ts";
import { quoted } from "./text.ts";
import { asInterval, intervalSeconds } from "./time.ts";

/** Of a session, not of the attempt: what an earlier one set is not found again. */
const ofASession = new Set(["cmi.exit", "cmi.session_time", "adl.nav.request"]);
const fault = (code: string, words: string): Fault => ({ code, words });
const known = <T>(value: T | null | undefined): value is T => value !== null && value !== undefined;

/** 4.2.5: what the manifest says, unless the 4th edition's completedByMeasure says that it does not count. */
function thresholdOf(item: Item): number | undefined {
  const rule = item.sequencing.completionThreshold;
  if (rule?.completedByMeasure === false) return undefined;
  return item.completionThreshold ?? (rule?.completedByMeasure ? (rule.minProgressMeasure ?? 1) : undefined);
}

/** 4.2.19: minNormalizedMeasure of the primary objective, where it is satisfied by measure. */
function passingScoreOf(item: Item): number | undefined {
  const primary = item.sequencing.objectives?.primary;
  return primary?.satisfiedByMeasure ? (primary.minNormalizedMeasure ?? 1) : undefined;
}

/** 4.2.17: the objectives of the activity that have an identifier, the primary one first. */
function objectivesOf({ item, objectives }: Session): ObjectiveState[] {
  const { primary, others = [] } = item.sequencing.objectives ?? {};
  const ids = [primary, ...others].flatMap((one) => (one?.objectiveID ? [one.objectiveID] : []));
  const given = new Map((objectives ?? []).flatMap((one) => (one.id ? [[one.id, one] as const] : [])));
  return [...new Set([...ids, ...given.keys()])].map((id) => given.get(id) ?? { id });
}

const words = {
  completion: (yes: boolean): string => (yes ? "completed" : "incomplete"),
  success: (yes: boolean): string => (yes ? "passed" : "failed"),
};

export class Data2004 {
  readonly model: Model;
  readonly #edition: number;
  readonly #shared: SharedDataMap[];
  readonly #threshold: number | undefined;
  readonly #passingScore: number | undefined;

  constructor(
    session: Session,
    private readonly host: Host,
  ) {
    this.#edition = session.edition ?? 4;
    this.#shared = this.#edition >= 4 ? (session.item.sequencing.data ?? []) : [];
    this.#threshold = thresholdOf(session.item);
    this.#passingScore = passingScoreOf(session.item);
    this.model = new Model(schema2004(this.#edition, session.limits));
    this.#fill(session);
  }

  #fill(session: Session): void {
    const { item, preferences = {}, saved } = session;
    const initial: Elements = {
      "cmi._version": "1.0",
      "cmi.completion_status": "unknown",
      "cmi.credit": session.credit,
      "cmi.entry": session.entry,
      "cmi.learner_id": session.learnerId,
      "cmi.learner_name": session.learnerName,
      "cmi.learner_preference.audio_level": preferences.audio ?? "1",
      "cmi.learner_preference.language": preferences.language ?? "",
      "cmi.learner_preference.delivery_speed": preferences.speed ?? "1",
      "cmi.learner_preference.audio_captioning": preferences.text ?? "0",
      "cmi.mode": session.mode,
      "cmi.success_status": "unknown",
      "cmi.time_limit_action": item.timeLimitAction ?? "continue,no message",
      "cmi.total_time": asInterval(session.totalSeconds),
      "adl.nav.request": "_none_",
      ...(known(item.launchData) ? { "cmi.launch_data": item.launchData } : {}),
      ...(known(item.maxTimeAllowed) ? { "cmi.max_time_allowed": asInterval(item.maxTimeAllowed) } : {}),
      ...(known(this.#threshold) ? { "cmi.completion_threshold": String(this.#threshold) } : {}),
      ...(known(this.#passingScore) ? { "cmi.scaled_passing_score": String(this.#passingScore) } : {}),
    };
    for (const [i, one] of (session.commentsFromLms ?? []).entries()) {
      for (const [part, value] of Object.entries(one)) initial[`cmi.comments_from_lms.${i}.${part}`] = value;
    }
    for (const [i, one] of this.#shared.entries()) initial[`adl.data.${i}.id`] = one.targetID;
    const objectives = objectivesOf(session);
    for (const [i, one] of objectives.entries()) {
      if (!known(saved[`cmi.objectives.${i}.id`])) initial[`cmi.objectives.${i}.id`] = one.id!;
    }
    for (const [name, value] of Object.entries(initial)) this.model.fill(name, value);
    for (const [name, value] of Object.entries(saved)) {
      const at = this.model.locate(name);
      if (at?.definition && at.definition.access !== "r" && !ofASession.has(name)) this.model.fill(name, String(value));
    }
    for (let i = 0; i < this.model.count("cmi.objectives"); i++) this.#fillObjective(i, objectives);
  }

  /** The defaults of an objective's states, and over them what the sequencer knows of it now. */
  #fillObjective(place: number, objectives: ObjectiveState[]): void {
    const at = `cmi.objectives.${place}`;
    const one = objectives.find(({ id }) => id === this.model.get(`${at}.id`));
    const put = (part: string, value: string | undefined, otherwise?: string): void => {
      const now = value ?? this.model.get(`${at}.${part}`) ?? otherwise;
      if (now !== undefined) this.model.fill(`${at}.${part}`, now);
    };
    const text = (value: number | undefined): string | undefined => (known(value) ? decimal(value) : undefined);
    put("success_status", known(one?.satisfied) ? words.success(one.satisfied) : undefined, "unknown");
    put("completion_status", known(one?.completed) ? words.completion(one.completed) : undefined, "unknown");
    put("score.scaled", text(one?.measure));
    put("score.raw", text(one?.raw));
    put("score.min", text(one?.min));
    put("score.max", text(one?.max));
    put("progress_measure", text(one?.progressMeasure));
  }

  /** The value, or what is wrong with the question. RTE 3.1.4.1. */
  get(name: string): string | Fault {
    if (name === "") return fault("301", "GetValue asks for the name of an element.");
    if (name.startsWith("adl.nav.request_valid.")) return this.#requestValid(name);
    const at = this.model.locate(name);
    if (!at && name.endsWith("._version") && this.model.locate(name.slice(0, -9))) return fault("301", "Only cmi has a _version.");
    if (!at || at.kind === "group") return fault("401", `SCORM 2004 has no element ${quoted(name)}.`);
    if (at.kind === "no_children") return fault("301", `${quoted(at.base)} has no children.`);
    if (at.kind === "no_count") return fault("301", `${quoted(at.base)} is no collection and has no count.`);
    if (at.definition?.access === "w") return fault("405", `${quoted(name)} can only be set.`);
    if (!this.model.exists(at)) return fault("301", `There is no entry with the index in ${quoted(name)} yet.`);
    if (at.kind === "children") return at.children!;
    if (at.kind === "count") return String(this.model.count(at.base));
    if (at.pattern === "adl.data.n.store") return this.#readStore(at);
    return this.#value(name) ?? fault("403", `${quoted(name)} has no value yet.`);
  }

  #value(name: string): string | undefined {
    if (name === "cmi.completion_status") return this.#completion();
    return name === "cmi.success_status" ? this.#success() : this.model.get(name);
  }

  #number(name: string): number | undefined {
    const value = this.model.get(name);
    return value === undefined ? undefined : Number(value);
  }

  /** Table 4.2.4.1a: with a threshold it is the measure alone that decides. */
  #completion(): string {
    if (!known(this.#threshold)) return this.model.get("cmi.completion_status") ?? "unknown";
    const measure = this.#number("cmi.progress_measure");
    return known(measure) ? words.completion(measure >= this.#threshold) : "unknown";
  }

  /** Table 4.2.22.1a: with a passing score it is the scaled score alone that decides. */
  #success(): string {
    if (!known(this.#passingScore)) return this.model.get("cmi.success_status") ?? "unknown";
    const scaled = this.#number("cmi.score.scaled");
    return known(scaled) ? words.success(scaled >= this.#passingScore) : "unknown";
  }

  /** SN 5.6.5. */
  #requestValid(name: string): string | Fault {
    const [, request, rest] = /^adl\.nav\.request_valid\.([^.]+)(?:\.(.*))?$/s.exec(name) ?? [];
    if ((request === "continue" || request === "previous") && rest === undefined) return this.#ask(request, null);
    if (request !== "choice" && !(request === "jump" && this.#edition >= 4)) return fault("401", `SCORM 2004 has no element ${quoted(name)}.`);
    const target = /^\{target=([^{}]+)\}$/.exec(rest ?? "")?.[1];
    return target === undefined ? fault("301", `${quoted(name)} has to name a target as {target=…}.`) : this.#ask(request, target);
  }

  #ask(request: string, target: string | null): string {
    try {
      return this.host.navigation?.(request, target) ?? "unknown";
    } catch {
      return "unknown";
    }
  }

  /** 4.3.1: a store that may not be read is write-only to this SCO. */
  #readStore(at: Located): string | Fault {
    const map = this.#shared[at.steps[0]!.index]!;
    if (map.readSharedData === false) return fault("405", "The manifest lets this SCO only write into this store.");
    const own = this.model.get(at.name);
    const value = this.host.sharedData ? this.host.sharedData.read(map.targetID) : own;
    if (value === undefined || (value === "" && own === undefined)) return fault("403", "Nothing has been put into this store yet.");
    return value;
  }

  /** What is wrong with setting an element; null when it is set. RTE 3.1.4.2. */
  set(name: string, value: string): Fault | null {
    if (name === "") return fault("351", "SetValue asks for the name of an element.");
    if (name.startsWith("adl.nav.request_valid.") && typeof this.#requestValid(name) === "string") return fault("404", `${quoted(name)} can only be read.`);
    const at = this.model.locate(name);
    if (!at || at.kind === "group") return fault("401", `SCORM 2004 has no element ${quoted(name)}.`);
    if (at.kind !== "leaf" || at.definition!.access === "r") return fault("404", `${quoted(name)} can only be read.`);
    const found = this.#place(at) ?? at.definition!.check?.(value) ?? this.#consistent(at, value);
    if (found) return found;
    this.#putIdFirst(at);
    this.model.put(at, value);
    if (at.pattern === "adl.data.n.store") this.host.sharedData?.write(this.#shared[at.steps[0]!.index]!.targetID, value);
    return null;
  }

  /** Whether the indices and what they depend on are there: RTE 3.1.7.6 (351, 404, 408). */
  #place(at: Located): Fault | null {
    if (at.pattern === "adl.data.n.store") {
      const map = this.#shared[at.steps[0]!.index];
      if (!map) return fault("351", "The manifest gives this SCO no store with this index.");
      return map.writeSharedData === false ? fault("404", "The manifest lets this SCO only read this store.") : null;
    }
    if (!this.model.mayFollow(at)) return fault("351", `The index in ${quoted(at.name)} is not the next one.`);
    const outer = at.steps[0] && `${at.steps[0].collection}.${at.steps[0].index}`;
    if (!outer || !/^cmi\.(?:interactions|objectives)\./.test(outer) || at.name === `${outer}.id`) return null;
    if (this.model.get(`${outer}.id`) === undefined) return fault("408", `${outer}.id has to be set first.`);
    const typed = /^cmi\.interactions\.n\.(?:learner_response|correct_responses\.n\.pattern)$/.test(at.pattern);
    return typed && this.model.get(`${outer}.type`) === undefined ? fault("408", `${outer}.type has to be set first.`) : null;
  }

  #others(at: Located, leaf: string): string[] {
    const { collection, index } = at.steps[at.steps.length - 1]!;
    return Array.from({ length: this.model.count(collection) }, (_, i) => (i === index ? undefined : this.model.get(`${collection}.${i}.${leaf}`))).filter(
      (one) => one !== undefined,
    );
  }

  /** What an element's value has to do with others. */
  #consistent(at: Located, value: string): Fault | null {
    switch (at.pattern) {
      case "cmi.objectives.n.id": {
        // 4.2.17: an identifier is set once, and no two objectives have the same.
        const before = this.model.get(at.name);
        if (before !== undefined && before !== value) return fault("351", "The identifier of an objective cannot be changed.");
        return this.#others(at, "id").includes(value) ? fault("351", "Another objective has this identifier.") : null;
      }
      case "cmi.interactions.n.objectives.n.id":
        return this.#others(at, "id").includes(value) ? fault("351", "The interaction names this objective already.") : null;
      case "cmi.interactions.n.learner_response":
        return learnerResponse(this.#type(at), value);
      case "cmi.interactions.n.correct_responses.n.pattern":
        return correctResponse(this.#type(at), at.steps[1]!.index, value, this.#others(at, "pattern"));
      default:
        return null;
    }
  }

  #type(at: Located): string {
    return this.model.get(`cmi.interactions.${at.steps[0]!.index}.type`) ?? "";
  }

  /** The site does not know yet the identifiers of objectives that came from the manifest. */
  #putIdFirst(at: Located): void {
    if (!at.pattern.startsWith("cmi.objectives.n.")) return;
    const place = at.steps[0]!.index;
    if (place < this.model.count("cmi.objectives")) this.model.mark(`cmi.objectives.${place}.id`);
    else this.#defaultsOf(place);
  }

  #defaultsOf(place: number): void {
    for (const part of ["success_status", "completion_status"]) this.model.fill(`cmi.objectives.${place}.${part}`, "unknown");
  }

  /** 4.2.8: a SCO that ran out of time or was logged out of ends the whole, whatever else it asked for. */
  request(): { request: string; target: string | null } {
    const exit = this.model.get("cmi.exit");
    if (exit === "time-out" || exit === "logout") return { request: "exitAll", target: null };
    return readRequest(this.model.get("adl.nav.request") ?? "_none_", this.#edition) ?? { request: "_none_", target: null };
  }

  results(): Results {
    const score = (group: string): { measure?: number; raw?: number; min?: number; max?: number } => {
      const [measure, raw, min, max] = ["scaled", "raw", "min", "max"].map((part) => this.#number(`${group}.${part}`));
      return { measure, raw, min, max };
    };
    const states = (completion: string | undefined, success: string | undefined): { completed?: boolean; satisfied?: boolean } => ({
      completed: completion === "completed" ? true : completion === "incomplete" || completion === "not attempted" ? false : undefined,
      satisfied: success === "passed" ? true : success === "failed" ? false : undefined,
    });
    const objectives = Array.from({ length: this.model.count("cmi.objectives") }, (_, i): ObjectiveState => {
      const at = `cmi.objectives.${i}`;
      return defined({
        id: this.model.get(`${at}.id`),
        ...states(this.model.get(`${at}.completion_status`), this.model.get(`${at}.success_status`)),
        ...score(`${at}.score`),
        progressMeasure: this.#number(`${at}.progress_measure`),
      });
    });
    return {
      ...defined({
        ...states(this.#completion(), this.#success()),
        ...score("cmi.score"),
        progressMeasure: this.#number("cmi.progress_measure"),
      }),
      objectives,
      exit: this.model.get("cmi.exit") ?? "",
      sessionSeconds: intervalSeconds(this.model.get("cmi.session_time") ?? ""),
      lessonStatus: "",
    };
  }
}

/** A number as real(10,7), without an exponent. */
function decimal(value: number): string {
  return Number.isInteger(value) ? String(value) : value.toFixed(7).replace(/\.?0+$/, "");
}
