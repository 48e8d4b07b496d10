"""Makes a video from a list of scenes on this machine: pictures set by typst, sound computed here, ffmpeg to join.

Nothing is downloaded and nothing is random, so the same scenes give the same video with the same programs. Where
`espeak-ng` is installed the narration is spoken; elsewhere a quiet melody is heard, and the captions carry the words.
"""

from __future__ import annotations

import asyncio
import math
import re
import shutil
import subprocess
import tempfile
import textwrap
import wave
from array import array
from collections.abc import AsyncIterator, Callable, Sequence
from functools import cache, cached_property
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import msgspec
import typst

from collegium.features.media.ffmpeg import FfmpegError, MediaError, run
from collegium.features.media.model import Cue, Scene

WIDTH, HEIGHT, FRAME_RATE = 1280, 720, 25
SHORTEST_SCENE = 4.0  # seconds; less leaves no time for its text to come and go
SOUND_RATE = 22_050  # samples a second; what espeak-ng speaks
CUE_WIDTH = 42  # characters of one line of a caption; a cue has two
_LONGEST_PIECE = 2 * CUE_WIDTH - 4
_LEAD, _TAIL = 0.5, 0.4  # seconds of a scene before and after its narration
_BATCH = 20  # pictures set at once

_HERE = Path(__file__).parent
_SLIDES = _HERE / "slides.typ"
# The site's type, which the certificates bring; without it typst falls back on Libertinus, which it carries.
_FONTS = _HERE.parent / "certificates" / "fonts"

# D major pentatonic from D4, in hertz, and for each scene in turn the chord that lies under it.
_SCALE = (293.66, 329.63, 369.99, 440.0, 493.88, 587.33, 659.26, 739.99)
_CHORDS = ((147, 220, 370), (123, 247, 370), (196, 294, 392), (220, 330, 440))
_TUNE = (0, 3, 5, 4, 2, 3, 6, 5, 1, 4, 7, 5)


class DoesNotFit(MediaError):
    """The words of a scene are too many for its slide."""


class _Timed(NamedTuple):
    """A scene at its place in the film; times in seconds."""

    scene: Scene
    begins: float
    seconds: float
    reveals: list[float]
    speech: array[int] | None


async def make_demo_video(
    out_path: Path,
    scenes: Sequence[Scene],
    progress: Callable[[float], None] | None = None,
    *,
    heading: str | None = None,
    speak: bool = True,
    ffmpeg: Path | None = None,
) -> list[Cue]:
    """Make an MP4 (H.264 and AAC, 1280 × 720, 25 pictures a second) of the scenes; returns its captions.

    `heading` stands above every slide (default: the first title). `progress` is given 0 to 1. A scene whose
    narration is spoken lasts at least as long as that; `speak` False keeps to the melody. Raises `DoesNotFit`,
    `FfmpegMissing`, `MediaError`.
    """
    if not scenes:
        raise ValueError("a film needs at least one scene")
    report = progress or _ignore
    report(0.0)
    timed = await asyncio.to_thread(_timed, scenes, shutil.which("espeak-ng") if speak else None)
    slides = _Slides(heading or " ".join(scenes[0].title.split()), timed)
    await asyncio.to_thread(slides.check)
    work = await asyncio.to_thread(_folder_beside, out_path)
    try:
        sound, cover, made = work / "sound.wav", work / "cover.png", work / "film.mp4"
        await asyncio.to_thread(_write_sound, sound, timed)
        await asyncio.to_thread(cover.write_bytes, slides.cover())
        arguments = _arguments(sound, cover, made, slides)
        feed = slides.pictures(report)
        await run(arguments, folder=work, time_limit=900, ffmpeg=ffmpeg, feed=feed, niceness=0)
        await asyncio.to_thread(made.replace, out_path)
    except FfmpegError as error:
        raise MediaError(f"The video could not be made: {error}.") from error
    finally:
        shutil.rmtree(work, ignore_errors=True)
    report(1.0)
    return _captions(timed)


def _ignore(share: float) -> None:
    del share


def _folder_beside(out_path: Path) -> Path:
    out_path.parent.mkdir(parents=True, exist_ok=True)
    return Path(tempfile.mkdtemp(prefix=f".{out_path.name}.", dir=out_path.parent))


