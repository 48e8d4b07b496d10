"""A question between two formats: what every reader of question files answers, and what every writer takes.

Options and keys have the shape in which the question bank keeps them, so nothing is lost on the way there. Text of
questions, options, explanations and feedback is HTML; it is cleaned where it enters the bank, not here.
"""

from __future__ import annotations

import string
from collections.abc import Callable, Iterable, Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Literal, TypeVar, cast

import msgspec

from collegium.standards.markup import inline, words

Type = Literal[
    "multiple_choice", "true_false", "multiple_answer", "short_answer", "essay", "fill_blank", "matching", "ordering",
    "numeric",
]  # fmt: skip
Json = dict[str, Any]
T = TypeVar("T")

MOST_QUESTIONS = 2000
"""Questions of one file; the rest is told and left."""
MOST_OPTIONS, MOST_RIGHT, MOST_BLANKS, MOST_ACCEPTED, MOST_NUMBERS = 20, 30, 20, 50, 20
LONGEST_FEEDBACK = 35_000
"""Characters of all feedback of a question, as JSON."""
LONGEST_TEXT, LONGEST_OPTION, LONGEST_ACCEPTED, LONGEST_TITLE = 10_000, 2_000, 500, 200
MOST_TAGS, LONGEST_TAG, LONGEST_TAGS = 30, 100, 1_500
LARGEST_FILE = 8 << 20
"""Bytes of a text file with questions, and of the XML of one item."""
BLANK = "_____"
"""How a gap is shown in a text that has one without a number."""
_NAMES = (*string.ascii_lowercase, *(f"a{letter}" for letter in string.ascii_lowercase))


class Unreadable(Exception):
    """This question is not taken; the text says why, in words for who wrote it. The others of its file go on."""

    def __init__(self, problem: str, line: int = 0, place: str = "") -> None:
        super().__init__(problem)
        self.line, self.place = line, place


class FileError(ValueError):
    """Nothing of the file is taken; the text says why. ``line`` counts from 1, 0 is the whole file."""

    def __init__(self, problem: str, line: int = 0) -> None:
        super().__init__(problem)
        self.line = line


class Remark(msgspec.Struct, frozen=True):
    """What was taken otherwise or left out, in words; where it stands (line from 1, 0 unknown; column or element)."""

    words: str
    line: int = 0
    place: str = ""


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """A question as files bring it. ``text``, ``explanation`` and ``feedback`` are HTML, ``hint`` is plain text."""

    type: Type
    text: str
    title: str = ""
    options: Any = msgspec.field(default_factory=list[Any])
    correct: Json | None = None
    points: Decimal = Decimal(1)
    explanation: str = ""
    feedback: dict[str, str] = msgspec.field(default_factory=dict[str, str])
    hint: str = ""
    tags: list[str] = msgspec.field(default_factory=list[str])
    difficulty: Literal["easy", "medium", "hard"] = "medium"
    rubric: list[Json] = msgspec.field(default_factory=list[Json])
    """Of an essay: what it is judged by, [{name, description, points}] in plain text."""
    word_limit: int | None = None


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """A question of a file: what it becomes, or None when it is not taken; then the first remark says why."""

    number: int
    """Its place in the file, from 1."""
    line: int
    name: str
    """What it is called in a report: title, identifier or the beginning of its text."""
    draft: Draft | None
    remarks: list[Remark]
    place: str = ""
    """The file of a package in which it stands."""


class Embedded(msgspec.Struct, frozen=True):
    """A file that questions show: its name, and its content or the entry of the package that holds it."""

    name: str
    data: bytes = b""
    entry: str = ""


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """What a file holds. HTML names its files as ``import:<key>``."""

    format: str
    version: str = ""
    found: list[Found]
    remarks: list[Remark] = msgspec.field(default_factory=list[Remark])
    files: dict[str, Embedded] = msgspec.field(default_factory=dict[str, Embedded])


class Answer(msgspec.Struct, frozen=True):
    """An answer as files write it: HTML, the share of the points it is worth (-1 to 1), what to say to who gave it."""

    html: str
    share: float
    feedback: str = ""
    id: str = ""


def attempt(number: int, line: int, read: Callable[[list[Remark]], Draft], *, name: str = "", place: str = "") -> Found:
    """One question of a file, or why it is not taken; never raises for what a file may hold."""
    remarks: list[Remark] = []
    try:
        draft = checked(read(remarks), remarks, line)
    except Unreadable as problem:
        why = Remark(str(problem), problem.line or line, problem.place)
        return Found(
            number=number, line=line, name=name or f"Question {number}", draft=None, remarks=[why], place=place
        )
    called = draft.title or name or words(draft.text)[:80]
    return Found(number=number, line=line, name=called, draft=draft, remarks=remarks, place=place)


