"""Packages come in: as jobs, whole or not at all, with words for what is wrong. Hostile ones fail and leave nothing."""

from __future__ import annotations

import io
import os
import stat
import struct
import tempfile
import zipfile
from pathlib import Path
from uuid import UUID, uuid4

import msgspec
import pytest

from collegium.features.packages import archive, service
from collegium.features.packages.model import Refused
from collegium.features.uploads import service as uploads
from collegium.kit.db import SYSTEM, person
from collegium.kit.errors import Problem
from collegium.kit.site import Site
from collegium.kit.unpack import UnpackError, open_archive
from tests.features.packages.support import begin, import_package, row
from tests.support.package_zips import PAGE, aicc, item, manifest_12, manifest_2004, packed, sco_12, sco_2004, small_12
from tests.support.people import Person
from tests.support.site import run_jobs

# Packages that others wrote, where they are at hand; the product does not need them.
SAMPLES = next(
    (above / "shared/samples/packages" for above in Path(__file__).parents if (above / "shared").is_dir()), Path()
)


async def test_a_package_is_imported_and_can_be_played(site: Site, teacher: Person) -> None:
    files = small_12() | {"pictures/Größe #1 {x}.PNG": b"png", "__MACOSX/._index.html": b"litter"}
    found = await import_package(site, teacher, packed(files))
    package = await row(site, found)
    assert package["import_state"] == "ready", package["import_errors"]
    assert (package["title"], package["file_count"], package["standard"]) == ("Fire safety", 3, "scorm_12")
    async with site.db.transaction(SYSTEM) as tx:
        definition = await service.definition(tx, found)
        stored = await tx.fetch("select * from scorm_package_files where scorm_package_id = $1 order by path", found)
    assert msgspec.json.decode(msgspec.json.encode(definition)) == {
        "standard": "scorm_12",
        "edition": None,
        "organization": {
            "identifier": "ORG", "title": "Fire safety", "kind": "organization", "isVisible": True, "sequencing": {},
            "children": [{"identifier": "I1", "title": "Lesson", "kind": "sco", "isVisible": True, "sequencing": {},
                          "children": [], "href": "index.html"}],
        },
    }  # fmt: skip
    assert [(one["path"], one["media_type"]) for one in stored] == [
        ("imsmanifest.xml", "application/xml"), ("index.html", "text/html"), ("pictures/Größe #1 {x}.PNG", "image/png"),
    ]  # fmt: skip
    # A name that not every store takes lies there under another one.
    assert [await site.storage.get(one["storage_key"]) for one in stored] == [files[one["path"]] for one in stored]
    assert stored[2]["storage_key"] == package["storage_prefix"] + "odd-names/1.png"


async def test_what_an_edition_says_reaches_the_player(site: Site, teacher: Person) -> None:
    inside = "<imsss:sequencing><imsss:controlMode flow='true'/></imsss:sequencing>"
    text = manifest_2004(item(inside=inside), sco_2004())
    found = await import_package(site, teacher, packed({"imsmanifest.xml": text.encode(), "index.html": PAGE}, "wrap/"))
    course = await import_package(site, teacher, packed(aicc()))
    async with site.db.transaction(SYSTEM) as tx:
        definition = await service.definition(tx, found)
        other = await service.definition(tx, course)
        with pytest.raises(Problem, match="cannot be played"):
            await service.definition(tx, uuid4())
    assert (definition.standard, definition.edition) == ("scorm_2004", 4)
    assert definition.organization.children[0].sequencing == {"controlMode": {"flow": True}}
    assert (await row(site, found))["import_warnings"][0]["message"].startswith("The package lies in the folder “wrap”")
    unit = other.organization.children[0].children[0]
    assert (other.standard, unit.mastery_score, unit.max_time_allowed) == ("aicc", 80.0, 1800.0)


