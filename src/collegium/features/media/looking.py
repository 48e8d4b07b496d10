"""A look at a film or a sound that somebody sent: how long it is, how large, and one picture of it."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

from collegium.features.media import captions
from collegium.features.media.ffmpeg import (
    FfmpegError,
    FfmpegMissing,
    MediaError,
    NotAVideo,
    find_ffmpeg,
    hostile_input,
    run,
)
from collegium.features.media.model import Limits
from collegium.features.media.transcode import probe

__all__ = ["FfmpegMissing", "MediaError", "captions", "find_ffmpeg", "probe", "sound_seconds", "still"]

_TIME = re.compile(r"out_time_us=(\d+)")


async def still(path: Path, out: Path, at: float, *, ffmpeg: Path | None = None) -> bool:
    """Writes one small picture of a film, `at` seconds into it; False when none can be had."""
    take = ["-map", "0:V:0", "-frames:v", "1", "-vf", "scale=480:-2", "-q:v", "4", "-f", "mjpeg", str(out)]
    source = hostile_input(path, Limits().max_pixels)
    try:
        await run(["-ss", f"{at:.3f}", *source, *take], folder=out.parent, time_limit=60, ffmpeg=ffmpeg)
    except FfmpegError:
        return False
    return await asyncio.to_thread(lambda: out.is_file() and out.stat().st_size > 0)


async def sound_seconds(path: Path, *, ffmpeg: Path | None = None) -> float:
    """The length of a sound, which is decoded whole to know it. Raises `NotAVideo` when it holds no sound."""
    lengths: list[float] = []

    def take(line: str) -> None:
        if match := _TIME.match(line):
            lengths.append(int(match[1]) / 1e6)

    listen = ["-map", "0:a:0", "-vn", "-progress", "-", "-f", "null", "/dev/null"]
    source = hostile_input(path, Limits().max_pixels)
    try:
        await run([*_sounds(source), *listen], folder=path.parent, time_limit=300, ffmpeg=ffmpeg, on_line=take)
    except FfmpegError as error:
        raise NotAVideo("This file cannot be read as a sound: it is damaged, cut off or of another kind.") from error
    if not lengths or lengths[-1] <= 0:
        raise NotAVideo("The file holds no sound.")
    return round(lengths[-1], 3)


def _sounds(arguments: list[str]) -> list[str]:
    """The same limits for input, with the containers of sounds beside those of films."""
    return [
        f"{value},mp3,wav,flac,aac" if before == "-format_whitelist" else value
        for before, value in zip(["", *arguments], arguments, strict=False)
    ]
