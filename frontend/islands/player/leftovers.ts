import { pause, type Timers } from "./clock";
import type { Leases } from "./leases";
import { total, union, type Interval } from "./intervals";
import { problemCode, problemDetail, readCounted, type Answer, type Counted } from "./protocol";
import { PlaybackQueue, storedPlaybacks } from "./queue";
import { Unanswered } from "./sender";
import type { KeyStore } from "./store";
import type { Post } from "./transport";

/** What became of play that an earlier page left behind. Lists are seconds of one video. */
export interface Leftover {
  video: string;
  fate: "counted" | "taken-over" | "refused";
  seconds: Interval[];
  detail: string;
  /** The server's last answer, where it counted them. */
  counted: Counted | null;
}

export interface LeftoverOptions {
  store: KeyStore;
  leases: Leases;
  post: Post;
  heartbeatUrl: string;
  user: string;
  timers: Timers;
  now: () => number;
  /** The queue of this page, which is not left over. */
  own: () => string;
  /** Tells the person; what was refused is dropped when it returns. */
  tell(leftover: Leftover): void;
}

/** Tries of one text when the server fails, and seconds that it may ask to be waited for each. */
const TRIES = 3;
const LONGEST_WAIT = 5;
/** What nobody fetched for so long belongs to no playback that a server still knows, in ms. */
const TOO_OLD = 60 * 24 * 3600 * 1000;

/**
 * Sends what earlier pages of this user could not send, each under its own playback and nonce.
 * @throws Unanswered where the server cannot be reached, or answered that the person is signed out: nothing
 * that is still here may be overtaken by a new playback then.
 */
export async function sendLeftovers(options: LeftoverOptions): Promise<void> {
  const { store, leases, user, own, now } = options;
  for (const key of storedPlaybacks(store, user)) {
    if (key === own()) continue;
    await leases.whileFree(key, async () => {
      const queue = PlaybackQueue.load(store, key, now);
      if (queue === undefined) return;
      if (now() - queue.updated > TOO_OLD) tellAndDrop(options, queue, "refused", "");
      else if (queue.playbackId !== null) await sendOne(options, queue);
    });
  }
}

/** Hands play of this video that has no playback of its own to `into`. */
export async function adoptLeftovers(options: LeftoverOptions, into: PlaybackQueue): Promise<void> {
  const { store, leases, user, now } = options;
  for (const key of storedPlaybacks(store, user)) {
    if (key === into.key) continue;
    await leases.whileFree(key, () => {
      const queue = PlaybackQueue.load(store, key, now);
      if (queue !== undefined && queue.playbackId === null && queue.ids.video === into.ids.video) into.adopt(queue);
      return Promise.resolve();
    });
  }
}

/** Where the person last was in the video, in seconds, if a page that is gone could not tell the server. */
export function leftPosition(store: KeyStore, user: string, video: string): number | undefined {
  const queues = storedPlaybacks(store, user)
    .map((key) => PlaybackQueue.load(store, key))
    .filter((queue) => queue !== undefined && queue.ids.video === video);
  return queues.sort((a, b) => (b?.updated ?? 0) - (a?.updated ?? 0))[0]?.position;
}

async function sendOne(options: LeftoverOptions, queue: PlaybackQueue): Promise<void> {
  const sent: Interval[] = [];
  let last: Counted | null = null;
  let tries = 0;
  for (let body = queue.nextBody(); body !== null; body = queue.nextBody()) {
    const answer = await options.post(options.heartbeatUrl, body).catch(() => {
      throw new Unanswered();
    });
    const counted = answer.status === 200 ? readCounted(answer.body) : undefined;
    if (counted !== undefined) {
      sent.push(...(JSON.parse(body) as { intervals: Interval[] }).intervals);
      queue.acknowledge(counted.nonce, counted.seq);
      last = counted;
      tries = 0;
      continue;
    }
    tries += 1;
    const fate = judge(answer, tries);
    if (fate === "unreachable") throw new Unanswered();
    if (fate === "asks") throw new Unanswered(answer);
    if (fate === "later") return;
    if (fate === "wait") {
      await pause(options.timers, Math.max(250, (answer.retryAfter ?? 1) * 1000));
      continue;
    }
    if (fate === "unknown") {
      queue.unbind();
      return;
    }
    tellAndDrop(options, queue, fate, problemDetail(answer));
    return;
  }
  const { video } = queue.ids;
  queue.discard();
  if (last !== null) options.tell({ video, fate: "counted", seconds: union(sent), detail: "", counted: last });
}

type Fate = "taken-over" | "refused" | "unknown" | "asks" | "unreachable" | "wait" | "later";

function judge(answer: Answer, tries: number): Fate {
  const code = problemCode(answer);
  if (answer.status === 409 && code === "stale_playback") return "taken-over";
  if (answer.status === 409 || answer.status === 404 || answer.status === 410) return "unknown";
  if (answer.status === 401) return "asks";
  const tooFast = answer.status === 422 && code === "too_fast";
  if (answer.status === 429 || tooFast || answer.status >= 500) {
    // One text that the server cannot digest must not keep the person from watching.
    if (tries >= TRIES || (answer.retryAfter ?? 0) > LONGEST_WAIT) return "later";
    return "wait";
  }
  return answer.status >= 400 ? "refused" : "unreachable";
}

function tellAndDrop(options: LeftoverOptions, queue: PlaybackQueue, fate: "taken-over" | "refused", detail: string): void {
  const seconds = queue.unsent;
  if (total(seconds) > 0) options.tell({ video: queue.ids.video, fate, seconds, detail, counted: null });
  queue.discard();
}
