"""How tests bring packages in."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any
from uuid import UUID

from collegium.features.packages import service
from collegium.kit.db import SYSTEM, person
from collegium.kit.site import Site
from tests.features.uploads.support import put
from tests.support.people import Person
from tests.support.site import run_jobs


async def begin(site: Site, teacher: Person, data: bytes, *, name: str = "fire.zip", after: UUID | None = None) -> UUID:
    """Puts an archive into the teacher's library and has it imported, without running the job."""
    with tempfile.TemporaryDirectory() as folder:
        file = await put(site, teacher, data, Path(folder), name=name, purpose="package")
    async with site.db.transaction(person(teacher.id)) as tx:
        return await service.begin_import(tx, file.id, after)


async def import_package(site: Site, teacher: Person, data: bytes, **how: Any) -> UUID:
    """The same, until the import has ended."""
    found = await begin(site, teacher, data, **how)
    await run_jobs(site)
    return found


async def row(site: Site, package: UUID) -> dict[str, Any]:
    """A package as the database has it."""
    async with site.db.transaction(SYSTEM, read_only=True) as tx:
        found = await tx.fetchrow("select * from public.scorm_packages where id = $1", package)
    return dict(found) if found else {}
