"""Feedback and options as rich text: how they are kept, and how a form of one line shows them.

What is said to an answer is HTML where it holds a tag, and words where it holds none (ADR 0103).
"""

from __future__ import annotations

import html as entities
import re
from html import escape

import msgspec

from collegium.features.authoring import service as authoring

_TAG = re.compile(r"<[a-zA-Z/][^>]*>")
_FORMULA = re.compile(r"\\\((.+?)\\\)")
_WRITTEN_FORMULA = re.compile(r"\\\(([^<]+?)\\\)")
_MATH = re.compile(r'<(span|div) data-math="([^"]*)">[^<]*</\1>')
_ONE_PARAGRAPH = re.compile(r"<p>((?:(?!</?p[\s>]).)*)</p>", re.DOTALL)


class Field(msgspec.Struct, frozen=True):
    """Rich text in a field of one line: its words, and its HTML where the words do not say all."""

    text: str = ""
    html: str = ""


def paragraphs(text: str) -> str:
    """Rich text as it was sent; words without tags become paragraphs, and \\( … \\) a formula."""
    if not text or _TAG.search(text):
        return _WRITTEN_FORMULA.sub(_formula, text)
    return "".join(f"<p>{with_formulas(part)}</p>" for part in re.split(r"\n\s*\n", text) if part.strip())


def with_formulas(text: str) -> str:
    """Words as HTML of one line, and what stands between \\( and \\) as a formula."""
    return _FORMULA.sub(_formula, escape(text.strip(), quote=False).replace("\n", "<br>"))


def words(text: str) -> str:
    """Words as a paragraph, formulas among them; what looks like a tag is words too."""
    return f"<p>{with_formulas(text)}</p>" if text.strip() else ""


def has_formula(text: str) -> bool:
    """Whether words hold a formula."""
    return _FORMULA.search(text) is not None


def _formula(found: re.Match[str]) -> str:
    # What stands around it is HTML already; only a quote would end the attribute.
    return f'<span data-math="{found[1].replace(chr(34), "&quot;")}"></span>'


def kept(html: str) -> str:
    """Feedback as it is kept: cleaned, without a single paragraph around it, and as words when it holds no tag."""
    cleaned = authoring.clean_html(html).strip()
    inner = _ONE_PARAGRAPH.fullmatch(cleaned)
    bare = inner[1].strip() if inner else cleaned
    if "<" in bare:
        return bare
    plain = entities.unescape(bare)
    return f"<p>{bare}</p>" if "<" in plain else plain


def html_of(said: str) -> str:
    """Feedback that was kept, as HTML whatever its form."""
    return said if "<" in said else escape(said, quote=False).replace("\n", "<br>")


def field(said: str) -> Field:
    """What was kept, for a field of one line."""
    if "<" not in said:
        return Field(" ".join(said.split()))
    written = _MATH.sub(lambda found: f"\\({entities.unescape(found[2])}\\)", authoring.clean_html(said))
    text = " ".join(authoring.plain_text(written).split())
    return Field(text) if kept(words(text)) == kept(said) else Field(text, said)


def sent(text: str, html: str, was: str) -> str:
    """What a field of one line sends: its HTML while nobody changed its words without it, else the words."""
    return html if html and " ".join(text.split()) == " ".join(was.split()) else words(text)
