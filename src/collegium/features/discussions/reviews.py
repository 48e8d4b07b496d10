"""Reviews of courses: reading, writing, voting, deciding. The database decides who may; see its functions."""

from __future__ import annotations

import re
from uuid import UUID

import msgspec
from markupsafe import Markup

from collegium.features.discussions.model import (
    SORTS,
    ModerationPage,
    MyReview,
    OnCourse,
    Queue,
    Review,
    ReviewedCourse,
    ReviewPlace,
    Reviews,
    Sort,
    TimePlace,
    ToModerate,
    Verdict,
    WriteReview,
)
from collegium.kit import queries
from collegium.kit.db import Actor, Transaction
from collegium.kit.errors import Invalid, NotFound
from collegium.kit.site import Site

Q = queries.load("collegium.features.discussions")
PAGE_SIZE = 20
_SLUG = re.compile(r"[a-z0-9-]{1,120}")


async def reviewed_course(tx: Transaction, slug: str) -> ReviewedCourse:
    """A course by its address. Raises NotFound for those who do not see it."""
    found = await tx.maybe(ReviewedCourse, Q.reviewed_course, slug) if _SLUG.fullmatch(slug) else None
    if found is None:
        raise NotFound("There is no course at this address. It may have been renamed or is not open to you.")
    return found


async def read(
    tx: Transaction,
    course_id: UUID,
    sort: Sort = "helpful",
    stars: int | None = None,
    after: ReviewPlace | None = None,
    *,
    size: int = PAGE_SIZE,
) -> Reviews:
    """One page of approved reviews; with ``stars`` only those that gave so many."""
    place = (after.is_featured, after.helpful_count, after.rating, after.created_at, after.id) if after else (None,) * 5
    rows = await tx.all(Review, Q.read_reviews, course_id, size + 1, sort, stars, *place)
    last = rows[size - 1] if len(rows) > size else None
    ended = ReviewPlace(last.is_featured, last.helpful_count, last.rating, last.created_at, last.id) if last else None
    return Reviews(rows[:size], ended)


async def ratings(tx: Transaction, course_id: UUID) -> dict[int, int]:
    """How many approved reviews gave each number of stars, five first."""
    found = {row["rating"]: row["reviews"] for row in await tx.fetch(Q.count_ratings, course_id)}
    return {stars: found.get(stars, 0) for stars in (5, 4, 3, 2, 1)}


async def mine(tx: Transaction, actor: Actor, course_id: UUID) -> MyReview | None:
    """The actor's review and whether he can write one; None for a guest."""
    return await tx.maybe(MyReview, Q.my_review, course_id) if actor.user_id else None


def rating_document(course: ReviewedCourse, url: str) -> str | None:
    """The mean rating as schema.org describes one (AggregateRating), as JSON that may stand in a script element.

    None without a review. It belongs only on a page that shows the rating.
    """
    if not course.total_reviews or course.avg_rating is None:
        return None
    document = {
        "@context": "https://schema.org",
        "@type": "Course",
        "@id": url,
        "name": course.title,
        "aggregateRating": {
            "@type": "AggregateRating",
            "ratingValue": float(course.avg_rating),
            "reviewCount": course.total_reviews,
            "bestRating": 5,
            "worstRating": 1,
        },
    }
    text = msgspec.json.encode(document).decode()
    # Nothing in a script element may look like the end of it or like the beginning of a comment.
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


async def on_course(tx: Transaction, course: ReviewedCourse, site: Site) -> OnCourse:
    """The rating, and the three most helpful reviews, for the course's own page."""
    found = await read(tx, course.id, size=3)
    document = rating_document(course, site.url(f"/courses/{course.slug}"))
    return OnCourse(
        course,
        await ratings(tx, course.id),
        found.reviews,
        Markup(document) if document else None,  # noqa: S704 - made safe for a script element
    )


def sort_of(text: str | None) -> Sort:
    """An order by its name in an address; the most helpful first for any other text."""
    for value, _ in SORTS:
        if value == text:
            return value
    return "helpful"


def stars_of(text: str | None) -> int | None:
    """A number of stars in an address; None for any other text."""
    return int(text) if text in ("1", "2", "3", "4", "5") else None


async def write(tx: Transaction, course_id: UUID, command: WriteReview) -> UUID:
    """Writes the actor's review or changes it; it then waits for approval.

    Raises Invalid with the field's name, and in the database's words Forbidden (own_course, not_enrolled) and
    Conflict (review_too_early).
    """
    wrong: dict[str, str] = {}
    if not 1 <= command.rating <= 5:
        wrong["rating"] = "Choose between one and five stars."
    if len(command.title) > 200:
        wrong["title"] = f"A title has at most 200 characters; this one has {len(command.title)}."
    if len(command.text) > 5000:
        wrong["text"] = f"A review has at most 5,000 characters; this one has {len(command.text):,}."
    if wrong:
        raise Invalid(next(iter(wrong.values())), fields=wrong)
    return await tx.fetchval(Q.write_review, course_id, command.rating, command.title, command.text)


async def withdraw(tx: Transaction, course_id: UUID) -> None:
    """Takes the actor's review back. Raises NotFound when there is none."""
    if await tx.fetchval(Q.withdraw_review, course_id) is None:
        raise NotFound("You have no review of this course.", code="no_such_review")


async def vote(tx: Transaction, review_id: UUID, helpful: bool | None) -> None:
    """Says that a review is helpful or not, or takes that back (None).

    Raises in the database's words Forbidden (own_review) and NotFound.
    """
    await tx.execute(Q.vote, review_id, helpful)


async def to_moderate(
    tx: Transaction, course_id: UUID | None, queue: Queue, after: TimePlace | None = None
) -> ModerationPage:
    """Reviews about which the actor decides, of a course or (None) of all: nothing for who decides about none."""
    place = (after.created_at, after.id) if after else (None, None)
    rows = await tx.all(ToModerate, Q.reviews_to_moderate, course_id, queue, PAGE_SIZE + 1, *place)
    last = rows[PAGE_SIZE - 1] if len(rows) > PAGE_SIZE else None
    return ModerationPage(rows[:PAGE_SIZE], TimePlace(last.created_at, last.id) if last else None)


async def moderate(tx: Transaction, review_id: UUID, verdict: Verdict) -> None:
    """Approves a review, turns it down for a reason that its author reads, or features it.

    Raises in the database's words Forbidden (moderators_only, office_decides), NotFound, Invalid (reason_needed).
    """
    await tx.execute(Q.moderate_review, review_id, verdict.approved, verdict.featured, verdict.reason)


async def share_needed(tx: Transaction, course_id: UUID) -> int:
    """After how much of a course it can be reviewed, in percent."""
    return await tx.fetchval(Q.rules_of_course, course_id)


async def set_share_needed(tx: Transaction, course_id: UUID, percent: str) -> int:
    """Sets it. Raises Invalid, NotFound for who does not teach the course."""
    if not re.fullmatch(r"\s*[0-9]{1,3}\s*", percent) or int(percent) > 100:
        words = "Give a whole number from 0 to 100."
        raise Invalid(words, fields={"percent": words})
    if await tx.fetchval(Q.set_review_share, course_id, int(percent)) is None:
        raise NotFound("This course is not there any more, or is not yours.")
    return int(percent)
