"""Courses out and in again, through the pages and the jobs: nothing is lost, nothing half done stays."""

from __future__ import annotations

import asyncio
import json
import subprocess
import tracemalloc
import zipfile
from collections.abc import AsyncIterator, Callable
from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
import pytest

from collegium.features.exchange import format, parts, service
from collegium.features.exchange.parts import Document
from collegium.features.exchange.writing import Maker
from collegium.features.exchange.zipping import Outgoing, package
from collegium.features.media.service import find_ffmpeg
from collegium.kit.db import person
from collegium.kit.errors import Problem
from collegium.kit.site import Site
from tests.features.exchange import cartridges
from tests.features.exchange.cartridges import PDF
from tests.features.exchange.documents import DAY, outgoing, pack
from tests.features.uploads.support import picture, put
from tests.support.database import Database
from tests.support.people import Course, Person
from tests.support.site import Client, run_jobs

PAPER, PICTURE = PDF, picture(40, 30)
FILES = [
    outgoing("f1", "point.png", PICTURE),
    outgoing("f2", "form.pdf", PAPER),
    outgoing("f3", "notes.txt", b"Read this first.\n"),
]


def rich() -> Document:
    """A course with every kind of part that does not need ffmpeg."""
    text = '<h2>Begin</h2><p>Look: <img src="collegium-file:f1" alt="A point"> and <a href="https://example.org/law" rel="noopener noreferrer">the law</a>.</p>'
    blocks = [
        parts.RichText(html=text),
        parts.Image(file="f1", alt_text="A point", caption="Large"),
        parts.FileBlock(file="f3"),
        parts.Youtube(video_id="dQw4w9WgXcQ", title="A song"),
    ]
    lessons = [
        parts.Lesson(
            id="l1", title="Reading", type="text", blocks=blocks, description="What it says.", learning_objectives=["To read"],
            is_preview=True, completion_criteria="time_spent", min_time_seconds=90, estimated_duration_minutes=7,
        ),
        parts.Lesson(
            id="l2", title="The form", type="pdf", document="f2", unlock_after="l1", allow_download=True,
            attachments=[parts.Attachment(file="f3", description="To keep", requires_enrollment=False), parts.Attachment(file="f2")],
        ),
        parts.Lesson(id="l3", title="The law", type="external_link", link="https://example.org/law", prerequisites=["l1", "l2"], require_completion=False),
    ]  # fmt: skip
    course = parts.Course(
        title="Claims", description="What a claim is.", category="compliance", short_description="Claims, briefly.", tags=["claims", "forms"],
        target_audience="Adjusters", learning_objectives=["To file a claim"], difficulty_level="advanced", pricing_type="paid",
        price=parts.Decimal("49.50"), member_price=parts.Decimal("0.00"), ce_credits=parts.Decimal("1.50"), max_enrollments=30,
        estimated_duration_minutes=90, enrollment_end_date=DAY, thumbnail="f1", completion_certificate=False, enable_discussion_forum=True,
        prerequisites=[parts.Prerequisite(requirement="Basics of insurance"), parts.Prerequisite(title="Reading", slug="no-such")],
    )  # fmt: skip
    modules = [
        parts.Module(id="m1", title="First", description="Where it begins.", lessons=lessons[:2], is_preview=True),
        parts.Module(
            id="m2",
            title="Second",
            unlock_after="m1",
            unlock_date=DAY,
            lessons=lessons[2:],
            learning_objectives=["To go on"],
        ),
    ]
    return Document(
        format="collegium-course", version=1, made_at=DAY, made_by="Collegium", course=course, modules=modules
    )


async def read(site: Site, teacher: Person, path: Path) -> UUID:
    """Puts a package into the teacher's library and has it read."""
    file = await put(site, teacher, _bytes(path), path.parent, name=path.name, purpose="package")
    async with site.db.transaction(person(teacher.id)) as tx:
        found = await service.begin_import(tx, file.id)
    await run_jobs(site)
    return found


def _bytes(path: Path) -> bytes:
    return path.read_bytes()


async def run(site: Site, teacher: Person, found: UUID) -> service.Import:
    """Imports a package that was read."""
    async with site.db.transaction(person(teacher.id)) as tx:
        await service.run_import(tx, found)
    await run_jobs(site)
    return await state(site, teacher, found)


async def state(site: Site, teacher: Person, found: UUID) -> service.Import:
    """How an import stands."""
    async with site.db.transaction(person(teacher.id), read_only=True) as tx:
        return await service.find_import(tx, found)


