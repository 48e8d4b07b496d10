"""Media: what a lesson's video is made into, where it lies, and the links by which one person may fetch it."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec

from collegium.features.media import captions, looking, providers
from collegium.features.media.ffmpeg import MediaError, find_ffmpeg
from collegium.features.media.model import Cue
from collegium.features.media.preparing import make_given as process_video
from collegium.features.media.sources import attach_provider, attach_upload, detach
from collegium.features.media.store import Q, captions_key, folder
from collegium.kit.db import SYSTEM
from collegium.kit.site import Site
from collegium.kit.storage import Missing

__all__ = [
    "MediaError",
    "VideoLinks",
    "attach_captions",
    "attach_provider",
    "attach_upload",
    "detach",
    "find_ffmpeg",
    "folder",
    "link",
    "looking",
    "process_video",
    "provider_name",
    "provider_sources",
    "storyboard",
    "video_links",
]

LINK_S = 6 * 3600


class VideoLinks(msgspec.Struct, frozen=True):
    """Addresses by which one person may fetch a video, for six hours."""

    playlist: str
    poster: str
    storyboard: str
    captions: list[dict[str, Any]]


def link(site: Site, key: str, person: UUID | None) -> str:
    """An address for a stored file and what lies beside it, good for six hours and for one person (None: a guest).

    Call it only after the database let this person see the row that names the file.
    """
    # Rounded up to the hour, so that a page made twice gives the same address and the browser's cache serves.
    expires_at = (int(time.time()) + LINK_S) // 3600 * 3600 + 3600
    return f"/media/{site.media_signer.sign_prefix(key.rpartition('/')[0], person, expires_at)}/{key}"


def video_links(
    site: Site,
    playlist_key: str | None,
    poster_key: str | None,
    storyboard_key: str | None,
    tracks: Sequence[dict[str, Any]],
    person: UUID | None,
) -> VideoLinks:
    """The links of one video for one person; see link(). The default captions come first."""

    def made(key: str | None) -> str:
        return link(site, key, person) if key else ""

    return VideoLinks(
        playlist=made(playlist_key),
        poster=made(poster_key),
        storyboard=made(storyboard_key),
        captions=[
            {
                "src": made(track["key"]),
                "lang": track["lang"],
                "label": track["label"],
                "default": track.get("default", False),
            }
            for track in sorted(tracks, key=lambda track: not track.get("default", False))
        ],
    )


def provider_name(provider: str) -> str:
    """What people call a provider."""
    return providers.PROVIDERS[provider].name


def provider_sources(provider: str) -> dict[str, str]:
    """The hosts that a page showing a provider's player must be allowed to ask, by directive of its policy."""
    return providers.sources(provider)


class Tile(msgspec.Struct, frozen=True):
    """One small picture of a storyboard: when it is seen, and where it stands on which sheet, in pixels."""

    second: float
    sheet: str
    x: int
    y: int
    width: int
    height: int


_TILE = re.compile(r"(\d+):(\d\d):(\d\d\.\d{3}) --> \S+\n(storyboard-\d+\.jpg)#xywh=(\d+),(\d+),(\d+),(\d+)")


async def storyboard(site: Site, key: str) -> list[Tile]:
    """The pictures of a storyboard in their order; none when its file is gone."""
    try:
        text = (await site.storage.get(key)).decode("ascii")
    except Missing:
        return []
    return [
        Tile(int(h) * 3600 + int(m) * 60 + float(s), sheet, int(x), int(y), int(w), int(height))
        for h, m, s, sheet, x, y, w, height in _TILE.findall(text)
    ]


async def attach_captions(site: Site, video: UUID, cues: Sequence[Cue], lang: str, label: str) -> None:
    """Stores captions of one language; those of the default language also become the transcript."""
    text = captions.write_vtt(cues).encode()
    key = captions_key(video, lang, text)
    await site.storage.put(key, text)
    transcript = [msgspec.to_builtins(cue) for cue in captions.transcript(cues)]
    async with site.db.transaction(SYSTEM) as tx:
        await tx.execute(Q.put_captions, video, lang, key, label, transcript)
