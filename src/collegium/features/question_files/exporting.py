"""Questions of a bank as files, made while they are sent: never more in memory than a page of questions."""

from __future__ import annotations

import re
import zipfile
from collections.abc import AsyncIterator
from uuid import UUID

import msgspec

from collegium.features.question_files.drafts import from_bank
from collegium.features.question_files.model import Place
from collegium.features.questions import service as questions
from collegium.features.questions.service import BankFilter, Question
from collegium.kit import queries
from collegium.kit.db import Actor, Transaction
from collegium.kit.site import Site
from collegium.standards.gift import writer as gift
from collegium.standards.qti import writer as qti
from collegium.standards.question_csv import writer as question_csv
from collegium.standards.questions import Draft

Q = queries.load("collegium.features.question_files")
PAGE = 100
MOST_LOSSES = 200
"""Questions whose losses are listed before an export."""
_FILE = re.compile(r"/files/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})")
_LOST_FILE = re.compile(
    r'<img\b[^<>]*\bsrc="/files/[^"]*"[^<>]*>|<(audio|video)\b[^<>]*>(?:(?!</\1>).)*</\1>', re.DOTALL
)
_DATE = (1980, 1, 1, 0, 0, 0)
_ENDINGS = {"image/png": "png", "image/jpeg": "jpg", "image/gif": "gif", "image/webp": "webp", "image/avif": "avif"}


class Kind(msgspec.Struct, frozen=True):
    """A format to export to: its name, the ending and type of the file, and what to know of it."""

    words: str
    ending: str
    media_type: str
    about: str


EXPORTS = {
    "qti": Kind("QTI 3.0", "zip", "application/zip", "A package with its pictures. Read here again, nothing is lost."),
    "gift": Kind("GIFT", "gift", "text/plain; charset=utf-8", "Text that Moodle and many others read. No pictures."),
    "csv": Kind("CSV", "csv", "text/csv; charset=utf-8", "A table for spreadsheets, one question a row. No pictures."),
}  # fmt: skip


class Loss(msgspec.Struct, frozen=True):
    """A question and what of it a format cannot say."""

    name: str
    words: list[str]


class _Picture(msgspec.Struct, frozen=True):
    id: UUID
    storage_key: str
    filename: str
    byte_size: int
    mime_type: str


async def _pages(site: Site, actor: Actor, bank: Place, wanted: BankFilter) -> AsyncIterator[list[Question]]:
    cursor: str | None = None
    while True:
        # A transaction for each page: a slow download holds none open.
        async with site.db.transaction(actor, read_only=True) as tx:
            page = await questions.search(
                tx, bank.course_id, wanted, cursor, organisation_id=bank.organisation_id, size=PAGE
            )
        rows = [row for row in page.rows if _is_whole(row)]
        if rows:
            yield rows
        if page.next is None:
            return
        cursor = page.next


def _is_whole(row: Question) -> bool:
    """Whether the actor may read what is right in it: without its key a question is half of one."""
    return row.has_key or row.question_type == "essay"


def export(site: Site, actor: Actor, bank: Place, wanted: BankFilter, format: str) -> AsyncIterator[bytes]:
    """The questions of a bank that the actor may read, by its filter, as a file of a format of ``EXPORTS``."""
    pages = _pages(site, actor, bank, wanted)
    return {"gift": _gift, "csv": _csv}[format](pages) if format != "qti" else _qti(site, actor, pages)


async def _gift(pages: AsyncIterator[list[Question]]) -> AsyncIterator[bytes]:
    yield gift.HEAD.encode()
    async for rows in pages:
        yield "".join(gift.write(from_bank(row)[0]).text for row in rows).encode()


async def _csv(pages: AsyncIterator[list[Question]]) -> AsyncIterator[bytes]:
    yield question_csv.head().encode()
    async for rows in pages:
        yield "".join(question_csv.write(_without_pictures(from_bank(row)[0])) for row in rows).encode()


def _without_pictures(draft: Draft) -> Draft:
    """A file of this site means nothing elsewhere: its words stand for it."""
    return qti.changed(draft, lambda html: _LOST_FILE.sub(lambda found: _alt(found[0]), html))


