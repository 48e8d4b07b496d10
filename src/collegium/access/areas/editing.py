"""Lessons as they are written: states of their text, the history, and who is at work."""

from __future__ import annotations

from collegium.access.area import Area, Probe
from collegium.access.stage import Stage

THINGS = ("reading_revision", "reading_conflict")

# The states of lessons that have blocks are there already: a trigger wrote them.
FOUND = """
insert into public.lesson_revisions (id, lesson_id, course_id, revision, reason, blocks, author_id) values
    (%(reading_revision)s, %(reading)s, %(course)s, 1, 'saved', '[]', %(instructor)s),
    (%(reading_conflict)s, %(reading)s, %(course)s, 1, 'conflict', '[]', %(admin)s);
insert into public.lesson_editors (lesson_id, user_id, course_id) values (%(reading)s, %(instructor)s, %(course)s);
"""


def found(stage: Stage) -> None:
    """What the guild has of it."""
    stage.owner(FOUND)


# Who teaches the course reads; everything is written by functions, which decide themselves.
READ = "-     -     -     yes   -     -     42501 yes   yes   yes"
WRITTEN = "42501 42501 42501 42501 42501 42501 42501 42501 42501 yes"
LINES = {"select": READ, "insert": WRITTEN, "update": WRITTEN, "delete": WRITTEN}
MATRIX: dict[str, dict[str, str]] = {
    #            owner learn stran instr other mngr  anon  admin super service
    "lesson_contents": LINES,
    "lesson_revisions": LINES,
    "lesson_editors": LINES,
}

PROBES: dict[str, Probe] = {
    "lesson_contents": Probe(
        "which state a lesson's text is in",
        "lesson_id = %(reading)s",
        "(lesson_id, course_id) values (%(bare)s, %(course)s)",
        "lesson_id = %(bare)s",
        ("revision", "99"),
        first="lesson_id",
    ),
    "lesson_revisions": Probe(
        "an earlier state of a lesson's text",
        "id = %(reading_revision)s",
        "(id, lesson_id, course_id, revision, reason, blocks) values (%(new)s, %(reading)s, %(course)s, 9, 'saved', '[]')",
        "id = %(new)s",
        ("reason", "'restored'"),
    ),
    "lesson_editors": Probe(
        "that somebody has a lesson open to write it",
        "lesson_id = %(reading)s and user_id = %(instructor)s",
        "(lesson_id, user_id, course_id) values (%(reading)s, %(admin)s, %(course)s)",
        "lesson_id = %(reading)s and user_id = %(admin)s",
        ("seen_at", "'2020-01-01'::timestamptz"),
        first="lesson_id",
    ),
}

FUNCTIONS: dict[str, str] = {
    "private.thin_lesson_revisions": "service_role",
    "public.keep_lesson_conflict": "authenticated",
    "public.note_editing": "authenticated",
    "public.save_lesson_content": "authenticated",
}

AREA = Area(things=THINGS, found=found, matrix=MATRIX, probes=PROBES, functions=FUNCTIONS)
