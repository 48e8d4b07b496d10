"""Finding ffmpeg and running it on files from strangers: no network, few formats, bounded time, no orphans."""

from __future__ import annotations

import asyncio
import functools
import importlib
import os
import re
import shutil
import signal
import subprocess
import sys
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path

from collegium.kit.errors import Failure

# Containers and decoders that cameras, screen recorders and editors make. Playlists and scripts (hls, concat,
# dash, image sequences, …), which can name other files, are not among them.
FORMATS = "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts,mpeg,ogg,asf"
DECODERS = (
    "h264,hevc,vp8,vp9,libvpx-vp8,libvpx-vp9,av1,libdav1d,libaom-av1,mpeg4,msmpeg4,msmpeg4v2,mpeg2video,"
    "mpeg1video,h263,mjpeg,prores,dnxhd,wmv1,wmv2,wmv3,vc1,theora,rawvideo,qtrle,"
    "aac,aac_latm,mp3,mp3float,mp2,mp2float,opus,libopus,vorbis,flac,alac,ac3,eac3,amrnb,wmav1,wmav2,wmapro,"
    "pcm_u8,pcm_s16le,pcm_s16be,pcm_s24le,pcm_s24be,pcm_s32le,pcm_f32le,pcm_alaw,pcm_mulaw,adpcm_ms,adpcm_ima_wav"
)
_LARGEST_BLOCK = 1024**3  # bytes that one allocation may take
_LARGEST_FILE = 4 * 1024**3  # bytes of one file that ffmpeg writes
_TAIL = 40  # lines of its messages kept for the error


class MediaError(Failure):
    """Media could not be handled. The text is for the person who sent it: what is wrong and what to do."""


class FfmpegMissing(MediaError):
    """This machine has no ffmpeg that can be used."""


class NotAVideo(MediaError):
    """The file is no video, or none that can be played."""


class TranscodeFailed(MediaError):
    """Work on a video began and did not end well."""


class FfmpegError(Exception):
    """ffmpeg ended with an error. The text is the last line of what it said, `said` is all that was kept."""

    def __init__(self, text: str, said: str = "") -> None:
        super().__init__(text)
        self.said = said


class TimeRanOut(FfmpegError):
    """ffmpeg was stopped because it took longer than allowed."""


@functools.lru_cache
def find_ffmpeg(configured: str | None = None) -> Path:
    """The ffmpeg to use: `configured` (the setting), else `COLLEGIUM_FFMPEG`, the system's, or the one that
    the optional part `media` brings. It must be able to write H.264 and AAC. Raises `FfmpegMissing`.
    """
    chosen = configured or os.environ.get("COLLEGIUM_FFMPEG")
    if chosen:
        path = shutil.which(chosen)
        if path is None or not _can_encode(path):
            raise FfmpegMissing(
                f"COLLEGIUM_FFMPEG names {chosen}, which is not an ffmpeg that can write H.264 and AAC."
            )
        return Path(path).absolute()
    for path in (shutil.which("ffmpeg"), _packaged()):
        if path is not None and _can_encode(path):
            return Path(path).absolute()
    raise FfmpegMissing(
        "Videos cannot be prepared here, because there is no ffmpeg with H.264 (libx264) and AAC. Install ffmpeg "
        "from your system's packages or install collegium[media]; or set COLLEGIUM_FFMPEG to the program's path."
    )


def _packaged() -> str | None:
    try:
        return importlib.import_module("imageio_ffmpeg").get_ffmpeg_exe()
    except (ImportError, RuntimeError):
        return None


