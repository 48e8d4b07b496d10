"""Cohorts: a course's runs, what people are offered, and who is in them. Instants are aware."""

from __future__ import annotations

from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec

State = Literal["planned", "open", "closed"]


class Cohort(msgspec.Struct, frozen=True, kw_only=True):
    """A run of a course. ``state`` is whether its dates let people in now; places are another question."""

    id: UUID
    name: str
    description: str | None
    starts_at: datetime
    ends_at: datetime | None
    enrollment_opens_at: datetime | None
    enrollment_closes_at: datetime | None
    capacity: int | None
    seats_taken: int
    is_closed: bool
    time_zone: str
    state: State

    @property
    def places_left(self) -> int | None:
        """Places that are left; None where their number is not limited."""
        return None if self.capacity is None else max(0, self.capacity - self.seats_taken)

    @property
    def can_be_joined(self) -> bool:
        """Whether somebody can enrol in it now, as far as the cohort is concerned."""
        return self.state == "open" and self.places_left != 0

    def is_over(self, now: datetime) -> bool:
        """Whether it has ended."""
        return self.ends_at is not None and self.ends_at <= now

    def has_begun(self, now: datetime) -> bool:
        """Whether its lessons are open."""
        return self.starts_at <= now

    def words(self, now: datetime) -> str:
        """Its state as a team reads it."""
        if self.is_over(now):
            return "Over"
        if self.is_closed:
            return "Closed by hand"
        if self.state == "planned":
            return "Planned"
        if self.state == "closed":
            return "Enrollment closed"
        return "Full" if self.places_left == 0 else "Open for enrollment"


class TeamCohort(Cohort, frozen=True, kw_only=True):
    """A cohort as its team sees it. ``is_empty``: nobody is or ever was in it, so it can be removed."""

    is_empty: bool


class Place(msgspec.Struct, frozen=True):
    """A cohort that somebody is or was in."""

    enrollment_id: UUID
    cohort_id: UUID | None
    name: str
    starts_at: datetime | None
    ends_at: datetime | None
    status: str

    @property
    def goes_on(self) -> bool:
        """Whether it is under way, begun or not."""
        return self.status in ("enrolled", "in_progress")


class Offer(msgspec.Struct, frozen=True):
    """What somebody may choose from when he enrols, and the cohorts that he is or was in, the newest first.

    ``ordered`` is the cohort that was named with an order.
    """

    cohorts: list[Cohort]
    places: list[Place]
    only: bool
    ordered: UUID | None = None

    @property
    def open(self) -> list[Cohort]:
        """Those that can be joined now and that the person was never in."""
        mine = {place.cohort_id for place in self.places if place.status != "dropped"}
        return [cohort for cohort in self.cohorts if cohort.can_be_joined and cohort.id not in mine]

    def chosen(self, wanted: str) -> str:
        """What is ticked at first: what was wanted, else what was ordered, else the first cohort, else no cohort."""
        offered = [str(cohort.id) for cohort in self.open]
        if wanted in offered or (wanted == "none" and not self.only):
            return wanted
        if str(self.ordered) in offered:
            return str(self.ordered)
        return offered[0] if offered else "none"


class Member(msgspec.Struct, frozen=True):
    """Somebody in a cohort. Of ``moved_from`` only the last move is told."""

    enrollment_id: UUID
    first_name: str
    last_name: str
    email: str
    status: str
    enrolled_at: datetime
    last_accessed_at: datetime | None
    completed_at: datetime | None
    lessons_completed: int
    total_lessons: int
    moved_from: str | None
    moved_at: datetime | None
    move_reason: str | None

    @property
    def name(self) -> str:
        """Full name, or the address where none was given."""
        return f"{self.first_name} {self.last_name}".strip() or self.email

    @property
    def can_be_moved(self) -> bool:
        """Whether there is something under way to take along."""
        return self.status in ("enrolled", "in_progress")


class MemberPlace(msgspec.Struct, frozen=True):
    """Where a page of a list of people ends: the names and the enrollment that come last."""

    last_name: str
    first_name: str
    enrollment_id: UUID


class Members(msgspec.Struct, frozen=True):
    """A page of the people of a cohort, by name."""

    people: list[Member]
    next: MemberPlace | None


class Added(msgspec.Struct, frozen=True):
    """What became of one address: see ``OUTCOMES``."""

    place: int
    email: str
    outcome: str
    member_name: str | None

    @property
    def words(self) -> str:
        """The outcome as the team reads it."""
        return OUTCOMES[self.outcome]

    @property
    def is_in(self) -> bool:
        """Whether the person is in the cohort now."""
        return self.outcome in ("added", "joined", "already")


OUTCOMES = {
    "added": "Added, and told on the site.",
    "joined": "Took the course without a cohort; now in this one, with what was done so far.",
    "already": "In this cohort already.",
    "no_account": "Nobody has an account with this address. Ask them to sign up, then add them.",
    "elsewhere": "Takes the course in another cohort. Move them from there.",
    "full": "The cohort is full. Give it more places, or choose another one.",
    "held": "Their enrollment is held. Ask the association’s office.",
    "teaches": "Teaches this course, so cannot take it.",
    "members_only": "The course is for members, and this membership is not active.",
    "unpaid": "Has not paid for the course. When the office has recorded the payment, add them again.",
}
