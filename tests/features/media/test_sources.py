"""A lesson's video from the source to what learners see: who may put it there, what replaces what, and what is left."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest
import pytest_asyncio

from collegium.features.media import preparing, service, sources
from collegium.features.media.ffmpeg import find_ffmpeg
from collegium.features.media.jobs import tidy
from collegium.kit.db import SYSTEM, Transaction
from collegium.kit.db import person as actor
from collegium.kit.errors import Forbidden, Invalid
from collegium.kit.jobs import REGISTRY
from collegium.kit.site import Site
from tests.support.database import Database
from tests.support.people import Course, Lesson, Person, add_course, add_person, enrol

YOUTUBE = "https://youtu.be/dQw4w9WgXcQ?t=4"


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six seconds with picture and quiet sound."""
    path = tmp_path_factory.mktemp("film") / "film.mp4"
    picture = ["-f", "lavfi", "-i", "testsrc2=s=426x240:r=25:d=6", "-f", "lavfi", "-i", "sine=440:d=6"]
    subprocess.run(
        [find_ffmpeg(), "-v", "error", *picture, "-preset", "ultrafast", "-pix_fmt", "yuv420p", path], check=True
    )
    return path


@dataclass
class Scene:
    """A course with a video lesson that has no video yet, its instructor, and a learner."""

    site: Site
    database: Database
    teacher: Person
    learner: Person
    course: Course
    lesson: UUID

    async def as_(self, person: Person, work: Callable[[Transaction], Any]) -> Any:
        async with self.site.db.transaction(actor(person.id)) as tx:
            return await work(tx)

    async def put(self, film: Path, name: str = "film.mp4") -> UUID:
        """A source in storage, put to the lesson as an administrator's key; the run."""
        key = f"incoming/{name}"
        await self.site.storage.put(key, film)
        admin = await add_person(self.database, "admin")
        await self.as_(admin, lambda tx: sources.attach_key(self.site, tx, self.lesson, "s3", key))
        async with self.database.connect() as owner:
            return await owner.fetchval("select id from public.video_runs where state = 'waiting'")

    async def video(self) -> sources.LessonVideo:
        found: sources.LessonVideo | None = await self.as_(
            self.teacher, lambda tx: sources.lesson_video(tx, self.lesson)
        )
        assert found
        return found

    async def files(self) -> list[str]:
        return [meta.key for meta in await self.site.storage.list("videos")]

    async def jobs(self) -> list[str]:
        async with self.database.connect() as owner:
            rows = await owner.fetch("select task_name from procrastinate.procrastinate_jobs where status = 'todo'")
        return [row["task_name"] for row in rows]


@pytest_asyncio.fixture
async def scene(site: Site, database: Database) -> Scene:
    site.settings = msgspec.structs.replace(site.settings, video_prefix="incoming")
    teacher = await add_person(database, "instructor")
    learner = await add_person(database)
    modules = [[Lesson("Welcome", video=60), Lesson("Reading")]]
    course = await add_course(database, modules=modules, instructor=teacher)
    await enrol(database, learner, course)
    lesson = course.lessons[0].id
    assert lesson
    async with database.connect() as owner:
        await owner.execute("delete from public.lesson_videos where lesson_id = $1", lesson)
        await owner.execute("delete from private.media_leftovers")
    return Scene(site, database, teacher, learner, course, lesson)


async def test_a_provider_s_video_is_seen_once_its_length_is_known(scene: Scene) -> None:
    await scene.as_(scene.teacher, lambda tx: service.attach_provider(tx, scene.lesson, YOUTUBE))
    video = await scene.video()
    assert (video.ready, video.duration, video.coming and video.coming.source_name) == (
        False, None, "https://www.youtube.com/watch?v=dQw4w9WgXcQ",
    )  # fmt: skip
    await scene.as_(scene.teacher, lambda tx: sources.set_length(tx, scene.lesson, "3:33"))
    video = await scene.video()
    assert (video.ready, video.duration, video.hosting_provider, video.coming) == (True, 213, "youtube", None)
    await scene.as_(scene.teacher, lambda tx: sources.set_length(tx, scene.lesson, "3:34"))
    assert (await scene.video()).duration == 214
    assert "media.transcode" not in await scene.jobs()


