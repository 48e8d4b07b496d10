"""Rows of CSV (RFC 4180) that a spreadsheet opens without running anything in them."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def safe(text: str) -> str:
    """A text that a spreadsheet does not take for a formula."""
    return f"'{text}" if text[:1] in _FORMULA else text


def lines(rows: Iterable[Sequence[object]]) -> bytes:
    """Some rows. Texts are made safe, numbers stay numbers, None is an empty cell."""
    out = io.StringIO()
    csv.writer(out).writerows([safe(value) if isinstance(value, str) else value for value in row] for row in rows)
    return out.getvalue().encode()
