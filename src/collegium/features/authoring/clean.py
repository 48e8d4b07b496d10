"""What lesson text may hold. One list for the editor, for imports and for what is shown; `README.md` explains it.

The tags, attributes and addresses named here are the whole list: everything else is taken out, whatever it is. The
parser writes what it understood anew, so a learner's browser reads what was checked and not what was sent.
"""

from __future__ import annotations

import hashlib
import html as entities
import re

import nh3

from collegium.kit.cache import Cache

LONGEST = 400_000
"""Characters of one text that are read as HTML; of a longer one only the words are kept."""
MOST_TAGS = 5000
"""Tags that can nest, in one text. Reading takes time that grows with the square of the nesting."""
LONGEST_TAG = 4096
DEEPEST = 100
ROUNDS = 8

TAGS = frozenset((
    "p", "br", "hr", "h2", "h3", "h4", "blockquote", "pre", "ul", "ol", "li", "dl", "dt", "dd", "div",
    "strong", "b", "em", "i", "u", "s", "del", "ins", "sub", "sup", "mark", "kbd", "code", "abbr", "span", "a",
    "img", "audio", "video", "figure", "figcaption",
    "table", "caption", "colgroup", "col", "thead", "tbody", "tfoot", "tr", "th", "td",
))  # fmt: skip
# Understood, and written by another name: h1 is the page's own.
_RENAMED = {"h1": "h2", "h5": "h4", "h6": "h4", "strike": "s"}
# What these hold is not text of the lesson: it goes with them.
GONE_WITH_CONTENT = frozenset((
    "script", "style", "template", "noscript", "title", "svg", "math", "textarea", "select", "option",
    "iframe", "frame", "frameset", "noframes", "object", "embed", "noembed", "applet", "portal",
))  # fmt: skip
ATTRIBUTES = {
    "a": {"href", "title"},
    "abbr": {"title"},
    "img": {"src", "alt", "width", "height"},
    "audio": {"src", "title"},
    "video": {"src", "title"},
    "ol": {"start"},
    "th": {"colspan", "rowspan"},
    "td": {"colspan", "rowspan"},
    "span": {"data-math"},
    "div": {"data-math"},
}
VALUES = {"th": {"scope": {"col", "row", "colgroup", "rowgroup"}}, "ol": {"type": {"1", "a", "A", "i", "I"}}}
LANGUAGES = (
    "bash", "c", "cpp", "csharp", "css", "diff", "go", "html", "java", "javascript", "json", "kotlin", "latex",
    "markdown", "php", "powershell", "python", "r", "ruby", "rust", "sql", "swift", "text", "toml", "typescript", "vba",
    "xml", "yaml",
)  # fmt: skip
CLASSES = {"code": {f"language-{name}" for name in LANGUAGES}}
SCHEMES = frozenset(("http", "https", "mailto", "tel"))

