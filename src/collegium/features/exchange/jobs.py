"""Reading packages and making courses of them in the background."""

from __future__ import annotations

from uuid import UUID

from collegium.features.exchange import service
from collegium.kit.jobs import job
from collegium.kit.site import Site


@job("exchange.read", attempts=1)
async def read_package(site: Site, import_id: str) -> None:
    """The dry run of an import."""
    await service.read_package(site, UUID(import_id))


@job("exchange.make", attempts=1)
async def make_course(site: Site, import_id: str) -> None:
    """The import itself, or a copy."""
    await service.make_course(site, UUID(import_id))