def checked(draft: Draft, remarks: list[Remark], line: int = 0) -> Draft:
    """The draft with what is too long beside the point cut and told; Unreadable for what cannot be cut."""
    text = words(draft.text)
    if not text and "<img" not in draft.text:
        raise Unreadable("The question has no text.", line)
    if len(text) > LONGEST_TEXT or len(draft.text) > 5 * LONGEST_TEXT:
        raise Unreadable(f"The text has {len(text):,} characters, and {LONGEST_TEXT:,} are the most.", line)
    title = " ".join(draft.title.split())
    if len(title) > LONGEST_TITLE:
        remarks.append(Remark(f"The title was cut to {LONGEST_TITLE} characters.", line))
        title = title[:LONGEST_TITLE].strip()
    for what, given, most in (("explanation", draft.explanation, 10_000), ("hint", draft.hint, 2_000)):
        if len(given) > most:
            raise Unreadable(f"The {what} has {len(given):,} characters, and {most:,} are the most.", line)
    if len(msgspec.json.encode(draft.feedback).decode()) > LONGEST_FEEDBACK:
        raise Unreadable(
            f"The feedback to its answers is too long: {LONGEST_FEEDBACK:,} characters are the most.", line
        )
    try:
        # What a column or a file of ours holds as JSON may be anything.
        msgspec.convert(draft.options, list[dict[str, str]] | dict[str, list[dict[str, str]]])
    except msgspec.ValidationError as error:
        raise Unreadable("Its answers are not in a form that can be read.", line) from error
    if not draft.points.is_finite() or not 0 <= draft.points < 1000:
        raise Unreadable(f"It is worth {draft.points} points; 0 to 999.99 are possible.", line)
    points = draft.points.quantize(Decimal("0.01"), ROUND_HALF_UP)
    if points != draft.points:
        remarks.append(Remark(f"The points were rounded from {draft.points.normalize():f} to {points:f}.", line))
    return msgspec.structs.replace(draft, title=title, points=points, tags=_tags(draft.tags, remarks, line))


def _tags(given: Iterable[str], remarks: list[Remark], line: int) -> list[str]:
    found: list[str] = []
    for tag in given:
        tag = " ".join(tag.split())
        if tag and tag[:LONGEST_TAG].strip() not in found:
            found.append(tag[:LONGEST_TAG].strip())
    kept = found[:MOST_TAGS]
    while sum(map(len, kept)) > LONGEST_TAGS:
        kept.pop()
    if kept != found:
        remarks.append(
            Remark(f"{len(found) - len(kept)} of its {len(found)} tags were left out: they are too many.", line)
        )
    return kept


# Building -------------------------------------------------------------------------------------------------


def option(html: str, name: str) -> Json:
    """An option of that id: its words, and its HTML where it has more than words."""
    html = inline(html)
    text = words(html)
    if not text:
        text = "Picture" if "<img" in html else ""
    if not text:
        raise Unreadable("One of its answers is empty.")
    if len(text) > LONGEST_OPTION or len(html) > 5 * LONGEST_OPTION:
        raise Unreadable(f"One of its answers has {len(text):,} characters, and {LONGEST_OPTION:,} are the most.")
    return {"id": name, "text": text, "html": html} if "<" in html else {"id": name, "text": text}


def option_html(one: Json) -> str:
    """An option as HTML."""
    return one.get("html") or escape(one["text"])


