"""The catalogue, a course's page, and the front page."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from uuid import UUID

from litestar import Response, get
from litestar.params import FromPath
from litestar.types import ControllerRouterHandler

from collegium.features.catalogue import bodies, service
from collegium.features.catalogue.bodies import Bodies
from collegium.features.catalogue.entry import entry
from collegium.features.catalogue.filters import CourseQuery, Cursor
from collegium.features.catalogue.model import Lock, MarkMap, Standing
from collegium.features.catalogue.shelves import Shelf, Shelves
from collegium.features.cohorts import service as cohorts
from collegium.features.discussions.service import ReviewedCourse, reviews
from collegium.kit.site import Site
from collegium.kit.viewer import actor_of
from collegium.web import pages
from collegium.web.pages import WebRequest


def prepare(site: Site) -> dict[str, object]:
    """What the catalogue keeps for as long as the site runs; made before the database starts to listen."""
    return {"shelves": Shelves(site), "bodies": Bodies(site)}


@get("/", include_in_schema=False)
async def home(request: WebRequest) -> Response[str]:
    """The front page: one's own learning, or the catalogue for a guest."""
    if pages.viewer_of(request) is not None:
        return pages.redirect(request, "/me/learning")
    return await _catalogue(request, home=True)


@get("/courses", include_in_schema=False)
async def catalogue(request: WebRequest) -> Response[str]:
    """Courses that match the address, as a page or, for htmx, the parts of it that changed."""
    return await _catalogue(request)


async def _catalogue(request: WebRequest, *, home: bool = False) -> Response[str]:
    query = CourseQuery.read(request.query_params.multi_items())
    after = Cursor.read(request.query_params.get("after"), query.order)
    shelf, marks = await _shelf(request, query, after)
    if pages.is_fragment(request):
        return _fragment(query, after, shelf, marks)
    return pages.render(
        request,
        "catalogue/index.html",
        query=query,
        shelf=shelf,
        rows=shelf.list(marks),
        home=home,
        title=f"Courses for “{query.q}”" if query.q else "Courses",
        canonical=pages.site_of(request).url("/" if home else query.path()),
    )


async def _shelf(request: WebRequest, query: CourseQuery, after: Cursor | None) -> tuple[Shelf, MarkMap]:
    shelves: Shelves = request.app.state.shelves
    if pages.viewer_of(request) is None:
        kept = shelves.peek(query, after)
        if kept is not None:
            return kept, {}
        async with pages.transaction(request) as tx:
            return await shelves.get(tx, await shelves.version(tx), query, after), {}
    async with pages.transaction(request) as tx:
        marks = await service.marks(tx)
        return await shelves.get(tx, marks.version, query, after), marks.courses


def _fragment(query: CourseQuery, after: Cursor | None, shelf: Shelf, marks: MarkMap) -> Response[str]:
    headers = {"Cache-Control": "private, no-cache", "Vary": "Cookie, HX-Request"}
    if after is not None:
        # More of the same list: the address stays that of its beginning.
        text = str(shelf.rows(marks))
    else:
        headers["HX-Push-Url"] = query.path()
        text = (
            f"{shelf.head}{shelf.list(marks)}"
            f'<div id="facets" hx-swap-oob="innerHTML">{shelf.facets}</div>'
            f'<span id="chosen" hx-swap-oob="innerHTML">{shelf.chosen}</span>'
            f'<p id="announce" hx-swap-oob="innerHTML">{shelf.announcement}</p>'
        )
    return Response(text, media_type="text/html; charset=utf-8", headers=headers)


@get("/courses/{slug:str}", include_in_schema=False)
async def course(request: WebRequest, slug: FromPath[str]) -> Response[str]:
    """A course as the person who asks sees it."""
    remembered: Bodies = request.app.state.bodies
    viewer = pages.viewer_of(request)
    async with pages.transaction(request) as tx:
        may_teach = viewer is not None and viewer.is_teacher
        standing = await service.standing(tx, actor_of(viewer), slug, may_teach=may_teach)
        body = await remembered.get(tx, standing.version, standing.id)
        locks: Mapping[UUID, Lock] = {}
        now = datetime.now(UTC)
        if standing.may_enter and (body.course.has_rules or standing.waits(now)):
            locks = (await service.locks(tx, [standing.id]))[standing.id]
        rating = (
            await reviews.on_course(tx, _reviewed(standing), pages.site_of(request)) if standing.total_reviews else None
        )
        offer = None
        if standing.has_cohorts and standing.status == "published":
            sold = standing.pricing_type in ("paid", "premium")
            offer = await cohorts.offer(tx, actor_of(viewer), standing.id, only=standing.cohorts_only, sold=sold)
    outline = body.outline
    if viewer is not None and standing.may_enter:
        outline = bodies.own_outline(body.course, standing, locks, viewer.time_zone)
    return pages.render(
        request,
        "catalogue/course.html",
        standing=standing,
        entry=entry(standing, now),
        offer=offer,
        chosen=offer.chosen(request.query_params.get("cohort", "")) if offer else "",
        again=standing.may_take_again(now),
        zone=viewer.time_zone if viewer else "UTC",
        body=body,
        outline=outline,
        rating=rating,
    )


def _reviewed(standing: Standing) -> ReviewedCourse:
    return ReviewedCourse(standing.id, standing.slug, standing.title, standing.avg_rating, standing.total_reviews)


ROUTES: list[ControllerRouterHandler] = [home, catalogue, course]
