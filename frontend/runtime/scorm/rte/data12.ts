/* What a SCO of SCORM 1.2 finds, may set, and leaves behind. */
import type { Elements, ObjectiveState, Results, Session } from "../types.ts";
import { type Fault, Model } from "./model.ts";
import { feedback, schema12 } from "./schema12.ts";
import { quoted } from "./text.ts";
import { asTimespan, timespanSeconds } from "./time.ts";

/** Of a session, not of the attempt: what an earlier one set is not found again. */
const ofASession = new Set(["cmi.core.exit", "cmi.core.session_time"]);
const fault = (code: string, words: string): Fault => ({ code, words });

export class Data12 {
  readonly model: Model;
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
    this.model = new Model(schema12(session.limits));
    this.#fill(session);
  }

  #fill({ item, saved, preferences = {}, ...session }: Session): void {
    const initial: Elements = {
      "cmi._version": "3.4",
      "cmi.core.student_id": session.learnerId,
      "cmi.core.student_name": session.learnerName,
      "cmi.core.credit": session.credit,
      "cmi.core.lesson_status": "not attempted",
      "cmi.core.entry": session.entry,
      "cmi.core.total_time": asTimespan(session.totalSeconds),
      "cmi.core.lesson_mode": session.mode,
      "cmi.launch_data": item.launchData ?? "",
      "cmi.comments_from_lms": (session.commentsFromLms ?? []).map((one) => one.comment).join("\n"),
      "cmi.student_data.mastery_score": item.masteryScore === null || item.masteryScore === undefined ? "" : String(item.masteryScore),
      "cmi.student_data.max_time_allowed":
        item.maxTimeAllowed === null || item.maxTimeAllowed === undefined ? "" : asTimespan(item.maxTimeAllowed),
      "cmi.student_data.time_limit_action": item.timeLimitAction ?? "",
      "cmi.student_preference.audio": preferences.audio ?? "0",
      "cmi.student_preference.language": preferences.language ?? "",
      "cmi.student_preference.speed": preferences.speed ?? "0",
      "cmi.student_preference.text": preferences.text ?? "0",
    };
    for (const [name, value] of Object.entries(initial)) this.model.fill(name, value);
    for (const [name, value] of Object.entries(saved)) {
      const at = this.model.locate(name);
      if (at?.definition && at.definition.access !== "r" && !ofASession.has(name)) this.model.fill(name, String(value));
    }
  }

  /** The value, or what is wrong with the question. RTE 1.2, 3.3.2.3. */
  get(name: string): string | Fault {
    if (name === "") return fault("201", "LMSGetValue asks for the name of an element.");
    const at = this.model.locate(name);
    if (!at || at.kind === "group") return fault("401", `SCORM 1.2 has no element ${quoted(name)}.`);
    if (at.kind === "no_children") return fault("202", `${quoted(at.base)} has no children.`);
    if (at.kind === "no_count") return fault("203", `${quoted(at.base)} is no array.`);
    if (at.definition?.access === "w") return fault("404", `${quoted(name)} can only be set.`);
    if (!this.model.exists(at)) return fault("201", `There is no entry with the index in ${quoted(name)} yet.`);
    if (at.kind === "children") return at.children!;
    return at.kind === "count" ? String(this.model.count(at.base)) : (this.model.get(name) ?? "");
  }

  /** What is wrong with setting an element; null when it is set. RTE 1.2, 3.3.2.4. */
  set(name: string, value: string): Fault | null {
    if (name === "") return fault("201", "LMSSetValue asks for the name of an element.");
    const at = this.model.locate(name);
    if (!at || at.kind === "group") return fault("401", `SCORM 1.2 has no element ${quoted(name)}.`);
    if (at.kind !== "leaf" || name === "cmi._version") return fault("402", `${quoted(name)} is a keyword and cannot be set.`);
    if (at.definition!.access === "r") return fault("403", `${quoted(name)} can only be read.`);
    // 3.4.2: indices follow each other, beginning with 0.
    if (!this.model.mayFollow(at)) return fault("201", `The index in ${quoted(name)} is not the next one.`);
    const found = at.definition!.check?.(value) ?? this.#consistent(at.pattern, name, value);
    if (found) return found;
    this.model.put(at, value);
    return null;
  }

  #consistent(pattern: string, name: string, value: string): Fault | null {
    const response = pattern === "cmi.interactions.n.student_response";
    if (!response && pattern !== "cmi.interactions.n.correct_responses.n.pattern") return null;
    return feedback(this.model.get(`${name.split(".").slice(0, 3).join(".")}.type`), value, !response);
  }

  /** What the LMS adds when the SCO ends: RTE 1.2, 3.4.4, cmi.core.lesson_status. */
  finish(): void {
    const { mode, credit, item } = this.#session;
    const at = this.model.locate("cmi.core.lesson_status")!;
    const before = this.#value("cmi.core.lesson_status");
    const suspended = this.#value("cmi.core.exit") === "suspend";
    let after = before;
    // A SCO that says nothing of its status has been completed; one that is only interrupted has not.
    if (before === "not attempted") after = mode === "browse" ? "browsed" : suspended ? "incomplete" : "completed";
    const raw = this.#value("cmi.core.score.raw");
    const mastery = item.masteryScore;
    if (
      credit === "credit" &&
      mode === "normal" &&
      mastery !== null &&
      mastery !== undefined &&
      raw !== "" &&
      !(after === "incomplete" && suspended)
    ) {
      after = Number(raw) >= mastery ? "passed" : "failed";
    }
    if (after !== before) this.model.put(at, after);
  }

  #value(name: string): string {
    return this.model.get(name) ?? "";
  }

  #number(name: string): number | undefined {
    const value = this.#value(name);
    return value === "" ? undefined : Number(value);
  }

  #score(group: string): { measure?: number; raw?: number; min?: number; max?: number } {
    const [raw, min, max] = ["raw", "min", "max"].map((part) => this.#number(`${group}.${part}`));
    const from = min ?? 0;
    const to = max ?? 100;
    const measure = raw !== undefined && to > from ? Math.max(0, Math.min(1, (raw - from) / (to - from))) : undefined;
    return defined({ measure, raw, min, max });
  }

  results(): Results {
    const objectives = Array.from({ length: this.model.count("cmi.objectives") }, (_, i): ObjectiveState => {
      const at = `cmi.objectives.${i}`;
      const id = this.#value(`${at}.id`);
      return { ...(id ? { id } : {}), ...meaning(this.#value(`${at}.status`)), ...this.#score(`${at}.score`) };
    });
    const lessonStatus = this.#value("cmi.core.lesson_status");
    return {
      ...meaning(lessonStatus),
      ...this.#score("cmi.core.score"),
      objectives,
      exit: this.#value("cmi.core.exit"),
      sessionSeconds: timespanSeconds(this.#value("cmi.core.session_time")),
      lessonStatus,
    };
  }
}

/** What a unit of AICC said over HACP, which has no run-time here: elements as the site has them. */
export function resultsOf(elements: Elements): Results {
  const item = { identifier: "", title: "", kind: "sco", isVisible: true, sequencing: {}, children: [] } as const;
  const session = { learnerId: "", learnerName: "", mode: "normal", credit: "credit", entry: "resume", totalSeconds: 0 } as const;
  const results = new Data12({ ...session, item: { ...item, children: [] }, saved: elements }).results();
  const said = (name: string): string => elements[name] ?? "";
  return { ...results, exit: said("cmi.core.exit"), sessionSeconds: timespanSeconds(said("cmi.core.session_time")) };
}

/** One word says both whether it is complete and whether it is passed. */
function meaning(status: string): { completed?: boolean; satisfied?: boolean } {
  if (status === "passed" || status === "failed") return { completed: true, satisfied: status === "passed" };
  if (status === "completed") return { completed: true };
  return status === "incomplete" ? { completed: false } : {};
}

/** Without what is unknown. */
export function defined<T extends object>(all: T): T {
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined)) as T;
}
