"""From one uploaded video to what a player streams: an HLS ladder (RFC 8216), a poster and a thumbnail."""

from __future__ import annotations

import asyncio
import re
import shutil
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from collegium.features.media.ffmpeg import (
    FfmpegError,
    FfmpegMissing,
    MediaError,
    NotAVideo,
    TimeRanOut,
    TranscodeFailed,
    find_ffmpeg,
    hostile_input,
    run,
)
from collegium.features.media.model import LADDER, Limits, MediaInfo, Renditions, Rung, Variant

__all__ = [
    "FfmpegMissing",
    "MediaError",
    "NotAVideo",
    "TranscodeFailed",
    "find_ffmpeg",
    "probe",
    "transcode_hls",
]

SEGMENT_SECONDS = 4
MASTER, POSTER, THUMBNAIL = "master.m3u8", "poster.jpg", "thumbnail.jpg"
_RATES = (10.0, 12.0, 15.0, 24000 / 1001, 24.0, 25.0, 30000 / 1001, 30.0, 48.0, 50.0, 60000 / 1001, 60.0)
# What ffmpeg says, and what that means to the person who sent the file.
_REASONS = (
    (r"exceeds specified max pixel", "its picture is too large"),
    (r"matches no streams", "it has no picture"),
    (r"Format not on whitelist", "it is of another kind"),
    (r"not on whitelist", "its pictures are stored in a way that is not accepted"),
    (r"moov atom not found|ended prematurely|Invalid data found", "it is damaged, cut off or of another kind"),
)
_THREADS = "2"  # for each decoder and encoder: a site's pages must stay quick while videos are made

Progress = Callable[[float], None]


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
    upright = "scale=w='max(2,trunc(iw*sar/2)*2)':h='max(2,trunc(ih/2)*2)',setsar=1"
    source = hostile_input(path, limits.max_pixels)
    try:
        first = ["-map", "0:V:0", "-frames:v", "1", "-vf", upright, "-c:v", "rawvideo", "-f", "framecrc", "-"]
        await run([*source, *first], folder=path.parent, time_limit=60, ffmpeg=ffmpeg, on_line=picture.line)
        whole = ["-map", "0:V:0", "-map", "0:a:0?", "-c", "copy", "-f", "framecrc", "-"]
        await run([*source, *whole], folder=path.parent, time_limit=900, ffmpeg=ffmpeg, on_line=packets.line)
    except FfmpegError as error:
        raise NotAVideo(
            f"This file cannot be read as a video: {_reason(error)}. MP4, MOV, WebM, MKV, AVI, WMV and MPEG files "
            "are accepted."
        ) from error
    return _described(picture, packets, limits)


def _reason(error: FfmpegError) -> str:
    return next((words for pattern, words in _REASONS if re.search(pattern, error.said)), str(error))


def _check_size(path: Path, limits: Limits) -> None:
    size = path.stat().st_size if path.is_file() else 0
    if size == 0:
        raise NotAVideo("The file is empty.")
    if size > limits.max_bytes:
        raise NotAVideo(f"The file is larger than {limits.max_bytes / 1024**3:g} GB, the most that is accepted.")


def _described(picture: _Found, packets: _Found, limits: Limits) -> MediaInfo:
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
    )


async def transcode_hls(
    src: Path,
    out_dir: Path,
    *,
    ladder: Sequence[Rung] = LADDER,
    progress: Progress | None = None,
    limits: Limits | None = None,
    preset: str = "veryfast",
    ffmpeg: Path | None = None,
) -> Renditions:
    """Make the ladder, poster and thumbnail of `src` in `out_dir`, which appears whole or not at all.

    Rungs above the source are left out; a source below the lowest rung is kept at its size. One run of ffmpeg
    reads the source once. Every rung is cut at the same places, about every four seconds, so that a player can
    change between them. Names, places and other metadata of the source are not passed on. `progress` is given
    0 to 1.

    Raises `NotAVideo`, `TranscodeFailed`, `FfmpegMissing`; `FileExistsError` when `out_dir` is there already.
    """
    limits = limits or Limits()
    report = progress or _ignore
    report(0.0)
    info = await probe(src, limits=limits, ffmpeg=ffmpeg)
    job = _Job(src, info, limits, preset, ffmpeg)
    work = _folder_beside(out_dir)
    try:
        targets = plan(info, ladder)
        await _encode(job, work, targets, lambda share: report(0.97 * share))
        await _still(job, work)
        made = await asyncio.to_thread(_finish, work, targets, out_dir)
    except TimeRanOut as error:
        raise TranscodeFailed(f"Preparing the video was stopped: {error}. The file itself is kept.") from error
    except FfmpegError as error:
        raise TranscodeFailed(f"The video could not be prepared: {error}. The file itself is kept.") from error
    finally:
        shutil.rmtree(work, ignore_errors=True)
    report(1.0)
    return made


