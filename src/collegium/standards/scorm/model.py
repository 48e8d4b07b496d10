"""A package as read, of any standard: organisations with items, resources, metadata; and what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

import msgspec

Standard = Literal["scorm_12", "scorm_2004", "aicc"]
Kind = Literal["organization", "cluster", "sco", "asset"]

MOST_TOLD = 100
"""How many findings of one kind are kept; beyond it only their number is told."""


class Finding(msgspec.Struct, frozen=True):
    """Something to know about a package. ``line`` counts from 1; 0 means the whole file."""

    file: str
    line: int
    element: str
    message: str


class Item(msgspec.Struct, kw_only=True):
    """An activity. ``href`` is a relative address within the package, or another site's; None where nothing is shown.

    ``mastery_score`` is in the standard's own scale: 0 to 100, in SCORM 2004 -1 to 1. ``max_time_allowed`` in seconds.
    """

    identifier: str
    title: str
    kind: Kind
    is_visible: bool = True
    href: str | None = None
    parameters: str | None = None
    launch_data: str | None = None
    prerequisites: str | None = None
    mastery_score: float | None = None
    completion_threshold: float | None = None
    max_time_allowed: float | None = None
    time_limit_action: str | None = None
    sequencing: dict[str, Any] = {}
    children: list[Item] = []

    def walk(self) -> Iterator[Item]:
        """This item and those under it, in their order."""
        yield self
        for child in self.children:
            yield from child.walk()


class Resource(msgspec.Struct, kw_only=True):
    """A resource of the manifest: the files it names, and the resources that it needs."""

    identifier: str
    type: str
    scorm_type: str
    href: str | None
    files: list[str]
    dependencies: list[str]


class Metadata(msgspec.Struct, kw_only=True):
    """What a package says about itself in words."""

    title: str = ""
    description: str = ""
    keywords: list[str] = []
    language: str = ""


class Package(msgspec.Struct, kw_only=True):
    """A package that can be played."""

    standard: Standard
    edition: int | None
    identifier: str
    schema_version: str
    metadata: Metadata
    organizations: list[Item]
    default: str
    resources: list[Resource] = []
    extra: dict[str, Any] = {}
    """What one standard alone has, such as the passwords of AICC's units."""

    @property
    def organization(self) -> Item:
        """The organisation that is played."""
        return next(one for one in self.organizations if one.identifier == self.default)

    @property
    def title(self) -> str:
        """What the package is called."""
        return (self.metadata.title or self.organization.title or self.identifier or "Package")[:300]


class Reading(msgspec.Struct, kw_only=True):
    """What came of reading. There is a package exactly when there are no errors."""

    package: Package | None
    errors: list[Finding]
    warnings: list[Finding]


class Notes:
    """Collects findings while a package is read; the same one is kept once."""

    def __init__(self) -> None:
        self._kept: dict[bool, dict[Finding, None]] = {True: {}, False: {}}
        self._beyond = {True: 0, False: 0}

    def error(self, file: str, line: int, element: str, message: str) -> None:
        """Something for which the package is refused."""
        self._add(True, Finding(file, line, element, message))

    def warn(self, file: str, line: int, element: str, message: str) -> None:
        """Something that was mended, or left out, or may surprise."""
        self._add(False, Finding(file, line, element, message))

    def _add(self, is_error: bool, finding: Finding) -> None:
        kept = self._kept[is_error]
        if finding not in kept and len(kept) >= MOST_TOLD:
            self._beyond[is_error] += 1
        else:
            kept[finding] = None

    @property
    def errors(self) -> list[Finding]:
        """What was found so far for which the package is refused."""
        return self._told(True)

    @property
    def warnings(self) -> list[Finding]:
        """The rest of what was found so far."""
        return self._told(False)

    def _told(self, is_error: bool) -> list[Finding]:
        found, beyond = list(self._kept[is_error]), self._beyond[is_error]
        more = [Finding("", 0, "", f"And {beyond} more of this kind.")] if beyond else []
        return found + more
