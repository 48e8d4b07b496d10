"""Courses that come in and go out as files."""

from __future__ import annotations

from collegium.access.area import Area, Probe
from collegium.access.stage import Stage

THINGS = ("import_of_course",)

IMPORT = """
insert into public.course_imports (id, owner_id, file_name, state)
values (%(import_of_course)s, %(instructor)s, 'claims.zip', 'cancelled')
"""


def found(stage: Stage) -> None:
    """What the guild has of it."""
    stage.owner(IMPORT)


MATRIX: dict[str, dict[str, str]] = {
    #            owner learn stran instr other mngr  anon  admin super service
    "course_imports": {
        "select": "-     -     -     yes   -     -     42501 yes   yes   yes",
        "insert": "42501 42501 42501 42501 42501 42501 42501 42501 42501 yes",
        "update": "42501 42501 42501 42501 42501 42501 42501 42501 42501 yes",
        "delete": "42501 42501 42501 42501 42501 42501 42501 42501 42501 yes",
    },
}


PROBES: dict[str, Probe] = {
    "course_imports": Probe(
        "the instructor's import",
        "id = %(import_of_course)s",
        "(id, owner_id, file_name) values (%(new)s, %(instructor)s, 'claims.zip')",
        "id = %(new)s",
        ("step", "'Reading'"),
    ),
}


FUNCTIONS: dict[str, str] = {
    "public.begin_course_copy": "authenticated",
    "public.begin_course_import": "authenticated",
    "public.cancel_course_import": "authenticated",
    "public.run_course_import": "authenticated",
}


AREA = Area(things=THINGS, found=found, matrix=MATRIX, probes=PROBES, functions=FUNCTIONS)