@pytest.mark.parametrize("who", ["learner", "other"])
async def test_who_does_not_teach_it_changes_nothing(scene: Scene, who: str) -> None:
    person = scene.learner if who == "learner" else await add_person(scene.database, "instructor")
    await scene.as_(scene.teacher, lambda tx: service.attach_provider(tx, scene.lesson, YOUTUBE))
    acts: list[Callable[[Transaction], Any]] = [
        lambda tx: service.attach_provider(tx, scene.lesson, YOUTUBE),
        lambda tx: sources.set_length(tx, scene.lesson, "1:00"),
        lambda tx: sources.retry(tx, scene.lesson),
        lambda tx: sources.stop(tx, scene.lesson),
        lambda tx: service.detach(tx, scene.lesson),
    ]
    for act in acts:
        with pytest.raises(Exception, match="no such lesson"):
            await scene.as_(person, act)
    rows = await scene.as_(person, lambda tx: tx.fetch("select * from public.video_runs"))
    assert rows == []
    assert (await scene.video()).duration is None


async def test_keys_are_for_administrators_and_below_the_prefix(scene: Scene, film: Path) -> None:
    await scene.site.storage.put("certificates/secret.pdf", b"%PDF")
    await scene.site.storage.put("incoming/film.mp4", film)
    admin = await add_person(scene.database, "admin")

    def attach(key: str) -> Callable[[Transaction], Any]:
        return lambda tx: sources.attach_key(scene.site, tx, scene.lesson, "s3", key)

    for key in ("certificates/secret.pdf", "incoming/../certificates/secret.pdf", "incoming", "", "/etc/passwd"):
        with pytest.raises(Forbidden):
            await scene.as_(admin, attach(key))
    with pytest.raises(Invalid, match="no file with this key"):
        await scene.as_(admin, attach("incoming/none.mp4"))
    with pytest.raises(Exception, match="Only an administrator"):
        await scene.as_(scene.teacher, attach("incoming/film.mp4"))
    await scene.as_(admin, attach("incoming/film.mp4"))
    assert "media.transcode" in await scene.jobs()
    # Whoever writes past the service is held by the worker.
    async with scene.database.connect() as owner:
        run = await owner.fetchval("update public.video_runs set source_key = 'certificates/secret.pdf' returning id")
    await preparing.prepare(scene.site, run)
    found = await scene.video()
    assert found.coming
    assert (found.coming.state, "outside" in (found.coming.error or "")) == ("failed", True)


async def test_the_job_prepares_it_and_a_new_one_replaces_it_when_it_is_ready(scene: Scene, film: Path) -> None:
    first = await scene.put(film)
    video = await scene.video()
    assert video.coming
    assert (video.ready, video.coming.state, video.coming.behind) == (False, "waiting", 0)
    await REGISTRY["media.transcode"].work(scene.site, run_id=str(first))
    video = await scene.video()
    assert (video.ready, video.duration, video.coming) == (True, 6, None)
    assert video.playlist_key == f"videos/{video.id}/{first}/master.m3u8"
    assert video.storyboard_key
    assert video.loudness
    assert [one["name"] for one in video.renditions] == ["240p"]
    board = (await scene.site.storage.get(video.storyboard_key)).decode()
    assert "00:00:00.000 --> 00:00:04.000\nstoryboard-001.jpg#xywh=0,0,160,90" in board
    # Bringing -34 LUFS to -16 needs 18 dB.
    assert video.loudness["gain"] == pytest.approx(-16 - video.loudness["measured"], abs=0.01)

    second = await scene.put(film, "again.mp4")
    during = await scene.video()
    assert (during.ready, during.playlist_key) == (True, video.playlist_key), "learners keep what they see"
    await preparing.prepare(scene.site, second)
    after = await scene.video()
    assert (after.id, after.playlist_key) == (video.id, f"videos/{video.id}/{second}/master.m3u8")
    assert any(f"/{first}/" in key for key in await scene.files()), "links of an hour ago still work"
    assert (await tidy(scene.site)).figures == {"files": 0}
    async with scene.database.connect() as owner:
        await owner.execute("update private.media_leftovers set remove_after = now() - interval '1 second'")
    assert (await tidy(scene.site)).figures["files"] > 5
    assert {key.split("/")[2] for key in await scene.files()} == {str(second)}