async def exported(client: Client, course: UUID | None, author: str = "") -> tuple[Document, dict[str, bytes]]:
    """The package of a course, unpacked."""
    answer = await client.get(f"/studio/{course}/export/package{author}")
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/zip"
    assert "content-encoding" not in answer.headers
    with zipfile.ZipFile(BytesIO(answer.content)) as archive:
        assert archive.testzip() is None
        held = {name: archive.read(name) for name in archive.namelist()}
    return format.read(held[format.DOCUMENT]), held


@pytest.fixture
def teacher(make_person: Callable[..., Person]) -> Person:
    """Who imports."""
    return make_person("instructor", first_name="Ines", last_name="Lindqvist")


async def test_a_course_goes_out_as_it_came_in(site: Site, client: Client, teacher: Person, tmp_path: Path) -> None:
    await client.login(teacher)
    found = await read(site, teacher, pack(rich(), FILES, tmp_path / "claims.zip"))
    told = await state(site, teacher, found)
    assert (told.state, told.problem, told.course_id) == ("ready", None, None)
    page = (await client.get(f"/studio/import/{found}")).text
    for words in (
        "Claims",
        "2 modules, 3 lessons",
        "The form",
        "form.pdf",
        "Enrolment ended on 1 March 2026",
        "Importing twice makes two courses",
    ):
        assert words in page, words
    async with site.db.transaction(person(teacher.id), read_only=True) as tx:
        assert await tx.fetchval("select count(*) from public.courses where instructor_id = $1", teacher.id) == 0
    done = await run(site, teacher, found)
    assert (done.state, done.problem, done.course_title) == ("done", None, "Claims")
    first, held = await exported(client, done.course_id)
    assert {data for name, data in held.items() if name.startswith("files/")} == {PICTURE, PAPER, b"Read this first.\n"}
    second_import = await read(site, teacher, _keep(tmp_path / "again.zip", first, held))
    assert (await state(site, teacher, second_import)).report is not None
    again = await run(site, teacher, second_import)
    second, _ = await exported(client, again.course_id)
    assert again.course_id != done.course_id
    assert msgspec.structs.replace(second, made_at=first.made_at) == first
    # And the first was the document that came in, but for the course that is not here, which became words.
    expected = rich()
    words = [
        parts.Prerequisite(requirement="Basics of insurance"),
        parts.Prerequisite(requirement="Complete “Reading” first."),
    ]
    assert msgspec.structs.replace(first.course, prerequisites=[]) == msgspec.structs.replace(
        expected.course, prerequisites=[]
    )
    assert first.course.prerequisites == words
    names = {file.id: file.filename for file in first.files}
    assert [_shape(module, names) for module in first.modules] == [
        _shape(module, {file.id: file.filename for file in FILES}) for module in expected.modules
    ]


def _keep(path: Path, document: Document, held: dict[str, bytes]) -> Path:
    del document
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in held.items():
            archive.writestr(name, data)
    return path


def _shape(module: parts.Module, names: dict[str, str]) -> Any:
    """A module with the names of files in place of their ids."""
    text = msgspec.json.encode(module).decode()
    for name, filename in names.items():
        text = text.replace(f'"{name}"', f'"{filename}"').replace(
            f"collegium-file:{name}\\", f"collegium-file:{filename}\\"
        )
    return json.loads(text.replace('"90.00"', '"90"'))


async def test_people_and_secrets_stay_here(site: Site, client: Client, teacher: Person, tmp_path: Path) -> None:
    await client.login(teacher)
    done = await run(site, teacher, await read(site, teacher, pack(rich(), FILES, tmp_path / "a.zip")))
    document, held = await exported(client, done.course_id)
    text = held[format.DOCUMENT].decode()
    assert document.course.author is None
    for secret in (str(teacher.id), teacher.email, teacher.last_name, str(done.course_id), "storage_key", "/files/"):
        assert secret not in text
    named, _ = await exported(client, done.course_id, "?author=1")
    assert named.course.author == "Ines Lindqvist"


async def test_a_cartridge_is_imported(site: Site, client: Client, teacher: Person, tmp_path: Path) -> None:
    await client.login(teacher)
    found = await read(site, teacher, cartridges.usual(tmp_path / "claims.zip", "1.2"))
    report = (await state(site, teacher, found)).report
    assert report is not None
    assert (report.kind, report.version, report.lessons) == ("common_cartridge", "1.2", 7)
    page = (await client.get(f"/studio/import/{found}")).text
    assert "web/reading.html, line 8" in page
    assert "Quizzes are imported when they come" in page
    done = await run(site, teacher, found)
    assert done.state == "done", done.problem
    document, _ = await exported(client, done.course_id)
    assert [lesson.type for lesson in document.lessons()] == [
        "text",
        "pdf",
        "text",
        "external_link",
        "text",
        "text",
        "text",
    ]
    assert "alert(" not in json.dumps(msgspec.to_builtins(document.modules))
    assert "<script" not in json.dumps(msgspec.to_builtins(document.modules))


