"""Text of question files: bytes to characters, plain text, Markdown and TeX to HTML, and HTML to words."""

from __future__ import annotations

import codecs
import html as entities
import re

_CONTROL = re.compile("[\x01-\x08\x0e-\x1a\x1c-\x1f]")
# None of these looks further than the next <, so that no text makes them slow.
_TAG = re.compile(r"</?[a-zA-Z][^<>]*+>")
_HAS_TAG = re.compile(r"</?[a-zA-Z][a-zA-Z0-9]*(?:\s[^<>]*)?/?>|&(?:[a-zA-Z]{2,8}|#\d{1,6});")
_BLOCK = re.compile(
    r"</?(?:p|div|h[1-6]|li|tr|table|ul|ol|dl|dt|dd|pre|blockquote|figure|figcaption)\b[^<>]*+>|<(?:br|hr)\b[^<>]*+>",
    re.I,
)
_ALT = re.compile(r'<img\b[^<>]*?\balt="([^"<>]+)"[^<>]*+>', re.I)
_DEAD = re.compile(r"<(script|style)\b[^<>]*+>.*?(?:</\1\s*>|\Z)", re.I | re.DOTALL)
_ONE_PARAGRAPH = re.compile(r'<p(?:\s+dir="[^"]*")?>((?:(?!</?p[\s>]).)*)</p>', re.I | re.DOTALL)
_BLOCK_START = re.compile(r"\s*<(?:p|div|h[1-6]|ul|ol|dl|table|pre|blockquote|figure|hr)\b", re.I)
_TEX = re.compile(
    r"\\\(((?:(?!\\[()]).){1,1900})\\\)|\\\[((?:(?!\\[\[\]]).){1,1900})\\\]|\$\$([^$]{1,1900})\$\$", re.DOTALL
)
_MATH = re.compile(r'<(span|div) data-math="([^"]*)">[^<]*</\1>')
_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def decoded(data: bytes) -> tuple[str, str]:
    """The characters of a text file, and its encoding in words where it was not UTF-8; raises ValueError in words."""
    for bom, name in _BOMS:
        if data.startswith(bom):
            try:
                return _plain(data.decode(name).removeprefix("\ufeff")), "" if name == "utf-8" else name.upper()
            except UnicodeDecodeError as error:
                raise ValueError(f"The file begins like {name.upper()} and is not. Save it as UTF-8.") from error
    if b"\0" in data[:4096]:
        # Without a mark: every second byte of Latin letters is empty.
        even, odd = data[:4096:2].count(0), data[1:4096:2].count(0)
        name = "utf-16-be" if even > odd else "utf-16-le"
        try:
            if max(even, odd) * 4 < len(data[:4096]):
                raise UnicodeDecodeError(name, data[:1], 0, 1, "not text")
            return _plain(data.decode(name)), "UTF-16"
        except UnicodeDecodeError as error:
            raise ValueError("This is not a text file. Choose a GIFT, Moodle XML, QTI or CSV file.") from error
    try:
        return _plain(data.decode("utf-8")), ""
    except UnicodeDecodeError:
        return _plain(data.decode("cp1252", "replace")), "Windows-1252"


def _plain(text: str) -> str:
    if _CONTROL.search(text[:4096]):
        raise ValueError("This is not a text file. Choose a GIFT, Moodle XML, QTI or CSV file.")
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "")


def words(html: str) -> str:
    """The words of HTML in lines; an image counts as its alternative text."""
    if "<" not in html and "&" not in html:
        return _lines(html)
    text = _DEAD.sub("", _without_comments(html))
    text = _ALT.sub(r" \1 ", text)
    text = _BLOCK.sub("\n", text)
    return _lines(entities.unescape(_TAG.sub("", text)))


def _without_comments(html: str) -> str:
    kept: list[str] = []
    start = 0
    while (opened := html.find("<!--", start)) >= 0 and (closed := html.find("-->", opened)) >= 0:
        kept.append(html[start:opened])
        start = closed + 3
    return "".join([*kept, html[start:]])


def _lines(text: str) -> str:
    found = (" ".join(line.split()) for line in text.split("\n"))
    return "\n".join(line for line in found if line)


def inline(html: str) -> str:
    """HTML without a single paragraph around it."""
    text = html.strip()
    found = _ONE_PARAGRAPH.fullmatch(text)
    return found[1].strip() if found else text


def block(html: str) -> str:
    """HTML as paragraphs: what has none gets one."""
    text = html.strip()
    return text if not text or _BLOCK_START.match(text) else f"<p>{text}</p>"


