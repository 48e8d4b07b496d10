"""The library of packages as its pages show it: the list, one package, its versions, the lessons that play it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import msgspec

from collegium.features.packages.model import STANDARDS, Entry, Told, standard_in_words
from collegium.features.packages.work import Q
from collegium.kit.db import Transaction
from collegium.kit.errors import Conflict, Invalid, NotFound

PROPOSED = " (proposed by the package)"
PAGE = 30
STATES = (
    ("", "In use or coming in"),
    ("usable", "Ready to be used"),
    ("under_way", "Coming in"),
    ("failed", "Failed"),
    ("retired", "Retired"),
    ("replaced", "Replaced by a newer version"),
    ("all", "All"),
)
RULES = {
    "finished": "It says completed and not failed, or passed",
    "completed": "It says completed, whatever the result",
    "passed": "It says passed",
    "completed_and_passed": "It says both completed and passed, in one attempt",
    "launched": "It was opened: for packages that never report",
}


class Filter(msgspec.Struct, frozen=True):
    """What is looked for, as the address says it."""

    q: str = ""
    standard: str = ""
    state: str = ""
    after: str = ""

    @classmethod
    def read(cls, given: Mapping[str, Any]) -> Filter:
        """From an address; what makes no sense is left out."""
        standard, state = str(given.get("standard", "")), str(given.get("state", ""))
        return cls(
            q=str(given.get("q", "")).strip()[:100],
            standard=standard if standard in STANDARDS else "",
            state=state if state in dict(STATES) else "",
            after=str(given.get("after", ""))[:100],
        )

    @property
    def is_plain(self) -> bool:
        """Whether nothing is looked for."""
        return not (self.q or self.standard or self.state or self.after)

    def path(self, after: str = "", path: str = "/studio/packages") -> str:
        """The address of this list, from a place on."""
        parts = {"q": self.q, "standard": self.standard, "state": self.state, "after": after}
        query = urlencode({name: value for name, value in parts.items() if value})
        return f"{path}?{query}" if query else path


class Page(msgspec.Struct, frozen=True):
    """A page of packages, and after what the next one begins."""

    packages: list[Entry]
    next: str | None


class Item(msgspec.Struct, kw_only=True):
    """An activity in the tree of a package."""

    id: UUID
    parent_id: UUID | None
    identifier: str
    organization: str
    item_order: int
    kind: str
    is_default: bool
    title: str
    is_visible: bool
    launch_href: str | None
    is_sequenced: bool
    children: list[Item] = []


class Version(msgspec.Struct, frozen=True, kw_only=True):
    """One version of a package. ``people`` began it, ``finished`` met its rule, as far as who asks may see."""

    id: UUID
    title: str
    created_at: datetime
    imported_at: datetime | None
    replaced_by: UUID | None
    is_active: bool
    people: int
    finished: int
    behind: int
    """Learners of one's own courses who have not finished it and were not moved."""


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """A lesson that plays a package."""

    lesson_id: UUID
    course_id: UUID
    lesson_title: str
    course_title: str
    scorm_package_id: UUID
    organization: str | None
    is_mine: bool


class File(msgspec.Struct, frozen=True):
    """A file of a package."""

    path: str
    size_bytes: int
    media_type: str


class Package(msgspec.Struct, frozen=True, kw_only=True):
    """A package as its own page shows it."""

    id: UUID
    title: str
    description: str | None
    standard: str
    edition: int | None
    passing_score: Decimal | None
    completion_rule: str
    max_attempts: int | None
    is_active: bool
    is_shared: bool
    size_bytes: int | None
    unpacked_bytes: int | None
    file_count: int | None
    import_state: str
    import_progress: int
    import_step: str
    import_errors: list[Told]
    import_warnings: list[Told]
    imported_at: datetime | None
    replaced_by: UUID | None
    new_version_of: UUID | None
    created_by: UUID | None
    created_at: datetime
    file_name: str | None
    owner: str | None
    is_stuck: bool
    may_change: bool

    @property
    def path(self) -> str:
        """Its address."""
        return f"/studio/packages/{self.id}"

    @property
    def is_under_way(self) -> bool:
        """Whether a job is at work."""
        return self.import_state in ("waiting", "importing")

    @property
    def standard_in_words(self) -> str:
        """The standard as people call it; empty while nobody has looked into the archive."""
        return standard_in_words(self.standard, self.edition) if self.import_state == "ready" else ""

    @property
    def is_usable(self) -> bool:
        """Whether a lesson may begin to play it."""
        return self.import_state == "ready" and self.is_active and self.replaced_by is None


async def find(tx: Transaction, wanted: Filter, most: int = PAGE) -> Page:
    """One page of the packages that the person who asks manages."""
    like = wanted.q.replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_")
    day, name = _place(wanted.after)
    found = await tx.all(Entry, Q.library, like, wanted.standard, wanted.state, day, name, most + 1)
    last = found[most - 1] if len(found) > most else None
    return Page(found[:most], f"{last.created_at.isoformat()}_{last.id}" if last else None)


def _place(text: str) -> tuple[datetime | None, UUID | None]:
    day, _, name = text.partition("_")
    try:
        return datetime.fromisoformat(day), UUID(name)
    except ValueError:
        return None, None


async def one(tx: Transaction, package_id: UUID) -> Package:
    """A package that the person who asks manages; raises NotFound."""
    row = await tx.fetchrow(Q.package, package_id)
    if row is None:
        raise NotFound("There is no such package, or it is not shared with you.", code="no_such_package")
    return msgspec.convert(dict(row), Package)