async def test_what_the_library_would_refuse_is_said_before(site: Site, teacher: Person, tmp_path: Path) -> None:
    files = [outgoing("f1", "point.png", b"<html><script>alert(1)</script>"), FILES[1], FILES[2]]
    found = await read(site, teacher, pack(rich(), files, tmp_path / "a.zip"))
    report = (await state(site, teacher, found)).report
    assert report is not None
    assert any(one.sort == "left_out" and one.words.startswith("point.png: ") for one in report.findings)
    done = await run(site, teacher, found)
    assert done.state == "done", done.problem
    async with site.db.transaction(person(teacher.id), read_only=True) as tx:
        blocks = await tx.fetch(
            "select type::text, content from public.content_blocks where course_id = $1 order by order_index",
            done.course_id,
        )
    assert [block["type"] for block in blocks] == ["rich_text", "file", "youtube"]
    assert "<img" not in blocks[0]["content"]["html"]


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({"readme.txt": b"x"}, "it holds neither collegium-course.json"),
        ({"claims/imsmanifest.xml": b"<x/>"}, "imsmanifest.xml lies in the folder “claims”"),
        ({"imsmanifest.xml": b"<!DOCTYPE x [<!ENTITY a 'b'>]><x>&a;</x>"}, "document type"),
        ({"collegium-course.json": b'{"format": "collegium-course", "version": 7}'}, "version 7 of the format"),
        ({"../collegium-course.json": b"{}"}, "leads out of the archive"),
        ({"imsmanifest.xml": b"<manifest>" + b" " * (9 << 20)}, "8.4 MB are the most"),
    ],
    ids=["neither", "in a folder", "entities", "newer", "outside", "large manifest"],
)
async def test_refusals_are_told(
    site: Site, client: Client, teacher: Person, tmp_path: Path, files: dict[str, bytes], words: str
) -> None:
    path = tmp_path / "bad.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    if "../collegium-course.json" in files:
        # The library's own look comes first.
        with pytest.raises(Problem):
            await read(site, teacher, path)
        return
    found = await read(site, teacher, path)
    told = await state(site, teacher, found)
    assert told.state == "refused"
    assert words in (told.problem or "")
    await client.login(teacher)
    assert "No course was made" in (await client.get(f"/studio/import/{found}")).text
    answer = await client.post_form(f"/studio/import/{found}/run")
    assert answer.headers["location"] == f"/studio/import/{found}"
    assert (await state(site, teacher, found)).state == "refused"


async def _counts(database: Database) -> tuple[int, int, int]:
    async with database.connect() as owner:
        return (
            await owner.fetchval("select count(*) from public.courses"),
            await owner.fetchval("select count(*) from public.media_files where purpose <> 'package'"),
            await owner.fetchval("select count(*) from public.lessons"),
        )


