"""Reading files with questions and putting the chosen ones into the bank, in the background."""

from __future__ import annotations

from uuid import UUID

from collegium.features.question_files import service
from collegium.kit.jobs import job
from collegium.kit.site import Site


@job("questions.read", attempts=1)
async def read_file(site: Site, import_id: str) -> None:
    """The dry run of an import."""
    await service.read_file(site, UUID(import_id))


@job("questions.make", attempts=1)
async def make_questions(site: Site, import_id: str) -> None:
    """The import itself."""
    await service.make_questions(site, UUID(import_id))
