"""The history of a cell, in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import asyncpg

from collegium.features.gradebook.model import Cell, Change, Column, History, Person

WHAT = {
    "gradebook_cells": "Gradebook",
    "quiz_attempts": "Quiz",
    "assignment_submissions": "Assignment",
}


def plain(value: Any) -> str:
    """A number as people write it: 15, 7.5; nothing as a dash."""
    if value is None:
        return "–"
    return f"{float(value):.2f}".rstrip("0").rstrip(".")


def _state(what: str, column: Column, row: Mapping[str, Any] | None, other: Mapping[str, Any]) -> str:
    """What a side of a change says, of which the log keeps only what is different."""
    if row is None:
        return "–"
    if what == "quiz_attempts":
        return f"{plain(row.get('score'))} %"
    if what == "assignment_submissions":
        return f"{plain(row.get('final_score'))} %"
    parts: list[str] = []
    if "excused" in row and (row["excused"] or other.get("excused")):
        parts.append("excused" if row["excused"] else "not excused")
    if "points" in row and (row["points"] is not None or "points" in other):
        none = "its own score" if column.source != "own" else "no grade"
        parts.append(none if row["points"] is None else f"{plain(row['points'])} points")
    return ", ".join(parts) or "comment"


def cell_history(
    column: Column,
    learner: Person,
    cell: Cell | None,
    changes: Sequence[asyncpg.Record],
    work: Sequence[asyncpg.Record],
    page: str | None,
) -> History:
    """What is shown of a cell beside the grid; ``page``: the address of a piece of work, with its id to be put in."""
    lines = [
        Change(
            row["at"],
            row["who"],
            WHAT.get(row["what"], str(row["what"])),
            _state(row["what"], column, row["before"], row["after"] or {}),
            _state(row["what"], column, row["after"], row["before"] or {}),
            row["reason"],
        )
        for row in changes
    ]
    source = None if cell is None else cell.source_percent
    return History(
        learner=learner.name,
        title=column.title,
        source=column.source,
        max_points=float(column.max_points),
        points=None if cell is None or cell.points is None else float(cell.points),
        state="nothing" if cell is None else cell.state,
        source_points=None if source is None else round(float(source * column.max_points) / 100, 2),
        overridden=cell is not None and cell.overridden,
        excused=cell is not None and cell.state == "excused",
        comment=None if cell is None else cell.comment,
        reason=None if cell is None else cell.reason,
        revision=0 if cell is None else cell.revision,
        changes=lines,
        work=[
            {
                "id": row["id"],
                "number": row["number"],
                "status": row["status"],
                "score": None if row["score"] is None else float(row["score"]),
                "at": row["at"],
                "href": page.format(row["id"]) if page else None,
            }
            for row in work
        ],
    )
