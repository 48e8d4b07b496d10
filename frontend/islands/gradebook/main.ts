/** The gradebook as a grid: arrows, typing, pasting, undoing; saved as one goes. Without it: a table page by page. */
import { toast } from "../site/toasts";
import { Data, Refused, type Saved } from "./data";
import { GridView, type Place } from "./grid";
import { panel } from "./panel";
import { keyOf, Queue, type Edit, type Saving } from "./saving";
import { parse, pasted, show, type Value } from "./values";

const MOST_PASTED = 5000;

function byId<T extends HTMLElement>(id: string): T {
  return document.getElementById(id) as T;
}

class Gradebook {
  readonly #undo: Edit[][] = [];
  readonly #queue: Queue;
  readonly #view: GridView;
  readonly #panel: HTMLElement;
  #lastReason = "";

  constructor(
    readonly root: HTMLElement,
    readonly data: Data,
    filters: URLSearchParams,
  ) {
    const course = root.dataset.course ?? "";
    const states = new Map<string, Saving>();
    this.#panel = root.querySelector<HTMLElement>(".gb-panel") as HTMLElement;
    const grid = root.querySelector<HTMLElement>(".gb-grid") as HTMLElement;
    const sorted = filters.get("sort") ?? "name";
    this.#view = new GridView(grid, data, `/studio/${course}/gradebook`, states, sorted, (by) => {
      const next = new URLSearchParams(filters);
      next.set("sort", sorted === by && by !== "name" ? `-${by}` : by);
      location.search = next.toString();
    });
    this.#queue = new Queue(data, `gradebook:${course}`, states, {
      marked: (key) => this.#marked(key),
      stored: (saved) => this.#stored(saved),
      said: (words, wrong) => this.status(words, wrong),
      conflict: (edit, now) => {
        const whose = this.#nameOf(edit);
        const theirs = now?.[0] == null ? "something else" : show(now[0]);
        this.status(`${whose}: somebody else wrote ${theirs} meanwhile. Yours (${text(edit.value)}) was not saved; write it again if it is to stand.`, true);
      },
      refused: (edits, words) => {
        this.status(`Not saved: ${words}`, true);
        for (const edit of edits) this.#marked(keyOf(edit.enrollment, edit.item));
      },
    });
    this.#listen(grid);
  }

  status(words: string, wrong = false): void {
    const line = byId("gb-status");
    line.textContent = words;
    if (wrong) line.dataset.kind = "error";
    else delete line.dataset.kind;
  }

  async averages(): Promise<void> {
    try {
      const found = await this.data.averages();
      this.#view.means(found.items, found.categories, found.course);
    } catch {
      // Averages are no reason to disturb anybody.
    }
  }

  refresh(): void {
    this.#view.later();
  }

  #columnOf(item: string): number {
    return this.data.grid.columns.findIndex((one) => one.id === item);
  }

  #nameOf(edit: Edit): string {
    const at = this.data.place(edit.enrollment);
    const title = this.data.grid.columns[this.#columnOf(edit.item)]?.title ?? "";
    return `${at === undefined ? "" : (this.data.rows[at]?.name ?? "")}, ${title}`;
  }

  #marked(key: string): void {
    const [enrollment = "", item = ""] = key.split("/");
    const at = this.data.place(enrollment);
    if (at !== undefined) this.#view.refresh(at, this.#columnOf(item));
  }

  #stored(saved: Saved): void {
    for (const one of saved.cells) {
      const at = this.data.place(one.enrollment_id);
      const line = at === undefined ? undefined : this.data.rows[at];
      if (line) line.cells[this.#columnOf(one.item_id)] = one.cell;
    }
    for (const [id, final] of Object.entries(saved.finals)) {
      const at = this.data.place(id);
      const line = at === undefined ? undefined : this.data.rows[at];
      if (at === undefined || !line) continue;
      line.final = final;
      for (const column of this.data.grid.columns.keys()) this.#view.refresh(at, column);
    }
    window.clearTimeout(this.#averaging);
    this.#averaging = window.setTimeout(() => void this.averages(), 3000);
    if (!this.#panel.hidden) void this.details();
  }

  #averaging = 0;

  /** What stands in a cell as one would type it. */
  #typed(place: Place): string {
    const line = this.data.rows[place.row];
    const shown = line?.cells[place.column];
    if (!shown) return "";
    return this.data.grid.states[shown[1]] === "excused" ? "EX" : show(shown[0]);
  }

  /** Writes values into cells, after a reason was given where a score comes from the work itself. */
  async write(values: { place: Place; value: Value }[], undoing = false): Promise<void> {
    const edits: Edit[] = [];
    const before: Edit[] = [];
    let computed = false;
    for (const { place, value } of values) {
      const line = this.data.rows[place.row];
      const column = this.data.grid.columns[place.column];
      if (!line || !column || text(value) === this.#typed(place)) continue;
      const shown = line.cells[place.column];
      const state = shown ? this.data.grid.states[shown[1]] : "nothing";
      computed ||= column.source !== "own";
      edits.push({ enrollment: line.id, item: column.id, value, reason: null, revision: shown?.[2] ?? 0 });
      // What a person had written comes back by undoing; of a score of the work itself, that it stood there.
      const own = column.source === "own" || shown?.[3] === true;
      before.push({
        enrollment: line.id,
        item: column.id,
        value: { points: own ? (shown?.[0] ?? null) : null, excused: state === "excused" },
        reason: null,
        revision: 0,
      });
    }
    if (edits.length === 0) return;
    const reason = computed ? await this.#why(undoing) : null;
    if (computed && !reason) {
      this.status("Nothing was changed");
      return;
    }
    for (const edit of edits) {
      edit.reason = reason;
      const at = this.data.place(edit.enrollment);
      const line = at === undefined ? undefined : this.data.rows[at];
      const column = this.#columnOf(edit.item);
      const shown = line?.cells[column];
      // Shown at once; what becomes of it the server says.
      const state = this.data.grid.states.indexOf(edit.value.excused ? "excused" : edit.value.points === null ? "nothing" : "counts");
      if (line) line.cells[column] = [edit.value.points, state, shown?.[2] ?? 0, shown?.[3] ?? false, shown?.[4] ?? false, shown?.[5] ?? false];
    }
    if (!undoing) {
      this.#undo.push(before);
      this.#toggleUndo();
    }
    this.#queue.add(edits);
  }

  async #why(undoing: boolean): Promise<string | null> {
    if (undoing) return "Undone";
    const dialog = byId<HTMLDialogElement>("gb-why");
    const field = byId<HTMLInputElement>("gb-why-reason");
    field.value = this.#lastReason;
    dialog.returnValue = "";
    dialog.querySelector("[data-leave]")?.addEventListener("click", () => dialog.close(), { once: true });
    dialog.showModal();
    field.select();
    await new Promise((done) => dialog.addEventListener("close", done, { once: true }));
    this.#view.go(this.#view.active);
    const reason = field.value.trim();
    if (dialog.returnValue !== "ok" || !reason) return null;
    this.#lastReason = reason;
    return reason;
  }

  #toggleUndo(): void {
    const undo = this.root.querySelector<HTMLButtonElement>("[data-act=undo]");
    if (undo) undo.disabled = this.#undo.length === 0;
  }

  async undo(): Promise<void> {
    const last = this.#undo.pop();
    this.#toggleUndo();
    if (!last) return;
    const values = last.flatMap((one) => {
      const row = this.data.place(one.enrollment);
      return row === undefined ? [] : [{ place: { row, column: this.#columnOf(one.item) }, value: one.value }];
    });
    await this.write(values, true);
    const first = values[0];
    if (first) this.#view.go(first.place);
    this.status(values.length === 1 ? "Undone" : `Undone: ${values.length} cells`);
  }

  async paste(clip: string): Promise<void> {
    const lines = pasted(clip);
    const { row, column } = this.#view.active;
    if (column < 0) return;
    const count = lines.reduce((sum, line) => sum + line.length, 0);
    if (count > MOST_PASTED) {
      this.status(`These are ${count} cells; paste at most ${MOST_PASTED} at a time, or bring a file.`, true);
      return;
    }
    if (row + lines.length > this.data.grid.total || lines.some((line) => column + line.length > this.data.grid.columns.length)) {
      this.status("This is larger than what is below and to the right of here. Nothing was pasted.", true);
      return;
    }
    await this.data.need(row, row + lines.length);
    const values: { place: Place; value: Value }[] = [];
    for (const [down, line] of lines.entries())
      for (const [along, typed] of line.entries()) {
        const place = { row: row + down, column: column + along };
        const value = parse(typed, this.data.grid.columns[place.column]?.max_points ?? 0);
        if (typeof value === "string") {
          this.status(`${this.data.rows[place.row]?.name ?? ""}: ${value} Nothing was pasted.`, true);
          return;
        }
        // An empty cell of a spreadsheet says nothing.
        if (typed.trim() !== "") values.push({ place, value });
      }
    await this.write(values);
  }

  /** Puts a field into the active cell. */
  edit(typed: string | null): void {
    const place = { ...this.#view.active };
    const cell = this.#view.cell(place);
    const column = this.data.grid.columns[place.column];
    const line = this.data.rows[place.row];
    if (!cell || !column || !line) return;
    const input = document.createElement("input");
    input.className = "gb-input";
    input.inputMode = "decimal";
    input.setAttribute("aria-label", `${line.name}, ${column.title}, of ${show(column.max_points)}`);
    input.value = typed ?? this.#typed(place);
    cell.append(input);
    input.focus();
    if (typed === null) input.select();
    let over = false;
    const leave = (keep: boolean, down: number, right: number): void => {
      if (over) return;
      const value = keep ? parse(input.value, column.max_points) : null;
      if (typeof value === "string") {
        input.setAttribute("aria-invalid", "true");
        this.status(value, true);
        input.select();
        return;
      }
      over = true;
      input.remove();
      if (down || right || !keep) this.#view.go({ row: place.row + down, column: place.column + right });
      this.#view.refresh(place.row, place.column);
      if (value) void this.write([{ place, value }]);
    };
    input.addEventListener("keydown", (event) => {
      event.stopPropagation();
      if (event.key === "Enter") leave(true, event.shiftKey ? -1 : 1, 0);
      else if (event.key === "Tab") leave(true, 0, event.shiftKey ? -1 : 1);
      else if (event.key === "Escape") leave(false, 0, 0);
      else return;
      event.preventDefault();
    });
    input.addEventListener("blur", () => {
      const value = parse(input.value, column.max_points);
      if (typeof value === "string" && !over) {
        over = true;
        input.remove();
        this.#view.refresh(place.row, place.column);
        toast(`${line.name}: ${value} It stays as it was.`, "error");
      } else leave(true, 0, 0);
    });
  }

  async details(): Promise<void> {
    const { row, column } = this.#view.active;
    const line = this.data.rows[row];
    const head = this.data.grid.columns[column];
    if (!line || !head) {
      this.status("Choose a cell of an item first");
      return;
    }
    const place = { row, column };
    await panel(this.#panel, this.data, line.id, head.id, {
      excuse: (on) => void this.write([{ place, value: { points: on ? null : this.#written(place), excused: on } }]),
      takeBack: () => void this.write([{ place, value: { points: null, excused: false } }]),
      comment: (words, revision) => void this.#comment(line.id, head.id, words, revision),
      close: () => {
        this.#panel.hidden = true;
        this.#view.go(this.#view.active);
      },
    });
  }

  #written(place: Place): number | null {
    const shown = this.data.rows[place.row]?.cells[place.column];
    return this.data.grid.columns[place.column]?.source === "own" || shown?.[3] ? (shown?.[0] ?? null) : null;
  }

  async #comment(enrollment: string, item: string, words: string, revision: number): Promise<void> {
    const at = this.data.place(enrollment);
    const column = this.#columnOf(item);
    const shown = at === undefined ? null : (this.data.rows[at]?.cells[column] ?? null);
    const excused = shown ? this.data.grid.states[shown[1]] === "excused" : false;
    const points = at === undefined ? null : this.#written({ row: at, column });
    try {
      const saved = await this.data.save([{ enrollment_id: enrollment, item_id: item, points, excused, comment: words, revision }], null);
      this.#stored(saved);
      this.status(saved.cells[0]?.outcome === "conflict" ? "Somebody else changed this cell meanwhile. The comment was not saved." : "The comment is saved");
    } catch (error) {
      this.status(error instanceof Refused ? error.message : "No connection: the comment was not saved.", true);
    }
  }

  #listen(grid: HTMLElement): void {
    grid.addEventListener("keydown", (event) => this.#key(event));
    grid.addEventListener("mousedown", (event) => {
      const place = this.#view.placeOf(event.target as Element);
      if (!place || (event.target as Element).closest("input, a, button")) return;
      event.preventDefault();
      this.#view.go(place);
      if (!this.#panel.hidden) void this.details();
    });
    grid.addEventListener("focusin", (event) => {
      const place = this.#view.placeOf(event.target as Element);
      if (place && !(event.target as Element).matches("a")) this.#view.adopt(place);
    });
    grid.addEventListener("dblclick", () => this.edit(null));
    grid.addEventListener("paste", (event) => {
      const clip = event.clipboardData?.getData("text/plain") ?? "";
      const field = (event.target as Element).closest("input");
      // One value goes into the open field; a block goes into the grid from this cell on, and the field closes.
      if (field && !/[\t\r\n]/.test(clip.trim())) return;
      event.preventDefault();
      field?.dispatchEvent(new KeyboardEvent("keydown", { key: "Escape" }));
      void this.paste(clip);
    });
    grid.addEventListener("copy", (event) => {
      if ((event.target as Element).matches("input")) return;
      event.preventDefault();
      event.clipboardData?.setData("text/plain", this.#typed(this.#view.active));
    });
    this.root.querySelector("[data-act=undo]")?.addEventListener("click", () => void this.undo());
    this.root.querySelector("[data-act=details]")?.addEventListener("click", () => void this.details());
    this.#panel.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      this.#panel.hidden = true;
      this.#view.go(this.#view.active);
    });
  }

  #key(event: KeyboardEvent): void {
    if ((event.target as Element).matches("input")) return;
    const { row, column } = this.#view.active;
    const far = event.ctrlKey || event.metaKey;
    const { total, columns } = this.data.grid;
    const moves: Record<string, Place> = {
      ArrowDown: { row: far ? total - 1 : row + 1, column },
      ArrowUp: { row: far ? 0 : row - 1, column },
      ArrowRight: { row, column: far ? columns.length - 1 : column + 1 },
      ArrowLeft: { row, column: far ? 0 : column - 1 },
      PageDown: { row: row + this.#view.page, column },
      PageUp: { row: row - this.#view.page, column },
      Home: { row: far ? 0 : row, column: 0 },
      End: { row: far ? total - 1 : row, column: columns.length - 1 },
    };
    const move = moves[event.key];
    if (move) {
      this.#view.go(move);
      if (!this.#panel.hidden) void this.details();
    } else if (far && event.key === "z") void this.undo();
    else if (far || event.altKey) return;
    else if (event.key === "Enter" && column === -2) this.#view.cell(this.#view.active)?.querySelector("a")?.click();
    else if (column < 0) return;
    else if (event.key === "Enter" || event.key === "F2") this.edit(null);
    else if (/^[0-9.,eE]$/.test(event.key)) this.edit(event.key);
    else if (event.key === "Delete" || event.key === "Backspace") void this.write([{ place: { row, column }, value: { points: null, excused: false } }]);
    else if (event.key === " ") void this.details();
    else return;
    event.preventDefault();
  }
}

function text(value: Value): string {
  return value.excused ? "EX" : show(value.points);
}

async function start(root: HTMLElement): Promise<void> {
  const filters = new URLSearchParams();
  for (const [name, value] of new URLSearchParams(location.search))
    if (["q", "cohort", "category", "missing", "sort"].includes(name) && value) filters.set(name, value === "1" && name === "missing" ? "true" : value);
  let book: Gradebook | null = null;
  let data: Data;
  try {
    data = await Data.open(root.dataset.course ?? "", filters, () => book?.refresh());
    await data.need(0, data.grid.size);
  } catch {
    // The table that is on the page stays.
    toast("The grid cannot be loaded. Here are the grades as a table.", "warning");
    return;
  }
  root.hidden = false;
  const plain = document.querySelector<HTMLElement>(".gb-plain");
  if (plain) plain.hidden = true;
  book = new Gradebook(root, data, new URLSearchParams(location.search));
  book.status(`${data.grid.total} ${data.grid.total === 1 ? "learner" : "learners"}, ${data.grid.columns.length} ${data.grid.columns.length === 1 ? "item" : "items"}`);
  root.dataset.ready = "";
  void book.averages();
}

const root = document.querySelector<HTMLElement>("[data-island=gradebook]");
if (root && window.matchMedia("(min-width: 48rem)").matches) void start(root);
