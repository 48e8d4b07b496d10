# ruff: noqa: ASYNC240 (a test has the loop to itself)
"""Made videos: real ones, short; and the films of the demonstration, without making them whole."""

from __future__ import annotations

import subprocess
from itertools import pairwise
from pathlib import Path

import pytest

from collegium.features.media import synth
from collegium.features.media.captions import parse_vtt, write_vtt
from collegium.features.media.ffmpeg import find_ffmpeg
from collegium.features.media.films import FILMS, Film
from collegium.features.media.model import Cue, Figure, Scene
from collegium.features.media.synth import DoesNotFit, make_demo_video
from collegium.features.media.transcode import probe

SHORT = (
    Scene(
        "A claim", ("One line",), "A claim is made. It is denied.", 4.0, figure=Figure("stamp", ("NO",)), opening=True
    ),
    Scene("An appeal", ("First", "Second"), "Then, an appeal.", 4.0, figure=Figure("letter", ("a", "b"), title="T")),
)


def decoded(path: Path, *arguments: str) -> bytes:
    command = [find_ffmpeg(), "-v", "error", "-i", path, *arguments, "pipe:1"]
    return subprocess.run(command, check=True, capture_output=True, timeout=60).stdout


@pytest.mark.slow
async def test_a_film_is_made_with_moving_picture_sound_and_captions(tmp_path: Path) -> None:
    shares: list[float] = []
    out = tmp_path / "new" / "film.mp4"
    cues = await make_demo_video(out, SHORT, shares.append, speak=False)

    info = await probe(out)
    assert (info.width, info.height, info.frame_rate) == (1280, 720, 25.0)
    assert (info.video_codec, info.audio_codec) == ("h264", "aac")
    assert info.duration_seconds == pytest.approx(8.0, abs=0.05)
    assert [path.name for path in out.parent.iterdir()] == ["film.mp4"]
    assert (shares[0], shares[-1]) == (0.0, 1.0)
    assert shares == sorted(shares)

    small = decoded(out, "-vf", "scale=128:72", "-pix_fmt", "gray", "-f", "rawvideo")
    pictures = [small[at : at + 128 * 72] for at in range(0, len(small), 128 * 72)]
    assert len(pictures) == 200
    assert len(set(pictures)) > 100
    line = [picture[128 * 67 :] for picture in pictures]
    dark = [sum(value < 200 for value in rows) for rows in line]
    assert dark[40] < dark[80] < dark[120] < dark[160], "the progress line grows, also where nothing else moves"

    sound = memoryview(decoded(out, "-ac", "1", "-f", "s16le")).cast("h")
    for second in range(7):
        assert max(sound[second * 48_000 : (second + 1) * 48_000]) > 300, f"silent in second {second}"
    assert max(sound) < 32_000

    assert cues == [Cue(0.5, 3.6, "A claim is made. It is denied."), Cue(4.5, 7.6, "Then, an appeal.")]


@pytest.mark.slow
async def test_the_same_scenes_make_the_same_file(tmp_path: Path) -> None:
    for name in ("a.mp4", "b.mp4"):
        await make_demo_video(tmp_path / name, SHORT[1:], speak=False)
    assert (tmp_path / "a.mp4").read_bytes() == (tmp_path / "b.mp4").read_bytes()


@pytest.mark.slow
async def test_a_spoken_scene_lasts_as_long_as_its_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stand-in speaks one tenth of a second a letter, in the form of espeak-ng."""
    speaker = tmp_path / "espeak-ng"
    speaker.write_text(
        '#!/bin/sh\nwhile [ $# -gt 0 ]; do [ "$1" = -w ] && out=$2; shift; done\nletters=$(wc -c)\n'
        "seconds=$((letters / 10)).$((letters % 10))\n"
        f'exec "{find_ffmpeg()}" -v error -f lavfi -i "sine=300:r=22050:d=$seconds" -y "$out"\n'
    )
    speaker.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    scene = Scene("Long words", (), "x" * 40 + ". " + "y" * 57 + ".", 4.0)
    cues = await make_demo_video(tmp_path / "film.mp4", (scene, SHORT[1]))
    assert [(cue.start, cue.end) for cue in cues] == [(0.5, 4.641), (4.641, 10.5), (11.42, 13.02)]
    assert (await probe(tmp_path / "film.mp4")).duration_seconds == pytest.approx(14.92, abs=0.05)


async def test_too_many_words_are_refused_before_anything_is_made(tmp_path: Path) -> None:
    scene = Scene("Much", tuple(f"Line {n}, which says a little too much for one slide" for n in range(9)), "x", 5.0)
    with pytest.raises(DoesNotFit, match="The text of the scene “Much” does not fit"):
        await make_demo_video(tmp_path / "new" / "film.mp4", (scene,), speak=False)
    assert list(tmp_path.iterdir()) == []


async def test_a_film_needs_a_scene(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="at least one scene"):
        await make_demo_video(tmp_path / "film.mp4", ())


# The films of the demonstration ---------------------------------------------------------------------------


@pytest.fixture(params=list(FILMS))
def film(request: pytest.FixtureRequest) -> Film:
    return FILMS[request.param]


def timed(film: Film) -> list[synth._Timed]:  # pyright: ignore[reportPrivateUsage]
    return synth._timed(film.scenes, None)  # pyright: ignore[reportPrivateUsage]


def test_its_text_fits_and_nothing_moves_while_a_picture_is_held(film: Film) -> None:
    slides = synth._Slides(film.title, timed(film))  # pyright: ignore[reportPrivateUsage]
    slides.check()
    held = [(slides.frames[i - 1], slides.frames[i - 1] + steps) for i, steps in slides.holds()]
    assert held
    pictures = slides.set([frame / synth.FRAME_RATE for pair in held for frame in pair])
    for i, pair in enumerate(held):
        assert pictures[2 * i] == pictures[2 * i + 1], f"something moves between the pictures {pair}"
    assert slides.frames[0] == 0
    assert slides.frames[-1] == round(slides.seconds * synth.FRAME_RATE) - 1


def test_its_captions_say_all_that_is_said_in_time(film: Film) -> None:
    cues = synth._captions(timed(film))  # pyright: ignore[reportPrivateUsage]
    assert " ".join(cue.text.replace("\n", " ") for cue in cues) == " ".join(s.narration for s in film.scenes)
    assert parse_vtt(write_vtt(cues)) == cues
    for before, after in pairwise(cues):
        assert before.end <= after.start
    for cue in cues:
        lines = cue.text.split("\n")
        assert len(lines) <= 2
        assert max(map(len, lines)) <= synth.CUE_WIDTH
        assert len(cue.text) / (cue.end - cue.start) < 22, f"too fast to read: {cue.text}"


def test_the_films_have_the_lengths_that_the_demonstration_counts_on() -> None:
    lengths = {name: sum(part.seconds for part in timed(film)) for name, film in FILMS.items()}
    assert 60 <= lengths.pop("denied-claim") <= 75
    assert all(20 <= seconds <= 30 for seconds in lengths.values())
