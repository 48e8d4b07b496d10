"""Questions out of files and into them."""

from __future__ import annotations

from collegium.access.area import Area, Probe
from collegium.access.stage import Stage

THINGS = ("import_of_questions",)

IMPORT = """
insert into public.question_imports (id, owner_id, course_id, file_name, file_size, state)
values (%(import_of_questions)s, %(instructor)s, %(course)s, 'claims.gift', 20, 'cancelled')
"""


def found(stage: Stage) -> None:
    """What the guild has of it."""
    stage.owner(IMPORT)


MATRIX: dict[str, dict[str, str]] = {
    #            owner learn stran instr other mngr  anon  admin super service
    "question_imports": {
        "select": "-     -     -     yes   -     -     42501 yes   yes   yes",
        "insert": "42501 42501 42501 42501 42501 42501 42501 42501 42501 yes",
        "update": "42501 42501 42501 42501 42501 42501 42501 42501 42501 yes",
        "delete": "42501 42501 42501 42501 42501 42501 42501 42501 42501 yes",
    },
}


PROBES: dict[str, Probe] = {
    "question_imports": Probe(
        "the instructor's import of questions",
        "id = %(import_of_questions)s",
        "(id, owner_id, course_id, file_name, file_size) values (%(new)s, %(instructor)s, %(course)s, 'claims.gift', 20)",
        "id = %(new)s",
        ("step", "'Reading'"),
    ),
}


FUNCTIONS: dict[str, str] = {
    "public.begin_question_import": "authenticated",
    "public.cancel_question_import": "authenticated",
    "public.run_question_import": "authenticated",
}


AREA = Area(things=THINGS, found=found, matrix=MATRIX, probes=PROBES, functions=FUNCTIONS)
