"""The studio's list of courses, and making a new one."""

from __future__ import annotations

from litestar import Response, get, post
from litestar.types import ControllerRouterHandler

from collegium.features.studio import file_pages, outline_pages, place_pages, service, settings_pages
from collegium.features.studio.forms import read_form
from collegium.features.studio.service import CourseFilter, NewCourse, Place
from collegium.kit.errors import Invalid
from collegium.web import pages
from collegium.web.pages import WebRequest
from collegium.web.studio import course_path, course_place, lesson_place, site_place
from collegium.web.words import LABELS

site_place("/studio", "Courses", "book-copy", rank=1)
course_place("", "Outline", "list-tree", rank=1)
lesson_place("", "Content", rank=1)
lesson_place("/video", "Video", types=("video",), rank=2)
lesson_place("/settings", "Settings", rank=9)

CATEGORIES = [("", "Choose a category"), *LABELS["category"].items()]
SORTS = [
    ("changed", "Last changed first"),
    ("title", "By title"),
    ("learners", "Most learners first"),
    ("newest", "Newest first"),
]
STATUSES = [("draft", "Drafts"), ("under_review", "Under review"), ("published", "Published"), ("archived", "Archived")]


@get("/studio", include_in_schema=False)
async def my_courses(request: WebRequest) -> Response[str]:
    """The courses that the person who asks may edit."""
    pages.require_teacher(request)
    wanted = CourseFilter.read(request.query_params)
    after = Place.read(request.query_params.get("after"), wanted.sort)
    async with pages.transaction(request) as tx:
        shelf = await service.my_courses(tx, wanted, after)
    tabs = [("All", wanted.path(status=""), shelf.total)]
    tabs += [(words, wanted.path(status=status), shelf.counts.get(status, 0)) for status, words in STATUSES]
    return pages.render(
        request,
        "studio/courses.html",
        wanted=wanted,
        shelf=shelf,
        tabs=tabs,
        sorts=SORTS,
        first=wanted.path() if after else None,
        next=wanted.path(after=shelf.next.write()) if shelf.next else None,
    )


def _new_page(request: WebRequest, given: NewCourse, problem: Invalid | None = None) -> Response[str]:
    return pages.render(
        request,
        "studio/new.html",
        status=problem.status if problem else 200,
        given=given,
        categories=CATEGORIES,
        problem=problem,
        errors=problem.fields if problem else {},
    )


@get("/studio/new", include_in_schema=False)
async def new_course(request: WebRequest) -> Response[str]:
    """What a new course is called."""
    pages.require_teacher(request)
    return _new_page(request, NewCourse("", ""))


@post("/studio/new", include_in_schema=False)
async def create_course(request: WebRequest) -> Response[str]:
    """Makes a draft and leads to its outline."""
    pages.require_teacher(request)
    form = await read_form(request)
    wish = NewCourse(form.text("title"), form.text("category"))
    try:
        async with pages.transaction(request) as tx:
            course_id = await service.create_course(tx, wish)
    except Invalid as problem:
        return _new_page(request, wish, problem)
    return pages.redirect(
        request, course_path(course_id), flash=("success", "The course is made. Nobody else sees it yet.")
    )


ROUTES: list[ControllerRouterHandler] = [
    my_courses,
    new_course,
    create_course,
    *outline_pages.ROUTES,
    *place_pages.ROUTES,
    *settings_pages.ROUTES,
    *file_pages.ROUTES,
]
