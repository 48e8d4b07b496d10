"""What is decided about a lesson or a module: checked in words, kept unless somebody else changed it meanwhile."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from uuid import UUID

import msgspec

from collegium.features.studio.courses import Q
from collegium.features.studio.kinds import KINDS
from collegium.features.studio.model import Criteria, LessonType, Outline
from collegium.features.studio.titles import clean_title
from collegium.kit.db import Transaction
from collegium.kit.errors import Conflict, Invalid, NotFound

LONGEST_DESCRIPTION = 5000
MOST_OBJECTIVES = 20
LONGEST_OBJECTIVE = 300
LONGEST_MINUTES = 100_000
CHANGED = "Somebody else changed these settings while you were at them. Yours are below and not saved yet."


class LessonChoice(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that is decided about a lesson. ``requires`` are lessons that must be complete before it opens."""

    title: str
    description: str
    lesson_type: LessonType
    completion_criteria: Criteria
    min_time_seconds: int | None
    watched_percentage_required: Decimal
    require_completion: bool
    is_preview: bool
    unlock_after_lesson_id: UUID | None
    unlock_date: datetime | None
    estimated_duration_minutes: int | None
    learning_objectives: list[str]
    requires: list[UUID]


class ModuleChoice(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that is decided about a module."""

    title: str
    description: str
    unlock_after_module_id: UUID | None
    unlock_date: datetime | None
    estimated_duration_minutes: int | None
    learning_objectives: list[str]


class Decided(msgspec.Struct, frozen=True):
    """A lesson as it is. ``type_is_open``: it has no content yet and nobody has been in it, so its type may change."""

    id: UUID
    state: str
    type_is_open: bool
    choice: LessonChoice


class DecidedModule(msgspec.Struct, frozen=True):
    """A module as it is."""

    id: UUID
    state: str
    choice: ModuleChoice


def mark_of(choice: LessonChoice | ModuleChoice) -> str:
    """What a form carries, to notice that somebody else changed the settings meanwhile."""
    return hashlib.sha256(msgspec.json.encode(choice)).hexdigest()[:24]


async def lesson_settings(tx: Transaction, course_id: UUID, lesson_id: UUID) -> Decided:
    """What is decided about a lesson. Raises NotFound for who does not teach its course."""
    row = await tx.fetchrow(Q.lesson_settings, course_id, lesson_id)
    if row is None:
        raise NotFound("There is no such lesson in a course that you teach.", code="no_such_lesson")
    columns = dict(row)
    choice = LessonChoice(**{name: columns[name] for name in LessonChoice.__struct_fields__})
    return Decided(row["id"], row["state"], row["type_is_open"], choice)


async def module_settings(tx: Transaction, course_id: UUID, module_id: UUID) -> DecidedModule:
    """What is decided about a module. Raises NotFound for who does not teach its course."""
    row = await tx.fetchrow(Q.module_settings, course_id, module_id)
    if row is None:
        raise NotFound("There is no such module in a course that you teach.", code="no_such_module")
    columns = dict(row)
    choice = ModuleChoice(**{name: columns[name] for name in ModuleChoice.__struct_fields__})
    return DecidedModule(row["id"], row["state"], choice)


def objectives(text: str) -> list[str]:
    """Learning objectives of a text field, one a line."""
    return [line for line in (" ".join(line.split()) for line in text.splitlines()) if line]


def _common(choice: LessonChoice | ModuleChoice, wrong: dict[str, str]) -> None:
    try:
        clean_title(choice.title)
    except Invalid as problem:
        wrong |= problem.fields
    if len(choice.description) > LONGEST_DESCRIPTION:
        wrong["description"] = f"A description has at most {LONGEST_DESCRIPTION:,} characters."
    minutes = choice.estimated_duration_minutes
    if minutes is not None and not 1 <= minutes <= LONGEST_MINUTES:
        wrong["minutes"] = "Give whole minutes, at least 1, or nothing."
    if len(choice.learning_objectives) > MOST_OBJECTIVES:
        wrong["objectives"] = f"At most {MOST_OBJECTIVES} objectives: what would a learner remember?"
    elif any(len(one) > LONGEST_OBJECTIVE for one in choice.learning_objectives):
        wrong["objectives"] = f"An objective has at most {LONGEST_OBJECTIVE} characters."


def _check(choice: LessonChoice, now: Decided, others: set[UUID]) -> None:
    wrong: dict[str, str] = {}
    _common(choice, wrong)
    kind = KINDS.get(choice.lesson_type)
    if choice.lesson_type != now.choice.lesson_type and (kind is None or kind.comes_with):
        wrong["lesson_type"] = "Choose one of these types."
    elif kind and choice.completion_criteria not in kind.criteria:
        wrong["completion_criteria"] = f"A lesson of the type {kind.words} cannot be complete in this way."
    if choice.completion_criteria == "time_spent" and not choice.min_time_seconds:
        wrong["min_minutes"] = "Say how long a learner must be at it."
    elif choice.min_time_seconds is not None and not 1 <= choice.min_time_seconds <= 86_400:
        wrong["min_minutes"] = "Choose a time between one second and a day."
    if not 1 <= choice.watched_percentage_required <= 100:
        wrong["watched"] = "Choose a share between 1 and 100 percent."
    if not {choice.unlock_after_lesson_id, *choice.requires} <= {None, *others}:
        wrong["requires"] = "Choose other lessons of this course."
    if wrong:
        raise Invalid("Nothing was saved. Please look at this again.", fields=wrong)


async def keep_lesson(tx: Transaction, outline: Outline, course_id: UUID, wanted: Decided, seen: str) -> None:
    """Keeps what is decided about a lesson. ``seen`` is mark_of() what the person had before him.

    Raises Invalid with words for each field, Conflict (settings_changed, type_is_fixed), NotFound, and the database's
    refusal of a circle (422 unlock_circle).
    """
    await tx.execute(Q.hold_lesson, course_id, wanted.id)
    now = await lesson_settings(tx, course_id, wanted.id)
    if seen != mark_of(now.choice):
        raise Conflict(CHANGED, code="settings_changed")
    choice = wanted.choice
    _check(choice, now, {lesson.id for module in outline.modules for lesson in module.lessons} - {wanted.id})
    if choice.lesson_type != now.choice.lesson_type and not now.type_is_open:
        raise Conflict("This lesson has content or learners already, so its type stays.", code="type_is_fixed")
    await tx.execute(
        Q.keep_lesson_settings,
        course_id,
        wanted.id,
        clean_title(choice.title),
        choice.description,
        choice.lesson_type,
        choice.completion_criteria,
        choice.min_time_seconds,
        choice.watched_percentage_required,
        choice.require_completion,
        choice.is_preview,
        choice.unlock_after_lesson_id,
        choice.unlock_date,
        choice.estimated_duration_minutes,
        choice.learning_objectives,
    )
    await tx.execute(Q.drop_prerequisites, course_id, wanted.id, choice.requires)
    await tx.execute(Q.add_prerequisites, course_id, wanted.id, choice.requires)


async def keep_module(
    tx: Transaction, others: Sequence[UUID], course_id: UUID, wanted: DecidedModule, seen: str
) -> None:
    """Keeps what is decided about a module; raises as keep_lesson()."""
    await tx.execute(Q.hold_module, course_id, wanted.id)
    now = await module_settings(tx, course_id, wanted.id)
    if seen != mark_of(now.choice):
        raise Conflict(CHANGED, code="settings_changed")
    choice, wrong = wanted.choice, dict[str, str]()
    _common(choice, wrong)
    if choice.unlock_after_module_id is not None and choice.unlock_after_module_id not in others:
        wrong["after"] = "Choose another module of this course."
    if wrong:
        raise Invalid("Nothing was saved. Please look at this again.", fields=wrong)
    await tx.execute(
        Q.keep_module_settings,
        course_id,
        wanted.id,
        clean_title(choice.title),
        choice.description,
        choice.unlock_after_module_id,
        choice.unlock_date,
        choice.estimated_duration_minutes,
        choice.learning_objectives,
    )
