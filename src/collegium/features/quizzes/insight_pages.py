"""The studio's page about how a quiz does, and its tables as files."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from uuid import UUID

import msgspec
from litestar import Response, get
from litestar.params import FromPath
from litestar.types import ControllerRouterHandler

from collegium.features.quizzes import service
from collegium.features.quizzes.insight import FEWEST
from collegium.features.quizzes.model import QUESTION_TYPES
from collegium.features.quizzes.places import quiz_path
from collegium.web import csvfile, pages
from collegium.web.pages import WebRequest

RESULTS = "/studio/{course_id:uuid}/quizzes/{quiz_id:uuid}/results"


COLUMNS = (
    "question", "type", "asked", "answered", "all_points", "share_percent", "discrimination", "option", "text",
    "is_key", "lowest_third", "middle_third", "best_third", "look_at",
)  # fmt: skip


@get(RESULTS, include_in_schema=False)
async def results(request: WebRequest, course_id: FromPath[UUID], quiz_id: FromPath[UUID]) -> Response[str]:
    """Scores, time, and each question with what stands out."""
    pages.require_teacher(request)
    async with pages.transaction(request) as tx:
        course = await service.course(tx, course_id)
        quiz = await service.quiz(tx, course_id, quiz_id)
        found = await service.insight(tx, quiz_id)
        questions = await service.question_insights(tx, quiz_id)
    chart = {"bins": found.score_bins, "mark": float(quiz.passing_score)} if found else {}
    return pages.render(
        request,
        "quizzes/results.html",
        studio_course=course,
        quiz=quiz,
        path=quiz_path(course_id, quiz_id),
        found=found,
        questions=questions,
        look_at=[one for one in questions if one.findings],
        chart=msgspec.json.encode(chart).decode(),
        kinds=QUESTION_TYPES,
        fewest=FEWEST,
    )


@get(RESULTS + "/questions.csv", include_in_schema=False)
async def questions_file(request: WebRequest, course_id: FromPath[UUID], quiz_id: FromPath[UUID]) -> Response[bytes]:
    """Each question and each of its options, as CSV (RFC 4180)."""
    pages.require_teacher(request)
    async with pages.transaction(request) as tx:
        await service.quiz(tx, course_id, quiz_id)
        questions = await service.question_insights(tx, quiz_id)
    rows: list[Sequence[object]] = [COLUMNS]
    for one in questions:
        tells = None if one.discrimination is None else Decimal(f"{one.discrimination:.2f}")
        head = [one.text, one.question_type, str(one.asked), str(one.answered), str(one.full_points),
                f"{100 * one.share:.1f}", tells]  # fmt: skip
        rows.append([*head, "", "", "", "", "", "", " ".join(one.findings)])
        rows += [
            [*head, option.letter, option.text, "yes" if option.is_right else "no", str(option.low),
             str(option.middle), str(option.best), ""]
            for option in one.options
        ]  # fmt: skip
    return csvfile.small(f"quiz-{quiz_id}.csv", rows)


ROUTES: list[ControllerRouterHandler] = [results, questions_file]
