"""HTML as well-formed XML, for the bodies of items."""

from __future__ import annotations

import re
from html import unescape
from html.parser import HTMLParser
from xml.sax.saxutils import escape, quoteattr

_VOID = frozenset(("br", "hr", "img", "col"))
_NEVER = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")


def text_of(text: str) -> str:
    """Text for XML."""
    return escape(_NEVER.sub("", text))


def attribute(text: str) -> str:
    """A value of an attribute with its quotes."""
    return quoteattr(_NEVER.sub("", text))


class _Writer(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.made: list[str] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs if re.fullmatch(r"[a-z][a-z0-9-]*", name)}
        written = "".join(f" {name}={attribute(value)}" for name, value in given.items())
        self.made.append(f"<{tag}{written}{'/' if tag in _VOID else ''}>")
        if tag not in _VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in self.open:
            return
        while self.open:
            closed = self.open.pop()
            self.made.append(f"</{closed}>")
            if closed == tag:
                return

    def handle_data(self, data: str) -> None:
        self.made.append(text_of(data))


def xhtml(html: str) -> str:
    """HTML whose every tag is closed and every value quoted."""
    if "<" not in html:
        return text_of(unescape(html))
    writer = _Writer()
    writer.feed(html)
    writer.close()
    return "".join([*writer.made, *(f"</{tag}>" for tag in reversed(writer.open))])
