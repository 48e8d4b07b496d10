"""Attempts: a learner takes a quiz and sees what came of it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec

from collegium.features.attempts import forms, shown
from collegium.features.attempts.model import Card, Criterion, HandedIn, SaveAnswer, Standing
from collegium.kit import queries
from collegium.kit.db import Transaction
from collegium.kit.errors import NotFound

Q = queries.load("collegium.features.attempts")
Item = dict[str, Any]

question = shown.question
"""Makes an entry of ``quiz_attempt_view``s questions ready for the macro ``question`` (``attempts/_question.html``)."""
rich = shown.rich
"""An explanation or a feedback, HTML or words, cleaned and safe to show."""
NONE_OF_YOURS = "There is no such attempt of yours."


# Before ------------------------------------------------------------------------------------------------------------


async def card(tx: Transaction, quiz: UUID) -> Card:
    """What a person should know before beginning a quiz. Raises the refusal ``no_such_quiz`` (404)."""
    return msgspec.convert(await tx.fetchval(Q.card, quiz), Card)


async def cards_of_lesson(tx: Transaction, lesson: UUID) -> list[Card]:
    """The start cards of a lesson's quizzes, for somebody who may open the lesson."""
    return [await card(tx, row["id"]) for row in await tx.fetch(Q.quizzes_of_lesson, lesson)]


async def standings(tx: Transaction, enrollment: UUID) -> list[Standing]:
    """How far an enrollment is in each quiz of its course."""
    return await tx.all(Standing, Q.standings, enrollment)


def lacking(quiz: Standing) -> str:
    """What is missing to pass a quiz, in points; or what it waits for."""
    of = f"{plain(quiz.points_needed)} of {plain(quiz.points_total)} points pass"
    if quiz.waiting and quiz.score is None:
        return "Handed in; a person still has to grade it."
    if quiz.score is None:
        return f"Not taken yet; {of}."
    verb = "is" if quiz.missing == 1 else "are"
    words = f"{plain(quiz.points_have)} points so far, {of}: {_points(quiz.missing)} {verb} missing."
    return f"{words} An attempt waits for a person's grade." if quiz.waiting else words


async def start(tx: Transaction, quiz: UUID) -> UUID:
    """Begins an attempt or answers the one in progress.

    Raises the refusals ``not_enrolled``, ``locked`` (403), ``quiz_not_open``, ``quiz_closed``, ``no_attempts_left``,
    ``quiz_empty`` (409).
    """
    return await tx.fetchval(Q.start, quiz)


async def start_and_view(tx: Transaction, quiz: UUID) -> Item:
    """The same, answering the attempt as its learner sees it, in one round trip."""
    return await tx.fetchval(Q.start_and_view, quiz)


# Meanwhile ---------------------------------------------------------------------------------------------------------


async def view(tx: Transaction, attempt: UUID) -> Item:
    """An attempt as its learner sees it. Raises NotFound when there is none for the person who asks."""
    found: Item | None = await tx.fetchval(Q.view, attempt)
    if found is None:
        raise NotFound(NONE_OF_YOURS, code="no_such_attempt")
    return found


async def own_view(tx: Transaction, attempt: UUID) -> Item:
    """The same, for its learner alone: an instructor looks at attempts elsewhere."""
    found = await view(tx, attempt)
    if not found["mine"]:
        raise NotFound(NONE_OF_YOURS, code="no_such_attempt")
    return found


async def sections(tx: Transaction, view_of: Item) -> dict[str, str]:
    """What the sections of one's attempt ask to do; nothing is looked for where there are none."""
    asked_of: list[Item] = view_of["questions"] or []
    if not any(item.get("section") for item in asked_of):
        return {}
    return await tx.fetchval(Q.sections, UUID(str(view_of["id"])))


async def save(tx: Transaction, attempt: UUID, position: int, given: SaveAnswer) -> bool:
    """Saves one answer; False when a newer one is there already, or it is final.

    Raises the refusals ``no_such_attempt``, ``no_such_question`` (404), ``attempt_ended``, ``time_is_up`` (409),
    ``no_such_answer`` (422).
    """
    return await tx.fetchval(Q.save, attempt, position, given.answer, given.seq)


async def save_form(tx: Transaction, attempt: UUID, form: forms.Form) -> list[int]:
    """Saves what a plain form changed; answers the positions where a newer answer, given elsewhere, was kept."""
    kept: list[int] = []
    for item in shown.questions(await own_view(tx, attempt)):
        position = item["position"]
        if not forms.was_sent(form, position) or item["final"]:
            continue
        answer = forms.read(form, item)
        if _same(answer, item["answer"]):
            continue
        # What the page showed counts on from: an older page never overwrites a newer answer.
        if not await save(tx, attempt, position, SaveAnswer(answer, forms.seq_of(form, position) + 1)):
            kept.append(position)
    return kept


def _same(one: Item, other: Item) -> bool:
    """Whether two answers say the same; ticked options have no order."""
    if isinstance(one.get("selected"), list) and isinstance(other.get("selected"), list):
        return sorted(one["selected"]) == sorted(other["selected"])
    return one == other


async def flag(tx: Transaction, attempt: UUID, position: int, flagged: bool) -> bool:
    """Marks a question to look at again, or takes the mark away."""
    return await tx.fetchval(Q.flag, attempt, position, flagged)


async def reveal(tx: Transaction, attempt: UUID, position: int) -> Item:
    """What was right in a question that is answered, where the quiz shows it at once; the answer is final then.

    Raises the refusals ``no_such_attempt`` (404), ``not_shown_yet`` (403), ``answer_first`` (409).
    """
    return await tx.fetchval(Q.reveal, attempt, position)


