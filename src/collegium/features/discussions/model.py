"""Reviews and discussions as their pages show them. Instants are aware; shares are whole percent."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Literal, get_args
from uuid import UUID

import msgspec
from markupsafe import Markup

from collegium.features.discussions.texts import shown

Sort = Literal["helpful", "newest", "highest", "lowest"]
SORTS: tuple[tuple[Sort, str], ...] = (
    ("helpful", "Most helpful first"),
    ("newest", "Newest first"),
    ("highest", "Highest rating first"),
    ("lowest", "Lowest rating first"),
)
Queue = Literal["waiting", "approved", "turned_down"]
QUEUES: tuple[Queue, ...] = get_args(Queue)
STARS: tuple[tuple[int, str], ...] = ((1, "Poor"), (2, "Fair"), (3, "Good"), (4, "Very good"), (5, "Excellent"))


class ReviewPlace(msgspec.Struct, frozen=True, array_like=True):
    """Where a page of reviews ended, in whichever order."""

    is_featured: bool
    helpful_count: int
    rating: int
    created_at: datetime
    id: UUID


class TimePlace(msgspec.Struct, frozen=True, array_like=True):
    """Where a page ended that is ordered by time."""

    created_at: datetime
    id: UUID


class ThreadPlace(msgspec.Struct, frozen=True, array_like=True):
    """Where a page of discussions ended."""

    is_pinned: bool
    last_post_at: datetime
    id: UUID


class ReviewedCourse(msgspec.Struct, frozen=True):
    """A course that people review."""

    id: UUID
    slug: str
    title: str
    avg_rating: Decimal | None
    total_reviews: int


class Review(msgspec.Struct, frozen=True):
    """An approved review. ``my_vote`` is what the reader said of it: helpful, not helpful, or None."""

    id: UUID
    author: str
    rating: int
    title: str | None
    review_text: str | None
    is_featured: bool
    helpful_count: int
    not_helpful_count: int
    created_at: datetime
    mine: bool
    my_vote: bool | None

    @property
    def html(self) -> Markup:
        """The words as they are shown."""
        return shown(self.review_text or "")


class Reviews(msgspec.Struct, frozen=True):
    """One page of reviews, and where the next begins."""

    reviews: list[Review]
    next: ReviewPlace | None


class OnCourse(msgspec.Struct, frozen=True):
    """What a course's own page shows of its reviews; ``document`` is for search engines."""

    course: ReviewedCourse
    counts: dict[int, int]
    reviews: list[Review]
    document: Markup | None


class MyReview(msgspec.Struct, frozen=True):
    """The reader's review of a course (``id`` None: none), and what decides whether he can write one."""

    id: UUID | None
    rating: int | None
    title: str | None
    review_text: str | None
    is_approved: bool | None
    moderated_at: datetime | None
    moderation_reason: str | None
    created_at: datetime | None
    enrolled: bool
    teaches: bool
    done: int
    needed: int

    @property
    def may_write(self) -> bool:
        """Whether a review would be taken."""
        return self.enrolled and not self.teaches and (self.id is not None or self.done >= self.needed)

    @property
    def html(self) -> Markup:
        """The words as they are shown."""
        return shown(self.review_text or "")


class WriteReview(msgspec.Struct, frozen=True):
    """What somebody says of a course. ``rating`` 0 stands for none chosen."""

    rating: int
    title: str
    text: str


class ToModerate(msgspec.Struct, frozen=True):
    """A review about which somebody decides. ``by_office``: an administrator has decided before."""

    id: UUID
    course_id: UUID
    course_title: str
    slug: str
    author: str
    rating: int
    title: str | None
    review_text: str | None
    created_at: datetime
    moderated_at: datetime | None
    is_approved: bool
    is_featured: bool
    moderation_reason: str | None
    helpful_count: int
    by_office: bool

    @property
    def html(self) -> Markup:
        """The words as they are shown."""
        return shown(self.review_text or "")


class Verdict(msgspec.Struct, frozen=True):
    """What becomes of a review. ``reason`` is for turning it down."""

    approved: bool
    featured: bool = False
    reason: str | None = None


class ModerationPage(msgspec.Struct, frozen=True):
    """One page of reviews to decide about, and where the next begins."""

    reviews: list[ToModerate]
    next: TimePlace | None


class Forum(msgspec.Struct, frozen=True):
    """The forum of a course, and what the reader is in it."""

    course_id: UUID
    slug: str
    title: str
    part: Literal["moderator", "learner"]
    open_reports: int

    @property
    def moderates(self) -> bool:
        """Whether the reader pins, closes, hides and marks answers."""
        return self.part == "moderator"


class Thread(msgspec.Struct, frozen=True):
    """A discussion in the list of a forum. ``unread``: all of it, only replies, or nothing is new to the reader."""

    id: UUID
    lesson_id: UUID | None
    lesson_title: str | None
    title: str
    author: str
    mine: bool
    is_pinned: bool
    is_locked: bool
    is_answered: bool
    posts_count: int
    last_post_at: datetime
    created_at: datetime
    unread: Literal["all", "replies"] | None

    @property
    def replies(self) -> int:
        """Posts after the first."""
        return max(0, self.posts_count - 1)


class Threads(msgspec.Struct, frozen=True):
    """One page of discussions, and where the next begins."""

    threads: list[Thread]
    next: ThreadPlace | None


class Discussion(msgspec.Struct, frozen=True):
    """One discussion without its posts, and what the reader is in its forum."""

    id: UUID
    course_id: UUID
    slug: str
    course_title: str
    lesson_id: UUID | None
    lesson_title: str | None
    title: str
    mine: bool
    is_pinned: bool
    is_locked: bool
    answer_id: UUID | None
    posts_count: int
    part: Literal["moderator", "learner"]

    @property
    def moderates(self) -> bool:
        """Whether the reader pins, closes, hides and marks answers."""
        return self.part == "moderator"

    @property
    def takes_replies(self) -> bool:
        """Whether the reader may write in it."""
        return self.moderates or not self.is_locked


class Post(msgspec.Struct, frozen=True):
    """What was said. ``body`` is None for who may not read it: it was taken back, or hidden."""

    id: UUID
    parent_id: UUID | None
    author: str | None
    mine: bool
    by_team: bool
    is_answer: bool
    body: str | None
    created_at: datetime
    edited_at: datetime | None
    deleted: bool
    hidden: bool
    hidden_reason: str | None
    reported: bool
    open_reports: int

    @property
    def html(self) -> Markup:
        """The words as they are shown."""
        return shown(self.body or "")


class Posts(msgspec.Struct, frozen=True):
    """One page of a discussion, and where the next begins."""

    posts: list[Post]
    next: TimePlace | None


class Report(msgspec.Struct, frozen=True):
    """A post that somebody asks the team to look at."""

    id: UUID
    post_id: UUID
    discussion_id: UUID
    discussion_title: str
    author: str
    body: str | None
    post_state: Literal["shown", "hidden", "taken back"]
    reported_by: str
    reason: str
    created_at: datetime
    settled_at: datetime | None
    outcome: Literal["hidden", "kept"] | None

    @property
    def html(self) -> Markup:
        """The words as they are shown."""
        return shown(self.body or "")


class Reports(msgspec.Struct, frozen=True):
    """One page of reports, and where the next begins."""

    reports: list[Report]
    next: TimePlace | None
