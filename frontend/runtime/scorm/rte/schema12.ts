/* The data model of SCORM 1.2 (RTE 1.2, 3.4.4): each element with who may read and set it and what it may hold.
   Data types: RTE 1.2, 3.4.3 and appendix A.1. */
import type { Limits } from "../types.ts";
import type { Definition, Fault, Schema } from "./model.ts";
import { isKeepable, quoted } from "./text.ts";
import { isTimeOfDay, isTimespan } from "./time.ts";

type Check = (value: string) => Fault | null;
const wrong = (words: string): Fault => ({ code: "405", words });

/** CMIString255 and CMIString4096, and what a site takes beyond them. */
const text =
  (most: number): Check =>
  (value) => {
    if (!isKeepable(value)) return wrong("The text holds a character that cannot be kept.");
    return value.length <= most ? null : wrong(`The text has ${value.length} characters; at most ${most} are kept.`);
  };

const oneOf =
  (...words: string[]): Check =>
  (value) =>
    words.includes(value) ? null : wrong(`${quoted(value)} is none of ${words.map((word) => word || '""').join(", ")}.`);

/** CMIIdentifier: no spaces. Field packages use full stops and colons in it, which we keep. */
const identifier: Check = (value) =>
  /^[^\s\p{Cc}\p{Cs}]{1,255}$/u.test(value) ? null : wrong(`${quoted(value)} is no identifier: 1 to 255 characters without spaces.`);

const decimalForm = /^-?(?:\d{1,10}(?:\.\d{0,20})?|\.\d{1,20})$/;
const decimal: Check = (value) => (decimalForm.test(value) ? null : wrong(`${quoted(value)} is no decimal number.`));

/** CMIDecimal or CMIBlank, normalised between 0 and 100. */
const score: Check = (value) => {
  if (value === "") return null;
  const fault = decimal(value);
  return fault ?? (Number(value) >= 0 && Number(value) <= 100 ? null : wrong(`${quoted(value)} is not between 0 and 100.`));
};

const whole =
  (least: number, most: number): Check =>
  (value) =>
    /^[+-]?\d{1,5}$/.test(value) && Number(value) >= least && Number(value) <= most
      ? null
      : wrong(`${quoted(value)} is no whole number from ${least} to ${most}.`);

const time: Check = (value) => (isTimeOfDay(value) ? null : wrong(`${quoted(value)} is no time of the form HH:MM:SS.`));
const span: Check = (value) => (isTimespan(value) ? null : wrong(`${quoted(value)} is no duration of the form HHHH:MM:SS.SS.`));

const status = ["passed", "completed", "failed", "incomplete", "browsed"];
const result: Check = (value) =>
  ["correct", "wrong", "unanticipated", "neutral"].includes(value) || decimalForm.test(value)
    ? null
    : wrong(`${quoted(value)} is neither correct, wrong, unanticipated, neutral nor a number.`);

const r: Definition = { access: "r" };
const rw = (check: Check): Definition => ({ access: "rw", check });
const w = (check: Check): Definition => ({ access: "w", check });

const scores = (group: string): Record<string, Definition> => ({
  [`${group}.raw`]: rw(score),
  [`${group}.min`]: rw(score),
  [`${group}.max`]: rw(score),
});

export const types12 = ["true-false", "choice", "fill-in", "matching", "performance", "sequencing", "likert", "numeric"];

/** CMIFeedback: its form depends on the type of the interaction. Where the standard asks for single letters, field packages
    write words; those are answers of a learner and are kept. */
export function feedback(type: string | undefined, value: string, pattern: boolean): Fault | null {
  const fault = text(255)(value);
  if (fault || value === "") return fault;
  if (type === "true-false" && !/^(?:[01tf]|true|false)$/i.test(value)) return wrong(`${quoted(value)} is none of 0, 1, t, f.`);
  if (type === "numeric" && !decimalForm.test(value)) {
    const bounds = pattern ? value.replace(/^\{(.*)\}$/, "$1").split(/,|:|\.\./) : [];
    if (bounds.length !== 2 || !bounds.every((bound) => decimalForm.test(bound))) return wrong(`${quoted(value)} is no number.`);
  }
  return null;
}

export function schema12(limits: Limits = {}): Schema {
  const suspendData = Math.max(limits.suspendData ?? 4096, 4096);
  const location = Math.max(limits.location ?? 255, 255);
  return {
    leaves: {
      "cmi._version": r,
      "cmi.core.student_id": r,
      "cmi.core.student_name": r,
      "cmi.core.lesson_location": rw(text(location)),
      "cmi.core.credit": r,
      // "not attempted" is for the LMS alone: 3.4.4, cmi.core.lesson_status.
      "cmi.core.lesson_status": rw(oneOf(...status)),
      "cmi.core.entry": r,
      ...scores("cmi.core.score"),
      "cmi.core.total_time": r,
      "cmi.core.lesson_mode": r,
      "cmi.core.exit": w(oneOf("time-out", "suspend", "logout", "")),
      "cmi.core.session_time": w(span),
      "cmi.suspend_data": rw(text(suspendData)),
      "cmi.launch_data": r,
      "cmi.comments": rw(text(4096)),
      "cmi.comments_from_lms": r,
      "cmi.objectives.n.id": rw(identifier),
      ...scores("cmi.objectives.n.score"),
      "cmi.objectives.n.status": rw(oneOf(...status, "not attempted")),
      "cmi.student_data.mastery_score": r,
      "cmi.student_data.max_time_allowed": r,
      "cmi.student_data.time_limit_action": r,
      "cmi.student_preference.audio": rw(whole(-1, 100)),
      "cmi.student_preference.language": rw(text(255)),
      "cmi.student_preference.speed": rw(whole(-100, 100)),
      "cmi.student_preference.text": rw(whole(-1, 1)),
      "cmi.interactions.n.id": w(identifier),
      "cmi.interactions.n.objectives.n.id": w(identifier),
      "cmi.interactions.n.time": w(time),
      "cmi.interactions.n.type": w(oneOf(...types12)),
      "cmi.interactions.n.correct_responses.n.pattern": w(text(255)),
      "cmi.interactions.n.weighting": w(decimal),
      "cmi.interactions.n.student_response": w(text(255)),
      "cmi.interactions.n.result": w(result),
      "cmi.interactions.n.latency": w(span),
    },
    groups: {
      cmi: {},
      "cmi.core": {
        children: "student_id,student_name,lesson_location,credit,lesson_status,entry,score,total_time,lesson_mode,exit,session_time",
      },
      "cmi.core.score": { children: "raw,min,max" },
      "cmi.objectives": { children: "id,score,status", counted: true },
      "cmi.objectives.n": {},
      "cmi.objectives.n.score": { children: "raw,min,max" },
      "cmi.student_data": { children: "mastery_score,max_time_allowed,time_limit_action" },
      "cmi.student_preference": { children: "audio,language,speed,text" },
      "cmi.interactions": {
        children: "id,objectives,time,type,correct_responses,weighting,student_response,result,latency",
        counted: true,
      },
      "cmi.interactions.n": {},
      "cmi.interactions.n.objectives": { counted: true },
      "cmi.interactions.n.objectives.n": {},
      "cmi.interactions.n.correct_responses": { counted: true },
      "cmi.interactions.n.correct_responses.n": {},
    },
  };
}