def from_plain(text: str) -> str:
    """Plain text as HTML: lines stay lines."""
    escaped = entities.escape(text.strip(), quote=False)
    return "<br>".join(line.strip() for line in escaped.split("\n"))


def from_auto(text: str) -> str:
    """Moodle's own format: HTML is HTML, and a line is a line."""
    if not _HAS_TAG.search(text):
        return from_plain(text)
    made = text.strip()
    return made if _BLOCK_START.match(made) else "<br>".join(line.strip() for line in made.split("\n"))


def with_formulas(html: str) -> str:
    """HTML whose TeX between \\( \\), \\[ \\] or $$ $$ became formulas."""
    if "\\(" not in html and "\\[" not in html and "$$" not in html:
        return html

    def made(found: re.Match[str]) -> str:
        tex = entities.escape(entities.unescape(found[1] or found[2] or found[3]).strip(), quote=True).replace(
            "&#x27;", "'"
        )
        return (
            f'<span data-math="{tex}">{tex.replace("&quot;", chr(34))}</span>'
            if tex and "<" not in found[0]
            else found[0]
        )

    return _TEX.sub(made, html)


def without_formulas(html: str) -> str:
    """HTML whose formulas became TeX between \\( and \\)."""
    return _MATH.sub(lambda found: f"\\({found[2].replace('&quot;', chr(34))}\\)", html)


# Markdown -------------------------------------------------------------------------------------------------

_FENCE = re.compile(r"```[^\n]*\n(.*?)(?:\n```|\Z)", re.DOTALL)
_ITEM = re.compile(r"(?:[-*+]|(\d{1,3})[.)])\s+(.*)")
_HEADING = re.compile(r"(#{1,6})\s+(.*?)\s*#*")
_SPANS = (
    (re.compile(r"`([^`\n]{1,500})`"), r"<code>\1</code>"),
    (re.compile(r"!\[([^\[\]\n]{0,300})\]\(([^()\s]{1,500})\)"), r'<img src="\2" alt="\1">'),
    (re.compile(r"\[([^\[\]\n]{1,300})\]\(([^()\s]{1,500})\)"), r'<a href="\2">\1</a>'),
    (re.compile(r"\*\*(?=\S)([^*\n]{1,1000}?)(?<=\S)\*\*"), r"<strong>\1</strong>"),
    (re.compile(r"\b__(?=\S)([^_\n]{1,1000}?)(?<=\S)__\b"), r"<strong>\1</strong>"),
    (re.compile(r"\*(?=\S)([^*\n]{1,1000}?)(?<=\S)\*"), r"<em>\1</em>"),
    (re.compile(r"\b_(?=\S)([^_\n]{1,1000}?)(?<=\S)_\b"), r"<em>\1</em>"),
)


def from_markdown(text: str) -> str:
    """Markdown as questions have it: paragraphs, headings, lists, quotes, code, emphasis, links, pictures."""
    made: list[str] = []
    for place, part in enumerate(_FENCE.split(text.strip())):
        if place % 2:
            made.append(f"<pre><code>{entities.escape(part, quote=False)}</code></pre>")
        else:
            made += [_markdown_block(one) for one in re.split(r"\n[ \t]*\n+", part) if one.strip()]
    return "".join(made)


def _markdown_block(text: str) -> str:
    lines = [line.strip() for line in text.strip().split("\n")]
    heading = _HEADING.fullmatch(lines[0]) if len(lines) == 1 else None
    if heading:
        level = min(4, max(2, len(heading[1]) + 1))
        return f"<h{level}>{_spans(heading[2])}</h{level}>"
    items = [_ITEM.fullmatch(line) for line in lines]
    if all(items):
        tag = "ol" if items[0] and items[0][1] else "ul"
        return f"<{tag}>" + "".join(f"<li>{_spans(one[2])}</li>" for one in items if one) + f"</{tag}>"
    if all(line.startswith(">") for line in lines):
        return f"<blockquote><p>{_spans(' '.join(line[1:].strip() for line in lines))}</p></blockquote>"
    return f"<p>{_spans(chr(10).join(lines))}</p>"


def _spans(text: str) -> str:
    made = entities.escape(text, quote=False).replace('"', "&quot;")
    for pattern, written in _SPANS:
        made = pattern.sub(written, made)
    return made.replace("&quot;", '"') if "<a " not in made and "<img " not in made else made
