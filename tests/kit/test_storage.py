"""Files by key: a real folder, real ranges over HTTP, and links that refuse all but what they grant."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from litestar import HttpMethod, Litestar, Request, route
from litestar.params import FromPath
from litestar.response import Stream
from litestar.testing import TestClient

from collegium.kit.storage import (
    CHUNK,
    BadLink,
    InvalidKey,
    MediaSigner,
    Missing,
    Storage,
    check_key,
    content_type,
    media_response,
    serve,
)

BODY = bytes(range(256)) * 4000  # 1,024,000 bytes: several pieces
ANN, BEN = UUID("0193a0a0-0000-7000-8000-000000000001"), UUID("0193a0a0-0000-7000-8000-000000000002")
NOON = 1_800_000_000
SIGNER = MediaSigner(b"a secret of thirty-two bytes ...")

# Each must be refused as a key and inside a link, decoded once as the router does or not at all.
HOSTILE = [
    "",
    "/",
    "/etc/passwd",
    "..",
    "../x",
    "videos/../people/ann.csv",
    "videos/1/../2/a.ts",
    "videos/1/./a.ts",
    "videos//a.ts",
    "videos/1/",
    "videos/1/%2e%2e/2/a.ts",
    "videos/1/%2E%2E%2f2/a.ts",
    "videos/1%2fa.ts",
    "videos\\1\\a.ts",
    "videos/1/..\\2\\a.ts",
    "videos/1/a.ts\x00.jpg",
    "videos/1/a\nb",
    "videos/1/a\u202eb",
    "videos/1/…/\ud800",
    "videos/1/.../a.ts",
    "videos/1/.. /a.ts",
    "C:/a.ts",
    "videos/1/a.ts:stream",
    "videos/1/a.ts?x=1",
    "videos/1/a.ts#1",
    "videos/1/cafe\u0301.txt",
    "a/" + "b" * 241,
    "a/" * 500 + "b",
]


@pytest.fixture
def storage(tmp_path: Path) -> Storage:
    return Storage.from_url(None, tmp_path)


# Keys ------------------------------------------------------------


@pytest.mark.parametrize("key", HOSTILE)
async def test_a_hostile_key_is_refused_by_every_method(storage: Storage, tmp_path: Path, key: str) -> None:
    with pytest.raises(InvalidKey):
        check_key(key)
    for call in (storage.put(key, b"x"), storage.head(key), storage.get(key), storage.delete(key)):
        with pytest.raises(InvalidKey):
            await call
    assert list((tmp_path / "files").iterdir()) == []


@pytest.mark.parametrize("key", ["a", "scorm/7/index page (1).html", "docs/Übersicht — neu.pdf", "a/.keep", "x/~[1]"])
async def test_ordinary_names_are_kept_as_they_are(storage: Storage, tmp_path: Path, key: str) -> None:
    await storage.put(key, b"x")
    assert (tmp_path / "files" / key).read_bytes() == b"x"
    assert [meta.key for meta in await storage.list()] == [key]


@given(st.text(max_size=60))
def test_no_accepted_key_leaves_its_folder(key: str) -> None:
    try:
        check_key(key)
    except InvalidKey:
        return
    root = Path("/srv/files")
    assert (root / key).is_relative_to(root)
    assert ".." not in (root / key).parts


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("v/1/master.m3u8", "application/vnd.apple.mpegurl"),
        ("v/1/seg_00001.m4s", "video/iso.segment"),
        ("v/1/init.MP4", "video/mp4"),
        ("v/1/en.vtt", "text/vtt; charset=utf-8"),
        ("v/1/poster.jpg", "image/jpeg"),
        ("certificates/1.pdf", "application/pdf"),
        ("a.b/c", "application/octet-stream"),
        ("odd.xyz", "application/octet-stream"),
    ],
)
def test_content_type_by_extension(key: str, expected: str) -> None:
    assert content_type(key) == expected


# Reading and writing ------------------------------------------------------------


@pytest.mark.parametrize("url", [None, "memory://"])
async def test_put_head_read_list_delete(tmp_path: Path, url: str | None) -> None:
    storage = Storage.from_url(url, tmp_path)
    source = tmp_path / "source.bin"
    source.write_bytes(BODY)

    async def pieces() -> AsyncIterator[bytes]:
        for start in range(0, len(BODY), 100_000):
            yield BODY[start : start + 100_000]

    await storage.put("videos/1/bytes.bin", BODY)
    await storage.put("videos/1/path.bin", source)
    meta = await storage.put("videos/1/hls/pieces.bin", pieces())
    await storage.put("videos/10/other.bin", b"")

    assert (meta.size, meta.content_type) == (len(BODY), "application/octet-stream")
    assert meta == await storage.head("videos/1/hls/pieces.bin")
    for name in ("bytes.bin", "path.bin", "hls/pieces.bin"):
        assert await storage.get("videos/1/" + name) == BODY
    assert await storage.get("videos/10/other.bin") == b""
    assert await storage.get_range("videos/1/bytes.bin", 255, 258) == b"\xff\x00\x01"
    assert await storage.get_range("videos/1/bytes.bin", 1_023_999, 9_000_000) == b"\xff"
    assert await storage.get_range("videos/1/bytes.bin", 5, 5) == b""
    sizes = [len(chunk) async for chunk in storage.stream("videos/1/path.bin")]
    assert max(sizes) <= 2 * CHUNK or url == "memory://"

    assert [m.key for m in await storage.list("videos/1")] == [
        "videos/1/bytes.bin",
        "videos/1/hls/pieces.bin",
        "videos/1/path.bin",
    ]
    assert await storage.delete("videos/1/path.bin") == 1
    assert await storage.delete("videos/1") == 2
    assert await storage.delete("videos/1") == 0
    assert [m.key for m in await storage.list()] == ["videos/10/other.bin"]
    assert not await storage.exists("videos/1/bytes.bin")
    for call in (storage.head("videos/1/bytes.bin"), storage.get("videos/1/bytes.bin")):
        with pytest.raises(Missing):
            await call


async def test_a_broken_upload_leaves_the_old_file_and_no_rest(storage: Storage, tmp_path: Path) -> None:
    await storage.put("a/b.bin", b"before")

    async def breaks() -> AsyncIterator[bytes]:
        yield bytes(6 * 1024 * 1024)
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        await storage.put("a/b.bin", breaks())
    assert await storage.get("a/b.bin") == b"before"
    assert [path.name for path in (tmp_path / "files" / "a").iterdir()] == ["b.bin"]


async def test_a_replaced_file_is_not_mixed_with_its_old_length(storage: Storage) -> None:
    old = await storage.put("a/b.bin", b"before")
    await storage.put("a/b.bin", b"afterwards")
    with pytest.raises(Missing):
        await anext(storage.stream("a/b.bin", etag=old.etag))


async def test_a_folder_is_not_a_file(storage: Storage) -> None:
    await storage.put("a/b/c.bin", b"x")
    assert not await storage.exists("a/b")


def test_the_folder_is_closed_to_other_accounts(tmp_path: Path) -> None:
    Storage.from_url(None, tmp_path)
    assert (tmp_path / "files").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("url", ["ftp://host/x", "https://host/x", "file:///etc", "nonsense"])
def test_other_kinds_of_store_are_refused_in_plain_words(tmp_path: Path, url: str) -> None:
    with pytest.raises(ValueError, match="use s3://"):
        Storage.from_url(url, tmp_path)


# Links ------------------------------------------------------------


def test_one_token_covers_the_folder_and_nothing_beside_it() -> None:
    token = SIGNER.sign_prefix("videos/1", ANN, NOON + 60)
    for path in ("videos/1/master.m3u8", "/videos/1/720p/seg_00001.m4s", "videos/1"):
        grant = SIGNER.check(token, path, ANN, NOON)
        assert (grant.prefix, grant.user_id, grant.expires_at) == ("videos/1", ANN, NOON + 60)
    for path in (
        "videos/10/master.m3u8",
        "videos/2/master.m3u8",
        "videos",
        "videos/",
        "video/1/a",
        "x/videos/1/a",
    ):
        with pytest.raises(BadLink):
            SIGNER.check(token, path, ANN, NOON)


def test_a_token_is_for_one_person_and_a_guest_link_for_all() -> None:
    mine, anyone = SIGNER.sign_prefix("v/1", ANN, NOON + 60), SIGNER.sign_prefix("v/1", None, NOON + 60)
    for other in (BEN, None):
        with pytest.raises(BadLink, match="somebody else"):
            SIGNER.check(mine, "v/1/a.ts", other, NOON)
    for person in (ANN, BEN, None):
        assert SIGNER.check(anyone, "v/1/a.ts", person, NOON).user_id is None
    with pytest.raises(ValueError, match="real user"):
        SIGNER.sign_prefix("v/1", UUID(int=0), NOON + 60)


def test_a_token_runs_out() -> None:
    token = SIGNER.sign_prefix("v/1", ANN, NOON)
    assert SIGNER.check(token, "v/1/a.ts", ANN, NOON - 1)
    with pytest.raises(BadLink) as caught:
        SIGNER.check(token, "v/1/a.ts", ANN, NOON)
    assert caught.value.expired
    with pytest.raises(BadLink) as caught:
        SIGNER.check(token, "v/2/a.ts", ANN, NOON)
    assert not caught.value.expired, "who has no right learns nothing of when it ended"


def test_another_secret_makes_other_links() -> None:
    token = MediaSigner(b"some other secret").sign_prefix("v/1", ANN, NOON + 60)
    with pytest.raises(BadLink):
        SIGNER.check(token, "v/1/a.ts", ANN, NOON)
    with pytest.raises(ValueError, match="16 bytes"):
        MediaSigner(b"short")


def test_the_token_is_url_safe_and_leaves_relative_links_alone() -> None:
    token = SIGNER.sign_prefix("v/1", ANN, NOON + 60)
    assert len(token) == 64
    assert token.isascii()
    assert not set(token) & set("/+=.%")


@given(st.integers(0, 63), st.integers(0, 5))
def test_any_altered_bit_is_refused(position: int, bit: int) -> None:
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    token = SIGNER.sign_prefix("videos/1", None, NOON + 60)
    altered = alphabet[alphabet.index(token[position]) ^ (1 << bit)]
    with pytest.raises(BadLink):
        SIGNER.check(token[:position] + altered + token[position + 1 :], "videos/1/a.ts", ANN, NOON)


@given(st.text(max_size=80))
@example(SIGNER.sign_prefix("videos/1", None, NOON + 60) + "\n")
@example(SIGNER.sign_prefix("videos/1", None, NOON + 60) + "=")
@example(SIGNER.sign_prefix("videos/1", None, NOON + 60)[:-1])
@example(" " + SIGNER.sign_prefix("videos/1", None, NOON + 60))
def test_anything_else_is_no_token(token: str) -> None:
    with pytest.raises(BadLink):
        SIGNER.check(token, "videos/1/a.ts", None, NOON)


@pytest.mark.parametrize("path", HOSTILE)
def test_a_hostile_path_is_refused_under_a_good_token(path: str) -> None:
    for prefix in ("videos/1", "videos"):
        token = SIGNER.sign_prefix(prefix, None, NOON + 60)
        with pytest.raises(BadLink):
            SIGNER.check(token, path, None, NOON)


PART = st.text("ab1.0", min_size=1, max_size=3).filter(lambda part: not part.endswith("."))
KEY = st.lists(PART, min_size=1, max_size=4).map("/".join)


@given(KEY, KEY)
@example("videos/1", "videos/10")
@example("a/b", "a")
def test_a_token_opens_exactly_the_keys_below_its_prefix(prefix: str, path: str) -> None:
    token = SIGNER.sign_prefix(prefix, ANN, NOON + 60)
    if path == prefix or path.startswith(prefix + "/"):
        assert SIGNER.check(token, path, ANN, NOON).prefix == prefix
    else:
        with pytest.raises(BadLink):
            SIGNER.check(token, path, ANN, NOON)


# Over HTTP ------------------------------------------------------------


@pytest.fixture
def client(storage: Storage) -> Any:
    async def fill() -> None:
        await storage.put("v/1/clip.mp4", BODY)
        await storage.put("v/1/master.m3u8", b"#EXTM3U\n")
        await storage.put("v/1/empty.vtt", b"")
        await storage.put("v/1/page.html", b"<script>alert(1)</script>")
        await storage.put("v/1/page.svg", b"<svg/>")

    asyncio.run(fill())

    @route("/media/{key:path}", http_method=[HttpMethod.GET, HttpMethod.HEAD])
    async def media(request: Request[Any, Any, Any], key: FromPath[str]) -> Stream:
        return await media_response(request, storage, key.removeprefix("/"))

    with TestClient(Litestar([media])) as client:
        yield client


def test_a_browser_can_seek(client: TestClient[Litestar]) -> None:
    whole = client.get("/media/v/1/clip.mp4")
    assert (whole.status_code, whole.content) == (200, BODY)
    assert whole.headers["accept-ranges"] == "bytes"
    assert whole.headers["content-type"] == "video/mp4"
    assert whole.headers["content-length"] == str(len(BODY))
    assert whole.headers["cache-control"].startswith("private")
    assert whole.headers["x-content-type-options"] == "nosniff"
    assert "content-disposition" not in whole.headers

    part = client.get("/media/v/1/clip.mp4", headers={"Range": "bytes=1000-300999"})
    assert (part.status_code, part.content) == (206, BODY[1000:301000])
    assert part.headers["content-range"] == f"bytes 1000-300999/{len(BODY)}"
    assert part.headers["content-length"] == "300000"

    beyond = client.get("/media/v/1/clip.mp4", headers={"Range": "bytes=2000000-"})
    assert (beyond.status_code, beyond.content) == (416, b"")
    assert beyond.headers["content-range"] == f"bytes */{len(BODY)}"

    same = client.get("/media/v/1/clip.mp4", headers={"If-None-Match": whole.headers["etag"]})
    assert (same.status_code, same.content) == (304, b"")
    assert same.headers["etag"] == whole.headers["etag"]

    head = client.head("/media/v/1/clip.mp4")
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == str(len(BODY))


def test_a_playlist_is_asked_for_again_and_an_empty_file_is_sent(client: TestClient[Litestar]) -> None:
    playlist = client.get("/media/v/1/master.m3u8")
    assert playlist.headers["cache-control"] == "private, no-cache"
    assert playlist.headers["content-type"] == "application/vnd.apple.mpegurl"
    empty = client.get("/media/v/1/empty.vtt")
    assert (empty.status_code, empty.content, empty.headers["content-length"]) == (200, b"", "0")


def test_an_uploaded_page_cannot_run_here(client: TestClient[Litestar]) -> None:
    for name in ("page.html", "page.svg"):
        page = client.get("/media/v/1/" + name)
        assert page.headers["content-disposition"] == f"attachment; filename*=UTF-8''{name}"
        assert "sandbox" in page.headers["content-security-policy"]


async def test_serve_knows_what_is_missing_before_it_answers(storage: Storage) -> None:
    with pytest.raises(Missing):
        await serve(storage, "v/1/none.mp4", {})
    with pytest.raises(InvalidKey):
        await serve(storage, "../none.mp4", {})


async def test_a_download_has_the_name_it_was_given(storage: Storage) -> None:
    await storage.put("c/1.pdf", b"%PDF")
    served = await serve(storage, "c/1.pdf", {}, download_as='Zertifikat "Müller".pdf\r\nX: 1')
    assert served.headers["content-disposition"] == (
        "attachment; filename*=UTF-8''Zertifikat%20%22M%C3%BCller%22.pdf%0D%0AX%3A%201"
    )
