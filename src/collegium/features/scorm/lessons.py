"""A lesson's package as its learner sees it: where he stands, what he may do, and why it is not complete yet."""

from __future__ import annotations

from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec

from collegium.features.scorm.commits import Q
from collegium.kit.db import Transaction

MOST_ATTEMPTS = 20
"""Attempts that the lesson's page lists; all of them stand in the reports."""


class Attempt(msgspec.Struct, frozen=True):
    """One attempt that counts; times in seconds, the score in percent."""

    attempt_number: int
    completion_status: str
    success_status: str
    score: float | None
    total_time_seconds: float
    opened_at: datetime
    ended_at: datetime | None

    @property
    def word(self) -> str:
        """How it stands, in a word or two."""
        return _word(self.completion_status, self.success_status)


class Part(msgspec.Struct, frozen=True):
    """One SCO in the current attempt, with what the package has said about it."""

    sco: str
    title: str
    place: int
    opened: bool
    completion_status: str
    success_status: str
    score: float | None
    progress: float
    said_completion: bool
    said_success: bool
    said_score: bool

    @property
    def word(self) -> str:
        """How it stands, in a word or two."""
        return _word(self.completion_status, self.success_status) if self.opened else "Not opened"


class Act(msgspec.Struct, frozen=True):
    """One thing that can be done: opens the player in a mode, in a new attempt or not."""

    mode: Literal["normal", "review"]
    new: bool
    words: str
    icon: str


class Card(msgspec.Struct, frozen=True):
    """A lesson's package and where its learner stands. Without a registration nothing was opened yet."""

    scorm_package_id: UUID
    title: str
    standard: str
    edition: int | None
    import_state: str
    completion_rule: str
    passing_score: float | None
    max_attempts: int | None
    registration_id: UUID | None
    completion_status: str | None
    success_status: str | None
    score: float | None
    progress: float
    attempts: int
    total_time_seconds: float
    criterion_met_at: datetime | None
    last_accessed_at: datetime | None
    tries: list[Attempt] = []
    parts: list[Part] = []

    @property
    def attempts_left(self) -> int | None:
        """None where there is no limit."""
        return None if self.max_attempts is None else max(0, self.max_attempts - self.attempts)

    @property
    def ready(self) -> bool:
        """Whether it can be played."""
        return self.registration_id is not None or self.import_state == "ready"

    @property
    def begun(self) -> bool:
        """Whether an attempt that counts was opened."""
        return self.attempts > 0

    @property
    def word(self) -> str:
        """How it stands, in a word or two."""
        return _word(self.completion_status, self.success_status) if self.begun else "Not begun"

    @property
    def acts(self) -> list[Act]:
        """What the learner can do, the first being what he most likely wants."""
        if not self.begun:
            return [Act("normal", False, "Start", "play")]
        again = Act("normal", True, "New attempt", "rotate-ccw")
        more = [again] if self.attempts_left != 0 else []
        finished = bool(self.tries) and _is_finished(self.tries[0])
        failed = finished and self.tries[0].success_status == "failed"
        review = Act("review", False, "Review", "eye")
        if failed and more:
            return [again, review, Act("normal", False, "Go on with this attempt", "play")]
        if finished:
            return [review, Act("normal", False, "Go on with this attempt", "play"), *more]
        return [Act("normal", False, "Resume", "play"), *more]

    @property
    def rule(self) -> str:
        """What completes the lesson, in a sentence."""
        words = RULES[self.completion_rule]
        if self.passing_score is not None and self.completion_rule != "launched":
            words += f" {self.passing_score:g} % are needed to pass."
        return words

    @property
    def missing(self) -> list[str]:
        """Why the lesson is not complete, as far as it can be told from what the package has said. Empty when it is."""
        if self.criterion_met_at is not None:
            return []
        if not self.begun:
            return ["You have not opened it yet."]
        return _missing(self)


RULES = {
    "finished": "It is complete when the lesson itself says so: finished and not failed, or passed.",
    "completed": "It is complete when the lesson itself says that you have finished it.",
    "passed": "It is complete when you have passed it.",
    "completed_and_passed": "It is complete when you have finished and passed it in one attempt.",
    "launched": "It is complete when you have opened it.",
}


def _word(completion: str | None, success: str | None) -> str:
    if success == "passed":
        return "Passed"
    if success == "failed":
        return "Not passed"
    return "Complete" if completion == "completed" else "Begun"


def _is_finished(attempt: Attempt) -> bool:
    return attempt.completion_status == "completed" or attempt.success_status == "passed"


def _missing(card: Card) -> list[str]:
    found: list[str] = []
    current = card.tries[0] if card.tries else None
    if card.completion_rule != "passed" and (current is None or current.completion_status != "completed"):
        found += _unfinished(card.parts)
    if current is not None and current.success_status == "failed":
        found.append(f"You have not passed: {_score_words(card, current)}")
    elif card.completion_rule in ("passed", "completed_and_passed") and (
        current is None or current.success_status != "passed"
    ):
        silent = [part for part in card.parts if not part.said_success]
        found.append(
            "The lesson has not said whether you passed."
            if len(silent) == len(card.parts)
            else f"You have not passed {_titles([part for part in card.parts if part.success_status != 'passed'])} yet."
        )
    return found or ["The lesson has not said yet that you have finished it."]


def _unfinished(parts: list[Part]) -> list[str]:
    """What the parts lack: those that were never opened, those that are begun, those that never said anything."""
    one = len(parts) == 1
    unopened = [part for part in parts if not part.opened]
    silent = [part for part in parts if part.opened and not part.said_completion]
    begun = [part for part in parts if part.opened and part.said_completion and part.completion_status != "completed"]
    found: list[str] = []
    if unopened and not one:
        found.append(f"You have not opened {_titles(unopened)}.")
    if begun:
        found.append(
            "It says that you have begun and not finished it." if one else f"You have not finished {_titles(begun)}."
        )
    if silent:
        found.append(
            "It has not said whether you have finished it. Go through to its end, and leave it with “Save and leave”."
            if one
            else f"{_titles(silent)} {'has' if len(silent) == 1 else 'have'} not said whether you have finished."
        )
    return found


def _score_words(card: Card, attempt: Attempt) -> str:
    if attempt.score is None:
        return "the lesson says so without a score."
    needed = f", {card.passing_score:g} % are needed" if card.passing_score is not None else ""
    return f"{attempt.score:g} %{needed}."


def _titles(parts: list[Part]) -> str:
    named = [f"“{part.title or part.sco}”" for part in parts[:3]]
    rest = len(parts) - len(named)
    if rest:
        return f"{', '.join(named)} and {rest} other part{'' if rest == 1 else 's'}"
    return named[0] if len(named) == 1 else f"{', '.join(named[:-1])} and {named[-1]}"


async def card(tx: Transaction, lesson_id: UUID, enrollment_id: UUID | None) -> Card | None:
    """The package of a lesson for the person of the transaction; None when the lesson has none yet."""
    found = await tx.maybe(Card, Q.lesson_card, lesson_id, enrollment_id)
    if found is None or found.registration_id is None:
        return found
    return msgspec.structs.replace(
        found,
        tries=await tx.all(Attempt, Q.lesson_attempts, found.registration_id, MOST_ATTEMPTS),
        parts=await tx.all(Part, Q.parts, found.registration_id),
    )
