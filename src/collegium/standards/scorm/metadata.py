"""What a package says about itself: the LOM elements that a person reads, in any of their bindings."""

from __future__ import annotations

from collegium.kit.xmltree import Node
from collegium.standards.scorm.model import Metadata

_LONGEST = 20_000
_MOST_KEYWORDS = 50


def read(lom: Node | None) -> Metadata:
    """Title, description and keywords of ``<lom>``: ``<langstring>`` in SCORM 1.2, ``<string>`` in SCORM 2004."""
    general = lom.child("general") if lom else None
    if general is None:
        return Metadata()
    title, description = general.child("title"), general.child("description")
    keywords = [_text(one) for one in [*general.all("keyword"), *general.all("keywords")]]
    return Metadata(
        title=_text(title)[:300],
        description=_text(description)[:_LONGEST],
        keywords=[one[:200] for one in keywords if one][:_MOST_KEYWORDS],
        language=general.words("language")[:35],
    )


def find(node: Node) -> Node | None:
    """The ``<lom>`` below an element."""
    return next((one for one in node.walk() if one.name in ("lom", "record")), None)


def _text(node: Node | None) -> str:
    """The English words where there are several languages, else the first."""
    if node is None:
        return ""
    strings = [one for one in node.children if one.name in ("langstring", "string")]
    english = [
        one for one in strings if one.attributes.get("language", one.attributes.get("lang", "")).startswith("en")
    ]
    chosen = next(iter(english or strings), node)
    text = " ".join(chosen.text.split())
    return "" if text.upper() == "X-NONE" else text
