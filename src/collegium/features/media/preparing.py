"""The work on one run: fetch the source, make everything of it, store it, and only then show it to learners."""

from __future__ import annotations

import asyncio
import contextlib
import math
import shutil
import tempfile
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
import structlog

from collegium.features.media import transcode
from collegium.features.media.ffmpeg import FfmpegMissing, MediaError, NotAVideo, TranscodeFailed, find_ffmpeg
from collegium.features.media.model import Progress, Renditions
from collegium.features.media.sources import key_allowed
from collegium.features.media.store import Q, files_below, run_folder
from collegium.kit.db import SYSTEM
from collegium.kit.site import Site
from collegium.kit.storage import InvalidKey, Missing

AT_ONCE = 1
"""Videos that are prepared at the same time on all machines of a site together; one keeps several cores busy."""
TRIES = 2
_BEAT = 1.0  # seconds between two notes of how far the work is
_SPARE = 512 * 1024**2  # bytes that stay free on the disk
_UNEXPECTED = "Something went wrong on the server while the video was being prepared. The file itself is kept."

log = structlog.get_logger("collegium.media")


class GivenUp(Exception):
    """Nobody wants this run any more: the lesson or the video was removed, or another file was chosen."""


class Source(msgspec.Struct, frozen=True):
    """A run that is to be worked on."""

    id: UUID
    video_id: UUID
    hosting_provider: str
    source_key: str
    attempts: int


async def prepare(site: Site, run: UUID) -> None:
    """Works on a run that waits. What learners see changes when all is made.

    A file that is no video fails for good; anything else is tried once more before it does, and raised.
    """
    async with site.db.transaction(SYSTEM) as tx:
        found = await tx.fetchval(Q.start_run, run, AT_ONCE)
    if found is None:
        return  # given up meanwhile, or others are at work, who look for what waits when they end
    source = msgspec.convert(found, Source)
    try:
        await _attempt(site, source)
    finally:
        async with site.db.transaction(SYSTEM) as tx:
            await tx.execute(Q.queue_forgotten)


async def _attempt(site: Site, source: Source) -> None:
    try:
        async with _fetched(site, source) as path:
            await make(site, source.id, source.video_id, path)
    except GivenUp:
        log.info("video_given_up", run=str(source.id))
    except (NotAVideo, FfmpegMissing) as error:
        await _end(site, source.id, str(error), again=False)
    except Exception as error:
        words = str(error) if isinstance(error, MediaError) else _UNEXPECTED
        again = source.attempts < TRIES
        await _end(site, source.id, words, again=again)
        if again or not isinstance(error, MediaError):
            raise


async def _end(site: Site, run: UUID, words: str, *, again: bool) -> None:
    async with site.db.transaction(SYSTEM) as tx:
        await tx.execute(Q.end_run, run, words, again)


async def make_given(site: Site, video: UUID, path: Path, progress: Callable[[float], None] | None = None) -> None:
    """Prepares a file that lies here at once, for callers that wait. Raises MediaError, also kept with the video."""
    async with site.db.transaction(SYSTEM) as tx:
        run = await tx.fetchval(Q.begin_given, video, path.name[:255])
    try:
        await make(site, run, video, path, progress)
    except MediaError as error:
        await _end(site, run, str(error), again=False)
        raise


async def make(site: Site, run: UUID, video: UUID, path: Path, progress: Callable[[float], None] | None = None) -> None:
    """Makes and stores everything of a source and shows it. Raises MediaError, and GivenUp when it is not wanted."""
    latest = Progress("checking")

    def report(now: Progress) -> None:
        nonlocal latest
        latest = now
        if progress:
            progress(now.share)

    async def work() -> Renditions:
        ffmpeg = find_ffmpeg(site.settings.ffmpeg)
        with tempfile.TemporaryDirectory(prefix="collegium-media-") as scratch:
            out = Path(scratch) / "hls"
            made = await transcode.transcode_hls(path, out, progress=report, ffmpeg=ffmpeg)
            report(Progress("storing", 0.98, latest.renditions))
            await _store(site, run_folder(video, run), out)
            return made

    shown = False
    try:
        made = await _watched(site, run, work(), lambda: latest)
        shown = await _show(site, run, video, made)
        if not shown:
            raise GivenUp
    finally:
        if not shown:
            # Nobody has a link to it yet.
            await asyncio.shield(site.storage.delete(run_folder(video, run)))
    if progress:
        progress(1.0)


async def _store(site: Site, folder: str, out: Path) -> None:
    for file in await asyncio.to_thread(files_below, out):
        await site.storage.put(f"{folder}/{file.relative_to(out).as_posix()}", file)


async def _show(site: Site, run: UUID, video: UUID, made: Renditions) -> bool:
    folder = run_folder(video, run)
    async with site.db.transaction(SYSTEM) as tx:
        return await tx.fetchval(
            Q.promote_run,
            run,
            max(1, math.floor(made.duration_seconds)),
            f"{folder}/{made.master}",
            f"{folder}/{made.poster}",
            f"{folder}/{made.storyboard}" if made.storyboard else None,
            msgspec.to_builtins(made.variants),
            msgspec.to_builtins(made.loudness) if made.loudness else None,
        )


async def _watched(
    site: Site, run: UUID, work: Coroutine[Any, Any, Renditions], latest: Callable[[], Progress]
) -> Renditions:
    """Does the work, notes every second how far it is, and ends it when it is not wanted any more."""
    task = asyncio.create_task(work)
    try:
        while True:
            done, _ = await asyncio.wait({task}, timeout=_BEAT)
            if done:
                return task.result()
            now = latest()
            async with site.db.transaction(SYSTEM) as tx:
                wanted = await tx.fetchval(Q.note_run, run, now.step, msgspec.to_builtins(now.renditions))
            if wanted is None:
                raise GivenUp
    finally:
        if not task.done():
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError, MediaError):
                await task


@asynccontextmanager
async def _fetched(site: Site, source: Source) -> AsyncGenerator[Path]:
    """The source as a file of this machine: where it lies, or a copy that is removed afterwards."""
    if source.hosting_provider != "upload" and not key_allowed(site, source.source_key):
        raise NotAVideo("This file lies outside of the folder from which videos may be taken. Upload it instead.")
    try:
        meta = await site.storage.head(source.source_key)
    except (Missing, InvalidKey):
        raise NotAVideo("The file is not there any more. Upload it again.") from None
    with tempfile.TemporaryDirectory(prefix="collegium-media-") as scratch:
        here = site.storage.local_path(source.source_key)
        needed = _SPARE + meta.size * (1 if here else 2)
        if shutil.disk_usage(scratch).free < needed:
            raise TranscodeFailed("The server has too little free space for this video. Tell the association's office.")
        if here:
            yield here
            return
        path = Path(scratch) / "source"
        with path.open("wb") as file:
            async for chunk in site.storage.stream(source.source_key):
                file.write(chunk)
        yield path
