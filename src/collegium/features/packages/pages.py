"""The studio's pages of packages: the library, one package, and the package of a lesson."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath
from litestar.types import ControllerRouterHandler

from collegium.features.packages import decision_pages, library, service
from collegium.features.packages.library import RULES, STATES, Filter
from collegium.features.packages.model import STANDARDS
from collegium.features.packages.tabs import tabs
from collegium.features.studio import service as studio
from collegium.kit.errors import Invalid, Problem
from collegium.web import pages
from collegium.web.pages import WebRequest
from collegium.web.studio import course_path, lesson_place, site_place

site_place("/studio/packages", "Packages", "package", rank=40)
lesson_place("/package", "Package", types=("scorm",), rank=1)

LIST = "/studio/packages"
ONE = LIST + "/{package_id:uuid}"
LESSON = "/studio/{course_id:uuid}/lessons/{lesson_id:uuid}/package"
TOLD = 12
"""Findings that are shown at once; the rest stands behind a disclosure."""


@get(LIST, include_in_schema=False)
async def packages(request: WebRequest) -> Response[str]:
    """The library of packages, and where one is uploaded."""
    pages.require_teacher(request)
    wanted = Filter.read(request.query_params)
    async with pages.transaction(request) as tx:
        page = await library.find(tx, wanted)
    return pages.render(
        request,
        "packages/list.html",
        page=page,
        wanted=wanted,
        standards=[("", "Every standard"), *STANDARDS.items()],
        states=STATES,
        first_page=wanted.path() if wanted.after else None,
        next_page=wanted.path(page.next) if page.next else None,
    )


@post(LIST, include_in_schema=False)
async def begin(request: WebRequest) -> Response[str]:
    """Has an uploaded archive imported."""
    pages.require_teacher(request)
    return await _begin(request, LIST)


async def _begin(request: WebRequest, back: str, new_version_of: UUID | None = None) -> Response[str]:
    form = await request.form()
    file = _id(form.get("file"))
    if file is None:
        return pages.redirect(request, back, flash=("error", "Choose an archive first."))
    try:
        async with pages.transaction(request) as tx:
            found = await service.begin_import(tx, file, new_version_of)
    except Problem as problem:
        return pages.redirect(request, back, flash=("error", problem.detail))
    return pages.redirect(request, f"{LIST}/{found}")


def _id(value: object) -> UUID | None:
    try:
        return UUID(str(value or ""))
    except ValueError:
        return None


@get(ONE, include_in_schema=False)
async def package(request: WebRequest, package_id: FromPath[UUID]) -> Response[str]:
    """One package: how its import stands, what is in it, which lessons play it."""
    return await _package(request, package_id)


async def _package(
    request: WebRequest, package_id: UUID, given: dict[str, Any] | None = None, problem: Invalid | None = None
) -> Response[str]:
    pages.require_teacher(request)
    shown: dict[str, Any] = {}
    async with pages.transaction(request) as tx:
        one = await library.one(tx, package_id)
        # While a job is at work htmx asks for the part that changes, and for the page once it has ended.
        if pages.is_fragment(request) and one.is_under_way:
            return pages.render(request, "packages/_state.html", package=one)
        if one.import_state == "ready":
            line = await library.line(tx, package_id)
            older = [version.id for version in line if version.created_at <= one.created_at]
            tree = await library.tree(tx, package_id)
            shown = {
                "tree": tree,
                "titles": {root.identifier: f"Plays “{root.title or root.identifier}”" for root in tree},
                "files": await library.files(tx, package_id),
                "line": line,
                "used_in": await library.used_in(tx, older if one.replaced_by is None else [one.id]),
            }
    response = pages.render(
        request,
        "packages/one.html",
        status=problem.status if problem else 200,
        package=one,
        tabs=tabs(one),
        rules=RULES,
        told=TOLD,
        given=given or {"title": one.title, "description": one.description or "", "is_shared": one.is_shared},
        errors=problem.fields if problem else {},
        **shown,
    )
    if pages.is_fragment(request):
        response.headers["HX-Refresh"] = "true"
    return response


@post(ONE + "/version", include_in_schema=False)
async def new_version(request: WebRequest, package_id: FromPath[UUID]) -> Response[str]:
    """Has an uploaded archive imported as the new version of a package."""
    pages.require_teacher(request)
    return await _begin(request, f"{LIST}/{package_id}/versions", package_id)


@post(ONE, include_in_schema=False)
async def change(request: WebRequest, package_id: FromPath[UUID]) -> Response[str]:
    """Changes what a package is called and who may use it."""
    pages.require_teacher(request)
    form = await request.form()
    title, description = str(form.get("title", "")), str(form.get("description", ""))
    shared = form.get("is_shared") == "1"
    try:
        async with pages.transaction(request) as tx:
            await library.change(tx, package_id, title=title, description=description, is_shared=shared)
    except Invalid as problem:
        given = {"title": title, "description": description, "is_shared": shared}
        return await _package(request, package_id, given, problem)
    return pages.redirect(request, f"{LIST}/{package_id}", flash=("success", "Saved."))


@post(ONE + "/{act:str}", include_in_schema=False)
async def act(request: WebRequest, package_id: FromPath[UUID], act: FromPath[str]) -> Response[str]:
    """Tries an import again, retires a package or takes it back into use, or deletes it."""
    pages.require_teacher(request)
    here = f"{LIST}/{package_id}"
    try:
        async with pages.transaction(request) as tx:
            match act:
                case "retry":
                    await service.retry_import(tx, package_id)
                    words = ""
                case "retire":
                    await library.set_active(tx, package_id, active=False)
                    words = "It is retired. Who began it finishes it; nobody new begins it."
                case "use":
                    await library.set_active(tx, package_id, active=True)
                    words = "It is in use again."
                case "delete":
                    words, here = f"“{await service.delete(tx, package_id)}” is deleted.", LIST
                case _:
                    raise Invalid("This cannot be done to a package.", code="no_such_act")
    except Problem as problem:
        if problem.status == 404:
            raise
        return pages.redirect(request, here, flash=("error", problem.detail))
    return pages.redirect(request, here, flash=("success", words) if words else None)


# In a lesson ----------------------------------------------------------------------------------------------


@get(LESSON, include_in_schema=False)
async def of_lesson(request: WebRequest, course_id: FromPath[UUID], lesson_id: FromPath[UUID]) -> Response[str]:
    """Which package a lesson plays; choosing one of the library, or uploading one."""
    pages.require_teacher(request)
    wanted = Filter.read(request.query_params)
    usable = Filter(q=wanted.q, state="usable", after=wanted.after)
    here = course_path(course_id, f"/lessons/{lesson_id}/package")
    async with pages.transaction(request) as tx:
        course = await studio.course(tx, course_id)
        lesson = await library.lesson(tx, course_id, lesson_id)
        found = await library.attached(tx, lesson_id)
        page = await library.find(tx, usable, 20)
    if pages.is_fragment(request) and found and found.newest.is_under_way:
        return pages.render(request, "packages/_state.html", package=found.newest)
    response = pages.render(
        request,
        "packages/of_lesson.html",
        studio_course=course,
        lesson=lesson,
        attached=found,
        page=page,
        wanted=wanted,
        here=here,
        told=TOLD,
        first_page=Filter(q=wanted.q).path(path=here) if wanted.after else None,
        next_page=Filter(q=wanted.q).path(page.next, here) if page.next else None,
    )
    if pages.is_fragment(request):
        response.headers["HX-Refresh"] = "true"
    return response


@post(LESSON, include_in_schema=False)
async def choose(request: WebRequest, course_id: FromPath[UUID], lesson_id: FromPath[UUID]) -> Response[str]:
    """Has a lesson play a package of the library or an archive that was uploaded, or none."""
    pages.require_teacher(request)
    form = await request.form()
    here = course_path(course_id, f"/lessons/{lesson_id}/package")
    chosen, file = _id(form.get("package")), _id(form.get("file"))
    try:
        async with pages.transaction(request) as tx:
            if form.get("act") == "remove":
                await library.detach(tx, course_id, lesson_id)
                words = "The package is taken out of the lesson. It stays in the library."
            elif form.get("act") == "organization":
                title = await library.choose_organization(tx, course_id, lesson_id, str(form.get("organization", "")))
                words = f"Those who begin the lesson now play “{title}”."
            elif file is not None:
                await library.lesson(tx, course_id, lesson_id)
                await library.attach(tx, course_id, lesson_id, await service.begin_import(tx, file))
                words = ""
            elif chosen is not None:
                await library.attach(tx, course_id, lesson_id, chosen)
                words = "The lesson plays this package now."
            else:
                raise Invalid("Choose a package first.")
    except Problem as problem:
        if problem.status == 404:
            raise
        return pages.redirect(request, here, flash=("error", problem.detail))
    return pages.redirect(request, here, flash=("success", words) if words else None)


ROUTES: list[ControllerRouterHandler] = [
    packages, begin, package, new_version, change, *decision_pages.ROUTES, act, of_lesson, choose,
]  # fmt: skip
