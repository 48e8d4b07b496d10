"""GIFT, read: the text format of questions that Moodle defines (docs.moodle.org, "GIFT format").

``pieces`` and ``parse`` find what stands in the file, question by question; the reader makes drafts of it.
docs/standards/gift.md goes through the format part by part.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Literal

import msgspec

from collegium.standards.questions import BLANK, Unreadable, number

Format = Literal["html", "moodle", "plain", "markdown"]
Kind = Literal["choice", "true_false", "short", "matching", "numeric", "essay", "description"]

# Escaped characters are set aside as characters that no text may hold, so that the rest is read plainly.
_SIMPLE = {"\\~": "\ufdd0", "\\=": "\ufdd1", "\\#": "\ufdd2", "\\{": "\ufdd3", "\\}": "\ufdd4", "\\:": "\ufdd5"}
_ESCAPES = _SIMPLE | {"\\\\": "\ufdd6", "\\n": "\ufdd7"}
_BACK = str.maketrans({mark: "\n" if text == "\\n" else text[1] for text, mark in _ESCAPES.items()})
_ESCAPED = re.compile(r"\\[~=#{}:\\n]")
_NEVER = re.compile("[\ufdd0-\ufddf]")
_CATEGORY = re.compile(r"\s*\$CATEGORY:\s*(.*)")
_TITLE = re.compile(r"\s*::(.*?)::", re.DOTALL)
_FORMAT = re.compile(r"\s*\[(html|moodle|plain|markdown)\]", re.IGNORECASE)
_WEIGHT = re.compile(r"\s*%\s*(-?[0-9]{1,9}(?:[.,][0-9]{1,12})?)\s*%")
_TAG = re.compile(r"\[tag:([^\[\]]{1,200})\]")
_ID = re.compile(r"\[id:([^\[\]]{1,200})\]")
_TRUE = {"T": True, "TRUE": True, "F": False, "FALSE": False}
MOST_ANSWERS = 200
"""Answers that are looked at; how many a question may have depends on its type."""


class Text(msgspec.Struct, frozen=True):
    """A text as it was written, and in which format."""

    format: Format
    text: str


class Choice(msgspec.Struct, frozen=True):
    """An answer behind ``=`` (right) or ``~``; its weight in percent where it has one."""

    right: bool
    weight: Decimal | None
    text: Text
    feedback: Text | None


class Range(msgspec.Struct, frozen=True):
    """A number with what it may be off by; both None for ``*``, any other number."""

    right: bool
    weight: Decimal | None
    value: Decimal | None
    tolerance: Decimal | None
    feedback: Text | None


class Pair(msgspec.Struct, frozen=True):
    """A line of a matching."""

    left: Text
    right: str


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """A question as it stands in the file."""

    line: int
    kind: Kind
    title: str
    stem: Text
    embedded: bool = False
    id: str = ""
    tags: tuple[str, ...] = ()
    category: str = ""
    choices: tuple[Choice, ...] = ()
    numbers: tuple[Range, ...] = ()
    pairs: tuple[Pair, ...] = ()
    is_true: bool = False
    wrong_feedback: Text | None = None
    right_feedback: Text | None = None
    general: Text | None = None


class Piece(msgspec.Struct, frozen=True, kw_only=True):
    """Lines of the file that belong together, with escaped characters set aside; what stands in comments before."""

    line: int
    text: str
    category: str = ""
    id: str = ""
    tags: tuple[str, ...] = ()


def pieces(text: str) -> list[Piece]:
    """The questions of a file as pieces of text. A category that stands alone has no piece."""
    found: list[Piece] = []
    lines: list[str] = []
    start, category, comments = 0, "", [""]

    def end() -> None:
        if any(line.strip() for line in lines):
            notes = "\n".join(comments)
            ids = _ID.findall(notes)
            tags = tuple(dict.fromkeys(tag.strip() for tag in _TAG.findall(notes) if tag.strip()))
            body = _ESCAPED.sub(lambda one: _ESCAPES[one[0]], _NEVER.sub("", "\n".join(lines)))
            found.append(Piece(line=start, text=body, category=category, id=ids[-1].strip() if ids else "", tags=tags))
            comments.clear()
        lines.clear()

    for place, line in enumerate(text.split("\n"), 1):
        bare = line.strip()
        if bare.startswith("//"):
            if not any(lines):
                comments.append(bare)
            # It stays as a line that says nothing, so that the lines after it are counted.
            line = " "
        elif not bare:
            end()
            continue
        elif (one := _CATEGORY.fullmatch(line)) and not any(line.strip() for line in lines):
            lines.clear()
            category = one[1].strip()
            continue
        if not lines:
            start = place
        lines.append(line)
    end()
    return list(_joined(found))


def _joined(given: list[Piece]) -> Iterator[Piece]:
    """Blank lines between braces do not end a question; a brace that is never closed ends with its own piece."""
    place = 0
    while place < len(given):
        piece = given[place]
        place += 1
        if piece.text.count("{") == piece.text.count("}") + 1:
            ends = next((n for n in range(place, len(given)) if "{" in given[n].text or "}" in given[n].text), None)
            if ends is not None and "{" not in given[ends].text.partition("}")[0] and "}" in given[ends].text:
                inner = given[place : ends + 1]
                text, at = [piece.text], piece.line + piece.text.count("\n")
                for one in inner:
                    text += ["\n" * max(1, one.line - at), one.text]
                    at = one.line + one.text.count("\n")
                piece = msgspec.structs.replace(piece, text="".join(text))
                place = ends + 1
        yield _started(piece)


def _started(piece: Piece) -> Piece:
    body = piece.text.lstrip()
    skipped = piece.text[: len(piece.text) - len(body)].count("\n")
    return msgspec.structs.replace(piece, text=body, line=piece.line + skipped)


def parse(piece: Piece) -> Question:
    """What a piece says; raises Unreadable with the line."""
    text, title = piece.text, ""
    if found := _TITLE.match(text):
        title, text = _folded(found[1]), text[found.end() :]
    elif text.startswith("::"):
        raise Unreadable("The title begins with :: and does not end with ::.", piece.line)
    format, text = _format(text, "moodle")
    before, brace, rest = text.partition("{")
    made = Question(
        line=piece.line, kind="description", title=title, stem=_text(before, format), id=piece.id, tags=piece.tags,
        category=piece.category,
    )  # fmt: skip
    if not brace:
        if "}" in text:
            raise Unreadable("There is a } without a { before it. Write \\} for a brace in the text.", piece.line)
        return made
    answers, brace, tail = rest.partition("}")
    if not brace:
        raise Unreadable("The { of its answers is never closed by a }. Write \\{ for a brace in the text.", piece.line)
    if "{" in answers or "{" in tail or "}" in tail:
        raise Unreadable("It has more than one pair of braces. Write \\{ and \\} for braces in the text.", piece.line)
    if tail.strip():
        tail = tail.lstrip()
        joined = f"{before.rstrip()} {BLANK}{'' if tail[0] in '.,;:!?)' else ' '}{tail}"
        made = msgspec.structs.replace(made, stem=_text(joined, format), embedded=True)
    return _answered(made, answers, piece.line + piece.text.partition("{")[0].count("\n"))


def _answered(made: Question, answers: str, line: int) -> Question:
    answers, mark, general = answers.partition("####")
    if mark and general.strip():
        made = msgspec.structs.replace(made, general=_formatted(general, made.stem.format))
    bare = answers.strip()
    if not bare:
        return msgspec.structs.replace(made, kind="essay")
    if answers.count("=") + answers.count("~") > MOST_ANSWERS:
        raise Unreadable(
            f"It has {answers.count('=') + answers.count('~'):,} answers; {MOST_ANSWERS} are the most.", line
        )
    if bare.startswith("#"):
        return msgspec.structs.replace(made, kind="numeric", numbers=tuple(_numbers(bare[1:], made.stem.format, line)))
    word, *feedback = bare.split("#")
    if word.strip().upper() in _TRUE:
        return msgspec.structs.replace(
            made,
            kind="true_false",
            is_true=_TRUE[word.strip().upper()],
            wrong_feedback=_feedback(feedback[0], made.stem.format) if feedback else None,
            right_feedback=_feedback(feedback[1], made.stem.format) if len(feedback) > 1 else None,
        )
    if "~" not in bare and "->" in bare and bare.startswith("="):
        return msgspec.structs.replace(made, kind="matching", pairs=tuple(_pairs(bare, made.stem.format, line)))
    if bare[0] not in "=~":
        if "=" in bare or "~" in bare:
            raise Unreadable("Between { and the first answer stands text. Begin each answer with = or ~.", line)
        bare = f"={bare}"
    found = tuple(_choice(one, made.stem.format) for one in _split(bare))
    return msgspec.structs.replace(made, kind="choice" if "~" in bare else "short", choices=found)


def _split(text: str) -> list[str]:
    return re.findall(r"[=~][^=~]*", text)


def _choice(text: str, format: Format) -> Choice:
    right, text = text[0] == "=", text[1:]
    weight, text = _weight(text)
    text, mark, feedback = text.partition("#")
    return Choice(right, weight, _formatted(text, format), _feedback(feedback, format) if mark else None)


def _numbers(text: str, format: Format, line: int) -> Iterator[Range]:
    if text.strip()[:1] not in ("=", "~"):
        text = f"={text}"
    for one in _split(text.strip()):
        right, (weight, spec) = one[0] == "=", _weight(one[1:])
        spec, mark, feedback = spec.partition("#")
        said = _feedback(feedback, format) if mark else None
        value, tolerance = _range(spec.translate(_BACK).strip(), line) if right else (None, None)
        yield Range(right, weight, value, tolerance, said)


def _range(spec: str, line: int) -> tuple[Decimal | None, Decimal | None]:
    if spec in ("*", ""):
        if spec:
            return None, None
        raise Unreadable("A number is missing behind # or =.", line)
    try:
        if ".." in spec:
            low, high = (number(one) for one in spec.split("..", 1))
            if low > high:
                raise Unreadable(f"The range {spec[:40]} ends before it begins.", line)
            return (low + high) / 2, (high - low) / 2
        value, mark, tolerance = spec.partition(":")
        return number(value), abs(number(tolerance)) if mark else Decimal(0)
    except Unreadable as problem:
        raise Unreadable(f"{problem} After # stand numbers: 3.5, 3.5:0.1 or 3..4.", line) from problem


def _pairs(text: str, format: Format, line: int) -> Iterator[Pair]:
    for one in _split(text):
        left, mark, right = one[1:].partition("->")
        if not mark:
            raise Unreadable("One of its pairs has no ->. Write each as = left -> right.", line)
        yield Pair(_formatted(left, format), _folded(right))


def _weight(text: str) -> tuple[Decimal | None, str]:
    found = _WEIGHT.match(text)
    return (Decimal(found[1].replace(",", ".")), text[found.end() :]) if found else (None, text)


def _format(text: str, default: Format) -> tuple[Format, str]:
    found = _FORMAT.match(text)
    if not found:
        return default, text
    named: dict[str, Format] = {"html": "html", "moodle": "moodle", "plain": "plain", "markdown": "markdown"}
    return named[found[1].lower()], text[found.end() :]


def _formatted(text: str, default: Format) -> Text:
    format, text = _format(text, default)
    return _text(text, format)


def _feedback(text: str, default: Format) -> Text | None:
    made = _formatted(text, default)
    return made if made.text else None


def _text(text: str, format: Format) -> Text:
    """Lines of the file are joined; \\n is a line of the text. Markdown keeps its lines."""
    joined = text.strip() if format == "markdown" else _joined_lines(text)
    return Text(format, joined.translate(_BACK))


def _joined_lines(text: str) -> str:
    return " ".join(line.strip() for line in text.strip().split("\n") if line.strip())


def _folded(text: str) -> str:
    return " ".join(text.translate(_BACK).split())
