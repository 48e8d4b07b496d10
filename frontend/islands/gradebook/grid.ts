/** The grid on the screen: only what is in sight is in the document, and rows are used again. */
import type { Column, Data, Line, Shown } from "./data";
import { keyOf, type Saving } from "./saving";
import { range, show } from "./values";

const ROW = 36;
const HEAD = 88;
const FIRST = 304;
const WIDE = 112;
const MORE_ROWS = 6;
const MORE_COLUMNS = 2;

/** A place in the grid; column -2 is the learner, -1 the final grade, 0 the first item. Row -1 is the heading. */
export interface Place {
  row: number;
  column: number;
}

interface Row {
  element: HTMLElement;
  name: HTMLElement;
  total: HTMLElement;
  cells: Map<number, HTMLElement>;
  line: Line | undefined;
}

function make(role: string, className: string): HTMLElement {
  const element = document.createElement("div");
  element.setAttribute("role", role);
  element.className = className;
  return element;
}

export class GridView {
  active: Place = { row: 0, column: 0 };
  readonly #head: HTMLElement;
  readonly #body: HTMLElement;
  readonly #rows = new Map<number, Row>();
  readonly #free: Row[] = [];
  readonly #heads = new Map<number, HTMLElement>();
  readonly #means = new Map<number, string>();
  readonly #headTotal: HTMLElement;
  #frame = 0;

  constructor(
    readonly element: HTMLElement,
    readonly data: Data,
    readonly path: string,
    readonly states: Map<string, Saving>,
    sorted: string,
    onSort: (by: string) => void,
  ) {
    const count = data.grid.columns.length;
    const width = `${FIRST + count * WIDE}px`;
    element.setAttribute("aria-rowcount", String(data.grid.total + 1));
    element.setAttribute("aria-colcount", String(count + 2));
    this.#head = make("row", "gb-head");
    this.#head.setAttribute("aria-rowindex", "1");
    this.#head.style.width = width;
    const name = this.#heading("gb-name", "Learner", "name", sorted, onSort, 1);
    this.#headTotal = this.#heading("gb-total", "Final", "final", sorted, onSort, 2);
    this.#head.append(name, this.#headTotal);
    const heads = document.createElement("div");
    heads.setAttribute("role", "rowgroup");
    heads.style.cssText = `position:sticky;top:0;z-index:3;width:${width};min-width:100%`;
    heads.append(this.#head);
    this.#body = make("rowgroup", "gb-body");
    this.#body.style.width = width;
    this.#body.style.height = `${data.grid.total * ROW}px`;
    element.replaceChildren(heads, this.#body);
    this.#sorted = sorted;
    this.#onSort = onSort;
    element.addEventListener("scroll", () => this.later(), { passive: true });
    new ResizeObserver(() => this.later()).observe(element);
    this.draw();
  }

  readonly #sorted: string;
  readonly #onSort: (by: string) => void;

  #heading(className: string, words: string, by: string, sorted: string, onSort: (by: string) => void, index: number): HTMLElement {
    const cell = make("columnheader", className);
    cell.setAttribute("aria-colindex", String(index));
    if (sorted.replace("-", "") === by) cell.setAttribute("aria-sort", sorted.startsWith("-") ? "descending" : "ascending");
    const button = document.createElement("button");
    button.type = "button";
    button.className = "gb-sort";
    button.tabIndex = -1;
    button.textContent = words + (sorted === by ? " ↑" : sorted === `-${by}` ? " ↓" : "");
    button.title = words;
    button.addEventListener("click", () => onSort(by));
    cell.append(button);
    return cell;
  }

  /** Shows averages: of each item, of each category where it begins, of all final grades. */
  means(items: Record<string, number>, categories: Record<string, number>, course: number | null): void {
    for (const [at, column] of this.data.grid.columns.entries()) {
      const mean = items[column.id];
      const whole = categories[column.category_id];
      this.#means.set(at, mean === undefined ? "no average yet" : `average ${Math.round(mean)} %`);
      const head = this.#heads.get(at);
      if (head) this.#fillHead(head, column, at);
      if (head && whole !== undefined) head.title = `${column.category}: average ${show(whole)} %`;
    }
    this.#categoryMeans = categories;
    if (course !== null) {
      const line = document.createElement("span");
      line.className = "gb-note";
      line.textContent = `⌀ ${Math.round(course)} %`;
      this.#headTotal.querySelector(".gb-note")?.remove();
      this.#headTotal.append(line);
    }
  }

  #categoryMeans: Record<string, number> = {};

  later(): void {
    if (!this.#frame)
      this.#frame = requestAnimationFrame(() => {
        this.#frame = 0;
        this.draw();
      });
  }

