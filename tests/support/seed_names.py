"""Every name that the source documents give to something of the database, read from the documents themselves."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tests.support import seeds

# (kind, name) as docs/reference/seeds.md writes them.
Name = tuple[str, str]

_TABLE = re.compile(r"CREATE TABLE (\w+) \((.*?)^\);", re.DOTALL | re.MULTILINE)
_COLUMN = re.compile(
    r"^\s{2,}([a-z_0-9]+) (?:uuid|text|numeric|integer|bigint|boolean|timestamptz|jsonb|inet|varchar)", re.I
)
_IN = re.compile(r"CHECK \((\w+) IN \((.*?)\)\)", re.DOTALL)
_INDEX = re.compile(r"CREATE INDEX (\w+)")
_POLICY = re.compile(r'CREATE POLICY "([^"]+)"\s+ON (\w+)')
_TRIGGER = re.compile(r"CREATE TRIGGER (\w+)\s+(?:BEFORE|AFTER)[\w ]+? ON ([\w.]+)")
_FUNCTION = re.compile(r"CREATE (?:OR REPLACE )?FUNCTION (?:public\.)?(\w+)\(")
_VIEW = re.compile(r"CREATE (?:OR REPLACE )?VIEW (\w+) AS\s+SELECT(.*?)\nFROM", re.DOTALL)
_TYPE = re.compile(r"CREATE TYPE (\w+) AS ENUM \((.*?)\)", re.DOTALL)
_PARTITIONED = re.compile(r"CREATE TABLE (\w+) (?:\(LIKE|PARTITION OF)")
_UNIQUE = re.compile(r"CONSTRAINT (\w+) UNIQUE|^\s+UNIQUE \(([^)]+)\)", re.MULTILINE)
_WORDS = re.compile(r"'([^']+)'")
_COMMENT = re.compile(r"/\*.*?\*/|--[^\n]*", re.DOTALL)


def names(document: str) -> set[Name]:
    """All names of a document."""
    found = set(_of_sql(document))
    return found | set({"V": _of_v, "N": _of_n, "P": _of_p, "L": _of_l}.get(document, _nothing)())


def _nothing() -> Iterator[Name]:
    yield from ()


def _of_sql(document: str) -> Iterator[Name]:
    for block in seeds.blocks(document):
        bare = _COMMENT.sub("", block)
        for table, body in _TABLE.findall(bare):
            yield from _of_table(table, body)
        for pattern, kind in ((_INDEX, "index"), (_FUNCTION, "function"), (_PARTITIONED, "table")):
            yield from ((kind, name) for name in pattern.findall(bare))
        yield from (("policy", f'"{name}" on {table}') for name, table in _POLICY.findall(bare))
        yield from (("trigger", f"{name} on {table}") for name, table in _TRIGGER.findall(bare))
        for view, columns in _VIEW.findall(bare):
            yield "view", view
            for column in columns.split(","):
                yield "column", f"{view}.{re.split(r'[ .]', column.strip())[-1]}"
        for name, values in _TYPE.findall(bare):
            yield "type", name
            yield from (("value", f"{name}.{value}") for value in _WORDS.findall(values))


def _of_table(table: str, body: str) -> Iterator[Name]:
    yield "table", table
    for line in body.splitlines():
        if column := _COLUMN.match(line):
            yield "column", f"{table}.{column[1]}"
            if " UNIQUE" in line:
                yield "constraint", f"{table} unique ({column[1]})"
    for column, values in _IN.findall(body):
        yield from (("value", f"{table}.{column}.{value}") for value in _WORDS.findall(values))
    for named, columns in _UNIQUE.findall(body):
        yield "constraint", named or f"{table} unique ({columns})"


def _of_v() -> Iterator[Name]:
    text = seeds.text("V")
    for section in text.split("### ")[1:]:
        table = re.search(r"\(`(\w+)`\)", section)
        if table:
            yield "table", table[1]
            for line in re.findall(r"^- (\*\*`.*)$", section, re.MULTILINE):
                called, _, said = line.partition(":")
                for column in re.findall(r"`(\w+)`", called):
                    yield "column", f"{table[1]}.{column}"
                    yield from (("value", f"{table[1]}.{column}.{value}") for value in _WORDS.findall(said))
            yield from (("column", f"{table[1]}.{column}") for column in re.findall(r"`(\w+) = auth", section))
    for table, policy, said in re.findall(r"^\| `(\w+)` \| `([^`]+)` \|(.*)\|$", text, re.MULTILINE):
        yield "policy", f'"{policy}" on {table}'
        yield from (("column", f"{table}.{column}") for column in re.findall(r"`(\w+) = auth", said))


def _of_n() -> Iterator[Name]:
    text = seeds.text("N")
    tree = text[text.index("courses (catalog)") : text.index("## Table Definitions")]
    yield from (("table", table) for table in re.findall(r"(\w+) \(", tree))
    # What the document says is there already.
    yield from (("table", table) for table in re.findall(r"REFERENCES (\w+)\(", text))
    yield from (("table", table) for table in re.findall(r"existing `(\w+)` table", text))
    yield from (("function", name) for name in re.findall(r"EXECUTE FUNCTION (\w+)\('", text))
    section = text[text.index("### 1. Members Table") : text.index("**No modifications")]
    for column in re.findall(r"^- `(\w+)` ", section, re.MULTILINE):
        yield "column", f"members.{column}"
    yield from (("column", f"members.{column}") for column in re.findall(r"\bm\.(\w+_name|id)\b", text))
    for columns, values in re.findall(r"INSERT INTO transactions \((.*?)\) VALUES \((.*?)\)", text, re.DOTALL):
        yield from (("column", f"transactions.{column.strip()}") for column in columns.split(","))
        yield from (("value", f"transactions.transaction_type.{v}") for v in _WORDS.findall(values) if "_pur" in v)
    yield from (("value", f"quiz_attempts.status.{value}") for value in re.findall(r"SET status = '(\w+)'", text))
    yield from (("bucket", bucket) for bucket in re.findall(r"^   - `([a-z-]+)`$", text, re.MULTILINE))
    yield from (("metric", metric) for metric in re.findall(r"^  '((?:Total|Avg|Cert)[^']+)'", text, re.MULTILINE))


def _of_p() -> Iterator[Name]:
    text = seeds.text("P")
    made = text[text.index("What Was Created") : text.index("Post-Migration Tasks")]
    for kind, part in (("table", "Tables"), ("view", "Views"), ("trigger", "Triggers")):
        section = made[made.index(f"### {part}") :].split("### ")[1]
        for item in re.split(r"^\d+\. ", section, flags=re.MULTILINE)[1:]:
            name = re.match(r"\*\*(\w+)\*\*", item)
            assert name, item
            yield kind, name[1]
            for fields in re.findall(r"Fields: (.*)", item):
                yield from (
                    ("column", f"{name[1]}.{field}") for field in re.findall(r"[a-z_]+", fields) if field != "etc"
                )
    for table, columns in re.findall(r"INSERT INTO (\w+) \((.*?)\) VALUES", text, re.DOTALL):
        yield from (("column", f"{table}.{column.strip()}") for column in columns.split(","))
    yield "value", "partner_course_mappings.mapping_type.equivalent"
    yield "value", "scorm_packages.version.1.2"
    yield "column", "partner_courses.course_name"
    state = text[text.index("\npublic schema") : text.index("## âœ… Success") if "## âœ… Success" in text else None]
    state = state.split("```")[0]
    for part, kind in (("Tables (", "table"), ("Views (", "view"), ("Triggers (", "trigger")):
        lines = state[state.index(part) :].splitlines()[1:]
        for line in lines:
            if " (" in line:
                break
            yield from ((kind, name) for name in re.findall(r"\b[a-z]+(?:_[a-z]+)*\b", line))


def _of_l() -> Iterator[Name]:
    text = seeds.text("L")
    diagram = text[text.index("erDiagram") : text.index("## Custom Types")]
    for table, body in re.findall(r"^    (\w+) \{\n(.*?)^    \}", diagram, re.DOTALL | re.MULTILINE):
        yield "table", table
        for column in re.findall(r"^\s+\S+ (\w+)", body, re.MULTILINE):
            yield "column", f"{table}.{column}"
