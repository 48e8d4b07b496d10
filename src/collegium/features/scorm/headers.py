"""The headers of what is answered where packages are played: what a package may do, and whom it may reach."""

from __future__ import annotations

from typing import Any

from litestar.types import Message, Send

from collegium.kit.content import ContentOrigin
from collegium.settings import Settings

Pairs = list[tuple[bytes, bytes]]
# What packages of the field need to run at all: scripts in their pages, text that is evaluated, things from elsewhere.
_ANYWHERE = "'self' https: data: blob:"
_PACKAGE = {
    "default-src": _ANYWHERE,
    "script-src": f"{_ANYWHERE} 'unsafe-inline' 'unsafe-eval'",
    "style-src": f"{_ANYWHERE} 'unsafe-inline'",
    "worker-src": "'self' blob:",
    "base-uri": "'self'",
}
_PLAYER = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self' 'unsafe-inline'",
    "img-src": "'self' data:",
    "font-src": "'self'",
    "connect-src": "'self'",
    # A package may go on in its own frame to a page elsewhere; the site itself refuses to be framed.
    "frame-src": _ANYWHERE,
    "base-uri": "'none'",
    "form-action": "'none'",
}
_RIGHTS = (
    "camera=(), microphone=(), geolocation=(), payment=(), usb=(), serial=(), hid=(), midi=(), "
    "display-capture=(), publickey-credentials-get=(), browsing-topics=()"
)


def _policy(rules: dict[str, str]) -> bytes:
    return "; ".join(f"{name} {value}" for name, value in rules.items()).encode()


class Headers:
    """Made once for a site: ``document`` of the player, ``package`` of files, ``closed`` of what is no page."""

    def __init__(self, content: ContentOrigin, settings: Settings) -> None:
        around = "'self' " + " ".join(content.sites)
        hosts = [host.strip() for host in settings.content_hosts.split(",") if host.strip()]
        calls = " ".join(["'self' data: blob:", *(f"https://{host} wss://{host}" for host in hosts)])
        common: Pairs = [
            (b"x-content-type-options", b"nosniff"),
            # Whole addresses hold the token; a film elsewhere wants to know at least on which host it is shown.
            (b"referrer-policy", b"strict-origin"),
            (b"cross-origin-resource-policy", b"same-origin"),
            (b"origin-agent-cluster", b"?1"),
            (b"permissions-policy", _RIGHTS.encode()),
            (b"x-robots-tag", b"noindex, nofollow"),
        ]
        if content.scheme == "https":
            common.append((b"strict-transport-security", b"max-age=31536000"))
        package = _PACKAGE | {"connect-src": calls, "form-action": "'self'", "frame-ancestors": around}
        player = _PLAYER | {"frame-ancestors": around}
        self.common = common
        self.package: Pairs = [*common, (b"content-security-policy", _policy(package))]
        self.document: Pairs = [
            *common,
            (b"content-security-policy", _policy(player)),
            (b"cache-control", b"no-store"),
        ]
        self.closed: Pairs = [
            *common,
            (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
            (b"cache-control", b"no-store"),
        ]

    def added(self, send: Send) -> Send:
        """``send`` with the headers that everything has."""

        async def send_on(message: Message) -> None:
            if message["type"] == "http.response.start":
                whole: Any = [*message["headers"], *self.common]
                message["headers"] = whole
            await send(message)

        return send_on
