"""The content security policy of single pages that need more than the others."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from litestar import Response

from collegium.web.outer import POLICY

HEADER = "content-security-policy"


def allow_frames(response: Response[Any], hosts: Sequence[str]) -> None:
    """Lets this one page show frames of these hosts (``https`` only), and changes nothing else of its policy."""
    if not hosts:
        return
    rules = [rule.strip() for rule in response.headers.get(HEADER, POLICY).split(";")]
    before = next((rule for rule in rules if rule.startswith("frame-src ")), "frame-src 'self'")
    widened = " ".join([before, *(f"https://{host}" for host in hosts if f"https://{host}" not in before.split())])
    response.headers[HEADER] = "; ".join([*(rule for rule in rules if not rule.startswith("frame-src ")), widened])
