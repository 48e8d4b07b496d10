"""Still pictures of a video: poster, thumbnail, and the storyboard that the player's slider shows."""

from __future__ import annotations

from itertools import accumulate
from pathlib import Path

from collegium.features.media.captions import timestamp
from collegium.features.media.ffmpeg import TranscodeFailed, run
from collegium.features.media.model import MediaInfo

POSTER, THUMBNAIL, STORYBOARD = "poster.jpg", "thumbnail.jpg", "storyboard.vtt"
_SHORT_SIDE = 90  # pixels of one picture of the storyboard
_ACROSS = 10
_MOST = 300  # pictures of a storyboard; of a long video they stand further apart


async def stills(source: list[str], info: MediaInfo, work: Path, ffmpeg: Path) -> None:
    """The poster (at most 1280 wide) and the thumbnail (480 wide): a typical picture near a tenth of the way.

    `source` are the arguments that open the file.
    """
    wide, small = min(1280, info.width), min(480, info.width)
    graph = (
        "[0:V:0]yadif=deint=interlaced,thumbnail=n=25,setsar=1,split=2[a][b];"
        f"[a]scale={wide}:-2[poster];[b]scale={small}:-2[thumbnail]"
    )
    outputs: list[str] = []
    for label, name in (("[poster]", POSTER), ("[thumbnail]", THUMBNAIL)):
        outputs += ["-map", label, "-frames:v", "1", "-c:v", "mjpeg", "-q:v", "4", "-map_metadata", "-1"]
        outputs += ["-f", "mjpeg", name]
    for second in (info.duration_seconds / 10, 0.0):
        at = ["-ss", f"{second:.3f}", *source]
        await run([*at, "-filter_complex", graph, *outputs], folder=work, time_limit=120, ffmpeg=ffmpeg)
        if (work / POSTER).stat().st_size and (work / THUMBNAIL).stat().st_size:
            return  # else the pictures end before a tenth of the sound: take the first
    raise TranscodeFailed("No picture could be taken from the video. The file itself is kept.")


async def storyboard(work: Path, name: str, size: tuple[int, int], cuts: list[float], ffmpeg: Path) -> str:
    """Sheets of small pictures and the WebVTT that says which stands for which seconds; its file name.

    Taken from our own rendition `name`, of which only the picture at each cut is decoded.
    """
    factor = _SHORT_SIDE / min(size)
    width, height = (max(2, round(edge * factor / 2) * 2) for edge in size)
    step = -(-len(cuts) // _MOST)
    chain = f"select='not(mod(n\\,{step}))',scale={width}:{height},tile={_ACROSS}x{_ACROSS}"
    await run(
        ["-skip_frame", "nokey", "-protocol_whitelist", "file", "-i", f"file:{work / name / 'index.m3u8'}",
         "-map", "0:v:0", "-vf", chain, "-fps_mode", "passthrough", "-c:v", "mjpeg", "-q:v", "6", "-map_metadata", "-1",
         "-f", "image2", "storyboard-%03d.jpg"],
        folder=work, time_limit=300, ffmpeg=ffmpeg,
    )  # fmt: skip
    starts = [0.0, *accumulate(cuts)]
    lines = ["WEBVTT"]
    for place, first in enumerate(range(0, len(cuts), step)):
        sheet, spot = divmod(place, _ACROSS * _ACROSS)
        x, y = spot % _ACROSS * width, spot // _ACROSS * height
        begins, ends = starts[first], starts[min(first + step, len(cuts))]
        lines += ["", f"{timestamp(begins)} --> {timestamp(ends)}"]
        lines.append(f"storyboard-{sheet + 1:03}.jpg#xywh={x},{y},{width},{height}")
    (work / STORYBOARD).write_text("\n".join(lines) + "\n", "ascii")
    return STORYBOARD