async def test_what_is_no_video_fails_with_words_and_can_be_tried_again(
    scene: Scene, tmp_path: Path, film: Path
) -> None:
    bad = tmp_path / "bad.mp4"
    bad.write_text("#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:3,\n/etc/passwd\n#EXT-X-ENDLIST\n")
    run = await scene.put(bad)
    await preparing.prepare(scene.site, run)
    video = await scene.video()
    assert video.coming
    assert (video.processing_state, video.coming.state) == ("failed", "failed")
    assert "cannot be read as a video" in (video.coming.error or "")
    assert await scene.files() == []
    await scene.site.storage.put("incoming/film.mp4", film)
    await scene.as_(scene.teacher, lambda tx: sources.retry(tx, scene.lesson))
    with pytest.raises(Exception, match="nothing to try again"):
        await scene.as_(scene.teacher, lambda tx: sources.retry(tx, scene.lesson))
    async with scene.database.connect() as owner:
        await owner.execute("update public.video_runs set source_key = 'incoming/film.mp4'")
    await preparing.prepare(scene.site, run)
    assert (await scene.video()).ready


async def test_trouble_on_the_server_is_tried_once_more_by_itself(
    scene: Scene, film: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: object, **__: object) -> None:
        raise OSError("disk full: /srv/secret")

    run = await scene.put(film)
    monkeypatch.setattr(preparing.transcode, "transcode_hls", broken)
    for state in ("waiting", "failed"):
        with pytest.raises(OSError, match="disk full"):
            await preparing.prepare(scene.site, run)
        video = await scene.video()
        assert video.coming
        assert video.coming.state == state
        assert "Something went wrong on the server" in (video.coming.error or "")
        assert "secret" not in (video.coming.error or "")


