"""Where a manifest points: addresses relative to it, held against the names that are in the package."""

from __future__ import annotations

import posixpath
import re
import unicodedata
from collections.abc import Iterable
from urllib.parse import quote, unquote

import msgspec

_SCHEME = re.compile(r"^[A-Za-z][A-Za-z0-9+.-]*:")
_KEPT = "/~!$&'()*+,;=:@-._"


class Place(msgspec.Struct, frozen=True):
    """Where an address leads. ``path`` is the file's name in the package, None for another site's page or no file."""

    url: str
    path: str | None
    mended: str | None = None
    """What was put right, in words."""
    problem: str | None = None
    """Why it leads nowhere, in words."""


def folded(name: str) -> str:
    """A name as a file system compares it that knows no case."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFKD", name).casefold())


class Names:
    """The names of the files in a package."""

    def __init__(self, names: Iterable[str]) -> None:
        self._folded = {folded(name): name for name in names}
        self._names = set(self._folded.values())

    def __contains__(self, name: object) -> bool:
        return name in self._names

    def __len__(self) -> int:
        return len(self._names)

    def like(self, name: str) -> str | None:
        """The file of that name, if need be in another case."""
        return name if name in self._names else self._folded.get(folded(name))

    def find(self, base: str, href: str) -> Place:
        """Where ``href`` leads that stands in a document whose ``xml:base`` is ``base``."""
        href = href.strip()
        mended: list[str] = []
        if "\\" in href:
            href = href.replace("\\", "/")
            mended.append("backslashes were read as /")
        whole = href if _SCHEME.match(href) or href.startswith("//") else base + href
        if _SCHEME.match(whole) or whole.startswith("//"):
            if re.match(r"^(https?:)?//[^/\s]+", whole, re.IGNORECASE):
                return Place(whole, None)
            return Place(whole, None, problem="leads to no file of the package and to no web page")
        rest, hash_, fragment = whole.partition("#")
        path, mark, query = rest.partition("?")
        if path.startswith("/"):
            path = path.lstrip("/")
            mended.append("it was read as beginning in the package's own folder")
        tail = mark + query + hash_ + fragment
        name = self._named(path, mended)
        if name is None:
            return Place(whole, None, problem="leads out of the package")
        found = self.like(name)
        if found is None:
            return Place(whole, None, problem="is not in the package")
        if found != name:
            mended.append(f"the file is called “{found}”; capital and small letters are told apart")
        return Place(quote(found, safe=_KEPT) + tail, found, mended="; ".join(mended) or None)

    def _named(self, path: str, mended: list[str]) -> str | None:
        """The name that a path stands for; as it is written, where it was forgotten to write it as an address."""
        for name in (unquote(path), path):
            inside = posixpath.normpath(name)
            if inside.startswith("../") or inside in ("..", "."):
                return None
            if self.like(inside) is not None:
                if name is path and path != unquote(path):
                    mended.append("its name was taken as it stands there")
                return inside
        return posixpath.normpath(unquote(path))


def base_of(above: str, own: str) -> str:
    """``xml:base`` of an element within that of the element above it."""
    own = own.strip().replace("\\", "/")
    if not own:
        return above
    return own if _SCHEME.match(own) else above + own