@pytest.mark.parametrize("how", ["cancelled", "failed"])
async def test_what_ends_early_leaves_nothing(
    site: Site, database: Database, teacher: Person, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    found = await read(site, teacher, pack(rich(), FILES, tmp_path / "a.zip"))
    before = {meta.key for meta in await site.storage.list()}
    ordered = Maker._order

    async def disturb(self: Maker, *given: Any) -> None:
        await ordered(self, *given)
        if how == "failed":
            raise OSError("the disk is full")
        async with site.db.transaction(person(teacher.id)) as tx:
            await service.cancel_import(tx, found)

    monkeypatch.setattr(Maker, "_order", disturb)
    done = await run(site, teacher, found)
    assert done.state == how
    assert ("nothing was written" in (done.problem or "")) is (how == "failed")
    assert await _counts(database) == (0, 0, 0)
    assert {meta.key for meta in await site.storage.list()} == before


async def test_importing_twice_makes_two_and_says_so(
    site: Site, client: Client, teacher: Person, tmp_path: Path
) -> None:
    await client.login(teacher)
    path = pack(rich(), FILES, tmp_path / "a.zip")
    first = await run(site, teacher, await read(site, teacher, path))
    assert first.file_id is not None
    async with site.db.transaction(person(teacher.id)) as tx:
        found = await service.begin_import(tx, first.file_id)
    await run_jobs(site)
    assert "You have imported this same file before" in (await client.get(f"/studio/import/{found}")).text
    second = await run(site, teacher, found)
    assert second.course_id not in (None, first.course_id)
    history = (await client.get("/studio/import")).text
    assert history.count("Claims") >= 2


async def _film(site: Site, database: Database, course: Course) -> UUID:
    """Makes the course's video lesson ready to play, with captions, as the demonstration's are: no original."""
    video = course.lessons[0].video_id
    assert video
    held = {
        "hls/index.m3u8": b"#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\n240p/index.m3u8\n",
        "hls/240p/index.m3u8": b"#EXTM3U\n#EXTINF:4,\none.ts\n",
        "hls/240p/one.ts": b"G" * 1880,
        "hls/poster.jpg": picture(form="JPEG"),
        "captions/en-1.vtt": b"WEBVTT\n\n00:00.000 --> 00:02.000\nWelcome.\n",
    }
    for name, data in held.items():
        await site.storage.put(f"videos/{video}/{name}", data)
    captions = [{"key": f"videos/{video}/captions/en-1.vtt", "lang": "en", "label": "English", "default": True}]
    async with database.connect() as owner:
        await owner.execute(
            "update public.lesson_videos set playlist_key = $2, poster_key = $3, captions = $4::text::jsonb, transcript = $5::text::jsonb where id = $1",
            video, f"videos/{video}/hls/index.m3u8", f"videos/{video}/hls/poster.jpg", json.dumps(captions),
            json.dumps([{"start": 0, "end": 2, "text": "Welcome."}]),
        )  # fmt: skip
    return video


async def test_a_copy_has_films_of_its_own(
    site: Site, database: Database, client: Client, teacher: Person, make_course: Callable[..., Course]
) -> None:
    course = make_course("Reading a policy", instructor=teacher)
    video = await _film(site, database, course)
    await client.login(teacher)
    page = await client.get(f"/studio/{course.id}/export")
    assert "Copy of Reading a policy" in page.text
    answer = await client.submit(page, f"/studio/{course.id}/export/copy", {"title": "Reading, 2027"})
    found = UUID(answer.headers["location"].rpartition("/")[2])
    await run_jobs(site)
    done = await state(site, teacher, found)
    assert done.state == "done", done.problem
    async with database.connect() as owner:
        row = await owner.fetchrow(
            "select v.*, c.status, c.title from public.lesson_videos v join public.courses c on c.id = v.course_id"
            " where v.course_id = $1 and v.playlist_key is not null",
            done.course_id,
        )
    assert (row["title"], row["status"], row["processing_state"]) == ("Reading, 2027", "draft", "ready")
    assert row["playlist_key"] == f"videos/{row['id']}/hls/index.m3u8"
    assert await site.storage.get(f"videos/{row['id']}/hls/240p/one.ts") == b"G" * 1880
    [track] = json.loads(row["captions"])
    assert b"Welcome." in await site.storage.get(track["key"])
    assert json.loads(row["transcript"]) == [{"start": 0.0, "end": 2.0, "text": "Welcome."}]
    # The first course can go without taking anything from the copy.
    await site.storage.delete(f"videos/{video}")
    document, held = await exported(client, done.course_id)
    lesson = next(document.lessons())
    assert lesson.video is not None
    assert lesson.video.prepared is not None
    assert [track.lang for track in lesson.video.captions] == ["en"]
    assert b"G" * 1880 in held.values()


async def test_an_original_goes_out_and_is_prepared_again(
    site: Site, database: Database, client: Client, teacher: Person, make_course: Callable[..., Course]
) -> None:
    course = make_course("Reading a policy", instructor=teacher)
    video = await _film(site, database, course)
    await site.storage.put(f"videos/{video}/original.mp4", b"the original")
    async with database.connect() as owner:
        await owner.execute(
            "update public.lesson_videos set source_key = $2 where id = $1", video, f"videos/{video}/original.mp4"
        )
    await client.login(teacher)
    document, held = await exported(client, course.id)
    lesson = next(document.lessons())
    assert lesson.video is not None
    assert lesson.video.prepared is None
    assert b"the original" in held.values()
    # The second film has neither, so its lesson goes without one.
    assert [one.video is None for one in document.lessons() if one.type == "video"] == [False, True]


@pytest.mark.slow
async def test_a_film_and_its_captions_come_in_and_are_prepared(
    site: Site, database: Database, client: Client, teacher: Person, tmp_path: Path
) -> None:
    film = tmp_path / "film.mp4"
    given = ["-f", "lavfi", "-i", "testsrc2=s=426x240:r=25:d=4", "-f", "lavfi", "-i", "sine=440:d=4"]
    await asyncio.to_thread(
        subprocess.run,
        [find_ffmpeg(), "-v", "error", *given, "-preset", "ultrafast", "-pix_fmt", "yuv420p", film],
        check=True,
    )
    words = b"WEBVTT\n\n00:00.000 --> 00:02.000\nWelcome.\n"
    video = parts.Video(
        provider="upload", original="v", duration=4, max_rate=parts.Decimal("1.50"),
        captions=[parts.Captions(lang="en", label="English", file="c")],
    )  # fmt: skip
    lesson = parts.Lesson(id="l1", title="Film", type="video", completion_criteria="video_watched", video=video)
    document = msgspec.structs.replace(rich(), modules=[parts.Module(id="m1", title="One", lessons=[lesson])])
    files = [*FILES, outgoing("v", "film.mp4", _bytes(film)), outgoing("c", "en.vtt", words)]
    done = await run(site, teacher, await read(site, teacher, pack(document, files, tmp_path / "film.zip")))
    assert done.state == "done", done.problem
    async with database.connect() as owner:
        row = await owner.fetchrow("select * from public.lesson_videos where course_id = $1", done.course_id)
    assert (row["processing_state"], row["duration"], str(row["max_rate"])) == ("ready", 4, "1.50"), row[
        "processing_error"
    ]
    assert [track["lang"] for track in json.loads(row["captions"])] == ["en"]
    assert [cue["text"] for cue in json.loads(row["transcript"])] == ["Welcome."]
    await client.login(teacher)
    out, held = await exported(client, done.course_id)
    again = next(out.lessons()).video
    assert again is not None
    assert (again.prepared, again.duration, len(again.captions)) == (None, 4, 1)
    assert _bytes(film) in held.values()


async def test_a_film_at_a_provider_keeps_its_length(
    site: Site, client: Client, teacher: Person, tmp_path: Path
) -> None:
    video = parts.Video(provider="vimeo", url="https://vimeo.com/76979871", duration=62)
    lesson = parts.Lesson(id="l1", title="Film", type="video", completion_criteria="video_watched", video=video)
    document = msgspec.structs.replace(rich(), modules=[parts.Module(id="m1", title="One", lessons=[lesson])])
    done = await run(site, teacher, await read(site, teacher, pack(document, FILES, tmp_path / "film.zip")))
    assert done.state == "done", done.problem
    await client.login(teacher)
    out, _ = await exported(client, done.course_id)
    assert next(out.lessons()).video == video


async def test_only_its_team_exports_and_only_its_owner_sees_an_import(
    site: Site,
    make_client: Callable[..., Any],
    teacher: Person,
    make_person: Callable[..., Person],
    make_course: Callable[..., Course],
    tmp_path: Path,
) -> None:
    course = make_course(instructor=teacher)
    found = await read(site, teacher, pack(rich(), FILES, tmp_path / "a.zip"))
    for role, status in (("student", 403), ("instructor", 404), (None, 303)):
        browser = await make_client()
        if role:
            await browser.login(make_person(role))
        for path in (f"/studio/{course.id}/export", f"/studio/{course.id}/export/package", f"/studio/import/{found}"):
            assert (await browser.get(path)).status_code in (status, 302), (role, path)
        if role == "instructor":
            assert (await browser.post_form(f"/studio/{course.id}/export/copy", {"title": "Mine"})).status_code == 404
            await browser.post_form(f"/studio/import/{found}/cancel")
            assert (await state(site, teacher, found)).state == "ready"


async def test_three_at_a_time(site: Site, client: Client, teacher: Person, make_course: Callable[..., Course]) -> None:
    course = make_course(instructor=teacher)
    await client.login(teacher)
    for _ in range(3):
        answer = await client.post_form(f"/studio/{course.id}/export/copy", {"title": "Copy"})
        assert "/studio/import/" in answer.headers["location"]
    answer = await client.post_form(f"/studio/{course.id}/export/copy", {"title": "Copy"})
    assert answer.headers["location"] == f"/studio/{course.id}/export"
    assert "Three imports of yours are under way" in (await client.get(f"/studio/{course.id}/export")).text


async def test_a_large_course_is_never_in_memory() -> None:
    piece = bytes(range(256)) * 1024

    async def film() -> AsyncIterator[bytes]:
        for _ in range(600):
            yield piece

    file = Outgoing(id="f1", filename="film.mp4", ending="mp4", bytes=600 * len(piece), sha256=None, open=film)
    tracemalloc.start()
    size = 0
    async for data in package(rich(), [file]):
        size += len(data)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert size > 150_000_000
    assert peak < 6_000_000, f"{peak / 1e6:.1f} MB"
