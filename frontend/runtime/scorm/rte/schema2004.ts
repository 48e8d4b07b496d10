/* The data model of SCORM 2004 (RTE 4th edition, 4.2 and 4.3; SN 4th edition, 5.6): each element with who may read and set it and
   what it may hold. Where one depends on another, data2004.ts knows. */
import type { Limits } from "../types.ts";
import type { Definition, Schema } from "./model.ts";
import { interactionTypes } from "./responses.ts";
import { mismatch, characters, type Check, duration, identifier, isReal, languageType, localized, oneOf, pointInTime, real } from "./types2004.ts";
import { quoted } from "./text.ts";

const r: Definition = { access: "r" };
const rw = (check: Check): Definition => ({ access: "rw", check });
const w = (check: Check): Definition => ({ access: "w", check });

const scores = (group: string): Record<string, Definition> => ({
  [`${group}.scaled`]: rw(real(-1, 1)),
  [`${group}.raw`]: rw(real()),
  [`${group}.min`]: rw(real()),
  [`${group}.max`]: rw(real()),
});

const completion = oneOf("completed", "incomplete", "not attempted", "unknown");
const success = oneOf("passed", "failed", "unknown");
const result: Check = (value) =>
  ["correct", "incorrect", "unanticipated", "neutral"].includes(value) || isReal(value)
    ? null
    : mismatch(`${quoted(value)} is neither correct, incorrect, unanticipated, neutral nor a number.`);

const plainRequests = ["continue", "previous", "exit", "exitAll", "abandon", "abandonAll", "suspendAll", "_none_"];

/** SN 4th edition, 5.6.4: choice, and from the 4th edition jump, name their target. */
export function readRequest(value: string, edition: number): { request: string; target: string | null } | null {
  if (plainRequests.includes(value)) return { request: value, target: null };
  const found = /^\{target=([^{}]+)\}(choice|jump)$/.exec(value);
  if (!found || identifier(4000)(found[1]!) || (found[2] === "jump" && edition < 4)) return null;
  return { request: found[2]!, target: found[1]! };
}

export function schema2004(edition: number, limits: Limits = {}): Schema {
  const comments = { children: "comment,location,timestamp", counted: true };
  const score = { children: "scaled,raw,min,max" };
  const navigation: Check = (value) => (readRequest(value, edition) ? null : mismatch(`${quoted(value)} is no navigation request.`));
  return {
    leaves: {
      "cmi._version": r,
      "cmi.comments_from_learner.n.comment": rw(localized(4000)),
      "cmi.comments_from_learner.n.location": rw(characters(4000)),
      "cmi.comments_from_learner.n.timestamp": rw(pointInTime),
      "cmi.comments_from_lms.n.comment": r,
      "cmi.comments_from_lms.n.location": r,
      "cmi.comments_from_lms.n.timestamp": r,
      "cmi.completion_status": rw(completion),
      "cmi.completion_threshold": r,
      "cmi.credit": r,
      "cmi.entry": r,
      "cmi.exit": w(oneOf("time-out", "suspend", "logout", "normal", "")),
      "cmi.interactions.n.id": rw(identifier(4000)),
      "cmi.interactions.n.type": rw(oneOf(...interactionTypes)),
      "cmi.interactions.n.objectives.n.id": rw(identifier(4000)),
      "cmi.interactions.n.timestamp": rw(pointInTime),
      "cmi.interactions.n.correct_responses.n.pattern": rw(characters(64_000)),
      "cmi.interactions.n.weighting": rw(real()),
      "cmi.interactions.n.learner_response": rw(characters(64_000)),
      "cmi.interactions.n.result": rw(result),
      "cmi.interactions.n.latency": rw(duration),
      "cmi.interactions.n.description": rw(localized(4000)),
      "cmi.launch_data": r,
      "cmi.learner_id": r,
      "cmi.learner_name": r,
      "cmi.learner_preference.audio_level": rw(real(0)),
      "cmi.learner_preference.language": rw(languageType),
      "cmi.learner_preference.delivery_speed": rw(real(0)),
      "cmi.learner_preference.audio_captioning": rw(oneOf("-1", "0", "1")),
      "cmi.location": rw(characters(Math.max(limits.location ?? 1000, 1000))),
      "cmi.max_time_allowed": r,
      "cmi.mode": r,
      "cmi.objectives.n.id": rw(identifier(4000)),
      ...scores("cmi.objectives.n.score"),
      "cmi.objectives.n.success_status": rw(success),
      "cmi.objectives.n.completion_status": rw(completion),
      "cmi.objectives.n.progress_measure": rw(real(0, 1)),
      "cmi.objectives.n.description": rw(localized(4000)),
      "cmi.progress_measure": rw(real(0, 1)),
      "cmi.scaled_passing_score": r,
      ...scores("cmi.score"),
      "cmi.session_time": w(duration),
      "cmi.success_status": rw(success),
      "cmi.suspend_data": rw(characters(Math.max(limits.suspendData ?? 64_000, 64_000))),
      "cmi.time_limit_action": r,
      "cmi.total_time": r,
      "adl.nav.request": rw(navigation),
      "adl.nav.request_valid.continue": r,
      "adl.nav.request_valid.previous": r,
      ...(edition >= 4 ? { "adl.data.n.id": r, "adl.data.n.store": rw(characters(64_000)) } : {}),
    },
    groups: {
      cmi: {},
      "cmi.comments_from_learner": comments,
      "cmi.comments_from_learner.n": {},
      "cmi.comments_from_lms": comments,
      "cmi.comments_from_lms.n": {},
      "cmi.interactions": {
        children: "id,type,objectives,timestamp,correct_responses,weighting,learner_response,result,latency,description",
        counted: true,
      },
      "cmi.interactions.n": {},
      "cmi.interactions.n.objectives": { children: "id", counted: true },
      "cmi.interactions.n.objectives.n": {},
      "cmi.interactions.n.correct_responses": { children: "pattern", counted: true },
      "cmi.interactions.n.correct_responses.n": {},
      "cmi.learner_preference": { children: "audio_level,language,delivery_speed,audio_captioning" },
      "cmi.objectives": { children: "id,score,success_status,completion_status,progress_measure,description", counted: true },
      "cmi.objectives.n": {},
      "cmi.objectives.n.score": score,
      "cmi.score": score,
      adl: {},
      "adl.nav": {},
      "adl.nav.request_valid": {},
      ...(edition >= 4 ? { "adl.data": { children: "id,store", counted: true }, "adl.data.n": {} } : {}),
    },
  };
}