def _can_encode(path: str) -> bool:
    try:
        listed = subprocess.run(
            [path, "-hide_banner", "-encoders"], capture_output=True, text=True, timeout=30, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return all(re.search(rf"\b{name}\b", listed.stdout) for name in ("libx264", "aac"))


@functools.lru_cache
def has_filter(ffmpeg: Path, name: str) -> bool:
    """Whether this ffmpeg knows a filter."""
    listed = subprocess.run(
        [ffmpeg, "-hide_banner", "-filters"], capture_output=True, text=True, timeout=30, check=False
    )
    return re.search(rf"^ \S+ {re.escape(name)} ", listed.stdout, re.MULTILINE) is not None


def hostile_input(path: Path, max_pixels: int) -> list[str]:
    """Arguments that open a file nobody has vouched for. Its name's ending plays no part in how it is read."""
    return [
        "-protocol_whitelist", "file,pipe",
        "-format_whitelist", FORMATS,
        "-codec_whitelist", DECODERS,
        "-max_pixels", str(max_pixels),
        "-i", f"file:{path.absolute()}",
    ]  # fmt: skip


async def run(
    arguments: Sequence[str],
    *,
    folder: Path,
    time_limit: float,
    ffmpeg: Path | None = None,
    on_line: Callable[[str], None] | None = None,
    on_said: Callable[[str], None] | None = None,
    feed: AsyncIterator[bytes] | None = None,
    niceness: int = 10,
) -> None:
    """Run ffmpeg in `folder` for at most `time_limit` seconds, giving each line of its output to `on_line`, each
    message to `on_said`, and the pieces of `feed` to its input.

    However this ends (return, error, cancellation), the process is gone. Raises `FfmpegError`, `TimeRanOut`.
    """
    process = await asyncio.create_subprocess_exec(
        ffmpeg or find_ffmpeg(),
        "-hide_banner", "-v", "error", "-y", "-max_alloc", str(_LARGEST_BLOCK),
        *([] if feed else ["-nostdin"]),
        *arguments,
        cwd=folder,
        env={"PATH": os.environ.get("PATH", ""), "HOME": str(folder), "LC_ALL": "C"},
        stdin=asyncio.subprocess.PIPE if feed else asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        start_new_session=True,
    )  # fmt: skip
    said: deque[str] = deque(maxlen=_TAIL)

    def message(line: str) -> None:
        said.append(line)
        if on_said:
            on_said(line)

    try:
        _restrain(process.pid, time_limit, niceness)
        async with asyncio.timeout(time_limit):
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(_lines(process.stdout, on_line or _ignore))
                tasks.create_task(_lines(process.stderr, message))
                if feed:
                    tasks.create_task(_feed(process, feed))
            await process.wait()
    except TimeoutError:
        raise TimeRanOut(f"it took longer than {time_limit:.0f} seconds") from None
    except ExceptionGroup as group:
        raise group.exceptions[0] from None
    finally:
        if process.returncode is None:
            _kill(process.pid)
            await asyncio.shield(process.wait())
    if process.returncode != 0:
        text = last_line(said, folder) or f"ffmpeg ended with code {process.returncode}"
        raise FfmpegError(text, "\n".join(said))


async def _lines(stream: asyncio.StreamReader | None, take: Callable[[str], None]) -> None:
    if stream is None:
        return
    rest = b""
    while piece := await stream.read(1 << 16):
        *whole, rest = (rest + piece).split(b"\n")
        for line in whole:
            take(line.decode("utf-8", "replace"))
        rest = rest[-(1 << 16) :]
    if rest:
        take(rest.decode("utf-8", "replace"))


async def _feed(process: asyncio.subprocess.Process, pieces: AsyncIterator[bytes]) -> None:
    sink = process.stdin
    if sink is None:
        return
    try:
        async for piece in pieces:
            sink.write(piece)
            await sink.drain()
        sink.close()
        await sink.wait_closed()
    except (BrokenPipeError, ConnectionResetError):
        return  # it ended early; its own message says why


def _ignore(line: str) -> None:
    del line


def _restrain(pid: int, time_limit: float, niceness: int) -> None:
    """Limits that hold even if this process is killed: CPU time, size of a file, and a low priority."""
    try:
        # Only root may go below the niceness that was inherited.
        os.setpriority(os.PRIO_PROCESS, pid, max(niceness, os.getpriority(os.PRIO_PROCESS, 0)))
        if sys.platform == "linux":
            import resource

            seconds = int(time_limit * (os.cpu_count() or 1)) + 1
            resource.prlimit(pid, resource.RLIMIT_CPU, (seconds, seconds + 5))
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (_LARGEST_FILE, _LARGEST_FILE))
            resource.prlimit(pid, resource.RLIMIT_CORE, (0, 0))
    except ProcessLookupError:
        return  # it has ended already


def _kill(pid: int) -> None:
    try:
        os.killpg(pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def last_line(said: Sequence[str], folder: Path) -> str:
    """The last line that says something, without addresses in memory or the paths of this machine."""
    for line in reversed(said):
        text = re.sub(r"^(?:\[[^\]]*\] ?)+", "", line).strip()
        text = re.sub(r"(?:file:)?…?/[^\s:'\"]+", "…", text.replace(str(folder), "…"))
        if text and not text.startswith("Last message repeated"):
            return "".join(c for c in text if c.isprintable())[:300].rstrip(".")
    return ""
