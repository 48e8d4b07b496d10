/** The player of packages: begins here, on an origin of its own. */
import { createRuntime12, createRuntime2004 } from "../../runtime/scorm/rte/index.ts";
import { pageTimers } from "../player/clock.ts";
import { courseOf } from "./course.ts";
import { hacp } from "./hacp.ts";
import { forget, sendLeft, type Left } from "./leftovers.ts";
import { pageLine } from "./line.ts";
import { Parent } from "./parent.ts";
import { AUTOMATIC, Player } from "./player.ts";
import type { Definition, Downward } from "./protocol.ts";
import { Queue, type Keys } from "./queue.ts";
import { Sender } from "./sender.ts";
import { add, whole } from "./sharing.ts";
import { View } from "./view.ts";
import { leftWords } from "./words.ts";

/** Milliseconds before the end of a token from which on another one is asked for. */
const RENEW_BEFORE = 20 * 60_000;
/** Of a token, what says for which registration it is good: version and registration, without the last, shared character. */
const REGISTRATION = 22;
/** Of the address: nothing is played, only sent. */
const SETTLE = "settle";
/** Milliseconds that leaving waits for what is under way. */
const LEAVING = 2_500;

function storage(): Keys | null {
  try {
    const keys = window.localStorage;
    keys.setItem("collegium.scorm.trial", "1");
    keys.removeItem("collegium.scorm.trial");
    return keys;
  } catch {
    return null;
  }
}

class Broken extends Error {}

async function fetched(token: string): Promise<Definition> {
  let answer: Response;
  try {
    answer = await fetch(`/${token}/definition`);
  } catch {
    throw new Broken("The site cannot be reached. What you did before is kept.");
  }
  if (answer.ok) return (await answer.json()) as Definition;
  const said = (await answer.json().catch(() => null)) as { words?: string } | null;
  throw new Broken(said?.words ?? "The site did not answer as it should. Try again in a moment.");
}

class Session {
  private token = document.body.dataset["token"] ?? "";
  private expires = Infinity;
  private player: Player | null = null;
  private sender: Sender | null = null;
  private renewing = false;
  private readonly view = new View({
    next: () => this.player?.next(),
    previous: () => this.player?.previous(),
    choose: (id) => this.player?.choose(id),
    leave: () => this.player?.leave(),
    again: () => this.again(),
    retry: () => {
      this.sender?.again();
      this.left();
    },
    go: () => this.parent.tell({ collegium: "scorm", say: "left" }),
  });
  private readonly parent = new Parent((document.body.dataset["siteOrigins"] ?? "").split(" ").filter(Boolean), (said) => this.heard(said));

  async begin(): Promise<void> {
    this.parent.tell({ collegium: "scorm", say: "here" });
    if (new URLSearchParams(location.search).has(SETTLE)) {
      await this.settle();
      return;
    }
    try {
      await this.open(await fetched(this.token));
    } catch (error) {
      if (!(error instanceof Broken)) console.error(error);
      const words = error instanceof Broken ? error.message : "Something in the player broke. What you did before is kept.";
      this.view.show({ title: document.title, tree: [], previous: false, next: false, cover: { kind: "broken", words } });
    }
  }

  /** A new attempt is about to begin: what this browser has not sent of the one before is sent while that can be. */
  private async settle(): Promise<void> {
    let waits: string | null;
    try {
      const { session } = await fetched(this.token);
      const queue = new Queue(storage(), this.registration, crypto.randomUUID(), session.attemptId, session.seq);
      waits = (await sendLeft(queue, pageLine, `/${this.token}/commit`, false)).waits;
    } catch (error) {
      waits = error instanceof Broken ? error.message : "Something in the player broke.";
    }
    this.parent.tell({ collegium: "scorm", say: "settled", waits });
  }

  /** By which what is kept in the browser is told from that of other packages. */
  private get registration(): string {
    return this.token.slice(0, REGISTRATION);
  }

