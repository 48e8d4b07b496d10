"""Files by key, in a local folder or an object store, and the links that let one person read some of them.

A key is a relative path with `/` between its parts ("videos/3f0c…/hls/720p/index.m3u8"). Nothing stored here
is public: a file reaches a browser through `serve`, after `MediaSigner.check` has accepted the link.
"""

from __future__ import annotations

import asyncio
import base64
import hmac
import re
import time
import unicodedata
from collections.abc import AsyncIterable, AsyncIterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import quote
from uuid import UUID

import msgspec
import obstore
from obstore.exceptions import BaseError, PreconditionError
from obstore.store import LocalStore, MemoryStore, from_url

from collegium.kit import ranges, whole

if TYPE_CHECKING:
    from litestar import Request
    from litestar.response import Stream
    from obstore import ObjectMeta
    from obstore.store import ObjectStore

CHUNK = 256 * 1024
LONGEST_KEY = 900  # bytes; S3 allows 1024, and a site may keep everything under a prefix
LONGEST_PART = 240  # bytes; most file systems allow 255, and an unfinished write adds a suffix

_FORBIDDEN = re.compile(r'[\\%?#*:|"<>]')
_HIDDEN_CATEGORIES = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}

_TYPES = {
    "m3u8": "application/vnd.apple.mpegurl",
    "m4s": "video/iso.segment",
    "mp4": "video/mp4",
    "m4a": "audio/mp4",
    "ts": "video/mp2t",
    "webm": "video/webm",
    "mp3": "audio/mpeg",
    "wav": "audio/wav",
    "vtt": "text/vtt; charset=utf-8",
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "png": "image/png",
    "webp": "image/webp",
    "gif": "image/gif",
    "avif": "image/avif",
    "pdf": "application/pdf",
    "txt": "text/plain; charset=utf-8",
    "csv": "text/csv; charset=utf-8",
    "json": "application/json",
    "zip": "application/zip",
    "html": "text/html; charset=utf-8",
    "htm": "text/html; charset=utf-8",
    "svg": "image/svg+xml",
    "xml": "application/xml",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
}
# What a browser may show in place. Anything else is downloaded: an uploaded page or drawing could run script.
_SHOWN_IN_PLACE = re.compile(
    r"(?:video|audio)/|image/(?!svg)|application/(?:pdf|vnd\.apple\.mpegurl)|text/(?:vtt|plain)"
)


class InvalidKey(ValueError):
    """The key is not one that storage accepts; nothing was read or written."""


class Missing(FileNotFoundError):
    """No file has this key."""


class Meta(msgspec.Struct, frozen=True):
    """What is known of a stored file; `size` in bytes, `etag` quoted as HTTP wants it."""

    key: str
    size: int
    etag: str | None
    last_modified: datetime

    @property
    def content_type(self) -> str:
        return content_type(self.key)


def check_key(key: str) -> str:
    """The key itself when it is safe on every store and file system; raises `InvalidKey` otherwise.

    Refused: absolute paths, empty, `.` and `..` parts, backslash, `%` (so that no decoding can make another
    key of it), control and invisible characters, characters that Windows or a URL treats specially, and
    anything not in Unicode's NFC form (two spellings of one name).
    """
    problem = _problem_with(key)
    if problem:
        raise InvalidKey(f"not a storage key ({problem}): {key[:80]!r}")
    return key


def _problem_with(key: str) -> str | None:
    if any(unicodedata.category(char) in _HIDDEN_CATEGORIES for char in key):
        return "a character that cannot be shown"
    if _FORBIDDEN.search(key):
        return "a character that is not allowed"
    if not unicodedata.is_normalized("NFC", key):
        return "not in Unicode's NFC form"
    if len(key.encode()) > LONGEST_KEY:
        return "too long"
    for part in key.split("/"):
        if not part:
            return "an empty part"
        if part != part.strip() or part.endswith("."):
            return "a part with a space at its edge or a dot at its end"
        if len(part.encode()) > LONGEST_PART:
            return "a part too long"
    return None


def content_type(key: str) -> str:
    """The media type that a key's extension stands for; `application/octet-stream` when unknown."""
    return _TYPES.get(key.rpartition("/")[2].rpartition(".")[2].lower(), "application/octet-stream")


