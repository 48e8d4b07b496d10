"""Views that span the areas: progress, enrollments, roadmaps, the health of site and database."""

from __future__ import annotations

from collegium.access.area import Area, Probe
from collegium.access.stage import Stage


def found(stage: Stage) -> None:
    """Nothing of its own: all of it follows from the other areas."""


NOT_WRITTEN = "55000 55000 55000 55000 55000 55000 55000 55000 55000 55000"

NO_RIGHT = "42501 42501 42501 42501 42501 42501 42501 42501 42501 42501"

MATRIX: dict[str, dict[str, str]] = {
    #            owner learn stran instr other mngr  anon  admin super service
    "student_progress": {
        "select": "yes   -     -     yes   -     yes   42501 yes   yes   yes",
        "insert": NOT_WRITTEN,
        "update": NOT_WRITTEN,
        "delete": NOT_WRITTEN,
    },
    "enrollment_progress": {
        "select": "yes   -     -     yes   -     yes   42501 yes   yes   yes",
        "insert": NOT_WRITTEN,
        "update": NOT_WRITTEN,
        "delete": NOT_WRITTEN,
    },
    "roadmap_details": {
        "select": "yes   -     -     -     -     -     42501 yes   yes   yes",
        "insert": NO_RIGHT,
        "update": NO_RIGHT,
        "delete": NO_RIGHT,
    },
    "lms_health": {
        "select": "-     -     -     -     -     -     42501 yes   yes   yes",
        "insert": NOT_WRITTEN,
        "update": NOT_WRITTEN,
        "delete": NOT_WRITTEN,
    },
    "slow_queries": {
        "select": "-     -     -     -     -     -     42501 -     -     -",
        "insert": NOT_WRITTEN,
        "update": NOT_WRITTEN,
        "delete": NOT_WRITTEN,
    },
    "index_usage": {
        "select": "-     -     -     -     -     -     42501 yes   yes   yes",
        "insert": NOT_WRITTEN,
        "update": NOT_WRITTEN,
        "delete": NOT_WRITTEN,
    },
    "table_sizes": {
        "select": "-     -     -     -     -     -     42501 yes   yes   yes",
        "insert": NOT_WRITTEN,
        "update": NOT_WRITTEN,
        "delete": NOT_WRITTEN,
    },
}


PROBES: dict[str, Probe] = {
    "student_progress": Probe(
        "how far the owner is in a lesson",
        "student_id = %(owner)s and lesson_id = %(reading)s and assessment_id is null",
        "(id) values (null)",
        "student_id = %(owner)s and lesson_id = %(reading)s and assessment_id is null",
        ("status", "'completed'"),
    ),
    "enrollment_progress": Probe(
        "the owner's enrollment with its progress",
        "id = %(enrollment)s",
        "(id) values (null)",
        "id = %(enrollment)s",
        ("completed_at", "now()"),
    ),
    "roadmap_details": Probe(
        "the owner's roadmap as one document",
        "id = %(roadmap)s",
        "(id) values (null)",
        "id = %(roadmap)s",
        ("status", "'paused'"),
    ),
    "lms_health": Probe(
        "one figure of the site's health",
        "metric = 'Total Active Enrollments'",
        "(metric) values (null)",
        "metric = 'Total Active Enrollments'",
        ("value", "0"),
        first="metric",
    ),
    "slow_queries": Probe(
        "a query that nobody has asked",
        "query = 'nobody asks this'",
        "(query) values (null)",
        "query = 'nobody asks this'",
        ("calls", "0"),
        first="query",
    ),
    "index_usage": Probe(
        "an index of courses",
        "schemaname = 'public' and indexname = 'courses_pkey'",
        "(indexname) values (null)",
        "schemaname = 'public' and indexname = 'courses_pkey'",
        ("idx_scan", "0"),
        first="indexname",
    ),
    "table_sizes": Probe(
        "how large the table of courses is",
        "schemaname = 'public' and tablename = 'courses'",
        "(tablename) values (null)",
        "schemaname = 'public' and tablename = 'courses'",
        ("total_bytes", "0"),
        first="tablename",
    ),
}


FUNCTIONS: dict[str, str] = {
    "private.index_usage": "authenticated service_role",
    "private.lesson_states": "authenticated service_role",
    "private.lms_health": "authenticated service_role",
    "private.slow_queries": "authenticated service_role",
    "private.table_sizes": "authenticated service_role",
}


AREA = Area(
    things=(),
    found=found,
    matrix=MATRIX,
    probes=PROBES,
    functions=FUNCTIONS,
)