_FILE = re.compile(r"/files/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
# A path of this site, never `//host` nor `/\host`, which a browser reads as another site.
_HREF = re.compile(r"(?:https?://[^\s/?#\\]|mailto:|tel:|#|/(?![/\\])|/?$)[^\x00-\x1f\x7f]*", re.IGNORECASE)
_WHOLE = re.compile(r"[1-9][0-9]{0,4}")
_CELLS = re.compile(r"[1-9][0-9]?")


def _attribute(tag: str, name: str, value: str) -> str | None:
    """An attribute's value when the list lets it through, else None."""
    held = True
    if name == "src":
        held = _FILE.fullmatch(value) is not None
    elif name == "href":
        held = len(value) <= 2048 and _HREF.fullmatch(value) is not None
    elif name in ("width", "height", "start"):
        held = _WHOLE.fullmatch(value) is not None
    elif name in ("colspan", "rowspan"):
        held = _CELLS.fullmatch(value) is not None
    elif name == "data-math":
        held = 0 < len(value) <= 2000
    elif name in ("alt", "title"):
        held = len(value) <= 1000
    return value if held else None


_CLEANER = nh3.Cleaner(
    tags=set(TAGS) | set(_RENAMED),
    clean_content_tags=set(GONE_WITH_CONTENT),
    attributes={tag: set(names) for tag, names in ATTRIBUTES.items()},
    tag_attribute_values=VALUES,
    allowed_classes=CLASSES,
    attribute_filter=_attribute,
    url_schemes=set(SCHEMES),
    link_rel="noopener noreferrer",
    strip_comments=True,
)

# A tag as a browser reads it: a quote means something only after an equals sign. Possessive: in linear time.
_TAG = re.compile(r"""</?[a-zA-Z][^\s/>]*+(?:[^>=]|=\s*+(?:"[^"]*+"|'[^']*+')?)*+>?""")
# Of these a new one ends the one before, or nothing can be inside, so that they do not nest by themselves.
_FLAT = "p|li|dt|dd|td|th|tr|tbody|thead|tfoot|option|br|hr|img|col|input|wbr|link|meta|area"
_NESTING = re.compile(rf"<(?!(?:{_FLAT})[\s/>])[a-zA-Z]", re.IGNORECASE)
_VOID = frozenset(("br", "hr", "img", "col"))
# In what the cleaner wrote, `<` and `>` stand in tags alone, values in double quotes, and each tag has its end.
_WRITTEN = re.compile(r"<(/?)([a-z0-9]+)[^>]*>")
_LOST_IMAGE = re.compile(r"<img(?![^>]* src=)[^>]*>")
_LOST_MEDIA = re.compile(r"<(audio|video)(?![^>]* src=)[^>]*>(.*?)</\1>", re.DOTALL)
_OLD_NAME = re.compile(r"<(/?)(h1|h5|h6|strike)>")
_BLOCK = re.compile(
    r"</?(?:p|h[2-4]|li|dt|dd|pre|blockquote|figcaption|figure|caption|tr|table|ul|ol|dl|div)\b[^>]*>|<(?:br|hr)>"
)
_IN_CELL = re.compile(r"(<t[hd]\b[^>]*>)<p>|</p>(</t[hd]>)")
_CELL_END = re.compile(r"</t[hd]>(?=<t[hd])")
_ALT = re.compile(r'<img [^>]*?alt="([^"]+)"[^>]*>')
_SHOWN = (
    ("<table>", '<div class="prose-table" role="region" aria-label="Table" tabindex="0"><table>'),
    ("</table>", "</table></div>"),
    ("<img ", '<img loading="lazy" decoding="async" '),
    ("<video ", '<video controls preload="metadata" '),
    ("<audio ", '<audio controls preload="metadata" '),
)

_cleaned: Cache[str] = Cache(most=500, ttl=3600)


def clean_html(html: str) -> str:
    """Lesson text without anything that could run, reach outside or break the page.

    Cleaning what is clean changes nothing, to the byte. Never raises: of what cannot be read as HTML in good time
    (too long, or nested too deeply) the words are kept as paragraphs.
    """
    key = hashlib.sha256(html.encode("utf-8", "surrogatepass")).digest()
    known = _cleaned.peek(key)
    if known is None:
        known = _clean(html)
        _cleaned.put(key, known)
    return known


def _clean(html: str) -> str:
    text = html.encode("utf-8", "replace").decode().replace("\x00", "")
    if len(text) > LONGEST:
        return _words_only(text)
    text = _TAG.sub(_without_giants, text)
    if len(_NESTING.findall(text)) > MOST_TAGS:
        return _words_only(text)
    for _ in range(ROUNDS):
        cleaned = _once(text)
        if cleaned == text:
            return text
        if len(cleaned) > LONGEST or _too_deep(cleaned):
            break
        text = cleaned
    # Too long or deep, or it reads differently each time: nobody can say what a browser would make of it.
    return _words_only(text)


def _once(text: str) -> str:
    cleaned = _LOST_MEDIA.sub(r"\2", _LOST_IMAGE.sub("", _CLEANER.clean(text)))
    return _OLD_NAME.sub(lambda found: f"<{found[1]}{_RENAMED[found[2]]}>", cleaned)


def _without_giants(found: re.Match[str]) -> str:
    # A space, so that what stood before and after does not become a tag.
    return " " if len(found[0]) > LONGEST_TAG else found[0]


def _too_deep(cleaned: str) -> bool:
    depth = 0
    for end, name in _WRITTEN.findall(cleaned):
        if name not in _VOID:
            depth += -1 if end else 1
            if depth > DEEPEST:
                return True
    return False


def _words_only(text: str) -> str:
    words = entities.unescape(_TAG.sub("\n", text))[:LONGEST]
    lines = (" ".join(line.split()) for line in words.splitlines())
    # Written as the cleaner writes text, so that cleaning it again changes nothing.
    return "".join(f"<p>{_escape(line)}</p>" for line in lines if line)


def _escape(text: str) -> str:
    return entities.escape(text, quote=False).replace("\xa0", "&nbsp;")


def plain_text(html: str) -> str:
    """The words of lesson text, a line for each paragraph: for search, for differences and for who reads no HTML."""
    text = _ALT.sub(r"\1", clean_html(html))
    text = _CELL_END.sub("\t", _IN_CELL.sub(r"\1\2", text))
    text = _BLOCK.sub("\n", text)
    text = entities.unescape(_WRITTEN.sub("", text))
    lines = (re.sub(r"[^\S\t]+", " ", line).strip() for line in text.splitlines())
    return "\n".join(line for line in lines if line)


def shown_html(html: str) -> str:
    """Lesson text as a page shows it: cleaned, tables in a box that scrolls, pictures fetched when near."""
    text = clean_html(html)
    for plain, shown in _SHOWN:
        text = text.replace(plain, shown)
    return text
