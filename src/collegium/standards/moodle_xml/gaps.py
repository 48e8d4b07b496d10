"""Moodle's texts with gaps: cloze ("embedded answers"), and words to drag or to choose."""

from __future__ import annotations

import html as entities
import re
from decimal import Decimal
from typing import Any

from collegium.kit.xmltree import Node
from collegium.standards.markup import words
from collegium.standards.questions import (
    MOST_BLANKS,
    Answer,
    Json,
    Remark,
    Unreadable,
    accepted,
    blanks,
    gap,
    number,
    plain_number,
    share_of,
)

Parts = tuple[str, Any, Json | None, dict[str, str]]
_GAP = re.compile(r"\{([0-9]{0,3}):([A-Z_]{2,20}):((?:\\.|[^\\{}]){0,20000})\}")
_ANSWER = re.compile(r"(?:\\.|[^\\~])+", re.DOTALL)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_TEXT = {"SHORTANSWER", "SA", "MW", "SHORTANSWER_C", "SAC", "MWC"}
_NUMBER = {"NUMERICAL", "NM"}
_LIST = re.compile(r"(?:MULTICHOICE|MC|MCV|MCH|MCS|MCVS|MCHS)(?:_[A-Z]{1,3})?")
_PLACE = re.compile(r"\[\[([0-9]{1,3})\]\]")


def cloze(text: str, remarks: list[Remark], line: int) -> tuple[str, Parts]:
    """A text with answers in braces as a text with numbered gaps."""
    keys: list[Json] = []
    weights: set[str] = set()

    def one(found: re.Match[str]) -> str:
        weight, kind, body = found[1] or "1", found[2], entities.unescape(found[3])
        if len(keys) == MOST_BLANKS:
            raise Unreadable(f"It has more than {MOST_BLANKS} gaps.", line)
        weights.add(weight)
        keys.append(_key(kind, body, len(keys) + 1, remarks, line))
        return gap(len(keys))

    made = _GAP.sub(one, text)
    if not keys:
        raise Unreadable("No gap such as {1:SHORTANSWER:=word} was found in its text.", line)
    if len(weights) > 1:
        remarks.append(Remark("Its gaps count differently in the file; here each counts the same.", line))
    options, key = blanks(keys)
    return made, ("fill_blank", options, key, {})


def _key(kind: str, body: str, place: int, remarks: list[Remark], line: int) -> Json:
    given = [_answer(text, line) for text in _ANSWER.findall(body)]
    if kind in _NUMBER:
        return _number(given, place, remarks, line)
    if kind not in _TEXT and not _LIST.fullmatch(kind):
        raise Unreadable(f"Gap {place} is of the type {kind}, which is not taken.", line)
    if _LIST.fullmatch(kind):
        remarks.append(Remark(f"Gap {place} was a list to choose from; here its word is typed.", line))
    if any(one.feedback for one in given):
        remarks.append(Remark(f"What is said to the answers of gap {place} was left out.", line))
    right = [Answer(words(one.html), one.share) for one in given if one.html.strip() != "*" and one.share > 0]
    key: Json = {"accepted": accepted(right)}
    if kind in ("SHORTANSWER_C", "SAC", "MWC"):
        key["case_sensitive"] = True
    return key


def _answer(text: str, line: int) -> Answer:
    """``=right``, ``%50%partly``, ``wrong#feedback``."""
    share: float = 0
    text = text.strip()
    if text.startswith("="):
        share, text = 1, text[1:]
    elif found := re.match(r"%(-?[0-9]{1,3}(?:[.,][0-9]{1,8})?)%", text):
        share, text = share_of(Decimal(found[1].replace(",", "."))), text[found.end() :]
    # A # behind a backslash is one of the text.
    parts = re.split(r"(?<!\\)#", text, maxsplit=1)
    if not -1 <= share <= 1:
        raise Unreadable(f"One of its answers is worth {share * 100:g} percent; -100 to 100 are possible.", line)
    return Answer(_ESCAPE.sub(r"\1", parts[0]).strip(), share, parts[1] if len(parts) > 1 else "")


def _number(given: list[Answer], place: int, remarks: list[Remark], line: int) -> Json:
    right = [one for one in given if one.share > 0 and one.html != "*"]
    if not right:
        raise Unreadable(f"No number is right in gap {place}.", line)
    if len(right) > 1 or right[0].share < 1:
        remarks.append(Remark(f"Of the numbers for gap {place} only the best is taken.", line))
    best = max(right, key=lambda one: one.share)
    value, _, off = best.html.partition(":")
    return {"numeric": {"value": plain_number(number(value)), "tolerance": plain_number(abs(number(off or "0")))}}


def words_to_place(text: str, node: Node, remarks: list[Remark]) -> tuple[str, Parts]:
    """Words that are dragged into gaps (ddwtos) or chosen there (gapselect), as gaps to type in."""
    given = [words(one.words("text")) for one in (*node.all("dragbox"), *node.all("selectoption"))]
    used: list[int] = []

    def one(found: re.Match[str]) -> str:
        place = int(found[1])
        if not 1 <= place <= len(given) or not given[place - 1]:
            raise Unreadable(f"The gap [[{place}]] names a word that is not there.", node.line, "dragbox")
        used.append(place)
        return gap(len(used))

    made = _PLACE.sub(one, text)
    if not used:
        raise Unreadable("Its text has no gaps such as [[1]].", node.line)
    remarks.append(Remark("Its words were dragged or chosen; here they are typed into the gaps.", node.line))
    options, key = blanks([{"accepted": accepted([Answer(given[place - 1], 1)])} for place in used])
    return made, ("fill_blank", options, key, {})