class Place(msgspec.Struct, frozen=True):
    """A question in the navigator."""

    position: int
    answered: bool
    flagged: bool
    section: str | None

    @property
    def words(self) -> str:
        """Its state in words."""
        state = "answered" if self.answered else "not answered"
        return f"{state}, marked to look at again" if self.flagged else state


def places(items: list[Item]) -> list[Place]:
    """The navigator of an attempt."""
    return [
        Place(item["position"], shown.is_answered(item), item["flagged"], item["section"])
        for item in items
    ]  # fmt: skip


def asked(view_of: Item) -> list[Item]:
    """The questions of an attempt in progress, ready to be shown; those whose answer is final with what was right."""
    items = shown.questions(view_of)
    for item in items:
        known: Item | None = item.get("revealed")
        item["revealed"] = _outcome(item, known) if known else None
    return items


def _outcome(item: Item, known: Item) -> Item:
    share = known.get("share")
    earned = None if share is None else round(Decimal(str(share)) * Decimal(str(item["points"])), 2)
    verdict, tone = _verdict(item, {"points_earned": earned}, open_=True)
    right = shown.in_words(item, known.get("correct_answer"))
    return {
        "verdict": verdict,
        "tone": tone,
        "right": [] if tone == "right" else right,
        "feedback": shown.rich(known.get("feedback")),
        "explanation": shown.rich(known.get("explanation")),
    }


# Afterwards --------------------------------------------------------------------------------------------------------


async def submit(tx: Transaction, attempt: UUID) -> HandedIn:
    """Hands an attempt in. Raises the refusals ``no_such_attempt`` (404), ``not_enrolled`` (403)."""
    return await tx.one(HandedIn, Q.submit, attempt)


async def result(tx: Transaction, attempt: UUID) -> Item:
    """The result of an attempt that is handed in. Raises ``no_such_attempt`` (404), ``attempt_in_progress`` (409)."""
    return await tx.fetchval(Q.result, attempt)


async def criteria(tx: Transaction, view_of: Item) -> dict[int, list[Criterion]]:
    """What each criterion of an essay's rubric earned, by the question's position; nothing where it is not shown."""
    items: list[Item] = view_of["questions"] or []
    if not any(item["question_type"] == "essay" for item in items):
        return {}
    return {
        row["position"]: [
            Criterion(one["name"], plain(points), plain(one["points"]), one.get("description") or "")
            for one, points in zip(row["rubric"], row["rubric_points"], strict=False)
        ]
        for row in await tx.fetch(Q.rubrics, UUID(str(view_of["id"])))
    }


def reviewed(view_of: Item, result_of: Item) -> list[Item]:
    """Each question with what came of it: ``given`` and ``right`` in words, ``verdict`` and its tone.

    ``right``, points and explanation are there only where the result shows them.
    """
    lines: list[Item] = result_of["questions"] or []
    by_position = {line["position"]: line for line in lines}
    return [_reviewed(item, by_position[item["position"]], result_of) for item in shown.questions(view_of)]


def _reviewed(item: Item, line: Item, result_of: Item) -> Item:
    verdict, tone = _verdict(item, line, open_=bool(result_of["answers_shown"]))
    right = shown.in_words(item, line.get("correct_answer"))
    return {
        **item,
        "given": shown.in_words(item, line.get("answer")),
        "right": right if not line.get("is_correct") else [],
        "earned": line.get("points_earned"),
        "verdict": verdict,
        "tone": tone,
        "explanation": shown.rich(line.get("explanation")),
        "feedback": shown.rich(line.get("automated_feedback")),
        "instructor_feedback": line.get("instructor_feedback"),
    }


def _verdict(item: Item, line: Item, *, open_: bool) -> tuple[str, str]:
    """What an answer came to in words, and in which tone to show it."""
    if not open_:
        return ("Answered", "none") if shown.is_answered(item) else ("Not answered", "none")
    points, earned = Decimal(str(item["points"])), line.get("points_earned")
    if earned is None:
        return "A person still has to grade this", "waits"
    earned = Decimal(str(earned))
    if item["question_type"] == "essay" and shown.is_answered(item):
        tone = "right" if earned >= points else "partly" if earned > 0 else "wrong"
        return f"Graded: {plain(earned)} of {_points(points)}", tone
    if not shown.is_answered(item):
        return f"Not answered: 0 of {_points(points)}", "wrong"
    if earned >= points:
        return f"Right: {_points(points)}", "right"
    if earned > 0:
        return f"Partly right: {plain(earned)} of {_points(points)}", "partly"
    return f"Not right: 0 of {_points(points)}", "wrong"


def plain(number: Decimal | float | str) -> str:
    """A figure without needless zeros."""
    text = f"{Decimal(str(number)):.2f}"
    return text.rstrip("0").rstrip(".")


def _points(number: Decimal) -> str:
    return f"{plain(number)} point" if number == 1 else f"{plain(number)} points"


def waiting(result_of: Item) -> int:
    """How many answers wait for a person's grade."""
    return result_of.get("waiting") or 0


def missing_points(result_of: Item) -> str:
    """How many points are missing to pass, in words; empty when it passed or is not graded."""
    if result_of["score"] is None or result_of["passed"]:
        return ""
    needed = (Decimal(str(result_of["passing_score"])) * Decimal(str(result_of["total_points"]))).quantize(
        Decimal(1), rounding="ROUND_CEILING"
    ) / 100
    lacking = needed - Decimal(str(result_of["points_earned"]))
    verb = "is" if lacking == 1 else "are"
    return f"{_points(lacking)} {verb} missing: {plain(needed)} of {plain(result_of['total_points'])} pass."
