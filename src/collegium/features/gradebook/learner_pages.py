"""A learner's own grades in a course."""

from __future__ import annotations

from litestar import Response, get
from litestar.params import FromPath
from litestar.types import ControllerRouterHandler

from collegium.features.gradebook import service
from collegium.features.gradebook.words import category_words, item_words, why
from collegium.web import pages
from collegium.web.pages import WebRequest


@get("/learn/{slug:str}/grades", include_in_schema=False)
async def my_grades(request: WebRequest, slug: FromPath[str]) -> Response[str]:
    """His items, what became of each, and why the final grade is what it is."""
    viewer = pages.require_viewer(request)
    async with pages.transaction(request) as tx:
        course, grades = await service.my_grades(tx, slug)
    if grades is None:
        words = "Enrol in this course, and your grades stand here."
        return pages.redirect(request, f"/courses/{slug}", flash=("info", words))
    total = sum(one.weight for one in grades.categories if one.grade is not None)
    groups = [(one, [item for item in grades.items if item.category_id == one.id]) for one in grades.categories]
    return pages.render(
        request,
        "gradebook/mine.html",
        course=course,
        grades=grades,
        groups=[
            (
                category,
                [(item, item_words(item)) for item in items],
                category_words(category, items),
                category.weight / total * 100 if category.grade is not None and total else None,
            )
            for category, items in groups
        ],
        why=why(grades),
        zone=viewer.time_zone,
    )


ROUTES: list[ControllerRouterHandler] = [my_grades]
