"""Administrators' pages: maintenance, how it went and when it goes on."""

from __future__ import annotations

from datetime import UTC, datetime

from litestar import Response, get, post
from litestar.params import FromPath
from litestar.types import ControllerRouterHandler

from collegium.features.operations import service
from collegium.kit.errors import NotFound
from collegium.kit.maintenance import MAINTENANCE, Maintenance
from collegium.web.pages import WebRequest, redirect, render, require_admin, transaction

HISTORY = 100


def _job(name: str) -> Maintenance:
    if name not in MAINTENANCE:
        raise NotFound("There is no maintenance of this name.")
    return MAINTENANCE[name]


@get("/admin/maintenance", include_in_schema=False)
async def maintenance(request: WebRequest) -> Response[str]:
    """Every job with its last run and the next."""
    require_admin(request)
    now = datetime.now(UTC)
    async with transaction(request) as tx:
        last = await service.last_runs(tx)
    jobs = [(kind, last.get(kind.name), kind.next_run(now)) for kind in MAINTENANCE.values()]
    # What went wrong stands first, then what was never run; otherwise as they are called.
    jobs.sort(key=lambda job: (job[1] is None or job[1].result not in ("failed", "drift"), job[0].title))
    wrong = [kind.title for kind, run, _ in jobs if run and run.result in ("failed", "drift")]
    late = [kind.title for kind, run, _ in jobs if run and service.is_late(kind, run.started_at, now)]
    return render(request, "operations/maintenance.html", jobs=jobs, wrong=wrong, late=late)


@get("/admin/maintenance/{name:str}", include_in_schema=False)
async def maintenance_job(request: WebRequest, name: FromPath[str]) -> Response[str]:
    """One job with its history."""
    require_admin(request)
    kind = _job(name)
    async with transaction(request) as tx:
        runs = await service.runs_of_job(tx, name, HISTORY)
    return render(
        request, "operations/maintenance_job.html", job=kind, runs=runs, next_run=kind.next_run(datetime.now(UTC))
    )


@post("/admin/maintenance/{name:str}/run", include_in_schema=False)
async def run_maintenance(request: WebRequest, name: FromPath[str]) -> Response[str]:
    """Queues a job for now."""
    require_admin(request)
    kind = _job(name)
    async with transaction(request) as tx:
        await service.run_maintenance(tx, name)
    return redirect(
        request, f"/admin/maintenance/{name}", flash=("success", f"{kind.title} starts within a few seconds.")
    )


ROUTES: list[ControllerRouterHandler] = [maintenance, maintenance_job, run_maintenance]
