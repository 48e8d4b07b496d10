"""Films of a course: their originals, their captions, and copies that have films of their own."""

from __future__ import annotations

import asyncio
import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

import msgspec
import pytest

from collegium.features.exchange import parts
from collegium.features.media.service import find_ffmpeg
from collegium.kit.site import Site
from tests.features.exchange.documents import outgoing, pack
from tests.features.exchange.support import FILES, exported, read, rich, run, state
from tests.features.uploads.support import picture
from tests.support.database import Database
from tests.support.people import Course, Person
from tests.support.site import Client, run_jobs


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
    files = [*FILES, outgoing("v", "film.mp4", film.read_bytes()), outgoing("c", "en.vtt", words)]
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
    assert film.read_bytes() in held.values()


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
