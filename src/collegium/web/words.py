"""Words and numbers as people read them: filters for templates."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, cast
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import jinja2

LABELS: dict[str, dict[str, str]] = {
    "category": {
        "insurance_fundamentals": "Insurance fundamentals",
        "health_benefits": "Health benefits",
        "life_insurance": "Life insurance",
        "retirement_planning": "Retirement planning",
        "compliance": "Compliance",
        "sales_techniques": "Sales techniques",
        "leadership": "Leadership",
        "technology": "Technology",
        "continuing_education": "Continuing education",
    },
    "level": {
        "beginner": "Beginner",
        "intermediate": "Intermediate",
        "advanced": "Advanced",
        "expert": "Expert",
    },
    "format": {
        "self_paced": "Self-paced",
        "instructor_led": "Instructor-led",
        "blended": "Blended",
        "live_virtual": "Live online",
    },
    "language": {
        "en": "English",
        "es": "Spanish",
        "fr": "French",
        "de": "German",
        "it": "Italian",
        "pt": "Portuguese",
    },
    "pricing": {"free": "Free", "paid": "Paid", "member_only": "Members only", "premium": "Premium"},
    "lesson_type": {
        "video": "Video",
        "text": "Reading",
        "pdf": "Document",
        "scorm": "Package",
        "quiz": "Quiz",
        "assignment": "Assignment",
        "live_session": "Live session",
        "external_link": "Link",
        "embedded_content": "Embedded content",
    },
    "block_type": {
        "rich_text": "Text",
        "image": "Picture",
        "video": "Video",
        "file": "File",
        "youtube": "YouTube video",
    },
    "enrollment": {
        "enrolled": "Not started",
        "in_progress": "In progress",
        "completed": "Completed",
        "dropped": "Left",
        "expired": "Expired",
        "suspended": "Suspended",
        "archived": "Archived",
    },
    "role": {
        "student": "Learner",
        "instructor": "Instructor",
        "admin": "Administrator",
        "super_admin": "Super administrator",
    },
}
SYMBOLS = {"USD": "$", "EUR": "€", "GBP": "£"}


def label(value: str, kind: str) -> str:
    """A stored value in words."""
    return LABELS[kind].get(value, value.replace("_", " ").capitalize())


def minutes(value: int | None) -> str:
    """A length in minutes as people say it: ``45 min``, ``2 h``, ``2 h 30 min``."""
    if not value:
        return ""
    hours, rest = divmod(int(value), 60)
    if not hours:
        return f"{rest} min"
    return f"{hours} h {rest} min" if rest else f"{hours} h"


def seconds(value: int | float | None) -> str:
    """A time within a video: ``1:03`` or ``1:02:07``."""
    whole = int(value or 0)
    hours, rest = divmod(whole, 3600)
    mins, secs = divmod(rest, 60)
    return f"{hours}:{mins:02}:{secs:02}" if hours else f"{mins}:{secs:02}"


def took(value: timedelta) -> str:
    """How long something took: ``0.2 s``, ``45 s``, ``3 min``, ``2 h 5 min``."""
    whole = value.total_seconds()
    if whole < 10:
        return f"{whole:.1f} s"
    if whole < 60:
        return f"{whole:.0f} s"
    return minutes(round(whole / 60))


def number(value: Decimal | float | int | None) -> str:
    """A figure without needless zeros: 10.00 becomes 10, 8.50 becomes 8.5."""
    if value is None:
        return ""
    text = f"{Decimal(str(value)):,.2f}"
    return text.rstrip("0").rstrip(".")


def money(value: Decimal | None, currency: str = "USD") -> str:
    """An amount with its currency; nothing costs ``Free``."""
    if value is None:
        return ""
    if value == 0:
        return "Free"
    text = f"{value:,.2f}".removesuffix(".00")
    symbol = SYMBOLS.get(currency)
    return f"{symbol}{text}" if symbol else f"{text} {currency}"


def local(value: datetime, zone: str = "UTC") -> datetime:
    """An instant in a person's time zone; UTC where the zone is unknown."""
    try:
        return value.astimezone(ZoneInfo(zone))
    except (ZoneInfoNotFoundError, ValueError):
        return value.astimezone(ZoneInfo("UTC"))


def day(value: datetime, zone: str = "UTC", locale: str = "en") -> str:
    """A date as people write it: 3 March 2026; in ``en-US`` March 3, 2026."""
    at = local(value, zone)
    return f"{at:%B} {at.day}, {at.year}" if locale == "en-US" else f"{at.day} {at:%B %Y}"


def moment(value: datetime, zone: str = "UTC", locale: str = "en") -> str:
    """A date and time of day: 3 March 2026, 14:05; in ``en-US`` March 3, 2026, 2:05 PM."""
    at = local(value, zone)
    clock = f"{at.hour % 12 or 12}:{at:%M %p}" if locale == "en-US" else f"{at:%H:%M}"
    return f"{day(value, zone, locale)}, {clock}"


def clock(value: datetime, zone: str = "UTC") -> str:
    """The time of day in a zone: 14:05."""
    return f"{local(value, zone):%H:%M}"


def zone_name(zone: str) -> str:
    """A time zone as people read it: ``America/New York``."""
    return zone.replace("_", " ")


def plural(count: int, one: str, many: str | None = None) -> str:
    """A count with its noun: ``1 lesson``, ``3 lessons``."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def install(environment: jinja2.Environment) -> None:
    """Makes these available as filters."""
    filters = cast("dict[str, Any]", environment.filters)
    filters.update(
        label=label,
        minutes=minutes,
        seconds=seconds,
        took=took,
        number=number,
        money=money,
        day=day,
        moment=moment,
        in_zone=local,
        clock=clock,
        zone_name=zone_name,
        plural=plural,
    )