def _ignore(share: float) -> None:
    del share


def _folder_beside(out_dir: Path) -> Path:
    """A new folder next to `out_dir`, so that moving it there is one step."""
    if out_dir.exists():
        raise FileExistsError(out_dir)
    out_dir.parent.mkdir(parents=True, exist_ok=True)
    return Path(tempfile.mkdtemp(prefix=f".{out_dir.name}.", dir=out_dir.parent))


def _finish(work: Path, targets: list[Target], out_dir: Path) -> Renditions:
    made = _renditions(work, targets)
    work.rename(out_dir)
    return made


class _Job(NamedTuple):
    source: Path
    info: MediaInfo
    limits: Limits
    preset: str
    ffmpeg: Path | None

    @property
    def time_limit(self) -> float:
        """Seconds of wall time that making the renditions may take."""
        wanted = max(self.limits.time_floor_seconds, self.limits.time_factor * self.info.duration_seconds)
        return min(self.limits.time_ceiling_seconds, wanted)


class Target(NamedTuple):
    """One rendition to make: its rung, size in pixels (even) and pictures a second."""

    rung: Rung
    name: str
    width: int
    height: int
    frame_rate: float


def plan(info: MediaInfo, ladder: Sequence[Rung]) -> list[Target]:
    """The rungs that a source can fill, largest first; at least one. A rung's size is the shorter side, so an
    upright video is as sharp as one that lies."""
    side = min(info.width, info.height)
    # A few lines cut from 1080 must not cost a whole rung.
    rungs = sorted((r for r in ladder if r.side <= side * 1.03), key=lambda r: -r.side)
    if not rungs:
        lowest = min(ladder, key=lambda r: r.side)
        rungs = [Rung(side, lowest.video_kbps, lowest.audio_kbps)]
    rate = next((r for r in _RATES if info.frame_rate <= r * 1.01), _RATES[-1])
    targets: list[Target] = []
    for rung in rungs:
        factor = min(1.0, rung.side / side)
        width, height = (max(2, round(edge * factor / 2) * 2) for edge in (info.width, info.height))
        targets.append(Target(rung, f"{rung.side}p", width, height, rate))
    return targets


async def _encode(job: _Job, work: Path, targets: list[Target], report: Progress) -> None:
    def line(text: str) -> None:
        name, _, value = text.partition("=")
        if name == "out_time_us" and value.isdigit():
            report(min(1.0, int(value) / 1e6 / job.info.duration_seconds))

    labels = "".join(f"[s{i}]" for i in range(len(targets)))
    # Only pictures marked as interlaced are touched by yadif; a steady rate makes every rung's cuts coincide.
    graph = [f"[0:V:0]yadif=deint=interlaced,fps={targets[0].frame_rate:.6f},split={len(targets)}{labels}"]
    outputs: list[str] = []
    for i, target in enumerate(targets):
        (work / target.name).mkdir()
        graph.append(f"[s{i}]scale={target.width}:{target.height}:flags=bicubic,setsar=1,format=yuv420p[v{i}]")
        outputs += _output(target, f"[v{i}]", job)
    await run(
        ["-progress", "pipe:1", "-threads", _THREADS, *hostile_input(job.source, job.limits.max_pixels),
         "-filter_complex_threads", _THREADS, "-filter_complex", ";".join(graph), *outputs],
        folder=work, time_limit=job.time_limit, ffmpeg=job.ffmpeg, on_line=line,
    )  # fmt: skip


def _output(target: Target, label: str, job: _Job) -> list[str]:
    rung = target.rung
    group = round(target.frame_rate * SEGMENT_SECONDS)
    sound = [
        "-map", "0:a:0", "-c:a", "aac", "-b:a", f"{rung.audio_kbps}k", "-ac", "2", "-ar", "48000",
        "-af", "aresample=async=1:first_pts=0",
    ]  # fmt: skip
    return [
        "-map", label, *(sound if job.info.has_audio else []),
        "-map_metadata", "-1", "-map_chapters", "-1",
        "-c:v", "libx264", "-preset", job.preset, "-profile:v", "high", "-threads", _THREADS,
        "-crf", "22", "-maxrate", f"{rung.video_kbps}k", "-bufsize", f"{2 * rung.video_kbps}k",
        "-g", str(group), "-keyint_min", str(group), "-sc_threshold", "0",
        "-max_muxing_queue_size", "4096",
        "-f", "hls", "-hls_time", str(SEGMENT_SECONDS), "-hls_playlist_type", "vod", "-hls_list_size", "0",
        "-hls_segment_type", "fmp4", "-hls_flags", "independent_segments", "-hls_fmp4_init_filename", "init.mp4",
        "-hls_segment_filename", f"{target.name}/segment_%05d.m4s", f"{target.name}/index.m3u8",
    ]  # fmt: skip


