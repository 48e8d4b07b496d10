"""The demonstration's quiz: nine questions, one of each type, and members who took it."""

from __future__ import annotations

import random
from decimal import Decimal
from typing import Any
from uuid import UUID

from collegium.features.attempts import service as attempts
from collegium.features.questions import service as questions
from collegium.features.questions.service import QuestionDraft
from collegium.features.quizzes import service as quizzes
from collegium.features.quizzes.service import Grade, NewQuiz
from collegium.kit import queries
from collegium.kit.db import SYSTEM, person
from collegium.kit.site import Site

Q = queries.load("collegium.features.demo")
COURSE = "life-insurance-needs-analysis"
QUIZ = NewQuiz(
    title="Check your analysis",
    description="Nine short questions about the Harmons, and one that a colleague reads.",
    instructions="Keep your notes open. You can change every answer until you hand in.",
)
TAKERS = 9


def _options(*words: str) -> list[dict[str, str]]:
    return [{"id": "abcdefgh"[n], "text": word} for n, word in enumerate(words)]


def _draft(kind: str, text: str, options: Any, right: Any, *, points: int = 1, **more: Any) -> QuestionDraft:
    known: dict[str, Any] = {"points": Decimal(points), "tags": ("needs analysis",)} | more
    return QuestionDraft(
        question_type=kind, question_html=f"<p>{text}</p>", answer_options=options, correct_answer=right, **known
    )


QUESTIONS = (
    _draft(
        "multiple_choice",
        "What is looked at first in a needs analysis?",
        _options("The product that pays best", "Who depends on the income", "The age of the house"),
        {"selected": "b"},
        explanation="<p>Cover replaces what others would lose. Who they are decides how much and how long.</p>",
    ),
    _draft(
        "true_false",
        "Money that the family will need for ever is best covered by term insurance.",
        [],
        {"selected": "false"},
    ),
    _draft(
        "multiple_answer",
        "Which of these belong to the cash that is needed at once?",
        _options("Funeral", "Debts that fall due", "University in ten years", "Three months of bills"),
        {"selected": ["a", "b", "d"]},
        points=2,
    ),
    _draft(
        "short_answer",
        "What is the person called whose life is insured?",
        [],
        {"accepted": ["the insured", "insured", "insured person"], "typos": 1},
    ),
    _draft(
        "numeric",
        "The Harmons spend 4,200 a month. The survivor earns 2,700. What is missing in a year?",
        [],
        {"answers": [{"value": 18000}], "unit": "none"},
        hint="Twelve months.",
        points=2,
    ),
    _draft(
        "fill_blank",
        "A policy that pays until a fixed day is called [[1]] life; one that always pays is called [[2]] life.",
        [{"id": "1"}, {"id": "2"}],
        {"blanks": {"1": {"accepted": ["term"]}, "2": {"accepted": ["whole", "permanent"]}}},
        points=2,
    ),
    _draft(
        "matching",
        "Which cover fits which need?",
        {
            "left": _options("A mortgage of 20 years", "A child with a disability", "A loan between partners"),
            "right": _options("Term as long as the debt", "Whole life with a trust", "Cover on each partner", "None"),
        },
        {"pairs": {"a": "a", "b": "b", "c": "c"}},
        points=3,
    ),
    _draft(
        "ordering",
        "In which order do you work?",
        _options(
            "List who depends on the income",
            "Add up what they would need",
            "Take off what is there already",
            "Choose a product",
        ),
        {"order": ["a", "b", "c", "d"]},
        points=2,
    ),
    _draft(
        "essay",
        "A client says that insurance through work is enough. What do you answer, in five sentences?",
        [],
        None,
        points=6,
        rubric=[
            {"name": "Takes the client seriously", "points": 2, "description": "Names what is right about it."},
            {"name": "Says what is missing", "points": 3, "description": "Amount, end of employment, tax."},
            {"name": "Plain words", "points": 1},
        ],
    ),
)
ESSAYS = (
    "It is good that your employer pays for cover, and it costs you nothing. Look at how much it is: often one or two"
    " years of pay. Your family would need it for twelve. It also ends on the day you leave. Let us work out the gap.",
    "You are right that it counts. But it ends with the job.",
    "Work cover is a beginning. I would ask what happens if you change jobs at fifty, when a new policy costs more.",
)


