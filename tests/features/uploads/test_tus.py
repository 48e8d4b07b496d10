"""The tus protocol, request by request, as https://tus.io/protocols/resumable-upload says."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import os
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
import pytest_asyncio

from collegium.features.uploads import parts
from tests.features.uploads.support import BODY, TUS, create, head, patch, told
from tests.support.database import Database
from tests.support.people import Person
from tests.support.site import Client, MakeClient

# A film's beginning: what follows does not matter before the check.
FILM = b"\0\0\0\x20ftypisom" + os.urandom(50_000)


@pytest.fixture
def teacher(make_person: Callable[..., Person]) -> Person:
    return make_person("instructor")


@pytest_asyncio.fixture
async def studio(client: Client, teacher: Person) -> Client:
    await client.login(teacher)
    return client


async def test_what_the_server_can_do(client: Client) -> None:
    said = await client.options("/uploads")
    assert said.status_code == 204
    assert said.headers["tus-version"] == "1.0.0"
    assert said.headers["tus-extension"] == "creation,creation-with-upload,expiration,termination,checksum"
    assert said.headers["tus-max-size"] == "5000000000"
    assert said.headers["tus-checksum-algorithm"] == "sha1,sha256"


async def test_a_file_comes_in_pieces(studio: Client) -> None:
    began = await create(studio, len(FILM))
    assert began.status_code == 201, began.text
    url = began.headers["location"]
    assert began.headers["tus-resumable"] == "1.0.0"
    assert "upload-expires" in began.headers
    at = 0
    for piece in (FILM[:100], FILM[100:40_000], FILM[40_000:]):
        said = await head(studio, url)
        assert (said.status_code, said.headers["upload-offset"]) == (200, str(at))
        assert said.headers["upload-length"] == str(len(FILM))
        assert said.headers["cache-control"] == "no-store"
        sent = await patch(studio, url, at, piece)
        at += len(piece)
        assert (sent.status_code, sent.headers["upload-offset"]) == (204, str(at)), sent.text
    assert (await studio.get(url + "/result")).json()["state"] == "checking"
    # Who missed the last answer asks, and may send nothing more.
    assert (await head(studio, url)).headers["upload-offset"] == str(len(FILM))
    assert (await patch(studio, url, len(FILM), b"")).status_code == 204
    file_id = url.rpartition("/")[2]
    assert (studio.site.settings.data_dir / "uploads" / file_id).read_bytes() == FILM


async def test_bytes_with_the_creation(studio: Client) -> None:
    began = await create(studio, len(FILM), body=FILM[:9000])
    assert (began.status_code, began.headers["upload-offset"]) == (201, "9000")
    assert (await head(studio, began.headers["location"])).headers["upload-offset"] == "9000"


async def test_another_offset_is_refused(studio: Client) -> None:
    url = (await create(studio, len(FILM))).headers["location"]
    await patch(studio, url, 0, FILM[:1000])
    for offset in (0, 999, 1001):
        sent = await patch(studio, url, offset, FILM[1000:2000])
        assert (sent.status_code, sent.json()["code"]) == (409, "wrong_offset")
    assert (await head(studio, url)).headers["upload-offset"] == "1000"


@pytest.mark.parametrize("algorithm", ["sha1", "sha256"])
async def test_checksums(studio: Client, algorithm: str) -> None:
    url = (await create(studio, len(FILM))).headers["location"]
    right = base64.b64encode(hashlib.new(algorithm, FILM[:5000]).digest()).decode()
    sent = await patch(studio, url, 0, FILM[:5000], **{"upload-checksum": f"{algorithm} {right}"})
    assert sent.status_code == 204
    wrong = await patch(studio, url, 5000, FILM[5000:9000], **{"upload-checksum": f"{algorithm} {right}"})
    assert (wrong.status_code, wrong.json()["code"]) == (460, "checksum_mismatch")
    assert (await head(studio, url)).headers["upload-offset"] == "5000"
    md5 = await patch(studio, url, 5000, FILM[5000:], **{"upload-checksum": f"md5 {right}"})
    assert md5.status_code == 400


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"tus-resumable": "0.2.2"}, 412),
        ({"content-type": "application/octet-stream"}, 415),
        ({"upload-offset": "-1"}, 400),
        ({"upload-offset": "ten"}, 400),
        ({"x-csrf-token": "somebody else's"}, 403),
    ],
    ids=["version", "content type", "negative offset", "no number", "csrf"],
)
async def test_wrong_headers(studio: Client, headers: dict[str, str], status: int) -> None:
    url = (await create(studio, len(FILM))).headers["location"]
    assert (await patch(studio, url, 0, FILM[:10], **headers)).status_code == status
    assert (await head(studio, url)).headers["upload-offset"] == "0"


async def test_more_bytes_than_announced(studio: Client) -> None:
    url = (await create(studio, 1000)).headers["location"]
    sent = await patch(studio, url, 0, FILM[:1001])
    assert (sent.status_code, sent.json()["code"]) == (413, "too_large")

    async def without_length() -> AsyncIterator[bytes]:
        yield FILM[:600]
        yield FILM[600:1200]

    sent = await patch(studio, url, 0, without_length())
    assert sent.status_code == 413
    assert (await head(studio, url)).headers["upload-offset"] == "0"


@pytest.mark.parametrize(
    ("length", "purpose", "status", "words"),
    [
        (0, "lesson_video", 422, "empty"),
        (5_000_000_001, "lesson_video", 413, "5 GB"),
        (25_000_001, "lesson_image", 413, "25 MB"),
        (10, "world_domination", 422, "not known"),
    ],
    ids=["empty", "beyond 5 GB", "large picture", "purpose"],
)
async def test_what_cannot_begin(studio: Client, length: int, purpose: str, status: int, words: str) -> None:
    said = await create(studio, length, purpose=purpose)
    assert said.status_code == status
    assert words in said.json()["detail"]


async def test_a_length_is_needed(studio: Client) -> None:
    sent = TUS | {"upload-metadata": told(filename="a", purpose="captions"), "x-csrf-token": await studio.csrf()}
    assert (await studio.post("/uploads", headers=sent)).status_code == 400
    assert (await studio.post("/uploads", headers=sent | {"upload-defer-length": "1"})).status_code == 400


async def test_giving_up(studio: Client) -> None:
    url = (await create(studio, len(FILM))).headers["location"]
    await patch(studio, url, 0, FILM[:1000])
    sent = TUS | {"x-csrf-token": await studio.csrf()}
    assert (await studio.delete(url, headers=sent)).status_code == 204
    assert (await head(studio, url)).status_code == 404
    assert list((studio.site.settings.data_dir / "uploads").iterdir()) == []


async def test_methods_behind_a_proxy_that_knows_few(studio: Client) -> None:
    url = (await create(studio, len(FILM))).headers["location"]
    sent = TUS | {"upload-offset": "0", "content-type": BODY, "x-csrf-token": await studio.csrf()}
    said = await studio.post(url, headers=sent | {"x-http-method-override": "PATCH"}, content=FILM[:10])
    assert (said.status_code, said.headers["upload-offset"]) == (204, "10")
    assert (await studio.post(url, headers=sent, content=FILM[:10])).status_code == 405


async def test_an_upload_that_rested_too_long(studio: Client, database: Database) -> None:
    url = (await create(studio, len(FILM))).headers["location"]
    async with database.connect() as owner:
        await owner.execute("update public.uploads set expires_at = now() - interval '1 second'")
    assert (await head(studio, url)).status_code == 410
    assert (await patch(studio, url, 0, FILM)).json()["code"] == "upload_expired"


async def test_one_writer_at_a_time(studio: Client) -> None:
    url = (await create(studio, len(FILM))).headers["location"]
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def slowly() -> AsyncIterator[bytes]:
        yield FILM[:1000]
        begun.set()
        await go_on.wait()
        yield FILM[1000:]

    first = asyncio.create_task(patch(studio, url, 0, slowly()))
    await begun.wait()
    second = await patch(studio, url, 0, FILM)
    assert (second.status_code, second.json()["code"]) == (423, "upload_locked")
    go_on.set()
    assert (await first).status_code == 204
    assert (studio.site.settings.data_dir / "uploads" / url.rpartition("/")[2]).read_bytes() == FILM


async def test_a_dead_writer_gives_way_and_what_it_got_is_kept(studio: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts, "STALLED_S", 0.1)
    url = (await create(studio, len(FILM))).headers["location"]

    begun = asyncio.Event()

    async def dying() -> AsyncIterator[bytes]:
        yield FILM[:1000]
        begun.set()
        await asyncio.Event().wait()

    first = asyncio.create_task(patch(studio, url, 0, dying()))
    await begun.wait()
    for _ in range(200):
        if (await head(studio, url)).headers["upload-offset"] == "1000":
            break
        await asyncio.sleep(0.05)
    assert (await patch(studio, url, 1000, FILM[1000:])).status_code == 204
    assert (await first).status_code == 400


async def test_bytes_that_were_never_acknowledged_do_not_count(studio: Client) -> None:
    """A process that was killed leaves a longer file than the database knows."""
    url = (await create(studio, len(FILM))).headers["location"]
    await patch(studio, url, 0, FILM[:1000])
    path = parts.path(studio.site, _id(url))
    path.write_bytes(FILM[:1000] + b"half a piece")
    assert (await head(studio, url)).headers["upload-offset"] == "1000"
    assert (await patch(studio, url, 1000, FILM[1000:])).status_code == 204
    assert path.read_bytes() == FILM


async def test_bytes_that_went_away_are_asked_for_again(studio: Client) -> None:
    """As after a restore of the database alone."""
    url = (await create(studio, len(FILM))).headers["location"]
    await patch(studio, url, 0, FILM[:1000])
    parts.path(studio.site, _id(url)).unlink()
    assert (await head(studio, url)).headers["upload-offset"] == "0"
    assert (await patch(studio, url, 0, FILM)).status_code == 204


async def test_nobody_sees_or_continues_anothers_upload(
    studio: Client, make_client: MakeClient, make_person: Callable[..., Person]
) -> None:
    url = (await create(studio, len(FILM))).headers["location"]
    for role in ("instructor", "admin"):
        other: Any = await make_client()  # type: ignore[misc]
        await other.login(make_person(role))
        assert (await head(other, url)).status_code == 404
        assert (await patch(other, url, 0, FILM)).status_code == 404
        sent = TUS | {"x-csrf-token": await other.csrf()}
        assert (await other.delete(url, headers=sent)).status_code == 404
    guest: Any = await make_client()  # type: ignore[misc]
    assert (await head(guest, url)).status_code == 401
    assert (await create(guest, 10)).status_code == 401


async def test_who_may_upload_what(
    client: Client, make_person: Callable[..., Person], make_course: Callable[..., Any], teacher: Person
) -> None:
    course = make_course(instructor=teacher)
    await client.login(make_person("student"))
    assert (await create(client, 10, purpose="lesson_video")).json()["code"] == "forbidden"
    assert (await create(client, 10, purpose="lesson_video", course=course.id)).status_code == 403
    assert (await create(client, 10, purpose="collection")).status_code == 201
    await client.login(make_person("instructor"))
    assert (await create(client, 10, purpose="lesson_video", course=course.id)).status_code == 403
    await client.login(teacher)
    assert (await create(client, 10, purpose="lesson_video", course=course.id)).status_code == 201


def _id(url: str) -> Any:
    from uuid import UUID

    return UUID(url.rpartition("/")[2])