async def _still(job: _Job, work: Path) -> None:
    """The poster (at most 1280 wide) and the thumbnail (480 wide): a typical picture near a tenth of the way."""
    wide, small = min(1280, job.info.width), min(480, job.info.width)
    graph = (
        "[0:V:0]yadif=deint=interlaced,thumbnail=n=25,setsar=1,split=2[a][b];"
        f"[a]scale={wide}:-2[poster];[b]scale={small}:-2[thumbnail]"
    )
    outputs: list[str] = []
    for label, name in (("[poster]", POSTER), ("[thumbnail]", THUMBNAIL)):
        outputs += ["-map", label, "-frames:v", "1", "-c:v", "mjpeg", "-q:v", "4", "-map_metadata", "-1"]
        outputs += ["-f", "mjpeg", name]
    for second in (job.info.duration_seconds / 10, 0.0):
        source = ["-ss", f"{second:.3f}", *hostile_input(job.source, job.limits.max_pixels)]
        await run([*source, "-filter_complex", graph, *outputs], folder=work, time_limit=120, ffmpeg=job.ffmpeg)
        if (work / POSTER).stat().st_size and (work / THUMBNAIL).stat().st_size:
            return  # else the pictures end before a tenth of the sound: take the first
    raise TranscodeFailed("No picture could be taken from the video. The file itself is kept.")


def _renditions(work: Path, targets: list[Target]) -> Renditions:
    variants: list[Variant] = []
    seconds = 0.0
    for target in targets:
        folder = work / target.name
        playlist = (folder / "index.m3u8").read_text("ascii")
        parts = re.findall(r"#EXTINF:([0-9.]+),[^\n]*\n(\S+)", playlist)
        lengths = [(float(length), (folder / name).stat().st_size) for length, name in parts]
        length = sum(part for part, _ in lengths)
        if not lengths or length <= 0:
            raise TranscodeFailed("The video has no pictures that can be played. The file itself is kept.")
        seconds = max(seconds, length)
        variants.append(
            Variant(
                name=target.name,
                playlist=f"{target.name}/index.m3u8",
                width=target.width,
                height=target.height,
                frame_rate=round(target.frame_rate, 3),
                bandwidth=max(round(size * 8 / part) for part, size in lengths if part > 0),
                average_bandwidth=round(sum(size for _, size in lengths) * 8 / length),
                codecs=_codecs((folder / "init.mp4").read_bytes()),
            )
        )
    (work / MASTER).write_text(_master(variants), "ascii")
    return Renditions(
        master=MASTER,
        poster=POSTER,
        thumbnail=THUMBNAIL,
        duration_seconds=round(seconds, 3),
        variants=tuple(variants),
        total_bytes=sum(path.stat().st_size for path in work.rglob("*") if path.is_file()),
    )


def _codecs(init: bytes) -> str:
    """The value of CODECS (RFC 6381) from an initialisation segment: H.264 profile, constraints and level."""
    at = init.find(b"avcC")
    if at < 0:
        raise TranscodeFailed("The video was prepared in a form that players do not know. The file itself is kept.")
    video = "avc1." + init[at + 5 : at + 8].hex()
    return f"{video},mp4a.40.2" if b"mp4a" in init else video


def _master(variants: list[Variant]) -> str:
    """The multivariant playlist (RFC 8216 §4.3.4). A player begins with the first: 720 lines or what is nearest."""
    first = min(variants, key=lambda v: abs(min(v.width, v.height) - 720))
    lines = ["#EXTM3U", "#EXT-X-VERSION:7", "#EXT-X-INDEPENDENT-SEGMENTS"]
    for v in (first, *(v for v in variants if v is not first)):
        lines.append(
            f"#EXT-X-STREAM-INF:BANDWIDTH={v.bandwidth},AVERAGE-BANDWIDTH={v.average_bandwidth},"
            f'CODECS="{v.codecs}",RESOLUTION={v.width}x{v.height},FRAME-RATE={v.frame_rate:.3f},CLOSED-CAPTIONS=NONE'
        )
        lines.append(v.playlist)
    return "\n".join(lines) + "\n"
