"""GIFT, written: what a question can say in it, and in words what it cannot."""

from __future__ import annotations

import re
from typing import Any, cast

import msgspec

from collegium.standards.markup import without_formulas, words
from collegium.standards.questions import BLANK, Draft, Json, escape, gap, number_text, option_html, percent_of

_SPECIAL = re.compile(r"[~=#{}:\\\n]")
_WEIGHT_LIKE = re.compile(r"\s*%\s*-?[0-9]")
_FORMAT_LIKE = re.compile(r"\s*\[(?:html|moodle|plain|markdown)\]", re.IGNORECASE)
_IMAGE = re.compile(r"<img\b[^>]*+>")
_ALT = re.compile(r'\balt="([^"]*)"')
HEAD = "// Questions in the GIFT format.\n\n"


class Written(msgspec.Struct, frozen=True):
    """A question as GIFT (empty when it cannot be said), and what it could not say."""

    text: str
    remarks: list[str]


class _Left(Exception):
    """GIFT cannot say this question; the text says why."""


def write(draft: Draft) -> Written:
    """A question with an empty line after it; what is lost stands in a comment above it too."""
    remarks: list[str] = []
    try:
        body = _body(draft, remarks)
    except _Left as problem:
        name = draft.title or words(draft.text)[:60].replace("\n", " ")
        return Written(
            f"// Left out: {name}: {problem}\n\n".replace("[", "(").replace("]", ")"), [f"Left out: {problem}"]
        )
    head = "".join(f"// {one.replace('[', '(').replace(']', ')')}\n" for one in remarks)
    tags = [tag for tag in draft.tags if "[" not in tag and "]" not in tag]
    if len(tags) < len(draft.tags):
        remarks.append("Tags with brackets were left out.")
    line = "".join(f" [tag:{tag}]" for tag in tags)
    title = f"::{_escaped(draft.title)}::" if draft.title else ""
    return Written(f"{head}{f'//{line}{chr(10)}' if line else ''}{title}[html]{body}\n\n", remarks)


def _body(draft: Draft, remarks: list[str]) -> str:
    _common_losses(draft, remarks)
    text = _html(draft.text, remarks)
    general = f"\n\t####{_html(draft.explanation, remarks)}" if draft.explanation else ""
    if draft.type == "essay":
        return f"{text}{{{general}{chr(10) if general else ''}}}"
    if draft.type == "fill_blank":
        return _embedded(draft, general, remarks)
    makers = {
        "multiple_choice": _single, "multiple_answer": _multiple, "true_false": _true_false, "matching": _matching,
        "short_answer": _short, "numeric": _numeric,
    }  # fmt: skip
    if draft.type not in makers:
        raise _Left("GIFT has no questions about an order.")
    return f"{text}{{{makers[draft.type](draft, remarks)}{general}\n}}"


def _common_losses(draft: Draft, remarks: list[str]) -> None:
    if draft.hint:
        remarks.append("Its hint is not in the file.")
    if draft.rubric or draft.word_limit:
        remarks.append("Its rubric and its limit of words are not in the file.")
    if draft.points != 1:
        remarks.append(f"Its points ({draft.points.normalize():f}) are not in the file.")
    if draft.difficulty != "medium":
        remarks.append(f"Its difficulty ({draft.difficulty}) is not in the file.")
    known = {"wrong"} if draft.type in ("short_answer", "numeric") else _ids(draft)
    if set(draft.feedback) - known:
        remarks.append("Feedback that does not belong to one answer is not in the file.")
    if (draft.correct or {}).get("rule") in ("all_or_nothing", "pairs"):
        remarks.append("How partly right answers count is not in the file.")


def _ids(draft: Draft) -> set[str]:
    if draft.type == "true_false":
        return {"true", "false"}
    options = cast("list[Json]", draft.options if isinstance(draft.options, list) else [])
    return {one["id"] for one in options}


def _single(draft: Draft, remarks: list[str]) -> str:
    correct = cast("Json", draft.correct)
    lines: list[str] = []
    for one in draft.options:
        share = correct.get("shares", {}).get(one["id"], 0)
        right = one["id"] == correct["selected"]
        lines.append(
            _answer("=" if right else "~", "" if right or not share else percent_of(share), one, draft, remarks)
        )
    return "".join(lines)


def _multiple(draft: Draft, remarks: list[str]) -> str:
    correct = cast("Json", draft.correct)
    even = 1 / len(correct["selected"])
    shares: dict[str, float] = {one["id"]: even if one["id"] in correct["selected"] else -even for one in draft.options}
    if correct.get("rule") == "shares":
        shares = correct["shares"]
    return "".join(
        _answer("~", percent_of(shares[one["id"]]) if shares.get(one["id"]) else "", one, draft, remarks)
        for one in draft.options
    )


def _answer(mark: str, weight: str, one: Json, draft: Draft, remarks: list[str]) -> str:
    text = _html(option_html(one), remarks)
    return _line(mark, weight, text, _html(draft.feedback.get(one["id"], ""), remarks))


