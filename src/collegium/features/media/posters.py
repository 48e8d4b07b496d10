"""The picture that stands for a video: one of its own, or one that the instructor brings."""

from __future__ import annotations

import asyncio
import io
import re
import tempfile
from pathlib import Path
from uuid import UUID, uuid4

from PIL import Image, ImageOps, UnidentifiedImageError

from collegium.features.media.ffmpeg import FfmpegError, find_ffmpeg, run
from collegium.features.media.sources import LessonVideo, need_video
from collegium.features.media.store import Q
from collegium.kit.db import Transaction
from collegium.kit.errors import Invalid
from collegium.kit.site import Site
from collegium.kit.storage import Missing

LARGEST = 10 * 1000 * 1000  # bytes of a picture that is sent
_MOST_PIXELS = 40_000_000
_SIZE = (1280, 1280)
_NOT_A_PICTURE = "This file is not a picture that can be used. Choose a JPEG, PNG or WebP file of up to 10 MB."


async def from_second(site: Site, tx: Transaction, lesson_id: UUID, second: float) -> None:
    """Takes the picture that the video shows at a second. Raises Invalid and NotFound."""
    video = await need_video(tx, lesson_id)
    if video.playlist_key is None or video.duration is None or not 0 <= second <= video.duration + 1:
        raise Invalid("The video shows no picture at this time.", code="no_such_time")
    try:
        await _keep(site, tx, lesson_id, video, await _frame(site, video, second))
    except (Missing, FfmpegError):
        raise Invalid("The picture could not be taken from the video. Choose another one.", code="no_picture") from None


async def from_image(site: Site, tx: Transaction, lesson_id: UUID, data: bytes) -> None:
    """Takes a picture that was sent, made anew and no wider than 1280. Raises Invalid."""
    video = await need_video(tx, lesson_id)
    await _keep(site, tx, lesson_id, video, await asyncio.to_thread(made_anew, data))


def made_anew(data: bytes) -> bytes:
    """A picture as a JPEG of ours, upright and without what else the file held. Raises Invalid."""
    if not 0 < len(data) <= LARGEST:
        raise Invalid(_NOT_A_PICTURE, code="no_picture")
    try:
        with Image.open(io.BytesIO(data), formats=["JPEG", "PNG", "WEBP"]) as found:
            if found.width * found.height > _MOST_PIXELS:
                raise Invalid("This picture is too large. Make it smaller, to 1280 pixels or so.", code="no_picture")
            picture = ImageOps.exif_transpose(found).convert("RGBA")
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        raise Invalid(_NOT_A_PICTURE, code="no_picture") from None
    picture.thumbnail(_SIZE)
    made = Image.new("RGB", picture.size, "white")
    made.paste(picture, mask=picture.getchannel("A"))
    target = io.BytesIO()
    made.save(target, "JPEG", quality=85, optimize=True)
    return target.getvalue()


async def _keep(site: Site, tx: Transaction, lesson_id: UUID, video: LessonVideo, picture: bytes) -> None:
    key = f"videos/{video.id}/posters/{uuid4()}.jpg"
    await site.storage.put(key, picture)
    await tx.execute(Q.set_poster, lesson_id, key)


async def _frame(site: Site, video: LessonVideo, second: float) -> bytes:
    """The picture at a second, from the one segment of the best rendition that holds it."""
    base = (video.playlist_key or "").rpartition("/")[0]
    best = max(video.renditions, key=lambda one: one["width"] * one["height"])
    folder = f"{base}/{best['playlist'].rpartition('/')[0]}"
    playlist = (await site.storage.get(f"{base}/{best['playlist']}")).decode("ascii")
    begins, name = 0.0, ""
    for length, part in re.findall(r"#EXTINF:([0-9.]+),[^\n]*\n(\S+)", playlist):
        name, offset = part, max(0.0, second - begins)
        if second < begins + float(length):
            break
        begins += float(length)
    else:
        offset = 0.0  # past the last picture: the first of its segment
    with tempfile.TemporaryDirectory(prefix="collegium-media-") as scratch:
        here = Path(scratch)
        pieces = [await site.storage.get(f"{folder}/{piece}") for piece in ("init.mp4", name)]
        await asyncio.to_thread((here / "part.mp4").write_bytes, b"".join(pieces))
        picture = ["-frames:v", "1", "-c:v", "mjpeg", "-q:v", "4", "-map_metadata", "-1", "-f", "mjpeg", "poster.jpg"]
        # Times of a segment go on from the film's; ffmpeg counts them from the segment's own first picture.
        await run(
            ["-i", "part.mp4", "-vf", f"trim=start={max(0.0, offset - 0.001):.3f},setpts=PTS-STARTPTS", *picture],
            folder=here, time_limit=20, ffmpeg=find_ffmpeg(site.settings.ffmpeg),
        )  # fmt: skip
        made = here / "poster.jpg"
        if not made.exists() or not made.stat().st_size:
            raise FfmpegError("there is no picture at this time")
        return await asyncio.to_thread(made.read_bytes)
