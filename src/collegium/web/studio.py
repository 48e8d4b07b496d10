"""The studio's side list. A feature puts its places in when it is loaded; the layout shows those that a course has."""

from __future__ import annotations

from typing import Any, NamedTuple
from uuid import UUID

import jinja2


class Place(NamedTuple):
    """A page of the studio: an address (or, for a course, what follows the course's own), its words, icon and rank."""

    path: str
    words: str
    icon: str
    rank: int


SITE_PLACES: list[Place] = []
COURSE_PLACES: list[Place] = []


def site_place(path: str, words: str, icon: str, *, rank: int) -> None:
    """Puts a page of the whole studio into the side list: `site_place("/studio/media", "Media", "image", rank=2)`."""
    _put(SITE_PLACES, Place(path, words, icon, rank))


def course_place(suffix: str, words: str, icon: str, *, rank: int) -> None:
    """Puts a page that every course has into the side list of a course: ``course_place("/settings", …)``."""
    _put(COURSE_PLACES, Place(suffix, words, icon, rank))


def _put(places: list[Place], place: Place) -> None:
    if all(known.path != place.path for known in places):
        places.append(place)
        places.sort(key=lambda known: known.rank)


def course_path(course: UUID, suffix: str = "") -> str:
    """The address of a course's page in the studio."""
    return f"/studio/{course}{suffix}"


def install(env: jinja2.Environment) -> None:
    """Gives templates `studio_places(course)`: (address, words, icon) of a course, or of the studio without one."""

    def studio_places(course: Any = None) -> list[tuple[str, str, str]]:
        if course is None:
            return [(place.path, place.words, place.icon) for place in SITE_PLACES]
        return [(course_path(course, place.path), place.words, place.icon) for place in COURSE_PLACES]

    env.globals["studio_places"] = studio_places  # pyright: ignore[reportArgumentType]
