"""Certificates' work in the background."""

from __future__ import annotations

from uuid import UUID

from collegium.features.certificates import service
from collegium.kit.jobs import job
from collegium.kit.site import Site


@job("certificates.make_document", attempts=8)
async def make_document(site: Site, certificate_id: str) -> None:
    """Typesets, signs and stores the document of a certificate."""
    await service.make_document(site, UUID(certificate_id))
