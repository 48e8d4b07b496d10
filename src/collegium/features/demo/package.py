"""The demonstration's SCORM package: a story and three questions, brought in as an instructor would."""

from __future__ import annotations

import zipfile
from importlib import resources
from uuid import UUID

from collegium.features.packages import service as packages
from collegium.features.uploads import service as uploads
from collegium.kit import queries
from collegium.kit.db import SYSTEM, person
from collegium.kit.site import Site

Q = queries.load("collegium.features.demo")
NAME = "wrong-address.zip"


def write(target: zipfile.ZipFile) -> None:
    """Puts the package's files into an archive."""
    for file in resources.files("collegium.features.demo").joinpath("package").iterdir():
        if file.is_file():
            target.writestr(file.name, file.read_bytes())


async def fill(site: Site, teacher: UUID, course: UUID, lesson: UUID) -> None:
    """Imports the package into the teacher's library and lets the lesson play it."""
    with uploads.workspace(site) as folder:
        path = folder / NAME
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            write(archive)
        async with site.db.transaction(person(teacher)) as tx:
            file = await uploads.register(site, tx, path=path, filename=NAME, course_id=None, purpose="package")
            package = await packages.begin_import(tx, file.id)
    await packages.import_package(site, package)
    async with site.db.transaction(SYSTEM) as tx:
        await tx.execute(Q.play_package, lesson, course, package)
