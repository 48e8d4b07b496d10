"""XML that somebody sent, as a tree whose elements know their line: no document types or entities, bounded in size."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast
from xml.etree.ElementTree import ParseError
from xml.parsers.expat.errors import XML_ERROR_TAG_MISMATCH, codes

import msgspec
from defusedxml import DefusedXmlException, DTDForbidden
from defusedxml.ElementTree import XMLParser

_MISMATCHED = codes[XML_ERROR_TAG_MISMATCH]


class XmlError(ValueError):
    """The document is refused; the text says why, and where. ``line`` counts from 1; 0 means the whole file."""

    def __init__(self, line: int, problem: str) -> None:
        super().__init__(f"Line {line}: {problem}" if line else problem)
        self.line = line


class Node(msgspec.Struct, eq=False):
    """An element: its name without the namespace, the namespace, attributes by local name, and what is inside."""

    name: str
    space: str
    line: int
    attributes: dict[str, str]
    children: list[Node]
    text: str = ""
    """All text directly inside, without what stands in children; not stripped."""
    lead: str = ""
    """The part of ``text`` before the first child."""
    tail: str = ""
    """The part of its parent's text between this element and the next one."""

    def child(self, name: str) -> Node | None:
        """The first child of that local name."""
        return next((node for node in self.children if node.name == name), None)

    def all(self, name: str) -> list[Node]:
        """The children of that local name."""
        return [node for node in self.children if node.name == name]

    def walk(self) -> Iterator[Node]:
        """This element and every one below it, in the order of the document."""
        waiting: list[Node] = [self]
        while waiting:
            node = waiting.pop()
            yield node
            waiting.extend(reversed(node.children))

    def words(self, *path: str) -> str:
        """The text of the first element at a path of local names, in one line; empty when there is none."""
        node: Node | None = self
        for name in path:
            node = node.child(name) if node else None
        return " ".join("".join(part.text for part in node.walk()).split()) if node else ""


class _Builder:
    def __init__(self, *, deepest: int, most: int) -> None:
        self.parser: Any = None
        self.root: Node | None = None
        # Each piece of text with the number of children that stand before it.
        self._open: list[tuple[Node, list[tuple[int, str]]]] = []
        self._left, self._deepest = most, deepest

    def start(self, tag: str, attrs: dict[str, str]) -> None:
        line = int(self.parser.parser.CurrentLineNumber)
        self._left -= 1
        if self._left < 0:
            raise XmlError(line, "there are too many elements. Divide the package into smaller ones.")
        if len(self._open) >= self._deepest:
            raise XmlError(line, f"elements lie more than {self._deepest} deep inside each other.")
        space, name = _split(tag)
        node = Node(name, space, line, {_split(key)[1]: value for key, value in attrs.items()}, [])
        if self._open:
            self._open[-1][0].children.append(node)
        else:
            self.root = node
        self._open.append((node, []))

    def end(self, _tag: str) -> None:
        node, pieces = self._open.pop()
        node.text = "".join(text for _, text in pieces)
        between: dict[int, list[str]] = {}
        for place, text in pieces:
            between.setdefault(place, []).append(text)
        for place, texts in between.items():
            if place:
                node.children[place - 1].tail = "".join(texts)
            else:
                node.lead = "".join(texts)

    def data(self, data: str) -> None:
        node, pieces = self._open[-1]
        pieces.append((len(node.children), data))

    def left_open(self, error: ParseError) -> str:
        """In words, which element was not closed where another one's end was met."""
        if error.code != _MISMATCHED or not self._open:
            return ""
        node = self._open[-1][0]
        return f": <{node.name}>, which began in line {node.line}, is not closed"

    def close(self) -> Node | None:
        return self.root


def _split(tag: str) -> tuple[str, str]:
    space, _, name = tag.rpartition("}")
    return space.removeprefix("{"), name


def parse(data: bytes, *, largest: int = 8 << 20, deepest: int = 64, most: int = 200_000) -> Node:
    """The root element. Raises XmlError for what is not well-formed, too large, too deep, or brings declarations."""
    if len(data) > largest:
        raise XmlError(0, f"The file has {len(data) / 1e6:.1f} MB, and {largest / 1e6:.0f} MB are the most for XML.")
    builder = _Builder(deepest=deepest, most=most)
    parser = cast("Any", XMLParser)(target=builder, forbid_dtd=True, forbid_entities=True, forbid_external=True)
    builder.parser = parser
    try:
        parser.feed(data)
        root: Node | None = parser.close()
    except DTDForbidden as error:
        raise XmlError(
            _line(parser), "a document type (<!DOCTYPE …>) is not allowed here. Remove it and pack again."
        ) from error
    except DefusedXmlException as error:
        raise XmlError(_line(parser), "entities are not allowed here. Remove them and pack again.") from error
    except ParseError as error:
        line, column = error.position
        raise XmlError(
            line, f"this is not well-formed XML at column {column + 1}{builder.left_open(error)}."
        ) from error
    except (LookupError, UnicodeError, ValueError) as error:
        if isinstance(error, XmlError):
            raise
        raise XmlError(0, "The file is in an encoding that is not read here. Save it as UTF-8.") from error
    if root is None:
        raise XmlError(0, "The file is empty.")
    return root


def _line(parser: Any) -> int:
    return int(parser.parser.CurrentLineNumber)
