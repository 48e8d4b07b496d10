"""The instructor's pages of peer review: how far it is, who is stuck, settings and samples."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath
from litestar.types import ControllerRouterHandler

from collegium.features.assignments import service as assignments
from collegium.features.peer_reviews import forms, team
from collegium.features.peer_reviews.forms import only_refusals, read_form
from collegium.kit.cursors import read_cursor, write_cursor
from collegium.kit.db import Transaction
from collegium.kit.errors import Invalid, Problem
from collegium.web import pages
from collegium.web.pages import WebRequest

assignments.assignment_tab("/peers", "Peer review", rank=4, only="enable_peer_review")

PLACE = "/studio/{course_id:uuid}/assignments/{assignment_id:uuid}/peers"


def path_of(course_id: UUID, assignment_id: UUID) -> str:
    """The address of an assignment's peer review in the studio."""
    return f"/studio/{course_id}/assignments/{assignment_id}/peers"


async def frame(tx: Transaction, course_id: UUID, assignment_id: UUID) -> dict[str, Any]:
    """What every page of it needs: course, assignment, settings. Raises NotFound."""
    assignment = await assignments.taught_assignment(tx, course_id, assignment_id)
    return {
        "studio_course": await assignments.course(tx, course_id),
        "assignment": assignment,
        "settings": await team.settings(tx, assignment_id),
        "path": path_of(course_id, assignment_id),
    }


@get(PLACE, include_in_schema=False)
async def progress(request: WebRequest, course_id: FromPath[UUID], assignment_id: FromPath[UUID]) -> Response[str]:
    """How far peer review is, who is stuck and why, and every work."""
    viewer = pages.require_teacher(request)
    asked = request.query_params
    state = asked.get("show", "") if asked.get("show", "") in team.STATES else ""
    words = " ".join(asked.get("q", "").replace("\x00", "").split())[:100]
    after = read_cursor(asked.get("after"), team.WorkPlace)
    async with pages.transaction(request) as tx:
        framed = await frame(tx, course_id, assignment_id)
        figures = await team.figures(tx, assignment_id)
        stuck = await team.stuck(tx, assignment_id)
        listed = await team.works(tx, assignment_id, state, words, after)
        handed_in = await team.units(tx, assignment_id)
        confirmable = len(await team.to_confirm(tx, assignment_id))
    kept = ({"show": state} if state else {}) | ({"q": words} if words else {})
    following = f"{framed['path']}?{urlencode(kept | {'after': write_cursor(listed.next)})}" if listed.next else None

    def of_state(name: str) -> str:
        chosen = ({"show": name} if name else {}) | ({"q": words} if words else {})
        return framed["path"] + (f"?{urlencode(chosen)}" if chosen else "")

    return pages.render(
        request,
        "peer_reviews/progress.html",
        **framed,
        figures=figures,
        stuck=stuck,
        works=listed.works,
        state=state,
        words=words,
        first=after is None,
        back=of_state(state),
        following=following,
        confirmable=confirmable,
        handed_in=handed_in,
        filters=[
            ("All", of_state(""), figures.works),
            ("Waiting", of_state("waiting"), figures.waiting),
            ("Complete", of_state("complete"), figures.complete),
            ("Yours to review", of_state("fallback"), figures.fallback),
        ],
        zone=viewer.time_zone,
    )


@post(PLACE + "/allot", include_in_schema=False)
async def allot(request: WebRequest, course_id: FromPath[UUID], assignment_id: FromPath[UUID]) -> Response[str]:
    """Begins peer review now, or gives what is missing."""
    pages.require_teacher(request)
    path = path_of(course_id, assignment_id)
    try:
        async with pages.transaction(request) as tx:
            await assignments.taught_assignment(tx, course_id, assignment_id)
            made = await team.allot(tx, assignment_id)
    except Problem as problem:
        only_refusals(problem)
        return pages.redirect(request, path, flash=("error", problem.detail))
    given = f"{made} reviews were given" if made != 1 else "One review was given"
    words = (
        f"{given}, and those who write them are told."
        if made
        else "There was nothing to give: what can be given is given."
    )
    return pages.redirect(request, path, flash=("success" if made else "info", words))


@post(PLACE + "/confirm", include_in_schema=False)
async def confirm_all(request: WebRequest, course_id: FromPath[UUID], assignment_id: FromPath[UUID]) -> Response[str]:
    """Makes the peers' mean its share of every grade that can have it."""
    pages.require_teacher(request)
    path = path_of(course_id, assignment_id)
    confirmed = 0
    async with pages.transaction(request) as tx:
        await assignments.taught_assignment(tx, course_id, assignment_id)
        waiting = await team.to_confirm(tx, assignment_id)
    for submission_id in waiting:
        # Each in a transaction of its own: a grade locks its course, and thousands of them must not hold it for long.
        try:
            async with pages.transaction(request) as tx:
                await team.confirm(tx, assignment_id, submission_id)
            confirmed += 1
        except Problem as problem:
            if not team.is_not_yet(problem):
                raise
    grades = "One grade is" if confirmed == 1 else f"{confirmed} grades are"
    return pages.redirect(request, path, flash=("success", f"{grades} confirmed with the reviewers’ mean."))


# Settings --------------------------------------------------------------------------------------------------------


@get(PLACE + "/settings", include_in_schema=False)
async def settings(request: WebRequest, course_id: FromPath[UUID], assignment_id: FromPath[UUID]) -> Response[str]:
    """The form of how peers review."""
    return await _settings(request, course_id, assignment_id)


