"""What an import of questions tells: the report of a dry run, and how an import stands."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec

FORMATS = {
    "gift": "GIFT",
    "moodle_xml": "Moodle XML",
    "qti": "QTI",
    "csv": "CSV",
    "several": "Several formats",
}
TYPE_WORDS = {
    "multiple_choice": "Multiple choice",
    "multiple_answer": "Multiple answers",
    "true_false": "True or false",
    "short_answer": "Short answer",
    "numeric": "Number",
    "fill_blank": "Gaps to fill",
    "matching": "Matching",
    "ordering": "Ordering",
    "essay": "Essay",
}
MOST_REMARKS = 20
"""Remarks that are kept for one question."""


class Refused(Exception):
    """The file is not imported; the text says why, for the person who sent it."""


class Note(msgspec.Struct, frozen=True):
    """A remark, with the place it is about: the file of a package, the line (or row), the column or element."""

    words: str
    place: str = ""


class AnswerLine(msgspec.Struct, frozen=True):
    """An answer as the report shows it; ``share`` is its part of the points in percent, None where none is said."""

    text: str
    share: float | None = None


class QuestionLine(msgspec.Struct, frozen=True, kw_only=True):
    """A question as the report lists it. ``type`` is None for one that is not taken; then the notes say why."""

    number: int
    name: str
    place: str
    type: str | None
    text: str = ""
    answers: list[AnswerLine] = []
    more_answers: int = 0
    points: str = "1"
    tags: list[str] = []
    notes: list[Note] = []
    known: str = ""
    """``bank``: the course's bank has a question with this text; ``file``: the file has it before."""


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What a file holds and what will happen, as it is shown and kept."""

    format: str
    version: str = ""
    questions: list[QuestionLine]
    notes: list[Note] = []

    @property
    def taken(self) -> list[QuestionLine]:
        """The questions that can be imported."""
        return [one for one in self.questions if one.type]

    @property
    def left(self) -> list[QuestionLine]:
        """Those that cannot."""
        return [one for one in self.questions if not one.type]

    @property
    def known(self) -> list[QuestionLine]:
        """Those that can, and are there already."""
        return [one for one in self.questions if one.type and one.known]


class Place(msgspec.Struct, frozen=True):
    """A bank: of a course, of an organisation, or (neither) the shared one."""

    course_id: UUID | None
    organisation_id: UUID | None = None


class Import(msgspec.Struct, frozen=True):
    """An import as its owner sees it."""

    id: UUID
    format: str | None
    file_name: str
    file_size: int
    state: str
    progress: int
    step: str
    report: Report | None
    chosen: list[int] | None
    made: int | None
    problem: str | None
    created_at: datetime
    updated_at: datetime
    finished_at: datetime | None
    is_stuck: bool

    @property
    def is_under_way(self) -> bool:
        """Whether a job is at work."""
        return self.state in ("reading", "importing")


class ImportLine(msgspec.Struct, frozen=True):
    """An import in the list."""

    id: UUID
    format: str | None
    file_name: str
    state: str
    progress: int
    made: int | None
    created_at: datetime


class Work(msgspec.Struct, frozen=True):
    """What a job is to do."""

    id: UUID
    owner_id: UUID
    course_id: UUID | None
    organisation_id: UUID | None
    state: str
    file_name: str
    chosen: list[int] | None
    content: bytes | None
    storage_key: str | None
