"""What people write in reviews and discussions, as HTML: plain text with its lines and its links, and nothing else."""

from __future__ import annotations

import re

from markupsafe import Markup, escape

_LINK = re.compile(r"https?://[^\s<>\"'`\\^{|}]{1,500}", re.IGNORECASE)
_TRAILING = ".,;:!?*_~"
_BLANK = re.compile(r"\n[ \t]*(?:\n[ \t]*)+")


def shown(text: str) -> Markup:
    """Paragraphs and lines as they were typed. Every character is shown as itself; an address becomes a link.

    Links tell the other site nothing and lend it no standing (``nofollow ugc noreferrer``).
    """
    plain = text.replace("\r\n", "\n").replace("\r", "\n").strip()
    parts = [Markup("<br>").join(_line(line) for line in part.split("\n")) for part in _BLANK.split(plain)]
    return Markup("").join(Markup("<p>{}</p>").format(part) for part in parts)


def _line(line: str) -> Markup:
    found: list[Markup] = []
    at = 0
    for match in _LINK.finditer(line):
        address = _end(match[0])
        found.append(escape(line[at : match.start()]))
        found.append(
            Markup('<a class="link" href="{0}" rel="nofollow ugc noopener noreferrer">{0}</a>').format(address)
        )
        at = match.start() + len(address)
    found.append(escape(line[at:]))
    return Markup("").join(found)


def _end(address: str) -> str:
    """An address without what ends the sentence that it stands in; brackets belong to it when they are in pairs."""
    while address and _ends_the_sentence(address):
        address = address[:-1]
    return address


def _ends_the_sentence(address: str) -> bool:
    last = address[-1]
    opening = {")": "(", "]": "["}.get(last)
    return last in _TRAILING or (opening is not None and address.count(opening) < address.count(last))
