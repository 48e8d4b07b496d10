"""Lateness and missing points in words: the one place that says them."""

from __future__ import annotations

from decimal import Decimal

from collegium.features.assignments.model import FILE_GROUPS, Standing


def plain(value: Decimal | float | int) -> str:
    """A number without needless noughts: 12.50 becomes 12.5."""
    text = f"{Decimal(str(value)):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def late_words(days: int, per_day: Decimal | None, percent: Decimal, replaced: int | None = None) -> str:
    """What lateness takes off, in words: "2 days late, 10 % a day: 20 % off". Empty for what came in time.

    ``replaced`` is the number of the submission whose lateness this one keeps, because it was asked for in its place.
    """
    if days <= 0 and percent <= 0:
        return ""
    late = f"{days:,} day{'' if days == 1 else 's'} late"
    if percent <= 0:
        words = f"{late}, nothing off"
    elif per_day is None:
        words = f"{late}: {plain(percent)} % off"
    else:
        words = f"{late}, {plain(per_day)} % a day: {plain(percent)} % off"
    return f"{words} (as submission {replaced}, which it replaces)" if replaced is not None else words


def policy_words(allowed: bool, per_day: Decimal) -> str:
    """What an assignment does with late work, in a sentence with an example."""
    if not allowed:
        return "Nothing is taken after the deadline."
    if per_day <= 0:
        return "Late work is taken, and nothing is taken off for it."
    two = min(Decimal(100), per_day * 2)
    return (
        f"Late work loses {plain(per_day)} percentage points for each day that has begun: "
        f"two days late with 90 % becomes {plain(max(Decimal(0), 90 - two))} %."
    )


def takes_words(types: list[str] | None, most_mb: int) -> str:
    """Which files are taken and how large, in words."""
    if types is None:
        which = "Documents, text, pictures, sound, video and ZIP archives"
    else:
        whole = [words for words, endings in FILE_GROUPS.values() if set(endings) <= set(types)]
        named = {ending for _, endings in FILE_GROUPS.values() if set(endings) <= set(types) for ending in endings}
        which = ", ".join([*whole, *(f".{ending}" for ending in types if ending not in named)])
    return f"{which}. Up to {most_mb} MB a file, 20 files at most."


def lacking(one: Standing) -> str:
    """What an assignment still lacks to be passed: with the points that are missing."""
    if one.requested:
        return "Your instructor asked for it again."
    if one.score is None:
        return "Handed in, waiting for its grade." if one.waiting else "Not handed in yet."
    have, needed = one.points_have or Decimal(0), one.points_needed
    missing = max(Decimal(0), needed - have)
    words = (
        f"{plain(have)} of {plain(one.points_total)} points, {plain(needed)} needed to pass: {plain(missing)} missing."
    )
    return f"{words} A newer submission waits for its grade." if one.waiting else words