  /** Puts into the document what is in sight, and the active cell, which keeps the focus. */
  draw(): void {
    const { scrollTop, scrollLeft, clientHeight, clientWidth } = this.element;
    const [top, bottom] = range(scrollTop, Math.max(0, clientHeight - HEAD), ROW, this.data.grid.total, MORE_ROWS);
    const [left, right] = range(scrollLeft, Math.max(0, clientWidth - FIRST), WIDE, this.data.grid.columns.length, MORE_COLUMNS);
    for (const [at, row] of this.#rows)
      if ((at < top || at >= bottom) && at !== this.active.row) {
        this.#rows.delete(at);
        this.#free.push(row);
      }
    for (let at = top; at < bottom; at++) this.#drawRow(at, left, right);
    if (this.active.row >= 0 && (this.active.row < top || this.active.row >= bottom)) this.#drawRow(this.active.row, left, right);
    for (const row of this.#free) row.element.remove();
    this.#drawHeads(left, right);
    this.data.need(top, bottom).catch(() => undefined);
  }

  #drawHeads(left: number, right: number): void {
    for (const [at, head] of this.#heads)
      if (at < left || at >= right) {
        head.remove();
        this.#heads.delete(at);
      }
    for (let at = left; at < right; at++) {
      const column = this.data.grid.columns[at];
      if (!column || this.#heads.has(at)) continue;
      const head = this.#heading("gb-col", column.title, column.id, this.#sorted, this.#onSort, at + 3);
      head.style.left = `${FIRST + at * WIDE}px`;
      this.#heads.set(at, head);
      this.#fillHead(head, column, at);
      this.#head.append(head);
    }
  }

  #fillHead(head: HTMLElement, column: Column, at: number): void {
    head.querySelectorAll(".gb-kind, .gb-mean").forEach((one) => one.remove());
    const kind = document.createElement("span");
    kind.className = "gb-kind";
    kind.textContent = column.hidden ? "hidden" : column.counts ? column.category : "does not count";
    const mean = document.createElement("span");
    mean.className = "gb-mean";
    mean.textContent = `of ${show(column.max_points)}${this.#means.has(at) ? ` · ${this.#means.get(at)?.replace("average", "⌀")}` : ""}`;
    const whole = this.#categoryMeans[column.category_id];
    head.title = `${column.title}. ${column.category}${whole === undefined ? "" : `, average ${show(whole)} %`}`;
    head.prepend(kind);
    head.append(mean);
  }

  #drawRow(at: number, left: number, right: number): void {
    let row = this.#rows.get(at);
    const line = this.data.rows[at];
    if (!row) {
      row = this.#free.pop() ?? this.#newRow();
      for (const cell of row.cells.values()) cell.remove();
      row.cells.clear();
      this.#rows.set(at, row);
      row.element.style.transform = `translateY(${at * ROW}px)`;
      row.element.setAttribute("aria-rowindex", String(at + 2));
      row.element.dataset.at = String(at);
      this.#name(row, line, at);
      if (!row.element.isConnected) this.#body.append(row.element);
    } else if (row.line !== line) {
      this.#name(row, line, at);
      for (const [column, cell] of row.cells) this.#fill(cell, line, column, at);
    }
    for (const [column, cell] of row.cells)
      if ((column < left || column >= right) && !(at === this.active.row && column === this.active.column)) {
        cell.remove();
        row.cells.delete(column);
      }
    for (let column = left; column < right; column++) if (!row.cells.has(column)) this.#newCell(row, line, column, at);
    const kept = this.active.column;
    if (at === this.active.row && kept >= 0 && !row.cells.has(kept)) this.#newCell(row, line, kept, at);
  }

  #newRow(): Row {
    const element = make("row", "gb-row");
    element.style.width = `${FIRST + this.data.grid.columns.length * WIDE}px`;
    const name = make("rowheader", "gb-name");
    name.setAttribute("aria-colindex", "1");
    const total = make("gridcell", "gb-total");
    total.setAttribute("aria-colindex", "2");
    total.setAttribute("aria-readonly", "true");
    name.dataset.column = "-2";
    total.dataset.column = "-1";
    element.append(name, total);
    return { element, name, total, cells: new Map(), line: undefined };
  }

  #name(row: Row, line: Line | undefined, at: number): void {
    row.line = line;
    row.name.replaceChildren();
    if (line) {
      const link = document.createElement("a");
      link.href = `${this.path}/learners/${line.id}`;
      link.tabIndex = -1;
      link.textContent = line.name;
      link.title = line.email + (line.cohort ? ` · ${line.cohort}` : "");
      row.name.append(link);
    } else row.name.textContent = "…";
    this.#total(row);
    this.#tab(row.name, at, -2);
    this.#tab(row.total, at, -1);
  }

