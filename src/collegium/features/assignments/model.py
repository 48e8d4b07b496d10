"""Assignments as their instructors build them and as learners meet them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal
from uuid import UUID

import msgspec

from collegium.features.authoring import service as authoring

Status = Literal["draft", "published", "archived"]
SubmissionType = Literal["file_upload", "text_entry", "url_submission", "both"]

SUBMISSION_TYPES: dict[str, str] = {
    "file_upload": "Files",
    "text_entry": "A text, written in the page",
    "url_submission": "An address on the web",
    "both": "Files, a text or an address: at least one of them",
}
FILE_GROUPS: dict[str, tuple[str, tuple[str, ...]]] = {
    "pdf": ("PDF", ("pdf",)),
    "word": ("Word documents (.docx)", ("docx",)),
    "excel": ("Spreadsheets (.xlsx, .csv)", ("xlsx", "csv")),
    "slides": ("Slides (.pptx)", ("pptx",)),
    "text": ("Plain text (.txt, .md)", ("txt", "md")),
    "picture": ("Pictures (PNG, JPEG, GIF, WebP, AVIF)", ("png", "jpg", "jpeg", "gif", "webp", "avif")),
    "sound": ("Sound (MP3, M4A, WAV, OGG, FLAC)", ("mp3", "m4a", "wav", "ogg", "flac")),
    "video": ("Video (MP4, MOV, WebM, MKV, …)", ("mp4", "mov", "webm", "mkv", "avi", "wmv", "mpg", "ts", "flv", "ogv")),
    "archive": ("Archives (.zip)", ("zip",)),
}
"""What is chosen in the builder → its words and the endings that a file's content may give it."""
MOST_CRITERIA = 50


class Course(msgspec.Struct, frozen=True):
    """A course of the studio."""

    id: UUID
    title: str
    slug: str
    status: str


class Criterion(msgspec.Struct, frozen=True):
    """One line of a rubric: what is looked at, the most points for it, and what they are given for."""

    criterion: str
    points: Decimal
    description: str = ""


class NewAssignment(msgspec.Struct, frozen=True, kw_only=True):
    """What an assignment begins with; the rest is as usual until somebody changes it."""

    title: str
    description: str = ""


class Tab(msgspec.Struct, frozen=True):
    """A page of an assignment in the studio: what follows its address, its words, its rank, and for which it is."""

    suffix: str
    words: str
    rank: int
    only: str = ""
    """A setting that must be on: ``enable_peer_review`` or ``group_mode``."""


TABS: list[Tab] = [Tab("", "Settings", 1)]


class Assignment(msgspec.Struct, frozen=True):
    """An assignment with all its settings. ``rubric`` is empty where points are given without one."""

    id: UUID
    course_id: UUID
    lesson_id: UUID | None
    lesson_title: str | None
    lesson_criteria: str | None
    title: str
    description: str
    instructions_html: str | None
    status: Status
    total_points: Decimal
    passing_percentage: Decimal
    rubric: list[Criterion]
    submission_type: SubmissionType
    allowed_file_types: list[str] | None
    max_file_size_mb: int
    max_submissions: int | None
    available_from: datetime | None
    due_date: datetime | None
    late_submission_allowed: bool
    late_penalty_percentage: Decimal
    group_mode: bool
    enable_peer_review: bool
    anonymous_marking: bool
    peer_reviews_required: int
    submissions_count: int
    graded_count: int
    avg_score: Decimal | None

    @property
    def path(self) -> str:
        """Its address in the studio."""
        return f"/studio/{self.course_id}/assignments/{self.id}"

    @property
    def tabs(self) -> list[tuple[str, str]]:
        """Words and addresses of the pages that it has in the studio, for ``ui.tabs``."""
        return [(tab.words, self.path + tab.suffix) for tab in TABS if not tab.only or getattr(self, tab.only)]


class AssignmentLine(msgspec.Struct, frozen=True):
    """An assignment in the list of its course. ``waiting`` is how many submissions wait for a grade."""

    id: UUID
    title: str
    status: Status
    lesson_id: UUID | None
    lesson_title: str | None
    total_points: Decimal
    due_date: datetime | None
    group_mode: bool
    submissions_count: int
    graded_count: int
    avg_score: Decimal | None
    rubric_lines: int


class LessonChoice(msgspec.Struct, frozen=True):
    """A lesson that an assignment may belong to."""

    id: UUID
    title: str
    module_title: str


