"""What somebody looks for in the catalogue: read from an address, written back in one normal form.

Values that the catalogue does not know are left out without a word, so that an old or mistyped link still shows
courses. Two addresses that ask for the same read to equal queries, which is what pages are cached by.
"""

from __future__ import annotations

import base64
import binascii
import math
from collections.abc import Iterable, Mapping
from typing import Any, Literal, get_args
from urllib.parse import urlencode
from uuid import UUID

import msgspec

Category = Literal[
    "insurance_fundamentals",
    "health_benefits",
    "life_insurance",
    "retirement_planning",
    "compliance",
    "sales_techniques",
    "leadership",
    "technology",
    "continuing_education",
]
Level = Literal["beginner", "intermediate", "advanced", "expert"]
Format = Literal["self_paced", "instructor_led", "blended", "live_virtual"]
Credits = Literal["any", "5", "10", "none"]
Price = Literal["free", "members", "paid"]
Length = Literal["short", "medium", "long", "longer"]
Sort = Literal["relevance", "newest", "title", "credits", "price", "length", "taken"]

PAGE_SIZE = 20
LONGEST_SEARCH = 200


class Facet(msgspec.Struct, frozen=True):
    """One group of filters and the values it knows. ``many``: a course needs one of several values chosen."""

    name: str
    values: tuple[str, ...]
    many: bool = True


FACETS: tuple[Facet, ...] = (
    Facet("category", get_args(Category)),
    Facet("level", get_args(Level)),
    Facet("format", get_args(Format)),
    Facet("credits", get_args(Credits), many=False),
    Facet("price", get_args(Price)),
    Facet("length", get_args(Length)),
)
SORTS: tuple[Sort, ...] = get_args(Sort)

# The database counts courses in bands that do not overlap; a choice of credits is made of them.
CREDIT_BANDS: Mapping[str, tuple[str, ...]] = {
    "any": ("some", "five", "ten"),
    "5": ("five", "ten"),
    "10": ("ten",),
    "none": ("none",),
}


def clean_search(text: str) -> str:
    """Words to search for: control characters and needless spaces gone, at most 200 characters."""
    printable = "".join(c if c.isprintable() else " " for c in text)
    return " ".join(printable.split())[:LONGEST_SEARCH].strip()


class CourseQuery(msgspec.Struct, frozen=True):
    """What to show: words, the values chosen in each facet, and the order. Always in normal form; see ``read``."""

    q: str = ""
    category: tuple[str, ...] = ()
    level: tuple[str, ...] = ()
    format: tuple[str, ...] = ()
    credits: tuple[str, ...] = ()
    price: tuple[str, ...] = ()
    length: tuple[str, ...] = ()
    sort: Sort | Literal[""] = ""

    @classmethod
    def read(cls, pairs: Iterable[tuple[str, str]]) -> CourseQuery:
        """The query of an address. Of several values where one is possible the last known one counts."""
        given: dict[str, list[str]] = {}
        for name, value in pairs:
            given.setdefault(name, []).append(value)
        chosen: dict[str, Any] = {}
        for facet in FACETS:
            values = given.get(facet.name, [])
            if facet.many:
                chosen[facet.name] = tuple(value for value in facet.values if value in values)
            else:
                chosen[facet.name] = tuple(value for value in values if value in facet.values)[-1:]
        q = clean_search(next(iter(given.get("q", [])), ""))
        sorts = [value for value in given.get("sort", []) if value in SORTS]
        query = cls(q=q, **chosen)
        sort = sorts[-1] if sorts else ""
        # The usual order is not written into addresses.
        return query if sort == query.usual or sort not in query.sorts else msgspec.structs.replace(query, sort=sort)

    @property
    def usual(self) -> Sort:
        """The order when none was chosen: by match for a search, newest first otherwise."""
        return "relevance" if self.q else "newest"

    @property
    def order(self) -> Sort:
        """The order that is meant."""
        return self.sort or self.usual

    @property
    def sorts(self) -> list[Sort]:
        """The orders that make sense here: nothing is a good match for no words."""
        return [sort for sort in SORTS if self.q or sort != "relevance"]

    def chosen(self, facet: str) -> tuple[str, ...]:
        """The values chosen in a facet."""
        return getattr(self, facet)

    @property
    def filters(self) -> list[tuple[Facet, str]]:
        """Every chosen value with its facet, in the order of the facets."""
        return [(facet, value) for facet in FACETS for value in self.chosen(facet.name)]

    def without(self, facet: str, value: str) -> CourseQuery:
        """The same query with one value not chosen."""
        left = tuple(one for one in self.chosen(facet) if one != value)
        return msgspec.structs.replace(self, **{facet: left})

    def unfiltered(self) -> CourseQuery:
        """The same search and order over all courses."""
        return CourseQuery(q=self.q, sort=self.sort)

    def pairs(self) -> list[tuple[str, str]]:
        """Names and values for an address, in their fixed order."""
        found = [("q", self.q)] if self.q else []
        found += [(facet.name, value) for facet, value in self.filters]
        return [*found, ("sort", self.sort)] if self.sort else found

    def path(self, after: Cursor | None = None) -> str:
        """The catalogue's address for this query, or for its page after a cursor."""
        pairs = self.pairs() + ([("after", after.write())] if after else [])
        return "/courses" + ("?" + urlencode(pairs) if pairs else "")

    def arguments(self) -> tuple[object, ...]:
        """The first seven arguments of the catalogue's statements."""
        bands = [band for value in self.credits for band in CREDIT_BANDS[value]]
        return (
            self.q,
            list(self.category),
            list(self.level),
            list(self.format),
            bands,
            list(self.price),
            list(self.length),
        )


class Cursor(msgspec.Struct, frozen=True, array_like=True):
    """The place after one course in one order: the course's own keys, so that pages neither lose nor repeat one."""

    order: Sort
    number: float
    text: str
    id: UUID

    def write(self) -> str:
        """The cursor as it stands in an address."""
        return base64.urlsafe_b64encode(msgspec.json.encode(self)).decode().rstrip("=")

    @classmethod
    def read(cls, text: str | None, order: Sort) -> Cursor | None:
        """The cursor of an address; None when it is not one of ours or belongs to another order."""
        if not text or len(text) > 4000:
            return None
        try:
            raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
            cursor = msgspec.json.decode(raw, type=Cursor)
        except (msgspec.DecodeError, binascii.Error, ValueError):
            return None
        usable = cursor.order == order and math.isfinite(cursor.number) and "\0" not in cursor.text
        return cursor if usable else None


def credit_counts(bands: Mapping[str, int]) -> dict[str, int]:
    """Courses for each choice of credits, from the counts of the bands."""
    return {choice: sum(bands.get(band, 0) for band in made_of) for choice, made_of in CREDIT_BANDS.items()}
