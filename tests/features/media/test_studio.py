"""The studio's page of a lesson's video and the editor of captions, as an instructor's browser asks for them."""

from __future__ import annotations

import io
import json
import re
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
import pytest_asyncio
from PIL import Image

from collegium.features.media import service
from collegium.features.media.ffmpeg import find_ffmpeg
from collegium.kit.site import Site
from tests.support.database import Database
from tests.support.people import Course, Lesson, Person, add_course, add_person, enrol
from tests.support.site import Client

VTT = b"WEBVTT\n\n00:00.500 --> 00:02.000\nA notice of denial\n\n00:02.000 --> 00:05.000\nmust give the reason.\n"
SRT = b"1\r\n00:00:00,500 --> 00:00:02,000\r\nEin Bescheid\r\n\r\n"


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six seconds with picture."""
    path = tmp_path_factory.mktemp("film") / "film.mp4"
    picture = ["-f", "lavfi", "-i", "testsrc2=s=426x240:r=25:d=6", "-preset", "ultrafast", "-pix_fmt", "yuv420p"]
    subprocess.run([find_ffmpeg(), "-v", "error", *picture, path], check=True)
    return path


@dataclass
class Scene:
    """An instructor at the page of a prepared video."""

    site: Site
    database: Database
    client: Client
    make_client: Callable[..., Any]
    teacher: Person
    course: Course
    lesson: UUID
    video: UUID

    @property
    def page(self) -> str:
        return f"/studio/{self.course.id}/lessons/{self.lesson}/video"

    async def post(self, suffix: str, data: dict[str, str] | None = None, **more: Any) -> httpx.Response:
        return await self.client.post_form(self.page + suffix, data or {}, **more)

    async def row(self) -> dict[str, Any]:
        async with self.database.connect() as owner:
            found = dict(await owner.fetchrow("select * from public.lesson_videos where id = $1", self.video))
        return {**found, **{name: json.loads(found[name]) for name in ("captions", "transcript")}}


@pytest_asyncio.fixture
async def scene(site: Site, database: Database, client: Client, make_client: Callable[..., Any], film: Path) -> Scene:
    teacher = await add_person(database, "instructor")
    course = await add_course(database, modules=[[Lesson("Welcome", video=60), Lesson("Reading")]], instructor=teacher)
    lesson, video = course.lessons[0].id, course.lessons[0].video_id
    assert lesson
    assert video
    await service.process_video(site, video, film)
    await client.login(teacher)
    return Scene(site, database, client, make_client, teacher, course, lesson, video)


async def test_the_page_shows_what_there_is(scene: Scene) -> None:
    page = (await scene.client.get(scene.page)).text
    assert 'data-island="player"' in page
    assert "0:06" in page
    assert "240p" in page
    assert page.count('name="second"') >= 2, "the storyboard offers pictures"
    assert "Address of the video" in page
    assert 'name="key"' not in page, "keys are for administrators"
    tile = re.search(r"url\((/media/[^)]+)\)", page)
    assert tile
    picture = await scene.client.get(tile[1])
    assert picture.content.startswith(b"\xff\xd8\xff")


async def test_strangers_and_learners_do_not_see_it(scene: Scene) -> None:
    learner = await add_person(scene.database)
    await enrol(scene.database, learner, scene.course)
    other = await add_person(scene.database, "instructor")
    for person, status in ((learner, 403), (other, 404)):
        browser = await scene.make_client()
        await browser.login(person)
        assert (await browser.get(scene.page)).status_code == status
        assert (await browser.get(scene.page + "/state")).status_code == status
        assert (await browser.get(scene.page + "/captions/en")).status_code == status
        for suffix in ("/remove", "/retry", "/captions/en", "/poster"):
            answer = await browser.post_form(scene.page + suffix, {"second": "1", "text": VTT.decode()})
            assert answer.status_code in (403, 404, 422), suffix
    assert (await scene.row())["captions"] == []


async def test_an_address_waits_for_its_length_and_then_replaces(scene: Scene) -> None:
    wrong = await scene.post("/address", {"url": "https://example.org/film"})
    assert wrong.status_code == 422
    assert "not the address of one video" in wrong.text
    await scene.post("/address", {"url": "https://vimeo.com/channels/staffpicks/76979871"})
    page = (await scene.client.get(scene.page)).text
    assert "How long is it?" in page
    assert "https://vimeo.com/76979871" in page
    assert (await scene.row())["hosting_provider"] == "upload", "learners keep what they see"
    assert "Give the length" in (await scene.post("/length", {"length": "soon"})).text
    await scene.post("/length", {"length": "1:02"})
    row = await scene.row()
    assert (row["hosting_provider"], row["duration"], row["playlist_key"]) == ("vimeo", 62, None)


async def test_a_page_with_a_provider_allows_that_provider_and_nothing_else(scene: Scene) -> None:
    lesson = f"/learn/{scene.course.slug}/{scene.lesson}"
    for page in (scene.page, lesson):
        answer = await scene.client.get(page)
        assert "youtube" not in answer.headers["content-security-policy"]
        assert answer.headers["referrer-policy"] == "same-origin"
    await scene.post("/address", {"url": "https://youtu.be/dQw4w9WgXcQ"})
    await scene.post("/length", {"length": "3:33"})
    for page in (scene.page, lesson):
        answer = await scene.client.get(page)
        policy = answer.headers["content-security-policy"]
        rules = {name: value for name, _, value in (rule.strip().partition(" ") for rule in policy.split(";"))}
        assert rules["script-src"] == "'self' https://www.youtube.com"
        assert "https://www.youtube.com" in rules["frame-src"]
        assert rules["connect-src"] == "'self'"
        assert "vimeo" not in policy
        assert "wistia" not in policy
        assert answer.headers["referrer-policy"] == "strict-origin-when-cross-origin"
        assert "learns your network address" in answer.text
        assert "ytimg" not in answer.text
    # What is said beside the frame is ours, what is said in it is theirs: the page tells which is which.
    await scene.post("/captions", {"lang": "en"}, files={"file": ("a.vtt", VTT)})
    assert "player of YouTube" in (await scene.client.get(scene.page)).text
    assert "must give the reason." in (await scene.client.get(lesson)).text.partition("data-transcript")[2]


async def test_captions_come_as_files_in_several_languages(scene: Scene) -> None:
    await scene.post("/captions", {"lang": "en"}, files={"file": ("a.vtt", VTT)})
    await scene.post("/captions", {"lang": "de"}, files={"file": ("a.srt", SRT)})
    row = await scene.row()
    assert [(one["lang"], one["default"]) for one in row["captions"]] == [("en", True), ("de", False)]
    assert "A notice of denial" in row["transcript"][0]["text"]
    fetched = await scene.client.get(scene.page + "/captions/de/file")
    assert fetched.text == "WEBVTT\n\n1\n00:00:00.500 --> 00:00:02.000\nEin Bescheid\n"
    assert fetched.headers["content-disposition"] == 'attachment; filename="captions-de.vtt"'
    await scene.post("/captions/de/default")
    row = await scene.row()
    assert [(one["lang"], one["default"]) for one in row["captions"]] == [("en", False), ("de", True)]
    assert row["transcript"][0]["text"] == "Ein Bescheid"
    await scene.post("/captions/de/remove")
    row = await scene.row()
    assert [(one["lang"], one["default"]) for one in row["captions"]] == [("en", True)]
    assert "A notice" in row["transcript"][0]["text"]
    await scene.post("/captions/en/remove")
    row = await scene.row()
    assert (row["captions"], row["transcript"]) == ([], [])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("WEBVTT\n\n00:00.500 -> 00:02.000\nNo arrow", "Line 3, column 1: Here a time line is expected"),
        (
            "WEBVTT\n\n00:00.500 --> 00:61.000\nToo many",
            "Line 3, column 15: The time &#39;00:61.000&#39; cannot be read",
        ),
        ("WEBVTT\n\n00:05.000 --> 00:02.000\nBack", "Line 3, column 15: The caption ends before it begins"),
        (
            "WEBVTT\n\n00:01.000 --> 00:02.000\na\n  00:03.000 --> 00:04.000\nb",
            "Line 5, column 3: Before a new caption",
        ),
        ("Nothing", "Line 1, column 1: Here a time line is expected"),
        ("WEBVTT\n", "The file has no captions in it"),
    ],
    ids=["arrow", "seconds", "order", "gap", "words", "empty"],
)
async def test_what_cannot_be_read_is_told_by_line_and_column_and_comes_back(
    scene: Scene, text: str, said: str
) -> None:
    answer = await scene.post("/captions/en", {"text": text, "before": ""})
    assert answer.status_code == 422
    assert said in answer.text
    assert (text.splitlines()[-1] or "WEBVTT") in answer.text
    bad = await scene.post("/captions", {"lang": "en"}, files={"file": ("a.vtt", text.encode())})
    assert bad.status_code == 422
    assert said in bad.text
    assert (await scene.row())["captions"] == []


async def test_two_editors_never_overwrite_each_other(scene: Scene) -> None:
    await scene.post("/captions/en", {"text": VTT.decode(), "before": ""})
    page = (await scene.client.get(scene.page + "/captions/en")).text
    before = re.search(r'name="before" value="([^"]+)"', page)
    assert before
    first = await scene.post("/captions/en", {"text": VTT.decode().replace("denial", "refusal"), "before": before[1]})
    assert first.status_code == 303
    mine = VTT.decode().replace("denial", "rejection")
    second = await scene.post("/captions/en", {"text": mine, "before": before[1]})
    assert second.status_code == 409
    assert "Somebody else has changed these captions" in second.text
    assert "rejection" in second.text, "nothing of it is lost"
    row = await scene.row()
    assert b"refusal" in await scene.site.storage.get(row["captions"][0]["key"])
    # Going back to earlier words names an earlier file, which must not be removed as a leftover.
    await scene.post("/captions/en", {"text": VTT.decode(), "before": row["captions"][0]["key"]})
    async with scene.database.connect() as owner:
        left = await owner.fetch("select key from private.media_leftovers")
    assert (await scene.row())["captions"][0]["key"] not in {one["key"] for one in left}


async def test_captions_hold_no_code(scene: Scene) -> None:
    bad = "WEBVTT\n\n00:00.500 --> 00:02.000\n<script>alert(1)</script><img src=x onerror=alert(1)> &lt;b&gt;"
    await scene.post("/captions/en", {"text": bad, "before": ""})
    page = (await scene.client.get(scene.page + "/captions/en")).text
    assert "<script>alert" not in page
    assert "<img src=x" not in page
    stored = await scene.site.storage.get((await scene.row())["captions"][0]["key"])
    assert b"<script" not in stored


async def test_nobody_names_a_file_of_somebody_else(scene: Scene) -> None:
    """The functions hold even those who call them without the page."""
    async with scene.site.db.transaction(_as(scene.teacher)) as tx:
        with pytest.raises(Exception, match="does not belong to the video"):
            await tx.execute("select public.set_video_poster($1, 'certificates/1.pdf')", scene.lesson)
    wrong = [{"key": "certificates/1.pdf", "lang": "en", "label": "English", "default": True}]
    async with scene.site.db.transaction(_as(scene.teacher)) as tx:
        with pytest.raises(Exception, match="cannot be kept"):
            await tx.execute("select public.set_video_captions($1, '[]', $2, '[]')", scene.lesson, wrong)


def _as(person: Person) -> Any:
    from collegium.kit.db import person as actor

    return actor(person.id)


async def test_the_poster_is_a_picture_of_the_video_or_one_s_own(scene: Scene) -> None:
    before = (await scene.row())["poster_key"]
    await scene.post("/poster", {"second": "4.5"})
    taken = (await scene.row())["poster_key"]
    assert taken != before
    with Image.open(io.BytesIO(await scene.site.storage.get(taken))) as picture:
        assert picture.size == (426, 240)
    drawn = io.BytesIO()
    Image.new("RGBA", (3000, 1000), (0, 128, 128, 200)).save(drawn, "PNG")
    await scene.post("/poster", files={"picture": ("own.png", drawn.getvalue())})
    own = (await scene.row())["poster_key"]
    with Image.open(io.BytesIO(await scene.site.storage.get(own))) as picture:
        assert (picture.format, picture.size) == ("JPEG", (1280, 427))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>",
        b"GIF89a" + bytes(50),
        b"\xff\xd8\xff" + bytes(99),
    ],
    ids=["nothing", "svg", "gif", "cut"],
)
async def test_what_is_no_picture_is_refused(scene: Scene, content: bytes) -> None:
    before = (await scene.row())["poster_key"]
    answer = await scene.post("/poster", files={"picture": ("x.png", content)})
    assert answer.status_code == 422
    assert (await scene.row())["poster_key"] == before


async def test_removing_leaves_an_empty_page(scene: Scene) -> None:
    assert (await scene.post("/remove")).status_code == 303
    page = (await scene.client.get(scene.page)).text
    assert "Where the video comes from" in page
    assert 'data-island="player"' not in page


async def test_the_state_says_how_far_it_is_and_refreshes_the_page_at_the_end(scene: Scene) -> None:
    async with scene.database.connect() as owner:
        await owner.execute(
            "insert into public.video_runs (video_id, course_id, hosting_provider, source_key, source_name, state, step, progress)"
            " values ($1, $2, 'upload', 'a', 'new.mov', 'processing', 'encoding',"
            ' \'[{"name": "1080p", "width": 1920, "height": 1080, "percent": 42, "state": "encoding"}]\')',
            scene.video,
            scene.course.id,
        )
    state = await scene.client.get(scene.page + "/state")
    assert "42 %" in state.text
    assert 'hx-trigger="every 2s"' in state.text
    assert "hx-refresh" not in state.headers
    await scene.post("/stop")
    done = await scene.client.get(scene.page + "/state")
    assert done.headers["hx-refresh"] == "true"
