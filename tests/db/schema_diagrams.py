"""docs/reference/schema: a diagram of each area, drawn from a migrated database: `python -m tests.db.schema_diagrams`.

Tables of an area stand in columns: to the left what others refer to. A line leads from a foreign key to the table that it
refers to; where that one belongs to another area, its name stands beside the column.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from html import escape
from pathlib import Path

import psycopg

from collegium.access import AREAS, table_of
from collegium.kit.embedded import Server
from tests.support.database import LOGINS, shared_server, template

FOLDER = Path(__file__).parents[2] / "docs" / "reference" / "schema"
TABLES = """
select c.relname, c.relkind::text, coalesce(obj_description(c.oid, 'pg_class'), '')
from pg_class c where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p', 'v')
  and not c.relispartition order by 1
"""
COLUMNS = """
select c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull,
    coalesce(a.attnum = any (k.conkey), false)
from pg_attribute a join pg_class c on c.oid = a.attrelid
left join pg_constraint k on k.conrelid = c.oid and k.contype = 'p'
where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and a.attnum > 0 and not a.attisdropped
order by c.relname, a.attnum
"""
# Of a key of several columns the first that is not shared with another key leads the line.
KEYS = """
select k.conrelid::regclass::text, a.attname, r.relname, r.relnamespace::regnamespace::text
from pg_constraint k
join pg_class r on r.oid = k.confrelid
join pg_attribute a on a.attrelid = k.conrelid and a.attnum = k.conkey[1]
where k.contype = 'f' and k.connamespace = 'public'::regnamespace and k.conparentid = 0 order by 1, 2, 3
"""
WIDTH, GAP, ROW, HEAD, SPACE, EDGE = 330, 90, 17, 30, 26, 20
STYLE = """
svg { background: #fff; color: #1c2430; }
text { font: 12px system-ui, sans-serif; fill: #1c2430; }
.name { font-weight: 600; font-size: 13px; }
.type, .other { fill: #5b6675; }
.key { font-weight: 600; }
.box { fill: #fff; stroke: #8a94a3; }
.head { fill: #e9eef6; stroke: #8a94a3; }
.view { stroke-dasharray: 5 3; }
.line { fill: none; stroke: #3b6fb5; stroke-width: 1.3; }
.end { fill: #3b6fb5; }
@media (prefers-color-scheme: dark) {
  svg { background: #14181f; }
  text { fill: #e6eaf0; }
  .type, .other { fill: #9aa6b6; }
  .box { fill: #1b212b; stroke: #59657a; }
  .head { fill: #263042; stroke: #59657a; }
  .line { stroke: #7fb0f0; }
  .end { fill: #7fb0f0; }
}
"""


@dataclass
class Table:
    """A table or view, with its columns as (name, type, required, in the primary key)."""

    name: str
    view: bool
    words: str
    columns: list[tuple[str, str, bool, bool]] = field(default_factory=list[tuple[str, str, bool, bool]])
    keys: dict[str, list[str]] = field(default_factory=dict[str, list[str]])
    x: int = 0
    y: int = 0

    @property
    def height(self) -> int:
        return HEAD + ROW * len(self.columns) + (8 if self.columns else 0)


def read(dsn: str) -> dict[str, Table]:
    """Every table and view of a database."""
    with psycopg.connect(dsn) as session:
        found = {name: Table(name, kind == "v", words) for name, kind, words in session.execute(TABLES)}
        for table, column, kind, required, primary in session.execute(COLUMNS):
            if table in found:
                found[table].columns.append((column, short(kind), required, primary))
        for table, column, other, schema in session.execute(KEYS):
            if table in found:
                found[table].keys.setdefault(column, []).append(other if schema == "public" else f"{schema}.{other}")
    return found


def short(kind: str) -> str:
    """A type's name as people say it."""
    for long, said in (
        ("timestamp with time zone", "timestamptz"),
        ("character varying", "varchar"),
        ("extensions.", ""),
    ):
        kind = kind.replace(long, said)
    return kind


def columns_of(tables: list[Table]) -> list[list[Table]]:
    """Tables by how far they are from those that refer to no other of the area."""
    names = {table.name: table for table in tables}
    depth: dict[str, int] = {}

    def measure(name: str, above: tuple[str, ...]) -> int:
        if name not in depth:
            others = [o for found in names[name].keys.values() for o in found if o in names and o not in (*above, name)]
            depth[name] = 1 + max((measure(other, (*above, name)) for other in others), default=-1)
        return depth[name]

    levels: list[list[Table]] = []
    for table in tables:
        level = measure(table.name, ())
        while len(levels) <= level:
            levels.append([])
        levels[level].append(table)
    return levels


def place(levels: list[list[Table]]) -> tuple[int, int]:
    """Gives each table its place; answers width and height of all."""
    bottom = 0
    for level, tables in enumerate(levels):
        if level:
            before = {
                table.name: table.y + table.height // 2 for tables_before in levels[:level] for table in tables_before
            }
            tables.sort(key=lambda table: (_middle(table, before), table.name))
        y = EDGE
        for table in tables:
            table.x, table.y = EDGE + level * (WIDTH + GAP), y
            y += table.height + SPACE
        bottom = max(bottom, y)
    return EDGE * 2 + len(levels) * (WIDTH + GAP) - GAP, bottom


def _middle(table: Table, before: dict[str, int]) -> float:
    found = [before[other] for others in table.keys.values() for other in others if other in before]
    return sum(found) / len(found) if found else 1e9


def draw(area: str, tables: list[Table]) -> str:
    """The picture of an area."""
    levels = columns_of(tables)
    width, height = place(levels)
    places = {table.name: table for table in tables}
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}"'
            f' role="img" aria-label="Tables of the area {escape(area)}">',
            f"<style>{STYLE}</style>",
            *(line for table in tables for line in _lines(table, places)),
            *(line for table in tables for line in _box(table, places)),
            "</svg>",
            "",
        ]
    )


def _box(table: Table, places: dict[str, Table]) -> Iterator[str]:
    dashed = " view" if table.view else ""
    yield f"<g><title>{escape(table.words)}</title>"
    yield f'<rect class="box{dashed}" x="{table.x}" y="{table.y}" width="{WIDTH}" height="{table.height}" rx="4"/>'
    yield f'<rect class="head{dashed}" x="{table.x}" y="{table.y}" width="{WIDTH}" height="{HEAD - 6}" rx="4"/>'
    yield f'<text class="name" x="{table.x + 10}" y="{table.y + 17}">{table.name}{" (view)" if table.view else ""}</text>'
    for row, (name, kind, required, primary) in enumerate(table.columns):
        y = table.y + HEAD + ROW * row + 9
        weight = ' class="key"' if primary else ""
        yield f'<text{weight} x="{table.x + 10}" y="{y}">{name}{"" if required else " ?"}</text>'
        others = [other for other in table.keys.get(name, []) if other not in places]
        said = f"→ {', '.join(others)}" if others else kind
        where = "other" if others else "type"
        yield f'<text class="{where}" x="{table.x + WIDTH - 10}" y="{y}" text-anchor="end">{escape(said)}</text>'
    yield "</g>"


def _lines(table: Table, places: dict[str, Table]) -> Iterator[str]:
    for row, (name, *_) in enumerate(table.columns):
        for other in (places[name] for name in table.keys.get(name, []) if name in places and name != table.name):
            y = table.y + HEAD + ROW * row + 5
            # A circle of keys, as of a course and its last quiz, leads back to the left.
            leftwards = other.x < table.x
            start = table.x if leftwards else table.x + WIDTH
            end, target = other.x + WIDTH, other.y + 12
            bend = GAP // 2
            first = start - bend if leftwards else start + bend
            yield f'<path class="line" d="M{start} {y} C{first} {y} {end + bend} {target} {end} {target}"/>'
            yield f'<circle class="end" cx="{end}" cy="{target}" r="3.5"/>'


def render(server: Server, database: str) -> dict[str, str]:
    """Each file of the folder by its name."""
    tables = read(server.dsn(LOGINS["owner"], database))
    files: dict[str, str] = {}
    index = [
        "# The schema, area by area",
        "",
        "Drawn by `script/schema-dump` from the migrations; the whole of it as SQL is `db/schema.sql`, and who may do what"
        " stands in [access](../access.md). A question mark is a column that may be empty, bold is the primary key, an arrow"
        " names a table of another area.",
        "",
    ]
    for area, declared in AREAS.items():
        names = dict.fromkeys(table_of(case) for case in declared.matrix)
        mine = [tables[name] for name in names if name in tables]
        if not mine:
            continue
        files[f"{area}.svg"] = draw(area, mine)
        index += [f"## {area}", "", f"![Tables of the area {area}]({area}.svg)", ""]
        index += [f"- `{table.name}`: {' '.join(table.words.split())}" for table in mine] + [""]
    return {"README.md": "\n".join(index), **files}


def write(files: dict[str, str]) -> None:
    """Writes the folder anew."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for path in FOLDER.iterdir():
        if path.name not in files:
            path.unlink()
    for name, text in files.items():
        (FOLDER / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    with shared_server("schema-diagrams") as server:
        write(render(server, template(server)))
