"""An assignment's settings: read from what was typed, shown as text, saved unless somebody else did so meanwhile."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from collegium.features.assignments import building
from collegium.features.assignments.model import (
    FILE_GROUPS,
    MOST_CRITERIA,
    SUBMISSION_TYPES,
    Assignment,
    Criterion,
)
from collegium.features.assignments.words import plain
from collegium.features.authoring import service as authoring
from collegium.kit import queries
from collegium.kit.db import Transaction
from collegium.kit.errors import Conflict, Invalid
from collegium.kit.fields import Field, Wrong, moment, show_moment, switch

Q = queries.load("collegium.features.assignments")
NOT_SAVED = "Nothing was saved. Please look at this again."
RUBRIC = "rubric"
SHOW_NAMES = "show_names"
WAITS = "Mark without names: work waits for a grade. Tick that you want to see its names, or mark it first."


class SavedMeanwhile(Conflict):
    """Somebody else changed it meanwhile; ``theirs`` maps each setting that differs to what is saved now."""

    def __init__(self, theirs: Mapping[str, str]) -> None:
        super().__init__(
            "Somebody else changed this assignment while you had it open. Nothing of yours is lost: look at both, "
            "then save.",
            code="assignment_changed",
        )
        self.theirs = dict(theirs)


class Line(msgspec.Struct, frozen=True):
    """A line of the rubric as it was typed."""

    criterion: str = ""
    points: str = ""
    description: str = ""


def _show(value: Any, _zone: ZoneInfo) -> str:
    return "" if value is None else plain(value) if isinstance(value, Decimal) else str(value)


def _title(text: str, _zone: ZoneInfo) -> str:
    try:
        return building.clean_title(text)
    except Invalid as problem:
        raise Wrong(problem.detail) from None


def _description(text: str, _zone: ZoneInfo) -> str:
    kept = "".join(c for c in text if c.isprintable() or c == "\n").strip()
    if len(kept) > 2000:
        raise Wrong(f"Description: at most 2000 characters; this has {len(kept)}.")
    return kept


def _instructions(text: str, _zone: ZoneInfo) -> str | None:
    if len(text) > 50000:
        raise Wrong("Instructions: this is too long. Put a part of it into the lesson.")
    cleaned = authoring.clean_html(text).strip()
    if len(cleaned) > 50000:
        raise Wrong("Instructions: this is too long. Put a part of it into the lesson.")
    return cleaned if authoring.plain_text(cleaned).strip() or "<img" in cleaned else None


def decimal(label: str, least: Decimal, most: Decimal) -> Callable[[str, ZoneInfo], Decimal]:
    """Reads a number with at most two decimals within bounds."""

    def read(text: str, _zone: ZoneInfo) -> Decimal:
        try:
            number = Decimal(text.strip().replace(",", "."))
        except InvalidOperation:
            raise Wrong(f"{label}: a number from {plain(least)} to {plain(most)}.") from None
        if not number.is_finite() or not least <= number <= most or number != round(number, 2):
            raise Wrong(f"{label}: from {plain(least)} to {plain(most)}, with at most two decimals.")
        return number

    return read


def whole(label: str, least: int, most: int, *, needed: bool = False) -> Callable[[str, ZoneInfo], int | None]:
    """Reads a whole number within bounds; nothing stays None unless it is needed."""

    def read(text: str, _zone: ZoneInfo) -> int | None:
        if not text.strip() and not needed:
            return None
        if not re.fullmatch(r"[0-9]{1,9}", text.strip()) or not least <= int(text) <= most:
            raise Wrong(f"{label}: a whole number from {least} to {most}{'' if needed else ', or nothing'}.")
        return int(text)

    return read


def _one_of(label: str, choices: Mapping[str, str]) -> Field:
    def read(text: str, _zone: ZoneInfo) -> str:
        if text not in choices:
            raise Wrong(f"{label}: choose one of the list.")
        return text

    return Field(label, read, _show)


def groups_of(types: Sequence[str] | None) -> list[str]:
    """The groups of files whose endings are all among some types."""
    return [name for name, (_, endings) in FILE_GROUPS.items() if types is not None and set(endings) <= set(types)]


def _types(text: str, _zone: ZoneInfo) -> list[str] | None:
    chosen = text.split()
    if any(name not in FILE_GROUPS for name in chosen):
        raise Wrong("Kinds of files: choose of the list.")
    return [ending for name, (_, endings) in FILE_GROUPS.items() if name in chosen for ending in endings] or None


def _show_types(types: list[str] | None, _zone: ZoneInfo) -> str:
    return " ".join(groups_of(types))


HUNDRED = Decimal(100)
FIELDS: dict[str, Field] = {
    "title": Field("Title", _title, _show),
    "description": Field("Description", _description, _show),
    "instructions_html": Field("Instructions", _instructions, _show),
    "total_points": Field("Points", decimal("Points", Decimal("0.01"), Decimal(999999)), _show),
    "passing_percentage": Field("To pass", decimal("To pass", Decimal(0), HUNDRED), _show),
    "submission_type": _one_of("What is handed in", SUBMISSION_TYPES),
    "allowed_file_types": Field("Kinds of files", _types, _show_types),
    "max_file_size_mb": Field("Largest file", whole("Largest file", 1, 2048, needed=True), _show),
    "max_submissions": Field("Submissions", whole("Submissions", 1, 1000), _show),
    "available_from": Field("Opens", moment("Opens"), show_moment),
    "due_date": Field("Due", moment("Due"), show_moment),
    "late_submission_allowed": switch("Take late work"),
    "late_penalty_percentage": Field("Off for each day", decimal("Off for each day", Decimal(0), HUNDRED), _show),
    "group_mode": switch("Handed in by groups"),
    "enable_peer_review": switch("Reviewed by peers"),
    "anonymous_marking": switch("Mark without names"),
}
KEPT_WHEN_GRADED = ("total_points",)


async def work_waits(tx: Transaction, assignment_id: UUID) -> bool:
    """Whether work of an assignment waits for a grade."""
    return bool(await tx.fetchval(Q.waits, assignment_id))


def texts(one: Assignment, zone: ZoneInfo) -> dict[str, str]:
    """Every setting as the text of its field."""
    return {name: field.show(getattr(one, name), zone) for name, field in FIELDS.items()}


def lines_of(one: Assignment) -> list[Line]:
    """The rubric as the lines of its builder."""
    return [Line(c.criterion, plain(c.points), c.description) for c in one.rubric]


def mark(shown: Mapping[str, str], lines: Sequence[Line]) -> str:
    """What a form carries so that it can be told whether the settings were saved meanwhile."""
    kept = [[shown[name] for name in FIELDS], [[c.criterion, c.points, c.description] for c in lines]]
    return hashlib.sha256(msgspec.json.encode(kept)).hexdigest()[:32]


def read_rubric(lines: Sequence[Line]) -> list[Criterion]:
    """The rubric of typed lines; one without a name, points and description is left out. Raises Wrong in words."""
    read = decimal("Points", Decimal("0.01"), Decimal(999999))
    made: list[Criterion] = []
    for n, line in enumerate(lines, 1):
        name, description = " ".join(line.criterion.split()), line.description.strip()
        if not name and not line.points.strip() and not description:
            continue
        if not 1 <= len(name) <= 200:
            raise Wrong(f"Rubric, line {n}: name what is looked at, in at most 200 characters.")
        if len(description) > 2000:
            raise Wrong(f"Rubric, “{name}”: a description has at most 2000 characters.")
        try:
            points = read(line.points, ZoneInfo("UTC"))
        except Wrong:
            raise Wrong(f"Rubric, “{name}”: give points above 0, with at most two decimals.") from None
        made.append(Criterion(name, points, description))
    if len({one.criterion for one in made}) < len(made):
        raise Wrong("Rubric: two lines have the same name. Give one of them another.")
    if len(made) > MOST_CRITERIA:
        raise Wrong(f"Rubric: at most {MOST_CRITERIA} lines.")
    return made


async def save(
    tx: Transaction,
    course_id: UUID,
    assignment_id: UUID,
    given: Mapping[str, str],
    lines: Sequence[Line],
    was: str,
    zone: ZoneInfo,
) -> None:
    """Saves all settings and the rubric of an assignment; with a rubric its points are the rubric's sum.

    Raises Invalid with words at each field, SavedMeanwhile when the assignment is not what the form was filled with,
    Conflict ``assignment_graded`` and ``assignment_handed_in`` for what can no longer change.
    """
    await tx.execute(Q.hold, course_id, assignment_id)
    now = await building.taught_assignment(tx, course_id, assignment_id)
    values, errors = _read(given, zone)
    rubric: list[Criterion] = []
    if now.graded_count:
        # What grades were given by is shown, not sent.
        rubric, values["total_points"] = now.rubric, now.total_points
        errors.pop("total_points", None)
    else:
        try:
            rubric = read_rubric(lines)
        except Wrong as wrong:
            errors[RUBRIC] = str(wrong)
        if rubric:
            values["total_points"] = sum((one.points for one in rubric), Decimal(0))
            errors.pop("total_points", None)
    errors |= _together(values)
    shows = now.anonymous_marking and values.get("anonymous_marking") is False and await work_waits(tx, assignment_id)
    if shows and given.get(SHOW_NAMES) != "1":
        errors["anonymous_marking"] = WAITS
    if errors:
        raise Invalid(NOT_SAVED, fields=errors)
    _refuse_overwriting(now, values, rubric, was, zone)
    sent = [
        {"criterion": one.criterion, "points": float(one.points)}
        | ({"description": one.description} if one.description else {})
        for one in rubric
    ]
    if shows:
        await tx.execute(Q.show_names, assignment_id)
    await tx.execute(Q.save_settings, assignment_id, sent or None, *(values[name] for name in FIELDS))


def _read(given: Mapping[str, str], zone: ZoneInfo) -> tuple[dict[str, Any], dict[str, str]]:
    values: dict[str, Any] = {}
    errors: dict[str, str] = {}
    for name, field in FIELDS.items():
        try:
            values[name] = field.read(given.get(name, ""), zone)
        except Wrong as wrong:
            errors[name] = str(wrong)
    return values, errors


def _together(values: Mapping[str, Any]) -> dict[str, str]:
    """What must fit together."""
    if values.get("anonymous_marking") and values.get("enable_peer_review"):
        return {"anonymous_marking": "Mark without names: peer review shows you who wrote what. Choose one of the two."}
    opens, due = values.get("available_from"), values.get("due_date")
    if isinstance(opens, datetime) and isinstance(due, datetime) and due <= opens:
        return {"due_date": "Due: this must be later than it opens."}
    return {}


def _refuse_overwriting(
    now: Assignment, values: Mapping[str, Any], rubric: Sequence[Criterion], was: str, zone: ZoneInfo
) -> None:
    """Raises SavedMeanwhile when somebody else saved, unless he saved the same."""
    shown = texts(now, zone)
    if was == mark(shown, lines_of(now)):
        return
    mine = {name: field.show(values[name], zone) for name, field in FIELDS.items()}
    theirs = {name: shown[name] for name in FIELDS if shown[name] != mine[name]}
    if list(rubric) != list(now.rubric):
        theirs[RUBRIC] = ", ".join(f"{one.criterion} ({plain(one.points)})" for one in now.rubric) or "none"
    if theirs:
        raise SavedMeanwhile(theirs)