class Storage:
    """Files by key. Every method checks the key and raises `InvalidKey`; every read may raise `Missing`."""

    def __init__(self, store: ObjectStore, folder: Path | None = None) -> None:
        self._store = store
        # Where files lie when they lie in a folder of this machine.
        self._folder = folder
        # A folder and a dictionary keep bytes only; object stores also keep the type, for links of their own.
        self._keeps_types = not isinstance(store, LocalStore | MemoryStore)

    @classmethod
    def from_url(cls, url: str | None, data_dir: Path) -> Storage:
        """Storage at `s3://bucket/prefix`, `gs://…`, `az://…` or `memory://`; without a URL, in the folder
        `files` under `data_dir`, readable by the service's account only.

        Credentials, region and end point come from the environment variables of the store's own tools
        (`AWS_ACCESS_KEY_ID`, `AWS_ENDPOINT_URL`, …). Raises `ValueError` for a URL of another kind.
        """
        if not url:
            folder = data_dir / "files"
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            return cls(LocalStore(folder, automatic_cleanup=True), folder)
        scheme = url.partition("://")[0]
        if scheme == "memory":
            return cls(MemoryStore())
        if scheme not in ("s3", "gs", "az"):
            raise ValueError(f"files cannot be kept at {scheme}://; use s3://, gs://, az:// or memory://")
        try:
            # Time for one whole body: a slow reader of a large file must not be cut off.
            return cls(from_url(url, client_options={"timeout": "30m", "connect_timeout": "10s"}))
        except BaseError as error:
            raise ValueError(f"the file store {url} cannot be used: {str(error).splitlines()[0]}") from error

    async def put(self, key: str, data: bytes | Path | AsyncIterator[bytes]) -> Meta:
        """Write a file whole or not at all, replacing what was there; a path or an iterator is streamed."""
        check_key(key)
        if self._folder is not None and isinstance(data, Path):
            # The kernel copies, so a film of gigabytes takes no memory of this process.
            await asyncio.to_thread(whole.copy, data, self._folder / key)
        elif self._keeps_types:
            await obstore.put_async(
                self._store,
                key,
                data,
                attributes={"Content-Type": content_type(key), "Cache-Control": "private"},
            )
        else:
            await obstore.put_async(self._store, key, data)
        return await self.head(key)

    async def put_folder(self, prefix: str, folder: Path) -> None:
        """Move the files of a folder below ``prefix``, under their own names, which must be keys; nothing may lie
        there yet. On this machine they appear together; elsewhere one after the other."""
        check_key(prefix)
        if self._folder is not None:
            await asyncio.to_thread(whole.move_folder, folder, self._folder / prefix)
            return
        room = asyncio.Semaphore(8)

        async def put(path: Path) -> None:
            async with room:
                await self.put(f"{prefix}/{path.relative_to(folder).as_posix()}", path)

        async with asyncio.TaskGroup() as group:
            for path in await asyncio.to_thread(whole.files_in, folder):
                group.create_task(put(path))

    async def head(self, key: str) -> Meta:
        """Size, entity tag and time of a file."""
        check_key(key)
        try:
            found = await obstore.head_async(self._store, key)
        except FileNotFoundError:
            raise Missing(key) from None
        return Meta(key, found["size"], ranges.quote_etag(found["e_tag"]), found["last_modified"])

    def local_path(self, key: str) -> Path | None:
        """Where a file lies on this machine, to be read only; None where files are kept elsewhere."""
        check_key(key)
        return self._folder / key if self._folder else None

    async def exists(self, key: str) -> bool:
        """Whether a file has this key."""
        try:
            await self.head(key)
        except Missing:
            return False
        return True

    async def get(self, key: str) -> bytes:
        """A whole file, for small ones."""
        return b"".join([chunk async for chunk in self.stream(key)])

    async def get_range(self, key: str, start: int, end: int) -> bytes:
        """Bytes `start` up to, and without, `end`; fewer when the file is shorter."""
        return b"".join([chunk async for chunk in self.stream(key, start, end)])

    async def stream(
        self, key: str, start: int = 0, end: int | None = None, *, etag: str | None = None
    ) -> AsyncIterator[bytes]:
        """The same in pieces of about 256 KiB, never holding the whole. With `etag`, only that version of the
        file; raises `Missing` when it has been replaced or removed."""
        check_key(key)
        if end is not None and end <= start:
            return
        options: Any = {"range": {"offset": start} if end is None else (start, end)}
        if etag:
            options["if_match"] = etag
        if start == 0 and end is None:
            del options["range"]  # an empty file has no valid range
        try:
            result = await obstore.get_async(self._store, key, options=options)
        except (FileNotFoundError, PreconditionError):
            raise Missing(key) from None
        async for chunk in result.stream(min_chunk_size=CHUNK):
            yield chunk

    async def list(self, prefix: str = "") -> list[Meta]:
        """Every file below a folder, in order of key. `videos/1` does not include `videos/10`."""
        if prefix:
            check_key(prefix)
        found: list[Meta] = []
        # The other overloads return Arrow tables, whose types are not installed.
        pages: AsyncIterable[Sequence[ObjectMeta]] = cast("Any", obstore).list(self._store, prefix or None)
        async for page in pages:
            found += [Meta(o["path"], o["size"], ranges.quote_etag(o["e_tag"]), o["last_modified"]) for o in page]
        return sorted(found, key=lambda meta: meta.key)

    async def delete(self, prefix: str) -> int:
        """Remove the file with this key and every file below it; says how many. None is no error."""
        check_key(prefix)
        keys = [meta.key for meta in await self.list(prefix)]
        if await self.exists(prefix):
            keys.append(prefix)
        for start in range(0, len(keys), 1000):
            try:
                await obstore.delete_async(self._store, keys[start : start + 1000])
            except FileNotFoundError:
                continue  # somebody else removed it first
        return len(keys)


