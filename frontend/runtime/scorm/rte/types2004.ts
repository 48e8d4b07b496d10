/* The data types of SCORM 2004 (RTE 4th edition, 4.1.1; IEEE 1484.11.1). Each check answers null or what is wrong. */
import type { Fault } from "./model.ts";
import { isKeepable, quoted } from "./text.ts";
import { isInterval, isPointInTime } from "./time.ts";

export type Check = (value: string) => Fault | null;
export const mismatch = (words: string): Fault => ({ code: "406", words });
const outside = (words: string): Fault => ({ code: "407", words });

/** characterstring. The smallest permitted maximum is a promise to take at least so much; we take up to what the site keeps. */
export const characters =
  (most: number): Check =>
  (value) => {
    if (!isKeepable(value)) return mismatch("The text holds a character that cannot be kept.");
    return value.length <= most ? null : mismatch(`The text has ${value.length} characters; at most ${most} are kept.`);
  };

export const oneOf =
  (...words: string[]): Check =>
  (value) =>
    words.includes(value) ? null : mismatch(`${quoted(value)} is none of ${words.map((word) => word || '""').join(", ")}.`);

/** language_type (4.1.1.3): ISO 639 codes of two or three letters, i or x, and subcodes. */
const language = /^(?:[a-z]{2,3}|[ix])(?:-[a-z0-9]{1,8})*$/i;

export const languageType: Check = (value) =>
  value === "" || (language.test(value) && value.length <= 250) ? null : mismatch(`${quoted(value)} is no language.`);

/** localized_string_type (4.1.1.2): {lang=…} may stand before the text. Other braces are text. */
export const localized =
  (most: number): Check =>
  (value) => {
    const found = /^\{lang=([^}]*)\}/.exec(value);
    if (!found) return characters(most)(value);
    if (!language.test(found[1]!) || found[1]!.length > 250) return mismatch(`${quoted(found[1]!)} is no language.`);
    return characters(most)(value.slice(found[0].length));
  };

/** long_identifier_type and short_identifier_type (4.1.1.4, 4.1.1.5): a URI; what begins with urn: is a whole URN. */
export const identifier =
  (most: number): Check =>
  (value) => {
    if (value.trim() === "") return mismatch("An identifier cannot be empty.");
    if (value.length > most) return mismatch(`The identifier has ${value.length} characters; at most ${most} are kept.`);
    if (/[\s\p{Cc}\p{Cs}<>"{}|\\^`[\]]/u.test(value)) return mismatch(`${quoted(value)} is no URI: it has a space or another sign that a URI cannot have.`);
    if (/%(?![0-9a-f]{2})/i.test(value)) return mismatch(`${quoted(value)} is no URI: "%" stands before two hexadecimal digits.`);
    if (/^urn:/i.test(value) && !/^urn:[a-z0-9][a-z0-9-]{0,31}:.+$/i.test(value)) return mismatch(`${quoted(value)} is no URN.`);
    return null;
  };

const realForm = /^-?(?:\d{1,10}(?:\.\d{1,20})?|\.\d{1,20})$/;
export const isReal = (value: string): boolean => realForm.test(value);

/** real(10,7) (4.1.1.8), within bounds. */
export const real =
  (least = -Infinity, most = Infinity): Check =>
  (value) => {
    if (!isReal(value)) return mismatch(`${quoted(value)} is no number.`);
    if (Number(value) < least) return outside(`${value} is less than ${least}.`);
    return Number(value) > most ? outside(`${value} is more than ${most}.`) : null;
  };

export const pointInTime: Check = (value) => (isPointInTime(value) ? null : mismatch(`${quoted(value)} is no time of ISO 8601.`));
export const duration: Check = (value) => (isInterval(value) ? null : mismatch(`${quoted(value)} is no duration of ISO 8601.`));
