"""Runs of maintenance."""

from __future__ import annotations

from collegium.access.area import Area, Probe
from collegium.access.stage import Stage

THINGS = ("maintenance_run",)

RUN = """
insert into public.maintenance_runs (id, job, started_at, finished_at, result, words, requested_by)
values (%(maintenance_run)s, 'people.tidy', now(), now(), 'ok', 'Nothing to remove.', %(admin)s)
"""


def found(stage: Stage) -> None:
    """What the guild has of it."""
    stage.owner(RUN)


MATRIX: dict[str, dict[str, str]] = {
    #            owner learn stran instr other mngr  anon  admin super service
    "maintenance_runs": {
        "select": "-     -     -     -     -     -     42501 yes   yes   yes",
        "insert": "42501 42501 42501 42501 42501 42501 42501 42501 42501 yes",
        "update": "42501 42501 42501 42501 42501 42501 42501 42501 42501 yes",
        "delete": "42501 42501 42501 42501 42501 42501 42501 42501 42501 yes",
    },
}


PROBES: dict[str, Probe] = {
    "maintenance_runs": Probe(
        "a run that ended well",
        "id = %(maintenance_run)s",
        "(id, job) values (%(new)s, 'people.tidy')",
        "id = %(new)s",
        ("words", "'Something else.'"),
    ),
}


FUNCTIONS: dict[str, str] = {
    "private.analyze_changed": "service_role",
    "private.archive_attempts": "service_role",
    "private.begin_maintenance": "service_role",
    "private.expire_enrollments": "service_role",
    "private.forget_finished_jobs": "service_role",
    "private.maintenance_lock": "service_role",
    "private.mend_course_counters": "service_role",
    "private.mend_lessons_completed": "service_role",
    "public.run_maintenance": "authenticated",
}


AREA = Area(things=THINGS, found=found, matrix=MATRIX, probes=PROBES, functions=FUNCTIONS)
