/* The API object of SCORM 1.2 (RTE 1.2, 3.3): eight functions, the state and the error of the last call. */
import type { Api12, Host, Results, Runtime, Session } from "../types.ts";
import { Data12 } from "./data12.ts";
import { errors12 } from "./errors.ts";
import { recorded, save, tellEnded, whyNotSaved } from "./session.ts";
import { asText, brief, isEmptyArgument } from "./text.ts";

class Run12 {
  state: "waiting" | "running" | "ended" = "waiting";
  error = "0";
  diagnostic = "";
  readonly data: Data12;

  constructor(
    session: Session,
    private readonly host: Host,
  ) {
    this.data = new Data12(session);
  }

  /** Answers "false" or "" and remembers why. */
  fail<T extends string>(answer: T, code: string, words: string): T {
    this.error = code;
    this.diagnostic = words;
    return answer;
  }

  succeed<T extends string>(answer: T): T {
    this.error = "0";
    this.diagnostic = "";
    return answer;
  }

  initialize(parameter: unknown): string {
    if (!isEmptyArgument(parameter)) return this.fail("false", "201", 'The parameter of LMSInitialize is "".');
    if (this.state === "running") return this.fail("false", "101", "LMSInitialize was called before.");
    if (this.state === "ended") return this.fail("false", "101", "The SCO has ended with LMSFinish and cannot begin again.");
    this.state = "running";
    return this.succeed("true");
  }

  finish(parameter: unknown): string {
    if (!isEmptyArgument(parameter)) return this.fail("false", "201", 'The parameter of LMSFinish is "".');
    if (this.state !== "running") return this.notRunning("false");
    this.data.finish();
    const answer = save(this.data.model, this.host, true);
    // Not saved means not finished: the SCO may try again.
    if (!answer.saved) return this.fail("false", "101", whyNotSaved(answer));
    this.end();
    return this.succeed("true");
  }

  getValue(element: unknown): string {
    if (this.state !== "running") return this.notRunning("");
    const name = asText(element);
    if (name === null) return this.fail("", "201", "LMSGetValue asks for the name of an element.");
    const found = this.data.get(name);
    return typeof found === "string" ? this.succeed(found) : this.fail("", found.code, found.words);
  }

  setValue(element: unknown, value: unknown): string {
    if (this.state !== "running") return this.notRunning("false");
    const name = asText(element);
    const text = asText(value);
    if (name === null || text === null) return this.fail("false", "201", "LMSSetValue asks for an element and a value that is text.");
    const fault = this.data.set(name, text);
    return fault ? this.fail("false", fault.code, fault.words) : this.succeed("true");
  }

  commit(parameter: unknown): string {
    if (!isEmptyArgument(parameter)) return this.fail("false", "201", 'The parameter of LMSCommit is "".');
    if (this.state !== "running") return this.notRunning("false");
    const answer = save(this.data.model, this.host, false);
    return answer.saved ? this.succeed("true") : this.fail("false", "101", whyNotSaved(answer));
  }

  diagnosticOf(code: unknown): string {
    const text = asText(code) ?? "";
    if (text === "" || text === this.error) return brief(this.diagnostic || errors12[this.error] || "");
    return Object.hasOwn(errors12, text) ? errors12[text]! : "";
  }

  notRunning<T extends string>(answer: T): T {
    return this.fail(answer, "301", this.state === "ended" ? "LMSFinish was called before." : "LMSInitialize was not called yet.");
  }

  end(): void {
    this.state = "ended";
    tellEnded(this.host, { results: this.data.results(), request: "_none_", target: null });
  }

  close(): boolean {
    if (this.state !== "running") return this.data.model.dirty().size === 0;
    this.data.finish();
    const answer = save(this.data.model, this.host, true);
    this.end();
    return answer.saved;
  }
}

export function createRuntime12(session: Session, host: Host): Runtime<Api12> {
  const run = new Run12(session, host);
  const record = recorded(
    host,
    () => run.error,
    () => run.fail("", "101", "The call failed."),
  );
  const api: Api12 = {
    LMSInitialize: record("LMSInitialize", (parameter) => run.initialize(parameter), "false"),
    LMSFinish: record("LMSFinish", (parameter) => run.finish(parameter), "false"),
    LMSGetValue: record("LMSGetValue", (element) => run.getValue(element)),
    LMSSetValue: record("LMSSetValue", (element, value) => run.setValue(element, value), "false"),
    LMSCommit: record("LMSCommit", (parameter) => run.commit(parameter), "false"),
    LMSGetLastError: record("LMSGetLastError", () => run.error),
    LMSGetErrorString: record("LMSGetErrorString", (code) => lookUp(asText(code) ?? "")),
    LMSGetDiagnostic: record("LMSGetDiagnostic", (code) => run.diagnosticOf(code)),
  };
  return {
    api,
    results: (): Results => run.data.results(),
    running: () => run.state === "running",
    unsaved: () => Object.fromEntries(run.data.model.dirty()),
    close: () => run.close(),
  };
}

const lookUp = (code: string): string => (Object.hasOwn(errors12, code) ? errors12[code]! : "");

export const createApi12 = (session: Session, host: Host): Api12 => createRuntime12(session, host).api;
