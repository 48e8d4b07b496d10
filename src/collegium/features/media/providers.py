"""Videos that lie with YouTube, Vimeo or Wistia: which one an address means, and what a page must allow to show it."""

from __future__ import annotations

import re
from typing import NamedTuple
from urllib.parse import parse_qs, urlsplit

from collegium.kit.errors import Invalid

_YOUTUBE_ID = re.compile(r"[A-Za-z0-9_-]{11}")
_VIMEO_PATH = re.compile(r"/(?:video/|channels/[\w-]+/|groups/[\w-]+/videos/)?([0-9]{1,12})(?:/([0-9a-f]{6,20}))?/?")
_VIMEO_KEY = re.compile(r"[0-9a-f]{6,20}")
_WISTIA_PATH = re.compile(r"/(?:medias|embed/iframe|embed/medias)/([a-z0-9]{10})(?:\.\w+)?/?")
_YOUTUBE_HOSTS = {f"{name}youtube.com" for name in ("", "www.", "m.")} | {"www.youtube-nocookie.com"}
_YOUTUBE_PATHS = ("embed", "shorts", "live", "v")
_NONE = (
    "This is not the address of one video on YouTube, Vimeo or Wistia. Open the video there and copy the address, "
    "such as https://www.youtube.com/watch?v=…, https://vimeo.com/… or https://….wistia.com/medias/…."
)


class Address(NamedTuple):
    """A video of a provider, its address in the one form that is kept."""

    provider: str
    url: str


class Provider(NamedTuple):
    """What people call a provider, and the hosts that a page which shows its player must allow.

    `frames`: its player; `scripts`: the program that speaks with it; `others`: pictures, styles, fonts and streams of a
    player that has no frame of its own.
    """

    name: str
    frames: str
    scripts: str
    others: str = ""


PROVIDERS = {
    "youtube": Provider("YouTube", "https://www.youtube.com https://www.youtube-nocookie.com", "https://www.youtube.com"),
    "vimeo": Provider("Vimeo", "https://player.vimeo.com", "https://player.vimeo.com"),
    "wistia": Provider(
        "Wistia", "https://fast.wistia.com https://fast.wistia.net", "https://fast.wistia.com https://fast.wistia.net",
        "https://*.wistia.com https://*.wistia.net",
    ),
}  # fmt: skip


def read_address(text: str) -> Address:
    """Which video an address means. Raises Invalid in words."""
    written = text.strip()
    try:
        parts = urlsplit(written if "://" in written else f"https://{written}")
        host = (parts.hostname or "").lower()
    except ValueError:
        raise Invalid(_NONE, code="no_such_address") from None
    if parts.scheme in ("http", "https") and len(written) <= 1024:
        for read in (_youtube, _vimeo, _wistia):
            if found := read(host, parts.path, parse_qs(parts.query)):
                return found
    raise Invalid(_NONE, code="no_such_address")


def _youtube(host: str, path: str, query: dict[str, list[str]]) -> Address | None:
    name = ""
    if host == "youtu.be":
        name = path.strip("/")
    elif host in _YOUTUBE_HOSTS:
        first, _, rest = path.strip("/").partition("/")
        name = query.get("v", [""])[0] if first == "watch" else rest if first in _YOUTUBE_PATHS else ""
    return Address("youtube", f"https://www.youtube.com/watch?v={name}") if _YOUTUBE_ID.fullmatch(name) else None


def _vimeo(host: str, path: str, query: dict[str, list[str]]) -> Address | None:
    found = _VIMEO_PATH.fullmatch(path) if host in ("vimeo.com", "www.vimeo.com", "player.vimeo.com") else None
    if found is None:
        return None
    key = found[2] or query.get("h", [""])[0]
    return Address("vimeo", f"https://vimeo.com/{found[1]}" + (f"/{key}" if _VIMEO_KEY.fullmatch(key) else ""))


def _wistia(host: str, path: str, query: dict[str, list[str]]) -> Address | None:
    del query
    known = host.endswith((".wistia.com", ".wistia.net", ".wi.st"))
    found = _WISTIA_PATH.fullmatch(path) if known else None
    return Address("wistia", f"https://home.wistia.com/medias/{found[1]}") if found else None


def sources(provider: str) -> dict[str, str]:
    """What a page's content security policy must allow besides for one provider's player: hosts by directive."""
    asked = PROVIDERS[provider]
    added = {
        "script-src": asked.scripts,
        "frame-src": asked.frames,
        "img-src": asked.others,
        "media-src": asked.others,
        "connect-src": asked.others,
        "style-src": asked.others,
        "font-src": asked.others,
    }
    return {name: hosts for name, hosts in added.items() if hosts}