  #total(row: Row): void {
    row.total.textContent = row.line?.final == null ? (row.line ? "–" : "") : show(row.line.final);
  }

  #newCell(row: Row, line: Line | undefined, column: number, at: number): void {
    const cell = make("gridcell", "gb-cell");
    cell.style.left = `${FIRST + column * WIDE}px`;
    cell.setAttribute("aria-colindex", String(column + 3));
    cell.dataset.column = String(column);
    cell.append(document.createElement("span"));
    row.cells.set(column, cell);
    this.#fill(cell, line, column, at);
    row.element.append(cell);
  }

  #tab(cell: HTMLElement, at: number, column: number): void {
    cell.tabIndex = at === this.active.row && column === this.active.column ? 0 : -1;
  }

  #fill(cell: HTMLElement, line: Line | undefined, column: number, at: number): void {
    this.#tab(cell, at, column);
    const head = this.data.grid.columns[column];
    const shown = line?.cells[column] ?? null;
    const state = shown ? (this.data.grid.states[shown[1]] ?? "nothing") : "nothing";
    if (cell.dataset.state !== state) cell.dataset.state = state;
    cell.toggleAttribute("data-over", shown?.[3] ?? false);
    const saving = line && head ? this.states.get(keyOf(line.id, head.id)) : undefined;
    if (saving) cell.dataset.saving = saving;
    else delete cell.dataset.saving;
    const words = line ? text(shown, state) : "…";
    const span = cell.firstElementChild;
    if (span && span.textContent !== words) span.textContent = words;
    const notes = [state === "dropped" && "left out as one of the lowest", shown?.[3] && "written over the score", shown?.[5] && "has a comment"];
    const title = notes.filter(Boolean).join(", ");
    if (cell.title !== title) cell.title = title;
  }

  /** Shows a cell and its learner's final grade anew. */
  refresh(at: number, column: number): void {
    const row = this.#rows.get(at);
    const cell = row?.cells.get(column);
    if (row) this.#total(row);
    if (cell && !cell.querySelector("input")) this.#fill(cell, this.data.rows[at], column, at);
  }

  cell(place: Place): HTMLElement | undefined {
    const row = this.#rows.get(place.row);
    return place.column === -2 ? row?.name : place.column === -1 ? row?.total : row?.cells.get(place.column);
  }

  /** Moves the focus to a place and brings it into sight. */
  go(place: Place): void {
    const was = this.cell(this.active);
    if (was) was.tabIndex = -1;
    this.active = {
      row: Math.min(Math.max(place.row, 0), this.data.grid.total - 1),
      column: Math.min(Math.max(place.column, -2), this.data.grid.columns.length - 1),
    };
    const { row, column } = this.active;
    const view = this.element;
    const height = view.clientHeight - HEAD;
    const width = view.clientWidth - FIRST;
    if (row * ROW < view.scrollTop) view.scrollTop = row * ROW;
    else if ((row + 1) * ROW > view.scrollTop + height) view.scrollTop = (row + 1) * ROW - height;
    if (column >= 0) {
      if (column * WIDE < view.scrollLeft) view.scrollLeft = column * WIDE;
      else if ((column + 1) * WIDE > view.scrollLeft + width) view.scrollLeft = (column + 1) * WIDE - width;
    }
    this.draw();
    const cell = this.cell(this.active);
    if (cell) {
      cell.tabIndex = 0;
      cell.focus({ preventScroll: true });
    }
  }

  /** The focus came to a place by itself, as screen readers move it. */
  adopt(place: Place): void {
    if (place.row === this.active.row && place.column === this.active.column) return;
    const was = this.cell(this.active);
    if (was) was.tabIndex = -1;
    this.active = place;
    const cell = this.cell(place);
    if (cell) cell.tabIndex = 0;
  }

  /** The place of an element of the grid. */
  placeOf(element: Element): Place | null {
    const cell = element.closest<HTMLElement>("[data-column]");
    const row = cell?.closest<HTMLElement>("[data-at]");
    return cell && row ? { row: Number(row.dataset.at), column: Number(cell.dataset.column) } : null;
  }

  get page(): number {
    return Math.max(1, Math.floor((this.element.clientHeight - HEAD) / ROW) - 1);
  }
}

function text(shown: Shown | null, state: string): string {
  if (state === "excused") return "EX";
  if (state === "missing") return "0 missing";
  if (shown?.[0] != null) return show(shown[0]);
  return shown?.[4] ? "to grade" : "–";
}
