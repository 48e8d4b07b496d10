"""The elements of a manifest: namespaces by their address, and values with the words for what is wrong with one."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence

from collegium.kit.xmltree import Node
from collegium.standards.scorm.model import Notes

SPACES = {
    "http://www.imsproject.org/xsd/imscp_rootv1p1p2": "imscp",
    "http://www.imsglobal.org/xsd/imscp_v1p1": "imscp",
    "http://www.adlnet.org/xsd/adlcp_rootv1p2": "adlcp",
    "http://www.adlnet.org/xsd/adlcp_v1p3": "adlcp",
    "http://www.imsglobal.org/xsd/imsss": "imsss",
    "http://www.adlnet.org/xsd/adlseq_v1p3": "adlseq",
    "http://www.adlnet.org/xsd/adlnav_v1p3": "adlnav",
    "http://www.imsproject.org/xsd/imsmd_rootv1p2p1": "lom",
    "http://www.imsglobal.org/xsd/imsmd_rootv1p2p1": "lom",
    "http://www.imsglobal.org/xsd/imsmd_v1p2": "lom",
    "http://ltsc.ieee.org/xsd/LOM": "lom",
}
# In the field: other versions of the same, http and https, capitals.
_LIKE = (
    (re.compile(r"imscp|ims_cp", re.IGNORECASE), "imscp"),
    (re.compile(r"adlcp", re.IGNORECASE), "adlcp"),
    (re.compile(r"imsss", re.IGNORECASE), "imsss"),
    (re.compile(r"adlseq", re.IGNORECASE), "adlseq"),
    (re.compile(r"adlnav", re.IGNORECASE), "adlnav"),
    (re.compile(r"imsmd|/lom$", re.IGNORECASE), "lom"),
)
OURS = {
    "imscp": {
        "manifest", "metadata", "schema", "schemaversion", "organizations", "organization", "item", "title",
        "resources", "resource", "file", "dependency",
    },
    "adlcp": {
        "location", "prerequisites", "maxtimeallowed", "timelimitaction", "datafromlms", "masteryscore",
        "timeLimitAction", "dataFromLMS", "completionThreshold", "data", "map",
    },
    "imsss": {"sequencing", "sequencingCollection"},
    "adlnav": {"presentation", "navigationInterface", "hideLMSUI"},
}  # fmt: skip
_NUMBER = re.compile(r"^[+-]?(\d+(\.\d*)?|\.\d+)$")
_DURATION = re.compile(
    r"^P(?=.)(?:(\d{1,5})Y)?(?:(\d{1,6})M)?(?:(\d{1,7})D)?"
    r"(?:T(?=.)(?:(\d{1,8})H)?(?:(\d{1,9})M)?(?:(\d{1,10}(?:\.\d*)?)S)?)?$"
)
_TIMESPAN = re.compile(r"^(\d{1,4}):(\d{1,2}):(\d{1,2}(?:\.\d{1,2})?)$")
_LEVELS = (31_536_000.0, 2_592_000.0, 86_400.0, 3600.0, 60.0, 1.0)


def family(space: str) -> str:
    """Which of SCORM's vocabularies a namespace is; empty for somebody else's."""
    known = SPACES.get(space)
    return known or next((name for like, name in _LIKE if like.search(space)), "")


def seconds(text: str) -> float | None:
    """A duration, as ISO 8601 writes it or as hours:minutes:seconds; None for anything else. A month has 30 days."""
    text = text.strip()
    if found := _DURATION.match(text):
        return sum(float(part or 0) * size for part, size in zip(found.groups(), _LEVELS, strict=True))
    if found := _TIMESPAN.match(text):
        hours, minutes, rest = found.groups()
        return int(hours) * 3600 + int(minutes) * 60 + float(rest)
    return None


class Tree:
    """Reads elements of one document and notes what is wrong with them."""

    def __init__(self, file: str, notes: Notes) -> None:
        self.file, self.notes = file, notes

    def error(self, node: Node, message: str, element: str = "") -> None:
        """The package is refused for this element."""
        self.notes.error(self.file, node.line, element or named(node), message)

    def warn(self, node: Node, message: str, element: str = "") -> None:
        """Something about this element that stops nothing."""
        self.notes.warn(self.file, node.line, element or named(node), message)

    def children(self, node: Node, space: str, name: str) -> Iterator[Node]:
        """The children of that name in one of SCORM's vocabularies."""
        for child in node.children:
            if child.name == name and (not child.space or family(child.space) == space):
                yield child
            elif child.name.lower() == name.lower() and family(child.space) == space:
                self.warn(child, f"It is written <{name}>. It was read as that.")
                yield child

    def child(self, node: Node, space: str, name: str) -> Node | None:
        """The first of them."""
        return next(self.children(node, space, name), None)

    def words(self, node: Node, space: str, name: str) -> str:
        """The text of the first child of that name, without space around it."""
        found = self.child(node, space, name)
        return found.text.strip() if found else ""

    def look_for_strangers(self, node: Node) -> None:
        """Notes elements that SCORM knows in a namespace that is none of SCORM's: they are not read."""
        for child in node.children:
            if family(child.space) or not child.space:
                continue
            meant = next((name for name, known in OURS.items() if child.name in known), None)
            if meant:
                self.warn(child, f"It is in the namespace {child.space[:200]}, which is not that of {meant}: left out.")

    def attribute(self, node: Node, name: str) -> str | None:
        """An attribute, without space around it; where only the case is another, with a note."""
        if (value := node.attributes.get(name)) is not None:
            return value.strip()
        for other, value in node.attributes.items():
            if other.lower() == name.lower():
                self.warn(node, f"The attribute {other} is written {name}. It was read as that.")
                return value.strip()
        return None

    def flag(self, node: Node, name: str) -> bool | None:
        """A boolean attribute; None where it is absent."""
        value = self.attribute(node, name)
        return None if value is None else self.truth(node, name, value)

    def truth(self, node: Node, name: str, value: str) -> bool | None:
        """What ``true`` or ``false`` says."""
        plain = value.strip().lower()
        if plain in ("true", "1", "yes"):
            found = True
        elif plain in ("false", "0", "no"):
            found = False
        else:
            self.error(node, f"{name} is “{value[:60]}”. It must be true or false.")
            return None
        if value.strip() not in ("true", "false", "1", "0"):
            self.warn(node, f"{name} is “{value[:60]}”; it was read as {str(found).lower()}.")
        return found

    def word(self, node: Node, name: str, among: Sequence[str]) -> str | None:
        """An attribute that is one of some words; None where it is absent or none of them."""
        value = self.attribute(node, name)
        return None if value is None else self.one_of(node, name, value, among)

    def one_of(self, node: Node, name: str, value: str, among: Sequence[str]) -> str | None:
        """The word that a value is."""
        if value in among:
            return value
        found = next((one for one in among if one.lower() == value.lower()), None)
        if found is None:
            self.error(node, f"{name} is “{value[:60]}”. It must be one of: {', '.join(among)}.")
        else:
            self.warn(node, f"{name} is “{value[:60]}”; it was read as {found}.")
        return found

    def number(self, node: Node, name: str, least: float = -math.inf, most: float = math.inf) -> float | None:
        """An attribute that is a decimal number; None where it is absent or none."""
        value = self.attribute(node, name)
        return None if value is None else self.decimal(node, name, value, least, most)

    def decimal(
        self, node: Node, name: str, value: str, least: float = -math.inf, most: float = math.inf
    ) -> float | None:
        """The number that a text says."""
        value = value.strip()
        if not _NUMBER.match(value) or len(value) > 40:
            self.error(node, f"{name} is “{value[:60]}”. It must be a number.")
            return None
        found = float(value)
        if not least <= found <= most:
            self.error(node, f"{name} is {value}. It must be from {least:g} to {most:g}.")
            return None
        return int(found) if found == int(found) and "." not in value else found

    def count(self, node: Node, name: str) -> int | None:
        """An attribute that is a number of things, from nought."""
        value = self.number(node, name, 0, 2**31 - 1)
        if value is not None and value != int(value):
            self.error(node, f"{name} is “{value:g}”. It must be a whole number.")
            return None
        return None if value is None else int(value)


def named(node: Node) -> str:
    """An element as a person finds it in the file: ``<item identifier="I1">``."""
    for name in ("identifier", "identifierref", "objectiveID", "targetObjectiveID", "targetID", "ID", "href"):
        if value := node.attributes.get(name):
            return f'<{node.name} {name}="{value[:80]}">'
    return f"<{node.name}>"