def _arguments(sound: Path, cover: Path, made: Path, slides: _Slides) -> list[str]:
    tv = "scale=out_color_matrix=bt709:out_range=tv,format=yuv420p"
    # The pictures come without times: each is shown until the next, which is more than one step where one was held.
    held = "".join(f"+gte(N,{number})*{steps}" for number, steps in slides.holds())
    graph = (
        f"[0:v]{tv},settb=1/{FRAME_RATE},setpts='N{held}',fps={FRAME_RATE}[slides];[2:v]{tv}[cover];"
        f"[slides][cover]overlay=x=96+1088*t/{slides.seconds:.3f}:y=666:shortest=1,"
        "setparams=color_primaries=bt709:color_trc=bt709:colorspace=bt709[picture]"
    )
    return [
        "-f", "image2pipe", "-framerate", str(FRAME_RATE), "-c:v", "png", "-i", "pipe:0", "-i", sound.name,
        "-loop", "1", "-framerate", str(FRAME_RATE), "-i", cover.name,
        "-filter_complex", graph, "-map", "[picture]", "-map", "1:a", "-t", f"{slides.seconds:.3f}",
        "-c:v", "libx264", "-preset", "veryfast", "-tune", "animation", "-crf", "19", "-threads", "2",
        "-c:a", "aac", "-b:a", "128k", "-ar", "48000", "-ac", "2",
        "-fflags", "+bitexact", "-flags:v", "+bitexact", "-flags:a", "+bitexact", "-map_metadata", "-1",
        "-movflags", "+faststart", made.name,
    ]  # fmt: skip


# Time -------------------------------------------------------------------------------------------------------


def _timed(scenes: Sequence[Scene], speaker: str | None) -> list[_Timed]:
    timed: list[_Timed] = []
    begins = 0.0
    for scene in scenes:
        speech = _spoken(speaker, scene.narration) if speaker else None
        spoken = _LEAD + len(speech) / SOUND_RATE + _TAIL if speech else 0.0
        seconds = max(scene.seconds, SHORTEST_SCENE, spoken)
        seconds = math.ceil(seconds * FRAME_RATE) / FRAME_RATE
        count = len(scene.lines)
        # The opening's line follows its title; elsewhere the lines are spread over what is being said.
        reveals = [0.9 + 0.4 * i if scene.opening else 1.0 + (seconds - 3.2) * i / count for i in range(count)]
        timed.append(_Timed(scene, begins, seconds, reveals, speech))
        begins = round(begins + seconds, 3)
    return timed


def _captions(timed: Sequence[_Timed]) -> list[Cue]:
    cues: list[Cue] = []
    for part in timed:
        texts = _pieces(part.scene.narration)
        begins = part.begins + _LEAD
        length = len(part.speech) / SOUND_RATE if part.speech else part.seconds - _LEAD - _TAIL
        total = sum(map(len, texts))
        said = 0
        for text in texts:
            start = begins + length * said / total
            said += len(text)
            cues.append(Cue(round(start, 3), round(begins + length * said / total, 3), _two_lines(text)))
    return cues


def _pieces(narration: str) -> list[str]:
    """The narration in pieces that fit a caption: whole sentences where possible, else parts of similar length."""
    pieces: list[str] = []
    for sentence in re.split(r"(?<=[.!?])\s+", " ".join(narration.split())):
        if pieces and len(pieces[-1]) + len(sentence) < _LONGEST_PIECE:
            pieces[-1] += " " + sentence
            continue
        rest = sentence
        for parts in range(math.ceil(len(sentence) / _LONGEST_PIECE), 1, -1):
            cut = _cut(rest, len(rest) / parts)
            pieces.append(rest[:cut].strip())
            rest = rest[cut:].strip()
        pieces.append(rest)
    return [piece for piece in pieces if piece]


def _cut(text: str, wanted: float) -> int:
    """Where to part a text near `wanted`: at a space, rather after a comma, and never past the longest piece."""
    spaces = [m.start() for m in re.finditer(" ", text) if m.start() <= _LONGEST_PIECE]
    return min(spaces, key=lambda at: abs(at - wanted) - (20 if text[at - 1] in ",;:" else 0), default=len(text))


