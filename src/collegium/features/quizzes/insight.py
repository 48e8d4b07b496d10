"""How a quiz does, and which of its questions to look at, in words."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, cast
from uuid import UUID

import msgspec

from collegium.kit import queries
from collegium.kit.db import Transaction

Q = queries.load("collegium.features.quizzes")
# Of fewer attempts nothing is said in words: chance would speak.
FEWEST = 10
HARD, EASY = Decimal("0.3"), Decimal("0.95")
TELLS_LITTLE = Decimal("0.1")
LETTERS = "ABCDEFGHIJKLMNOPQRST"


class Insight(msgspec.Struct, frozen=True):
    """The graded attempts of a quiz. Scores in percent; ``score_bins`` of five percent each; times in seconds."""

    attempts: int
    passed: int
    average: Decimal | None
    score_bins: list[int]
    seconds_quarter: int | None
    seconds_median: int | None
    seconds_three_quarters: int | None
    computed_at: datetime

    @property
    def pass_rate(self) -> float:
        """Percent of the attempts that passed."""
        return 100 * self.passed / self.attempts if self.attempts else 0.0


class Option(msgspec.Struct, frozen=True):
    """An option, its letter in the author's order, and how many of the lowest, middle and best third chose it."""

    letter: str
    text: str
    is_right: bool
    low: int
    middle: int
    best: int

    @property
    def chosen(self) -> int:
        """How many chose it."""
        return self.low + self.middle + self.best


class QuestionInsight(msgspec.Struct, frozen=True):
    """A question of a quiz. ``share``: of its points what was earned on average, 0 to 1."""

    version_id: UUID
    question_id: UUID
    question_type: str
    text: str
    asked: int
    answered: int
    full_points: int
    share: Decimal
    discrimination: Decimal | None
    options: list[Option]

    @property
    def findings(self) -> list[str]:
        """What to look at, in words; nothing for fewer than ten attempts."""
        return findings(self) if self.asked >= FEWEST else []


async def insight(tx: Transaction, quiz_id: UUID) -> Insight | None:
    """How a quiz does, as counted last; None before the first count."""
    return await tx.maybe(Insight, Q.insight, quiz_id)


async def question_insights(tx: Transaction, quiz_id: UUID) -> list[QuestionInsight]:
    """How each question that a quiz asked does, in the order in which they stand."""
    found: list[QuestionInsight] = []
    for row in await tx.fetch(Q.question_insights, quiz_id):
        columns = dict(row)
        chosen, key = columns.pop("chosen"), columns.pop("correct_answer")
        listed = options_of(columns["question_type"], columns.pop("options"), key, chosen)
        found.append(QuestionInsight(**columns, options=listed))
    return found


async def count_insights(tx: Transaction) -> int:
    """Counts the next quiz whose figures have moved, as the system; 0 when there is none."""
    return await tx.fetchval(Q.count_insights)


def options_of(question_type: str, listed: Any, key: Any, chosen: dict[str, list[int]]) -> list[Option]:
    """The options of a choice as the author ordered them, with who chose them; none for other types."""
    if question_type == "true_false":
        named = [("true", "True"), ("false", "False")]
    elif question_type in ("multiple_choice", "multiple_answer"):
        named = [(str(one["id"]), str(one["text"])) for one in cast("list[dict[str, Any]]", listed)]
    else:
        return []
    selected: Any = cast("dict[str, Any]", key).get("selected") if isinstance(key, dict) else None
    right: set[str] = {str(one) for one in (cast("list[Any]", selected) if isinstance(selected, list) else [selected])}
    made: list[Option] = []
    for letter, (name, text) in zip(LETTERS, named, strict=False):
        low, middle, best = chosen.get(name) or (0, 0, 0)
        made.append(Option(letter, text, name in right, low, middle, best))
    return made


def findings(question: QuestionInsight) -> list[str]:
    """Sentences about one question: the key first, then how hard it is, then its options."""
    found: list[str] = []
    one_key = [one for one in question.options if one.is_right]
    if question.question_type in ("multiple_choice", "true_false") and len(one_key) == 1:
        key = one_key[0]
        rivals = [one for one in question.options if not one.is_right and one.best > key.best]
        if rivals:
            rival = max(rivals, key=lambda one: one.best)
            words = f"Option {rival.letter} is chosen more often by the best third than the key {key.letter}"
            found.append(f"{words}: check the key.")
    tells = question.discrimination
    if not found and tells is not None and tells < 0:
        found.append("Those who do well in the rest do worse here: check the key and the wording.")
    elif not found and tells is not None and tells < TELLS_LITTLE and HARD <= question.share <= EASY:
        found.append("It hardly tells apart who does well in the rest: check the wording.")
    percent = round(100 * question.share)
    if question.share < HARD:
        found.append(f"It is hard: {percent} % of its points are earned on average.")
    elif question.share > EASY:
        found.append(f"Nearly everybody has it right ({percent} %): it tells little.")
    left_out = question.asked - question.answered
    if left_out * 5 > question.asked:
        found.append(f"{left_out} of {question.asked} left it out.")
    found += _idle(question.options, question.asked)
    return found


def _idle(options: Sequence[Option], asked: int) -> list[str]:
    """Wrong options that nearly nobody takes."""
    idle = [one.letter for one in options if not one.is_right and one.chosen * 50 < asked]
    if len(options) < 3 or not idle:
        return []
    if len(idle) == 1:
        return [f"Option {idle[0]} misleads nobody: a better one would make guessing harder."]
    return [f"Options {', '.join(idle[:-1])} and {idle[-1]} mislead nobody: better ones would make guessing harder."]
