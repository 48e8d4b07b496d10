"""The media library, files for those who may see them, quotas, scanners, and what the clock removes."""

from __future__ import annotations

import asyncio
import os
import stat
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest
import pytest_asyncio

from collegium.features.operations import upkeep
from collegium.features.uploads import parts, scanning, service
from collegium.kit import dumps
from collegium.kit.db import person
from collegium.kit.errors import Problem
from collegium.kit.site import Site
from tests.features.uploads.support import create, patch, picture, put, send
from tests.support.database import Database
from tests.support.people import Course, Lesson, Person, enrol
from tests.support.site import Client, MakeClient, run_jobs

EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-STANDARD-" + b"ANTIVIRUS-TEST-FILE!$H+H*"


@pytest.fixture
def teacher(make_person: Callable[..., Person]) -> Person:
    return make_person("instructor")


@pytest.fixture
def course(make_course: Callable[..., Course], teacher: Person) -> Course:
    return make_course(instructor=teacher, modules=[[Lesson("Open", preview=True), Lesson("Closed")]])


@pytest_asyncio.fixture
async def studio(client: Client, teacher: Person) -> Client:
    await client.login(teacher)
    return client


async def use(database: Database, lesson: Lesson, course: Course, file_id: UUID) -> UUID:
    """Puts a picture into a lesson."""
    async with database.connect() as owner:
        return await owner.fetchval(
            "insert into public.content_blocks (lesson_id, course_id, type, order_index, content)"
            " values ($1, $2, 'image', 9, jsonb_build_object('url', '/files/' || $3::text, 'alt_text', 'A table')) returning id",
            lesson.id,
            course.id,
            str(file_id),
        )


async def test_who_may_fetch_a_file(
    studio: Client, site: Site, database: Database, teacher: Person, course: Course, tmp_path: Path,
    make_client: MakeClient, make_person: Callable[..., Person],
) -> None:  # fmt: skip
    made = await put(site, teacher, picture(), tmp_path, name="table.png", purpose="lesson_image", course=course.id)
    address = f"/files/{made.id}"
    stranger, learner = make_person(), make_person()
    await enrol(database, learner, course)
    guest: Any = await make_client()  # type: ignore[misc]
    other: Any = await make_client()  # type: ignore[misc]

    async def seen() -> list[int]:
        found = [(await guest.get(address)).status_code]
        for who in (stranger, learner):
            await other.login(who)
            found.append((await other.get(address)).status_code)
        return [*found, (await studio.get(address)).status_code]

    assert await seen() == [404, 404, 404, 200]
    block = await use(database, course.lesson("Closed"), course, made.id)
    assert await seen() == [404, 404, 200, 200]
    async with database.connect() as owner:
        await owner.execute("delete from public.content_blocks where id = $1", block)
        await owner.execute(
            "update public.courses set thumbnail_url = '/files/' || $2::text where id = $1", course.id, str(made.id)
        )
    assert await seen() == [200, 200, 200, 200]
    async with database.connect() as owner:
        await owner.execute("update public.courses set thumbnail_url = null where id = $1", course.id)
    await use(database, course.lesson("Open"), course, made.id)
    assert await seen() == [200, 200, 200, 200]


