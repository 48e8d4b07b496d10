"""What somebody typed into a field of settings, as a value, and a value as the text of its field."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError


class Wrong(ValueError):
    """What was typed cannot be used; the message says what to do."""


class Field(NamedTuple):
    """One setting. ``read`` makes the value of a form's text, ``show`` the text of a value; both know the zone."""

    label: str
    read: Callable[[str, ZoneInfo], Any]
    show: Callable[[Any, ZoneInfo], str]


def zone_of(name: str) -> ZoneInfo:
    """A time zone by its name; UTC for one that is not known here."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")


def moment(label: str) -> Callable[[str, ZoneInfo], datetime | None]:
    """Reads a date and time by the clock of a zone; nothing stays None."""

    def read(text: str, zone: ZoneInfo) -> datetime | None:
        if not text.strip():
            return None
        try:
            local = datetime.fromisoformat(text.strip())
        except ValueError:
            raise Wrong(f"{label}: a day and a time, such as 2027-01-31 09:00.") from None
        if not 2000 <= local.year <= 2200:
            raise Wrong(f"{label}: a year from 2000 to 2200.")
        return (local if local.tzinfo else local.replace(tzinfo=zone)).astimezone(UTC)

    return read


def show_moment(value: datetime | None, zone: ZoneInfo) -> str:
    """A moment as a field of a form has it, by the clock of a zone."""
    return "" if value is None else value.astimezone(zone).strftime("%Y-%m-%dT%H:%M")


def switch(label: str) -> Field:
    """A box that is ticked or not."""

    def read(text: str, _zone: ZoneInfo) -> bool:
        return bool(text)

    def show(value: bool, _zone: ZoneInfo) -> str:
        return "1" if value else ""

    return Field(label, read, show)