def _two_lines(text: str) -> str:
    if len(text) <= CUE_WIDTH:
        return text
    cut = _cut(text, len(text) / 2)
    lines = [text[:cut].strip(), text[cut:].strip()]
    return "\n".join(lines if max(map(len, lines)) <= CUE_WIDTH else textwrap.wrap(text, CUE_WIDTH))


# Pictures ---------------------------------------------------------------------------------------------------


def _moving(part: _Timed) -> list[tuple[float, float]]:
    """When something moves in a scene, in seconds from its start: its text here, its figure as `slides.typ` says."""
    length = part.seconds
    spans = [(0.0, 1.1), (length - 0.34, length), *((at, at + 0.75) for at in part.reveals)]
    figure = part.scene.figure
    if figure is None:
        return spans
    count = len(figure.labels)
    spread = [1.0 + (length - 3.2) * i / count for i in range(count)]
    match figure.kind:
        case "stamp":
            spans += [(0.2, 2.4)]
        case "bars":
            spans += [(0.6, 0.7 + 0.45 * count + 1.3)]
        case "letter" | "checklist":
            spans += [(at, at + 0.85) for at in spread]
        case "shares":
            spans += [(at - 0.45, at + 0.85) for at in spread]
        case _:
            spans += [(0.5, length - 1.3)]
    return spans


class _Slides:
    """The slides of one film, set as pictures for any moment of it."""

    def __init__(self, heading: str, timed: Sequence[_Timed]) -> None:
        fonts = typst.Fonts(include_system_fonts=False, font_paths=[_FONTS] if _FONTS.is_dir() else [])
        self._compiler = typst.Compiler(_SLIDES, root=_HERE, font_paths=fonts)
        self._timed = timed
        self.seconds = timed[-1].begins + timed[-1].seconds
        self._data = {
            "heading": heading,
            "total": self.seconds,
            "scenes": [
                msgspec.to_builtins(part.scene)
                | {"begins": part.begins, "seconds": part.seconds, "reveals": part.reveals}
                for part in timed
            ],
        }

    def check(self) -> None:
        """Raise `DoesNotFit` when a scene has too many words."""
        try:
            self.set([part.begins + part.seconds - 0.04 for part in self._timed], check=True)
        except typst.TypstError as error:
            if "does not fit" not in error.message:
                raise
            raise DoesNotFit(error.message.removeprefix("assertion failed: ")) from error

    @cached_property
    def frames(self) -> list[int]:
        """The numbers of the pictures that differ from the one before; the rest are not set."""
        wanted: set[int] = set()
        for part in self._timed:
            first = round(part.begins * FRAME_RATE)
            for start, stop in _moving(part):
                steps = range(math.floor(start * FRAME_RATE), math.ceil(stop * FRAME_RATE) + 1)
                wanted.update(first + max(0, step) for step in steps)
        return sorted(frame for frame in wanted if frame < round(self.seconds * FRAME_RATE))

    def holds(self) -> list[tuple[int, int]]:
        """Where a picture is held: the place in `frames` of the one after it, and for how many steps too many."""
        return [(i, b - a - 1) for i, (a, b) in enumerate(pairwise(self.frames), 1) if b > a + 1]

    def cover(self) -> bytes:
        """The strip of paper that uncovers the progress line."""
        return self.set([], cover=True)[0]

    async def pictures(self, report: Callable[[float], None]) -> AsyncIterator[bytes]:
        """The pictures of `frames` as PNG files; the next ones are set while these are taken."""
        batches = [self.frames[at : at + _BATCH] for at in range(0, len(self.frames), _BATCH)]
        ahead = asyncio.create_task(asyncio.to_thread(self._batch, batches[0]))
        try:
            for number, _ in enumerate(batches, 1):
                pictures = await ahead
                if number < len(batches):
                    ahead = asyncio.create_task(asyncio.to_thread(self._batch, batches[number]))
                for picture in pictures:
                    yield picture
                report(0.98 * number / len(batches))
        finally:
            await asyncio.gather(ahead, return_exceptions=True)

    def _batch(self, frames: Sequence[int]) -> list[bytes]:
        return self.set([frame / FRAME_RATE for frame in frames])

    def set(self, moments: Sequence[float], *, check: bool = False, cover: bool = False) -> list[bytes]:
        """The pictures of these moments (seconds) as PNG files."""
        data = msgspec.json.encode(self._data | {"frames": moments, "check": check, "cover": cover}).decode()
        pages = self._compiler.compile(format="png", ppi=72, sys_inputs={"data": data})
        return pages if isinstance(pages, list) else [pages or b""]


