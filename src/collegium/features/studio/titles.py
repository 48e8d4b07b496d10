"""Titles that people type, and the names in addresses that are made of them."""

from __future__ import annotations

import re
import unicodedata

from collegium.features.studio.model import LONGEST_TITLE
from collegium.kit.errors import Invalid

SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
LONGEST_SLUG = 100
# Letters that do not come apart into a plain one and an accent.
_LETTERS = str.maketrans({"ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "đ": "d", "ł": "l", "þ": "th", "ð": "d", "ı": "i"})


def clean_title(text: str, what: str = "title") -> str:
    """A title on one line, without control characters. Raises Invalid when nothing is left or it is too long."""
    printable = "".join(c if c.isprintable() else " " for c in text)
    title = " ".join(printable.split())
    if not title:
        raise Invalid(f"Give it a {what}.", fields={"title": f"Give it a {what}."}, code="title_missing")
    if len(title) > LONGEST_TITLE:
        words = f"A {what} has at most {LONGEST_TITLE} characters; this one has {len(title)}."
        raise Invalid(words, fields={"title": words}, code="title_too_long")
    return title


def slug_of(title: str) -> str:
    """A title as it stands in an address: ``Reading a Policy, part 1`` becomes ``reading-a-policy-part-1``."""
    plain = unicodedata.normalize("NFKD", title.lower().translate(_LETTERS)).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain.replace("'", "")).strip("-")[:LONGEST_SLUG].strip("-") or "course"
