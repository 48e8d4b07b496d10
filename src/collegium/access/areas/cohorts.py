"""Cohorts of courses, and who was moved between them."""

from __future__ import annotations

from collegium.access.area import Area, Probe
from collegium.access.stage import Stage

THINGS = ("spring", "autumn", "draft_cohort", "cohort_move", "learner_move")

# Nobody is in the cohorts: what other areas do with their enrollments is not to meet the rules of these.
FOUND = """
insert into public.course_cohorts (id, course_id, name, starts_at, ends_at, capacity, created_by) values
    (%(spring)s, %(course)s, 'Spring', '2026-03-01 09:00+00', '2099-06-01 09:00+00', 20, %(instructor)s),
    (%(autumn)s, %(course)s, 'Autumn', '2098-09-01 09:00+00', null, null, %(instructor)s),
    (%(draft_cohort)s, %(draft)s, 'First', '2098-09-01 09:00+00', null, null, %(instructor)s);
insert into public.cohort_moves (id, enrollment_id, course_id, to_cohort_id, to_name, reason, moved_by) values
    (%(cohort_move)s, %(enrollment)s, %(course)s, %(spring)s, 'Spring', 'Away in autumn', %(instructor)s),
    (%(learner_move)s, %(learner_enrollment)s, %(course)s, %(spring)s, 'Spring', 'Ill', %(instructor)s);
"""


def found(stage: Stage) -> None:
    """What the guild has of it."""
    stage.owner(FOUND)


WRITES = {
    "insert": "42501 42501 42501 yes   42501 42501 42501 yes   yes   yes",
    "update": "-     -     -     yes   -     -     42501 yes   yes   yes",
    "delete": "-     -     -     yes   -     -     42501 yes   yes   yes",
}
MATRIX: dict[str, dict[str, str]] = {
    #            owner learn stran instr other mngr  anon  admin super service
    "course_cohorts": {"select": "yes   yes   yes   yes   yes   yes   yes   yes   yes   yes"} | WRITES,
    "course_cohorts: of a draft": {"select": "-     -     -     yes   -     -     -     yes   yes   yes"} | WRITES,
    "cohort_moves": {
        "select": "yes   -     -     yes   -     -     42501 yes   yes   yes",
        "insert": "42501 42501 42501 42501 42501 42501 42501 42501 42501 yes",
        "update": "42501 42501 42501 42501 42501 42501 42501 42501 42501 yes",
        "delete": "42501 42501 42501 42501 42501 42501 42501 42501 42501 yes",
    },
}

PROBES: dict[str, Probe] = {
    "course_cohorts": Probe(
        "a cohort of a published course",
        "id = %(spring)s",
        "(course_id, name, starts_at) values (%(course)s, 'Winter', '2098-01-01 09:00+00')",
        "course_id = %(course)s and name = 'Winter'",
        ("name", "'Spring 2026'"),
        delete="id = %(autumn)s",
    ),
    "course_cohorts: of a draft": Probe(
        "a cohort of a course that is not published",
        "id = %(draft_cohort)s",
        "(course_id, name, starts_at) values (%(draft)s, 'Winter', '2098-01-01 09:00+00')",
        "course_id = %(draft)s and name = 'Winter'",
        ("name", "'Second'"),
    ),
    "cohort_moves": Probe(
        "that the owner was moved to a cohort, and why",
        "id = %(cohort_move)s",
        "(enrollment_id, course_id, to_name, reason) values (%(learner_enrollment)s, %(course)s, 'Winter', 'Asked')",
        "enrollment_id = %(learner_enrollment)s and to_name = 'Winter'",
        ("reason", "'Another'"),
    ),
}

SECOND_LINES: dict[str, str] = {
    "course_cohorts": "no column that it compares may be written",
}

WRITABLE: dict[tuple[str, str], str] = {
    ("course_cohorts", "insert"): (
        "course_id name description starts_at ends_at enrollment_opens_at enrollment_closes_at capacity time_zone"
    ),
    ("course_cohorts", "update"): (
        "name description starts_at ends_at enrollment_opens_at enrollment_closes_at capacity is_closed time_zone"
    ),
}

FUNCTIONS: dict[str, str] = {
    "public.add_to_cohort": "authenticated",
    "public.begin_cohort_purchase": "authenticated",
    "public.cohort_state": "anon authenticated service_role",
    "public.enrol_in_cohort": "authenticated",
    "public.hold_cohort": "authenticated",
    "public.move_to_cohort": "authenticated",
}

AREA = Area(
    things=THINGS,
    found=found,
    matrix=MATRIX,
    probes=PROBES,
    second_lines=SECOND_LINES,
    writable=WRITABLE,
    functions=FUNCTIONS,
)