# Sound ------------------------------------------------------------------------------------------------------


def _spoken(speaker: str, text: str) -> array[int] | None:
    """The text as samples spoken by espeak-ng, or None when it cannot."""
    with tempfile.TemporaryDirectory(prefix="collegium-speech-") as folder:
        path = Path(folder) / "speech.wav"
        command = [speaker, "-v", "en-us", "-s", "155", "-p", "42", "-w", str(path), "--stdin"]
        try:
            subprocess.run(command, input=text.encode(), check=True, capture_output=True, timeout=60)
            with wave.open(str(path)) as file:
                if (file.getframerate(), file.getsampwidth(), file.getnchannels()) != (SOUND_RATE, 2, 1):
                    return None
                return array("h", file.readframes(file.getnframes()))
        except (OSError, subprocess.SubprocessError, wave.Error, EOFError):
            return None


def _write_sound(path: Path, timed: Sequence[_Timed]) -> None:
    """Chimes where scenes and lines come in, a soft chord below, and the narration where there is one."""
    end = timed[-1].begins + timed[-1].seconds
    mixed = [0.0] * (round(end * SOUND_RATE) + 1)
    quiet = 0.2 if any(part.speech for part in timed) else 1.0
    step = 0
    for number, part in enumerate(timed):
        _add(mixed, _chord(_CHORDS[number % len(_CHORDS)], part.seconds), part.begins, 0.08 * quiet)
        chimes = [(0.1, 0.24), (0.35, 0.16), *((at, 0.14) for at in part.reveals)]
        chimes += [(2.0 + 1.2 * i, 0.07) for i in range(int((part.seconds - 3.0) / 1.2))]
        for at, loudness in sorted(chimes):
            _add(mixed, _bell(_SCALE[_TUNE[step % len(_TUNE)]]), part.begins + at, loudness * quiet)
            step += 1
        if part.speech:
            _add(mixed, part.speech, part.begins + _LEAD, 0.8 / 32768)
    fade = SOUND_RATE  # the last second
    for i in range(1, min(fade, len(mixed)) + 1):
        mixed[-i] *= i / fade
    samples = array("h", (round(32767 * math.tanh(value)) for value in mixed))
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SOUND_RATE)
        file.writeframes(samples.tobytes())


def _add(mixed: list[float], sound: Sequence[float] | array[int], begins: float, loudness: float) -> None:
    start = round(begins * SOUND_RATE)
    stop = min(len(mixed), start + len(sound))
    mixed[start:stop] = [a + b * loudness for a, b in zip(mixed[start:stop], sound[: stop - start], strict=True)]


@cache
def _bell(pitch: float) -> list[float]:
    turn = 2 * math.pi * pitch / SOUND_RATE
    return [
        min(1.0, i / 90)
        * math.exp(-i / (0.55 * SOUND_RATE))
        * (math.sin(turn * i) + 0.3 * math.sin(2 * turn * i) * math.exp(-i / 4000) + 0.1 * math.sin(3.01 * turn * i))
        for i in range(round(2.2 * SOUND_RATE))
    ]


def _chord(pitches: tuple[int, ...], seconds: float) -> list[float]:
    """A chord that swells and fades. Its pitches are whole numbers, so that one second can be repeated."""
    turn = 2 * math.pi / SOUND_RATE
    second = [sum(math.sin(turn * pitch * i) for pitch in pitches) / len(pitches) for i in range(SOUND_RATE)]
    count = round(seconds * SOUND_RATE)
    edge = SOUND_RATE * 0.9
    return [second[i % SOUND_RATE] * min(1.0, i / edge, (count - i) / edge) for i in range(count)]
