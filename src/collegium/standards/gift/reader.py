"""GIFT files: each question as the bank can keep it."""

from __future__ import annotations

from decimal import Decimal

from collegium.standards.gift import syntax
from collegium.standards.gift.syntax import Choice, Piece, Question, Range, Text
from collegium.standards.markup import (
    block,
    decoded,
    from_auto,
    from_markdown,
    from_plain,
    inline,
    with_formulas,
    words,
)
from collegium.standards.questions import (
    LARGEST_FILE,
    MOST_NUMBERS,
    MOST_QUESTIONS,
    Answer,
    Draft,
    FileError,
    Found,
    Json,
    Reading,
    Remark,
    Unreadable,
    attempt,
    category_tags,
    choices,
    matching,
    plain_number,
    share_of,
    starred,
)

LONGEST_RAW = 200_000
"""Characters of one text, before it is made HTML."""
MOST_PARTS = 20_000


def read(data: bytes) -> Reading:
    """The questions of a GIFT file; raises FileError for what is no text or too large."""
    if len(data) > LARGEST_FILE:
        raise FileError(
            f"The file has {len(data) / 1e6:.1f} MB, and {LARGEST_FILE / 1e6:.0f} MB are the most. Divide it."
        )
    try:
        text, encoding = decoded(data)
    except ValueError as error:
        raise FileError(str(error)) from error
    remarks = (
        [Remark(f"The file was read as {encoding}. Save it as UTF-8 to be sure of its letters.")] if encoding else []
    )
    if sum(not line.strip() for line in text.split("\n")) > MOST_PARTS:
        raise FileError(f"The file has more than {MOST_PARTS:,} parts set apart by empty lines. Divide it.")
    given = syntax.pieces(text)
    if len(given) > MOST_QUESTIONS:
        remarks.append(
            Remark(f"The file has {len(given):,} questions; the first {MOST_QUESTIONS:,} are read. Divide it.")
        )
    found = [question(place, piece) for place, piece in enumerate(given[:MOST_QUESTIONS], 1)]
    return Reading(format="gift", found=found, remarks=remarks)


def question(place: int, piece: Piece) -> Found:
    """A piece of a file as a question of the bank."""

    def read(remarks: list[Remark]) -> Draft:
        return draft(syntax.parse(piece), remarks)

    return attempt(place, piece.line, read, name=" ".join(piece.text.partition("{")[0].split())[:80])


def html(text: Text | None) -> str:
    """A text as HTML, by its format."""
    if text is None:
        return ""
    if len(text.text) > LONGEST_RAW:
        raise Unreadable(f"A text of it has {len(text.text):,} characters: too much to be read.")
    if text.format == "plain":
        return from_plain(text.text)
    if text.format == "markdown":
        made = from_markdown(text.text)
    else:
        made = text.text if text.format == "html" else from_auto(text.text)
    return with_formulas(made)


def draft(given: Question, remarks: list[Remark]) -> Draft:
    """What the bank keeps of a question; raises Unreadable."""
    if given.kind == "description":
        raise Unreadable("This is text without a question: it has no { } with answers. It was left out.", given.line)
    type, options, correct, feedback = _parts(given, remarks)
    if "@@PLUGINFILE@@" in given.stem.text:
        remarks.append(Remark("A picture of it is not in the file: GIFT holds text only. Add it by hand.", given.line))
    return Draft(
        type=type,  # pyright: ignore[reportArgumentType]
        title=given.title,
        text=block(html(given.stem)),
        options=options,
        correct=correct,
        feedback=feedback,
        explanation=inline(html(given.general)),
        tags=[*category_tags(given.category), *given.tags],
    )


def _parts(given: Question, remarks: list[Remark]) -> tuple[str, object, Json | None, dict[str, str]]:
    if given.kind == "essay":
        return "essay", [], None, {}
    if given.kind == "true_false":
        right, wrong = ("true", "false") if given.is_true else ("false", "true")
        said = {right: inline(html(given.right_feedback)), wrong: inline(html(given.wrong_feedback))}
        return "true_false", [], {"selected": right}, {name: text for name, text in said.items() if text}
    if given.kind == "matching":
        pairs = [(html(one.left), from_plain(one.right)) for one in given.pairs if one.left.text]
        spare = [from_plain(one.right) for one in given.pairs if not one.left.text and one.right]
        options, key = matching(pairs, spare)
        return "matching", options, key, {}
    if given.kind == "numeric":
        return _numeric(given.numbers)
    if given.kind == "short":
        return _short(given.choices, remarks, given.line)
    return _choice(given, remarks)


def _choice(given: Question, remarks: list[Remark]) -> tuple[str, object, Json, dict[str, str]]:
    rights = [one for one in given.choices if one.right and one.weight is None]
    multiple = not any(one.right for one in given.choices)
    weights = [one.weight if one.weight is not None else Decimal(100 if one.right else 0) for one in given.choices]
    if len(rights) > 1:
        remarks.append(
            Remark(
                "Several of its answers are marked right, so it became a question with multiple answers.", given.line
            )
        )
        answers = [Answer(html(one.text), 0, html(one.feedback)) for one in given.choices]
        even = 1 / len(rights)
        made = [
            Answer(one.html, even if each in rights else -even, one.feedback)
            for one, each in zip(answers, given.choices, strict=True)
        ]
        return choices(made, multiple=True)
    made = [
        Answer(html(one.text), share_of(weight), html(one.feedback))
        for one, weight in zip(given.choices, weights, strict=True)
    ]
    return choices(made, multiple=multiple)


def _short(given: tuple[Choice, ...], remarks: list[Remark], line: int) -> tuple[str, object, Json, dict[str, str]]:
    texts = [
        Answer(
            one.text.text if one.text.format == "plain" else words(html(one.text)),
            share_of(one.weight) if one.weight is not None else 1,
            html(one.feedback),
        )
        for one in given
    ]
    key, said = starred(texts, remarks, line)
    return "short_answer", [], key, said


def _numeric(given: tuple[Range, ...]) -> tuple[str, object, Json, dict[str, str]]:
    answers: list[Json] = []
    said: dict[str, str] = {}
    for one in given:
        share = share_of(one.weight) if one.weight is not None else 1
        if one.value is None or share <= 0:
            if one.feedback and one.value is None:
                said = {"wrong": inline(html(one.feedback))}
            continue
        if share > 1:
            raise Unreadable(f"One of its answers is worth {share * 100:g} percent; 100 are the most.")
        answer: Json = {"value": plain_number(one.value), "tolerance": plain_number(one.tolerance or 0), "share": share}
        if one.feedback:
            answer["feedback"] = inline(html(one.feedback))
        answers.append(numeric_answer(answer))
    return "numeric", [], numeric_key(answers), said


def numeric_answer(answer: Json) -> Json:
    """An answer of a numeric key without what goes without saying."""
    return {name: value for name, value in answer.items() if name != "share" or value != 1}


def numeric_key(answers: list[Json]) -> Json:
    """The key of a numeric question without units."""
    if not answers:
        raise Unreadable("No number is right: add one behind #.")
    if len(answers) > MOST_NUMBERS:
        raise Unreadable(f"It has {len(answers)} right numbers, and {MOST_NUMBERS} are the most.")
    return {"answers": answers}
