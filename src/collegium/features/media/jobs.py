"""Preparing videos in the background."""

from __future__ import annotations

from uuid import UUID

from collegium.features.media import service
from collegium.kit.jobs import job
from collegium.kit.site import Site


@job("media.transcode", attempts=2)
async def transcode_video(site: Site, video_id: str) -> None:
    """Makes the renditions of a video whose original was stored."""
    await service.process_stored_video(site, UUID(video_id))
