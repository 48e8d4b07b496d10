"""Our own package as a whole: reading, writing and checking ``collegium-course.json``.

What JSON Schema cannot say (references that exist, no circle, digests that belong to their paths) is asked by
:func:`problems`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal
from graphlib import CycleError, TopologicalSorter
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import msgspec

from collegium.features.exchange.parts import Document, RichText, Video, Youtube

FORMAT = "collegium-course"
VERSION = 1
DOCUMENT = "collegium-course.json"
LARGEST = 64 << 20
"""Bytes of the document. Text of lessons stands in it; files do not."""


class FormatError(ValueError):
    """The document is refused; the text says what is wrong, and where in it."""


class _Head(msgspec.Struct):
    format: str = ""
    version: int = 0


FILE_SCHEME = "collegium-file:"
_FILE_ADDRESS = re.compile(r'(?<=")collegium-file:([a-z][a-z0-9_-]{0,39})(?=")')
_SITE_ADDRESS = re.compile(r'(?<=")/files/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})(?=")')
_HOSTS = {
    "upload": re.compile(r"(?!)"),
    "youtube": re.compile(r"youtu\.be|(www\.|m\.)?youtube(-nocookie)?\.com"),
    "vimeo": re.compile(r"(www\.|player\.)?vimeo\.com"),
    "wistia": re.compile(r"([a-z0-9-]+\.)*wistia\.(com|net)"),
}
_WHERE = re.compile(r" - at `\$\.?(.*?)`$")


def schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of the document, as docs/standards/course-package.schema.json holds it."""
    made = msgspec.json.schema(Document)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "A Collegium course, version 1", **made}


def write(document: Document) -> bytes:
    """The document as it stands in a package: one line a field, so that two of them can be compared."""
    return msgspec.json.format(msgspec.json.encode(document), indent=1) + b"\n"


def read(data: bytes) -> Document:
    """A document, checked as a whole. Raises FormatError in words."""
    try:
        head = msgspec.json.decode(data, type=_Head)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise FormatError(f"{DOCUMENT} cannot be read: {_plain(error)}") from error
    if head.format != FORMAT:
        raise FormatError(f"{DOCUMENT} is not a course: its format is “{head.format[:60]}”, not “{FORMAT}”.")
    if head.version != VERSION:
        newer = "A newer Collegium wrote it: update this site, then import it again."
        words = f"This package has version {head.version} of the format, and this site reads version {VERSION}."
        raise FormatError(f"{words} {newer if head.version > VERSION else 'No such version was ever written.'}")
    try:
        document = msgspec.json.decode(data, type=Document)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise FormatError(f"{DOCUMENT} cannot be read: {_plain(error)}") from error
    problem = next(problems(document), None)
    if problem:
        raise FormatError(f"{DOCUMENT} contradicts itself: {problem}")
    return document


def files_in(html: str) -> list[str]:
    """The ids of files that a text names."""
    return _FILE_ADDRESS.findall(html)


def with_addresses(html: str, address: Callable[[str], str]) -> str:
    """A text of a package with the addresses that its files have somewhere."""
    return _FILE_ADDRESS.sub(lambda found: address(found[1]), html)


def without_addresses(html: str, name: Callable[[UUID], str | None]) -> str:
    """A text of a site as a package holds it; ``name`` is the id of a file in the package, None for none of it."""

    def put(found: re.Match[str]) -> str:
        known = name(UUID(found[1]))
        return f"{FILE_SCHEME}{known}" if known else found[0]

    return _SITE_ADDRESS.sub(put, html)


def cleaned(html: str, clean: Callable[[str], str]) -> str:
    """A text of a package, made clean by a cleaner that knows the addresses of this site alone."""
    numbers = {name: UUID(int=number) for number, name in enumerate(dict.fromkeys(files_in(html)), 1)}
    names = {number: name for name, number in numbers.items()}
    return without_addresses(clean(with_addresses(html, lambda name: f"/files/{numbers[name]}")), names.get)


def file_ids(document: Document) -> Iterator[str]:
    """Every reference to a file, in the order of the document."""
    course = document.course
    yield from (one for one in (course.thumbnail, course.syllabus) if one)
    for lesson in document.lessons():
        for block in lesson.blocks:
            if isinstance(block, RichText):
                yield from files_in(block.html)
            elif not isinstance(block, Youtube):
                yield block.file
        if lesson.document:
            yield lesson.document
        yield from (attachment.file for attachment in lesson.attachments)
        if lesson.video:
            yield from video_file_ids(lesson.video)