async def fill(site: Site, teacher: UUID, course: UUID) -> list[UUID]:
    """Makes the quiz as its teacher would; some who are enrolled take it, a part is graded. Answers who took it."""
    async with site.db.transaction(person(teacher)) as tx:
        versions: list[UUID] = []
        for draft in QUESTIONS:
            made = await questions.question(tx, await questions.create_question(tx, course, draft))
            versions.append(made.version_id)
        quiz = await quizzes.create_quiz(tx, course, None, QUIZ)
        await quizzes.add_questions(tx, quiz, versions)
        await quizzes.set_status(tx, course, quiz, "published")
    async with site.db.transaction(SYSTEM, read_only=True) as tx:
        takers = [row["member_id"] for row in await tx.fetch(Q.who_may_take, course, TAKERS)]
    chance = random.Random(11)  # noqa: S311 - the same demonstration every time
    for taker in takers:
        await _take(site, taker, quiz, chance)
    await _grade(site, teacher, quiz, len(takers) // 2)
    return takers


async def _take(site: Site, member: UUID, quiz: UUID, chance: random.Random) -> None:
    right = {draft.question_html: draft for draft in QUESTIONS}
    async with site.db.transaction(person(member)) as tx:
        attempt = await attempts.start(tx, quiz)
        view = await attempts.own_view(tx, attempt)
        for item in view["questions"]:
            given = _answer(item, right[item["question_html"]], chance, sure=chance.random() < 0.75)
            await attempts.save(tx, attempt, item["position"], attempts.SaveAnswer(given, 1))
    async with site.db.transaction(person(member)) as tx:
        await attempts.submit(tx, attempt)


async def _grade(site: Site, teacher: UUID, quiz: UUID, number: int) -> None:
    """Grades the first essays by their rubric; the others wait in the queue."""
    async with site.db.transaction(person(teacher)) as tx:
        for _ in range(number):
            waits = await quizzes.neighbour(tx, quiz, "person", None, 1)
            if waits is None:
                break
            given = await quizzes.answer(tx, quiz, waits)
            full = len(given.answer.get("html", "")) > 100
            rubric = [2.0, 2.5 if full else 1.0, 1.0]
            said = "Clear, and the client feels heard." if full else "True. Now say what the family would be short of."
            grade = Grade(Decimal(str(sum(rubric))), rubric, said, "", given.graded_at)
            await quizzes.grade(tx, waits, grade)


def _answer(item: dict[str, Any], draft: QuestionDraft, chance: random.Random, *, sure: bool) -> dict[str, Any]:
    """An answer, the right one when the member is sure. Options are named by the number under which they are shown."""
    kind, key, options = draft.question_type, draft.correct_answer, draft.answer_options

    def shown(of: list[dict[str, Any]], author: list[dict[str, str]], wanted: list[str]) -> list[str]:
        words = {one["id"]: one["text"] for one in author}
        numbers = {one["text"]: one["id"] for one in of}
        return [numbers[words[one]] for one in wanted]

    if kind == "multiple_choice":
        return {"selected": shown(item["options"], options, [key["selected"] if sure else chance.choice("ac")])[0]}
    if kind == "true_false":
        return {"selected": "2" if sure else "1"}
    if kind == "multiple_answer":
        return {"selected": shown(item["options"], options, key["selected"] if sure else ["a", "c"])}
    if kind == "matching":
        wanted = key["pairs"] if sure else key["pairs"] | {"c": "d"}
        left = shown(item["options"]["left"], options["left"], list(wanted))
        return {
            "pairs": dict(
                zip(left, shown(item["options"]["right"], options["right"], list(wanted.values())), strict=True)
            )
        }
    if kind == "ordering":
        order = key["order"] if sure else ["a", "c", "b", "d"]
        return {"order": shown(item["options"], options, order)}
    if kind == "fill_blank":
        return {"blanks": {"1": "term", "2": "whole" if sure else "long"}}
    if kind == "numeric":
        return {"number": "18,000" if sure else "1500"}
    if kind == "short_answer":
        return {"text": "the insured" if sure else "the customer"}
    return {"html": f"<p>{chance.choice(ESSAYS)}</p>"}
