"""What the services of the reports share: their queries, and how words are searched for."""

from __future__ import annotations

from collegium.kit import queries

Q = queries.load("collegium.features.scorm_reports")


def like(words: str) -> str:
    """A pattern that finds words anywhere in a text; nothing for none."""
    words = " ".join(words.split())[:100]
    return "%" + words.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%" if words else ""
