"""Verification for programs."""

from __future__ import annotations

from typing import Annotated

import msgspec
from litestar import get
from litestar.middleware.rate_limit import RateLimitConfig
from litestar.params import Parameter
from litestar.types import ControllerRouterHandler

from collegium.features.certificates import service
from collegium.features.certificates.model import Verified
from collegium.kit.db import ANON
from collegium.web import pages

# The space of numbers has 40 bits: thirty guesses a minute find nothing in a lifetime.
RATE_LIMIT = RateLimitConfig(rate_limit=("minute", 30))
Number = Annotated[str, Parameter(description="Certificate number, CERT-YYYY-XXXXXXXX", max_length=40)]


class TooManyRequests(msgspec.Struct, frozen=True):
    """Problem details (RFC 9457) of a refusal to answer so often."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    retry_after: int


@get(
    "/api/v1/certificates/{number:str}",
    tags=["certificates"],
    summary="Verify a certificate",
    middleware=[RATE_LIMIT.middleware],
)
async def verify(request: pages.WebRequest, number: Number) -> Verified:
    """Valid, revoked or unknown, and what anybody may know of one certificate. There is no listing."""
    async with pages.site_of(request).db.transaction(ANON, read_only=True) as tx:
        return await service.verify(tx, number)


ROUTES: list[ControllerRouterHandler] = [verify]
