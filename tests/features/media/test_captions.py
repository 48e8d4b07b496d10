"""Captions: files as people send them, the errors they get, and cues that survive writing and reading."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from collegium.features.media import captions
from collegium.features.media.captions import CaptionError, parse, parse_srt, parse_vtt, write_vtt
from collegium.features.media.model import Cue

GOLDEN = Path(__file__).parent / "golden"


@pytest.mark.parametrize("name", ["marked.vtt", "plain.srt"])
def test_golden_file(name: str) -> None:
    source = (GOLDEN / name).read_bytes()
    expected = (GOLDEN / name).with_suffix(".expected.vtt").read_text("utf-8")
    assert write_vtt(parse(source)) == expected
    assert write_vtt(parse(expected)) == expected


def test_the_two_readers_agree_with_the_guess() -> None:
    assert parse_vtt((GOLDEN / "marked.vtt").read_bytes()) == parse((GOLDEN / "marked.vtt").read_bytes())
    srt = (GOLDEN / "plain.srt").read_bytes()
    assert captions.srt_to_vtt(srt) == write_vtt(parse_srt(srt))


def test_times_are_seconds_and_hours_may_be_left_out() -> None:
    cues = parse_vtt("WEBVTT\n\n00:59.999 --> 01:00.001\nshort\n\n01:00:00.000 --> 01:00:02.000\nlong\n")
    assert cues == [Cue(59.999, 60.001, "short"), Cue(3600.0, 3602.0, "long")]


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_every_newline_and_mark_is_read(newline: str, encoding: str) -> None:
    text = "WEBVTT\n\n00:00.000 --> 00:01.000\nnaïve\nwords\n".replace("\n", newline)
    assert parse_vtt(text.encode(encoding)) == [Cue(0.0, 1.0, "naïve\nwords")]


@pytest.mark.parametrize(
    ("data", "line", "says"),
    [
        ("", 1, "starts with the word WEBVTT"),
        ("WEBVTTX\n\n00:00.000 --> 00:01.000\na", 1, "starts with the word WEBVTT"),
        ("WEBVTT\n", 0, "no captions"),
        ("WEBVTT\n\n00:01.000 --> 00:02.000\n<b></b>\n", 0, "no captions"),
        ("WEBVTT\n\nHello\nthere\n", 3, "time line is expected"),
        ("WEBVTT\n\n1\n00:02.000 --> 00:02.000\na\n", 4, "ends before it begins"),
        ("WEBVTT\n\n00:02.000 -->\na\n", 3, "times cannot be read"),
        ("WEBVTT\n\n00:61.000 --> 00:62.000\na\n", 3, "'00:61.000' cannot be read"),
        ("WEBVTT\n\n60:01.000 --> 61:02.000\na\n", 3, "'60:01.000' cannot be read"),
        ("WEBVTT\n\n00:01 --> 00:02\na\n", 3, "'00:01' cannot be read"),
        ("WEBVTT\n\n-1:00.000 --> 00:02.000\na\n", 3, "cannot be read"),
        ("WEBVTT\n\n00:01.000 --> 00:02.000\na\n00:02.000 --> 00:03.000\nb\n", 5, "an empty line"),
        (b"WEBVTT\n\n00:01.000 --> 00:02.000\na\n\xff\n", 5, "not UTF-8"),
        (b"WEBVTT\n" + b" " * (captions.LONGEST_FILE + 1), 0, "4 MB"),
    ],
)
def test_a_bad_file_is_refused_with_its_line(data: bytes | str, line: int, says: str) -> None:
    with pytest.raises(CaptionError, match=says) as caught:
        parse_vtt(data)
    assert caught.value.line == line
    assert str(caught.value).startswith(f"Line {line}") == (line > 0)


def test_a_note_is_left_out_but_may_name_a_caption() -> None:
    """§6.2: a block whose second line holds an arrow is a cue, whatever its first line is."""
    cues = parse_vtt("WEBVTT\n\nNOTE\nnot said\n\nNOTE\n00:01.000 --> 00:02.000\nsaid\n")
    assert cues == [Cue(1.0, 2.0, "said")]


def test_a_file_with_too_many_captions_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(captions, "MOST_CUES", 2)
    with pytest.raises(CaptionError, match="2 captions at most"):
        parse_vtt("WEBVTT\n\n" + "00:01.000 --> 00:02.000\na\n\n" * 3)


@given(st.text() | st.text("WEBVT\n\r0123:.-> <&;/NOTE"))
@example("WEBVTT\n\n00:00.000-->00:01.000\na")
@example("WEBVTT\n00:00.000 --> 00:01.000\na")
def test_any_text_is_read_or_refused(text: str) -> None:
    for read in (parse_vtt, parse_srt):
        try:
            cues = read(text)
        except CaptionError:
            continue
        assert all(cue.end > cue.start >= 0 and cue.text for cue in cues)
        assert parse_vtt(write_vtt(cues)) == cues


TIMES = st.integers(0, 360_000_000).flatmap(
    lambda start: st.tuples(st.just(start), st.integers(start + 1, start + 100_000))
)
WORDS = st.text(max_size=60) | st.text("a<b>&;/ --\n\t{\\}0:", max_size=30)


@given(st.lists(st.tuples(TIMES, WORDS), min_size=1, max_size=8))
@example([((0, 1), "a --> b")])
@example([((0, 1), "NOTE\n\n<b>&lt;b&gt;</b> {\\an8}")])
def test_written_cues_are_read_again(drawn: list[tuple[tuple[int, int], str]]) -> None:
    cues = [Cue(a / 1000, b / 1000, text) for (a, b), text in sorted(drawn, key=lambda d: d[0][0])]
    expected = [Cue(c.start, c.end, captions.tidy(c.text)) for c in cues if captions.tidy(c.text)]
    if expected:
        assert parse_vtt(write_vtt(cues).encode()) == expected


# Transcript -----------------------------------------------------------------------------------------------


def _said(*pieces: tuple[float, float, str]) -> list[tuple[float, float, str]]:
    return [(c.start, c.end, c.text) for c in captions.transcript([Cue(*piece) for piece in pieces])]


def test_cues_join_to_a_paragraph_until_a_silence() -> None:
    assert _said((0, 2, "One\ntwo"), (2.5, 4, "three."), (6, 7, "Four.")) == [
        (0, 4, "One two three."),
        (6, 7, "Four."),
    ]


def test_a_paragraph_ends_with_a_sentence_once_it_is_long() -> None:
    long = "word " * 60
    assert [text[-4:] for _, _, text in _said((0, 1, long), (1, 2, "and on."), (2, 3, "New"))] == [
        " on.",
        "New",
    ]


def test_a_paragraph_without_sentences_still_ends() -> None:
    pieces = [(i, i + 1.0, f"w{i} " * 30) for i in range(20)]
    assert max(len(text) for _, _, text in _said(*pieces)) <= captions.LONGEST_PARAGRAPH + 150


def test_another_speaker_begins_a_paragraph() -> None:
    said = _said((0, 1, "Ann Lee: Is it?"), (1, 2, "Ben: It is."), (2, 3, "Always."))
    assert [text for _, _, text in said] == ["Ann Lee: Is it?", "Ben: It is. Always."]


def test_rolling_captions_are_said_once() -> None:
    assert _said((0, 1, "we begin"), (1, 2, "we begin\nwith a claim"), (2, 3, "we begin\nwith a claim")) == [
        (0, 3, "we begin with a claim")
    ]


@given(st.lists(st.tuples(TIMES, st.text("abc .", min_size=1)), max_size=20))
def test_the_transcript_keeps_order_and_time(drawn: list[tuple[tuple[int, int], str]]) -> None:
    cues = [Cue(a / 1000, b / 1000, t) for (a, b), t in sorted(drawn, key=lambda d: d[0][0]) if t.strip()]
    paragraphs = captions.transcript(cues)
    assert [p.start for p in paragraphs] == sorted(p.start for p in paragraphs)
    assert {p.start for p in paragraphs} <= {c.start for c in cues}
    assert max((p.end for p in paragraphs), default=0) == max((c.end for c in cues), default=0)
