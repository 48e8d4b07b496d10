"""Packages come in: as jobs, whole or not at all, with words for what is wrong."""

from __future__ import annotations

import msgspec

from collegium.features.packages import service
from collegium.kit.db import SYSTEM
from collegium.kit.site import Site
from tests.features.packages.support import import_package, row
from tests.support.package_zips import packed, small_12
from tests.support.people import Person


async def test_a_package_is_imported_and_can_be_played(site: Site, teacher: Person) -> None:
    found = await import_package(site, teacher, packed(small_12()))
    package = await row(site, found)
    assert package["import_state"] == "ready", package["import_errors"]
    assert package["title"] == "Fire safety"
    assert (package["file_count"], package["standard"]) == (2, "scorm_12")
    async with site.db.transaction(SYSTEM) as tx:
        definition = await service.definition(tx, found)
        files = await tx.fetch("select * from scorm_package_files where scorm_package_id = $1 order by path", found)
    assert msgspec.json.decode(msgspec.json.encode(definition)) == {
        "standard": "scorm_12",
        "edition": None,
        "organization": {
            "identifier": "ORG", "title": "Fire safety", "kind": "organization", "isVisible": True, "sequencing": {},
            "children": [{"identifier": "I1", "title": "Lesson", "kind": "sco", "isVisible": True, "sequencing": {},
                          "children": [], "href": "index.html"}],
        },
    }  # fmt: skip
    assert [(one["path"], one["media_type"]) for one in files] == [
        ("imsmanifest.xml", "application/xml"), ("index.html", "text/html"),
    ]  # fmt: skip
    assert await site.storage.get(files[1]["storage_key"]) == small_12()["index.html"]