async def test_a_failed_import_leaves_nothing_and_can_be_tried_again(
    site: Site, teacher: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = {meta.key for meta in await site.storage.list()}
    broken = manifest_12(item() + item("I2", "R2"), sco_12() + sco_12("R2", "gone.html"))
    found = await import_package(site, teacher, packed({"imsmanifest.xml": broken.encode(), "index.html": PAGE}))
    package = await row(site, found)
    assert package["import_state"] == "failed"
    assert [(one["file"], one["line"]) for one in package["import_errors"]] == [("imsmanifest.xml", 5)]
    # A fault of ours in the last step: nothing is left in the store either, and the words are not the fault's.
    with monkeypatch.context() as broken_store:

        async def fails(*_args: object) -> None:
            raise RuntimeError("secret details")

        broken_store.setattr("collegium.features.packages.work._write", fails)
        other = await begin(site, teacher, packed(small_12()))
        with pytest.raises(RuntimeError):
            await service.import_package(site, other)
    package = await row(site, other)
    assert package["import_errors"][0]["message"].startswith("Something went wrong on our side")
    left = {meta.key for meta in await site.storage.list()} - before
    # The nightly seal of the audit log may be among the jobs that ran.
    assert all(key.startswith(("files/", "audit/")) for key in left), left
    async with site.db.transaction(person(teacher.id)) as tx:
        await service.retry_import(tx, other)
    await run_jobs(site)
    assert (await row(site, other))["import_state"] == "ready"
    with pytest.raises(Problem, match="nothing to try again"):
        async with site.db.transaction(person(teacher.id)) as tx:
            await service.retry_import(tx, other)
    # Given up before the job came: it does nothing.
    third = await begin(site, teacher, packed(small_12()))
    async with site.db.transaction(person(teacher.id)) as tx:
        await service.delete(tx, third)
    await run_jobs(site)
    assert await row(site, third) == {}
    with uploads.workspace(site) as folder:
        assert [name for name in os.listdir(folder.parent) if name.startswith(".check-")] == [folder.name]


def look(data: bytes, folder: Path) -> archive.Contents:
    """What is found in an archive."""
    path = folder / "package.zip"
    path.write_bytes(data)
    with open_archive(path, archive.LIMITS) as opened:
        return archive.look_into(opened)


def one_entry(name: str, data: bytes = b"x", mode: int = 0) -> bytes:
    """A package with one entry more, of any name and kind."""
    sink = io.BytesIO(packed(small_12()))
    with zipfile.ZipFile(sink, "a", zipfile.ZIP_DEFLATED) as opened:
        info = zipfile.ZipInfo("placeholder")
        info.filename, info.external_attr, info.compress_type = name, mode << 16, zipfile.ZIP_DEFLATED
        opened.writestr(info, data)
    return sink.getvalue()


def million() -> bytes:
    """A small file whose end says that it has a million entries."""
    end = struct.pack("<LQHHLLQQQQ", 0x06064B50, 44, 45, 45, 0, 0, 1_000_000, 1_000_000, 46_000_000, 0)
    locator = struct.pack("<LLQL", 0x07064B50, 0, 4, 1)
    return (
        b"PK\x03\x04"
        + end
        + locator
        + struct.pack("<LHHHHLLH", 0x06054B50, 0, 0, 65535, 65535, 2**32 - 1, 2**32 - 1, 0)
    )


def large_manifest() -> bytes:
    """A package whose manifest has 100 MiB, which are not packed."""
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_STORED) as opened:
        opened.writestr("imsmanifest.xml", b" " * (100 << 20))
    return sink.getvalue()


