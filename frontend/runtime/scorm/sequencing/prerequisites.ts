/* Prerequisites of SCORM 1.2 and AICC: the script of the AICC (CMI001, 6.2): & and, | or, ~ not, = and <> with a status,
   {A, B} a set, 2*{A, B, C} at least two of it, parentheses. An identifier alone asks for passed or completed. */

export type Status = "passed" | "completed" | "failed" | "incomplete" | "browsed" | "not attempted";

/** Status of an item or block; null when the package has none of this name. */
export type StatusOf = (identifier: string) => Status | null;

const LETTERS: Record<string, Status> = {
  p: "passed", c: "completed", f: "failed", i: "incomplete", b: "browsed", n: "not attempted",
};

const TOKENS = /\s*(?:(<>|[&|~=(){},*])|"([^"]*)"|([^\s&|~=<>(){},*"]+))/y;

interface Token {
  kind: "sign" | "word" | "quoted";
  text: string;
}

class Unreadable extends Error {}

/**
 * Whether the prerequisites are met. What cannot be read, or names something that the package does not have, locks nobody out:
 * a slip in a manifest must not keep people from a page for ever.
 */
export function prerequisitesMet(script: string | null | undefined, statusOf: StatusOf): boolean {
  if (!script?.trim()) return true;
  try {
    return new Reader(tokens(script), statusOf).all();
  } catch (problem) {
    if (problem instanceof Unreadable) return true;
    throw problem;
  }
}

function tokens(script: string): Token[] {
  const found: Token[] = [];
  const text = script.trim();
  TOKENS.lastIndex = 0;
  while (TOKENS.lastIndex < text.length) {
    const match = TOKENS.exec(text);
    if (!match) throw new Unreadable();
    if (match[1]) found.push({ kind: "sign", text: match[1] });
    else if (match[2] !== undefined) found.push({ kind: "quoted", text: match[2] });
    else found.push({ kind: "word", text: match[3]! });
  }
  return found;
}

/** Recursive descent: | binds loosest, then &, then ~, then = and <>. */
class Reader {
  #at = 0;
  #depth = 0;

  constructor(
    private readonly list: Token[],
    private readonly statusOf: StatusOf,
  ) {}

  all(): boolean {
    const answer = this.#or();
    if (this.#at < this.list.length) throw new Unreadable();
    return answer;
  }

  #sign(text: string): boolean {
    const next = this.list[this.#at];
    if (next?.kind !== "sign" || next.text !== text) return false;
    this.#at += 1;
    return true;
  }

  #need(text: string): void {
    if (!this.#sign(text)) throw new Unreadable();
  }

  #or(): boolean {
    // A manifest of nothing but parentheses must not exhaust the stack.
    if ((this.#depth += 1) > 200) throw new Unreadable();
    let answer = this.#and();
    while (this.#sign("|")) answer = this.#and() || answer;
    this.#depth -= 1;
    return answer;
  }

  #and(): boolean {
    let answer = this.#not();
    while (this.#sign("&")) answer = this.#not() && answer;
    return answer;
  }

  #not(): boolean {
    let negated = false;
    while (this.#sign("~")) negated = !negated;
    return this.#operand() !== negated;
  }

  #operand(): boolean {
    if (this.#sign("(")) {
      const answer = this.#or();
      this.#need(")");
      return answer;
    }
    const next = this.list[this.#at];
    if (next?.kind === "sign" && next.text === "{") {
      const set = this.#set();
      return set.every(Boolean);
    }
    if (next?.kind !== "word") throw new Unreadable();
    this.#at += 1;
    if (this.#sign("*")) {
      if (!/^\d+$/.test(next.text)) throw new Unreadable();
      return this.#set().filter(Boolean).length >= Number(next.text);
    }
    const status = this.statusOf(next.text);
    if (status === null) throw new Unreadable();
    if (this.#sign("=")) return status === this.#status();
    if (this.#sign("<>")) return status !== this.#status();
    return status === "passed" || status === "completed";
  }

  #set(): boolean[] {
    this.#need("{");
    const answers = [this.#or()];
    while (this.#sign(",")) answers.push(this.#or());
    this.#need("}");
    return answers;
  }

  #status(): Status {
    const next = this.list[this.#at];
    if (!next || next.kind === "sign") throw new Unreadable();
    this.#at += 1;
    const word = next.text.trim().toLowerCase();
    const known = Object.values(LETTERS).find((status) => status === word || status.replace(" ", "") === word.replace("_", ""));
    const status = known ?? LETTERS[word];
    if (!status) throw new Unreadable();
    return status;
  }
}
