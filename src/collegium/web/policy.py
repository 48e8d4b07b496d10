"""The content security policy of single pages that need more than the others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from litestar import Response

from collegium.kit.content import ContentOrigin
from collegium.web.outer import POLICY

HEADER = "content-security-policy"


def widen(response: Response[Any], sources: Mapping[str, str]) -> None:
    """Adds hosts to directives of this one page's policy, and changes nothing else of it."""
    whole = response.headers.get(HEADER, POLICY)
    rules = {name: value for name, _, value in (rule.strip().partition(" ") for rule in whole.split(";"))}
    for name, hosts in sources.items():
        # A directive that is not there falls back to default-src, which allows the site itself.
        known = rules.get(name, "'self'").split()
        rules[name] = " ".join([*known, *(host for host in hosts.split() if host not in known)])
    response.headers[HEADER] = "; ".join(f"{name} {value}" for name, value in rules.items())


def allow_frames(response: Response[Any], hosts: Sequence[str]) -> None:
    """Lets this one page show frames of these hosts (``https`` only), and changes nothing else of its policy."""
    if hosts:
        widen(response, {"frame-src": " ".join(f"https://{host}" for host in hosts)})


def allow_content(response: Response[Any], content: ContentOrigin) -> None:
    """Lets this one page frame packages, and these open windows that know by whom they were opened."""
    widen(response, {"frame-src": content.frames})
    # Under the stricter word of the other pages a package that opens a window would not find its way back.
    response.headers["cross-origin-opener-policy"] = "same-origin-allow-popups"


def allow_player(response: Response[Any], sources: Mapping[str, str]) -> None:
    """Lets this one page show the player of a provider, which refuses to run where it is not told on which site."""
    widen(response, sources)
    # The page's path stays untold.
    response.headers["referrer-policy"] = "strict-origin-when-cross-origin"
