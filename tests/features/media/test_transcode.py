# ruff: noqa: ASYNC221, ASYNC240 (a test has the loop to itself)
"""Transcoding with the real ffmpeg: what comes out can be played, and files made to do harm do none."""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from collegium.features.media import ffmpeg
from collegium.features.media.ffmpeg import FfmpegMissing, NotAVideo, TranscodeFailed, find_ffmpeg
from collegium.features.media.model import LADDER, Limits, MediaInfo, Progress, Rung
from collegium.features.media.transcode import plan, probe, transcode_hls
from tests.support import hls_rules

PICTURE = ("-f", "lavfi", "-i", "testsrc2=s=320x180:r=25:d=3")
SOUND = ("-f", "lavfi", "-i", "sine=440:d=3")
H264 = ("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p")
SMALL = (Rung(180, 400, 64), Rung(90, 150, 64))

Maker = Callable[..., Path]


@pytest.fixture(scope="module")
def make(tmp_path_factory: pytest.TempPathFactory) -> Maker:
    """Make a file with ffmpeg once per module: `make("name.mp4", *arguments)`."""
    folder = tmp_path_factory.mktemp("sources")

    def made(name: str, *arguments: str) -> Path:
        path = folder / name
        if not path.exists():
            command = [str(find_ffmpeg()), "-v", "error", "-y", *arguments, f"file:{path}"]
            subprocess.run(command, check=True, timeout=60)
        return path

    return made


@pytest.fixture
def clip(make: Maker) -> Path:
    """Three seconds with picture and sound."""
    about = ("-metadata", "title=Secret title", "-metadata", "location=+48.2082+016.3738/")
    return make("clip.mp4", *PICTURE, *SOUND, *H264, *about, "-c:a", "aac")


@pytest.fixture
def long_clip(make: Maker) -> Path:
    """Fifteen minutes, which take far longer to transcode than any test waits."""
    part = make("part.mp4", "-f", "lavfi", "-i", "testsrc2=s=640x360:r=30:d=20", *H264)
    return make("long.mp4", "-stream_loop", "44", "-i", str(part), "-c", "copy")


@pytest.fixture
def fresh_search() -> Iterator[None]:
    """Forget which ffmpeg was found, before and after."""
    find_ffmpeg.cache_clear()
    yield
    find_ffmpeg.cache_clear()


def running(folder: Path) -> list[str]:
    """Command lines of the processes that work on a folder."""
    found: list[str] = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            command = entry.read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
        except OSError:
            continue
        if str(folder) in command:
            found.append(command)
    return found


# Looking into a file --------------------------------------------------------------------------------------


async def test_probe_says_what_the_file_holds(clip: Path) -> None:
    assert await probe(clip) == MediaInfo(3.0, 320, 180, 25.0, True, "h264", "aac")


@pytest.mark.parametrize(
    ("name", "codecs", "video", "audio"),
    [
        ("a.mkv", (*H264, "-c:a", "libopus"), "h264", "opus"),
        ("a.webm", ("-c:v", "libvpx", "-deadline", "realtime", "-c:a", "libvorbis"), "vp8", "vorbis"),
        ("a.avi", ("-c:v", "mpeg4", "-c:a", "libmp3lame"), "mpeg4", "mp3"),
        ("b.avi", (*H264, "-c:a", "pcm_s16le"), "h264", "pcm_s16le"),
        ("a.ts", (*H264, "-c:a", "aac"), "h264", "aac"),
        ("a.mpg", ("-c:v", "mpeg2video", "-c:a", "mp2"), "mpeg2video", "mp2"),
        ("a.mov", ("-c:v", "prores_ks", "-c:a", "pcm_s24le"), "prores", "pcm_s24le"),
        ("a.wmv", ("-c:v", "wmv2", "-c:a", "wmav2"), "wmv2", "wmav2"),
    ],
)
async def test_usual_containers_are_read(
    make: Maker, name: str, codecs: tuple[str, ...], video: str, audio: str
) -> None:
    info = await probe(make(name, *PICTURE, *SOUND, *codecs))
    assert (info.width, info.height, info.has_audio) == (320, 180, True)
    assert (info.video_codec, info.audio_codec) == (video, audio)
    assert info.duration_seconds == pytest.approx(3.0, abs=0.15)
    assert info.frame_rate == pytest.approx(25.0, rel=0.05)


