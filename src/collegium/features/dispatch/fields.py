"""The form of what is agreed with a partner."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from collegium.features.dispatch.model import Dispatch
from collegium.features.dispatch.service import MOST_LAUNCHES, MOST_PLACES, Agreed
from collegium.kit.errors import Invalid
from collegium.kit.fields import zone_of

NAMES = ("partner", "note", "max_registrations", "max_launches", "until")
EMPTY = {"partner": "", "note": "", "max_registrations": "500", "max_launches": "", "until": ""}


def shown(found: Dispatch, zone: str) -> dict[str, str]:
    """The fields as they stand."""
    last = found.expires_at and (found.expires_at.astimezone(zone_of(zone)) - timedelta(seconds=1)).date()
    return {
        "partner": found.partner,
        "note": found.note or "",
        "max_registrations": str(found.max_registrations),
        "max_launches": "" if found.max_launches is None else str(found.max_launches),
        "until": last.isoformat() if last else "",
    }


def read(given: Mapping[str, str], zone: str) -> Agreed:
    """What somebody wants. Raises Invalid with words for each field."""
    errors: dict[str, str] = {}
    partner, note = given.get("partner", "").strip(), given.get("note", "").strip()
    if not 1 <= len(partner) <= 200:
        errors["partner"] = "Say to whom you give it, in at most 200 characters."
    if len(note) > 2000:
        errors["note"] = "Write at most 2000 characters."
    places = _whole(given.get("max_registrations", ""), MOST_PLACES)
    if places is None:
        errors["max_registrations"] = f"Give a number from 1 to {MOST_PLACES:,}."
    launches = _whole(given.get("max_launches", ""), MOST_LAUNCHES)
    if launches is None and given.get("max_launches", "").strip():
        errors["max_launches"] = f"Give a number from 1 to {MOST_LAUNCHES:,}, or leave it empty."
    expires_at = None
    try:
        expires_at = _end_of(given.get("until", ""), zone_of(zone))
    except ValueError:
        errors["until"] = "Give a day, such as 2027-01-31, or leave it empty."
    if errors or places is None:
        raise Invalid("Please look at the marked fields again.", fields=errors)
    return Agreed(
        partner=partner,
        note=note or None,
        max_registrations=places,
        max_launches=launches,
        expires_at=expires_at,
    )


def _whole(text: str, most: int) -> int | None:
    text = text.strip()
    found = int(text) if text.isascii() and text.isdecimal() and len(text) <= 9 else 0
    return found if 1 <= found <= most else None


def _end_of(text: str, zone: ZoneInfo) -> datetime | None:
    """The end of a day on the clocks of the zone."""
    if not text.strip():
        return None
    day = date.fromisoformat(text.strip())
    if not 2000 <= day.year <= 2200:
        raise ValueError(text)
    return datetime.combine(day + timedelta(days=1), time(), zone)
