/* What learners answer and what is right, by type of interaction (RTE 4th edition, 4.2.9.1 and 4.2.9.2). Reserved are [,] between
   entries, [.] between the halves of a pair, [:] between the ends of a range, and {…=…} in front. */
import type { Fault } from "./model.ts";
import { quoted } from "./text.ts";
import { characters, type Check, identifier, isReal, localized, mismatch, oneOf } from "./types2004.ts";

export const interactionTypes = [
  "true-false",
  "choice",
  "fill-in",
  "long-fill-in",
  "likert",
  "matching",
  "performance",
  "sequencing",
  "numeric",
  "other",
];

/** Of the types below a SCO may give one pattern only; of the others as many as it likes. */
const single = new Set(["true-false", "likert", "numeric", "other"]);
/** Two patterns with the same identifiers would be one. */
const distinct = new Set(["choice", "sequencing"]);

const most = 64_000;
const short = identifier(4000);

function each(parts: string[], check: Check): Fault | null {
  for (const part of parts) {
    const fault = check(part);
    if (fault) return fault;
  }
  return null;
}

/** An entry between [,] cannot be empty. */
function list(value: string, check: Check): Fault | null {
  return each(value.split("[,]"), (part) => (part === "" ? mismatch("An entry of the list is empty.") : check(part)));
}

const choice: Check = (value) => {
  if (value === "") return null;
  const fault = list(value, short);
  const ids = value.split("[,]");
  return fault ?? (new Set(ids).size === ids.length ? null : mismatch("A set names each identifier once."));
};

const pairs = (value: string): Fault | null =>
  list(value, (pair) => {
    const halves = pair.split("[.]");
    return halves.length === 2 ? each(halves, short) : mismatch(`${quoted(pair)} is no pair of the form source[.]target.`);
  });

const range: Check = (value) => {
  const ends = value.split("[:]");
  if (ends.length !== 2) return mismatch(`${quoted(value)} is no range of the form least[:]most.`);
  if (!ends.every((end) => end === "" || isReal(end))) return mismatch(`An end of ${quoted(value)} is no number.`);
  const [least, greatest] = ends;
  return least && greatest && Number(least) > Number(greatest) ? mismatch(`The ends of ${quoted(value)} are the wrong way round.`) : null;
};

const steps =
  (ranges: boolean): Check =>
  (value) =>
    list(value, (step) => {
      const halves = step.split("[.]");
      const [name, answer] = halves;
      if (halves.length !== 2 || (name === "" && answer === "")) return mismatch(`${quoted(step)} is no step of the form name[.]answer.`);
      const fault = name === "" ? null : short(name!);
      return fault ?? (ranges && answer!.includes("[:]") ? range(answer!) : characters(most)(answer!));
    });

const texts: Check = (value) => each(value.split("[,]"), localized(most));

/** Takes {case_matters=…} and {order_matters=…} off the front, in any order, each once. */
function withoutFlags(value: string, flags: string[]): string | Fault {
  const left = new Set(flags);
  for (let rest = value; ; ) {
    const found = /^\{([a-z_]+)=([^}]*)\}/.exec(rest);
    if (!found || !left.has(found[1]!)) return rest;
    if (found[2] !== "true" && found[2] !== "false") return mismatch(`{${found[1]}=…} takes true or false.`);
    left.delete(found[1]!);
    rest = rest.slice(found[0].length);
  }
}

const flagged =
  (flags: string[], check: Check): Check =>
  (value) => {
    const rest = withoutFlags(value, flags);
    return typeof rest === "string" ? check(rest) : rest;
  };

const truth = oneOf("true", "false");
const number: Check = (value) => (isReal(value) ? null : mismatch(`${quoted(value)} is no number.`));
const perhaps =
  (check: Check): Check =>
  (value) =>
    value === "" ? null : check(value);

const responses: Record<string, Check> = {
  "true-false": truth,
  choice,
  "fill-in": texts,
  "long-fill-in": localized(most),
  likert: short,
  matching: perhaps(pairs),
  performance: steps(false),
  sequencing: (value) => list(value, short),
  numeric: number,
  other: characters(most),
};

const patterns: Record<string, Check> = {
  "true-false": truth,
  choice,
  "fill-in": flagged(["case_matters", "order_matters"], texts),
  "long-fill-in": flagged(["case_matters"], localized(most)),
  likert: short,
  matching: pairs,
  performance: flagged(["order_matters"], steps(true)),
  sequencing: (value) => list(value, short),
  numeric: range,
  other: characters(most),
};

const whole = (check: Check | undefined, value: string): Fault | null => characters(most)(value) ?? check?.(value) ?? null;

/** cmi.interactions.n.learner_response: table 4.2.9.2a. */
export const learnerResponse = (type: string, value: string): Fault | null => whole(responses[type], value);

/** cmi.interactions.n.correct_responses.n.pattern: table 4.2.9.1a. Others are the patterns that the interaction has beside this one. */
export function correctResponse(type: string, place: number, value: string, others: string[]): Fault | null {
  if (single.has(type) && place > 0) return { code: "351", words: `An interaction of the type ${type} has one correct response.` };
  const fault = whole(patterns[type], value);
  if (fault || !distinct.has(type)) return fault;
  const same = (pattern: string): string => (type === "choice" ? pattern.split("[,]").sort().join("[,]") : pattern);
  return others.some((other) => same(other) === same(value)) ? { code: "351", words: "Another correct response has the same identifiers." } : null;
}