async def test_size_is_as_shown(make: Maker, clip: Path) -> None:
    turned = make("turned.mp4", "-display_rotation", "90", "-i", str(clip), "-c", "copy")
    assert ((await probe(turned)).width, (await probe(turned)).height) == (180, 320)
    wide = make("wide.mp4", *PICTURE, *H264, "-vf", "setsar=2")
    assert ((await probe(wide)).width, (await probe(wide)).height) == (640, 180)
    odd = make("odd.mkv", "-f", "lavfi", "-i", "testsrc2=s=321x181:d=1", "-c:v", "libx264", "-pix_fmt", "yuv444p")
    assert ((await probe(odd)).width, (await probe(odd)).height) == (320, 180)


async def test_limits_are_kept(clip: Path) -> None:
    with pytest.raises(NotAVideo, match=r"longer than 0\.0005 hours"):
        await probe(clip, limits=Limits(max_seconds=1.8))
    with pytest.raises(NotAVideo, match="larger than"):
        await probe(clip, limits=Limits(max_bytes=1000))
    with pytest.raises(NotAVideo, match="its picture is too large"):
        await probe(clip, limits=Limits(max_pixels=320 * 179))


# Files made to do harm ------------------------------------------------------------------------------------

PLAYLIST = "#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:3,\nvictim.ts\n#EXT-X-ENDLIST\n"
CONCAT = "ffconcat version 1.0\nfile victim.ts\n"
DASH = (
    '<MPD type="static" mediaPresentationDuration="PT3S"><Period><AdaptationSet mimeType="video/mp2t">'
    '<Representation id="1" bandwidth="1"><BaseURL>victim.ts</BaseURL></Representation></AdaptationSet></Period></MPD>'
)


@pytest.fixture
def victim(make: Maker, tmp_path: Path) -> Path:
    """A folder with a video that an uploaded file must not be able to read."""
    source = make("a.ts", *PICTURE, *SOUND, *H264, "-c:a", "aac")
    (tmp_path / "victim.ts").write_bytes(source.read_bytes())
    return tmp_path


@pytest.mark.parametrize("name", ["upload.mp4", "upload.m3u8", "upload.txt", "upload.ffconcat", "upload.mpd"])
@pytest.mark.parametrize("content", [PLAYLIST, CONCAT, DASH], ids=["hls", "concat", "dash"])
async def test_a_playlist_cannot_read_other_files(victim: Path, name: str, content: str) -> None:
    upload = victim / name
    upload.write_text(content)
    with pytest.raises(NotAVideo) as caught:
        await probe(upload)
    assert str(victim) not in str(caught.value)
    with pytest.raises(NotAVideo):
        await transcode_hls(upload, victim / "out")
    assert sorted(path.name for path in victim.iterdir()) == sorted([name, "victim.ts"])


