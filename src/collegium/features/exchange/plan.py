"""What an import will do, before it does anything: the package as a document, and what is told of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Literal

import msgspec

from collegium.features.exchange.parts import Document, File, Lesson

Kind = Literal["collegium", "common_cartridge"]
Sort = Literal["left_out", "cleaned", "changed", "note"]
MOST_FINDINGS = 1_000
MOST_FILES = 500


class Refused(Exception):
    """The package is not imported; the text says why, for the person who sent it."""


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """Something worth knowing: in which file of the package, at which line and element where known."""

    sort: Sort
    words: str
    file: str = ""
    line: int = 0
    element: str = ""


class LessonLine(msgspec.Struct, frozen=True):
    """A lesson as the report lists it."""

    title: str
    type: str
    details: str = ""


class ModuleLine(msgspec.Struct, frozen=True):
    """A module as the report lists it."""

    title: str
    lessons: list[LessonLine]


class FileLine(msgspec.Struct, frozen=True):
    """A file as the report lists it; ``bytes`` is its size."""

    name: str
    bytes: int


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """All that will happen, as it is shown and kept."""

    kind: Kind
    version: str
    title: str
    made_by: str = ""
    modules: list[ModuleLine]
    files: list[FileLine]
    file_count: int
    bytes: int
    findings: list[Finding]
    more_findings: int = 0

    @property
    def lessons(self) -> int:
        """How many lessons there will be."""
        return sum(len(module.lessons) for module in self.modules)

    @property
    def types(self) -> list[tuple[str, int]]:
        """How many lessons of each type, the most frequent first."""
        return Counter(lesson.type for module in self.modules for lesson in module.lessons).most_common()

    def of(self, *sorts: str) -> list[Finding]:
        """The findings of some sorts."""
        return [finding for finding in self.findings if finding.sort in sorts]


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """A package that was understood. ``entries`` says which entry of the archive holds a file, by the file's id."""

    kind: Kind
    version: str
    document: Document
    entries: dict[str, str]
    findings: list[Finding]

    def report(self) -> Report:
        """What is told of it."""
        document = self.document
        biggest = sorted(document.files, key=lambda file: (-file.bytes, file.filename))
        return Report(
            kind=self.kind,
            version=self.version,
            title=document.course.title,
            made_by=document.made_by,
            modules=[
                ModuleLine(module.title, [LessonLine(one.title, one.type, _details(one)) for one in module.lessons])
                for module in document.modules
            ],
            files=[FileLine(file.filename, file.bytes) for file in biggest[:MOST_FILES]],
            file_count=len(document.files),
            bytes=sum(size for size in _sizes(document.files)),
            findings=self.findings[:MOST_FINDINGS],
            more_findings=max(0, len(self.findings) - MOST_FINDINGS),
        )


def _sizes(files: list[File]) -> Iterator[int]:
    """Each content once, however often it is listed."""
    yield from {file.sha256: file.bytes for file in files}.values()


def _details(lesson: Lesson) -> str:
    parts: list[str] = []
    if lesson.attachments:
        parts.append(f"{len(lesson.attachments)} attachment{'' if len(lesson.attachments) == 1 else 's'}")
    if lesson.video:
        parts += [f"captions {track.lang}" for track in lesson.video.captions]
        if lesson.video.provider != "upload":
            parts.append(f"at {lesson.video.provider.capitalize()}")
    if lesson.is_preview:
        parts.append("preview")
    return ", ".join(parts)
