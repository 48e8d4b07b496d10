"""Captions: WebVTT in and out (W3C WebVTT, §4 for the form, §6 for reading), SubRip in.

What is read is reduced to cues: times and plain text. Positions, styles, regions and notes are left out, so
what is stored and sent to a browser is always a file that we wrote.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterable, Iterator

from collegium.features.media.model import Cue

LONGEST_FILE = 4 * 1024 * 1024  # bytes
MOST_CUES = 50_000
# A paragraph of the transcript ends at the first sentence after this many characters, or at a silence.
PARAGRAPH = 240
LONGEST_PARAGRAPH = 600
SILENCE = 2.0  # seconds

_ARROW = "-->"
_TIMING = re.compile(r"[ \t]*([^ \t]+?)[ \t]*-->[ \t]*([^ \t]+)(?:[ \t].*)?")
_TIME = re.compile(r"(?:([0-9]{1,4}):)?([0-9]{1,2}):([0-9]{1,2})[.,]([0-9]{3})")
_SKIPPED = re.compile(r"(?:NOTE|STYLE|REGION)(?:[ \t]|$)")
_VOICE = re.compile(r"<v(?:\.[^\s>]*)?[ \t]+([^<>\n]+)>")
_TAG = re.compile(r"</?(?:[a-z][^<>\n]*)?>|<[0-9:.]+>", re.IGNORECASE)
_SRT_TAG = re.compile(_TAG.pattern + r"|\{\\[^}\n]*\}", re.IGNORECASE)
_SENTENCE_END = re.compile(r"[.!?…][\"'”’)\]]*$")
_SPEAKER = re.compile(r"[^\W\d_][\w .'’-]{0,40}: ")


class CaptionError(ValueError):
    """The file cannot be read; the text says where and why. `line` and `column` count from 1.

    `line` 0 means the whole file, `column` 0 the whole line.
    """

    def __init__(self, line: int, problem: str, column: int = 0) -> None:
        where = f"Line {line}, column {column}: " if column else f"Line {line}: " if line else ""
        super().__init__(where + problem)
        self.line = line
        self.column = column


def parse_vtt(data: bytes | str) -> list[Cue]:
    """The cues of a WebVTT file, by start. Raises `CaptionError`."""
    lines = _lines(_decode(data, fallback=False))
    if not re.match(r"WEBVTT(?:[ \t]|$)", lines[0]):
        raise CaptionError(
            1, "A WebVTT file starts with the word WEBVTT. Choose another file, or save it as WebVTT.", 1
        )
    body = 1
    while body < len(lines) and lines[body] and _ARROW not in lines[body]:
        body += 1  # §4.1: what follows the first line belongs to the header up to an empty line
    return _cues(lines, body, _TAG)


def parse_srt(data: bytes | str) -> list[Cue]:
    """The cues of a SubRip file, by start. Raises `CaptionError`."""
    return _cues(_lines(_decode(data, fallback=True)), 0, _SRT_TAG)


def parse(data: bytes | str) -> list[Cue]:
    """The cues of a file of either kind, told apart by its first word. Raises `CaptionError`."""
    text = _decode(data, fallback=True)
    return parse_vtt(data) if text.startswith("WEBVTT") else parse_srt(data)


def write_vtt(cues: Iterable[Cue]) -> str:
    """A WebVTT file of these cues; reading it gives them again. A cue without words is left out."""
    blocks = ["WEBVTT\n"]
    for cue in cues:
        if text := tidy(cue.text):
            # Escaping `>` also keeps an arrow in the words from being read as a time line (§4.1).
            words = html.escape(text, quote=False)
            blocks.append(f"{len(blocks)}\n{timestamp(cue.start)} {_ARROW} {timestamp(cue.end)}\n{words}\n")
    return "\n".join(blocks)


def srt_to_vtt(data: bytes | str) -> str:
    """A SubRip file as WebVTT. Raises `CaptionError`."""
    return write_vtt(parse_srt(data))


def timestamp(seconds: float) -> str:
    """Seconds as WebVTT writes them (§4.1), always with hours: `00:01:02.500`."""
    minutes, milliseconds = divmod(round(seconds * 1000), 60_000)
    return f"{minutes // 60:02}:{minutes % 60:02}:{milliseconds // 1000:02}.{milliseconds % 1000:03}"


def tidy(text: str) -> str:
    """The words with single spaces, without control characters and without empty lines."""
    shown = "".join(c for c in text if c in "\t\n" or unicodedata.category(c) not in ("Cc", "Cs"))
    lines = (" ".join(line.replace("\ufeff", "").split()) for line in shown.split("\n"))
    return "\n".join(line for line in lines if line)


def transcript(cues: Iterable[Cue]) -> list[Cue]:
    """The cues joined to paragraphs for reading, each with the time at which it is heard.

    A new one begins after a silence, where another person speaks, and at the end of a sentence once the
    paragraph is long enough. Captions that roll up, each repeating the one before, are said once.
    """
    paragraphs: list[Cue] = []
    previous = ""
    for cue in cues:
        text = " ".join(cue.text.split())
        last = paragraphs[-1] if paragraphs else None
        if last is None or _parts(last, cue, text):
            paragraphs.append(Cue(cue.start, cue.end, text))
        else:
            fresh = text.removeprefix(previous).strip() if cue.start <= last.end + 0.1 else text
            paragraphs[-1] = Cue(last.start, max(last.end, cue.end), f"{last.text} {fresh}".strip())
        previous = text
    return paragraphs


def _parts(last: Cue, cue: Cue, text: str) -> bool:
    if cue.start - last.end >= SILENCE or _SPEAKER.match(text) or len(last.text) >= LONGEST_PARAGRAPH:
        return True
    return len(last.text) >= PARAGRAPH and _SENTENCE_END.search(last.text) is not None


def _decode(data: bytes | str, *, fallback: bool) -> str:
    if len(data) > LONGEST_FILE:
        raise CaptionError(0, f"A caption file can have {LONGEST_FILE // 1024**2} MB at most.")
    if isinstance(data, str):
        return data.removeprefix("\ufeff")
    try:
        if data.startswith((b"\xff\xfe", b"\xfe\xff")):
            return data.decode("utf-16")
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        if fallback:
            return data.decode("cp1252", "replace")  # SubRip names no encoding; this is the usual one
        before = data[: error.start]
        column = len(before) - before.rfind(b"\n")
        raise CaptionError(
            before.count(b"\n") + 1, "This is not UTF-8 text. Save the file as UTF-8 and choose it again.", column
        ) from None


def _lines(text: str) -> list[str]:
    return re.split(r"\r\n|\n|\r", text.replace("\0", "\ufffd"))


def _cues(lines: list[str], start: int, tag: re.Pattern[str]) -> list[Cue]:
    found: list[Cue] = []
    for first, block in _blocks(lines, start):
        at = next((i for i, line in enumerate(block[:2]) if _ARROW in line), None)
        if at is None and _SKIPPED.match(block[0]):
            continue
        if at is None:
            raise CaptionError(first, f"Here a time line is expected, such as {_EXAMPLE}.", _edge(block[0]))
        begins, ends = _timing(block[at], first + at)
        for offset, line in enumerate(block[at + 1 :], first + at + 1):
            if _ARROW in line:
                raise CaptionError(offset, "Before a new caption there must be an empty line.", _edge(line))
        if text := _words("\n".join(block[at + 1 :]), tag):
            found.append(Cue(begins, ends, text))
        if len(found) > MOST_CUES:
            raise CaptionError(first, f"A caption file can have {MOST_CUES} captions at most.")
    if not found:
        raise CaptionError(0, "The file has no captions in it.")
    return sorted(found, key=lambda cue: cue.start)


_EXAMPLE = f"00:01:02.500 {_ARROW} 00:01:05.000"


def _blocks(lines: list[str], start: int) -> Iterator[tuple[int, list[str]]]:
    """Runs of lines that are not empty, each with the number of its first line."""
    block: list[str] = []
    for number, line in enumerate([*lines[start:], ""], start + 1):
        if line.strip():
            block.append(line)
        elif block:
            yield number - len(block), block
            block = []


def _timing(line: str, number: int) -> tuple[float, float]:
    match = _TIMING.fullmatch(line)
    if match is None:
        raise CaptionError(number, f"The times cannot be read. They are written like {_EXAMPLE}.", _edge(line))
    begins, ends = _seconds(match, 1, number), _seconds(match, 2, number)
    if ends <= begins:
        raise CaptionError(number, "The caption ends before it begins.", match.start(2) + 1)
    return begins, ends


def _edge(line: str) -> int:
    """The column of a line's first word."""
    return len(line) - len(line.lstrip()) + 1


def _seconds(times: re.Match[str], group: int, number: int) -> float:
    text = times[group]
    match = _TIME.fullmatch(text)
    if match is None or int(match[2]) > 59 or int(match[3]) > 59:
        problem = f"The time {text[:30]!r} cannot be read. It is written like 00:01:02.500."
        raise CaptionError(number, problem, times.start(group) + 1)
    whole = (int(match[1] or 0) * 60 + int(match[2])) * 60 + int(match[3])
    return (whole * 1000 + int(match[4])) / 1000


def _words(marked: str, tag: re.Pattern[str]) -> str:
    """Plain text of a cue: who speaks is kept as `Name: `, other tags go, entities are read (§6.4)."""
    return tidy(html.unescape(tag.sub("", _VOICE.sub(r"\1: ", marked))))