async def test_the_same_playlist_would_be_read_without_the_list_of_formats(
    victim: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the list keeps out, so that the test above is known to test something."""
    monkeypatch.setattr(ffmpeg, "FORMATS", ffmpeg.FORMATS + ",concat")
    upload = victim / "upload.txt"
    upload.write_text(CONCAT)
    assert (await probe(upload)).duration_seconds > 2


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("empty.mp4", b""),
        ("text.mp4", b"This is not a video.\n" * 100),
        ("page.mp4", b"<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'><rect width='9'/></svg>"),
        ("header.mp4", b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom" + bytes(4000)),
        ("noise.avi", os.urandom(20_000)),
    ],
)
async def test_what_is_no_video_is_refused_in_plain_words(tmp_path: Path, name: str, content: bytes) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(NotAVideo, match=r"This file cannot be read as a video|The file is empty") as caught:
        await probe(path)
    assert str(tmp_path) not in str(caught.value)


async def test_the_reason_is_said(make: Maker, clip: Path, tmp_path: Path) -> None:
    cut = tmp_path / "cut.mp4"
    cut.write_bytes(clip.read_bytes()[:20_000])
    for path, reason in (
        (make("picture.png", *PICTURE, "-frames:v", "1"), "of another kind"),
        (make("sound.m4a", *SOUND, "-c:a", "aac"), "it has no picture"),
        (make("codec.mkv", *PICTURE, "-c:v", "ffv1"), "not accepted"),
        (cut, "it is damaged"),
    ):
        with pytest.raises(NotAVideo, match=reason):
            await probe(path)


async def test_a_name_is_only_a_name(clip: Path, tmp_path: Path) -> None:
    for name in ("-i", "%03d.mp4", "concat:a|b", "pipe:0", "http:x.mp4", "a'b;c [0].mp4"):
        path = tmp_path / name
        path.write_bytes(clip.read_bytes())
        assert (await probe(path)).duration_seconds == 3.0


# The ladder -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        ((1920, 1080), [(1920, 1080), (1280, 720), (854, 480), (640, 360), (426, 240)]),
        ((3840, 2160), [(1920, 1080), (1280, 720), (854, 480), (640, 360), (426, 240)]),
        ((1920, 1072), [(1920, 1072), (1290, 720), (860, 480), (644, 360), (430, 240)]),
        ((1080, 1920), [(1080, 1920), (720, 1280), (480, 854), (360, 640), (240, 426)]),
        ((1280, 720), [(1280, 720), (854, 480), (640, 360), (426, 240)]),
        ((640, 480), [(640, 480), (480, 360), (320, 240)]),
        ((320, 180), [(320, 180)]),
        ((2, 2), [(2, 2)]),
    ],
)
def test_the_ladder_ends_at_the_source(size: tuple[int, int], expected: list[tuple[int, int]]) -> None:
    targets = plan(MediaInfo(60, *size, 25.0, True, "h264", "aac"), LADDER)
    assert [(t.width, t.height) for t in targets] == expected


@pytest.mark.parametrize(
    ("found", "used"), [(25.0, 25), (29.97, 29.97), (29.2, 29.97), (59.94, 59.94), (240, 60), (0.5, 10), (23.9, 23.976)]
)
def test_the_rate_is_a_usual_one(found: float, used: float) -> None:
    assert plan(MediaInfo(60, 640, 360, found, True, "h264", None), LADDER)[0].frame_rate == pytest.approx(used, 1e-4)


async def test_a_ladder_can_be_played(clip: Path, tmp_path: Path) -> None:
    shares: list[float] = []
    made = await transcode_hls(
        clip, tmp_path / "new" / "hls", ladder=SMALL, progress=lambda now: shares.append(now.share)
    )
    out = tmp_path / "new" / "hls"

    assert shares == sorted(shares)
    assert (shares[0], shares[-1]) == (0.0, 1.0)
    assert made.duration_seconds == 3.0
    assert [(v.name, v.width, v.height) for v in made.variants] == [("180p", 320, 180), ("90p", 160, 90)]
    assert made.total_bytes == sum(path.stat().st_size for path in out.rglob("*") if path.is_file())
    assert [path.name for path in out.parent.iterdir()] == ["hls"]

    master = (out / made.master).read_text()
    for variant in made.variants:
        assert re.fullmatch(r"avc1\.6400[0-9a-f]{2},mp4a\.40\.2", variant.codecs)
        assert f"BANDWIDTH={variant.bandwidth},AVERAGE" in master
        assert f'CODECS="{variant.codecs}",RESOLUTION={variant.width}x{variant.height},FRAME-RATE=25.000' in master
        assert variant.playlist in master.splitlines()
        read = ["-v", "error", "-i", variant.playlist, "-f", "framecrc", "-"]
        played = subprocess.run([find_ffmpeg(), *read], cwd=out, capture_output=True, text=True, check=True)
        assert f"#dimensions 0: {variant.width}x{variant.height}" in played.stdout
        assert "#media_type 1: audio" in played.stdout
        assert len(re.findall(r"^0, ", played.stdout, re.MULTILINE)) == 75

    assert hls_rules.problems(out / made.master) == []
    for name in (made.poster, made.thumbnail):
        assert (out / name).read_bytes().startswith(b"\xff\xd8\xff")
    everything = b"".join(path.read_bytes() for path in out.rglob("*") if path.is_file())
    assert b"Secret title" not in everything
    assert b"+48.2082" not in everything


@pytest.mark.slow
async def test_every_rung_is_cut_at_the_same_places(make: Maker, tmp_path: Path) -> None:
    """Uneven time stamps in, cuts every four seconds out, each at a picture that stands alone."""
    uneven = ("-vf", "select='not(mod(n,7)*mod(n,5))'", "-fps_mode", "vfr")
    source = make("uneven.mkv", "-f", "lavfi", "-i", "testsrc2=s=320x180:r=60:d=10", *uneven, *H264)
    made = await transcode_hls(source, tmp_path / "hls", ladder=SMALL)
    cuts: list[list[str]] = []
    for variant in made.variants:
        playlist = (tmp_path / "hls" / variant.playlist).read_text()
        cuts.append(re.findall(r"#EXTINF:([0-9.]+)", playlist))
        folder = (tmp_path / "hls" / variant.playlist).parent
        for segment in re.findall(r"^segment.+$", playlist, re.MULTILINE):
            alone = tmp_path / "alone.mp4"
            alone.write_bytes((folder / "init.mp4").read_bytes() + (folder / segment).read_bytes())
            read = ["-v", "error", "-skip_frame", "nokey", "-i", alone, "-f", "framecrc", "-"]
            shown = subprocess.run([find_ffmpeg(), *read], capture_output=True, text=True, check=True)
            assert len(re.findall(r"^0, ", shown.stdout, re.MULTILINE)) >= 1
    assert cuts[0] == cuts[1]
    assert [round(float(cut)) for cut in cuts[0]] == [4, 4, 2]


async def test_a_video_without_sound_stays_without(make: Maker, tmp_path: Path) -> None:
    made = await transcode_hls(make("silent.mp4", *PICTURE, *H264), tmp_path / "hls", ladder=SMALL)
    assert "mp4a" not in made.variants[0].codecs
    assert "mp4a" not in (tmp_path / "hls" / made.master).read_text()


async def test_an_upright_video_stays_upright(make: Maker, clip: Path, tmp_path: Path) -> None:
    turned = make("turned.mp4", "-display_rotation", "90", "-i", str(clip), "-c", "copy")
    made = await transcode_hls(turned, tmp_path / "hls", ladder=SMALL)
    assert [(v.width, v.height) for v in made.variants] == [(180, 320), (90, 160)]


async def test_five_point_one_becomes_two_channels_at_one_loudness(make: Maker, tmp_path: Path) -> None:
    loud = ("-f", "lavfi", "-i", "sine=440:d=3", "-filter_complex", "[1:a]volume=-6dB,pan=5.1|c0=c0|c2=c0[a]")
    source = make("surround.mkv", *PICTURE, *loud, "-map", "0:v", "-map", "[a]", *H264, "-c:a", "ac3")
    made = await transcode_hls(source, tmp_path / "hls", ladder=SMALL)
    assert made.loudness
    assert made.loudness.gain == pytest.approx(-16 - made.loudness.measured, abs=0.02)
    again = await transcode_hls(_joined(tmp_path / "hls" / "180p"), tmp_path / "again", ladder=SMALL)
    assert again.loudness
    assert again.loudness.measured == pytest.approx(-16, abs=0.7)


def _joined(folder: Path) -> Path:
    """The segments of a rendition as one file, beside them."""
    pieces = [folder / "init.mp4", *sorted(folder.glob("segment_*.m4s"))]
    whole = folder / "whole.mp4"
    whole.write_bytes(b"".join(piece.read_bytes() for piece in pieces))
    return whole


async def test_high_dynamic_range_is_brought_to_a_usual_screen_s(make: Maker, tmp_path: Path) -> None:
    marks = ("-vf", "setparams=color_primaries=bt2020:color_trc=smpte2084:colorspace=bt2020nc")
    ten = ("-c:v", "libx265", "-preset", "ultrafast", "-pix_fmt", "yuv420p10le", "-x265-params", "log-level=none")
    source = make("hdr.mkv", *PICTURE, *ten, *marks)
    assert (await probe(source)).hdr
    made = await transcode_hls(source, tmp_path / "hls", ladder=SMALL)
    read = ["-v", "info", "-i", made.variants[0].playlist]
    said = subprocess.run([find_ffmpeg(), *read], cwd=tmp_path / "hls", capture_output=True, text=True, check=False)
    assert re.search(r"yuv420p\((?:tv, )?bt709", said.stderr), said.stderr
    assert not (await probe(make("usual.mp4", *PICTURE, *H264))).hdr


async def test_a_storyboard_shows_every_cut_once(make: Maker, tmp_path: Path) -> None:
    source = make("nine.mp4", "-f", "lavfi", "-i", "testsrc2=s=180x320:r=25:d=9", *H264)
    made = await transcode_hls(source, tmp_path / "hls", ladder=SMALL)
    assert made.storyboard
    board = (tmp_path / "hls" / made.storyboard).read_text()
    assert re.findall(r"-->.*\n(.*)", board) == [f"storyboard-001.jpg#xywh={x},0,90,160" for x in (0, 90, 180)]
    assert (tmp_path / "hls" / "storyboard-001.jpg").read_bytes().startswith(b"\xff\xd8\xff")


async def test_how_much_of_each_rendition_is_written_is_told(make: Maker, tmp_path: Path) -> None:
    told: list[Progress] = []
    source = make("nine.mp4", "-f", "lavfi", "-i", "testsrc2=s=180x320:r=25:d=9", *H264)
    await transcode_hls(source, tmp_path / "hls", ladder=SMALL, progress=told.append)
    assert [one.step for one in told if one.step != "encoding"] == ["checking", "pictures", "storing"]
    last = told[-1].renditions
    assert [(one.name, one.percent, one.state) for one in last] == [("180p", 100, "done"), ("90p", 100, "done")]


async def test_an_existing_folder_is_left_alone(clip: Path, tmp_path: Path) -> None:
    (tmp_path / "kept").write_text("x")
    with pytest.raises(FileExistsError):
        await transcode_hls(clip, tmp_path)
    assert (tmp_path / "kept").read_text() == "x"


# Ending early ---------------------------------------------------------------------------------------------


async def test_cancelling_ends_ffmpeg_and_leaves_nothing(long_clip: Path, tmp_path: Path) -> None:
    begun = asyncio.Event()

    def progress(now: Progress) -> None:
        if now.share > 0:
            begun.set()

    task = asyncio.create_task(transcode_hls(long_clip, tmp_path / "hls", progress=progress))
    await asyncio.wait_for(begun.wait(), 30)
    assert running(long_clip.parent)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(task, 20)
    assert running(long_clip.parent) == []
    assert list(tmp_path.iterdir()) == []


async def test_a_failing_listener_ends_it_too(long_clip: Path, tmp_path: Path) -> None:
    def progress(now: Progress) -> None:
        if now.share > 0:
            raise LookupError("the row is gone")

    with pytest.raises(LookupError):
        await asyncio.wait_for(transcode_hls(long_clip, tmp_path / "hls", progress=progress), 20)
    assert running(long_clip.parent) == []
    assert list(tmp_path.iterdir()) == []


async def test_work_that_takes_too_long_is_stopped(long_clip: Path, tmp_path: Path) -> None:
    limits = Limits(time_floor_seconds=0.3, time_factor=0)
    with pytest.raises(TranscodeFailed, match="longer than 0 seconds"):
        await asyncio.wait_for(transcode_hls(long_clip, tmp_path / "hls", limits=limits), 20)
    assert running(long_clip.parent) == []
    assert list(tmp_path.iterdir()) == []


async def test_a_failure_is_told_with_the_last_line(clip: Path, tmp_path: Path) -> None:
    with pytest.raises(TranscodeFailed, match=r"could not be prepared: .{9,}\. The file itself is kept"):
        await transcode_hls(clip, tmp_path / "hls", preset="no such preset")
    assert list(tmp_path.iterdir()) == []


# Finding ffmpeg -------------------------------------------------------------------------------------------


def script(path: Path, text: str) -> Path:
    path.write_text("#!/bin/sh\n" + text)
    path.chmod(0o755)
    return path


@pytest.mark.usefixtures("fresh_search")
def test_the_order_in_which_ffmpeg_is_looked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = find_ffmpeg()
    find_ffmpeg.cache_clear()
    system = script(tmp_path / "ffmpeg", f'exec "{real}" "$@"\n')
    mine = script(tmp_path / "mine", f'exec "{real}" "$@"\n')
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    assert find_ffmpeg() == system
    assert find_ffmpeg(str(mine)) == mine
    find_ffmpeg.cache_clear()
    monkeypatch.setenv("COLLEGIUM_FFMPEG", str(mine))
    assert find_ffmpeg() == mine


@pytest.mark.usefixtures("fresh_search")
def test_an_ffmpeg_without_h264_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    poor = script(tmp_path / "ffmpeg", "echo ' A..... aac  AAC'\n")
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.delenv("COLLEGIUM_FFMPEG", raising=False)
    with pytest.raises(FfmpegMissing, match="not an ffmpeg"):
        find_ffmpeg(str(poor))
    monkeypatch.setitem(sys.modules, "imageio_ffmpeg", None)
    with pytest.raises(FfmpegMissing, match="Install ffmpeg from your system's packages"):
        find_ffmpeg()


def test_the_error_keeps_no_path() -> None:
    lines = ["[in#0 @ 0x55] Error opening file:/srv/secret/a.mp4 or /srv/x.mp4.", "    Last message repeated 2 times"]
    assert ffmpeg.last_line(lines, Path("/srv/secret")) == "Error opening … or …"
