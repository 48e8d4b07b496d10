"""What is said of packages: in lists, on their page, to the player."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from collegium.kit.errors import Problem

STANDARDS = {"scorm_12": "SCORM 1.2", "scorm_2004": "SCORM 2004", "aicc": "AICC"}
_EDITIONS = {2: "2nd Edition", 3: "3rd Edition", 4: "4th Edition"}


class Refused(Problem):
    """An archive is no package that can be played; the words say why."""

    status, title, code = 422, "This package cannot be imported", "refused_package"


class Told(msgspec.Struct, frozen=True):
    """An error or a warning of an import. ``line`` 0 means the whole file."""

    message: str
    file: str = ""
    line: int = 0
    element: str = ""


class Activity(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True, kw_only=True):
    """An item as the player is told of it; its JSON is what ``frontend/runtime/scorm/types.ts`` says."""

    identifier: str
    title: str
    kind: str
    is_visible: bool
    sequencing: dict[str, Any]
    children: list[Activity]
    href: str | None = None
    parameters: str | None = None
    launch_data: str | None = None
    prerequisites: str | None = None
    mastery_score: float | None = None
    completion_threshold: float | None = None
    max_time_allowed: float | None = None
    time_limit_action: str | None = None


class Definition(msgspec.Struct, frozen=True, kw_only=True):
    """A package as the player is told of it: what is played of it, and by which rules."""

    standard: str
    edition: int | None
    organization: Activity


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """A package in the library."""

    id: UUID
    title: str
    standard: str
    edition: int | None
    import_state: str
    import_progress: int
    is_active: bool
    is_shared: bool
    is_mine: bool
    replaced_by: UUID | None
    size_bytes: int | None
    created_at: datetime
    file_name: str | None
    owner: str | None
    lessons: int
    warnings: int

    @property
    def standard_in_words(self) -> str:
        """``SCORM 2004, 4th Edition``; empty while nobody has looked into it."""
        return standard_in_words(self.standard, self.edition) if self.import_state == "ready" else ""

    @property
    def is_under_way(self) -> bool:
        """Whether a job is at work."""
        return self.import_state in ("waiting", "importing")


def standard_in_words(standard: str, edition: int | None) -> str:
    """The standard as people call it."""
    name = STANDARDS.get(standard, standard)
    return f"{name}, {_EDITIONS[edition]}" if edition in _EDITIONS else name
