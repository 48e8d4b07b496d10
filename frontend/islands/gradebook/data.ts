/** Learners and their cells, fetched a window at a time as they come into sight. */
import { csrfToken } from "../site/csrf";

export type Shown = [points: number | null, state: number, revision: number, overridden: boolean, waiting: boolean, commented: boolean];

export interface Column {
  id: string;
  title: string;
  source: "quiz" | "assignment" | "own";
  max_points: number;
  category_id: string;
  category: string;
  counts: boolean;
  hidden: boolean;
  due_at: string | null;
}

export interface Line {
  id: string;
  name: string;
  email: string;
  cohort: string | null;
  final: number | null;
  cells: (Shown | null)[];
}

export interface Grid {
  total: number;
  size: number;
  marks: string[];
  columns: Column[];
  states: string[];
}

export interface Saved {
  cells: { enrollment_id: string; item_id: string; outcome: "saved" | "same" | "conflict"; cell: Shown | null }[];
  finals: Record<string, number | null>;
}

export interface Averages {
  items: Record<string, number>;
  categories: Record<string, number>;
  course: number | null;
}

export interface History {
  learner: string;
  title: string;
  source: string;
  max_points: number;
  points: number | null;
  state: string;
  source_points: number | null;
  overridden: boolean;
  excused: boolean;
  comment: string | null;
  reason: string | null;
  revision: number;
  changes: { at: string; who: string | null; what: string; before: string; after: string; reason: string | null }[];
  work: { id: string; number: number; status: string; score: number | null; at: string | null; href: string | null }[];
}

/** The server said no: its words. */
export class Refused extends Error {}

export class Data {
  readonly rows: (Line | undefined)[];
  readonly #places = new Map<string, number>();
  readonly #asked = new Map<number, Promise<void>>();

  private constructor(
    readonly base: string,
    readonly query: string,
    readonly grid: Grid,
    readonly arrived: () => void,
  ) {
    this.rows = new Array(grid.total);
  }

  static async open(course: string, filters: URLSearchParams, arrived: () => void): Promise<Data> {
    const base = `/api/v1/gradebooks/${course}`;
    const query = filters.toString();
    return new Data(base, query, await ask<Grid>(`${base}?${query}`), arrived);
  }

  /** Asks for what is not there yet of some rows; answers when it is. */
  async need(from: number, to: number): Promise<void> {
    const wanted: Promise<void>[] = [];
    for (let at = Math.floor(from / this.grid.size); at * this.grid.size < Math.min(to, this.grid.total); at++) {
      let asked = this.#asked.get(at);
      if (!asked) {
        asked = this.#fetch(at).catch((error: unknown) => {
          this.#asked.delete(at);
          throw error;
        });
        this.#asked.set(at, asked);
      }
      wanted.push(asked);
    }
    await Promise.all(wanted);
  }

  async #fetch(at: number): Promise<void> {
    const after = at === 0 ? "" : `&after=${encodeURIComponent(this.grid.marks[at - 1] ?? "")}`;
    const found = await ask<{ rows: Line[] }>(`${this.base}/rows?${this.query}${after}`);
    const first = at * this.grid.size;
    for (const [n, row] of found.rows.slice(0, this.grid.size).entries()) {
      this.rows[first + n] = row;
      this.#places.set(row.id, first + n);
    }
    this.arrived();
  }

  /** Where a learner stands; undefined when he was not fetched. */
  place(id: string): number | undefined {
    return this.#places.get(id);
  }

  averages(): Promise<Averages> {
    return ask<Averages>(`${this.base}/averages`);
  }

  history(enrollment: string, item: string): Promise<History> {
    return ask<History>(`${this.base}/cells/${enrollment}/${item}`);
  }

  save(cells: object[], reason: string | null): Promise<Saved> {
    return ask<Saved>(`${this.base}/cells`, { cells, reason });
  }
}

async function ask<T>(address: string, body?: unknown): Promise<T> {
  const answer = await fetch(address, {
    method: body === undefined ? "GET" : "PUT",
    headers: { accept: "application/json", "content-type": "application/json", "x-csrf-token": csrfToken() },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  if (answer.ok) return (await answer.json()) as T;
  if (answer.status >= 500) throw new TypeError("the server failed");
  const problem = (await answer.json().catch(() => ({}))) as { detail?: string };
  throw new Refused(problem.detail ?? "The server did not accept this. Reload the page and try again.");
}
