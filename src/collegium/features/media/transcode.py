"""From one uploaded video to what a player streams: an HLS ladder (RFC 8216) and the pictures beside it."""

from __future__ import annotations

import asyncio
import re
import shutil
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from collegium.features.media import loudness, pictures
from collegium.features.media.ffmpeg import (
    FfmpegError,
    FfmpegMissing,
    MediaError,
    NotAVideo,
    TimeRanOut,
    TranscodeFailed,
    find_ffmpeg,
    has_filter,
    hostile_input,
    run,
)
from collegium.features.media.model import (
    LADDER,
    Limits,
    Loudness,
    MediaInfo,
    Progress,
    RenditionProgress,
    Renditions,
    Rung,
    Variant,
)
from collegium.features.media.probing import probe
from collegium.features.media.store import files_below

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
STILL_SECONDS = 300
"""For so long ffmpeg may say the same time again before it is taken to stand still."""
MASTER = "master.m3u8"
_RATES = (10.0, 12.0, 15.0, 24000 / 1001, 24.0, 25.0, 30000 / 1001, 30.0, 48.0, 50.0, 60000 / 1001, 60.0)
_THREADS = "2"  # for each decoder and encoder: a site's pages must stay quick while videos are made

# What lies beyond a usual screen's light is bent into it; needs float arithmetic, so it comes after the first scaling.
_TONE_MAP = (
    "zscale=t=linear:npl=203,format=gbrpf32le,zscale=p=bt709,tonemap=tonemap=hable:desat=0,zscale=t=bt709:m=bt709:r=tv"
)

Report = Callable[[Progress], None]


async def transcode_hls(
    src: Path,
    out_dir: Path,
    *,
    ladder: Sequence[Rung] = LADDER,
    progress: Report | None = None,
    limits: Limits | None = None,
    preset: str = "veryfast",
    ffmpeg: Path | None = None,
) -> Renditions:
    """Make the ladder, poster and thumbnail of `src` in `out_dir`, which appears whole or not at all.

    Rungs above the source are left out; a source below the lowest rung is kept at its size. One run of ffmpeg
    reads the source once. Every rung is cut at the same places, about every four seconds, so that a player can
    change between them. Names, places and other metadata of the source are not passed on. `progress` is told the step,
    the share and how much of each rendition is written.

    Raises `NotAVideo`, `TranscodeFailed`, `FfmpegMissing`; `FileExistsError` when `out_dir` is there already.
    """
    limits = limits or Limits()
    report = progress or _ignore
    report(Progress("checking"))
    program = ffmpeg or find_ffmpeg()
    info = await probe(src, limits=limits, ffmpeg=program)
    job = _Job(src, info, limits, preset, program)
    work = _folder_beside(out_dir)
    try:
        loud = await loudness.measure(job.source, info, limits, program)
        targets = plan(info, ladder)
        await _encode(job, work, targets, loud, report)
        done = tuple(RenditionProgress(t.name, t.width, t.height, 100, "done") for t in targets)
        report(Progress("pictures", 0.94, done))
        made = await _finish(job, work, targets, loud)
        await asyncio.to_thread(work.rename, out_dir)
    except TimeRanOut as error:
        raise TranscodeFailed(f"Preparing the video was stopped: {error}. The file itself is kept.") from error
    except FfmpegError as error:
        raise TranscodeFailed(f"The video could not be prepared: {error}. The file itself is kept.") from error
    finally:
        shutil.rmtree(work, ignore_errors=True)
    report(Progress("storing", 1.0, done))
    return made


def _ignore(progress: Progress) -> None:
    del progress


def _folder_beside(out_dir: Path) -> Path:
    """A new folder next to `out_dir`, so that moving it there is one step."""
    if out_dir.exists():
        raise FileExistsError(out_dir)
    out_dir.parent.mkdir(parents=True, exist_ok=True)
    return Path(tempfile.mkdtemp(prefix=f".{out_dir.name}.", dir=out_dir.parent))


async def _finish(job: _Job, work: Path, targets: list[Target], loud: Loudness | None) -> Renditions:
    """Playlists and pictures of what was encoded."""
    source = hostile_input(job.source, job.limits.max_pixels)
    await pictures.stills(source, job.info, work, job.ffmpeg)
    variants, cuts = await asyncio.to_thread(_variants, work, targets)
    (work / MASTER).write_text(_master(variants), "ascii")
    smallest = min(targets, key=lambda t: t.width * t.height)
    board = await pictures.storyboard(work, smallest.name, (smallest.width, smallest.height), cuts, job.ffmpeg)
    return Renditions(
        master=MASTER,
        poster=pictures.POSTER,
        thumbnail=pictures.THUMBNAIL,
        duration_seconds=round(sum(cuts), 3),
        variants=tuple(variants),
        total_bytes=sum(path.stat().st_size for path in await asyncio.to_thread(files_below, work)),
        storyboard=board,
        loudness=loud,
    )


class _Job(NamedTuple):
    source: Path
    info: MediaInfo
    limits: Limits
    preset: str
    ffmpeg: Path

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


class StoodStill(FfmpegError):
    """ffmpeg ran and came no further for `STILL_SECONDS`."""


