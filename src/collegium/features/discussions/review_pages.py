"""Reviews of a course, for everybody who sees it, and writing one's own."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote, urlencode
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath
from litestar.types import ControllerRouterHandler
from markupsafe import Markup

from collegium.features.discussions.model import SORTS, STARS, MyReview, ReviewPlace, WriteReview
from collegium.features.discussions.service import reviews
from collegium.kit.cursors import read_cursor, write_cursor
from collegium.kit.errors import Invalid, Problem, SignInNeeded
from collegium.kit.viewer import actor_of
from collegium.web import pages
from collegium.web.pages import WebRequest


def _here(slug: str) -> str:
    return f"/courses/{quote(slug, safe='')}/reviews"


def address(slug: str, **given: str | int | None) -> str:
    """The address of a list of reviews; what is None or usual is left out."""
    asked = {name: value for name, value in given.items() if value and (name, value) != ("sort", "helpful")}
    return _here(slug) + (f"?{urlencode(asked)}" if asked else "")


@get("/courses/{slug:str}/reviews", include_in_schema=False)
async def show(request: WebRequest, slug: FromPath[str]) -> Response[str]:
    """The approved reviews of a course, and one's own."""
    sort = reviews.sort_of(request.query_params.get("sort"))
    stars = reviews.stars_of(request.query_params.get("stars"))
    after = read_cursor(request.query_params.get("after"), ReviewPlace)
    async with pages.transaction(request) as tx:
        course = await reviews.reviewed_course(tx, slug)
        found = await reviews.read(tx, course.id, sort, stars, after)
        counts = await reviews.ratings(tx, course.id)
        mine = await reviews.mine(tx, actor_of(pages.viewer_of(request)), course.id)
    following = write_cursor(found.next) if found.next else None

    def by_stars(chosen: int | None) -> str:
        return address(slug, sort=sort, stars=chosen)

    document = reviews.rating_document(course, pages.site_of(request).url(f"/courses/{slug}"))
    return pages.render(
        request,
        "discussions/reviews.html",
        course=course,
        found=found,
        counts=counts,
        mine=mine,
        sort=sort,
        sorts=SORTS,
        stars=stars,
        here=_here(slug),
        canonical=pages.site_of(request).url(_here(slug)),
        by_stars=by_stars,
        following=address(slug, sort=sort, stars=stars, after=following) if following else None,
        first=address(slug, sort=sort, stars=stars) if after else None,
        document=Markup(document) if document else None,  # noqa: S704 - made safe for a script element
    )


@get("/courses/{slug:str}/reviews/mine", include_in_schema=False)
async def form(request: WebRequest, slug: FromPath[str]) -> Response[str]:
    """One's own review, to write or to change."""
    return await _form(request, slug)


async def _form(
    request: WebRequest, slug: str, typed: WriteReview | None = None, error: Problem | None = None
) -> Response[str]:
    pages.require_viewer(request)
    async with pages.transaction(request) as tx:
        course = await reviews.reviewed_course(tx, slug)
        mine = await reviews.mine(tx, actor_of(pages.viewer_of(request)), course.id)
    if mine is None:
        raise SignInNeeded("Sign in, and you come back to this page.")
    return pages.render(
        request,
        "discussions/my_review.html",
        status=error.status if error else 200,
        course=course,
        mine=mine,
        typed=typed or _kept(mine),
        error=error,
        errors=error.fields if isinstance(error, Invalid) else {},
        choices=STARS,
        here=_here(slug),
    )


def _kept(mine: MyReview) -> WriteReview:
    return WriteReview(mine.rating or 0, mine.title or "", mine.review_text or "")


@post("/courses/{slug:str}/reviews/mine", include_in_schema=False)
async def write(request: WebRequest, slug: FromPath[str]) -> Response[str]:
    """Writes one's own review, or changes it."""
    pages.require_viewer(request)
    form = await request.form()
    command = WriteReview(
        reviews.stars_of(str(form.get("rating", ""))) or 0,
        str(form.get("title", "")).strip(),
        str(form.get("text", "")).replace("\r\n", "\n").strip(),
    )
    try:
        async with pages.transaction(request) as tx:
            course = await reviews.reviewed_course(tx, slug)
            await reviews.write(tx, course.id, command)
    except Problem as problem:
        if problem.status not in (403, 409, 422):
            raise
        return await _form(request, slug, command, problem)
    words = "Thank you. Your review is published when somebody has read it."
    return pages.redirect(request, _here(slug), flash=("success", words))


@post("/courses/{slug:str}/reviews/mine/withdraw", include_in_schema=False)
async def withdraw(request: WebRequest, slug: FromPath[str]) -> Response[str]:
    """Takes one's own review back."""
    pages.require_viewer(request)
    async with pages.transaction(request) as tx:
        course = await reviews.reviewed_course(tx, slug)
        await reviews.withdraw(tx, course.id)
    return pages.redirect(request, _here(slug), flash=("success", "Your review is withdrawn."))


@post("/courses/{slug:str}/reviews/{review_id:uuid}/vote", include_in_schema=False)
async def vote(request: WebRequest, slug: FromPath[str], review_id: FromPath[UUID]) -> Response[str]:
    """Says whether a review is helpful, or takes that back."""
    pages.require_viewer(request)
    form = await request.form()
    said: dict[str, Any] = {"yes": True, "no": False, "neither": None}
    helpful = str(form.get("helpful", ""))
    if helpful not in said:
        raise Invalid("Say whether the review is helpful.")
    async with pages.transaction(request) as tx:
        await reviews.vote(tx, review_id, said[helpful])
    back = pages.local_path(str(form.get("next", "")) or None, _here(slug))
    return pages.redirect(request, f"{back}#review-{review_id}")


REVIEW_ROUTES: list[ControllerRouterHandler] = [show, form, write, withdraw, vote]
