"""What state lessons and modules are in, and how courses are published."""

from __future__ import annotations

from collegium.access.area import Area, Probe
from collegium.access.stage import Stage

THINGS = ("change", "release")

FOUND = """
insert into public.course_status_changes (id, course_id, changed_by, from_status, to_status, note) values
    (%(change)s, %(course)s, %(instructor)s, 'draft', 'under_review', 'Please look at the second lesson.');
insert into public.lesson_releases (id, course_id, lesson_id, reason, released_by, enrollments) values
    (%(release)s, %(course)s, %(bare)s, 'The law has changed.', %(instructor)s, 0);
"""


def found(stage: Stage) -> None:
    """What the guild has of it."""
    stage.owner(FOUND)


MATRIX: dict[str, dict[str, str]] = {
    #            owner learn stran instr other mngr  anon  admin super service
    "course_status_changes": {
        "select": "-     -     -     yes   -     -     42501 yes   yes   yes",
        "insert": "42501 42501 42501 42501 42501 42501 42501 42501 42501 42501",
        "update": "42501 42501 42501 42501 42501 42501 42501 42501 42501 42501",
        "delete": "42501 42501 42501 42501 42501 42501 42501 42501 42501 42501",
    },
    "lesson_releases": {
        "select": "-     -     -     yes   -     -     42501 yes   yes   yes",
        "insert": "42501 42501 42501 42501 42501 42501 42501 42501 42501 42501",
        "update": "42501 42501 42501 42501 42501 42501 42501 42501 42501 42501",
        "delete": "42501 42501 42501 42501 42501 42501 42501 42501 42501 42501",
    },
}

PROBES: dict[str, Probe] = {
    "course_status_changes": Probe(
        "a step of a published course",
        "id = %(change)s",
        "(id, course_id, from_status, to_status) values (%(new)s, %(course)s, 'draft', 'published')",
        "id = %(new)s",
        ("note", "'Changed'"),
    ),
    "lesson_releases": Probe(
        "a lesson that learners of a course were let off",
        "id = %(release)s",
        "(id, course_id, lesson_id, reason, enrollments) values (%(new)s, %(course)s, %(bare)s, 'Because', 0)",
        "id = %(new)s",
        ("reason", "'Changed'"),
    ),
}

FUNCTIONS: dict[str, str] = {
    "private.change_course_status": "service_role",
    "private.my_held_lesson_ids": "authenticated service_role",
    "private.my_held_module_ids": "authenticated service_role",
    "private.is_on_team": "service_role",
    "public.add_instructor": "authenticated service_role",
    "public.find_instructors": "authenticated service_role",
    "public.remove_instructor": "authenticated service_role",
    "public.team_of": "authenticated service_role",
    "public.course_changes": "authenticated service_role",
    "public.move_enrollment": "authenticated service_role",
    "public.move_enrollments": "authenticated service_role",
    "public.my_move": "authenticated service_role",
    "public.preview_moves": "authenticated service_role",
    "public.publication_problems": "authenticated service_role",
    "private.newest_version": "authenticated service_role",
    "private.rule_of": "authenticated service_role",
    "public.publish_course_changes": "authenticated service_role",
    "public.release_lesson": "authenticated service_role",
    "public.remove_lesson": "authenticated service_role",
    "public.remove_module": "authenticated service_role",
    "public.restore_lesson": "authenticated service_role",
    "public.restore_module": "authenticated service_role",
    "public.set_course_status": "authenticated service_role",
}

AREA = Area(things=THINGS, found=found, matrix=MATRIX, probes=PROBES, functions=FUNCTIONS)
