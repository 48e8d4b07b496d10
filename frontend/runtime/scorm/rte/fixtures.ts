/* A site in memory for the tests of the run-times: it keeps what is committed, or refuses as it is told. */
import type { Call, CommitAnswer, Elements, Ended, Host, Item, Session } from "../types.ts";

export interface Site extends Host {
  stored: Elements;
  commits: { elements: Elements; terminate: boolean }[];
  calls: Call[];
  endings: Ended[];
  refuse: CommitAnswer | null;
  clock: number;
}

export function site(extra: Partial<Host> = {}): Site {
  const one: Site = {
    stored: {},
    commits: [],
    calls: [],
    endings: [],
    refuse: null,
    clock: 1_000_000,
    commit(elements, terminate) {
      if (one.refuse) return one.refuse;
      one.commits.push({ elements, terminate });
      Object.assign(one.stored, elements);
      return { saved: true, seq: one.commits.length };
    },
    trace: (call) => void one.calls.push(call),
    now: () => new Date(one.clock),
    ended: (how) => void one.endings.push(how),
    ...extra,
  };
  return one;
}

export function item(extra: Partial<Item> = {}): Item {
  return { identifier: "sco", title: "A SCO", kind: "sco", isVisible: true, href: "index.html", sequencing: {}, children: [], ...extra };
}

export function session(extra: Partial<Session> = {}): Session {
  return {
    learnerId: "learner-7",
    learnerName: "Doe, Jane",
    mode: "normal",
    credit: "credit",
    entry: "ab-initio",
    item: item(),
    saved: {},
    totalSeconds: 0,
    ...extra,
  };
}
