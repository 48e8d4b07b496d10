"""Media: what a lesson's video is made into, where it lies, and the links by which one person may fetch it."""

from __future__ import annotations

import math
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec

from collegium.features.media import captions, looking, transcode
from collegium.features.media.ffmpeg import MediaError, find_ffmpeg
from collegium.features.media.model import Cue
from collegium.kit import queries
from collegium.kit.db import SYSTEM
from collegium.kit.errors import NotFound
from collegium.kit.site import Site

__all__ = ["VideoLinks", "attach_captions", "folder", "link", "looking", "process_stored_video", "process_video",
           "video_links"]  # fmt: skip

Q = queries.load("collegium.features.media")
LINK_S = 6 * 3600


class VideoLinks(msgspec.Struct, frozen=True):
    """Addresses by which one person may fetch a video, for six hours."""

    playlist: str
    poster: str
    captions: list[dict[str, str]]


def folder(video: UUID) -> str:
    """Where everything that was made of a video lies."""
    return f"videos/{video}"


def link(site: Site, prefix: str, key: str, person: UUID | None) -> str:
    """An address for a stored file, good for six hours and for one person (None: a guest's preview).

    Call it only after the database let this person see the row that names the file.
    """
    # Rounded up to the hour, so that a page made twice gives the same address and the browser's cache serves.
    expires_at = (int(time.time()) + LINK_S) // 3600 * 3600 + 3600
    return f"/media/{site.media_signer.sign_prefix(prefix, person, expires_at)}/{key}"


def video_links(
    site: Site,
    video: UUID,
    playlist_key: str,
    poster_key: str | None,
    tracks: Sequence[dict[str, Any]],
    person: UUID | None,
) -> VideoLinks:
    """The links of one video for one person; see link()."""
    prefix = folder(video)
    return VideoLinks(
        playlist=link(site, prefix, playlist_key, person),
        poster=link(site, prefix, poster_key, person) if poster_key else "",
        captions=[
            {"src": link(site, prefix, track["key"], person), "lang": track["lang"], "label": track["label"]}
            for track in tracks
        ],
    )


async def process_video(site: Site, video: UUID, source: Path, progress: Callable[[float], None] | None = None) -> None:
    """Makes the HLS ladder of a file and stores it as a video's playlist and poster. ``progress`` is given 0 to 1.

    Raises MediaError in plain words, which is also kept with the video; what was there before stays usable.
    """
    async with site.db.transaction(SYSTEM) as tx:
        await tx.execute(Q.start_processing, video)
    try:
        ffmpeg = find_ffmpeg(site.settings.ffmpeg)
        with tempfile.TemporaryDirectory(prefix="collegium-media-") as scratch:
            out = Path(scratch) / "hls"
            made = await transcode.transcode_hls(source, out, progress=progress, ffmpeg=ffmpeg)
            for file in sorted(path for path in out.rglob("*") if path.is_file()):
                await site.storage.put(f"{folder(video)}/{file.relative_to(out).as_posix()}", file)
    except MediaError as error:
        async with site.db.transaction(SYSTEM) as tx:
            await tx.execute(Q.fail_processing, video, str(error))
        raise
    async with site.db.transaction(SYSTEM) as tx:
        await tx.execute(
            Q.finish_processing,
            video,
            f"{folder(video)}/{made.master}",
            f"{folder(video)}/{made.poster}",
            max(1, math.floor(made.duration_seconds)),
            msgspec.to_builtins(made.variants),
        )


async def process_stored_video(site: Site, video: UUID) -> None:
    """process_video() for a video whose original lies in storage; raises NotFound when there is none."""
    async with site.db.transaction(SYSTEM, read_only=True) as tx:
        key = await tx.fetchval(Q.video_source, video)
    if key is None:
        raise NotFound("This video has no stored original.")
    with tempfile.TemporaryDirectory(prefix="collegium-media-") as scratch:
        source = Path(scratch) / "source"
        with source.open("wb") as file:
            async for chunk in site.storage.stream(key):
                file.write(chunk)
        await process_video(site, video, source)


async def attach_captions(site: Site, video: UUID, cues: Sequence[Cue], lang: str, label: str) -> None:
    """Stores captions of one language; those of the first language also become the transcript."""
    key = f"{folder(video)}/captions-{lang}.vtt"
    await site.storage.put(key, captions.write_vtt(cues).encode())
    transcript = [msgspec.to_builtins(cue) for cue in captions.transcript(cues)]
    async with site.db.transaction(SYSTEM) as tx:
        await tx.execute(Q.put_captions, video, lang, key, label, transcript)
