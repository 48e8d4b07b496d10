"""What is told of a file before anything is made of it."""

from __future__ import annotations

from typing import Any, cast

import msgspec

from collegium.features.authoring import service as authoring
from collegium.features.question_files.drafts import PICTURE, all_feedback, options_of, to_bank
from collegium.features.question_files.model import MOST_REMARKS, AnswerLine, Note, QuestionLine, Report
from collegium.features.questions.service import QuestionDraft, check_draft
from collegium.standards.questions import Draft, Found, Json, Reading, Remark, gap

SHOWN_TEXT, SHOWN_ANSWER, SHOWN_ANSWERS = 400, 120, 8


def asked_text(draft: QuestionDraft) -> str:
    """The words of a question as the bank compares them."""
    return authoring.plain_text(draft.question_html)[:10_000]


def report(reading: Reading, refused: dict[str, str]) -> tuple[Report, dict[int, str]]:
    """The report, and the words of each question that can be taken by its number.

    ``refused`` says why a picture of the file is not taken, by its key.
    """
    lines: list[QuestionLine] = []
    texts: dict[int, str] = {}
    seen: set[str] = set()
    for found in reading.found:
        line, text = _line(found, reading.format, refused)
        if line.type:
            if text in seen:
                line = _known(line, "file")
            seen.add(text)
            texts[line.number] = text
        lines.append(line)
    notes = [Note(one.words, _place(one, reading.format, one.place)) for one in reading.remarks]
    return Report(format=reading.format, version=reading.version, questions=lines, notes=notes), texts


def with_known(told: Report, texts: dict[int, str], known: set[str]) -> Report:
    """The report with the questions marked that the bank has already."""
    lines = [_known(one, "bank") if texts.get(one.number) in known else one for one in told.questions]
    return Report(format=told.format, version=told.version, questions=lines, notes=told.notes)


def _known(line: QuestionLine, where: str) -> QuestionLine:
    return msgspec.structs.replace(line, known=where)


def _line(found: Found, format: str, refused: dict[str, str]) -> tuple[QuestionLine, str]:
    notes = [Note(one.words, _place(one, format, found.place, found.line)) for one in found.remarks[:MOST_REMARKS]]
    place = _place(Remark("", found.line), format, found.place)
    if found.draft is None:
        return QuestionLine(number=found.number, name=found.name, place=place, type=None, notes=notes), ""
    draft = found.draft
    made, lost = to_bank(draft)
    problems = check_draft(made)
    if problems:
        notes = [*(Note(words) for words in problems), *notes]
        return QuestionLine(number=found.number, name=found.name, place=place, type=None, notes=notes), ""
    notes += [Note(words) for words in lost]
    notes += [Note(refused[key]) for key in dict.fromkeys(pictures_of(draft)) if key in refused]
    answers = answers_of(made)
    text = asked_text(made)
    line = QuestionLine(
        number=found.number,
        name=found.name,
        place=place,
        type=draft.type,
        text=text[:SHOWN_TEXT] + ("…" if len(text) > SHOWN_TEXT else ""),
        answers=answers[:SHOWN_ANSWERS],
        more_answers=max(0, len(answers) - SHOWN_ANSWERS),
        points=f"{draft.points.normalize():f}",
        tags=list(made.tags),
        notes=notes,
    )
    return line, text


def pictures_of(draft: Draft) -> list[str]:
    """The keys of the pictures that a question shows."""
    html = [
        draft.text,
        draft.explanation,
        *(one.get("html", "") for one in options_of(draft.options)),
        *all_feedback(draft),
    ]
    return [key for text in html for key in PICTURE.findall(text)]


def _place(remark: Remark, format: str, file: str, line: int = 0) -> str:
    """Where it stands, in words: ``items/q1.xml, line 4, column points``."""
    at = remark.line or line
    numbered = (f"row {at}" if format == "csv" else f"line {at}") if at else ""
    return ", ".join(part for part in (file, numbered, remark.place if remark.place != file else "") if part)


def answers_of(draft: QuestionDraft) -> list[AnswerLine]:
    """The answers of a question with what each earns, for who makes questions."""
    key = cast("Json", draft.correct_answer or {})
    options = options_of(draft.answer_options)
    names = {one["id"]: " ".join(one["text"].split())[:SHOWN_ANSWER] for one in options}
    if draft.question_type in ("multiple_choice", "multiple_answer"):
        return [AnswerLine(names[one["id"]], _earned(one["id"], key)) for one in options]
    if draft.question_type == "true_false":
        return [AnswerLine(name.capitalize(), 100.0 if key["selected"] == name else 0.0) for name in ("true", "false")]
    if draft.question_type == "matching":
        left = {one["id"]: one["text"] for one in draft.answer_options["left"]}
        right = {one["id"]: one["text"] for one in draft.answer_options["right"]}
        pairs = [AnswerLine(f"{left[a][:60]} → {right[b][:60]}") for a, b in key["pairs"].items()]
        return pairs + [
            AnswerLine(f"→ {text[:60]}") for name, text in right.items() if name not in key["pairs"].values()
        ]
    if draft.question_type == "ordering":
        return [AnswerLine(f"{place}. {names[name]}") for place, name in enumerate(key["order"], 1)]
    if draft.question_type == "fill_blank":
        return [AnswerLine(f"{gap(name)} {_expected(one)}") for name, one in key["blanks"].items()]
    if draft.question_type == "numeric":
        return [AnswerLine(_number(one), 100.0 * one.get("share", 1)) for one in key["answers"]]
    return [_accepted(one) for one in key.get("accepted", [])] or ([AnswerLine(_expected(key))] if key else [])


def _earned(name: str, key: Json) -> float:
    if name == key["selected"]:
        return 100.0
    if "shares" in key:
        return round(100.0 * key["shares"].get(name, 0), 2)
    right: Any = key["selected"]
    return 100.0 / len(cast("list[str]", right)) if isinstance(right, list) and name in right else 0.0


def _accepted(one: Any) -> AnswerLine:
    if isinstance(one, str):
        return AnswerLine(one[:SHOWN_ANSWER], 100.0)
    return AnswerLine(one["text"][:SHOWN_ANSWER], 100.0 * one.get("share", 1))


def _expected(key: Json) -> str:
    if "pattern" in key:
        return f"pattern {key['pattern'][:80]}"
    if "numeric" in key:
        return _number(key["numeric"])
    return " | ".join(_accepted(one).text for one in key["accepted"])[:SHOWN_ANSWER]


def _number(one: Json) -> str:
    off = one.get("tolerance", 0)
    if not off:
        return f"{one['value']}"
    return f"{one['value']} ± {round(100 * off, 6):g} %" if one.get("relative") else f"{one['value']} ± {off}"
