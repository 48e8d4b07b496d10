"""The package as a player's browser needs it: the tree of its default organisation."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import msgspec

from collegium.features.scorm.commits import Q
from collegium.kit.db import Transaction


class Package(msgspec.Struct, frozen=True):
    """What the rows of its items do not say."""

    title: str
    standard: str
    edition: int | None
    launch_url: str | None


async def definition_of(tx: Transaction, package_id: UUID) -> dict[str, Any]:
    """``Package`` of ``frontend/runtime/scorm/types.ts``. A package without items has one SCO without a name."""
    rows = await tx.fetch(Q.package_items, package_id)
    root: dict[str, Any] | None = None
    made: dict[UUID, dict[str, Any]] = {}
    for row in rows:
        item = made[row["id"]] = _item(dict(row))
        parent = made.get(row["parent_id"])
        if parent is None:
            root = item
        else:
            parent["children"].append(item)
    package = await tx.one(Package, Q.package, package_id)
    if root is None:
        only: dict[str, Any] = {"identifier": "", "title": package.title, "isVisible": True, "sequencing": {}}
        sco: dict[str, Any] = only | {"kind": "sco", "href": package.launch_url or "", "children": []}
        root = only | {"kind": "organization", "children": [sco]}
    return {"standard": package.standard, "edition": package.edition, "organization": root}


def _item(row: dict[str, Any]) -> dict[str, Any]:
    given = {
        "identifier": row["identifier"],
        "title": row["title"],
        "kind": row["kind"],
        "isVisible": row["is_visible"],
        "href": row["launch_href"],
        "parameters": row["parameters"],
        "launchData": row["launch_data"],
        "prerequisites": row["prerequisites"],
        "masteryScore": row["mastery_score"],
        "completionThreshold": row["completion_threshold"],
        "maxTimeAllowed": row["max_seconds"],
        "timeLimitAction": row["time_limit_action"],
    }
    kept = {name: value for name, value in given.items() if value is not None}
    return kept | {"sequencing": row["sequencing"], "children": []}