async def test_ranges_and_headers(studio: Client, site: Site, teacher: Person, tmp_path: Path) -> None:
    text = ("Günstig\n" * 400).encode()
    made = await put(site, teacher, text, tmp_path, name='Plan "B"; größer.txt', purpose="attachment")
    whole = await studio.get(f"/files/{made.id}")
    assert whole.content == text
    assert whole.headers["x-content-type-options"] == "nosniff"
    assert whole.headers["content-security-policy"].startswith("sandbox;")
    assert whole.headers["content-disposition"] == (
        "attachment; filename=\"Plan _B__ gr__er.txt\"; filename*=UTF-8''Plan%20_B_%3B%20gr%C3%B6%C3%9Fer.txt"
    )
    part = await studio.get(f"/files/{made.id}", headers={"range": "bytes=10-19"})
    assert (part.status_code, part.content) == (206, text[10:20])
    assert part.headers["content-range"] == f"bytes 10-19/{len(text)}"
    assert (await studio.get(f"/files/{made.id}", headers={"range": "bytes=99999-"})).status_code == 416
    again = await studio.get(f"/files/{made.id}", headers={"if-none-match": whole.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    asked = await studio.head(f"/files/{made.id}")
    assert (asked.headers["content-length"], asked.content) == (str(len(text)), b"")
    image = await put(site, teacher, picture(), tmp_path, name="a.png", purpose="lesson_image")
    shown = await studio.get(f"/files/{image.id}")
    assert shown.headers["content-disposition"].startswith("inline")
    assert (await studio.get(f"/files/{image.id}?download=1")).headers["content-disposition"].startswith("attachment")


async def test_a_file_of_somebody_else_cannot_be_opened_by_a_lesson_of_ones_own(
    studio: Client, site: Site, database: Database, teacher: Person, course: Course, tmp_path: Path,
    make_person: Callable[..., Person], make_course: Callable[..., Course],
) -> None:  # fmt: skip
    made = await put(site, teacher, picture(), tmp_path, name="a.png", purpose="lesson_image", course=course.id)
    thief = make_person("instructor")
    theirs = make_course(instructor=thief, modules=[[Lesson("Bait", preview=True)]])
    with pytest.raises(Problem, match="belongs to another course"):
        async with site.db.transaction(person(thief.id)) as tx:
            await tx.execute(
                "insert into public.content_blocks (lesson_id, course_id, type, order_index, content)"
                " values ($1, $2, 'image', 9, jsonb_build_object('url', '/files/' || $3::text, 'alt_text', ''))",
                theirs.lesson("Bait").id,
                theirs.id,
                str(made.id),
            )


async def test_the_library(
    studio: Client, site: Site, database: Database, teacher: Person, course: Course, tmp_path: Path
) -> None:
    assert "No files yet" in (await studio.get("/studio/media")).text
    made = await put(site, teacher, picture(), tmp_path, name="table.png", purpose="lesson_image", course=course.id)
    await put(site, teacher, b"Good morning", tmp_path, name="notes 100%.txt", purpose="attachment")
    page = (await studio.get("/studio/media")).text
    for words in ("table.png", "notes 100%.txt", "Not used yet", course.title, "12 bytes", "of 50 GB are used"):
        assert words in page
    found = (await studio.get("/studio/media?q=100%25&view=list")).text
    assert "notes 100%.txt" in found
    assert "table.png" not in found
    assert "table.png" not in (await studio.get("/studio/media?kind=document&sort=size")).text
    assert "notes" not in (await studio.get(f"/studio/media?course={course.id}&sort=name")).text
    assert "No file fits" in (await studio.get("/studio/media?q=nothing")).text
    choices = (await studio.get("/studio/media/choices?kind=image")).json()
    assert [choice["filename"] for choice in choices] == ["table.png"]

    # A name keeps the ending that its content has.
    await studio.post_form(f"/studio/media/{made.id}/name", {"filename": "../My chart.exe"})
    assert "My chart.png" in (await studio.get(f"/studio/media/{made.id}")).text
    refused = await studio.post_form(f"/studio/media/{made.id}/name", {"filename": "  "})
    assert refused.status_code == 422
    assert "Give the file a name" in refused.text

    # What is used stays, and says where.
    block = await use(database, course.lesson("Closed"), course, made.id)
    asked = (await studio.get(f"/studio/media/delete?file={made.id}")).text
    assert "Used, and so kept" in asked
    assert "Closed" in asked
    kept = await studio.post_form("/studio/media/delete", {"file": str(made.id)}, follow_redirects=True)
    assert "is used in the lesson" in kept.text
    async with database.connect() as owner:
        await owner.execute("delete from public.content_blocks where id = $1", block)
    gone = await studio.post_form("/studio/media/delete", {"file": str(made.id)}, follow_redirects=True)
    assert "is deleted" in gone.text
    assert await site.storage.exists(made.storage_key)
    await run_jobs(site)
    assert not await site.storage.exists(made.storage_key)


async def test_pages_of_a_long_library(studio: Client, site: Site, database: Database, teacher: Person) -> None:
    async with database.connect() as owner:
        await owner.execute(
            "insert into public.media_files (owner_id, purpose, filename, kind, byte_size, sha256, storage_key, state, created_at)"
            " select $1, 'attachment', 'file ' || n || '.pdf', 'document', n, repeat('a', 64), 'files/' || n, 'ready',"
            " now() - n * interval '1 minute' from generate_series(1, 60) n",
            teacher.id,
        )
    for sort in ("new", "name", "size"):
        seen: list[str] = []
        path: str | None = f"/studio/media/choices?sort={sort}"
        while path:
            found = (await studio.get(path)).json()
            seen += [choice["filename"] for choice in found]
            path = f"/studio/media/choices?sort={sort}&after={found[-1]['id']}" if len(found) == 48 else None
        assert len(seen) == len(set(seen)) == 60, sort
    assert "Next" in (await studio.get("/studio/media")).text


async def test_the_studio_is_for_instructors(client: Client, make_person: Callable[..., Person]) -> None:
    await client.login(make_person())
    assert (await client.get("/studio/media")).status_code == 403


async def test_quotas_hold_before_bytes_arrive(client: Client, site: Site, teacher: Person) -> None:
    await client.login(teacher)
    site.settings = msgspec.structs.replace(site.settings, quota_person_gb=0.000_01)
    assert (await create(client, 6_000)).status_code == 201
    # What is on its way counts.
    refused = (await create(client, 6_000)).json()
    assert (refused["status"], refused["code"]) == (413, "quota")
    assert "4 kB of 10 kB are left for you" in refused["detail"]
    site.settings = msgspec.structs.replace(site.settings, quota_person_gb=0, quota_site_gb=0.000_01)
    refused = (await create(client, 6_000)).json()
    assert "left for this site" in refused["detail"]
    assert "6 kB of 10 kB are used for all files of the site" in (await client.get("/studio/media")).text


def scanner(folder: Path, body: str) -> str:
    """A command that looks for viruses."""
    path = folder / "scan.sh"
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return str(path)


async def test_the_virus_scanner(studio: Client, site: Site, tmp_path: Path) -> None:
    command = scanner(tmp_path, 'if grep -q EICAR-STANDARD "$1"; then exit 1; fi; exit 0')
    site.settings = msgspec.structs.replace(site.settings, scan_command=command)
    clean = await send(studio, b"Good morning", name="a.txt", purpose="attachment")
    assert clean["state"] == "ready"
    found = await send(studio, EICAR, name="b.txt", purpose="attachment")
    assert (found["state"], "virus scanner found" in found["refusal"]) == ("refused", True)
    assert not parts.path(site, UUID(found["id"])).exists()


async def test_a_scanner_that_cannot_say_is_asked_again(studio: Client, site: Site, tmp_path: Path) -> None:
    site.settings = msgspec.structs.replace(site.settings, scan_command=scanner(tmp_path, "echo broken >&2; exit 2"))
    found = await send(studio, b"Good morning", name="a.txt", purpose="attachment", jobs=False)
    with pytest.raises(scanning.ScanFailed, match="broken"):
        await service.check(site, UUID(found["id"]))
    assert (await studio.get(f"/uploads/{found['id']}/result")).json()["state"] == "checking"
    site.settings = msgspec.structs.replace(site.settings, scan_command=None)
    await service.check(site, UUID(found["id"]))
    assert (await studio.get(f"/uploads/{found['id']}/result")).json()["state"] == "ready"


async def test_clamd(tmp_path: Path, site: Site) -> None:
    """INSTREAM as clamd speaks it."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        assert await reader.readuntil(b"\0") == b"zINSTREAM\0"
        data = b""
        while length := int.from_bytes(await reader.readexactly(4)):
            data += await reader.readexactly(length)
        writer.write(b"stream: Eicar-Signature FOUND\0" if b"EICAR" in data else b"stream: OK\0")
        await writer.drain()
        writer.close()

    address = str(tmp_path / "clamd.sock")
    server = await asyncio.start_unix_server(serve, address)
    settings = msgspec.structs.replace(site.settings, clamd=address)
    path = tmp_path / "sent"
    path.write_bytes(os.urandom(600_000))
    await scanning.scan(settings, path)
    path.write_bytes(EICAR)
    with pytest.raises(service.Refused):
        await scanning.scan(settings, path)
    server.close()
    await server.wait_closed()
    with pytest.raises(scanning.ScanFailed):
        await scanning.scan(settings, path)


async def test_what_the_clock_removes(studio: Client, site: Site, database: Database, teacher: Person) -> None:
    for name in ("rests", "goes on"):
        url = (await create(studio, 1000, name=name, purpose="attachment")).headers["location"]
        await patch(studio, url, 0, b"Good morning")
    folder = parts.folder(site)
    async with database.connect() as owner:
        await owner.execute(
            "update public.uploads set expires_at = now() - interval '2 days' from public.media_files f"
            " where f.id = file_id and f.filename = 'rests'"
        )
    orphan = folder / str(uuid4())
    orphan.write_bytes(b"1")
    os.utime(orphan, (time.time() - 200_000,) * 2)
    outcome = await service.tidy(site)
    assert (outcome.figures["removed"], outcome.figures["leftovers"]) == (1, 1)
    await run_jobs(site)
    assert [path.stat().st_size for path in folder.iterdir()] == [12]


async def test_orphans_of_the_file_store_and_what_a_backup_must_hold(
    site: Site, database: Database, teacher: Person, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = await put(site, teacher, picture(), tmp_path, name="a.png", purpose="lesson_image")
    async with database.connect() as owner:
        thumbnail = f"files/{made.id}/thumbnail.webp"
        assert {made.storage_key, thumbnail} <= await dumps.named_files(owner)
    lost = f"files/{uuid4()}/original.png"
    await site.storage.put(lost, b"1")
    collected = f"sessions/{teacher.id}/{uuid4()}.mp4"
    await site.storage.put(collected, b"1")
    monkeypatch.setattr(upkeep, "ORPHANED_AFTER", timedelta(0))
    outcome = await upkeep.remove_orphans(site)
    assert outcome.figures["removed"] == 2, outcome
    assert await site.storage.exists(made.storage_key)
    assert not await site.storage.exists(lost)
    assert not await site.storage.exists(collected)
