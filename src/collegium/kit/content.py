"""Where packages are played: host names of their own, to which no cookie of the site ever goes.

A package runs in a browser as a page of its origin and may do there what any page may. So it gets an origin that is not
the site's, and with ``*`` in the address each registration gets one that is not any other registration's either.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import msgspec

_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?", re.ASCII)
_LOOPBACK = ("127.0.0.1", "localhost", "::1")


class BadAddress(ValueError):
    """An address at which no package may be played; the message says why."""


class ContentOrigin(msgspec.Struct, frozen=True):
    """``scheme``, ``suffix`` (the host behind the label, or the whole host) and ``port`` of where packages are played.

    ``each`` says whether every registration has a host of its own. ``sites`` are origins whose pages may frame them.
    """

    scheme: str
    suffix: str
    port: int | None
    each: bool
    sites: tuple[str, ...]

    @classmethod
    def of(cls, content_url: str | None, base_url: str) -> ContentOrigin | None:
        """From the settings; None where the site is reached from outside and nothing was said. Raises BadAddress."""
        site = urlsplit(base_url)
        name = (site.hostname or "").lower()
        port = f":{site.port}" if site.port else ""
        if not content_url:
            if name not in _LOOPBACK:
                return None
            content_url = f"{site.scheme}://*.localhost{port}"
        # A visitor of this machine may have typed either name.
        names = ("127.0.0.1", "localhost") if name in _LOOPBACK else (name,)
        sites = tuple(f"{site.scheme}://{each}{port}" for each in dict.fromkeys((name, *names)) if each != "::1")
        made = cls._parsed(content_url, sites)
        if name == made.suffix or (made.each and name.endswith("." + made.suffix)):
            # Cookies know no ports: at the same name a package would be sent those of the site.
            raise BadAddress("packages need a host name that is not the site's own; another port is not enough.")
        return made

    @classmethod
    def _parsed(cls, content_url: str, sites: tuple[str, ...]) -> ContentOrigin:
        parts = urlsplit(content_url.rstrip("/"))
        host = (parts.hostname or "").lower()
        each = host.startswith("*.")
        host = host.removeprefix("*.")
        whole = all(_LABEL.fullmatch(label) for label in host.split("."))
        if parts.scheme not in ("http", "https") or not whole or parts.path or parts.query or parts.fragment:
            raise BadAddress("it must be like https://*.content.example.org, without a path.")
        return cls(parts.scheme, host, parts.port, each, sites)

    def address(self, label: str) -> str:
        """The origin at which the registration with this label is played."""
        name = f"{label}.{self.suffix}" if self.each else self.suffix
        return f"{self.scheme}://{name}" + (f":{self.port}" if self.port else "")

    def label_of(self, host: str) -> str | None:
        """The label in a Host header (empty where all share one host); None when it is no address of packages."""
        name = host.rsplit(":", 1)[0].lower() if not host.endswith("]") else host
        if not self.each:
            return "" if name == self.suffix else None
        label, dot, rest = name.partition(".")
        return label if dot and rest == self.suffix and _LABEL.fullmatch(label) else None

    @property
    def frames(self) -> str:
        """What a page of the site must be allowed to frame, as Content-Security-Policy writes it."""
        return self.address("*")