async def tree(tx: Transaction, package_id: UUID) -> list[Item]:
    """The organisations of a package with their items."""
    items = [msgspec.convert(dict(row), Item) for row in await tx.fetch(Q.items, package_id)]
    by_id = {item.id: item for item in items}
    for item in items:
        if item.parent_id is not None:
            by_id[item.parent_id].children.append(item)
    return [item for item in items if item.parent_id is None]


async def files(tx: Transaction, package_id: UUID, most: int = 20) -> list[File]:
    """The largest files of a package."""
    return await tx.all(File, Q.largest_files, package_id, most)


async def line(tx: Transaction, package_id: UUID) -> list[Version]:
    """All versions of a package, the oldest first."""
    return await tx.all(Version, Q.line, package_id)


async def used_in(tx: Transaction, packages: list[UUID]) -> list[Place]:
    """The lessons that play one of some packages."""
    return await tx.all(Place, Q.used_in, packages)


async def change(tx: Transaction, package_id: UUID, *, title: str, description: str, is_shared: bool) -> None:
    """Changes what a package is called and who may use it. Raises Invalid and NotFound."""
    title, description = " ".join(title.split()), description.strip()
    wrong: dict[str, str] = {}
    if not 1 <= len(title) <= 300:
        wrong["title"] = "Give the package a title of at most 300 characters."
    if len(description) > 20_000:
        wrong["description"] = "The description may have up to 20,000 characters."
    if wrong:
        raise Invalid("", fields=wrong)
    await _changed(await tx.fetchval(Q.change, package_id, title, description or None, is_shared))


async def set_active(tx: Transaction, package_id: UUID, *, active: bool) -> None:
    """Retires a package, so that nobody new begins it, or takes it back into use. Raises NotFound."""
    await _changed(await tx.fetchval(Q.set_active, package_id, active))


async def _changed(found: UUID | None) -> None:
    if found is None:
        raise NotFound("There is no such package of yours.", code="no_such_package")


# In a lesson ----------------------------------------------------------------------------------------------


class Lesson(msgspec.Struct, frozen=True):
    """A lesson, as the page that chooses its package needs it."""

    id: UUID
    title: str
    lesson_type: str
    course_id: UUID


class Attached(msgspec.Struct, frozen=True):
    """The package that a lesson plays, and how many people have begun a package in the lesson."""

    package: Package
    newest: Package
    people: int
    organizations: list[Item]
    """Of the newest version; none while it is not ready."""
    plays: str
    """Identifier of the organisation that those get who begin now."""

    @property
    def options(self) -> list[tuple[str, str]]:
        """The organisations by identifier and title, as a list to choose from."""
        return [
            (
                item.identifier,
                f"{item.title or item.identifier}{' (proposed by the package)' if item.is_default else ''}",
            )
            for item in self.organizations
        ]


async def lesson(tx: Transaction, course_id: UUID, lesson_id: UUID) -> Lesson:
    """A lesson of type scorm in a course of the person who asks. Raises NotFound and Conflict."""
    found = await tx.maybe(Lesson, Q.lesson, course_id, lesson_id)
    if found is None:
        raise NotFound("There is no such lesson in your courses.", code="no_such_lesson")
    if found.lesson_type != "scorm":
        raise Conflict("Only a lesson of the type Package plays a package. Change its type first.")
    return found


async def attached(tx: Transaction, lesson_id: UUID) -> Attached | None:
    """Which package a lesson plays, and which of its versions those get who begin now."""
    row = await tx.fetchrow(Q.attached, lesson_id)
    if row is None:
        return None
    package = await one(tx, row["id"])
    newest = package
    for version in reversed(await line(tx, package.id) if package.replaced_by else []):
        if version.replaced_by is None:
            newest = await one(tx, version.id)
    found = [item for item in await tree(tx, newest.id) if item.kind == "organization"]
    known = {item.identifier for item in found}
    plays = next((item.identifier for item in found if item.is_default), "")
    if row["organization"] in known:
        plays = row["organization"]
    return Attached(package, newest, row["people"], found, plays)


async def attach(
    tx: Transaction, course_id: UUID, lesson_id: UUID, package_id: UUID, organization: str | None = None
) -> None:
    """Has a lesson play a package: one of its organisations, or the default one. Raises NotFound, Conflict, Invalid.

    Who has begun the lesson goes on with what he began.
    """
    await lesson(tx, course_id, lesson_id)
    await one(tx, package_id)
    await tx.execute(Q.attach, lesson_id, course_id, package_id, organization)


async def choose_organization(tx: Transaction, course_id: UUID, lesson_id: UUID, organization: str) -> str:
    """Has a lesson play another organisation of the package that it plays; answers its title. Raises as ``attach``."""
    await lesson(tx, course_id, lesson_id)
    found = await attached(tx, lesson_id)
    if found is None:
        raise Conflict("This lesson has no package any more.")
    chosen = next((item for item in found.organizations if item.identifier == organization), None)
    if chosen is None:
        raise Invalid("The package has no such organisation. Choose one of those on this page.")
    # The default one goes on being the default one, also when a newer version names it otherwise.
    await attach(tx, course_id, lesson_id, found.newest.id, None if chosen.is_default else chosen.identifier)
    return chosen.title or chosen.identifier


async def detach(tx: Transaction, course_id: UUID, lesson_id: UUID) -> None:
    """Takes the package out of a lesson. Raises NotFound, Conflict."""
    await lesson(tx, course_id, lesson_id)
    if await tx.fetchval(Q.detach, lesson_id, course_id) is None:
        raise Conflict("This lesson has no package any more.")
