"""Importing packages in the background, and removing the files of those that were deleted."""

from __future__ import annotations

from uuid import UUID

from collegium.features.packages import service
from collegium.kit.jobs import job
from collegium.kit.site import Site


@job("packages.import", attempts=1)
async def import_package(site: Site, package_id: str) -> None:
    """An archive that was uploaded, until its package is ready or refused."""
    await service.import_package(site, UUID(package_id))


@job("packages.remove", attempts=5)
async def remove_files(site: Site, prefix: str) -> None:
    """The files of a deleted package, unless a backup copies files: then the nightly round removes them."""
    await service.remove_files(site, prefix)
