"""The best that a key lets anybody earn: where every accepted answer is worth half, nobody gets all the points."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any, cast

ALL = Decimal(1)


def best_share(question_type: str, key: Any) -> Decimal:
    """The share of its points, 0 to 1, that the best answer earns. Without a key a person decides: all."""
    if not isinstance(key, dict):
        return ALL
    found = cast("dict[str, Any]", key)
    if question_type == "short_answer":
        return _of_text(found)
    if question_type == "numeric":
        return _most(found.get("answers"))
    blanks = found.get("blanks")
    if question_type == "fill_blank" and isinstance(blanks, dict) and blanks:
        each = [_of_text(text) for text in cast("dict[str, Any]", blanks).values()]
        return sum(each, Decimal(0)) / len(each)
    return ALL


def _of_text(expected: Any) -> Decimal:
    if not isinstance(expected, dict):
        return ALL
    return _most(cast("dict[str, Any]", expected).get("accepted"))


def _most(accepted: Any) -> Decimal:
    """The greatest share of what is accepted; what is a plain text is worth all."""
    if not isinstance(accepted, list) or not accepted:
        return ALL
    shares = (
        Decimal(str(cast("dict[str, Any]", one).get("share", 1))) if isinstance(one, dict) else ALL
        for one in cast("Iterable[Any]", accepted)
    )
    return max(shares)
