"""Counters of lessons and modules."""

from __future__ import annotations

from collegium.access.area import Area, Probe
from collegium.access.stage import Stage

THINGS = ("counts", "move")

# A move of nobody's, undone at once, so that there is a row to look at.
FOUND = """
select private.fold_content_counts();
update public.content_counts set id = %(counts)s where lesson_id = %(reading)s;
insert into public.content_count_moves (id, course_id, lesson_id, started)
values (%(move)s, %(course)s, %(reading)s, 1);
update public.content_counts set started = started + 1 where lesson_id = %(reading)s;
update public.content_count_moves set started = -1 where id = %(move)s;
"""


def found(stage: Stage) -> None:
    """What the guild has of it."""
    stage.owner(FOUND)


SEEN = "-     -     -     yes   -     -     42501 yes   yes   yes"
NOBODY = "42501 42501 42501 42501 42501 42501 42501 42501 42501 42501"
NO_VIEW = "55000 55000 55000 55000 55000 55000 55000 55000 55000 55000"

MATRIX: dict[str, dict[str, str]] = {
    #            owner learn stran instr other mngr  anon  admin super service
    "content_counts": {"select": SEEN, "insert": NOBODY, "update": NOBODY, "delete": NOBODY},
    "content_count_moves": {"select": SEEN, "insert": NOBODY, "update": NOBODY, "delete": NOBODY},
    "lesson_counters": {"select": SEEN, "insert": NO_VIEW, "update": NO_VIEW, "delete": NO_VIEW},
    "module_counters": {"select": SEEN, "insert": NO_VIEW, "update": NO_VIEW, "delete": NO_VIEW},
}

PROBES: dict[str, Probe] = {
    "content_counts": Probe(
        "what is counted of a lesson",
        "id = %(counts)s",
        "(id, course_id, lesson_id) values (%(new)s, %(course)s, %(reading)s)",
        "id = %(new)s",
        ("completed", "1000"),
    ),
    "content_count_moves": Probe(
        "what one learner moved",
        "id = %(move)s",
        "(id, course_id, lesson_id, started) values (%(new)s, %(course)s, %(reading)s, 1)",
        "id = %(new)s",
        ("completed", "1000"),
    ),
    "lesson_counters": Probe(
        "how many opened and completed a lesson",
        "lesson_id = %(reading)s",
        "(lesson_id, views_count) values (%(reading)s, 1)",
        "lesson_id = %(reading)s",
        ("views_count", "1000"),
        first="lesson_id",
    ),
    "module_counters": Probe(
        "how many completed a module",
        "module_id = %(first_module)s",
        "(module_id, completion_count) values (%(first_module)s, 1)",
        "module_id = %(first_module)s",
        ("completion_count", "1000"),
        first="module_id",
    ),
}

FUNCTIONS: dict[str, str] = {
    "private.fold_content_counts": "service_role",
    "private.recount_module": "service_role",
}

AREA = Area(
    things=THINGS,
    found=found,
    matrix=MATRIX,
    probes=PROBES,
    functions=FUNCTIONS,
)
