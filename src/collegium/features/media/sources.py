"""Putting a video to a lesson, taking it away, and how far the work on it is."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from collegium.features.media import providers
from collegium.features.media.store import Q
from collegium.kit.db import Transaction
from collegium.kit.errors import Forbidden, Invalid, NotFound
from collegium.kit.site import Site
from collegium.kit.storage import InvalidKey, Missing, check_key


class Run(msgspec.Struct, frozen=True):
    """A source of a video and the work on it."""

    id: UUID
    hosting_provider: str
    source_name: str
    external_url: str | None
    state: str
    step: str
    progress: list[dict[str, Any]]
    attempts: int
    error: str | None
    queued_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    behind: int

    @property
    def moving(self) -> bool:
        """Whether something happens by itself."""
        return self.external_url is None and self.state in ("waiting", "processing")

    @property
    def percent(self) -> int:
        """How much of all renditions is made, weighed by their pixels."""
        whole = sum(one["width"] * one["height"] for one in self.progress)
        done = sum(one["percent"] * one["width"] * one["height"] for one in self.progress)
        return done // whole if whole else 0


class LessonVideo(msgspec.Struct, frozen=True):
    """A lesson's video as those who teach it see it. `duration` is in whole seconds, None until it is known."""

    id: UUID
    hosting_provider: str
    external_url: str | None
    playlist_key: str | None
    poster_key: str | None
    storyboard_key: str | None
    duration: int | None
    captions: list[dict[str, Any]]
    transcript: list[dict[str, Any]]
    renditions: list[dict[str, Any]]
    loudness: dict[str, float] | None
    processing_state: str
    watched: bool
    shown: Run | None = None
    coming: Run | None = None

    @property
    def ready(self) -> bool:
        """Whether learners can see it."""
        return self.processing_state == "ready"

    @property
    def moving(self) -> bool:
        """Whether something happens by itself."""
        return self.coming is not None and self.coming.moving


async def attach_upload(site: Site, tx: Transaction, lesson_id: UUID, file_id: UUID) -> UUID:
    """Puts a file of the media library to a lesson and queues the work; the video. Learners see it when it is ready.

    Raises NotFound, Conflict or Invalid in words.
    """
    del site
    return await tx.fetchval(Q.attach_file, lesson_id, file_id)


async def attach_provider(tx: Transaction, lesson_id: UUID, url: str) -> UUID:
    """Puts a video of YouTube, Vimeo or Wistia to a lesson; the video. Learners see it once its length is known."""
    address = providers.read_address(url)
    return await tx.fetchval(Q.attach_address, lesson_id, address.provider, address.url)


async def attach_key(site: Site, tx: Transaction, lesson_id: UUID, provider: str, key: str) -> UUID:
    """Puts a file that lies in the storage already to a lesson. For administrators, below the configured prefix."""
    wanted = key.strip().removeprefix("/")
    if not key_allowed(site, wanted):
        raise Forbidden(
            "Only files below the folder that the site's settings name can be taken from the storage.",
            code="key_outside",
        )
    try:
        await site.storage.head(wanted)
    except (Missing, InvalidKey):
        raise Invalid("There is no file with this key in the storage.", code="no_such_key") from None
    return await tx.fetchval(Q.attach_key, lesson_id, provider, wanted)


def key_allowed(site: Site, key: str) -> bool:
    """Whether a key lies below the prefix from which videos may be taken. Without the setting none does."""
    prefix = (site.settings.video_prefix or "").strip("/")
    try:
        return prefix != "" and check_key(key).startswith(f"{prefix}/")
    except InvalidKey:
        return False


async def set_length(tx: Transaction, lesson_id: UUID, text: str) -> None:
    """How long a provider's video is, written as seconds, `12:34` or `1:02:03`. Raises Invalid, Conflict."""
    await tx.execute(Q.set_length, lesson_id, read_length(text))


def read_length(text: str) -> int:
    """Whole seconds of `754`, `12:34` or `1:02:03`; raises Invalid."""
    parts = text.strip().split(":")
    fits = 1 <= len(parts) <= 3 and all(part.isascii() and part.isdigit() and len(part) <= 5 for part in parts)
    if not fits or any(int(part) > 59 for part in parts[1:]):
        raise Invalid("Give the length as minutes and seconds, such as 12:34.", code="no_such_length")
    seconds = 0
    for part in parts:
        seconds = seconds * 60 + int(part)
    return seconds


async def retry(tx: Transaction, lesson_id: UUID) -> None:
    """Prepares a video again whose work failed. Raises Conflict when there is nothing to try."""
    await tx.execute(Q.retry, lesson_id)


async def stop(tx: Transaction, lesson_id: UUID) -> None:
    """Gives up the work on what was to replace a video; learners keep what they see."""
    await tx.execute(Q.stop, lesson_id)


async def detach(tx: Transaction, lesson_id: UUID) -> None:
    """Takes the video from a lesson and ends the work on it. Raises NotFound, and Conflict when learners watched it."""
    await tx.execute(Q.detach, lesson_id)


async def lesson_video(tx: Transaction, lesson_id: UUID) -> LessonVideo | None:
    """A lesson's video with what is shown and what is on its way, for those who teach it; None when it has none."""
    video = await tx.maybe(LessonVideo, Q.lesson_video, lesson_id)
    if video is None:
        return None
    runs = await tx.all(Run, Q.runs_of, video.id)
    return msgspec.structs.replace(
        video,
        shown=next((run for run in runs if run.state == "ready"), None),
        coming=next((run for run in runs if run.state != "ready"), None),
    )


async def need_video(tx: Transaction, lesson_id: UUID) -> LessonVideo:
    """lesson_video(), which must be there; raises NotFound."""
    video = await lesson_video(tx, lesson_id)
    if video is None:
        raise NotFound("This lesson has no video.")
    return video
