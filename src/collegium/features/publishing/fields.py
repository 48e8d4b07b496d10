"""A course's settings as fields of forms: how each is read from what somebody typed, and written back."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from typing import Any
from zoneinfo import ZoneInfo

from collegium.kit.fields import Field, Wrong, moment, show_moment, switch

SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
CATEGORIES = (
    "insurance_fundamentals",
    "health_benefits",
    "life_insurance",
    "retirement_planning",
    "compliance",
    "sales_techniques",
    "leadership",
    "technology",
    "continuing_education",
)
LEVELS = ("beginner", "intermediate", "advanced", "expert")
FORMATS = ("self_paced", "instructor_led", "blended", "live_virtual")
PRICING = ("free", "member_only", "paid", "premium")
LANGUAGES = ("en", "es", "fr", "de", "it", "pt")
MOST_OBJECTIVES = 20


def _plain(value: Any, _zone: ZoneInfo) -> str:
    return "" if value is None else str(value)


def _line(label: str, most: int, *, needed: bool = False) -> Field:
    def read(text: str, _zone: ZoneInfo) -> str | None:
        line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
        if needed and not line:
            raise Wrong(f"{label}: this cannot be empty.")
        if len(line) > most:
            raise Wrong(f"{label}: at most {most} characters; this has {len(line)}.")
        return line or None

    return Field(label, read, _plain)


def _text(label: str, most: int) -> Field:
    def read(text: str, _zone: ZoneInfo) -> str:
        kept = "".join(c for c in text if c.isprintable() or c == "\n").strip()
        if len(kept) > most:
            raise Wrong(f"{label}: at most {most} characters; this has {len(kept)}.")
        return kept

    return Field(label, read, _plain)


def _slug(text: str, _zone: ZoneInfo) -> str:
    slug = text.strip().lower()
    if not SLUG.fullmatch(slug) or len(slug) > 120:
        raise Wrong("Address: small letters, figures and single hyphens between them, at most 120 characters.")
    return slug


def _tags(text: str, _zone: ZoneInfo) -> list[str]:
    tags = list(dict.fromkeys(" ".join(part.split()) for part in text.replace("\n", ",").split(",") if part.strip()))
    if len(tags) > 30 or any(len(tag) > 40 for tag in tags):
        raise Wrong("Tags: at most 30, each of at most 40 characters.")
    return tags


def _show_tags(value: list[str], _zone: ZoneInfo) -> str:
    return ", ".join(value)


def _show_objectives(value: list[str], _zone: ZoneInfo) -> str:
    return "\n".join(value)


def _objectives(text: str, _zone: ZoneInfo) -> list[str]:
    lines = [" ".join(line.split()) for line in text.split("\n") if line.strip()]
    if len(lines) > MOST_OBJECTIVES or any(len(line) > 300 for line in lines):
        raise Wrong(f"Objectives: at most {MOST_OBJECTIVES} lines, each of at most 300 characters.")
    return lines


def _one_of(label: str, choices: Sequence[str]) -> Field:
    def read(text: str, _zone: ZoneInfo) -> str:
        if text not in choices:
            raise Wrong(f"{label}: choose one of the list.")
        return text

    return Field(label, read, _plain)


def _whole(label: str, most: int) -> Field:
    def read(text: str, _zone: ZoneInfo) -> int | None:
        if not text.strip():
            return None
        if not re.fullmatch(r"[0-9]{1,9}", text.strip()) or not 1 <= int(text) <= most:
            raise Wrong(f"{label}: a whole number from 1 to {most}, or nothing.")
        return int(text)

    return Field(label, read, _plain)


def _show_number(value: Decimal | None, _zone: ZoneInfo) -> str:
    return "" if value is None else f"{value:f}"


def _number(label: str, most: int, *, empty: Decimal | None) -> Field:
    def read(text: str, _zone: ZoneInfo) -> Decimal | None:
        if not text.strip():
            return empty
        try:
            number = Decimal(text.strip().replace(",", "."))
        except InvalidOperation:
            raise Wrong(f"{label}: a number such as 12.50.") from None
        if not number.is_finite() or not 0 <= number <= most or number != round(number, 2):
            raise Wrong(f"{label}: from 0 to {most}, with at most two decimals.")
        return number

    return Field(label, read, _show_number)


def _currency(text: str, _zone: ZoneInfo) -> str:
    code = text.strip().upper()
    if not re.fullmatch(r"[A-Z]{3}", code):
        raise Wrong("Currency: three letters, such as USD.")
    return code


def _moment(label: str) -> Field:
    return Field(label, moment(label), show_moment)


FIELDS: dict[str, Field] = {
    "title": _line("Title", 200, needed=True),
    "slug": Field("Address", _slug, _plain),
    "short_description": _line("Short description", 200),
    "description": _text("Description", 20_000),
    "target_audience": _text("Who it is for", 1000),
    "category": _one_of("Category", CATEGORIES),
    "tags": Field("Tags", _tags, _show_tags),
    "learning_objectives": Field("Objectives", _objectives, _show_objectives),
    "difficulty_level": _one_of("Level", LEVELS),
    "delivery_format": _one_of("Format", FORMATS),
    "language": _one_of("Language", LANGUAGES),
    "estimated_duration_minutes": _whole("Length in minutes", 100_000),
    "pricing_type": _one_of("Who pays", PRICING),
    "price": _number("Price", 1_000_000, empty=Decimal(0)),
    "member_price": _number("Price for members", 1_000_000, empty=None),
    "currency": Field("Currency", _currency, _plain),
    "allow_enrollment": switch("Takes enrollments"),
    "max_enrollments": _whole("Seats", 1_000_000),
    "enrollment_start_date": _moment("Enrollment opens"),
    "enrollment_end_date": _moment("Enrollment ends"),
    "course_start_date": _moment("Course begins"),
    "course_end_date": _moment("Course ends"),
    "completion_certificate": switch("Gives a certificate"),
    "ce_credits": _number("Credits", 999, empty=Decimal(0)),
    "enable_discussion_forum": switch("Has a forum"),
    "enable_reviews": switch("Takes reviews"),
}
SECTIONS: dict[str, tuple[str, ...]] = {
    "about": ("title", "slug", "short_description", "description", "target_audience", "category", "tags"),
    "learning": (
        "learning_objectives",
        "difficulty_level",
        "delivery_format",
        "language",
        "estimated_duration_minutes",
    ),
    "price": ("pricing_type", "price", "member_price", "currency"),
    "enrollment": (
        "allow_enrollment",
        "max_enrollments",
        "enrollment_start_date",
        "enrollment_end_date",
        "course_start_date",
        "course_end_date",
    ),
    "recognition": ("completion_certificate", "ce_credits"),
    "community": ("enable_discussion_forum", "enable_reviews"),
}