async def _settings(
    request: WebRequest,
    course_id: UUID,
    assignment_id: UUID,
    form: Mapping[str, str] | None = None,
    problem: Problem | None = None,
) -> Response[str]:
    viewer = pages.require_teacher(request)
    async with pages.site_of(request).db.transaction(viewer.actor(), read_only=True) as tx:
        framed = await frame(tx, course_id, assignment_id)
    kept = framed["settings"]
    values = {name: f"{getattr(kept, name):.0f}" for name in forms.NUMBERS if name != "required"}
    values["required"] = str(framed["assignment"].peer_reviews_required)
    calibration = kept.calibration
    if form is not None:
        values = {name: form.get(name, "") for name in forms.NUMBERS}
        calibration = form.get("calibration") == "1"
    return pages.render(
        request,
        "peer_reviews/settings.html",
        status=problem.status if problem else 200,
        **framed,
        values=values,
        calibration=calibration,
        errors=dict(problem.fields) if isinstance(problem, Invalid) else {},
        problem=problem,
        zone=viewer.time_zone,
    )


@post(PLACE + "/settings", include_in_schema=False)
async def save_settings(request: WebRequest, course_id: FromPath[UUID], assignment_id: FromPath[UUID]) -> Response[str]:
    """Changes how peers review."""
    pages.require_teacher(request)
    form = await read_form(request)
    try:
        async with pages.transaction(request) as tx:
            await assignments.taught_assignment(tx, course_id, assignment_id)
            calibration = form.get("calibration") == "1"
            await team.save_settings(tx, assignment_id, forms.read_settings(form), calibration=calibration)
    except Problem as problem:
        only_refusals(problem)
        return await _settings(request, course_id, assignment_id, form, problem)
    path = path_of(course_id, assignment_id)
    return pages.redirect(request, path, flash=("success", "The settings of peer review are saved."))


# Samples ---------------------------------------------------------------------------------------------------------


@get(PLACE + "/calibration", include_in_schema=False)
async def calibration(request: WebRequest, course_id: FromPath[UUID], assignment_id: FromPath[UUID]) -> Response[str]:
    """The samples, and how far each reviewer was off."""
    return await _calibration(request, course_id, assignment_id)


async def _calibration(
    request: WebRequest,
    course_id: UUID,
    assignment_id: UUID,
    form: Mapping[str, str] | None = None,
    problem: Problem | None = None,
) -> Response[str]:
    viewer = pages.require_teacher(request)
    page = request.query_params.get("page", "")
    number = int(page) if page.isascii() and page.isdigit() and len(page) < 5 else 0
    async with pages.site_of(request).db.transaction(viewer.actor(), read_only=True) as tx:
        framed = await frame(tx, course_id, assignment_id)
        samples = await team.samples(tx, assignment_id)
        people = await team.calibrated(tx, assignment_id, number)
        works = await team.handed_in(tx, assignment_id)
    rubric = [{"criterion": one.criterion, "points": one.points, "description": one.description}
              for one in framed["assignment"].rubric]  # fmt: skip
    points, lines = forms.typed(form or {}, rubric)
    at = f"{framed['path']}/calibration"
    return pages.render(
        request,
        "peer_reviews/calibration.html",
        status=problem.status if problem else 200,
        **framed,
        samples=samples,
        people=people,
        works=works,
        given=form or {},
        points=points,
        criteria=lines,
        errors=dict(problem.fields) if isinstance(problem, Invalid) else {},
        problem=problem,
        before=f"{at}?page={number - 1}" if number else None,
        following=f"{at}?page={number + 1}" if len(people) == team.CALIBRATED else None,
        zone=viewer.time_zone,
    )


@post(PLACE + "/calibration", include_in_schema=False)
async def add_sample(request: WebRequest, course_id: FromPath[UUID], assignment_id: FromPath[UUID]) -> Response[str]:
    """Adds a sample with the instructor's mark."""
    pages.require_teacher(request)
    form = await read_form(request)
    try:
        async with pages.transaction(request) as tx:
            assignment = await assignments.taught_assignment(tx, course_id, assignment_id)
            rubric = [{"criterion": one.criterion, "points": one.points} for one in assignment.rubric]
            given = forms.read_review(form, rubric, assignment.total_points)
            await team.add_sample(tx, assignment_id, _id(form.get("work", "")), form.get("text", "").strip(), given)
    except Problem as problem:
        only_refusals(problem)
        return await _calibration(request, course_id, assignment_id, form, problem)
    words = "The sample is there. Reviewers mark it before their first review."
    return pages.redirect(request, f"{path_of(course_id, assignment_id)}/calibration", flash=("success", words))


def _id(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


@post(PLACE + "/calibration/{sample_id:uuid}/remove", include_in_schema=False)
async def remove_sample(
    request: WebRequest, course_id: FromPath[UUID], assignment_id: FromPath[UUID], sample_id: FromPath[UUID]
) -> Response[str]:
    """Takes a sample back that nobody has marked."""
    pages.require_teacher(request)
    path = f"{path_of(course_id, assignment_id)}/calibration"
    try:
        async with pages.transaction(request) as tx:
            await assignments.taught_assignment(tx, course_id, assignment_id)
            await team.remove_sample(tx, assignment_id, sample_id)
    except Problem as problem:
        only_refusals(problem)
        return pages.redirect(request, path, flash=("error", problem.detail))
    return pages.redirect(request, path, flash=("success", "The sample is removed."))


ROUTES: list[ControllerRouterHandler] = [
    progress,
    allot,
    confirm_all,
    settings,
    save_settings,
    calibration,
    add_sample,
    remove_sample,
]
