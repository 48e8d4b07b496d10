import { subtract, total, union, type Interval } from "../intervals";
import type { Answer, Heartbeat } from "../protocol";
import type { Post } from "../transport";

interface Playback {
  id: string;
  nonce: string;
  seq: number;
  stale: boolean;
  /** The last body that was counted and its answer, for somebody who did not hear it. */
  last: { body: string; answer: Answer } | undefined;
}

/** What happens to the next request, whatever it is. */
export type Fault = "never arrives" | "answer is lost" | "captive portal" | Answer;

export function problem(status: number, code: string, extra: Record<string, unknown> = {}): Answer {
  const retryAfter = extra["retry_after"];
  return { status, body: { status, code, ...extra }, retryAfter: typeof retryAfter === "number" ? retryAfter : undefined };
}

/** The contract of the playback URLs, as the server keeps it, for one person and one video. */
export class Server {
  watched: Interval[] = [];
  readonly duration: number;
  readonly goal: number;
  rate = 2;
  /** Every heartbeat that arrived, also those that were refused or repeated. */
  arrived: Heartbeat[] = [];
  /** Every heartbeat that was counted, once. */
  counted: Heartbeat[] = [];
  opened = 0;
  faults: Fault[] = [];
  /** Answers every request while it is set. */
  down: Fault | undefined;
  extra: Record<string, unknown> = {};
  #playbacks = new Map<string, Playback>();

  constructor(duration = 63, goal = 57) {
    this.duration = duration;
    this.goal = goal;
  }

  readonly post: Post = async (url, text) => {
    await Promise.resolve();
    const fault = this.down ?? this.faults.shift();
    if (fault === "never arrives") throw new TypeError("network");
    if (fault === "captive portal") return { status: 200, body: undefined, retryAfter: undefined };
    if (fault !== undefined && fault !== "answer is lost") {
      if (url === "/beat") this.arrived.push(JSON.parse(text) as Heartbeat);
      return fault;
    }
    const answer = url === "/open" ? this.open() : this.#beat(text);
    if (fault === "answer is lost") throw new TypeError("network");
    return answer;
  };

  /** Opens a playback, as this page or another one. */
  open(): Answer {
    for (const other of this.#playbacks.values()) other.stale = true;
    this.opened += 1;
    const playback: Playback = {
      id: `p${this.opened}`,
      nonce: `n${this.opened}.0`,
      seq: 0,
      stale: false,
      last: undefined,
    };
    this.#playbacks.set(playback.id, playback);
    return this.#ok({
      playback_id: playback.id,
      nonce: playback.nonce,
      seq: 0,
      rate: this.rate,
      watched: this.watched,
      position: 0,
      goal_seconds: this.goal,
      duration_seconds: this.duration,
    });
  }

  /** Forgets every nonce, as after a restart from a backup. */
  loseTrack(): void {
    for (const playback of this.#playbacks.values()) {
      playback.nonce = "lost";
      playback.last = undefined;
    }
  }

  #beat(text: string): Answer {
    const body = JSON.parse(text) as Heartbeat;
    this.arrived.push(body);
    const playback = this.#playbacks.get(body.playback_id);
    if (playback === undefined) return problem(404, "not_found");
    if (playback.last?.body === text) return playback.last.answer;
    if (playback.stale) return problem(409, "stale_playback");
    if (body.nonce !== playback.nonce || body.seq !== playback.seq + 1) return problem(409, "replayed_nonce");
    if (subtract(body.intervals, [[0, this.duration]]).length > 0) return problem(400, "outside", { detail: "Outside." });
    this.watched = union(this.watched, body.intervals);
    this.counted.push(body);
    playback.seq = body.seq;
    playback.nonce = `${playback.id}.${body.seq}`;
    const answer = this.#ok({
      nonce: playback.nonce,
      seq: playback.seq,
      watched: this.watched,
      watched_seconds: total(this.watched),
      goal_seconds: this.goal,
      completed: total(this.watched) >= this.goal,
      ...this.extra,
    });
    playback.last = { body: text, answer };
    return answer;
  }

  #ok(body: Record<string, unknown>): Answer {
    return { status: 200, body: JSON.parse(JSON.stringify(body)) as Record<string, unknown>, retryAfter: undefined };
  }
}
