"""Reading what the studio's forms send."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from collegium.kit.errors import Invalid
from collegium.web.pages import WebRequest


class Form:
    """The text fields of a form. A field that was not sent is empty, and so is a file in its place."""

    def __init__(self, fields: Any) -> None:
        self._fields = fields

    def text(self, name: str) -> str:
        """One field; NUL, which PostgreSQL cannot keep, and half characters are left out."""
        return _clean(self._fields.get(name, ""))

    def all(self, name: str) -> list[str]:
        """Every value of a field that may be sent several times."""
        return [_clean(value) for value in self._fields.getall(name, [])]

    def ticked(self, name: str) -> bool:
        """Whether a box was ticked."""
        return bool(self.text(name))


def _clean(value: Any) -> str:
    return value.encode("utf-8", "ignore").decode().replace("\x00", "") if isinstance(value, str) else ""


async def read_form(request: WebRequest) -> Form:
    """The form that was sent."""
    return Form(await request.form())


def instant(text: str, zone: str) -> datetime | None:
    """A date and time of a form, as the person's own clock shows it; None for nothing. Raises Invalid."""
    if not text:
        return None
    try:
        local = datetime.fromisoformat(text)
    except ValueError:
        raise Invalid("Give the date as year, month and day.", fields={"unlock_date": "This is not a date."}) from None
    if not 2000 <= local.year <= 2200:
        raise Invalid("This year is out of reach.", fields={"unlock_date": "Choose a year between 2000 and 2200."})
    try:
        there = ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError):
        there = ZoneInfo("UTC")
    return (local if local.tzinfo else local.replace(tzinfo=there)).astimezone(UTC)