def video_file_ids(video: Video) -> Iterator[str]:
    """The files that a film needs."""
    if video.original:
        yield video.original
    if video.prepared:
        yield from (one.file for one in video.prepared.files)
    yield from (track.file for track in video.captions)


def problems(document: Document) -> Iterator[str]:
    """What is wrong with a document although each part of it has its form."""
    yield from _file_problems(document)
    yield from _order_problems(
        "module", [(one.id, [one.unlock_after] if one.unlock_after else []) for one in document.modules]
    )
    lessons = [
        (one.id, [*([one.unlock_after] if one.unlock_after else []), *one.prerequisites]) for one in document.lessons()
    ]
    yield from _order_problems("lesson", lessons)
    for lesson in document.lessons():
        where = f"lesson {lesson.id} (“{lesson.title}”)"
        if lesson.completion_criteria == "video_watched" and lesson.type != "video":
            yield f"{where} is complete when a video was watched, and is no video lesson."
        if lesson.completion_criteria == "time_spent" and lesson.min_time_seconds is None:
            yield f"{where} is complete after a time, and none is given."
        if not 1 <= lesson.watched_percentage_required <= 100:
            yield f"{where} asks for {lesson.watched_percentage_required} per cent of a video."
        if lesson.video:
            yield from (f"{where}: {problem}" for problem in _video_problems(lesson.video))
    course = document.course
    for name in ("ce_credits", "price", "member_price"):
        value: Decimal | None = getattr(course, name)
        if value is not None and not (value.is_finite() and 0 <= value < 100_000_000 and value == round(value, 2)):
            yield f"the course's {name} is not a number of at most two decimals."
    if course.ce_credits >= 1000:
        yield "the course gives more than 999.99 credits."
    for one in course.prerequisites:
        if (one.requirement is None) == (one.title is None):
            yield "a prerequisite is either in words or the title of a course."


def _video_problems(video: Video) -> Iterator[str]:
    if not 1 <= video.max_rate <= 4:
        yield "a film is played at one to four times its speed."
    if (video.provider == "upload") == (video.url is not None):
        yield "a film is either a file or at a provider's address."
    if video.url and not _HOSTS[video.provider].fullmatch(urlsplit(video.url).hostname or ""):
        yield f"{video.url[:80]} is not an address of {video.provider.capitalize()}."
    if video.provider != "upload" and (video.original or video.prepared):
        yield "a film at a provider has no files here."
    if video.prepared:
        paths = [one.path for one in video.prepared.files]
        if len(set(paths)) < len(paths):
            yield "the same path of the prepared film stands there twice."
        named = (video.prepared.playlist, video.prepared.poster, video.prepared.storyboard)
        for path in filter(None, named):
            if path not in paths:
                yield f"{path[:80]} of the prepared film is not among its files."


def _file_problems(document: Document) -> Iterator[str]:
    known: set[str] = set()
    for file in document.files:
        if file.id in known:
            yield f"file {file.id} stands there twice."
        known.add(file.id)
        if file.path.removeprefix("files/").partition(".")[0] != file.sha256:
            yield f"file {file.id} has a path that does not name its SHA-256."
    for name in file_ids(document):
        if name not in known:
            yield f"file {name} is used and not listed."


def _order_problems(kind: str, parts: Iterable[tuple[str, list[str]]]) -> Iterator[str]:
    """References that lead nowhere, and parts that would wait for each other."""
    waits: dict[str, list[str]] = {}
    for name, before in parts:
        if name in waits:
            yield f"{kind} {name} stands there twice."
        waits[name] = before
    for name, before in waits.items():
        for other in before:
            if other not in waits:
                yield f"{kind} {name} waits for {other}, which is not there."
    try:
        TopologicalSorter(waits).prepare()
    except CycleError as error:
        yield f"{kind} {error.args[1][0]} waits for itself, over others."


def _plain(error: Exception) -> str:
    """The reader's words, with the place first."""
    words = str(error)
    found = _WHERE.search(words)
    if not found:
        return f"{words}."
    return f"{found[1]}: {words[: found.start()]}." if found[1] else f"{words[: found.start()]}."
