"""Verification for programs."""

from __future__ import annotations

from typing import Annotated

from litestar import get
from litestar.middleware.rate_limit import RateLimitConfig
from litestar.params import Parameter
from litestar.types import ControllerRouterHandler

from collegium.features.certificates import service
from collegium.features.certificates.model import Verified
from collegium.kit.db import ANON
from collegium.web import pages
from collegium.web.apidocs import failures

# The space of numbers has 40 bits: thirty guesses a minute find nothing in a lifetime.
RATE_LIMIT = RateLimitConfig(rate_limit=("minute", 30))
Number = Annotated[str, Parameter(description="Certificate number, CERT-YYYY-XXXXXXXX", max_length=40)]


@get(
    "/api/v1/certificates/{number:str}",
    tags=["certificates"],
    summary="Verify a certificate",
    middleware=[RATE_LIMIT.middleware],
    responses=failures(400, 429),
)
async def verify(request: pages.WebRequest, number: Number) -> Verified:
    """Valid, revoked or unknown, and what anybody may know of one certificate. There is no listing."""
    async with pages.site_of(request).db.transaction(ANON, read_only=True) as tx:
        return await service.verify(tx, number)


ROUTES: list[ControllerRouterHandler] = [verify]
