"""Questions in a table, written: in columns for people, and in the column ``more`` what those cannot say."""

from __future__ import annotations

import csv
import io
from typing import Any, cast

import msgspec

from collegium.standards.comparing import canonical
from collegium.standards.markup import block, from_auto, inline, with_formulas, words
from collegium.standards.question_csv import reader
from collegium.standards.question_csv.columns import ARROW, SAID, WIDTH, WRITTEN, guarded, joined
from collegium.standards.questions import Draft, Json, number_text, option_html, percent_of

BOM = "\ufeff"
Row = dict[str, str]


_EXAMPLES: list[Row] = [
    {
        "type": "multiple_choice",
        "question": "What is the capital of Italy?",
        "option_1": "Milan",
        "option_2": "Rome",
        "option_3": "Turin",
        "correct": "2",
        "feedback_1": "The largest in the north.",
        "points": "1",
        "tags": "geography; europe",
        "difficulty": "easy",
        "explanation": "Since 1871.",
    },
    {
        "type": "multiple_answer",
        "question": "Which of these are prime?",
        "option_1": "2",
        "option_2": "9",
        "option_3": "11",
        "correct": "1;3",
        "rule": "balanced",
    },
    {
        "type": "true_false",
        "question": "A policy ends with its term.",
        "correct": "true",
        "feedback_1": "Right.",
        "feedback_2": "Read the first clause again.",
    },
    {
        "type": "short_answer",
        "question": "Who writes the policy?",
        "option_1": "the underwriter",
        "option_2": "the agent",
        "shares": "100; 50",
        "settings": "typos=1",
    },
    {
        "type": "numeric",
        "question": "How heavy is a litre of water?",
        "option_1": "1 ± 0.01",
        "units": "kg=1; g=0.001",
        "unit": "required",
    },
    {
        "type": "matching",
        "question": "What belongs together?",
        "option_1": "Italy -> Rome",
        "option_2": "France -> Paris",
        "option_3": "-> Madrid",
    },
    {
        "type": "ordering",
        "question": "Put the steps in order.",
        "option_1": "Report",
        "option_2": "Assess",
        "option_3": "Pay",
    },
    {
        "type": "fill_blank",
        "question": "A [[1]] is paid for a [[2]].",
        "option_1": "premium",
        "option_2": "risk | hazard",
    },
    {
        "type": "essay",
        "question": "Explain what a deductible is for.",
        "points": "5",
        "hint": "Think of small claims.",
    },
]


def head() -> str:
    """The first row, with the mark by which spreadsheets know UTF-8."""
    return BOM + _line(list(WRITTEN))


def write(draft: Draft) -> str:
    """A question as a row; reading it gives the same question."""
    row = _row(draft)
    # What the columns say is read again: what differs goes into the last one, whole.
    found = _again(row)
    if found is None or canonical(found) != canonical(draft):
        row["more"] = _more(draft, found)
    return _written(row)


def template() -> str:
    """A file to begin with: an example of each type."""
    return head() + "".join(_written(row) for row in _EXAMPLES)


def _written(row: Row) -> str:
    return _line([guarded(row.get(name, "")) for name in WRITTEN])


def _line(cells: list[str]) -> str:
    made = io.StringIO(newline="")
    csv.writer(made).writerow(cells)
    return made.getvalue()


def _again(row: Row) -> Draft | None:
    return reader.read((head() + _written(row)).encode()).found[0].draft


def _more(draft: Draft, found: Draft | None) -> str:
    names = ("title", "text", "options", "correct", "explanation", "feedback", "hint", "tags", "rubric", "word_limit")
    other: Json = {}
    mine, theirs = canonical(draft), canonical(found) if found else None
    for name in names:
        # Options and the key belong together.
        apart = theirs is None or getattr(mine, name) != getattr(theirs, name)
        if apart or (name in ("options", "correct", "feedback") and theirs and _keyed(mine) != _keyed(theirs)):
            other[name] = getattr(draft, name)
    return msgspec.json.encode(other).decode()


def _keyed(draft: Draft) -> tuple[Any, ...]:
    return draft.options, draft.correct, draft.feedback


def _cell(html: str, *, whole: bool = False) -> str:
    """HTML as its words where those mean the same, else as it is."""
    shape = block if whole else inline
    plain = words(html)
    return plain if plain and shape(with_formulas(from_auto(plain))) == html else html


