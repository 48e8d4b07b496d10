"""HTML of other people's packages: its text, its references, and what became of it when it was cleaned."""

from __future__ import annotations

import html
import re
from collections import Counter
from collections.abc import Callable
from html.parser import HTMLParser

import msgspec

Rewrite = Callable[[str, str], str | None]
"""Is given a tag and an address in it; answers the address to put there, or None to leave the attribute out."""

_ADDRESSES = {("img", "src"), ("a", "href"), ("source", "src"), ("video", "src"), ("audio", "src"), ("img", "longdesc")}
_CHARSET = re.compile(rb"""<meta[^>]+charset\s*=\s*["']?\s*([A-Za-z0-9_-]{2,40})""", re.IGNORECASE)
_XML_CHARSET = re.compile(rb"""^\s*<\?xml[^>]+encoding\s*=\s*["']([A-Za-z0-9_-]{2,40})""")
# The frame of a page. That it goes is no loss worth telling.
_PAGE = {"html", "head", "body", "meta", "title", "link", "base", "main", "header", "footer", "section", "article"}
# And what is written by another name is no loss either.
_RENAMED = {"h1", "h5", "h6", "strike"}
_FRAME = _PAGE | _RENAMED | {"div", "span", "font", "center", "tbody", "thead", "tfoot", "colgroup", "col"}
_SCRIPTED = re.compile(r"^[\s\x00-\x20]*(?:javascript|vbscript|data\s*:\s*text)", re.IGNORECASE)


class Loss(msgspec.Struct, frozen=True):
    """Something that cleaning took away: what, how often, and in which line it first stood."""

    what: str
    times: int
    line: int


def decode(data: bytes) -> str:
    """The text of an HTML file in the encoding that it names; UTF-8, else Windows' Latin, where it names none."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", errors="replace")
    named = _XML_CHARSET.match(data) or _CHARSET.search(data[:4096])
    for encoding in (named[1].decode("ascii") if named else "utf-8", "utf-8", "cp1252"):
        try:
            return data.decode(encoding).removeprefix("﻿")
        except (UnicodeDecodeError, LookupError):
            continue
    return data.decode("utf-8", errors="replace")


def title_of(text: str) -> str:
    """The title of a page, in one line; empty when it has none."""
    found = re.search(r"<title[^>]*>(.*?)</title>", text[:20_000], re.IGNORECASE | re.DOTALL)
    return " ".join(html.unescape(found[1]).split())[:200] if found else ""


def rewritten(text: str, rewrite: Rewrite) -> str:
    """The inside of a page with its references put anew. It is not clean yet."""
    writer = _Writer(rewrite)
    writer.feed(text)
    writer.close()
    return "".join(writer.out).strip()


def losses(before: str, after: str) -> list[Loss]:
    """What a text lost when it was cleaned, in the order of its lines."""
    old, new = _Census(before), _Census(after)
    found: list[Loss] = []
    for tag, times in (old.tags - new.tags).items():
        if tag not in _FRAME:
            found.append(Loss(f"<{tag}>", times, old.lines[tag]))
    for name, times in old.handlers.items():
        found.append(Loss(name, times, old.lines[name]))
    return sorted(found, key=lambda loss: (loss.line, loss.what))


class _Writer(HTMLParser):
    """Passes on what stands in the body, with new addresses. Head, scripts and styles stay behind."""

    def __init__(self, rewrite: Rewrite) -> None:
        super().__init__(convert_charrefs=False)
        self.out: list[str] = []
        self._rewrite = rewrite
        self._silent: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if self._silent or tag in ("html", "body"):
            return
        if tag in ("head", "script", "style"):
            self._silent = tag
            return
        self.out.append(self._tag(tag, attrs))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if not self._silent and tag not in ("html", "body", "head", "script", "style"):
            self.out.append(self._tag(tag, attrs))

    def handle_endtag(self, tag: str) -> None:
        if self._silent:
            self._silent = None if tag == self._silent else self._silent
        elif tag not in ("html", "body", "head"):
            self.out.append(f"</{tag}>")

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.out.append(data)

    def handle_entityref(self, name: str) -> None:
        if not self._silent:
            self.out.append(f"&{name};")

    def handle_charref(self, name: str) -> None:
        if not self._silent:
            self.out.append(f"&#{name};")

    def _tag(self, tag: str, attrs: list[tuple[str, str | None]]) -> str:
        kept: list[str] = []
        for name, given in attrs:
            value = given
            if (tag, name) in _ADDRESSES and value is not None:
                value = self._rewrite(tag, value)
                if value is None:
                    continue
            kept.append(f' {name}="{html.escape(value or "")}"')
        return f"<{tag}{''.join(kept)}>"


class _Census(HTMLParser):
    """How often each tag and each handler of events stands in a text, and where first."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: Counter[str] = Counter()
        self.handlers: Counter[str] = Counter()
        self.lines: dict[str, int] = {}
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        line = self.getpos()[0]
        self.tags[tag] += 1
        self.lines.setdefault(tag, line)
        for name, value in attrs:
            what = name if name.startswith("on") else None
            if name in ("href", "src", "action", "formaction", "data") and value and _SCRIPTED.match(value):
                what = f"a script as {name} of <{tag}>"
            if what:
                self.handlers[what] += 1
                self.lines.setdefault(what, line)
