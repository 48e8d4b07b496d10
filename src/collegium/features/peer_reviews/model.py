"""Peer review as reviewers, authors and instructors see it. Instants are aware."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any, Literal
from uuid import UUID

import msgspec

from collegium.features.marking import service as marking

State = Literal["waiting", "complete", "fallback"]
ReviewStatus = Literal["assigned", "completed", "withdrawn"]


class Task(msgspec.Struct, frozen=True):
    """A review that somebody was given. ``samples_open`` are to be marked before it."""

    id: UUID
    assignment_id: UUID
    title: str
    course_title: str
    status: ReviewStatus
    due_at: datetime | None
    completed_at: datetime | None
    withdrawn_for: str | None
    has_draft: bool
    samples_open: int


class Received(msgspec.Struct, frozen=True):
    """What a peer wrote of a work, without who he is."""

    points: Decimal | None
    rubric_scores: dict[str, Any] | None
    feedback_html: str | None
    completed_at: datetime


class OwnWork(msgspec.Struct, frozen=True):
    """How somebody's own work stands; ``to_write`` are the reviews of his that come before reading."""

    submission_id: UUID
    title: str
    course_title: str
    state: State
    reason: str | None
    required: int
    received: int
    to_write: int
    criteria: list[str]


class Criterion(msgspec.Struct, frozen=True):
    """One line of a rubric with what stands in its field."""

    name: str
    description: str
    most: Decimal
    given: str


class Work(msgspec.Struct, frozen=True, kw_only=True):
    """A work, or a sample, as a reviewer sees it."""

    id: UUID
    title: str
    course_title: str
    description: str
    instructions_html: str
    rubric: list[dict[str, Any]]
    max_points: Decimal
    shown: marking.Work
    files: list[marking.WorkFile]


class ReviewPage(msgspec.Struct, frozen=True, kw_only=True):
    """A review with its work: a draft, or what was handed in."""

    work: Work
    status: ReviewStatus
    due_at: datetime | None
    completed_at: datetime | None
    points: str
    scores: dict[str, Any]
    feedback: str
    feedback_html: str
    saved_at: datetime | None


class SamplePage(msgspec.Struct, frozen=True, kw_only=True):
    """A sample; ``theirs`` is the instructor's mark, once one has marked it oneself."""

    work: Work
    position: int
    mine: dict[str, Any] | None
    theirs: dict[str, Any] | None


class Given(msgspec.Struct, frozen=True):
    """What a form gives: points, or a score for each criterion; and words."""

    points: Decimal | None
    scores: dict[str, Decimal] | None
    feedback: str


class Settings(msgspec.Struct, frozen=True):
    """How peers review in an assignment, and when it began and must be over."""

    wait_hours: int
    review_days: int
    passes: int
    pass_days: int
    extra_reviews: int
    grade_share: Decimal
    calibration: bool
    allotted_at: datetime | None
    ends_at: datetime | None


class Figures(msgspec.Struct, frozen=True):
    """How far peer review is in an assignment."""

    works: int
    waiting: int
    complete: int
    fallback: int
    unconfirmed: int
    given: int
    written: int
    open: int
    overdue: int
    timed_out: int


class WorkLine(msgspec.Struct, frozen=True):
    """A work in the instructor's list. ``own_points``: he has graded it himself."""

    submission_id: UUID
    author: str
    members: int
    state: State
    reason: str | None
    required: int
    received: int
    open: int
    peer_points: Decimal | None
    max_points: Decimal
    graded: bool
    confirmed_at: datetime | None


class StuckLine(msgspec.Struct, frozen=True):
    """Somebody who has not written a review that he was given."""

    review_id: UUID
    reviewer: str
    email: str
    author: str
    submission_id: UUID
    status: ReviewStatus
    withdrawn_for: str | None
    due_at: datetime | None
    reminded_at: datetime | None
    samples_open: int
    last_accessed_at: datetime | None


class WorkReview(msgspec.Struct, frozen=True):
    """A review of one work with its author, for the instructor."""

    id: UUID
    reviewer: str
    review_type: str
    status: ReviewStatus
    withdrawn_for: str | None
    assigned_at: datetime
    due_at: datetime | None
    completed_at: datetime | None
    points: Decimal | None
    rubric_scores: dict[str, Any] | None
    feedback_html: str | None
    weight: Decimal
    left_out_at: datetime | None
    left_out_by: str | None
    left_out_reason: str | None


class WorkPage(msgspec.Struct, frozen=True):
    """One work and how it stands, with the figures of a confirmed grade."""

    submission_id: UUID
    author: str
    members: int
    state: State
    reason: str | None
    required: int
    received: int
    max_points: Decimal
    own_points: Decimal | None
    mean_points: Decimal | None
    points_earned: Decimal | None
    peer_points: Decimal | None
    confirmed_own: Decimal | None
    confirmed_share: Decimal | None
    confirmed_at: datetime | None
    confirmed_by: str | None


class Sample(msgspec.Struct, frozen=True):
    """A sample with the instructor's mark. ``author`` is None for a text that was written for it."""

    id: UUID
    position: int
    submission_id: UUID | None
    sample_text: str | None
    author: str | None
    points: Decimal
    rubric_scores: dict[str, Any] | None
    feedback: str
    marked: int


class Calibrated(msgspec.Struct, frozen=True):
    """How far off a reviewer was on each sample, as shares of the points, and what his reviews weigh."""

    reviewer: str
    email: str
    marks: list[dict[str, Any]]
    off: Decimal
    weight: Decimal


class HandedIn(msgspec.Struct, frozen=True):
    """A work to choose as a sample."""

    id: UUID
    author: str
