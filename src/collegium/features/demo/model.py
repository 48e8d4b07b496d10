"""The demonstration as its file describes it."""

from __future__ import annotations

from decimal import Decimal
from importlib import resources

import msgspec


class Instructor(msgspec.Struct, frozen=True):
    """Somebody who teaches."""

    key: str
    first: str
    last: str
    headline: str
    bio: str


class Lesson(msgspec.Struct, frozen=True):
    """A film, a text, or the demonstration's package."""

    title: str
    film: str | None = None
    text: tuple[str, ...] = ()
    package: bool = False
    preview: bool = False
    minutes: int = 15
    min_seconds: int | None = None
    after_previous: bool = False


class Module(msgspec.Struct, frozen=True):
    """A section of a course."""

    title: str
    lessons: tuple[Lesson, ...]
    minutes: int
    description: str | None = None
    after_previous: bool = False
    opens_in_days: int | None = None


class Course(msgspec.Struct, frozen=True):
    """A course of the catalogue."""

    slug: str
    title: str
    instructor: str
    category: str
    level: str
    pricing: str
    credits: Decimal
    minutes: int
    days_old: int
    short: str
    description: str
    audience: str
    objectives: tuple[str, ...]
    tags: tuple[str, ...]
    modules: tuple[Module, ...]
    team: tuple[str, ...] = ()
    format: str = "self_paced"
    price: Decimal = Decimal(0)
    member_price: Decimal | None = None


class Demo(msgspec.Struct, frozen=True):
    """All of it."""

    instructors: tuple[Instructor, ...]
    courses: tuple[Course, ...]


def read() -> Demo:
    """The demonstration that comes with the program."""
    text = resources.files("collegium.features.demo").joinpath("courses.toml").read_bytes()
    return msgspec.toml.decode(text, type=Demo)


# Thirty members; the names are made up.
MEMBERS = (
    ("Amara", "Bello"), ("Jonas", "Weber"), ("Priya", "Raman"), ("Luís", "Carvalho"), ("Hannah", "Stone"),
    ("Tomasz", "Zieliński"), ("Mei", "Tan"), ("Samuel", "Adeyemi"), ("Ingrid", "Halvorsen"), ("Rosa", "Delgado"),
    ("Peter", "Novák"), ("Fatima", "Haddad"), ("George", "Papadakis"), ("Aoife", "Byrne"), ("Daniel", "Roth"),
    ("Keiko", "Mori"), ("William", "Hargrove"), ("Chiara", "Conti"), ("Noor", "Rahman"), ("Victor", "Lemaire"),
    ("Esther", "Mwangi"), ("Oscar", "Lund"), ("Beatriz", "Pires"), ("Henry", "Calloway"), ("Zofia", "Wójcik"),
    ("Andre", "Baptiste"), ("Lena", "Fischer"), ("Marcus", "Greene"), ("Sofia", "Álvarez"), ("Ruth", "Abrams"),
)  # fmt: skip