class BadLink(Exception):
    """The link is not valid for this file, this person or this moment. `expired`: it was valid until then."""

    def __init__(self, reason: str, *, expired: bool = False) -> None:
        super().__init__(reason)
        self.expired = expired


class Grant(msgspec.Struct, frozen=True):
    """What a link allows: every key at or below `prefix`, for one user (None: anyone), until `expires_at`."""

    prefix: str
    user_id: UUID | None
    expires_at: int


class MediaSigner:
    """Links of our own that expire. One token covers a folder, so a playlist's relative URLs keep working.

    The token stands in the path, `/media/<token>/<key…>`. It is 64 characters of base64url: version, number
    of key parts that the grant covers, expiry, user, and the first 24 bytes of an HMAC-SHA-256 over these and
    the covered parts. The prefix is read from the path, not from the token, so that the two cannot disagree.
    """

    _VERSION = 1
    _HEAD = 24
    _MAC = 24
    _FORM = re.compile(r"[A-Za-z0-9_-]{64}", re.ASCII)
    _ANYONE = UUID(int=0)

    def __init__(self, secret: bytes) -> None:
        if len(secret) < 16:
            raise ValueError("the secret for media links needs at least 16 bytes")
        self._key = hmac.digest(secret, b"collegium media link 1", "sha256")

    def sign_prefix(self, prefix: str, user_id: UUID | None, expires_at: int) -> str:
        """A token for `prefix` and everything below it, until `expires_at` (seconds since 1970).

        `user_id` None makes a link for anyone, for what guests may see. Raises `InvalidKey`.
        """
        parts = check_key(prefix).count("/") + 1
        if user_id == self._ANYONE or parts > 255 or not 0 <= expires_at < 1 << 48:
            raise ValueError("a media link needs a real user, a prefix of at most 255 parts and a valid time")
        head = bytes([self._VERSION, parts]) + expires_at.to_bytes(6) + (user_id or self._ANYONE).bytes
        return base64.urlsafe_b64encode(head + self._mac(head, prefix)).decode()

    def check(self, token: str, path: str, user_id: UUID | None, now: int | None = None) -> Grant:
        """The grant that lets `user_id` (None: a guest) read the key `path` at `now` (default: this second).

        `path` is the key as the router decoded it, with or without the leading `/`. Raises `BadLink`.
        """
        if not self._FORM.fullmatch(token):
            raise BadLink("this is not a media link")
        raw = base64.urlsafe_b64decode(token)
        head, mac = raw[: self._HEAD], raw[self._HEAD :]
        try:
            parts = check_key(path.removeprefix("/")).split("/")
        except InvalidKey as error:
            raise BadLink(str(error)) from None
        prefix = "/".join(parts[: head[1]])
        if not hmac.compare_digest(mac, self._mac(head, prefix)):
            raise BadLink("this link was not made for this file")
        owner = UUID(bytes=head[8:])
        if owner not in (self._ANYONE, user_id):
            raise BadLink("this link was made for somebody else")
        expires_at = int.from_bytes(head[2:8])
        if (int(time.time()) if now is None else now) >= expires_at:
            raise BadLink("this link has run out", expired=True)
        return Grant(prefix, None if owner == self._ANYONE else owner, expires_at)

    def _mac(self, head: bytes, prefix: str) -> bytes:
        return hmac.digest(self._key, head + prefix.encode(), "sha256")[: self._MAC]


