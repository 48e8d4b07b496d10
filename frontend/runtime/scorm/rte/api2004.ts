/* The API object of SCORM 2004 (RTE 4th edition, 3.1; IEEE 1484.11.2): eight functions, the state and the error of the last call. */
import type { Api2004, Host, Results, Runtime, Session } from "../types.ts";
import { Data2004 } from "./data2004.ts";
import { errors2004 } from "./errors.ts";
import { recorded, save, tellEnded, whyNotSaved } from "./session.ts";
import { asText, brief, isEmptyArgument } from "./text.ts";

class Run2004 {
  state: "waiting" | "running" | "ended" = "waiting";
  error = "0";
  diagnostic = "";
  readonly data: Data2004;

  constructor(
    session: Session,
    private readonly host: Host,
  ) {
    this.data = new Data2004(session, host);
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

  /** 3.1.2: each function has its own codes for being called too early and too late. */
  notRunning<T extends string>(answer: T, early: string, late: string): T {
    if (this.state === "ended") return this.fail(answer, late, "Terminate was called before.");
    return this.fail(answer, early, "Initialize was not called yet.");
  }

  initialize(parameter: unknown): string {
    if (!isEmptyArgument(parameter)) return this.fail("false", "201", 'The parameter of Initialize is "".');
    if (this.state === "running") return this.fail("false", "103", "Initialize was called before.");
    if (this.state === "ended") return this.fail("false", "104", "The SCO has ended with Terminate and cannot begin again.");
    this.state = "running";
    return this.succeed("true");
  }

  terminate(parameter: unknown): string {
    if (!isEmptyArgument(parameter)) return this.fail("false", "201", 'The parameter of Terminate is "".');
    if (this.state !== "running") return this.notRunning("false", "112", "113");
    const answer = save(this.data.model, this.host, true);
    // Not saved means not terminated: the SCO may try again.
    if (!answer.saved) return this.fail("false", "391", whyNotSaved(answer));
    this.end();
    return this.succeed("true");
  }

  getValue(element: unknown): string {
    if (this.state !== "running") return this.notRunning("", "122", "123");
    const name = asText(element);
    if (name === null) return this.fail("", "301", "GetValue asks for the name of an element.");
    const found = this.data.get(name);
    return typeof found === "string" ? this.succeed(found) : this.fail("", found.code, found.words);
  }

  setValue(element: unknown, value: unknown): string {
    if (this.state !== "running") return this.notRunning("false", "132", "133");
    const name = asText(element);
    const text = asText(value);
    if (name === null) return this.fail("false", "351", "SetValue asks for the name of an element.");
    if (text === null) return this.fail("false", "201", "SetValue asks for a value that is text.");
    const fault = this.data.set(name, text);
    return fault ? this.fail("false", fault.code, fault.words) : this.succeed("true");
  }

  commit(parameter: unknown): string {
    if (!isEmptyArgument(parameter)) return this.fail("false", "201", 'The parameter of Commit is "".');
    if (this.state !== "running") return this.notRunning("false", "142", "143");
    const answer = save(this.data.model, this.host, false);
    return answer.saved ? this.succeed("true") : this.fail("false", "391", whyNotSaved(answer));
  }

  diagnosticOf(code: unknown): string {
    const text = asText(code) ?? "";
    if (text === "" || text === this.error) return brief(this.diagnostic || errors2004[this.error] || "");
    return Object.hasOwn(errors2004, text) ? errors2004[text]! : "";
  }

  end(): void {
    this.state = "ended";
    tellEnded(this.host, { results: this.data.results(), ...this.data.request() });
  }

  close(): boolean {
    if (this.state !== "running") return this.data.model.dirty().size === 0;
    const answer = save(this.data.model, this.host, true);
    this.end();
    return answer.saved;
  }
}

export function createRuntime2004(session: Session, host: Host): Runtime<Api2004> {
  const run = new Run2004(session, host);
  const record = recorded(
    host,
    () => run.error,
    () => run.fail("", "101", "The call failed."),
  );
  const lookUp = (code: unknown): string => {
    const text = asText(code) ?? "";
    return Object.hasOwn(errors2004, text) ? errors2004[text]! : "";
  };
  const api: Api2004 = {
    version: "1.0",
    Initialize: record("Initialize", (parameter) => run.initialize(parameter), "false"),
    Terminate: record("Terminate", (parameter) => run.terminate(parameter), "false"),
    GetValue: record("GetValue", (element) => run.getValue(element)),
    SetValue: record("SetValue", (element, value) => run.setValue(element, value), "false"),
    Commit: record("Commit", (parameter) => run.commit(parameter), "false"),
    GetLastError: record("GetLastError", () => run.error),
    GetErrorString: record("GetErrorString", (code) => lookUp(code)),
    GetDiagnostic: record("GetDiagnostic", (code) => run.diagnosticOf(code)),
  };
  return {
    api,
    results: (): Results => run.data.results(),
    running: () => run.state === "running",
    unsaved: () => Object.fromEntries(run.data.model.dirty()),
    close: () => run.close(),
  };
}

export const createApi2004 = (session: Session, host: Host): Api2004 => createRuntime2004(session, host).api;