  private async open(given: Definition): Promise<void> {
    this.expires = Date.parse(given.expiresAt);
    // Who looks only begins each time from nothing.
    if (given.session.mode !== "normal") given.session.state = null;
    const { registration } = this;
    const me = crypto.randomUUID();
    const windows = new BroadcastChannel(`collegium.scorm.${registration}`);
    windows.postMessage(me);
    windows.onmessage = (event) => {
      if (event.data !== me) this.sender?.halt("This lesson was opened in another window.");
    };
    // What is done while somebody only looks counts for nothing, and waits for nobody.
    const queue = new Queue(given.session.mode === "normal" ? storage() : null, registration, me, given.session.attemptId, given.session.seq);
    const left = await sendLeft(queue, pageLine, `/${this.token}/commit`);
    // Of an attempt that was ended elsewhere, as on another device, nothing can be sent any more.
    const late = given.session.mode === "normal" ? forget(queue) : 0;
    merge(given, left);
    const sender = new Sender(() => `/${this.token}/commit`, pageLine, queue, pageTimers, Math.random, Date.now, {
      changed: (saving) => {
        this.view.saving(saving);
        if (saving.state === "stopped") this.stopped(saving.words, saving.lost);
      },
      answered: (answer) => this.parent.tell({ collegium: "scorm", say: "saved", met: answer["criterion_met"] === true }),
      expired: () => void this.renew(),
    });
    const course = courseOf(given.package, given.session.mode);
    const player = new Player(given, course, {
      page: window,
      face: this.view,
      sender,
      make: { "1.2": createRuntime12, "2004": createRuntime2004 },
      files: `/${this.token}/files/`,
      now: Date.now,
      left: () => this.left(),
      hacp: given.package.standard === "aicc" ? hacp(location.origin, () => this.token, Date.now) : null,
    });
    this.player = player;
    this.sender = sender;
    this.watch(player, sender);
    player.start();
    const words = leftWords(left.sent, left.lost, late);
    if (words) this.view.warn(words);
    if (left.waits !== null) sender.again();
  }

  private watch(player: Player, sender: Sender): void {
    window.addEventListener("pagehide", () => player.parting());
    window.addEventListener("pageshow", (event) => {
      if (event.persisted) player.returned();
    });
    const awake = (): void => {
      this.renewSoon();
      sender.again();
    };
    window.addEventListener("online", awake);
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState === "visible") awake();
      else player.automatic();
    });
    setInterval(() => {
      this.renewSoon();
      player.automatic();
    }, AUTOMATIC);
  }

  private renewSoon(): void {
    if (Date.now() > this.expires - RENEW_BEFORE) void this.renew();
  }

  private async renew(): Promise<void> {
    if (this.renewing) return;
    this.renewing = true;
    try {
      const token = await this.parent.renew();
      if (token === null || token === this.token) return;
      this.token = token;
      this.sender?.again();
    } finally {
      this.renewing = false;
    }
  }

  private heard(said: Downward): void {
    if (said.say === "token") this.expires = Date.parse(said.expiresAt);
    else if (said.say === "leave") this.player?.leave();
  }

  private stopped(words: string, lost: number): void {
    const what = lost > 0 ? " The last things you did here are not saved." : "";
    this.player?.stop(`${words}${what} Nothing is saved from this window any more. Go on in the other one, or here.`);
  }

  private left(): void {
    const began = Date.now();
    const look = (): void => {
      if (this.sender?.saving.state === "saved") this.parent.tell({ collegium: "scorm", say: "left" });
      else if (Date.now() - began < LEAVING) pageTimers.after(50, look);
      else
        this.player?.stay(
          "The site cannot be reached, so the last things you did wait in this browser. You can leave: they are sent when you open this lesson here again.",
        );
    };
    look();
  }

  private again(): void {
    if (this.parent.there) this.parent.tell({ collegium: "scorm", say: "again" });
    else location.reload();
  }
}

/** What an earlier visit left behind is part of what the package resumes with. */
function merge(given: Definition, left: Left): void {
  for (const [sco, elements] of Object.entries(left.elements)) given.session.saved[sco] = { ...given.session.saved[sco], ...elements };
  if (left.state !== undefined) given.session.state = left.state as Definition["session"]["state"];
  const shared = whole(given.session.shared);
  add(shared, left.shared);
  given.session.shared = shared;
}

void new Session().begin();
