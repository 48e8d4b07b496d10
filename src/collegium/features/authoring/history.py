"""What differs between two states of a lesson, for people: lines, and within a changed line its words."""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import SequenceMatcher
from typing import Literal, NamedTuple

Kind = Literal["same", "added", "removed"]
AROUND = 2
MOST_LINES = 2000
_WORDS = re.compile(r"\s+|[^\s]+")


class Part(NamedTuple):
    """Some words of a line, and whether they are new, gone, or in both."""

    kind: Kind
    text: str


class Line(NamedTuple):
    """A line of a difference; ``gap`` stands for lines that are the same and left out."""

    kind: Literal["same", "added", "removed", "changed", "gap"]
    parts: list[Part]


def difference(old: Sequence[str], new: Sequence[str]) -> list[Line]:
    """What became of the old lines in the new ones. Nothing when both are the same."""
    if list(old) == list(new):
        return []
    found: list[Line] = []
    before, after = list(old)[:MOST_LINES], list(new)[:MOST_LINES]
    for kind, i1, i2, j1, j2 in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if kind == "equal":
            found += [Line("same", [Part("same", text)]) for text in before[i1:i2]]
            continue
        both = min(i2 - i1, j2 - j1)
        found += [_changed(before[i1 + at], after[j1 + at]) for at in range(both)]
        found += [Line("removed", [Part("removed", text)]) for text in before[i1 + both : i2]]
        found += [Line("added", [Part("added", text)]) for text in after[j1 + both : j2]]
    return _without_the_same(found)


def _changed(old: str, new: str) -> Line:
    before, after = _WORDS.findall(old)[:1000], _WORDS.findall(new)[:1000]
    parts: list[Part] = []
    for kind, i1, i2, j1, j2 in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if kind == "equal":
            parts.append(Part("same", "".join(before[i1:i2])))
            continue
        if i2 > i1:
            parts.append(Part("removed", "".join(before[i1:i2])))
        if j2 > j1:
            parts.append(Part("added", "".join(after[j1:j2])))
    return Line("changed", parts)


def _without_the_same(every: list[Line]) -> list[Line]:
    near = {
        place for at, line in enumerate(every) if line.kind != "same" for place in range(at - AROUND, at + AROUND + 1)
    }
    shown: list[Line] = []
    for at, line in enumerate(every):
        if at in near:
            shown.append(line)
        elif not shown or shown[-1].kind != "gap":
            shown.append(Line("gap", []))
    return shown
