"""Packages of SCORM and AICC: how they come in, what is in them, who plays which. The feature's front door."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from collegium.features.packages.library import Package
from collegium.features.packages.library import one as package
from collegium.features.packages.model import Activity, Definition, Entry, Refused, Told
from collegium.features.packages.tabs import package_tab, tabs
from collegium.features.packages.work import Q, import_package, remove_files
from collegium.kit.db import Transaction
from collegium.kit.errors import NotFound

__all__ = [
    "Activity",
    "Definition",
    "Entry",
    "Package",
    "Refused",
    "Told",
    "begin_import",
    "definition",
    "delete",
    "import_package",
    "package",
    "package_tab",
    "remove_files",
    "retry_import",
    "tabs",
]


# Coming in ------------------------------------------------------------------------------------------------


async def begin_import(tx: Transaction, file_id: UUID, new_version_of: UUID | None = None) -> UUID:
    """Has an archive of the actor's library imported; answers the package. Raises Forbidden, NotFound, Conflict."""
    return await tx.fetchval(Q.begin_import, file_id, new_version_of)


async def retry_import(tx: Transaction, package_id: UUID) -> None:
    """Has an import done again that failed. Raises Conflict."""
    await tx.execute(Q.retry_import, package_id)


async def delete(tx: Transaction, package_id: UUID) -> str:
    """Deletes a package that nobody has begun, or gives its import up; answers its title. Raises Conflict."""
    return await tx.fetchval(Q.delete_package, package_id)


# Being played ---------------------------------------------------------------------------------------------


async def definition(tx: Transaction, package_id: UUID, organization: str | None = None) -> Definition:
    """What the player is told of a package, in a transaction of the service; raises NotFound unless it is ready.

    Without the identifier of an ``organization`` it is the default one.
    """
    head = await tx.fetchrow(Q.played, package_id)
    rows = await tx.fetch(Q.activities, package_id, organization) if head else []
    if head is None or not rows:
        raise NotFound("This package cannot be played.", code="package_not_ready")
    below: dict[UUID | None, list[Any]] = {}
    for row in rows:
        below.setdefault(row["parent_id"], []).append(row)
    is_2004 = head["standard"] == "scorm_2004"

    def made(row: Any) -> Activity:
        return Activity(
            identifier=row["identifier"],
            title=row["title"],
            kind=row["kind"],
            is_visible=row["is_visible"],
            href=row["launch_href"],
            parameters=row["parameters"],
            launch_data=row["launch_data"],
            prerequisites=row["prerequisites"],
            # In SCORM 2004 it is the primary objective that says it.
            mastery_score=None if is_2004 else _number(row["mastery_score"]),
            completion_threshold=_number(row["completion_threshold"]),
            max_time_allowed=_number(row["max_time_allowed"]),
            time_limit_action=row["time_limit_action"],
            sequencing=row["sequencing"],
            children=[made(child) for child in below.get(row["id"], [])],
        )

    return Definition(standard=head["standard"], edition=head["edition"], organization=made(below[None][0]))


def _number(value: Any) -> float | None:
    return None if value is None else float(value)
