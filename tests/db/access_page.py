"""docs/reference/access.md, written from the matrix: `python -m tests.db.access_page`."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

from collegium.access import FUNCTIONS, MATRIX, PROBES, UNREADABLE, VERBS, WRITABLE, table_of
from collegium.access.stage import ACTORS

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "access.md"
HEADS = (
    "owner",
    "learner",
    "stranger",
    "instructor",
    "other instr.",
    "manager",
    "visitor",
    "admin",
    "super admin",
    "service",
)

OPENING = """\
# Who may see and do what

Written by `python -m tests.db.access_page` from `src/collegium/access`; the tests beside it try each line on a real
database, and a table without its lines fails them.

The **owner** is the learner whose row it is, or whose course; a **learner** takes the same course; a **stranger** is
signed in and takes nothing; the **instructor** teaches the course, the **other instructor** another one; the **manager**
manages the organisation that the owner belongs to; a **visitor** is not signed in. The **service** is the site's own work, which row-level security does not hold. All of them speak SQL
as a client with these rights can: what the pages offer is less.

| sign | means |
| --- | --- |
| **yes** | done, and the row comes back |
| **blind** | added, but not to be read back |
| – | hidden: as if the row were not there |
| no | refused: no right to it (42501) |
| rule | refused by a rule, with words (CGnnn) |
| view | this view cannot be written (55000) |
"""


def sign(answer: str) -> str:
    """An answer of the matrix as the page shows it."""
    if answer in ("yes", "blind"):
        return f"**{answer}**"
    return {"-": "–", "42501": "no", "55000": "view"}.get(answer, "rule")


def render() -> str:
    """The page."""
    return "\n".join([OPENING, *_tables(), *_columns(), *_functions()])


def _tables() -> Iterator[str]:
    for table, cases in groupby(MATRIX, key=table_of):
        yield f"## {table}\n"
        for case in cases:
            row = PROBES[case].row
            yield f"{row[0].upper()}{row[1:]}.\n"
            yield f"| | {' | '.join(HEADS)} |"
            yield f"| --- |{' --- |' * len(ACTORS)}"
            for verb in VERBS:
                yield f"| {verb} | {' | '.join(map(sign, MATRIX[case][verb].split()))} |"
            yield ""


def _columns() -> Iterator[str]:
    yield "## Columns\n"
    yield "Where a right is for some columns only, for people who are signed in:\n"
    yield "| table | right | columns |\n| --- | --- | --- |"
    for (table, verb), columns in WRITABLE.items():
        yield f"| {table} | {verb} only | {', '.join(columns.split())} |"
    for table, columns in UNREADABLE.items():
        yield f"| {table} | no select | {', '.join(columns.split())} |"
    yield ""


def _functions() -> Iterator[str]:
    yield "## Functions\n"
    yield "Who may call them; the others are called by triggers and by each other only.\n"
    yield "| function | visitor | signed in | service |\n| --- | --- | --- | --- |"
    for name, roles in sorted(FUNCTIONS.items()):
        signs = ("**yes**" if role in roles.split() else "no" for role in ("anon", "authenticated", "service_role"))
        yield f"| {name} | {' | '.join(signs)} |"
    yield ""


if __name__ == "__main__":
    PAGE.write_text(render(), encoding="utf-8")