class Check(msgspec.Struct, frozen=True):
    """One line of the check list; a blocking one keeps the assignment from being published.

    ``tab`` is the end of the address where it is mended, if that is another page.
    """

    words: str
    blocking: bool = True
    tab: str = ""


class Standing(msgspec.Struct, frozen=True):
    """How far an enrollment is in one assignment; points are after the deduction for lateness."""

    assignment_id: UUID
    lesson_id: UUID | None
    title: str
    taken: int
    waiting: bool
    requested: bool
    score: Decimal | None
    points_have: Decimal | None
    points_needed: Decimal
    points_total: Decimal


class HandedIn(msgspec.Struct, frozen=True):
    """One submission in the list of its learner."""

    id: UUID
    number: int
    submitted_at: datetime
    status: str
    files: int
    names: list[str]
    letters: int
    url: str | None
    by: str | None
    penalty_due: datetime | None
    penalty_days: int
    penalty_per_day: Decimal | None
    penalty: Decimal
    penalty_from: int | None
    points_earned: Decimal | None
    max_points: Decimal
    final_score: Decimal | None


class Mate(msgspec.Struct, frozen=True):
    """Somebody of a group, as the group sees him."""

    name: str
    me: bool


class OwnGroup(msgspec.Struct, frozen=True):
    """The group of the person who asks."""

    id: UUID
    name: str
    members: list[Mate]


class Draft(msgspec.Struct, frozen=True):
    """What somebody wrote and has not handed in; ``revision`` 0: nothing was saved yet."""

    text: str = ""
    url: str = ""
    revision: int = 0
    saved_at: datetime | None = None


class DraftFile(msgspec.Struct, frozen=True):
    """A file that is to be handed in: on its way, being checked, or ready."""

    id: UUID
    name: str
    bytes: int
    state: str
    refusal: str | None


class Card(msgspec.Struct, frozen=True):
    """What a learner has before him: the task, what holds for him now, what he wrote, what he handed in."""

    id: UUID
    title: str
    description: str
    instructions_html: str | None
    rubric: list[Criterion] | None
    course_id: UUID
    course_title: str
    course_slug: str
    lesson_id: UUID | None
    status: Status
    state: str
    """staff, not_published, locked, no_group, not_open, used_up, too_late or open."""
    server_time: datetime
    total_points: Decimal
    passing_percentage: Decimal
    submission_type: SubmissionType
    allowed_file_types: list[str] | None
    max_file_size_mb: int
    available_from: datetime | None
    due_date: datetime | None
    """The deadline that holds for him, or for his group."""
    usual_due_date: datetime | None
    extended_until: datetime | None
    extra_submissions: int
    late_submission_allowed: bool
    late_penalty_percentage: Decimal
    penalty_due: datetime | None
    penalty_days: int
    penalty_per_day: Decimal
    penalty: Decimal
    penalty_from: int | None
    taken: int
    allowed: int | None
    requested: bool
    group_mode: bool
    enable_peer_review: bool
    group: OwnGroup | None
    draft: Draft | None
    files: list[DraftFile]
    submissions: list[HandedIn]

    @property
    def html(self) -> str:
        """The instructions without anything that could run or reach outside, whatever was stored."""
        return authoring.shown_html(self.instructions_html or "")

    @property
    def needs_script(self) -> bool:
        """Whether there are formulas to draw or code to colour in the instructions."""
        return "data-math" in self.html or "language-" in self.html

    @property
    def takes_files(self) -> bool:
        """Whether files can be handed in."""
        return self.submission_type in ("file_upload", "both")

    @property
    def takes_text(self) -> bool:
        """Whether a text can be handed in."""
        return self.submission_type in ("text_entry", "both")

    @property
    def takes_url(self) -> bool:
        """Whether an address can be handed in."""
        return self.submission_type in ("url_submission", "both")

    @property
    def to_confirm(self) -> bool:
        """Whether handing in now is asked about first: nothing can be handed in after it, or it costs points."""
        return self.last_one or (self.penalty > 0 and self.penalty_from is None)

    @property
    def last_one(self) -> bool:
        """Whether what is handed in now is the last that is taken."""
        return not self.requested and self.allowed is not None and self.taken + 1 >= self.allowed


def assignment_of(row: Mapping[str, Any]) -> Assignment:
    """A row of the database with its rubric as a list."""
    lines = msgspec.convert(row["rubric"] or [], list[Criterion], strict=False)
    return Assignment(**{name: value for name, value in row.items() if name != "rubric"}, rubric=lines)