def _row(draft: Draft) -> Row:
    row: Row = {
        "type": draft.type, "title": draft.title, "question": _cell(draft.text, whole=True),
        "points": f"{draft.points.normalize():f}", "tags": joined(draft.tags, ";"), "difficulty": draft.difficulty,
        "explanation": _cell(draft.explanation), "hint": draft.hint,
        **{f"feedback_{name}": _cell(draft.feedback.get(name, "")) for name in SAID},
    }  # fmt: skip
    key = draft.correct or {}
    if draft.type in ("multiple_choice", "multiple_answer", "ordering"):
        _choice(row, draft, key)
    elif draft.type == "true_false":
        row["correct"] = key.get("selected", "")
        row |= {f"feedback_{n}": _cell(draft.feedback.get(name, "")) for n, name in ((1, "true"), (2, "false"))}
    elif draft.type == "matching":
        _matching(row, draft, key)
    elif draft.type == "short_answer" and "accepted" in key:
        _texts(row, key)
    elif draft.type == "fill_blank":
        given = cast("list[Json]", list(key.get("blanks", {}).values()))
        row |= {f"option_{n}": joined(_plain(one), "|") for n, one in enumerate(given[:WIDTH], 1)}
        row["settings"] = _settings(given[0]) if given else ""
    elif draft.type == "numeric":
        _numbers(row, key)
    if key.get("rule"):
        row["rule"] = key["rule"]
    return row


def _plain(key: Json) -> list[str]:
    return [one if isinstance(one, str) else one["text"] for one in key.get("accepted", [])]


def _settings(key: Json) -> str:
    named = [name for name in ("case_sensitive", "accents_count", "wildcards") if key.get(name)]
    return "; ".join([*named, *([f"typos={key['typos']}"] if key.get("typos") else [])])


def _choice(row: Row, draft: Draft, key: Json) -> None:
    given = cast("list[Json]", draft.options)
    place = {one["id"]: n for n, one in enumerate(given, 1)}
    for n, one in enumerate(given[:WIDTH], 1):
        row[f"option_{n}"] = _cell(option_html(one))
        row[f"feedback_{n}"] = _cell(draft.feedback.get(one["id"], ""))
    right: Any = key.get("order") or key.get("selected") or []
    row["correct"] = "; ".join(str(place[name]) for name in ([right] if isinstance(right, str) else right))
    if key.get("shares"):
        row["shares"] = "; ".join(percent_of(key["shares"].get(one["id"], 0)) for one in given)


def _matching(row: Row, draft: Draft, key: Json) -> None:
    right = {one["id"]: one for one in cast("list[Json]", draft.options["right"])}
    lines = [
        f"{_cell(option_html(one))}{ARROW}{_cell(option_html(right[key['pairs'][one['id']]]))}"
        for one in draft.options["left"]
    ]
    lines += [f"-> {_cell(option_html(one))}" for name, one in right.items() if name not in key["pairs"].values()]
    row |= {f"option_{n}": line for n, line in enumerate(lines[:WIDTH], 1)}


def _texts(row: Row, key: Json) -> None:
    row["settings"] = _settings(key)
    for n, one in enumerate(key["accepted"][:WIDTH], 1):
        row[f"option_{n}"] = one if isinstance(one, str) else one["text"]
        row[f"feedback_{n}"] = "" if isinstance(one, str) else _cell(one.get("feedback", ""))
    shares = [1 if isinstance(one, str) else one.get("share", 1) for one in key["accepted"]]
    if any(share != 1 for share in shares):
        row["shares"] = "; ".join(percent_of(share) for share in shares)


def _numbers(row: Row, key: Json) -> None:
    for n, one in enumerate(key.get("answers", [])[:WIDTH], 1):
        off = one.get("tolerance", 0)
        tolerance = f"{percent_of(off)}%" if one.get("relative") else number_text(off)
        row[f"option_{n}"] = number_text(one["value"]) + (f" ± {tolerance}" if off or one.get("relative") else "")
        row[f"feedback_{n}"] = _cell(one.get("feedback", ""))
    shares = [one.get("share", 1) for one in key.get("answers", [])]
    if any(share != 1 for share in shares):
        row["shares"] = "; ".join(percent_of(share) for share in shares)
    if key.get("units"):
        row["units"] = joined([f"{name}={number_text(factor)}" for name, factor in key["units"].items()], ";")
        row["unit"] = key.get("unit", "required")
