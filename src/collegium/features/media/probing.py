"""Looking into a file from a stranger: what it really holds, whatever its header says."""

from __future__ import annotations

import re
from pathlib import Path

from collegium.features.media.ffmpeg import FfmpegError, NotAVideo, hostile_input, run
from collegium.features.media.model import Limits, MediaInfo

# What ffmpeg says, and what that means to the person who sent the file.
_REASONS = (
    (r"exceeds specified max pixel", "its picture is too large"),
    (r"matches no streams", "it has no picture, only sound or nothing at all"),
    (r"Format not on whitelist", "it is of another kind"),
    (r"not on whitelist", "its pictures are stored in a way that is not accepted"),
    (r"moov atom not found|ended prematurely|Invalid data found", "it is damaged, cut off or of another kind"),
)
_HDR = re.compile(r"Stream #0:\S+ Video: .*\b(?:smpte2084|arib-std-b67)\b")


class _Found:
    """What ffmpeg's `framecrc` output says of the streams that it was given, and when they begin and end."""

    def __init__(self) -> None:
        self.codecs: dict[int, str] = {}
        self.kinds: dict[int, str] = {}
        self.dimensions: tuple[int, int] | None = None
        self.packets: dict[int, int] = {}
        self._time_base: dict[int, float] = {}
        self._first: dict[int, float] = {}
        self._end: dict[int, float] = {}

    def line(self, line: str) -> None:
        if match := re.match(r"#(tb|media_type|codec_id|dimensions) (\d+): (.+)", line):
            self._header(match[1], int(match[2]), match[3].strip())
        elif fields := re.match(r"(\d+), *(-?\d+), *(-?\d+|NOPTS), *(\d+),", line):
            stream = int(fields[1])
            unit = self._time_base.get(stream, 0.0)
            start = int(fields[2] if fields[3] == "NOPTS" else fields[3]) * unit
            self.packets[stream] = self.packets.get(stream, 0) + 1
            self._first[stream] = min(start, self._first.get(stream, start))
            self._end[stream] = max(start + int(fields[4]) * unit, self._end.get(stream, 0.0))

    def _header(self, name: str, stream: int, value: str) -> None:
        if name == "tb":
            numerator, _, denominator = value.partition("/")
            self._time_base[stream] = int(numerator) / int(denominator)
        elif name == "media_type":
            self.kinds[stream] = value
        elif name == "codec_id":
            self.codecs[stream] = value
        else:
            width, _, height = value.partition("x")
            self.dimensions = (int(width), int(height))

    def seconds(self, stream: int) -> float:
        return max(0.0, self._end.get(stream, 0.0) - max(0.0, self._first.get(stream, 0.0)))


async def probe(path: Path, *, limits: Limits | None = None, ffmpeg: Path | None = None) -> MediaInfo:
    """What the file holds. Its first picture is decoded and all its packets are read, so a false header counts
    for nothing.

    Raises `NotAVideo` when there is no picture, it is too large or too long.
    """
    limits = limits or Limits()
    _check_size(path, limits)
    picture, packets = _Found(), _Found()
    said: list[str] = []
    upright = "scale=w='max(2,trunc(iw*sar/2)*2)':h='max(2,trunc(ih/2)*2)',setsar=1"
    source = hostile_input(path, limits.max_pixels)
    try:
        first = [
            "-v",
            "info",
            "-map",
            "0:V:0",
            "-frames:v",
            "1",
            "-vf",
            upright,
            "-c:v",
            "rawvideo",
            "-f",
            "framecrc",
            "-",
        ]
        await run(
            [*source, *first],
            folder=path.parent,
            time_limit=60,
            ffmpeg=ffmpeg,
            on_line=picture.line,
            on_said=said.append,
        )
        whole = ["-map", "0:V:0", "-map", "0:a:0?", "-c", "copy", "-f", "framecrc", "-"]
        await run([*source, *whole], folder=path.parent, time_limit=900, ffmpeg=ffmpeg, on_line=packets.line)
    except FfmpegError as error:
        raise NotAVideo(
            f"This file cannot be read as a video: {_reason(error)}. MP4, MOV, WebM, MKV, AVI, WMV and MPEG files "
            "are accepted."
        ) from error
    return _described(picture, packets, limits, hdr=any(_HDR.search(line) for line in said))


def _reason(error: FfmpegError) -> str:
    return next((words for pattern, words in _REASONS if re.search(pattern, error.said)), str(error))


def _check_size(path: Path, limits: Limits) -> None:
    size = path.stat().st_size if path.is_file() else 0
    if size == 0:
        raise NotAVideo("The file is empty.")
    if size > limits.max_bytes:
        raise NotAVideo(f"The file is larger than {limits.max_bytes / 1024**3:g} GB, the most that is accepted.")


def _described(picture: _Found, packets: _Found, limits: Limits, *, hdr: bool) -> MediaInfo:
    audio = 1 if packets.packets.get(1) and packets.kinds.get(1) == "audio" else None
    seconds = max(packets.seconds(0), packets.seconds(audio) if audio else 0.0)
    if picture.dimensions is None or not packets.packets.get(0) or seconds <= 0:
        raise NotAVideo("The file holds no moving picture.")
    width, height = picture.dimensions
    if width * height > limits.max_pixels:
        raise NotAVideo(f"The picture is too large ({width} × {height}).")
    if seconds > limits.max_seconds:
        most = f"{limits.max_seconds / 3600:g} hours"
        raise NotAVideo(f"The video is longer than {most}, the most that is accepted.")
    return MediaInfo(
        duration_seconds=round(seconds, 3),
        width=width,
        height=height,
        frame_rate=round(packets.packets[0] / max(packets.seconds(0), 0.001), 3),
        has_audio=audio is not None,
        video_codec=packets.codecs.get(0, "unknown"),
        audio_codec=packets.codecs.get(audio, "unknown") if audio else None,
        hdr=hdr,
    )
