"""The studio's reports on packages: who takes one, one person with it, and the flight recorder of an attempt."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence
from typing import Any
from uuid import UUID

import msgspec
from litestar import Response, get
from litestar.params import FromPath
from litestar.response import Stream
from litestar.types import ControllerRouterHandler

from collegium.features.packages import service as packages
from collegium.features.scorm_reports import registration_pages, service
from collegium.features.scorm_reports.model import (
    STATUSES,
    CallsWanted,
    Learner,
    LearnerPlace,
    Line,
    LinePlace,
    Wanted,
)
from collegium.features.scorm_reports.registration_pages import ONE, address, attempt_of, uuid_of
from collegium.kit.cursors import read_cursor, write_cursor
from collegium.kit.errors import NotFound
from collegium.web import csvfile, pages
from collegium.web.pages import WebRequest

RESULTS = "/studio/packages/{package_id:uuid}/results"
RECORDER = ONE + "/recorder"
COLUMNS = (
    "Name",
    "E-mail",
    "Course",
    "Lesson",
    "Status",
    "Completion",
    "Success",
    "Score in %",
    "Progress in %",
    "Attempts",
    "Seconds",
    "Begun",
    "Last opened",
    "Rule met",
)
CALL_COLUMNS = ("Commit", "Number", "Arrived", "Milliseconds", "SCO", "Function", "Element", "Value", "Answer", "Error")
FUNCTIONS = {
    "": "Every function",
    "set": "Values that were set",
    "get": "Values that were asked for",
    "commit": "Saving",
    "session": "Beginning and end",
    "error": "Questions about errors",
}
SETTERS = ("LMSSetValue", "SetValue")
ANSWERS = 8
"""Answers to a question that are shown at once."""

packages.package_tab("/results", "Results", rank=4)
packages.package_tab("/questions", "Questions", rank=4)


# Who takes a package ----------------------------------------------------------------------------------------


def _wanted(request: WebRequest) -> Wanted:
    given = request.query_params
    status = str(given.get("status", ""))
    return Wanted(
        status if status in STATUSES else "",
        uuid_of(str(given.get("course", ""))),
        str(given.get("q", "")).strip()[:100],
    )


@get(RESULTS, include_in_schema=False)
async def results(request: WebRequest, package_id: FromPath[UUID]) -> Response[str]:
    """How far people have come with a package, by SCO and by name."""
    pages.require_teacher(request)
    wanted = _wanted(request)
    after = read_cursor(request.query_params.get("after"), LearnerPlace)
    async with pages.transaction(request) as tx:
        package = await packages.package(tx, package_id)
        summary = await service.summary(tx, package_id)
        parts = await service.parts(tx, package_id)
        courses = await service.courses(tx, package_id)
        page = await service.learners(tx, package_id, wanted, after)
    path = f"/studio/packages/{package_id}/results"
    here = {"status": wanted.status, "course": wanted.course, "q": wanted.words}
    return pages.render(
        request,
        "scorm_reports/results.html",
        package=package,
        tabs=packages.tabs(package),
        path=path,
        summary=summary,
        parts=parts,
        courses=[("", "Every course"), *((str(course.id), course.title) for course in courses)],
        statuses=list(STATUSES.items()),
        wanted=wanted,
        page=page,
        export=address(f"{path}.csv", **here),
        back=address(path, **here) if after else None,
        next=address(path, **here, after=write_cursor(page.next)) if page.next else None,
    )


@get(RESULTS + ".csv", include_in_schema=False)
async def results_file(request: WebRequest, package_id: FromPath[UUID]) -> Stream:
    """The list as CSV, sent while it is read."""
    viewer = pages.require_teacher(request)
    async with pages.transaction(request) as tx:
        await packages.package(tx, package_id)
    found = service.every_learner(pages.site_of(request).db, viewer.actor(), package_id, _wanted(request))
    return csvfile.download(f"results-{package_id}.csv", COLUMNS, _rows(found))


async def _rows(found: AsyncIterator[list[Learner]]) -> AsyncIterator[Iterable[Sequence[object]]]:
    async for learners in found:
        yield [
            (
                one.name,
                one.email,
                one.course_title,
                one.lesson_title,
                STATUSES[one.status],
                one.completion_status,
                one.success_status,
                one.score,
                one.progress,
                one.attempts,
                one.total_time_seconds,
                *(at.isoformat(timespec="seconds") if at else None for at in _moments(one)),
            )
            for one in learners
        ]


def _moments(one: Learner) -> tuple[Any, ...]:
    return one.started_at, one.last_accessed_at, one.criterion_met_at


# What it asked --------------------------------------------------------------------------------------------------

QUESTIONS = "/studio/packages/{package_id:uuid}/questions"
QUESTION_COLUMNS = ("SCO", "Question", "Text", "Type", "Answers", "Right", "Wrong", "Right in %", "Median seconds")


@get(QUESTIONS, include_in_schema=False)
async def questions(request: WebRequest, package_id: FromPath[UUID]) -> Response[str]:
    """Each question and each objective of a package, over everybody."""
    pages.require_teacher(request)
    async with pages.transaction(request) as tx:
        package = await packages.package(tx, package_id)
        found = await service.questions(tx, package_id)
        objectives = await service.objectives(tx, package_id)
    path = f"/studio/packages/{package_id}/questions"
    return pages.render(
        request,
        "scorm_reports/questions.html",
        package=package,
        tabs=packages.tabs(package),
        path=path,
        questions=found,
        objectives=objectives,
        shown=ANSWERS,
    )


@get(QUESTIONS + ".csv", include_in_schema=False)
async def questions_file(request: WebRequest, package_id: FromPath[UUID]) -> Response[bytes]:
    """The questions as CSV."""
    pages.require_teacher(request)
    async with pages.transaction(request) as tx:
        await packages.package(tx, package_id)
        found = await service.questions(tx, package_id)
    rows: list[Sequence[object]] = [QUESTION_COLUMNS]
    rows += [
        (one.sco, one.identifier, one.description, one.type, one.answers, one.right_answers, one.wrong_answers,
         one.correct_rate, one.median_seconds)
        for one in found
    ]  # fmt: skip
    return csvfile.small(f"questions-{package_id}.csv", rows)


# The flight recorder -----------------------------------------------------------------------------------------


def _calls_wanted(request: WebRequest) -> CallsWanted:
    given = request.query_params
    kind = str(given.get("fn", ""))
    return CallsWanted(
        kind if kind in FUNCTIONS else "",
        bool(given.get("errors")),
        given.get("sco") or None,
        str(given.get("q", "")).strip()[:100],
    )


@get(RECORDER, include_in_schema=False)
async def recorder(request: WebRequest, registration_id: FromPath[UUID]) -> Response[str]:
    """Every call that a package made in an attempt, to be filtered and replayed."""
    pages.require_teacher(request)
    wanted = _calls_wanted(request)
    after = read_cursor(request.query_params.get("after"), LinePlace)
    async with pages.transaction(request) as tx:
        found = await service.registration(tx, registration_id)
        attempts, attempt = await attempt_of(request, tx, found)
        if attempt is None:
            raise NotFound("Nobody has opened this package here yet.", code="no_such_attempt")
        page = await service.calls(tx, found.id, attempt.id, wanted, after)
        parts = await service.results(tx, attempt.id)
        hints = await service.hints_of(tx, found, attempt.id)
        first = page.lines[0].commit_seq if page.lines else 0
        before = await service.before(tx, found.id, attempt.id, first) if first > 1 else []
    path = f"{found.path}/recorder"
    here = {
        "attempt": attempt.id,
        "fn": wanted.kind,
        "errors": "1" if wanted.errors else "",
        "sco": wanted.sco,
        "q": wanted.words,
    }
    return pages.render(
        request,
        "scorm_reports/recorder.html",
        found=found,
        attempts=attempts,
        attempt=attempt,
        page=page,
        wanted=wanted,
        functions=list(FUNCTIONS.items()),
        scos=[("", "Every SCO"), *((part.sco, part.title or part.sco) for part in parts if part.sco)],
        hints=hints,
        path=path,
        replay=_replay(page.lines, before),
        export=address(f"{path}.csv", **here),
        back=address(path, **here) if after else None,
        next=address(path, **here, after=write_cursor(page.next)) if page.next else None,
    )


def _replay(lines: list[Line], before: Sequence[service.Before]) -> str:
    """What the island steps through, as JSON: the elements as they stood, and which call set which."""
    return msgspec.json.encode(
        {
            "before": [[one.sco, one.element, one.value] for one in before],
            "sets": [
                [line.sco, line.args[0], line.args[1]]
                if line.fn in SETTERS and line.answer == "true" and len(line.args) > 1
                else None
                for line in lines
            ],
        }
    ).decode()


@get(RECORDER + ".csv", include_in_schema=False)
async def recorder_file(request: WebRequest, registration_id: FromPath[UUID]) -> Stream:
    """The calls as CSV, sent while they are read."""
    viewer = pages.require_teacher(request)
    async with pages.transaction(request) as tx:
        found = await service.registration(tx, registration_id)
        attempt = (await attempt_of(request, tx, found))[1]
    if attempt is None:
        raise NotFound("Nobody has opened this package here yet.", code="no_such_attempt")
    calls = service.every_call(pages.site_of(request).db, viewer.actor(), found.id, attempt.id, _calls_wanted(request))
    return csvfile.download(f"calls-{attempt.id}.csv", CALL_COLUMNS, _call_rows(calls))


async def _call_rows(found: AsyncIterator[list[Line]]) -> AsyncIterator[Iterable[Sequence[object]]]:
    async for lines in found:
        yield [
            (
                line.commit_seq,
                line.place,
                line.at.isoformat(timespec="milliseconds"),
                round(line.t),
                line.sco,
                line.fn,
                *[*line.args, "", ""][:2],
                line.answer,
                line.error,
            )
            for line in lines
        ]


ROUTES: list[ControllerRouterHandler] = [
    results,
    results_file,
    questions,
    questions_file,
    *registration_pages.ROUTES,
    recorder,
    recorder_file,
]
