"""Administrators' pages: who may see and do what, as it is declared and as it was last tried."""

from __future__ import annotations

from itertools import groupby

from litestar import Response, get
from litestar.params import FromPath
from litestar.types import ControllerRouterHandler

from collegium.access import AREAS, VERBS, table_of
from collegium.features.operations import service
from collegium.features.operations.access import HEADS, JOB, sign
from collegium.kit.errors import NotFound
from collegium.kit.maintenance import MAINTENANCE
from collegium.web.pages import WebRequest, render, require_admin, transaction

WORDS = {
    "people": "People, memberships, sign-in and mail",
    "catalogue": "Courses, their parts, content and videos",
    "organisations": "Organisations and designations",
    "money": "Prices and purchases",
    "learning": "Enrollments, progress and certificates",
    "coverage": "What was watched",
    "programs": "Programs, versions, attachments",
    "reviews": "Reviews of courses",
    "collections": "A person's own sessions",
    "discussions": "Discussions",
    "quizzes": "Question bank and quizzes",
    "attempts": "Attempts and answers",
    "assignments": "Assignments and submissions",
    "live": "Live sessions and attendance",
    "credits": "Continuing-education credit",
    "templates": "Templates of certificates",
    "scorm": "SCORM packages and results",
    "partners": "Partner platforms",
    "xapi": "xAPI statements",
    "skills": "Skills and roadmaps",
    "notices": "Notifications and data requests",
    "counters": "Counters",
    "reports": "Reports",
    "maintenance": "Maintenance",
    "states": "Publication of courses",
    "outline": "Outlines of courses",
    "files": "Uploaded files",
    "editing": "Lessons as they are written",
    "films": "Videos as they are prepared",
    "documents": "Documents that are read in the page",
    "sharing": "Collections shared by link",
    "packages": "Courses that came in as files",
    "watching": "How videos are watched",
    "finishing": "What was read in discussions",
    "cohorts": "Cohorts",
    "bank": "The question bank",
    "quizbuilding": "Building and grading quizzes",
    "taking": "Taking quizzes",
    "questionfiles": "Questions in files",
    "handin": "Handing in assignments",
    "marking": "Marking assignments",
    "peers": "Peer review",
    "gradebook": "The gradebook",
    "scormimport": "SCORM packages as they come in",
    "scormplay": "SCORM packages as they are played",
    "scormreports": "Reports on SCORM packages",
    "dispatch": "Packages for partners, and AICC",
    "scormsharing": "What SCORM packages share about a learner",
    "audit": "Audit log",
}


def _tables(area: str) -> list[tuple[str, list[tuple[str, list[tuple[str, list[str]]]]]]]:
    """Each table of an area with its cases: what row it is about, and for each verb the word of every actor."""
    declared = AREAS[area]
    return [
        (
            table,
            [
                (
                    declared.probes[case].row,
                    [(verb, [sign(answer) for answer in declared.matrix[case][verb].split()]) for verb in VERBS],
                )
                for case in cases
            ],
        )
        for table, cases in ((table, list(cases)) for table, cases in groupby(declared.matrix, key=table_of))
    ]


def _differing(differences: list[str], area: str) -> list[str]:
    tables = {table_of(case) for case in AREAS[area].matrix}
    return [words for words in differences if words.split(":")[0].split(",")[0].split()[0] in tables]


@get("/admin/access", include_in_schema=False)
async def access(request: WebRequest) -> Response[str]:
    """Every area, with what differed when it was last tried."""
    require_admin(request)
    async with transaction(request) as tx:
        runs = await service.runs_of_job(tx, JOB, 1)
    found: list[str] = runs[0].figures.get("differences", []) if runs else []
    areas = [
        (name, WORDS[name], len({table_of(case) for case in area.matrix}), len(_differing(found, name)))
        for name, area in AREAS.items()
        if area.matrix
    ]
    return render(
        request, "operations/access.html", areas=areas, run=runs[0] if runs else None, found=found, job=MAINTENANCE[JOB]
    )


@get("/admin/access/{name:str}", include_in_schema=False)
async def access_area(request: WebRequest, name: FromPath[str]) -> Response[str]:
    """The tables of one area: for each verb, what each actor gets."""
    require_admin(request)
    if name not in AREAS or not AREAS[name].matrix:
        raise NotFound("There is no area of this name.")
    async with transaction(request) as tx:
        runs = await service.runs_of_job(tx, JOB, 1)
    found: list[str] = runs[0].figures.get("differences", []) if runs else []
    return render(
        request,
        "operations/access_area.html",
        title=WORDS[name],
        tables=_tables(name),
        heads=HEADS,
        found=_differing(found, name),
    )


ROUTES: list[ControllerRouterHandler] = [access, access_area]