def _line(mark: str, weight: str, text: str, feedback: str) -> str:
    if not weight and _WEIGHT_LIKE.match(text):
        weight = "100" if mark == "=" else "0"
    said = f"#{_explicit(feedback)}" if feedback else ""
    return f"\n\t{mark}{f'%{weight}%' if weight else ''}{_explicit(text)}{said}"


def _explicit(text: str) -> str:
    return f"[html]{text}" if _FORMAT_LIKE.match(text) else text


def _true_false(draft: Draft, remarks: list[str]) -> str:
    right = cast("Json", draft.correct)["selected"]
    said = _html(draft.feedback.get(right, ""), remarks)
    not_said = _html(draft.feedback.get("false" if right == "true" else "true", ""), remarks)
    wrong = f"#{_explicit(not_said)}" if said or not_said else ""
    return f"{right.upper()}{wrong}{f'#{_explicit(said)}' if said else ''}"


def _matching(draft: Draft, remarks: list[str]) -> str:
    pairs = cast("Json", draft.correct)["pairs"]
    rights = {one["id"]: one for one in draft.options["right"]}
    if any("html" in one for one in rights.values()):
        remarks.append("Its answers to match are words only: pictures and emphasis are not in the file.")
    lines = [
        f"\n\t={_explicit(_html(option_html(one), remarks))} -> {_escaped(rights[pairs[one['id']]]['text'])}"
        for one in draft.options["left"]
    ]
    spare = [one for name, one in rights.items() if name not in pairs.values()]
    return "".join([*lines, *(f"\n\t= -> {_escaped(one['text'])}" for one in spare)])


def _short(draft: Draft, remarks: list[str]) -> str:
    if draft.correct is None:
        remarks.append("It has no accepted answers, so it is written as an essay.")
        return ""
    return _texts(draft.correct, draft.feedback.get("wrong", ""), remarks)


def _texts(key: Json, wrong: str, remarks: list[str]) -> str:
    if "accepted" not in key:
        raise _Left("GIFT cannot say a pattern or a number in a text.")
    if key.get("case_sensitive") or key.get("accents_count"):
        remarks.append("That capitals or accents count is not in the file.")
    if key.get("typos"):
        remarks.append("How many typing errors are forgiven is not in the file.")
    lines: list[str] = []
    for given in key["accepted"]:
        one: Json = {"text": given} if isinstance(given, str) else given
        if "->" in one["text"]:
            raise _Left("An accepted answer holds ->, which GIFT reads as a matching.")
        text = one["text"] if key.get("wildcards") else one["text"].replace("*", "\\*")
        share: Any = one.get("share", 1)
        lines.append(
            _line(
                "=",
                "" if share == 1 else percent_of(share),
                _escaped(escape(text)),
                _html(one.get("feedback", ""), remarks),
            )
        )
    if wrong:
        lines.append(f"\n\t=%0%*#{_explicit(_html(wrong, remarks))}")
    return "".join(lines)


def _numeric(draft: Draft, remarks: list[str]) -> str:
    key = cast("Json", draft.correct)
    if key.get("units"):
        remarks.append("Its units are not in the file.")
    lines = ["#"]
    for one in key["answers"]:
        tolerance: float = one.get("tolerance", 0)
        if one.get("relative"):
            tolerance = abs(one["value"]) * tolerance
            remarks.append("What a number may be off by was a share of it, and is written as a number.")
        share = one.get("share", 1)
        weight = "" if share == 1 else f"%{percent_of(share)}%"
        said = _html(one.get("feedback", ""), remarks)
        lines.append(
            f"\n\t={weight}{number_text(one['value'])}:{number_text(tolerance)}"
            + (f"#{_explicit(said)}" if said else "")
        )
    if draft.feedback.get("wrong"):
        lines.append(f"\n\t~#{_explicit(_html(draft.feedback['wrong'], remarks))}")
    return "".join(lines)


def _embedded(draft: Draft, general: str, remarks: list[str]) -> str:
    before, mark, after = draft.text.partition(gap(1))
    if len(draft.options) > 1 or not mark:
        raise _Left("GIFT has one gap in a text, and this question has another number of them.")
    if not words(after):
        raise _Left("GIFT cannot say a gap at the end of a text.")
    remarks.append(f"Its gap is written as a missing word. Read again, it is a short answer with {BLANK} in its text.")
    answers = _texts(cast("Json", draft.correct)["blanks"]["1"], "", remarks)
    return f"{_html(before, remarks)}{{{answers}{general}\n}}{_html(after, remarks)}"


def _html(html: str, remarks: list[str]) -> str:
    """HTML as GIFT: formulas as TeX, pictures as their words."""
    made = without_formulas(html)
    if "<img" in made:
        remarks.append("Its pictures are not in the file: GIFT holds text only.")
        made = _IMAGE.sub(lambda one: f"[{alt[1]}]" if (alt := _ALT.search(one[0])) and alt[1] else "", made)
    return _escaped(made.replace("->", "-&gt;"))


def _escaped(text: str) -> str:
    return _SPECIAL.sub(lambda one: "\\n" if one[0] == "\n" else f"\\{one[0]}", text)
