"""How a QTI item gives points, as far as it is one of the ways that can be said here.

QTI 2.2 "Response Processing", QTI 3.0 section 2.11: the standard templates match_correct and map_response, and the
same written out. Anything else is a program, which is refused.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

import msgspec

from collegium.kit.xmltree import Node
from collegium.standards.qti.tree import find
from collegium.standards.questions import Unreadable, number

Rule = Literal["match", "map"]
_KNOWN = frozenset((
    "responseProcessing", "responseCondition", "responseIf", "responseElseIf", "responseElse", "setOutcomeValue",
    "variable", "correct", "baseValue", "match", "equal", "isNull", "mapResponse", "sum", "not", "and",
))  # fmt: skip
_PROGRAM = (
    "How it gives points is a program (<{name}>), which cannot be said here."
    " The standard ways are: the right answer (match_correct), or points for each answer (map_response)."
)


class Number(msgspec.Struct, frozen=True):
    """A number that earns something: what it may be off by (or its share, in percent), and the score."""

    value: Decimal | None
    """None: the declared correct response."""
    tolerance: Decimal
    relative: bool
    score: Decimal


class Processing(msgspec.Struct, frozen=True):
    """How points are given, and the score that the right answer sets where it sets one."""

    rule: Rule
    score: Decimal | None = None
    numbers: tuple[Number, ...] = ()
    stated: bool = True
    """Whether the item says it at all."""


def processing_of(item: Node) -> Processing:
    """How an item gives points; raises Unreadable for what is a program."""
    node = item.child("responseProcessing")
    if node is None:
        return Processing("match", stated=False)
    template = node.attributes.get("template", "").rpartition("/")[2].removesuffix(".xml").lower()
    if template:
        if template.startswith(("match_correct", "cc2_match")):
            return Processing("match")
        if template in ("map_response", "cc2_map_response"):
            return Processing("map")
        raise Unreadable(f"Its points are given by the template “{template[:60]}”, which is not read.", node.line)
    if not node.children:
        return Processing("match", stated=False)
    unknown = next((one for one in node.walk() if one.name not in _KNOWN), None)
    if unknown is not None:
        raise Unreadable(_PROGRAM.format(name=unknown.name[:40]), unknown.line, f"<{unknown.name[:40]}>")
    numbers = tuple(_numbers(node))
    if numbers:
        return Processing("match", numbers=numbers)
    if find(node, "mapResponse"):
        return Processing("map")
    if find(node, "match"):
        return Processing("match", score=_score(node))
    raise Unreadable("How it gives points compares nothing with the right answer.", node.line)


def _score(node: Node) -> Decimal | None:
    """The score that the first branch sets."""
    for branch in find(node, "responseIf"):
        if find(branch, "correct"):
            return _set(branch)
    return None


def _set(branch: Node) -> Decimal | None:
    for one in branch.all("setOutcomeValue"):
        value = one.child("baseValue")
        if one.attributes.get("identifier") == "SCORE" and value is not None:
            return number(value.words())
    return None


def _numbers(node: Node) -> list[Number]:
    found: list[Number] = []
    for branch in find(node, "responseIf", "responseElseIf"):
        equal = next(iter(find(branch, "equal")), None)
        if equal is None:
            continue
        mode = equal.attributes.get("toleranceMode", "exact")
        given = equal.attributes.get("tolerance", "0").split()
        offs = [number(one) for one in given] or [Decimal(0)]
        if len(set(offs)) > 1:
            raise Unreadable(
                "A number may be off by more on one side than on the other, which cannot be said here.", equal.line
            )
        value = equal.child("baseValue")
        score = _set(branch)
        found.append(
            Number(
                value=number(value.words()) if value is not None else None,
                tolerance=offs[0] if mode != "exact" else Decimal(0),
                relative=mode == "relative",
                score=score if score is not None else Decimal(1),
            )
        )
    return found
