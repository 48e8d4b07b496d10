"""What the media feature talks about: files that came in, renditions that were made, captions and scenes."""

from __future__ import annotations

import msgspec


class MediaInfo(msgspec.Struct, frozen=True):
    """What a video file really holds, found by reading it through rather than by believing its header.

    `width` and `height` are pixels as shown: turned upright and with square pixels. `frame_rate` is the mean.
    `hdr`: its light is coded as PQ or HLG, which a usual screen shows pale.
    """

    duration_seconds: float
    width: int
    height: int
    frame_rate: float
    has_audio: bool
    video_codec: str
    audio_codec: str | None
    hdr: bool = False


class Limits(msgspec.Struct, frozen=True):
    """What a video may cost before it is refused."""

    max_seconds: float = 6 * 3600.0
    max_bytes: int = 8 * 1024**3
    max_pixels: int = 8192 * 4320
    # Wall time for making renditions, as a multiple of the video's length, between a floor and a ceiling.
    time_factor: float = 12.0
    time_floor_seconds: float = 180.0
    time_ceiling_seconds: float = 8 * 3600.0


class Rung(msgspec.Struct, frozen=True):
    """One step of a ladder: the shorter side in pixels, and bit rates in kbit/s."""

    side: int
    video_kbps: int
    audio_kbps: int = 128


LADDER: tuple[Rung, ...] = (
    Rung(1080, 5000, 160),
    Rung(720, 2800),
    Rung(480, 1400),
    Rung(360, 800, 96),
    Rung(240, 400, 64),
)


class RenditionProgress(msgspec.Struct, frozen=True):
    """How much of one rendition is written, in whole percent; `state` is `waiting`, `encoding` or `done`."""

    name: str
    width: int
    height: int
    percent: int
    state: str


class Progress(msgspec.Struct, frozen=True):
    """How far the work on a video is. `step` is `checking`, `encoding`, `pictures` or `storing`; `share` 0 to 1."""

    step: str
    share: float = 0.0
    renditions: tuple[RenditionProgress, ...] = ()


class Loudness(msgspec.Struct, frozen=True):
    """How loud the sound was (EBU R128) and what was done: LUFS, dBTP and dB. `gain` is the same from start to end."""

    measured: float
    peak: float
    gain: float
    target: float


class Variant(msgspec.Struct, frozen=True):
    """One rendition as the master playlist lists it; bandwidths in bit/s, `playlist` relative to it."""

    name: str
    playlist: str
    width: int
    height: int
    frame_rate: float
    bandwidth: int
    average_bandwidth: int
    codecs: str


class Renditions(msgspec.Struct, frozen=True):
    """Everything that was made from one video; paths are relative to its output folder.

    `duration_seconds` is the length of what a player plays, which is what progress is measured against.
    """

    master: str
    poster: str
    thumbnail: str
    duration_seconds: float
    variants: tuple[Variant, ...]
    total_bytes: int
    storyboard: str | None = None
    loudness: Loudness | None = None


class Cue(msgspec.Struct, frozen=True):
    """Words and when they are heard: seconds from the start, to the millisecond; text without mark-up."""

    start: float
    end: float
    text: str


class Figure(msgspec.Struct, frozen=True):
    """The drawing beside a scene's text: a kind that `slides.typ` knows, and what it shows."""

    kind: str
    labels: tuple[str, ...] = ()
    values: tuple[float, ...] = ()
    title: str = ""


class Scene(msgspec.Struct, frozen=True):
    """One slide of a made video: what is read, what is heard, and for at least how long (seconds).

    A title may have a line break. `opening` makes it large, for the first slide.
    """

    title: str
    lines: tuple[str, ...]
    narration: str
    seconds: float
    kicker: str = ""
    figure: Figure | None = None
    opening: bool = False
