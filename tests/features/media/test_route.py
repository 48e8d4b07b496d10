"""A lesson's media is never public: who may fetch what by a link, and how files are served."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import httpx
import pytest
import pytest_asyncio

from collegium.features.media import service
from collegium.features.media.model import Cue
from collegium.kit.site import Site
from tests.support.database import Database
from tests.support.people import Course, Person, add_course, add_person, enrol
from tests.support.site import Client

SEGMENT = bytes(range(256)) * 40
PLAYLIST = b"#EXTM3U\n#EXT-X-VERSION:7\nsegment.m4s\n"


@dataclass
class Scene:
    """A learner with a link to the playlist of a stored video."""

    site: Site
    database: Database
    client: Client
    make_client: Callable[..., Any]
    person: Person
    course: Course
    folder: str
    playlist: str

    def beside(self, name: str) -> str:
        """A file beside the playlist, under the same link."""
        return self.playlist.replace("master.m3u8", name)

    def link(self, key: str, person: Person | None, expires_at: int) -> str:
        return f"/media/{self.site.media_signer.sign_prefix(self.folder, person and person.id, expires_at)}/{key}"


@pytest_asyncio.fixture
async def scene(site: Site, database: Database, client: Client, make_client: Callable[..., Any]) -> Scene:
    person = await add_person(database)
    course = await add_course(database)
    await enrol(database, person, course)
    video = course.lessons[0].video_id
    assert video
    folder = service.folder(video)
    await site.storage.put(f"{folder}/master.m3u8", PLAYLIST)
    await site.storage.put(f"{folder}/segment.m4s", SEGMENT)
    await site.storage.put("videos/elsewhere/segment.m4s", b"another course")
    await site.storage.put("certificates/somebody.pdf", b"%PDF-1.7 somebody's")
    await client.login(person)
    links = service.video_links(site, f"{folder}/master.m3u8", None, None, [], person.id)
    return Scene(site, database, client, make_client, person, course, folder, links.playlist)


def nothing_leaks(answer: httpx.Response) -> bool:
    return SEGMENT[:64] not in answer.content and b"#EXTM3U" not in answer.content


async def test_a_link_serves_the_playlist_and_what_lies_beside_it(scene: Scene) -> None:
    playlist = await scene.client.get(scene.playlist)
    assert (playlist.status_code, playlist.content) == (200, PLAYLIST)
    assert playlist.headers["content-type"] == "application/vnd.apple.mpegurl"
    assert playlist.headers["cache-control"] == "private, no-cache"
    segment = await scene.client.get(scene.beside("segment.m4s"))
    assert (segment.status_code, segment.content) == (200, SEGMENT)
    assert segment.headers["content-length"] == str(len(SEGMENT))
    assert segment.headers["accept-ranges"] == "bytes"
    assert segment.headers["cache-control"].startswith("private")
    assert segment.headers["x-content-type-options"] == "nosniff"
    assert "content-encoding" not in segment.headers


@pytest.mark.parametrize("who", ["guest", "stranger", "enrolled", "admin"])
async def test_a_copied_link_serves_nobody_else(scene: Scene, who: str) -> None:
    other = await scene.make_client()
    if who != "guest":
        person = await add_person(scene.database, "admin" if who == "admin" else "student")
        if who == "enrolled":
            await enrol(scene.database, person, scene.course)
        await other.login(person)
    for address in (scene.playlist, scene.beside("segment.m4s")):
        for method in ("GET", "HEAD"):
            answer = await other.request(method, address, headers={"range": "bytes=0-99"})
            assert answer.status_code == 403, (address, method)
            assert nothing_leaks(answer)


async def test_a_link_ends_with_the_session(scene: Scene) -> None:
    scene.client.logout()
    assert (await scene.client.get(scene.playlist)).status_code == 403


async def test_a_preview_s_link_serves_guests(scene: Scene) -> None:
    guest = await scene.make_client()
    address = scene.link(f"{scene.folder}/master.m3u8", None, int(time.time()) + 60)
    assert (await guest.get(address)).status_code == 200


async def test_a_link_runs_out(scene: Scene) -> None:
    key = f"{scene.folder}/segment.m4s"
    assert (await scene.client.get(scene.link(key, scene.person, int(time.time()) + 60))).status_code == 200
    old = await scene.client.get(scene.link(key, scene.person, int(time.time()) - 1), headers={"accept": "*/*"})
    assert old.status_code == 410
    assert "run out" in old.text
    assert nothing_leaks(old)
    # Its time stands in the token: to write another one there breaks the seal.
    token = scene.playlist.split("/")[2]
    for place in range(0, 64, 7):
        changed = token[:place] + ("A" if token[place] != "A" else "B") + token[place + 1 :]
        answer = await scene.client.get(scene.playlist.replace(token, changed))
        assert answer.status_code == 403, place


@pytest.mark.parametrize(
    "tail",
    [
        "videos/elsewhere/segment.m4s",
        "certificates/somebody.pdf",
        "{folder}/../elsewhere/segment.m4s",
        "{folder}/%2e%2e/elsewhere/segment.m4s",
        "{folder}/..%2felsewhere%2fsegment.m4s",
        "{folder}/.%2e/%2e%2e/%2e%2e/secret.key",
        "{folder}%2f..%2f..%2f..%2fsecret.key",
        "{folder}\\segment.m4s",
        "{folder}/segment.m4s%00.txt",
        "{folder}x/segment.m4s",
        "..",
        "%2e%2e%2f%2e%2e%2fetc%2fpasswd",
        "{folder}",
        "{folder}/",
        "",
    ],
)
async def test_a_link_reaches_nothing_outside_its_folder(scene: Scene, tail: str) -> None:
    token = scene.playlist.split("/")[2]
    target = "/media/" + token + "/" + tail.format(folder=scene.folder)
    # As raw bytes, so that no client makes the address tidy first.
    url = httpx.URL(scene.site.settings.base_url).copy_with(raw_path=target.encode())
    answer = await scene.client.get(url)
    assert answer.status_code in (400, 403, 404), tail
    assert nothing_leaks(answer)
    assert b"another course" not in answer.content
    assert b"somebody's" not in answer.content
    assert scene.site.secret not in answer.content


async def test_no_file_has_a_plain_address(scene: Scene) -> None:
    for address in (
        f"/media/{scene.folder}/segment.m4s",
        f"/files/{scene.folder}/segment.m4s",
        f"/static/{scene.folder}/segment.m4s",
        f"/static/../{scene.folder}/segment.m4s",
        "/media/",
        f"/media/{'A' * 64}/{scene.folder}/segment.m4s",
    ):
        answer = await scene.client.get(address)
        assert answer.status_code in (403, 404), address
        assert nothing_leaks(answer)


async def test_ranges(scene: Scene) -> None:
    address, size = scene.beside("segment.m4s"), len(SEGMENT)

    async def ask(**headers: str) -> httpx.Response:
        return await scene.client.get(
            address, headers={name.replace("_", "-"): value for name, value in headers.items()}
        )

    middle = await ask(range="bytes=100-299")
    assert (middle.status_code, middle.content) == (206, SEGMENT[100:300])
    assert middle.headers["content-range"] == f"bytes 100-299/{size}"
    assert middle.headers["content-length"] == "200"
    last = await ask(range="bytes=-5")
    assert (last.status_code, last.content) == (206, SEGMENT[-5:])
    rest = await ask(range=f"bytes={size - 3}-")
    assert (rest.status_code, rest.content) == (206, SEGMENT[-3:])
    beyond = await ask(range=f"bytes={size}-")
    assert (beyond.status_code, beyond.content) == (416, b"")
    assert beyond.headers["content-range"] == f"bytes */{size}"
    etag = middle.headers["etag"]
    same = await ask(if_none_match=etag)
    assert (same.status_code, same.content) == (304, b"")
    changed = await ask(range="bytes=0-9", if_range='"older"')
    assert (changed.status_code, len(changed.content)) == (200, size)
    resumed = await ask(range="bytes=0-9", if_range=etag)
    assert (resumed.status_code, resumed.content) == (206, SEGMENT[:10])


async def test_head_says_the_same_without_the_file(scene: Scene) -> None:
    address = scene.beside("segment.m4s")
    head, get = await scene.client.head(address), await scene.client.get(address)
    assert (head.status_code, head.content) == (200, b"")
    for name in ("content-length", "content-type", "etag", "last-modified", "accept-ranges"):
        assert head.headers[name] == get.headers[name], name


async def test_a_file_that_is_gone_is_not_found(scene: Scene) -> None:
    answer = await scene.client.get(scene.beside("segment-99.m4s"))
    assert answer.status_code == 404


async def test_media_is_only_read(scene: Scene) -> None:
    for method in ("POST", "PUT", "DELETE", "PATCH"):
        answer = await scene.client.request(method, scene.playlist)
        assert answer.status_code in (403, 405), method
    assert (await scene.client.get(scene.playlist)).status_code == 200


async def test_the_page_s_own_links_work_and_captions_become_the_transcript(scene: Scene) -> None:
    lesson = scene.course.lessons[0]
    assert lesson.video_id
    cues = [Cue(0.5, 4.0, "A notice of denial"), Cue(4.0, 9.0, "must give the reason.")]
    await service.attach_captions(scene.site, lesson.video_id, cues, "en", "English")
    await service.attach_captions(scene.site, lesson.video_id, [Cue(0, 2, "Ein Bescheid")], "de", "Deutsch")
    await service.attach_captions(scene.site, lesson.video_id, cues, "en", "English")
    async with scene.database.connect() as owner:
        await owner.execute(
            "update public.lesson_videos set playlist_key = $2 where id = $1",
            lesson.video_id,
            f"{scene.folder}/master.m3u8",
        )
    page = (await scene.client.get(f"/learn/{scene.course.slug}/{lesson.id}")).text
    assert "A notice of denial" in page
    assert "Ein Bescheid" not in page, "the transcript is the first language's"
    links = sorted(set(re.findall(r"/media/[A-Za-z0-9_-]{64}/[^&\"]+", page)))
    assert sorted(re.sub("-[0-9a-f]{16}", "-…", link.rpartition("/")[2]) for link in links) == [
        "de-….vtt",
        "en-….vtt",
        "master.m3u8",
    ]
    for link in links:
        assert (await scene.client.get(link)).status_code == 200, link
    thief = await scene.make_client()
    for link in links:
        assert (await thief.get(link)).status_code == 403, link


async def test_a_page_made_twice_gives_the_same_links(site: Site) -> None:
    video, person = uuid4(), uuid4()
    first, second = (service.link(site, f"{service.folder(video)}/a", person) for _ in range(2))
    assert first == second
    assert first != service.link(site, f"{service.folder(video)}/a", uuid4())
