"""A quiz's settings: read from what somebody typed, shown as text, saved unless somebody else did so meanwhile."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from collegium.features.quizzes import building
from collegium.features.quizzes.model import LAYOUTS, POLICIES, SHOWN, TYPES, Quiz
from collegium.kit import queries
from collegium.kit.db import Transaction
from collegium.kit.errors import Conflict, Invalid
from collegium.kit.fields import Field, Wrong, moment, show_moment, switch

Q = queries.load("collegium.features.quizzes")


class SavedMeanwhile(Conflict):
    """Somebody else changed the quiz meanwhile; ``theirs`` maps each setting that differs to what is saved now."""

    def __init__(self, theirs: Mapping[str, str]) -> None:
        super().__init__(
            "Somebody else changed this quiz while you had it open. Nothing of yours is lost: look at both, then save.",
            code="quiz_changed",
        )
        self.theirs = dict(theirs)


def _plain(value: Any, _zone: ZoneInfo) -> str:
    return "" if value is None else str(value)


def _title(text: str, _zone: ZoneInfo) -> str:
    try:
        return building.clean_title(text)
    except Invalid as problem:
        raise Wrong(problem.detail) from None


def _text(label: str, most: int) -> Field:
    def read(text: str, _zone: ZoneInfo) -> str | None:
        kept = "".join(c for c in text if c.isprintable() or c == "\n").strip()
        if len(kept) > most:
            raise Wrong(f"{label}: at most {most} characters; this has {len(kept)}.")
        return kept or None

    return Field(label, read, _plain)


def _one_of(label: str, choices: Mapping[str, str]) -> Field:
    def read(text: str, _zone: ZoneInfo) -> str:
        if text not in choices:
            raise Wrong(f"{label}: choose one of the list.")
        return text

    return Field(label, read, _plain)


def whole(label: str, least: int, most: int) -> Callable[[str, ZoneInfo], int | None]:
    """Reads a whole number within bounds; nothing stays None."""

    def read(text: str, _zone: ZoneInfo) -> int | None:
        if not text.strip():
            return None
        if not re.fullmatch(r"[0-9]{1,9}", text.strip()) or not least <= int(text) <= most:
            raise Wrong(f"{label}: a whole number from {least} to {most}, or nothing.")
        return int(text)

    return read


def _percent(text: str, _zone: ZoneInfo) -> Decimal:
    try:
        number = Decimal(text.strip().replace(",", "."))
    except InvalidOperation:
        raise Wrong("Pass mark: a number such as 70.") from None
    if not number.is_finite() or not 0 <= number <= 100 or number != round(number, 2):
        raise Wrong("Pass mark: from 0 to 100 percent, with at most two decimals.")
    return number


def _show_percent(value: Decimal, _zone: ZoneInfo) -> str:
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


FIELDS: dict[str, Field] = {
    "title": Field("Title", _title, _plain),
    "description": _text("Description", 5000),
    "instructions": _text("Instructions", 10000),
    "quiz_type": _one_of("Type", TYPES),
    "passing_score": Field("Pass mark", _percent, _show_percent),
    "max_attempts": Field("Attempts", whole("Attempts", 1, 1000), _plain),
    "require_passing": switch("Must be passed"),
    "is_mandatory": switch("Must be taken"),
    "time_limit_minutes": Field("Time limit", whole("Time limit", 1, 10080), _plain),
    "shuffle_questions": switch("Shuffle questions"),
    "shuffle_answers": switch("Shuffle answers"),
    "show_correct_answers": _one_of("What was right is shown", SHOWN),
    "available_from": Field("Opens", moment("Opens"), show_moment),
    "available_until": Field("Closes", moment("Closes"), show_moment),
    "anonymous_grading": switch("Grade without names"),
    "grading_policy": _one_of("Which attempt counts", POLICIES),
    "layout": _one_of("Questions come", LAYOUTS),
}


def texts(quiz: Quiz, zone: ZoneInfo) -> dict[str, str]:
    """Every setting as the text of its field."""
    shown = {name: field.show(getattr(quiz, name), zone) for name, field in FIELDS.items()}
    return {**shown, "lesson": str(quiz.lesson_id or ""), "final": "1" if quiz.is_final else ""}


def mark(shown: Mapping[str, str]) -> str:
    """What a form carries so that it can be told whether the settings were saved meanwhile."""
    return hashlib.sha256(msgspec.json.encode([shown[name] for name in FIELDS])).hexdigest()[:32]


async def save(
    tx: Transaction, course_id: UUID, quiz_id: UUID, given: Mapping[str, str], was: str, zone: ZoneInfo
) -> None:
    """Saves all settings of a quiz, where it belongs, and whether it ends the course.

    Raises Invalid with words at each field, SavedMeanwhile when the quiz is not what the form was filled with.
    """
    values: dict[str, Any] = {}
    errors: dict[str, str] = {}
    for name, field in FIELDS.items():
        try:
            values[name] = field.read(given.get(name, ""), zone)
        except Wrong as wrong:
            errors[name] = str(wrong)
    errors |= _together(values)
    if errors:
        raise Invalid("Nothing was saved. Please look at this again.", fields=errors)
    await tx.execute(Q.quiz_to_fill, quiz_id)
    now = await building.quiz(tx, course_id, quiz_id)
    shown = texts(now, zone)
    if was != mark(shown):
        mine = {name: field.show(values[name], zone) for name, field in FIELDS.items()}
        theirs = {name: shown[name] for name in FIELDS if shown[name] != mine[name]}
        if theirs:
            raise SavedMeanwhile(theirs)
    await _place(tx, now, given.get("lesson", ""))
    await tx.execute(Q.save_settings, course_id, quiz_id, *(values[name] for name in FIELDS))
    if bool(given.get("final")) != now.is_final:
        await tx.execute(Q.set_final, course_id, quiz_id if given.get("final") else None)


async def _place(tx: Transaction, now: Quiz, lesson: str) -> None:
    if now.status != "draft":
        return
    try:
        wanted = UUID(lesson) if lesson else None
    except ValueError:
        words = "Belongs to: choose one of the list."
        raise Invalid(words, fields={"lesson": words}) from None
    if wanted != now.lesson_id:
        await tx.execute(Q.place_quiz, now.id, wanted)


def _together(values: Mapping[str, Any]) -> dict[str, str]:
    """What must fit together."""
    wrong: dict[str, str] = {}
    opens, closes = values.get("available_from"), values.get("available_until")
    if isinstance(opens, datetime) and isinstance(closes, datetime) and closes <= opens:
        wrong["available_until"] = "Closes: this must be later than it opens."
    if values.get("show_correct_answers") == "after_deadline" and closes is None and "available_until" in values:
        wrong["available_until"] = "Closes: needed when answers are shown after the quiz has closed."
    return wrong
