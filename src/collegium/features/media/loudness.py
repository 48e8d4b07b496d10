"""Sound at one loudness (EBU R128): measured once over the whole, then moved by one gain from start to end."""

from __future__ import annotations

import math
from pathlib import Path

from collegium.features.media.ffmpeg import hostile_input, run
from collegium.features.media.model import Limits, Loudness, MediaInfo

TARGET = -16.0
"""LUFS. Speech at this level is heard on a telephone's speaker and does not startle on headphones."""
_CEILING = -1.5  # dBTP; what is louder is caught by the limiter, for coding adds a little
_MOST = 20.0  # dB; more would only raise the noise of the room
_SILENCE = -70.0  # LUFS; below the gate nothing was heard
# The sound as it is encoded, so that what is measured is what is heard: two channels, whatever the source has.
_STEREO = "aresample=48000,aformat=channel_layouts=stereo"


async def measure(source: Path, info: MediaInfo, limits: Limits, ffmpeg: Path) -> Loudness | None:
    """How loud the first sound of a file is and the gain that brings it to `TARGET`; None without sound.

    Raises FfmpegError.
    """
    if not info.has_audio:
        return None
    last: dict[str, float] = {}
    peak = 0.0

    def line(text: str) -> None:
        nonlocal peak
        name, separator, value = text.partition("=")
        if separator and name.startswith("lavfi.r128."):
            if name.endswith("true_peak"):
                peak = max(peak, _number(value, 0.0))  # a factor, not decibels
            elif name.endswith(".I"):
                last["I"] = _number(value, _SILENCE)

    chain = f"{_STEREO},ebur128=metadata=1:peak=true:framelog=quiet,ametadata=mode=print:file=-"
    await run(
        [*hostile_input(source, limits.max_pixels), "-map", "0:a:0", "-af", chain, "-f", "null", "-"],
        folder=source.parent,
        time_limit=max(limits.time_floor_seconds, info.duration_seconds),
        ffmpeg=ffmpeg,
        on_line=line,
    )
    measured = last.get("I", _SILENCE)
    decibels = 20 * math.log10(peak) if peak > 0 else _SILENCE
    gain = min(TARGET - measured, _MOST) if measured > _SILENCE else 0.0
    return Loudness(round(measured, 2), round(decibels, 2), round(gain, 2), TARGET)


def filters(loud: Loudness | None) -> str:
    """The filters that bring sound to the target. The limiter is there only when a peak would pass the ceiling."""
    steps = [_STEREO]
    if loud and abs(loud.gain) >= 0.1:
        steps.append(f"volume={loud.gain:.2f}dB")
    if loud and loud.peak + loud.gain > _CEILING:
        steps.append(f"alimiter=limit={10 ** (_CEILING / 20):.4f}:level=disabled:attack=5:release=80:latency=1")
    return ",".join(steps)


def _number(text: str, otherwise: float) -> float:
    try:
        found = float(text)
    except ValueError:
        return otherwise
    return found if math.isfinite(found) else otherwise
