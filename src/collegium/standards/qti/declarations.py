"""What a QTI item declares of its responses: which are right, and what each is worth."""

from __future__ import annotations

from decimal import Decimal

import msgspec

from collegium.kit.xmltree import Node
from collegium.standards.questions import number


class Entry(msgspec.Struct, frozen=True):
    """What a response is worth."""

    value: Decimal
    case_sensitive: bool


class Response(msgspec.Struct, frozen=True):
    """A declared response."""

    id: str
    cardinality: str
    base_type: str
    correct: list[str]
    mapping: dict[str, Entry]
    default: Decimal
    most: Decimal | None
    """The most that the mapping gives."""


def responses_of(item: Node) -> dict[str, Response]:
    """The declared responses by their identifiers."""
    found: dict[str, Response] = {}
    for node in item.all("responseDeclaration"):
        name = node.attributes.get("identifier", "")
        correct = node.child("correctResponse")
        mapping = node.child("mapping")
        entries: dict[str, Entry] = {}
        for one in mapping.all("mapEntry") if mapping else []:
            # The clause: without the attribute, case counts.
            sensitive = one.attributes.get("caseSensitive", "true").lower() not in ("false", "0")
            entries[one.attributes.get("mapKey", "")] = Entry(number(one.attributes.get("mappedValue", "0")), sensitive)
        found[name] = Response(
            id=name,
            cardinality=node.attributes.get("cardinality", "single"),
            base_type=node.attributes.get("baseType", "identifier"),
            correct=[" ".join(one.text.split()) for one in correct.all("value")] if correct else [],
            mapping=entries,
            default=number(mapping.attributes.get("defaultValue", "0")) if mapping else Decimal(0),
            most=number(mapping.attributes["upperBound"]) if mapping and "upperBound" in mapping.attributes else None,
        )
    return found


def points_of(item: Node) -> Decimal | None:
    """The most that an item can give, where it says so: MAXSCORE, or the maximum of SCORE."""
    declared = {node.attributes.get("identifier", ""): node for node in item.all("outcomeDeclaration")}
    most = declared.get("MAXSCORE")
    if most is not None and (text := most.words("defaultValue", "value")):
        return number(text)
    score = declared.get("SCORE")
    text = score.attributes.get("normalMaximum", "") if score is not None else ""
    return number(text) if text else None
