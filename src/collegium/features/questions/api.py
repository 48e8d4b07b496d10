"""The question bank for programs: the same services as the pages."""

from __future__ import annotations

from uuid import UUID

import msgspec
from litestar import get, post, put
from litestar.params import FromPath, FromQuery, JSONBody
from litestar.types import ControllerRouterHandler

from collegium.features.questions import service
from collegium.features.questions.reading import bank_of
from collegium.features.questions.service import BankFilter, Page, Question, QuestionDraft
from collegium.kit.errors import NotFound
from collegium.web import pages
from collegium.web.apidocs import failures

LIST = "/api/v1/courses/{course_id:uuid}/questions"
ONE = LIST + "/{question_id:uuid}"


class Saved(msgspec.Struct, frozen=True):
    """A question that was saved, and its version."""

    id: UUID
    version_id: UUID


@get(LIST, tags=["questions"], summary="List the questions of a bank", responses=failures(400, 401, 403, 404))
async def questions(
    request: pages.WebRequest,
    course_id: FromPath[UUID],
    q: FromQuery[str] = "",
    tag: FromQuery[str] = "",
    question_type: FromQuery[str] = "",
    difficulty: FromQuery[str] = "",
    status: FromQuery[str] = "",
    sort: FromQuery[str] = "changed",
    bank: FromQuery[str] = "",
    after: FromQuery[str | None] = None,
) -> Page[Question]:
    """A page of the course's bank, of the shared one (``bank=shared``) or of an organisation's (``bank`` is its id).

    ``after`` is the ``next`` of the page before. Keys come only to those who may read them.
    """
    pages.require_teacher(request)
    wanted = BankFilter(text=q, tag=tag, question_type=question_type, difficulty=difficulty, status=status, sort=sort)
    async with pages.transaction(request) as tx:
        await service.course(tx, course_id)
        chosen = bank_of(bank, course_id, await service.banks(tx))
        return await service.search(tx, chosen.course_id, wanted, after, organisation_id=chosen.organisation_id)


@post(LIST, tags=["questions"], summary="Add a question", status_code=201, responses=failures(400, 401, 403, 404, 422))
async def add(
    request: pages.WebRequest, course_id: FromPath[UUID], data: JSONBody[QuestionDraft], bank: FromQuery[str] = ""
) -> Saved:
    """Puts a question into a bank. Answers 422 with all that is wrong with it."""
    pages.require_teacher(request)
    async with pages.transaction(request) as tx:
        await service.course(tx, course_id)
        chosen = bank_of(bank, course_id, await service.banks(tx))
        made = await service.create_question(tx, chosen.course_id, data, chosen.organisation_id)
        return Saved(made, (await service.question(tx, made)).version_id)


@get(ONE, tags=["questions"], summary="Read a question", responses=failures(400, 401, 403, 404))
async def one(request: pages.WebRequest, course_id: FromPath[UUID], question_id: FromPath[UUID]) -> Question:
    """A question of the course's bank, of the shared one or of an organisation's, with its newest version."""
    pages.require_teacher(request)
    async with pages.transaction(request) as tx:
        await service.course(tx, course_id)
        found = await service.question(tx, question_id)
    if found.course_id not in (None, course_id):
        raise NotFound("There is no such question in this course's bank.")
    return found


@put(ONE, tags=["questions"], summary="Change a question", responses=failures(400, 401, 403, 404, 422))
async def change(
    request: pages.WebRequest, course_id: FromPath[UUID], question_id: FromPath[UUID], data: JSONBody[QuestionDraft]
) -> Saved:
    """Saves a question: in place while nobody has been asked its newest version, else as a new one."""
    pages.require_teacher(request)
    async with pages.transaction(request) as tx:
        await service.course(tx, course_id)
        found = await service.question(tx, question_id)
        if found.course_id not in (None, course_id) or found.question_type != data.question_type:
            raise NotFound("There is no such question of this type in this course's bank.")
        return Saved(question_id, await service.new_version(tx, question_id, data))


ROUTES: list[ControllerRouterHandler] = [questions, add, one, change]
