"""The form of a cohort: how each field is read from what somebody typed, and written back.

Days and times are those of the cohort's own zone, so a course in Denver begins at nine in Denver, wherever its
team sits.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

import msgspec

from collegium.features.cohorts.model import Cohort
from collegium.kit.errors import Invalid

LABELS = {
    "name": "Name",
    "description": "Description",
    "time_zone": "Time zone",
    "starts_at": "Begins",
    "ends_at": "Ends",
    "enrollment_opens_at": "Enrollment opens",
    "enrollment_closes_at": "Enrollment closes",
    "capacity": "Places",
}
NAMES = tuple(LABELS)
MOST_PLACES = 100_000
_REGIONS = ("Africa", "America", "Antarctica", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific")


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """A cohort as somebody wants it to be."""

    name: str
    description: str | None
    starts_at: datetime
    ends_at: datetime | None
    enrollment_opens_at: datetime | None
    enrollment_closes_at: datetime | None
    capacity: int | None
    time_zone: str


def zones(current: str) -> list[tuple[str, str]]:
    """The zones to choose from, as (value, words); the current one is always among them."""
    names = {name for name in available_timezones() if name.partition("/")[0] in _REGIONS} | {current, "UTC"}
    return [(name, name.replace("_", " ")) for name in sorted(names)]


def zone_of(name: str) -> ZoneInfo:
    """A zone by its name; UTC for one that is not known here."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo("UTC")


def show_moment(value: datetime | None, zone: ZoneInfo) -> str:
    """An instant as a form's field has it: the minute on the clocks of the zone."""
    if value is None:
        return ""
    local = value.astimezone(zone)
    return f"{local.year:04}-{local:%m-%dT%H:%M}"


def read_moment(text: str, zone: ZoneInfo, was: datetime | None = None) -> datetime | None:
    """The instant that a field means; None for an empty one. Raises ValueError with words for the person.

    A minute that comes twice, when clocks go back, means the first; but a field that was not touched keeps ``was``.
    """
    if not text.strip():
        return None
    if was is not None and text.strip() == show_moment(was, zone):
        return was
    try:
        local = datetime.fromisoformat(text.strip())
    except ValueError:
        raise ValueError("Give a day and a time, such as 2027-01-31 09:00.") from None
    if not 2000 <= local.year <= 2200:
        raise ValueError("Give a year from 2000 to 2200.")
    local = local.replace(second=0, microsecond=0, tzinfo=None)
    found = local.replace(tzinfo=zone).astimezone(UTC)
    if found.astimezone(zone).replace(tzinfo=None) != local:
        raise ValueError(
            f"This time does not exist in {zone.key}: the clocks go forward over it. Give one an hour later."
        )
    return found


def texts(cohort: Cohort) -> dict[str, str]:
    """A cohort as its form has it."""
    zone = zone_of(cohort.time_zone)
    return {
        "name": cohort.name,
        "description": cohort.description or "",
        "time_zone": cohort.time_zone,
        "capacity": "" if cohort.capacity is None else str(cohort.capacity),
        "starts_at": show_moment(cohort.starts_at, zone),
        "ends_at": show_moment(cohort.ends_at, zone),
        "enrollment_opens_at": show_moment(cohort.enrollment_opens_at, zone),
        "enrollment_closes_at": show_moment(cohort.enrollment_closes_at, zone),
    }


def mark(cohort: Cohort) -> str:
    """A digest of what a form was filled with, by which a save sees that somebody else saved meanwhile."""
    return hashlib.sha256("\x1f".join(texts(cohort)[name] for name in NAMES).encode()).hexdigest()[:16]


def read(given: Mapping[str, str], was: Cohort | None = None) -> Wanted:
    """What a form asks for. Raises Invalid with words for each field that is wrong."""
    errors: dict[str, str] = {}
    name = " ".join("".join(c if c.isprintable() else " " for c in given.get("name", "")).split())
    if not name:
        errors["name"] = "Give it a name, such as Spring 2027."
    elif len(name) > 120:
        errors["name"] = f"Name: at most 120 characters; this has {len(name)}."
    description = "".join(c for c in given.get("description", "") if c.isprintable() or c == "\n").strip()
    if len(description) > 1000:
        errors["description"] = f"Description: at most 1000 characters; this has {len(description)}."
    zone_name = given.get("time_zone", "")
    zone = zone_of(zone_name)
    if zone.key != zone_name:
        errors["time_zone"] = "Time zone: choose one of the list."
    moments = _moments(given, zone, was if was is not None and was.time_zone == zone_name else None, errors)
    capacity = given.get("capacity", "").strip()
    if capacity and (not re.fullmatch(r"[0-9]{1,6}", capacity) or not 1 <= int(capacity) <= MOST_PLACES):
        errors["capacity"] = f"Places: a whole number from 1 to {MOST_PLACES}, or nothing for as many as come."
    starts = moments["starts_at"]
    if errors or starts is None:
        raise Invalid("Nothing was saved.", fields={key: errors[key] for key in NAMES if key in errors})
    return Wanted(
        name=name,
        description=description or None,
        starts_at=starts,
        ends_at=moments["ends_at"],
        enrollment_opens_at=moments["enrollment_opens_at"],
        enrollment_closes_at=moments["enrollment_closes_at"],
        capacity=int(capacity) if capacity else None,
        time_zone=zone.key,
    )


def _moments(
    given: Mapping[str, str], zone: ZoneInfo, was: Cohort | None, errors: dict[str, str]
) -> dict[str, datetime | None]:
    """The four instants; what is wrong with them, alone or together, goes to ``errors``."""
    found: dict[str, datetime | None] = {}
    for key in ("starts_at", "ends_at", "enrollment_opens_at", "enrollment_closes_at"):
        try:
            found[key] = read_moment(given.get(key, ""), zone, getattr(was, key) if was else None)
        except ValueError as problem:
            found[key] = None
            errors[key] = f"{LABELS[key]}: {problem}"
    if found["starts_at"] is None:
        errors.setdefault("starts_at", "Begins: give a day and a time.")
    starts, ends, opens, closes = found.values()
    if starts and ends and ends <= starts:
        errors["ends_at"] = "Ends: later than it begins, or leave it empty."
    if opens and closes and closes <= opens:
        errors["enrollment_closes_at"] = "Enrollment closes: later than it opens, or leave it empty."
    elif ends and closes and closes > ends:
        errors["enrollment_closes_at"] = "Enrollment closes: not after the end of the cohort."
    if ends and opens and opens >= ends:
        errors["enrollment_opens_at"] = "Enrollment opens: before the end of the cohort."
    return found
