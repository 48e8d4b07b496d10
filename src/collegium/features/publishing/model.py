"""The way of a course to its learners: what it lacks, what changed, who would be moved. Instants are aware."""

from __future__ import annotations

from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec

from collegium.features.studio.service import Course

Status = Literal["draft", "under_review", "published", "archived"]


class Rights(msgspec.Struct, frozen=True):
    """What the person who looks is to a course."""

    author: bool
    """Whose course it is."""
    team: bool
    """Its author or a co-instructor."""
    admin: bool

    @property
    def decides(self) -> bool:
        """Whether he may approve it: an administrator who has no part in it."""
        return self.admin and not self.team

    @property
    def leads(self) -> bool:
        """Whether he may archive it and say who is of the team."""
        return self.author or self.admin


class Standing(msgspec.Struct, frozen=True):
    """Where a course stands. ``version`` is the number published last, ``learners`` those under way."""

    course: Course
    rights: Rights
    version: int | None
    version_id: UUID | None
    learners: int


class Check(msgspec.Struct, frozen=True):
    """One line of the check list: what is in order, or what is missing and where it is mended."""

    ok: bool
    blocking: bool
    words: str
    path: str
    link: str


class Change(msgspec.Struct, frozen=True):
    """A part that is new, changed or removed since the version published last."""

    kind: Literal["added", "changed", "removed"]
    part: Literal["module", "lesson"]
    id: UUID
    title: str
    details: str


class Step(msgspec.Struct, frozen=True):
    """A line of a course's history."""

    id: UUID
    created_at: datetime
    by: str | None
    from_status: Status
    to_status: Status
    note: str | None
    version: int | None

    @property
    def words(self) -> str:
        """What was done."""
        if self.from_status == self.to_status:
            return "Published changes"
        return {
            ("draft", "under_review"): "Submitted for review",
            ("under_review", "draft"): "Sent back to draft",
            ("under_review", "published"): "Approved and published",
            ("published", "archived"): "Archived",
            ("archived", "published"): "Published again",
        }.get(
            (self.from_status, self.to_status), "Published" if self.to_status == "published" else "Taken back to draft"
        )


class Move(msgspec.Struct, frozen=True):
    """What a move to the newest version would change for a learner who is under way."""

    enrollment_id: UUID
    member_name: str
    from_number: int | None
    to_number: int
    done_before: int
    asked_before: int
    done_after: int
    asked_after: int

    @property
    def before(self) -> int:
        """Percent before."""
        return _percent(self.done_before, self.asked_before)

    @property
    def after(self) -> int:
        """Percent after."""
        return _percent(self.done_after, self.asked_after)


class Released(msgspec.Struct, frozen=True):
    """A lesson that versions still ask for and the course does not: learners may be let off it."""

    id: UUID
    title: str
    state: str
    learners: int


def _percent(done: int, asked: int) -> int:
    return min(100, round(done * 100 / asked)) if asked else 0
