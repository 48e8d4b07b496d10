"""The studio's pages of what is decided about a package: its rule, its versions, who moves to a newer one."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath
from litestar.types import ControllerRouterHandler

from collegium.features.packages import deciding, library
from collegium.features.packages.deciding import Rule
from collegium.features.packages.library import RULES
from collegium.features.packages.tabs import tabs
from collegium.kit.errors import Invalid, Problem
from collegium.web import pages
from collegium.web.pages import WebRequest
from collegium.web.words import plural

ONE = "/studio/packages/{package_id:uuid}"


@get(ONE + "/rule", include_in_schema=False)
async def rule(request: WebRequest, package_id: FromPath[UUID]) -> Response[str]:
    """By which rule a package counts as finished; with another one in the address, what that would change."""
    given = {name: str(request.query_params.get(name, "")) for name in ("rule", "passing", "attempts")}
    return await _rule(request, package_id, given if "rule" in request.query_params else None)


async def _rule(
    request: WebRequest, package_id: UUID, given: dict[str, str] | None, problem: Problem | None = None
) -> Response[str]:
    pages.require_teacher(request)
    found = None
    async with pages.transaction(request) as tx:
        package = await library.one(tx, package_id)
        decided = await deciding.history(tx, [package_id])
        if given is not None and problem is None and package.may_change:
            try:
                found = await deciding.preview(
                    tx, package_id, Rule.read(given["rule"], given["passing"], given["attempts"])
                )
            except Problem as wrong:
                if wrong.status == 404:
                    raise
                problem = wrong
    passing = "" if package.passing_score is None else f"{package.passing_score.normalize():f}"
    attempts = "" if package.max_attempts is None else str(package.max_attempts)
    now = {"rule": package.completion_rule, "passing": passing, "attempts": attempts}
    return pages.render(
        request,
        "packages/rule.html",
        status=problem.status if problem else 200,
        package=package,
        tabs=tabs(package),
        rules=list(RULES.items()),
        rule_words=RULES,
        values=given or now,
        changed=given is not None and given != now,
        preview=found,
        problem=problem,
        errors=problem.fields if isinstance(problem, Invalid) else {},
        decisions=[one for one in decided if one.kind == "rule"],
    )


@post(ONE + "/rule", include_in_schema=False)
async def set_rule(request: WebRequest, package_id: FromPath[UUID]) -> Response[str]:
    """Gives a package the rule whose outcome was looked at."""
    pages.require_teacher(request)
    form = await request.form()
    given = {name: str(form.get(name, "")) for name in ("rule", "passing", "attempts")}
    try:
        async with pages.transaction(request) as tx:
            wanted = Rule.read(given["rule"], given["passing"], given["attempts"])
            people, newly = await deciding.set_rule(tx, package_id, wanted, str(form.get("reason", "")))
    except Problem as problem:
        if problem.status == 404:
            raise
        query = urlencode(given)
        return pages.redirect(request, f"/studio/packages/{package_id}/rule?{query}", flash=("error", problem.detail))
    words = f"The rule is applied. {newly} of {people} {'has' if newly == 1 else 'have'} finished by it now."
    return pages.redirect(request, f"/studio/packages/{package_id}/rule", flash=("success", words))


@get(ONE + "/versions", include_in_schema=False)
async def versions(request: WebRequest, package_id: FromPath[UUID]) -> Response[str]:
    """The versions of a package, a new one's upload, and those who are at an older one."""
    pages.require_teacher(request)
    async with pages.transaction(request) as tx:
        package = await library.one(tx, package_id)
        line = await library.line(tx, package_id)
        decided = await deciding.history(tx, [version.id for version in line])
        after = request.query_params.get("after", "")[:400]
        learners, more = await deciding.learners(tx, package_id, after) if package.replaced_by else ([], None)
    here = f"{package.path}/versions"
    newest = next((version for version in reversed(line) if version.replaced_by is None), None)
    context: dict[str, Any] = {
        "line": list(reversed(line)),
        "newest": newest,
        "can_move": package.replaced_by is not None and newest is not None and newest.is_active,
        "learners": learners,
        "first_page": here if after else None,
        "next_page": f"{here}?{urlencode({'after': more})}" if more else None,
        "decisions": [one for one in decided if one.kind == "moved"],
    }
    return pages.render(request, "packages/versions.html", package=package, tabs=tabs(package), here=here, **context)


@post(ONE + "/move", include_in_schema=False)
async def move(request: WebRequest, package_id: FromPath[UUID]) -> Response[str]:
    """Lets learners begin the newest version anew."""
    pages.require_teacher(request)
    form = await request.form()
    here = f"/studio/packages/{package_id}/versions"
    chosen = _ids([str(value) for value in form.getall("learner", [])])
    everybody = form.get("who") == "all"
    if not everybody and not chosen:
        return pages.redirect(request, here, flash=("error", "Choose who is to be moved first."))
    try:
        async with pages.transaction(request) as tx:
            moved = await deciding.move(tx, package_id, None if everybody else chosen, str(form.get("reason", "")))
    except Problem as problem:
        if problem.status == 404:
            raise
        return pages.redirect(request, here, flash=("error", problem.detail))
    words = f"{plural(moved, 'learner')} moved. They begin the newest version when they open the lesson."
    return pages.redirect(request, here, flash=("success", words))


def _ids(values: list[str]) -> list[UUID]:
    try:
        return [UUID(value) for value in values]
    except ValueError:
        return []


ROUTES: list[ControllerRouterHandler] = [rule, set_rule, versions, move]
