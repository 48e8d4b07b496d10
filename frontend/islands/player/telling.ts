import { duration, pageTimers } from "./clock";
import type { Config } from "./config";
import type { Connection } from "./connection";
import type { CoverageStrip } from "./coverage";
import { total } from "./intervals";
import type { Leftover } from "./leftovers";
import type { Counted } from "./protocol";
import type { SendState } from "./sender";
import type { Session, SessionHooks } from "./session";
import type { View } from "./view";

declare global {
  interface Window {
    htmx?: { trigger(target: string, event: string): void };
  }
}

export interface Telling {
  view: View;
  config: Config;
  strip: CoverageStrip;
  connection: Connection;
  session: () => Session;
}

/** Milliseconds for which a remark stays. */
const REMARK = 6000;

/** Brings what the page says is left up to date. */
async function refreshStatus(config: Config): Promise<void> {
  if (window.htmx !== undefined) {
    window.htmx.trigger("#what-is-left", "refresh");
    return;
  }
  const place = document.querySelector("#what-is-left");
  if (place === null || config.statusUrl === "") return;
  const answer = await fetch(config.statusUrl, { headers: { "HX-Request": "true" }, credentials: "same-origin" });
  if (answer.ok) place.innerHTML = await answer.text();
}

function lostWords(seconds: number): string {
  if (seconds === 0) return "";
  return ` ${duration(seconds)} played here at the same time ${seconds === 1 ? "was" : "were"} not counted.`;
}

function reload(): void {
  location.reload();
}

function tellSending(telling: Telling, state: SendState, durable: boolean): void {
  const { view, connection, session } = telling;
  connection.show(state, durable);
  if (state.kind === "taken-over") {
    view.cover("taken-over", `This video is playing in another tab or on another device.${lostWords(total(state.lost))}`, [
      { label: "Continue here", primary: true, run: () => session().continueHere() },
    ]);
  } else view.uncover("taken-over");
  if (state.kind === "refused") {
    const why = state.detail === "" ? "Your progress could not be sent." : state.detail;
    view.notices.show("refused", {
      tone: "warning",
      text: `${why} What you played is kept on this device. Reload the page to try again.`,
      actions: [{ label: "Reload", run: reload }],
    });
  }
}

function tellCourse(view: View, certificateUrl: string | null): void {
  view.notices.show("course", {
    text: "You have completed the course.",
    closes: true,
    actions: certificateUrl === null ? [] : [{ label: "Your certificate", href: certificateUrl }],
  });
}

function tellLeftover(view: View, leftover: Leftover): void {
  if (leftover.fate === "counted") return;
  const why =
    leftover.fate === "taken-over"
      ? "you went on in another tab or on another device before they were sent"
      : leftover.detail || "the server would not take them";
  view.notices.show("leftover", {
    tone: "warning",
    closes: true,
    text: `${duration(total(leftover.seconds))} from an earlier visit could not be counted: ${why.replace(/\.?$/, ".")}`,
  });
}

/** What the session tells, in words and pictures. */
export function tellers(telling: Telling): SessionHooks {
  const { view, config, strip } = telling;
  const { notices } = view;
  let completed = total(config.watched) >= config.goalSeconds;
  let refreshed = false;
  return {
    coverage: (coverage) => strip.show(coverage),
    sending: (state, durable) => tellSending(telling, state, durable),
    counted(counted: Counted) {
      if (!counted.completed) return;
      if (!completed) view.announce("Lesson complete.");
      completed = true;
      if (!refreshed) void refreshStatus(config).catch(() => undefined);
      refreshed = true;
      if (counted.courseCompleted) tellCourse(view, counted.certificateUrl);
    },
    leftover: (leftover) => tellLeftover(view, leftover),
    dropped(seconds, detail) {
      notices.show("dropped", {
        tone: "warning",
        closes: true,
        text: `${duration(seconds)} could not be counted. ${detail}`.trim(),
      });
    },
    rateRefused(maxRate) {
      notices.show("rate", { text: `This course allows speeds up to ${maxRate}.`, closes: true });
      pageTimers.after(REMARK, () => notices.hide("rate"));
    },
    rateAllowed(maxRate) {
      config.maxRate = maxRate;
      view.setMaxRate(maxRate);
    },
  };
}
