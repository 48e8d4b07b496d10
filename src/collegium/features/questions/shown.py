"""A question as its editor and its preview show it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import msgspec

from collegium.features.questions import lines, rich
from collegium.features.questions.forms import blanks_in
from collegium.features.questions.model import Figures, Question, QuestionDraft, Version

SPARE = 2
Row = dict[str, Any]
NOTHING = rich.Field()
EMPTY: Row = {
    "words": NOTHING,
    "match": NOTHING,
    "right": False,
    "share": "",
    "feedback": NOTHING,
    "points": "",
    "description": NOTHING,
}


def rows_of(draft: QuestionDraft, spare: int = SPARE) -> list[Row]:
    """The rows of the form: choices, things to order, pairs or criteria, and empty ones to write in."""
    key: dict[str, Any] = draft.correct_answer or {}
    rows: list[Row] = []
    if draft.question_type in ("multiple_choice", "multiple_answer"):
        right: Any = key.get("selected") or []
        chosen: list[Any] = [right] if isinstance(right, str) else right
        shares: dict[str, Any] = key.get("shares") or {}
        for option in draft.answer_options:
            share = shares.get(option["id"])
            said = rich.field(draft.option_feedback.get(option["id"], ""))
            rows.append(_row(option) | {"right": option["id"] in chosen, "share": _percent(share), "feedback": said})
    elif draft.question_type == "ordering":
        by_id = {option["id"]: option for option in draft.answer_options}
        rows = [_row(by_id[one]) for one in key.get("order", by_id) if one in by_id]
    elif draft.question_type == "matching":
        rows = _pairs(draft.answer_options or {}, key.get("pairs") or {})
    elif draft.question_type == "essay":
        rows = [
            {
                "id": f"c{n}",
                "words": rich.Field(one["name"]),
                "points": lines.plain(one["points"]),
                "description": rich.Field(one.get("description", "")),
            }
            for n, one in enumerate(draft.rubric or (), start=1)
        ]
    else:
        return []
    taken = {row["id"] for row in rows}
    free = (f"o{n}" for n in range(1, 99) if f"o{n}" not in taken)
    wanted = max(spare, (4 if draft.question_type != "essay" else 1) - len(rows))
    rows += [{"id": next(free)} for _ in range(wanted)]
    return [EMPTY | row for row in rows]


def _row(option: dict[str, Any]) -> Row:
    """An option as a row: its words, and its HTML where they do not say all."""
    return {**option, "words": words_of(option)}


def words_of(option: dict[str, Any]) -> rich.Field:
    """An option in a field of one line."""
    text, html = str(option["text"]), str(option.get("html") or "")
    return rich.Field(text, "" if not html or rich.kept(rich.words(text)) == rich.kept(html) else html)


def _percent(share: Any) -> str:
    return lines.plain(share * 100) if share else ""


def _pairs(options: dict[str, Any], pairs: dict[str, str]) -> list[Row]:
    right = {option["id"]: words_of(option) for option in options.get("right", ())}
    rows = [
        _row(option) | {"match": right.get(pairs.get(option["id"], ""), NOTHING)} for option in options.get("left", ())
    ]
    taken = {row["id"] for row in rows}
    for name, text in right.items():
        if name not in pairs.values():
            row = name if name not in taken else f"x{len(rows)}"
            rows.append({"id": row, "match": text})
            taken.add(row)
    return rows


def texts_of(draft: QuestionDraft) -> dict[str, Any]:
    """What the form shows of keys that are texts or numbers: lines, and what counts."""
    key: dict[str, Any] = draft.correct_answer or {}
    blanks: dict[str, Any] = key.get("blanks") or {}
    first: dict[str, Any] = (
        next(iter(blanks.values()), dict[str, Any]()) if draft.question_type == "fill_blank" else key
    )
    labels = (
        {one["id"]: one.get("label", "") for one in draft.answer_options} if draft.question_type == "fill_blank" else {}
    )
    names = blanks_in(draft.question_html) or ["1"]
    return {
        "accepted": lines.write_numbers(key.get("answers") or [])
        if draft.question_type == "numeric"
        else lines.write_texts(key if draft.question_type == "short_answer" else None),
        "units": lines.write_units(key.get("units") or {}),
        "unit": key.get("unit") or "optional",
        "blanks": [(name, labels.get(name, ""), lines.write_texts(blanks.get(name))) for name in names],
        "settings": first,
    }


def preview_of(draft: QuestionDraft) -> dict[str, Any]:
    """A draft as an entry of ``quiz_attempt_view``: options under the names 1, 2, 3 and nothing of what is right."""

    def named(options: Any) -> list[Row]:
        return [{**option, "id": str(n)} for n, option in enumerate(options, start=1)]

    options: Any = draft.answer_options or []
    if draft.question_type == "true_false":
        options = [{"id": "1", "text": "true"}, {"id": "2", "text": "false"}]
    elif draft.question_type == "matching":
        # By their words, so that the preview tells no more than an attempt does.
        right = sorted(options.get("right", ()), key=lambda one: str(one["text"]))
        options = {"left": named(options.get("left", ())), "right": named(right)}
    else:
        options = named(
            sorted(options, key=lambda one: str(one["text"])) if draft.question_type == "ordering" else options
        )
    key: dict[str, Any] = draft.correct_answer or {}
    return {
        "position": 1,
        "question_type": draft.question_type,
        "question_text": "",
        "question_html": draft.question_html,
        "points": draft.points,
        "hint": draft.hint,
        "image_url": draft.image_url,
        "image_alt": draft.image_alt,
        "video_url": draft.video_url,
        "audio_url": draft.audio_url,
        "word_limit": draft.word_limit,
        "unit": key.get("unit", "none") if draft.question_type == "numeric" else None,
        "options": options,
        "answer": None,
        "seq": 0,
        "final": False,
    }


def changes_between(older: Version, newer: Version) -> list[str]:
    """What is different from one version to the next, in a few words each."""
    compared = (
        ("what is asked", older.question_html or older.question_text, newer.question_html or newer.question_text),
        ("the options", older.answer_options, newer.answer_options),
        ("what is right", older.correct_answer, newer.correct_answer),
        ("the points", older.points, newer.points),
        ("the hint", older.hint, newer.hint),
        ("the explanation", older.explanation, newer.explanation),
    )
    return [words for words, one, other in compared if one != other]


class Line(msgspec.Struct, frozen=True):
    """A question in the list with how it has fared."""

    question: Question
    figures: Figures


def line_of(question: Question, found: dict[UUID, dict[int, Figures]]) -> Line:
    """A question with the figures of all its versions together."""
    return Line(question, sum(found.get(question.id, {}).values(), Figures()))
