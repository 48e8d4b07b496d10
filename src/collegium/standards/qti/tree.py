"""QTI's elements by one set of names, whichever version wrote them, and their text as HTML."""

from __future__ import annotations

import html as entities
import re
from collections.abc import Callable

from collegium.kit.xmltree import Node, XmlError, parse
from collegium.standards.questions import LARGEST_FILE, FileError

_DASH = re.compile(r"-([a-z])")
_VOID = frozenset(("br", "hr", "img", "col"))
_PLAIN = frozenset((
    "p", "br", "hr", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "pre", "ul", "ol", "li", "dl", "dt", "dd", "div",
    "strong", "b", "em", "i", "u", "s", "del", "ins", "sub", "sup", "mark", "kbd", "code", "abbr", "span", "a", "img",
    "figure", "figcaption", "table", "caption", "colgroup", "col", "thead", "tbody", "tfoot", "tr", "th", "td",
))  # fmt: skip
_GONE = frozenset(("script", "style", "stylesheet", "object", "video", "audio", "math", "svg", "iframe"))
Image = Callable[[str, int], str]
"""What becomes of a picture's address: the address in the HTML, or nothing."""
Inside = Callable[[Node], str | None]
"""What stands for an element that is no HTML, or None for what is inside of it."""


def root_of(data: bytes) -> Node:
    """An XML file of a package with QTI 2's names; raises FileError."""
    try:
        root = parse(data, largest=LARGEST_FILE, deepest=64, most=50_000)
    except XmlError as error:
        raise FileError(str(error), error.line) from error
    for node in root.walk():
        if node.name.startswith("qti-"):
            node.name = _camel(node.name[4:])
            node.attributes = {_camel(name): value for name, value in node.attributes.items()}
    return root


def _camel(name: str) -> str:
    return _DASH.sub(lambda found: found[1].upper(), name)


def find(node: Node, *names: str) -> list[Node]:
    """All elements of these names below one, in the order of the document."""
    return [one for one in node.walk() if one.name in names and one is not node]


def html_of(node: Node, image: Image, inside: Inside = lambda _: None) -> str:
    """What is inside an element, as HTML."""
    return _text(node.lead) + "".join(_element(one, image, inside) + _text(one.tail) for one in node.children)


def _text(text: str) -> str:
    return entities.escape(text, quote=False).replace("\xa0", "&nbsp;")


def _element(node: Node, image: Image, inside: Inside) -> str:
    made = inside(node)
    if made is not None:
        return made
    if node.name == "math":
        return _formula(node)
    if node.name == "object" and (node.attributes.get("type", "").startswith("image/") or _is_picture(node)):
        address = image(node.attributes.get("data", ""), node.line)
        return f'<img src="{_quoted(address)}" alt="{_quoted(" ".join(node.text.split()))}">' if address else ""
    if node.name in _GONE:
        return ""
    content = html_of(node, image, inside)
    if node.name not in _PLAIN:
        return content
    given = dict(node.attributes)
    if node.name == "img":
        address = image(given.get("src", ""), node.line)
        if not address:
            return ""
        given["src"] = address
    attributes = "".join(f' {name}="{_quoted(value)}"' for name, value in given.items() if name not in ("style", "id"))
    return f"<{node.name}{attributes}>" + ("" if node.name in _VOID else f"{content}</{node.name}>")


def _is_picture(node: Node) -> bool:
    return node.attributes.get("data", "").lower().endswith((".png", ".jpg", ".jpeg", ".gif", ".webp"))


def _formula(node: Node) -> str:
    """MathML by the TeX that it carries; without one its characters stay."""
    for one in node.walk():
        if one.name == "annotation" and "tex" in one.attributes.get("encoding", "").lower():
            tex = one.text.strip()
            return f'<span data-math="{_quoted(tex)}">{_text(tex)}</span>' if tex else ""
    return _text(" ".join("".join(one.text for one in node.walk()).split()))


def _quoted(text: str) -> str:
    return text.replace("&", "&amp;").replace('"', "&quot;").replace("<", "&lt;").replace(">", "&gt;")
