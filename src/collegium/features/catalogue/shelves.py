"""Pages of the catalogue as text: made once for everybody, and what is one person's own put in by string operations.

A rendered shelf is kept under the query in its normal form, its place, and the catalogue's version. The version comes
with a person's marks in one statement; for guests it is remembered until the database says that it moved.
"""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Mapping
from functools import lru_cache
from uuid import UUID

import msgspec
from markupsafe import Markup

from collegium.features.catalogue import service
from collegium.features.catalogue.filters import FACETS, CourseQuery, Cursor, Facet, Sort
from collegium.features.catalogue.model import Listing, MarkMap
from collegium.kit.cache import Cache
from collegium.kit.db import Transaction
from collegium.kit.site import Site
from collegium.web import pages, words

LEGENDS = {
    "category": "Category",
    "level": "Level",
    "format": "Format",
    "credits": "Credits",
    "price": "Price",
    "length": "Length",
}
CHOICES: Mapping[str, Mapping[str, str]] = {
    "category": words.LABELS["category"],
    "level": words.LABELS["level"],
    "format": words.LABELS["format"],
    "credits": {"any": "With credit", "5": "5 credits or more", "10": "10 credits or more", "none": "Without credit"},
    "price": {"free": "Free", "members": "Members only", "paid": "Paid"},
    "length": {"short": "Under 30 min", "medium": "30 min to 1 h", "long": "1 to 3 h", "longer": "Over 3 h"},
}
SORTS: Mapping[Sort, str] = {
    "relevance": "Best match",
    "newest": "Newest",
    "title": "Title",
    "credits": "Most credits",
    "price": "Lowest price",
    "length": "Shortest",
    "taken": "Most taken",
}
# What no title can contain, because nobody outside knows it.
_SLOT = f"[[{secrets.token_hex(12)}:"
_SLOTS = re.compile(re.escape(_SLOT) + r"([0-9a-f-]{36})\]\]")
KEPT_S = 60.0


class Shelf(msgspec.Struct, frozen=True):
    """One page of courses as text. ``pieces`` are the parts of the list between the marks of ``courses``."""

    total: int
    chosen: str
    announcement: str
    facets: Markup
    head: Markup
    pieces: list[str]
    courses: list[UUID]

    def rows(self, marks: MarkMap) -> Markup:
        """The list's items, with a person's own marks: course to status of the enrollment."""
        parts = [self.pieces[0]]
        for course, piece in zip(self.courses, self.pieces[1:], strict=True):
            if (status := marks.get(course)) is not None:
                parts.append(_mark(status))
            parts.append(piece)
        return Markup("".join(parts))  # noqa: S704 - joined from what templates rendered

    def list(self, marks: MarkMap) -> Markup:
        """The whole list; nothing where there is no course."""
        rows = self.rows(marks)
        return Markup('<ul class="rows" data-rows aria-label="Courses">{}</ul>').format(rows) if self.courses else rows


class Shelves:
    """One site's memory of rendered shelves."""

    def __init__(self, site: Site) -> None:
        self._kept: Cache[Shelf] = Cache(most=200, ttl=KEPT_S)
        self._known: tuple[float, int] | None = None
        self._heard = 0
        site.db.on("collegium_catalogue_changed", self._forget)

    def _forget(self, _payload: str) -> None:
        self._heard += 1
        self._known = None
        self._kept.clear()

    async def get(self, tx: Transaction, version: int, query: CourseQuery, after: Cursor | None) -> Shelf:
        """The shelf for a query as it stands in a version of the catalogue."""

        async def make() -> Shelf:
            return render(query, after, await service.browse(tx, query, after))

        return await self._kept.get((version, query, after), make)

    def peek(self, query: CourseQuery, after: Cursor | None) -> Shelf | None:
        """The shelf where the version is known and it is kept, without asking the database."""
        known = self._known
        if known is None or known[0] < time.monotonic():
            return None
        return self._kept.peek((known[1], query, after))

    async def version(self, tx: Transaction) -> int:
        """The catalogue's version, asked and then known until it moves."""
        heard = self._heard
        version = await service.version(tx)
        # A change that was announced while the answer was on its way makes it old.
        if heard == self._heard:
            self._known = (time.monotonic() + KEPT_S, version)
        return version


@lru_cache(maxsize=8)
def _mark(status: str) -> str:
    name, said = ("not_started", "Enrolled") if status == "enrolled" else (status, words.label(status, "enrollment"))
    text = pages.environment().from_string("{{ ui.state(name, said) }}").render(name=name, said=said)
    return f'<p class="cat-mark">{text}</p>'


def _slot(course: UUID) -> Markup:
    return Markup("{}{}]]").format(Markup(_SLOT), str(course))  # noqa: S704 - hexadecimal digits


def render(query: CourseQuery, after: Cursor | None, listing: Listing) -> Shelf:
    """A listing as text."""
    env = pages.environment()
    more = query.path(listing.next) if listing.next else None
    text = env.get_template("catalogue/_rows.html").render(
        courses=listing.courses, more=more, focus=after is not None, mark=_slot
    )
    split = _SLOTS.split(text)
    head = env.get_template("catalogue/_head.html").render(
        query=query,
        total=listing.total,
        sorts=[("" if sort == query.usual else sort, SORTS[sort]) for sort in query.sorts],
        chips=[
            {"words": CHOICES[facet.name][value], "path": query.without(facet.name, value).path()}
            for facet, value in query.filters
        ],
        clear=query.unfiltered().path(),
        later=after is not None,
        first=query.path(),
        categories=[(said, CourseQuery(category=(name,)).path()) for name, said in CHOICES["category"].items()],
    )
    facets = env.get_template("catalogue/_facets.html").render(
        facets=[_facet(facet, query, listing.counts.get(facet.name, {})) for facet in FACETS], total=listing.total
    )
    found = words.plural(listing.total, "course")
    return Shelf(
        total=listing.total,
        chosen=f"{len(query.filters)} chosen" if query.filters else "",
        announcement=f"{found} found" if listing.total else "No course found",
        facets=Markup(facets),  # noqa: S704 - rendered by a template
        head=Markup(head),  # noqa: S704 - rendered by a template
        pieces=split[::2],
        courses=[UUID(text) for text in split[1::2]],
    )


def _facet(facet: Facet, query: CourseQuery, counts: Mapping[str, int]) -> dict[str, object]:
    chosen = query.chosen(facet.name)
    return {
        "name": facet.name,
        "legend": LEGENDS[facet.name],
        "many": facet.many,
        "any_chosen": bool(chosen),
        "options": [
            {"value": value, "words": said, "count": counts.get(value, 0), "chosen": value in chosen}
            for value, said in CHOICES[facet.name].items()
        ],
    }
