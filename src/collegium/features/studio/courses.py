"""The list of courses in the studio, and making a new one."""

from __future__ import annotations

import base64
import binascii
import math
import secrets
from collections.abc import Mapping
from typing import Literal, get_args
from urllib.parse import urlencode
from uuid import UUID

import msgspec

from collegium.features.studio.model import CATEGORIES, Course, CourseLine, NewCourse, Status
from collegium.features.studio.titles import SLUG, clean_title, slug_of
from collegium.kit import queries
from collegium.kit.db import Transaction
from collegium.kit.errors import Conflict, Invalid, NotFound

Q = queries.load("collegium.features.studio")

Sort = Literal["changed", "title", "learners", "newest"]
STATUSES: tuple[Status, ...] = get_args(Status)
SORTS: tuple[Sort, ...] = get_args(Sort)
PAGE_SIZE = 24
NO_SUCH_COURSE = "There is no course here that you may edit. Ask its author to take you into the team."


class CourseFilter(msgspec.Struct, frozen=True):
    """What to show of one's courses; always in normal form, see ``read``."""

    q: str = ""
    status: Status | Literal[""] = ""
    own: bool = False
    sort: Sort = "changed"

    @classmethod
    def read(cls, given: Mapping[str, str]) -> CourseFilter:
        """The filter of an address; what is not known is left out."""
        status, sort = given.get("status", ""), given.get("sort", "")
        words = "".join(c if c.isprintable() else " " for c in given.get("q", ""))
        return cls(
            q=" ".join(words.split())[:200].strip(),
            status=status if status in STATUSES else "",
            own=given.get("own") == "1",
            sort=sort if sort in SORTS else "changed",
        )

    def path(self, **changes: object) -> str:
        """The address of this filter, or of it with some changes; ``after`` is a cursor."""
        after = changes.pop("after", None)
        wanted = msgspec.structs.replace(self, **changes)
        pairs = [("q", wanted.q), ("status", wanted.status), ("own", "1" if wanted.own else "")]
        pairs += [("sort", wanted.sort if wanted.sort != "changed" else ""), ("after", str(after or ""))]
        chosen = [(name, value) for name, value in pairs if value]
        return "/studio" + ("?" + urlencode(chosen) if chosen else "")

    @property
    def is_plain(self) -> bool:
        """Whether nothing is filtered out."""
        return not (self.q or self.status or self.own)


class Place(msgspec.Struct, frozen=True, array_like=True):
    """The place after one course in one order."""

    sort: Sort
    number: float
    text: str
    id: UUID

    def write(self) -> str:
        """As it stands in an address."""
        return base64.urlsafe_b64encode(msgspec.json.encode(self)).decode().rstrip("=")

    @classmethod
    def read(cls, text: str | None, sort: Sort) -> Place | None:
        """The place of an address; None when it is not one of ours or belongs to another order."""
        if not text or len(text) > 4000:
            return None
        try:
            raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
            place = msgspec.json.decode(raw, type=Place)
        except (msgspec.DecodeError, binascii.Error, ValueError):
            return None
        return place if place.sort == sort and math.isfinite(place.number) and "\0" not in place.text else None


class Shelf(msgspec.Struct, frozen=True):
    """One page of courses; ``counts`` are how many one may edit by status, ``next`` is where the next page begins."""

    courses: list[CourseLine]
    counts: dict[str, int]
    next: Place | None

    @property
    def total(self) -> int:
        """How many courses one may edit, whatever is shown."""
        return sum(self.counts.values())


async def my_courses(tx: Transaction, wanted: CourseFilter, after: Place | None = None) -> Shelf:
    """The courses that the actor may edit and that match, a page at a time."""
    place = (after.number, after.text, after.id) if after else (None, None, None)
    # What stands for anything in a pattern is meant as it is.
    words = wanted.q.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    rows = await tx.all(CourseLine, Q.my_courses, words, wanted.status, wanted.own, wanted.sort, *place, PAGE_SIZE + 1)
    counts = {row["status"]: row["courses"] for row in await tx.fetch(Q.count_my_courses, wanted.own)}
    last = rows[PAGE_SIZE - 1] if len(rows) > PAGE_SIZE else None
    following = Place(wanted.sort, last.order_number, last.order_text, last.id) if last else None
    return Shelf(rows[:PAGE_SIZE], counts, following)


async def course(tx: Transaction, course_id: UUID) -> Course:
    """A course that the actor teaches or administers. Raises NotFound for anybody else."""
    found = await tx.maybe(Course, Q.course, course_id)
    if found is None:
        raise NotFound(NO_SUCH_COURSE, code="no_such_course")
    return found


async def create_course(tx: Transaction, wish: NewCourse) -> UUID:
    """Makes a draft whose author is the actor. Raises Invalid in words, Forbidden for who teaches nothing."""
    title = clean_title(wish.title)
    if wish.category not in CATEGORIES:
        raise Invalid("Choose a category.", fields={"category": "Choose a category."}, code="category_missing")
    if len(wish.description) > 20_000:
        raise Invalid("A description has at most 20,000 characters.", code="description_too_long")
    wished = wish.slug if wish.slug and len(wish.slug) <= 100 and SLUG.fullmatch(wish.slug) else slug_of(title)
    # Other people's drafts hold names too and cannot be seen, so the database is asked by trying.
    for slug in (wished, f"{wished}-2", f"{wished}-3", *(f"{wished}-{secrets.token_hex(3)}" for _ in range(3))):
        found: UUID | None = await tx.fetchval(Q.add_course, title, slug, wish.description, wish.category)
        if found is not None:
            return found
    raise Conflict("No free address was found for this title. Try another title.", code="slug_taken")