def _alt(tag: str) -> str:
    found = re.search(r'\b(?:alt|title)="([^"]+)"', tag)
    return f"[{found[1]}]" if found else ""


class _Sink:
    """What zipfile writes into: no position, so that it never goes back."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def write(self, data: bytes) -> int:
        self._pieces.append(bytes(data))
        return len(data)

    def flush(self) -> None:
        """There is nothing to wait for."""

    def taken(self) -> bytes:
        """What was written since the last time."""
        data = b"".join(self._pieces)
        self._pieces.clear()
        return data


def _info(name: str, packing: int) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name, _DATE)
    info.compress_type = packing
    info.external_attr = 0o644 << 16
    return info


async def _qti(site: Site, actor: Actor, pages: AsyncIterator[list[Question]]) -> AsyncIterator[bytes]:
    sink = _Sink()
    items: list[qti.Item] = []
    written: set[str] = set()
    with zipfile.ZipFile(sink, "w") as archive:  # type: ignore[arg-type]
        async for rows in pages:
            drafts = [from_bank(row)[0] for row in rows]
            pictures = await _pictures(site, actor, drafts)
            for draft in drafts:
                mine = [name for name in dict.fromkeys(_FILE.findall(_all_html(draft))) if name in pictures]
                for path, picture in ((_path(pictures[name]), pictures[name]) for name in mine):
                    if path not in written:
                        written.add(path)
                        with archive.open(_info(path, zipfile.ZIP_STORED), "w") as target:
                            async for chunk in site.storage.stream(picture.storage_key):
                                target.write(chunk)
                                yield sink.taken()
                one = qti.item(_packed(draft, pictures), len(items) + 1, [_path(pictures[name]) for name in mine])
                archive.writestr(_info(one.href, zipfile.ZIP_DEFLATED), one.xml)
                # What is written needs not be kept.
                items.append(msgspec.structs.replace(one, xml=""))
                yield sink.taken()
        for name, data in qti.manifest(items).items():
            archive.writestr(_info(name, zipfile.ZIP_DEFLATED), data)
    yield sink.taken()


async def _pictures(site: Site, actor: Actor, drafts: list[Draft]) -> dict[str, _Picture]:
    ids = {UUID(name) for draft in drafts for name in _FILE.findall(_all_html(draft))}
    if not ids:
        return {}
    async with site.db.transaction(actor, read_only=True) as tx:
        found = await tx.all(_Picture, Q.pictures, list(ids))
    return {str(one.id): one for one in found if one.mime_type in _ENDINGS}


def _path(picture: _Picture) -> str:
    return f"media/{picture.id}.{_ENDINGS[picture.mime_type]}"


def _all_html(draft: Draft) -> str:
    found: list[str] = []
    qti.changed(draft, lambda html: found.append(html) or html)
    return " ".join(found)


def _packed(draft: Draft, pictures: dict[str, _Picture]) -> Draft:
    """The draft with pictures under their path in the package; those that are not there by their words."""

    def change(html: str) -> str:
        named = _FILE.sub(lambda one: f"package:{_path(pictures[one[1]])}" if one[1] in pictures else one[0], html)
        return _LOST_FILE.sub(lambda one: _alt(one[0]), named)

    return qti.changed(draft, change)


async def losses(tx: Transaction, bank: Place, wanted: BankFilter, format: str) -> tuple[int, list[Loss], bool]:
    """How many questions go out, what a format cannot say of the first ones, and whether there are more than those."""
    page = await questions.search(tx, bank.course_id, wanted, organisation_id=bank.organisation_id, size=MOST_LOSSES)
    found: list[Loss] = []
    for row in page.rows:
        if not _is_whole(row):
            found.append(Loss(row.name, ["Left out: what is right in it is not for you to read."]))
            continue
        draft, said = from_bank(row)
        if format == "gift":
            said = said + [one for one in gift.write(draft).remarks if one not in said]
        elif format == "csv" and "/files/" in _all_html(draft):
            said = [*said, "Its pictures are not in the file: a table holds text only."]
        if said:
            found.append(Loss(row.name, list(dict.fromkeys(said))))
    return sum(map(_is_whole, page.rows)), found, page.next is not None
