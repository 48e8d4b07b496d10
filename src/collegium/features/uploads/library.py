"""The media library: finding, renaming and deleting files, and where each is used."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import msgspec

from collegium.features.uploads.names import clean, split, with_extension
from collegium.kit import queries
from collegium.kit.db import Transaction
from collegium.kit.errors import Conflict, Invalid, NotFound

Q = queries.load("collegium.features.uploads")
PAGE = 48
KINDS = ("image", "video", "audio", "document", "captions", "archive")
SORTS = ("new", "name", "size")
VIEWS = ("grid", "list")
MOST_AT_ONCE = 100


class Entry(msgspec.Struct, frozen=True):
    """A file as the library shows it. `duration` is in seconds, `received` what of an upload is safely here."""

    id: UUID
    filename: str
    kind: str
    mime_type: str
    byte_size: int
    state: str
    refusal: str | None
    width: int | None
    height: int | None
    duration: float | None
    created_at: datetime
    course_id: UUID | None
    course_title: str | None
    own: bool | None
    owner_name: str | None
    has_thumbnail: bool
    received: int

    @property
    def percent(self) -> int:
        """How much of an upload is here."""
        return int(self.received * 100 / self.byte_size)

    @property
    def length(self) -> str:
        """Minutes and seconds: ``12:05``; nothing for what has no length."""
        if self.duration is None:
            return ""
        minutes, seconds = divmod(round(self.duration), 60)
        hours, minutes = divmod(minutes, 60)
        return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"


class Use(msgspec.Struct, frozen=True):
    """A place where a file is used; the title of the lesson, else of the course, where the person may see it."""

    file_id: UUID
    place: str
    title: str | None
    course_id: UUID | None
    lesson_id: UUID | None

    @property
    def path(self) -> str | None:
        """Where in the studio it stands."""
        if self.course_id is None:
            return None
        return f"/studio/{self.course_id}/lessons/{self.lesson_id}" if self.lesson_id else f"/studio/{self.course_id}"


class Filter(msgspec.Struct, frozen=True):
    """What is looked for, as the address says it."""

    q: str = ""
    kind: str = ""
    course: UUID | None = None
    sort: str = "new"
    view: str = "grid"
    after: UUID | None = None

    @classmethod
    def read(cls, given: Mapping[str, Any]) -> Filter:
        """From an address; what makes no sense is left out."""
        kind, sort, view = (str(given.get(name, "")) for name in ("kind", "sort", "view"))
        return cls(
            q=str(given.get("q", "")).strip()[:100],
            kind=kind if kind in KINDS else "",
            course=_uuid(given.get("course")),
            sort=sort if sort in SORTS else "new",
            view=view if view in VIEWS else "grid",
            after=_uuid(given.get("after")),
        )

    @property
    def is_plain(self) -> bool:
        """Whether everything is shown."""
        return not (self.q or self.kind or self.course or self.after)

    def path(self, **changes: Any) -> str:
        """The address with something changed; the page begins anew unless `after` is given."""
        made = msgspec.structs.replace(self, **{"after": None, **changes})
        plain = Filter()
        parts = {name: getattr(made, name) for name in made.__struct_fields__}
        query = urlencode({name: str(value) for name, value in parts.items() if value != getattr(plain, name)})
        return f"/studio/media?{query}" if query else "/studio/media"


class Page(msgspec.Struct, frozen=True):
    """A page of files, where each is used, and the id after which the next page begins."""

    files: list[Entry]
    uses: dict[UUID, list[Use]]
    next: UUID | None


def _uuid(value: object) -> UUID | None:
    try:
        return UUID(str(value)) if value else None
    except ValueError:
        return None


async def find(tx: Transaction, wanted: Filter, *, only_ready: bool = False) -> Page:
    """One page of the library of the person who asks."""
    like = wanted.q.replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_")
    found = await tx.all(
        Entry, Q.library, like, wanted.kind, wanted.course, only_ready, wanted.sort, wanted.after, PAGE + 1
    )
    files = found[:PAGE]
    return Page(files, await uses(tx, [file.id for file in files]), files[-1].id if len(found) > PAGE else None)


async def one(tx: Transaction, file_id: UUID) -> Entry:
    """One file of the library; raises NotFound."""
    found = await tx.maybe(Entry, Q.one_of_library, file_id)
    if found is None:
        raise NotFound("This file is not in your media library. It may have been deleted.", code="no_such_file")
    return found


async def uses(tx: Transaction, files: list[UUID]) -> dict[UUID, list[Use]]:
    """Where files are used."""
    found: dict[UUID, list[Use]] = {}
    for use in await tx.all(Use, Q.uses, files) if files else []:
        found.setdefault(use.file_id, []).append(use)
    return found


async def courses(tx: Transaction) -> list[tuple[UUID, str]]:
    """Courses in whose library the person who asks works."""
    return [(row["id"], row["title"]) for row in await tx.fetch(Q.my_courses)]


async def rename(tx: Transaction, file_id: UUID, name: str) -> str:
    """Gives a file another name; its extension stays what its content is. Raises Invalid and NotFound."""
    entry = await one(tx, file_id)
    wanted = clean(name)
    if not name.strip() or wanted == "file":
        raise Invalid("", fields={"filename": "Give the file a name."})
    if extension := split(entry.filename)[1].removeprefix("."):
        wanted = with_extension(wanted, extension)
    if await tx.fetchval(Q.rename, file_id, wanted) is None:
        raise NotFound("This file is not there any more.", code="no_such_file")
    return wanted


async def delete(tx: Transaction, files: list[UUID]) -> list[str]:
    """Deletes files that nothing uses; answers their names. Raises Conflict, with the places, when one is used."""
    if len(files) > MOST_AT_ONCE:
        raise Invalid(f"Delete at most {MOST_AT_ONCE} files at once.")
    gone = [await tx.fetchval(Q.delete_file, file_id) for file_id in sorted(set(files))]
    names = [str(name) for name in gone if name is not None]
    if not names:
        raise Conflict("These files were deleted already, or you may not delete them.", code="nothing_deleted")
    return names