class Served(msgspec.Struct, frozen=True):
    """An answer for any framework: status, headers and the body in pieces."""

    status: int
    headers: dict[str, str]
    body: AsyncIterator[bytes]


def response_headers(meta: Meta, plan: ranges.Plan, *, download_as: str | None = None) -> dict[str, str]:
    """The headers of an answer about a file: type, length, range, validators, and `private` caching.

    Types that could run script are sent as downloads, sandboxed, whatever `download_as` says.
    """
    playlist = meta.key.endswith(".m3u8")
    headers = {
        "accept-ranges": "bytes",
        "cache-control": "private, no-cache" if playlist else "private, max-age=86400",
        "last-modified": ranges.http_date(meta.last_modified),
        "x-content-type-options": "nosniff",
    }
    if meta.etag:
        headers["etag"] = meta.etag
    if plan.status == 304:
        return headers
    if plan.status == 416:
        return headers | {"content-range": f"bytes */{meta.size}", "content-length": "0"}
    headers["content-type"] = meta.content_type
    if plan.body is not None:
        headers["content-length"] = str(len(plan.body))
        if plan.status == 206:
            headers["content-range"] = plan.body.content_range(meta.size)
    if download_as is not None or not _SHOWN_IN_PLACE.match(meta.content_type):
        name = quote(download_as or meta.key.rpartition("/")[2], safe="")
        headers["content-disposition"] = f"attachment; filename*=UTF-8''{name}"
        headers["content-security-policy"] = "sandbox; default-src 'none'"
    return headers


async def serve(
    storage: Storage,
    key: str,
    headers: Mapping[str, str],
    *,
    method: str = "GET",
    download_as: str | None = None,
) -> Served:
    """Answer a GET or HEAD for a file: whole (200), a range (206), unchanged (304), no such range (416).

    `headers` are the request's, with lower-case names. Raises `InvalidKey` and `Missing`.
    """
    meta = await storage.head(key)
    plan = ranges.plan(method, headers, size=meta.size, etag=meta.etag, last_modified=meta.last_modified)
    body = _nothing()
    if method == "GET" and plan.body is not None and len(plan.body):
        # The tag pins the version: a file replaced between the two calls must not go out with the old length.
        stop = plan.body.stop if plan.status == 206 else None
        body = await _started(storage.stream(key, plan.body.start, stop, etag=meta.etag))
    return Served(plan.status, response_headers(meta, plan, download_as=download_as), body)


async def media_response(
    request: Request[Any, Any, Any], storage: Storage, key: str, *, download_as: str | None = None
) -> Stream:
    """`serve` as a Litestar response. Raises `InvalidKey` and `Missing`."""
    # The command line stores files too, and does not wait for the web.
    from litestar.response import Stream

    served = await serve(storage, key, request.headers, method=request.method, download_as=download_as)
    return Stream(
        served.body,
        status_code=served.status,
        headers=served.headers,
        media_type=served.headers.get("content-type", "application/octet-stream"),
    )


async def _nothing() -> AsyncIterator[bytes]:
    return
    yield b""


async def _started(chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The same pieces, the first already read, so that a missing file is known before the status is sent."""
    first = await anext(chunks, b"")

    async def whole() -> AsyncIterator[bytes]:
        yield first
        async for chunk in chunks:
            yield chunk

    return whole()
