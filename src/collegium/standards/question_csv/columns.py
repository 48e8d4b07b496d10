"""The columns of a CSV file with questions. docs/standards/question-csv.md explains each."""

from __future__ import annotations

WIDTH = 8
"""Options and feedback that are written as columns; up to twenty are read."""
FIXED = (
    "type", "title", "question", "correct", "shares", "rule", "settings", "units", "unit", "points", "tags",
    "difficulty", "explanation", "hint", "feedback_right", "feedback_wrong", "feedback_partly", "more",
)  # fmt: skip
READ = {*FIXED, *(f"option_{n}" for n in range(1, 31)), *(f"feedback_{n}" for n in range(1, 21))}
WRITTEN = (
    "type", "title", "question", *(f"option_{n}" for n in range(1, WIDTH + 1)), "correct", "shares", "rule", "settings",
    "units", "unit", "points", "tags", "difficulty", "explanation", "hint",
    *(f"feedback_{n}" for n in range(1, WIDTH + 1)), "feedback_right", "feedback_wrong", "feedback_partly", "more",
)  # fmt: skip
TYPES = {
    "multiple choice": "multiple_choice", "single choice": "multiple_choice", "mc": "multiple_choice",
    "multiple answer": "multiple_answer", "multiple answers": "multiple_answer", "multiple response": "multiple_answer",
    "true false": "true_false", "tf": "true_false", "short answer": "short_answer", "short": "short_answer",
    "numeric": "numeric", "numerical": "numeric", "number": "numeric", "essay": "essay", "matching": "matching",
    "ordering": "ordering", "order": "ordering", "fill blank": "fill_blank", "fill in the blank": "fill_blank",
    "cloze": "fill_blank",
}  # fmt: skip
SAID = ("right", "wrong", "partly")
ARROW = " -> "


def guarded(text: str) -> str:
    """A cell that a spreadsheet does not take for a formula."""
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "'", "\t") else text


def bare(text: str) -> str:
    """A cell without the mark that keeps it from being a formula."""
    return text[1:] if text[:1] == "'" and text[1:2] in ("=", "+", "-", "@", "'", "\t") else text


def split(text: str, mark: str) -> list[str]:
    """The parts between marks, where a mark behind a backslash is one of the text."""
    parts = [""]
    escaped = False
    for char in text:
        if escaped:
            parts[-1] += char if char in (mark, "\\") else f"\\{char}"
            escaped = False
        elif char == "\\":
            escaped = True
        elif char == mark:
            parts.append("")
        else:
            parts[-1] += char
    parts[-1] += "\\" if escaped else ""
    return [part.strip() for part in parts]


def joined(parts: list[str], mark: str) -> str:
    """Parts with marks between them, from which ``split`` makes the same."""
    glue = f" {mark} " if mark == "|" else f"{mark} "
    return glue.join(part.replace("\\", "\\\\").replace(mark, f"\\{mark}") for part in parts)
