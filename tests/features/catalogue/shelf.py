"""Many random courses at once, and what the catalogue should say about them, worked out without SQL."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

from collegium.features.catalogue.filters import FACETS, CourseQuery
from tests.support.database import Database

CATEGORIES = FACETS[0].values
# Titles repeat, so that orders have ties to break.
TITLES = ("Annuities", "Ethics", "Élan vital", "claims", "Zoning", "annuities", "Medicare", "Risk")


@dataclass(frozen=True)
class Made:
    """A course as the tests made it."""

    id: UUID
    title: str
    category: str
    level: str
    format: str
    minutes: int | None
    credits: Decimal
    pricing: str
    price: Decimal
    published_at: datetime
    taken: int
    status: str = "published"


def random_courses(seed: int, count: int) -> list[Made]:
    """Courses of every kind, the limits of each band among them."""
    pick = random.Random(seed)
    base = datetime(2026, 1, 1, tzinfo=UTC)
    made: list[Made] = []
    for _ in range(count):
        pricing = pick.choice(("free", "paid", "member_only", "premium"))
        made.append(
            Made(
                id=uuid4(),
                title=pick.choice(TITLES),
                category=pick.choice(CATEGORIES),
                level=pick.choice(FACETS[1].values),
                format=pick.choice(FACETS[2].values),
                minutes=pick.choice((None, 1, 29, 30, 59, 60, 180, 181, 600)),
                credits=Decimal(pick.choice(("0", "0.5", "4.99", "5", "9.99", "10", "12"))),
                pricing=pricing,
                price=Decimal(pick.choice((80, 120, 120, 299))) if pricing in ("paid", "premium") else Decimal(0),
                published_at=base + timedelta(days=pick.randrange(6), microseconds=pick.randrange(3)),
                taken=pick.randrange(4),
                status=pick.choice(("published",) * 5 + ("draft", "archived")),
            )
        )
    return made


async def insert_courses(database: Database, courses: Iterable[Made]) -> None:
    """Puts them into the database."""
    rows: list[tuple[Any, ...]] = [
        (
            one.id, one.title, f"course-{one.id}", "About it.", one.category, one.level, one.format, one.minutes,
            one.credits, one.pricing, one.price, one.published_at, one.taken, one.status,
        )
        for one in courses
    ]  # fmt: skip
    async with database.connect() as owner:
        await owner.executemany(
            "insert into public.courses (id, title, slug, description, category, difficulty_level, delivery_format,"
            " estimated_duration_minutes, ce_credits, pricing_type, price, published_at, total_enrollments, status)"
            " values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
            rows,
        )


def _values(one: Made) -> dict[str, set[str]]:
    """The values of each facet under which a course is shown."""
    minutes = one.minutes
    length = (
        set[str]() if minutes is None
        else {"short"} if minutes < 30
        else {"medium"} if minutes < 60
        else {"long"} if minutes <= 180
        else {"longer"}
    )  # fmt: skip
    credits = {"none"} if not one.credits else {"any"}
    if one.credits >= 5:
        credits.add("5")
    if one.credits >= 10:
        credits.add("10")
    price = {"free": "free", "member_only": "members"}.get(one.pricing, "paid")
    return {
        "category": {one.category}, "level": {one.level}, "format": {one.format},
        "credits": credits, "price": {price}, "length": length,
    }  # fmt: skip


def _fits(one: Made, query: CourseQuery, *, but: str | None = None) -> bool:
    values = _values(one)
    chosen = {facet.name: set(query.chosen(facet.name)) for facet in FACETS if facet.name != but}
    return one.status == "published" and all(not wanted or wanted & values[name] for name, wanted in chosen.items())


def expected(courses: Sequence[Made], query: CourseQuery) -> list[Made]:
    """The courses that fit, in the query's order; of equals, by title and then by id."""
    keys = {
        "newest": lambda one: -one.published_at.timestamp(),
        "title": lambda one: 0,
        "credits": lambda one: -one.credits,
        "price": lambda one: one.price,
        "length": lambda one: one.minutes or 10**6,
        "taken": lambda one: -one.taken,
        "relevance": lambda one: 0,
    }
    folded = {title: title.lower().replace("é", "e") for title in TITLES}
    found = [one for one in courses if _fits(one, query)]
    return sorted(found, key=lambda one: (keys[query.order](one), folded[one.title], one.id))


def expected_counts(courses: Sequence[Made], query: CourseQuery) -> dict[str, dict[str, int]]:
    """For each facet and value, the courses that fit every other facet; values without courses left out."""
    counts: dict[str, dict[str, int]] = {}
    for facet in FACETS:
        counts[facet.name] = {}
        for value in facet.values:
            number = sum(value in _values(one)[facet.name] for one in courses if _fits(one, query, but=facet.name))
            if number:
                counts[facet.name][value] = number
    return counts