HOSTILE = {
    "zip_bomb": (lambda: one_entry("bomb.bin", b"\0" * (40 << 20)), "times as large when unpacked"),
    "a_million_entries": (million, "The archive holds 1,000,000 files, and 20,000 are the most"),
    "leads_out": (lambda: one_entry("../evil.html"), "leads out of the archive"),
    "leads_out_backwards": (lambda: one_entry("a\\..\\..\\evil.html"), "leads out of the archive"),
    "absolute": (lambda: one_entry("/etc/cron.d/x"), "begins outside the archive"),
    "drive": (lambda: one_entry("C:/x.html"), "begins outside the archive"),
    "symbolic_link": (lambda: one_entry("link", b"/etc/passwd", stat.S_IFLNK | 0o777), "is a link to another file"),
    "device": (lambda: one_entry("device", b"", stat.S_IFCHR | 0o666), "is not a plain file"),
    "twice": (lambda: one_entry("INDEX.html"), "are one name on some computers"),
    "no_zip": (lambda: b"Rar!" + b"x" * 100, "This is not a zip archive"),
    "no_manifest": (lambda: packed({"index.html": PAGE}), "There is no imsmanifest.xml in this archive"),
    "archive_within": (lambda: packed({"course.zip": b"PK"}), "There is another archive in this one, “course.zip”"),
    "tin_can": (lambda: packed({"tincan.xml": b"<tincan/>"}), "This is a package of xAPI"),
    "several": (
        lambda: packed({"a/imsmanifest.xml": b"<a/>", "b/imsmanifest.xml": b"<b/>"}), "several packages in this archive",
    ),
    "large_manifest": (large_manifest, "is too large: 104.9 MB"),
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(HOSTILE))
def test_hostile_archives_are_refused_in_words(name: str, tmp_path: Path) -> None:
    make, words = HOSTILE[name]
    with pytest.raises((Refused, UnpackError), match=words.replace("(", r"\(")):
        look(make(), tmp_path)
    assert [one.name for one in tmp_path.iterdir()] == ["package.zip"]


def test_entities_and_litter_in_a_package(tmp_path: Path) -> None:
    bomb = b'<!DOCTYPE m [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;">]><manifest>&b;</manifest>'
    found = look(packed(small_12() | {"imsmanifest.xml": bomb}), tmp_path)
    assert "A document type (<!DOCTYPE …>) is not allowed" in found.reading.errors[0].message
    # Old programs for Windows write backslashes; the names are what they mean.
    found = look(one_entry("sub\\page.html"), tmp_path)
    assert found.files["sub/page.html"] == "sub/page.html"


async def test_who_may_import_and_how_much(site: Site, teacher: Person, make_person: object) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "bomb.zip"
        path.write_bytes(one_entry("../evil.html"))
        # Already the upload is refused.
        async with site.db.transaction(person(teacher.id)) as tx:
            with pytest.raises(uploads.Refused):
                await uploads.register(site, tx, path=path, filename="bomb.zip", course_id=None, purpose="package")
    stranger = make_person("instructor")  # type: ignore[operator]
    learner = make_person("student")  # type: ignore[operator]
    mine = await begin(site, teacher, packed(small_12()))
    file: UUID = (await row(site, mine))["file_id"]
    for who, words in ((stranger, "not in your media library"), (learner, "Only instructors import packages")):
        with pytest.raises(Problem, match=words):
            async with site.db.transaction(person(who.id)) as tx:
                await service.begin_import(tx, file)
    with pytest.raises(Problem, match="no such package"):
        async with site.db.transaction(person(stranger.id)) as tx:
            await service.delete(tx, mine)
    for _ in range(4):
        async with site.db.transaction(person(teacher.id)) as tx:
            await service.begin_import(tx, file)
    with pytest.raises(Problem, match="Five imports of yours are under way"):
        async with site.db.transaction(person(teacher.id)) as tx:
            await service.begin_import(tx, file)


@pytest.mark.skipif(not list(SAMPLES.glob("*.zip")), reason="the packages of others are not here")
def test_packages_of_others(tmp_path: Path) -> None:
    for path in sorted(SAMPLES.glob("*.zip")):
        reading = look(path.read_bytes(), tmp_path).reading
        if "Malformed" in path.name or "MissingLaunch" in path.name:
            assert all(one.file == "imsmanifest.xml" and one.line for one in reading.errors)
            assert reading.package is None
        else:
            assert reading.package is not None, (path.name, reading.errors)