async def test_removing_the_lesson_ends_the_work_and_leaves_nothing(
    scene: Scene, film: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, cancelled = asyncio.Event(), asyncio.Event()

    async def slow(*_: object, **__: object) -> None:
        begun.set()
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            cancelled.set()
            raise

    run = await scene.put(film)
    monkeypatch.setattr(preparing.transcode, "transcode_hls", slow)
    monkeypatch.setattr(preparing, "_BEAT", 0.05)
    work = asyncio.create_task(preparing.prepare(scene.site, run))
    await asyncio.wait_for(begun.wait(), 5)
    await scene.as_(scene.teacher, lambda tx: service.detach(tx, scene.lesson))
    await asyncio.wait_for(work, 5)
    assert cancelled.is_set()
    assert await scene.files() == []


async def test_one_is_prepared_at_a_time_and_a_lost_one_is_taken_up_again(scene: Scene, film: Path) -> None:
    run = await scene.put(film)
    async with scene.site.db.transaction(SYSTEM) as tx:
        assert await tx.fetchval(preparing.Q.start_run, run, 1)
        assert await tx.fetchval(preparing.Q.start_run, run, 1) is None, "it is at work already"
        assert await tx.fetchval(preparing.Q.start_run, uuid4(), 1) is None
    async with scene.database.connect() as owner:
        await owner.execute("delete from procrastinate.procrastinate_jobs")
        await owner.execute("update public.video_runs set seen_at = now() - interval '3 minutes'")
    await REGISTRY["media.resume"].work(scene.site)
    assert "media.transcode" in await scene.jobs()
    await preparing.prepare(scene.site, run)
    assert (await scene.video()).ready


async def test_a_watched_video_is_replaced_but_not_removed(scene: Scene, film: Path) -> None:
    await preparing.prepare(scene.site, await scene.put(film))
    video = await scene.video()
    await scene.as_(scene.learner, lambda tx: tx.fetchval("select public.open_playback($1)", video.id))
    with pytest.raises(Exception, match="Learners have watched this video"):
        await scene.as_(scene.teacher, lambda tx: service.detach(tx, scene.lesson))
    assert (await scene.video()).watched


async def test_nobody_plays_what_has_no_length_yet(scene: Scene) -> None:
    await scene.as_(scene.teacher, lambda tx: service.attach_provider(tx, scene.lesson, YOUTUBE))
    video = await scene.video()
    with pytest.raises(Exception, match="being prepared"):
        await scene.as_(scene.learner, lambda tx: tx.fetchval("select public.open_playback($1)", video.id))


async def test_another_feature_s_waiting_video_is_prepared_by_itself(scene: Scene, film: Path) -> None:
    await scene.site.storage.put("sessions/somebody/film.mp4", film)
    async with scene.database.connect() as owner:
        await owner.execute(
            "insert into public.lesson_videos (lesson_id, course_id, source_key, duration, processing_state)"
            " values ($1, $2, 'sessions/somebody/film.mp4', 6, 'waiting')",
            scene.lesson,
            scene.course.id,
        )
        run = await owner.fetchval("select id from public.video_runs")
    assert "media.transcode" in await scene.jobs()
    await preparing.prepare(scene.site, run)
    assert (await scene.video()).ready


@pytest.mark.parametrize(
    ("written", "seconds"), [("45", 45), ("1:00", 60), ("12:34", 754), ("1:02:03", 3723), (" 90 ", 90)]
)
def test_lengths_are_read(written: str, seconds: int) -> None:
    assert sources.read_length(written) == seconds


@pytest.mark.parametrize("written", ["", "1:2:3:4", "1:60", "abc", "-4", "1.5", "١٢", "1:"])
def test_what_is_no_length_is_refused(written: str) -> None:
    with pytest.raises(Invalid):
        sources.read_length(written)


async def test_a_removed_lesson_s_work_stops_and_begins_again_when_it_is_restored(scene: Scene, film: Path) -> None:
    run = await scene.put(film)
    await scene.as_(scene.teacher, lambda tx: tx.execute("select public.remove_lesson($1)", scene.lesson))
    video = await scene.video()
    assert video.coming
    assert (video.coming.state, video.coming.error) == ("stopped", "Stopped, because the lesson was removed.")
    await preparing.prepare(scene.site, run)
    assert not (await scene.video()).ready
    await scene.as_(scene.teacher, lambda tx: tx.execute("select public.restore_lesson($1)", scene.lesson))
    await preparing.prepare(scene.site, run)
    assert (await scene.video()).ready


async def test_a_file_of_the_library_is_put_to_a_lesson_by_who_has_it(scene: Scene, film: Path) -> None:
    await scene.site.storage.put("library/film.mp4", film)
    files: dict[str, UUID] = {}
    async with scene.database.connect() as owner:
        for name, whose, kind in (("mine", scene.teacher, "video"), ("theirs", scene.learner, "video"),
                                  ("words", scene.teacher, "document")):  # fmt: skip
            files[name] = await owner.fetchval(
                "insert into public.media_files (owner_id, purpose, filename, kind, byte_size, sha256, storage_key, state)"
                " values ($1, 'lesson_video', 'film.mp4', $2, 1, repeat('a', 64), $3, 'ready') returning id",
                whose.id, kind, "library/film.mp4" if name == "mine" else f"library/{name}",
            )  # fmt: skip

    def attach(name: str) -> Callable[[Transaction], Any]:
        return lambda tx: service.attach_upload(scene.site, tx, scene.lesson, files[name])

    with pytest.raises(Exception, match="not in your media library"):
        await scene.as_(scene.teacher, attach("theirs"))
    with pytest.raises(Exception, match="is no video"):
        await scene.as_(scene.teacher, attach("words"))
    await scene.as_(scene.teacher, attach("mine"))
    async with scene.database.connect() as owner:
        with pytest.raises(Exception, match="is used in"):
            await owner.execute("delete from public.media_files where id = $1", files["mine"])
        run = await owner.fetchval("select id from public.video_runs")
    await preparing.prepare(scene.site, run)
    video = await scene.video()
    assert (video.ready, video.shown and video.shown.source_name) == (True, "film.mp4")