async def _encode(job: _Job, work: Path, targets: list[Target], loud: Loudness | None, report: Report) -> None:
    sides = range(len(targets))
    graph = [f"[0:V:0]{_steady(job, targets[0])},split={len(targets)}{''.join(f'[s{i}]' for i in sides)}"]
    if job.info.has_audio:
        # In the same graph: with one for each rung's sound, ffmpeg's threads may wait for each other for ever.
        sound = f"aresample=async=1:first_pts=0,{loudness.filters(loud)},asplit={len(targets)}"
        graph.append(f"[0:a:0]{sound}{''.join(f'[a{i}]' for i in sides)}")
    outputs: list[str] = []
    for i, target in enumerate(targets):
        graph.append(f"[s{i}]scale={target.width}:{target.height}:flags=bicubic,setsar=1,format=yuv420p[v{i}]")
        outputs += _output(target, i, job)
    for last in (False, True):
        for target in targets:
            shutil.rmtree(work / target.name, ignore_errors=True)
            (work / target.name).mkdir()
        try:
            await run(
                ["-progress", "pipe:1", "-threads", _THREADS, *hostile_input(job.source, job.limits.max_pixels),
                 "-filter_complex_threads", _THREADS, "-filter_complex", ";".join(graph), *outputs],
                folder=work, time_limit=job.time_limit, ffmpeg=job.ffmpeg,
                on_line=_Pace(job, work, targets, report).line,
            )  # fmt: skip
        except StoodStill:
            if last:
                raise
        else:
            return


class _Pace:
    """How far ffmpeg says that it is; it is ended when it stands still, as no limit of its own would for hours."""

    def __init__(self, job: _Job, work: Path, targets: list[Target], report: Report) -> None:
        self._seconds = job.info.duration_seconds
        self._work, self._targets, self._report = work, targets, report
        self._at, self._moved = "", time.monotonic()

    def line(self, text: str) -> None:
        """Takes a line of its report. Raises `StoodStill`."""
        name, _, value = text.partition("=")
        if name != "out_time_us":
            return
        now = time.monotonic()
        if value != self._at:
            self._at, self._moved = value, now
        elif now - self._moved > STILL_SECONDS:
            raise StoodStill(f"it came no further for {STILL_SECONDS} seconds")
        if value.isdigit():
            written = tuple(_written(self._work, target, self._seconds) for target in self._targets)
            self._report(Progress("encoding", 0.94 * min(1.0, int(value) / 1e6 / self._seconds), written))


def _steady(job: _Job, largest: Target) -> str:
    """The pictures at a steady rate, which makes every rung's cuts coincide, and in light that any screen can show.

    Only pictures marked as interlaced are touched by yadif.
    """
    steps = ["yadif=deint=interlaced", f"fps={largest.frame_rate:.6f}"]
    if job.info.hdr and has_filter(job.ffmpeg, "zscale") and has_filter(job.ffmpeg, "tonemap"):
        steps += [f"scale={largest.width}:{largest.height}:flags=bicubic", _TONE_MAP]
    return ",".join(steps)


def _written(work: Path, target: Target, seconds: float) -> RenditionProgress:
    """How much of a rendition is on the disk; the segment that is being written does not count yet."""
    segments = sum(1 for name in (work / target.name).iterdir() if name.suffix == ".m4s") - 1
    percent = max(0, min(99, int(100 * segments * SEGMENT_SECONDS / seconds)))
    return RenditionProgress(target.name, target.width, target.height, percent, "encoding")


def _output(target: Target, index: int, job: _Job) -> list[str]:
    rung = target.rung
    group = round(target.frame_rate * SEGMENT_SECONDS)
    sound = ["-map", f"[a{index}]", "-c:a", "aac", "-b:a", f"{rung.audio_kbps}k", "-ac", "2", "-ar", "48000"]
    return [
        "-map", f"[v{index}]", *(sound if job.info.has_audio else []),
        "-map_metadata", "-1", "-map_chapters", "-1",
        "-c:v", "libx264", "-preset", job.preset, "-profile:v", "high", "-threads", _THREADS,
        "-crf", "22", "-maxrate", f"{rung.video_kbps}k", "-bufsize", f"{2 * rung.video_kbps}k",
        "-g", str(group), "-keyint_min", str(group), "-sc_threshold", "0",
        "-max_muxing_queue_size", "4096",
        "-f", "hls", "-hls_time", str(SEGMENT_SECONDS), "-hls_playlist_type", "vod", "-hls_list_size", "0",
        "-hls_segment_type", "fmp4", "-hls_flags", "independent_segments", "-hls_fmp4_init_filename", "init.mp4",
        "-hls_segment_filename", f"{target.name}/segment_%05d.m4s", f"{target.name}/index.m3u8",
    ]  # fmt: skip


def _variants(work: Path, targets: list[Target]) -> tuple[list[Variant], list[float]]:
    """What was made of each rung, and how long the segments of the longest are."""
    variants: list[Variant] = []
    cuts: list[float] = []
    for target in targets:
        folder = work / target.name
        playlist = (folder / "index.m3u8").read_text("ascii")
        parts = re.findall(r"#EXTINF:([0-9.]+),[^\n]*\n(\S+)", playlist)
        lengths = [(float(length), (folder / name).stat().st_size) for length, name in parts]
        length = sum(part for part, _ in lengths)
        if not lengths or length <= 0:
            raise TranscodeFailed("The video has no pictures that can be played. The file itself is kept.")
        if length > sum(cuts):
            cuts = [part for part, _ in lengths]
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
    return variants, cuts


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
