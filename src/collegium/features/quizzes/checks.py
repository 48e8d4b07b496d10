"""What a quiz still lacks before learners can take it, in words."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal

from collegium.features.quizzes.model import Check, Quiz, Row

# Types that a person may grade, so that a missing key is meant.
BY_HAND = frozenset({"essay", "short_answer"})
HASTE_SECONDS = 20


def checks(quiz: Quiz, rows: Sequence[Row], now: datetime | None = None) -> list[Check]:
    """What keeps a quiz from being published, and what to think of. An empty list: everything is in order."""
    asked = [row for row in rows if row.kind != "section"]
    if not asked:
        return [Check("It has no questions yet. Add some from the bank.")]
    found = [*_points(quiz, asked), *_draws(asked), *_keys(asked), *_settings(quiz, asked, now or datetime.now(UTC))]
    return sorted(found, key=lambda check: not check.blocking)


def points_reachable(rows: Sequence[Row]) -> tuple[Decimal, Decimal]:
    """The points that an attempt is out of, and the most that its best answers earn."""
    total = sum((row.points * row.asks for row in rows), Decimal(0))
    best = sum((row.points * row.asks * row.best for row in rows), Decimal(0))
    return total, best


def _points(quiz: Quiz, asked: Sequence[Row]) -> list[Check]:
    total, best = points_reachable(asked)
    if total == 0:
        return [Check("All its questions together are worth 0 points, so nobody can get a score.")]
    found: list[Check] = []
    if best / total * 100 < quiz.passing_score:
        share = int(best / total * 100)
        found.append(
            Check(f"The pass mark is {quiz.passing_score:g} %, but the best answers earn {share} %: nobody can pass.")
        )
    free = sum(row.points == 0 for row in asked)
    if free:
        found.append(
            Check(f"{_lines(free)} worth 0 points: answers to {'it' if free == 1 else 'them'} count nothing.", False)
        )
    return found


def _draws(asked: Sequence[Row]) -> list[Check]:
    return [
        Check(f"It draws {row.count} from “{row.tag}”, but {_bank(row)} has {row.pool} active with this tag.")
        for row in asked
        if row.kind == "draw" and row.count > row.pool
    ]


def _bank(row: Row) -> str:
    return "the course’s bank" if row.source == "course" else "the shared bank"


def _keys(asked: Sequence[Row]) -> list[Check]:
    found: list[Check] = []
    without = sum(row.kind == "question" and not row.keyed and row.question_type not in BY_HAND for row in asked)
    if without:
        found.append(Check(f"{_lines(without, 'has', 'have')} no key: nobody knows what is right."))
    retired = sum(row.status == "retired" for row in asked)
    if retired:
        found.append(Check(f"{_lines(retired)} retired in the bank.", False))
    newer = sum(row.newer_id is not None for row in asked)
    if newer:
        found.append(Check(f"{_lines(newer, 'has', 'have')} a newer version in the bank.", False))
    return found


def _settings(quiz: Quiz, asked: Sequence[Row], now: datetime) -> list[Check]:
    found: list[Check] = []
    questions = sum(row.asks for row in asked)
    if quiz.quiz_type == "practice" and quiz.lesson_criteria == "quiz_passed":
        found.append(
            Check(
                "Practice completes no lesson, but its lesson is complete when its quiz is passed. Choose another type."
            )
        )
    if quiz.quiz_type == "practice" and (quiz.require_passing or quiz.is_mandatory or quiz.is_final):
        found.append(Check("Practice never counts, so that it must be taken or passed has no effect.", False))
    if quiz.available_until is not None and quiz.available_until <= now:
        found.append(Check("It has closed already: nobody can start it. Choose a later end.", False))
    if quiz.time_limit_minutes is not None and quiz.time_limit_minutes * 60 < questions * HASTE_SECONDS:
        each = quiz.time_limit_minutes * 60 // questions
        found.append(Check(f"The time limit leaves {each} seconds for each of {questions} questions.", False))
    return found


def _lines(count: int, one: str = "is", many: str = "are") -> str:
    return f"1 question {one}" if count == 1 else f"{count} questions {many}"
