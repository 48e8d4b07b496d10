"""Reading a package of our own: every file is there, is what the document says, and its text is clean."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable
from datetime import UTC, datetime

import msgspec

from collegium.features.exchange import format, markup
from collegium.features.exchange.parts import Course, Document, Lesson, Prepared, RichText
from collegium.features.exchange.plan import Finding, Plan, Refused
from collegium.kit.unpack import Archive, Progress, printable

Clean = Callable[[str], str]
LARGEST_PLAYLIST = 4 << 20
_URI = re.compile(r'URI="([^"]*)"')


def plan(archive: Archive, clean: Clean, progress: Progress | None = None) -> Plan:
    """What a package becomes. Raises Refused and UnpackError."""
    try:
        document = format.read(archive.read(format.DOCUMENT, format.LARGEST))
    except format.FormatError as error:
        raise Refused(str(error)) from error
    entries = _checked_files(archive, document, progress)
    findings: list[Finding] = []
    modules = [
        msgspec.structs.replace(module, lessons=[_lesson(lesson, clean, findings) for lesson in module.lessons])
        for module in document.modules
    ]
    for lesson in document.lessons():
        if lesson.video and lesson.video.prepared:
            _check_playlists(archive, lesson, lesson.video.prepared, document)
    findings += [Finding(sort="left_out", words=f"“{one.what}”: {one.why}") for one in document.left_out]
    findings += _unlisted(archive, document)
    findings += _dates(document.course)
    return Plan(
        kind="collegium",
        version=str(document.version),
        document=msgspec.structs.replace(document, modules=modules),
        entries=entries,
        findings=findings,
    )


def _checked_files(archive: Archive, document: Document, progress: Progress | None) -> dict[str, str]:
    checked: dict[str, str] = {}
    for file in document.files:
        entry = archive.entries.get(file.path)
        name = printable(file.filename)
        if entry is None:
            raise Refused(
                f"“{name}” is listed in {format.DOCUMENT} and is not in the package ({file.path}). Export it again."
            )
        if entry.size != file.bytes:
            raise Refused(
                f"“{name}” has {entry.size:,} bytes, and {format.DOCUMENT} says {file.bytes:,}."
                " The package was changed or damaged after it was made. Export it again."
            )
        if file.path not in checked:
            checked[file.path] = archive.digest(file.path, progress)
        if checked[file.path] != file.sha256:
            raise Refused(
                f"“{name}” is not the file that {format.DOCUMENT} describes: its SHA-256 is another."
                " The package was changed or damaged after it was made. Export it again."
            )
    return {file.id: file.path for file in document.files}


def _lesson(lesson: Lesson, clean: Clean, findings: list[Finding]) -> Lesson:
    blocks = list(lesson.blocks)
    for place, block in enumerate(blocks):
        if not isinstance(block, RichText):
            continue
        cleaned = format.cleaned(block.html, clean)
        for loss in markup.losses(block.html, cleaned):
            times = f", {loss.times} times" if loss.times > 1 else ""
            words = f"Lesson “{lesson.title}”: {loss.what} was taken out{times}."
            findings.append(
                Finding(
                    sort="cleaned",
                    words=words,
                    file=format.DOCUMENT,
                    line=loss.line,
                    element=f"{lesson.id}, block {place + 1}",
                )
            )
        blocks[place] = RichText(html=cleaned)
    return msgspec.structs.replace(lesson, blocks=blocks)


def _check_playlists(archive: Archive, lesson: Lesson, prepared: Prepared, document: Document) -> None:
    """A playlist names files of its own film only: a player fetches whatever stands in it."""
    paths = {one.path: one.file for one in prepared.files}
    files = {file.id: file.path for file in document.files}
    for path, name in paths.items():
        if not path.endswith(".m3u8"):
            continue
        text = archive.read(files[name], LARGEST_PLAYLIST).decode(errors="replace")
        if not text.startswith("#EXTM3U"):
            raise Refused(f"Lesson “{lesson.title}”: {path} is not a playlist.")
        for line in text.splitlines():
            named = _URI.findall(line) if line.startswith("#") else [line.strip()]
            for uri in filter(None, named):
                if posixpath.normpath(posixpath.join(posixpath.dirname(path), uri)) not in paths:
                    words = f"the playlist {path} names {printable(uri)}, which is not in the package."
                    raise Refused(f"Lesson “{lesson.title}”: {words}")


def _unlisted(archive: Archive, document: Document) -> list[Finding]:
    known = {format.DOCUMENT, *(file.path for file in document.files)}
    extra = sorted(name for name in archive.entries if name not in known)
    used = set(format.file_ids(document))
    idle = [file for file in document.files if file.id not in used]
    found = [
        Finding(sort="left_out", words="It is in the archive and not in the list of files.", file=printable(name))
        for name in extra[:50]
    ]
    return found + [
        Finding(sort="left_out", words="No lesson uses it.", file=printable(file.filename)) for file in idle[:50]
    ]


def _dates(course: Course) -> list[Finding]:
    now = datetime.now(UTC)
    found: list[Finding] = []
    for name, words in (
        ("enrollment_end_date", "Enrolment ended on {}. Set another end under Settings before you publish."),
        ("course_end_date", "The course ended on {}. Set another end under Settings before you publish."),
    ):
        day: datetime | None = getattr(course, name)
        if day is not None and day < now:
            found.append(
                Finding(
                    sort="note",
                    words=words.format(f"{day.day} {day:%B %Y}"),
                    file=format.DOCUMENT,
                    element=f"course.{name}",
                )
            )
    return found
