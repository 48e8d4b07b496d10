"""Building quizzes and grading them."""

from __future__ import annotations

from collegium.access.area import Area, Probe
from collegium.access.stage import Stage

# The published quiz of the reading has one section.
FOUND = """
insert into public.quiz_sections (quiz_id, title, of_course_id, section_order) values (%(quiz)s, 'Basics', %(course)s, 1);
"""


def found(stage: Stage) -> None:
    """What the guild has of it."""
    stage.owner(FOUND)


# Who teaches the course reads; everything is written by functions, which decide themselves.
READ = "-     -     -     yes   -     -     42501 yes   yes   yes"
WRITTEN = "42501 42501 42501 42501 42501 42501 42501 42501 42501 yes"
MATRIX: dict[str, dict[str, str]] = {
    #            owner learn stran instr other mngr  anon  admin super service
    "quiz_sections": {"select": READ, "insert": WRITTEN, "update": WRITTEN, "delete": WRITTEN},
}

PROBES: dict[str, Probe] = {
    "quiz_sections": Probe(
        "a section of a quiz of the course",
        "quiz_id = %(quiz)s and title = 'Basics'",
        "(quiz_id, title, of_course_id, section_order) values (%(quiz)s, 'More', %(course)s, 2)",
        "quiz_id = %(quiz)s and title = 'More'",
        ("instructions", "'Read twice.'"),
        first="quiz_id",
    ),
}

FUNCTIONS: dict[str, str] = {
    "public.place_quiz": "authenticated",
    "public.save_quiz_places": "authenticated",
}

AREA = Area(things=(), found=found, matrix=MATRIX, probes=PROBES, functions=FUNCTIONS)
