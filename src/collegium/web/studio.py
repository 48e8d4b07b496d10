"""The studio's side list. A feature puts its places in when it is loaded; the layout shows those that a course has."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, NamedTuple
from uuid import UUID

import jinja2


class Place(NamedTuple):
    """A page of the studio: an address (or, for a course, what follows the course's own), its words, icon and rank."""

    path: str
    words: str
    icon: str
    rank: int


PREVIEW_COOKIE = "preview"
"""Holds the id of the course that its team looks at as a learner would; the player counts nothing then."""

SITE_PLACES: list[Place] = []
COURSE_PLACES: list[Place] = []
ORGANISATION_PLACES: list[Place] = []


class LessonPlace(NamedTuple):
    """A page of a lesson: what follows the lesson's address, its words, its types (none: every type) and rank."""

    suffix: str
    words: str
    types: frozenset[str]
    rank: int


LESSON_PLACES: list[LessonPlace] = []
_LESSON = re.compile(r"(/studio/[0-9a-f-]{36}/lessons/[0-9a-f-]{36})(?:/.*)?")


def site_place(path: str, words: str, icon: str, *, rank: int) -> None:
    """Puts a page of the whole studio into the side list: `site_place("/studio/media", "Media", "image", rank=2)`."""
    _put(SITE_PLACES, Place(path, words, icon, rank))


def course_place(suffix: str, words: str, icon: str, *, rank: int) -> None:
    """Puts a page that every course has into the side list of a course: ``course_place("/settings", …)``."""
    _put(COURSE_PLACES, Place(suffix, words, icon, rank))


def organisation_place(suffix: str, words: str, icon: str, *, rank: int) -> None:
    """Puts a page that every organisation has for its managers into the side list there."""
    _put(ORGANISATION_PLACES, Place(suffix, words, icon, rank))


def _put(places: list[Place], place: Place) -> None:
    if all(known.path != place.path for known in places):
        places.append(place)
        places.sort(key=lambda known: known.rank)


def lesson_place(suffix: str, words: str, *, types: Iterable[str] = (), rank: int) -> None:
    """Puts a page that lessons have among the tabs of a lesson: ``lesson_place("/settings", "Settings", rank=9)``."""
    if all(known.suffix != suffix for known in LESSON_PLACES):
        LESSON_PLACES.append(LessonPlace(suffix, words, frozenset(types), rank))
        LESSON_PLACES.sort(key=lambda known: known.rank)


def lesson_tabs(path: str, lesson_type: str | None) -> list[tuple[str, str]]:
    """Words and addresses of the pages of the lesson whose page ``path`` is; none elsewhere.

    Where the type is not known, only what every lesson has, and the page itself, is named.
    """
    found = _LESSON.fullmatch(path)
    if found is None:
        return []
    here = found[1]
    return [
        (place.words, here + place.suffix)
        for place in LESSON_PLACES
        if not place.types or lesson_type in place.types or path == here + place.suffix
    ]


def course_path(course: UUID, suffix: str = "") -> str:
    """The address of a course's page in the studio."""
    return f"/studio/{course}{suffix}"


def install(env: jinja2.Environment) -> None:
    """Gives templates `studio_places(course)`: (address, words, icon) of a course, or of the studio without one."""

    def studio_places(course: Any = None) -> list[tuple[str, str, str]]:
        if course is None:
            return [(place.path, place.words, place.icon) for place in SITE_PLACES]
        return [(course_path(course, place.path), place.words, place.icon) for place in COURSE_PLACES]

    def organisation_places(organisation: UUID) -> list[tuple[str, str, str]]:
        return [(f"/organisations/{organisation}{one.path}", one.words, one.icon) for one in ORGANISATION_PLACES]

    env.globals["organisation_places"] = organisation_places  # pyright: ignore[reportArgumentType]
    env.globals["studio_lesson_tabs"] = lesson_tabs  # pyright: ignore[reportArgumentType]
    env.globals["studio_places"] = studio_places  # pyright: ignore[reportArgumentType]