def escape(text: str) -> str:
    """Plain text as HTML."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def names(number: int) -> list[str]:
    """That many ids for options: a, b, c, …"""
    return list(_NAMES[:number])


def _bounded(given: Sequence[T], most: int, what: str) -> Sequence[T]:
    if len(given) > most:
        raise Unreadable(f"It has {len(given):,} {what}, and {most} are the most.")
    return given


def choices(
    answers: Sequence[Answer], *, multiple: bool, rule: str = ""
) -> tuple[Type, list[Json], Json, dict[str, str]]:
    """A choice of one or of several: type, options, key, feedback. ``rule`` is asked for, else found in the shares."""
    if len(_bounded(answers, MOST_OPTIONS, "answers")) < 2:
        raise Unreadable("It has fewer than two answers to choose from.")
    ids = [answer.id or name for answer, name in zip(answers, names(len(answers)), strict=True)]
    options = [option(answer.html, name) for answer, name in zip(answers, ids, strict=True)]
    shares = {name: _in_bounds(answer.share) for name, answer in zip(ids, answers, strict=True) if answer.share}
    feedback = {name: text for name, one in zip(ids, answers, strict=True) if (text := inline(one.feedback))}
    if not multiple:
        best = next((name for name, share in shares.items() if share == 1), None)
        if best is None:
            raise Unreadable("None of its answers is worth all points. Mark the right one.")
        rest = {name: share for name, share in shares.items() if name != best}
        return "multiple_choice", options, {"selected": best, **({"shares": rest} if rest else {})}, feedback
    right = [name for name in ids if shares.get(name, 0) > 0]
    if not right:
        raise Unreadable("None of its answers is right. Mark at least one.")
    if not rule:
        even = 1 / len(right)
        balanced = {name: even if name in right else -even for name in ids}
        rule = "balanced" if all(abs(balanced[name] - shares.get(name, 0)) < 1e-6 for name in ids) else "shares"
    key: Json = {"selected": right}
    if rule == "shares":
        total = sum(shares[name] for name in right)
        if total < 0.999:
            raise Unreadable(
                f"Its right answers are worth {total * 100:.5g} percent together. Give them 100 percent or more."
            )
        key |= {"rule": "shares", "shares": shares}
    elif rule != "balanced":
        key["rule"] = rule
    return "multiple_answer", options, key, feedback


def _in_bounds(share: float) -> float:
    if not -1 <= share <= 1:
        raise Unreadable(f"One of its answers is worth {share * 100:g} percent; -100 to 100 are possible.")
    return 1 if share == 1 else -1 if share == -1 else share


def accepted(answers: Sequence[Answer]) -> list[Any]:
    """The texts that are right, as a key keeps them; shares above 0 only, feedback as HTML."""
    found: list[Any] = []
    for one in _bounded(answers, MOST_ACCEPTED, "accepted answers"):
        text = " ".join(one.html.split())
        if not text:
            raise Unreadable("One of the accepted answers is empty.")
        if len(text) > LONGEST_ACCEPTED:
            raise Unreadable(f"An accepted answer has {len(text):,} characters, and {LONGEST_ACCEPTED} are the most.")
        share = _in_bounds(one.share)
        if share <= 0:
            continue
        feedback = inline(one.feedback)
        plain = share == 1 and not feedback
        found.append(text if plain else {"text": text, "share": share, **({"feedback": feedback} if feedback else {})})
    if not found:
        raise Unreadable("No accepted answer is worth any points.")
    return found


def starred(answers: Sequence[Answer], remarks: list[Remark], line: int) -> tuple[Json, dict[str, str]]:
    """Accepted texts as Moodle has them: * is anything, \\* a star; a * for nothing speaks to other answers."""
    kept: list[Answer] = []
    said: dict[str, str] = {}
    for one in answers:
        if one.html.strip() == "*" and one.share <= 0:
            said = {"wrong": inline(one.feedback)} if one.feedback else {}
            continue
        if one.share <= 0 and one.feedback:
            remarks.append(Remark(f"What is said to the wrong answer “{one.html[:60]}” was left out.", line))
        kept.append(one)
    if any("*" in one.html.replace("\\*", "") for one in kept):
        return {"accepted": accepted(kept), "wildcards": True}, said
    plain = [Answer(one.html.replace("\\*", "*"), one.share, one.feedback) for one in kept]
    return {"accepted": accepted(plain)}, said


def matching(pairs: Sequence[tuple[str, str]], spare: Sequence[str] = ()) -> tuple[Json, Json]:
    """Two sides, each as HTML, and right answers that belong to nothing: options and key."""
    if len(_bounded(pairs, MOST_OPTIONS, "pairs")) < 2:
        raise Unreadable("A matching needs at least two pairs.")
    rights: dict[str, str] = {}
    for text in (*(right for _, right in pairs), *spare):
        rights.setdefault(inline(text), "")
    for html, name in zip(_bounded(list(rights), MOST_RIGHT, "answers to match"), names(len(rights)), strict=True):
        rights[html] = name
    if len(rights) < 2:
        raise Unreadable("All its pairs have the same answer.")
    ids = names(len(pairs))
    left = [option(html, name) for (html, _), name in zip(pairs, ids, strict=True)]
    key = {name: rights[inline(html)] for (_, html), name in zip(pairs, ids, strict=True)}
    return {"left": left, "right": [option(html, name) for html, name in rights.items()]}, {"pairs": key}


def blanks(texts: Sequence[Json], labels: Sequence[str] = ()) -> tuple[list[Json], Json]:
    """The gaps of a text, in their order, and what is right in each: options and key."""
    if not _bounded(texts, MOST_BLANKS, "gaps"):
        raise Unreadable("It has no gaps.")
    ids = [str(place) for place in range(1, len(texts) + 1)]
    named = dict(zip(ids, labels, strict=False))
    options = [{"id": name, **({"label": named[name]} if named.get(name) else {})} for name in ids]
    return options, {"blanks": dict(zip(ids, texts, strict=True))}


def with_feedback(key: Any, change: Callable[[str], str]) -> Any:
    """A key whose feedback to accepted texts and numbers was changed."""
    if not isinstance(key, dict):
        return key
    made = dict(cast("Json", key))
    for name in ("accepted", "answers"):
        if isinstance(made.get(name), list):
            made[name] = [_said(one, change) for one in cast("list[Any]", made[name])]
    if isinstance(made.get("blanks"), dict):
        made["blanks"] = {name: with_feedback(one, change) for name, one in cast("Json", made["blanks"]).items()}
    return made


def _said(one: Any, change: Callable[[str], str]) -> Any:
    if not isinstance(one, dict) or not isinstance(cast("Json", one).get("feedback"), str):
        return cast("Any", one)
    made = cast("Json", one)
    return {**made, "feedback": change(made["feedback"])}


def gap(number: int | str) -> str:
    """The mark of a numbered gap in a text."""
    return f"[[{number}]]"


def category_tags(path: str) -> list[str]:
    """Tags of a Moodle category: each level of it, without those that every course has."""
    levels = [" ".join(level.replace("\0", "/").split()) for level in path.replace("//", "\0").split("/")]
    return [
        level
        for level in levels
        if level
        and level.lower() != "top"
        and not (level[0] == level[-1] == "$")
        and not level.startswith("Default for ")
    ]


# Numbers --------------------------------------------------------------------------------------------------


def number(text: str) -> Decimal:
    """A number as people write it, with comma or point; raises Unreadable."""
    plain = text.strip().replace("−", "-").replace("\xa0", "").replace(" ", "")
    if plain.count(",") == 1 and "." not in plain:
        plain = plain.replace(",", ".")
    try:
        found = Decimal(plain) if 0 < len(plain) <= 60 and "_" not in plain else None
    except ArithmeticError:
        found = None
    # What has no end is no number, and what has a thousand digits is no answer.
    if (
        found is None
        or not found.is_finite()
        or abs(cast("int", found.as_tuple().exponent)) > 30
        or abs(found) > 10**15
    ):
        raise Unreadable(f"“{text.strip()[:40]}” is not a number.")
    return found


def plain_number(value: float | Decimal) -> float | int:
    """A number as JSON keeps it: whole where it is whole."""
    made = float(value)
    return int(made) if made.is_integer() and abs(made) < 2**53 else made


def number_text(value: float) -> str:
    """A number without an exponent, exact."""
    found = format(Decimal(repr(value)), "f")
    return found.rstrip("0").rstrip(".") if "." in found else found


def share_of(percent: Decimal) -> float:
    """The share that a percentage means: 33.33333 is a third, as files that round it mean it."""
    places = -cast("int", percent.as_tuple().exponent)
    if places >= 2:
        for parts in (3, 6, 7, 9, 11, 12, 13, 14, 15, 17, 18, 19):
            near = round(percent * parts / 100)
            if near and near % parts and round(Decimal(100 * near) / parts, places) == percent:
                return near / parts
    return plain_number(percent / 100)


def percent_of(share: float) -> str:
    """A share as a percentage, from which ``share_of`` makes the same again."""
    exact = Decimal(repr(float(share))) * 100
    full = number_text(float(exact)) if Decimal(repr(float(exact))) == exact else format(exact, "f")
    pad = full if "." in full else f"{full}."
    rounded = format(exact.quantize(Decimal("0.00001")), "f").rstrip("0").rstrip(".")
    # Zeros at the end say that no third is meant.
    tried = (rounded, full, *(f"{pad}{'0' * number}" for number in range(1, 12)))
    return next((text for text in tried if share_of(Decimal(text)) == share), full)
