"""Taking quizzes."""

from __future__ import annotations

from collegium.access.area import Area, Probe
from collegium.access.stage import Stage

THINGS = ("quiz_move",)

FOUND = """
insert into public.quiz_count_moves (id, quiz_id, course_id, attempts) values (%(quiz_move)s, %(quiz)s, %(course)s, 1);
insert into public.quiz_count_moves (quiz_id, course_id, attempts) values (%(quiz)s, %(course)s, -1);
"""


def found(stage: Stage) -> None:
    """What the guild has of it."""
    stage.owner(FOUND)


NOBODY = "42501 42501 42501 42501 42501 42501 42501 42501 42501 42501"
VIEW = NOBODY.replace("42501", "55000")
MATRIX: dict[str, dict[str, str]] = {
    #            owner learn stran instr other mngr  anon  admin super service
    "quiz_count_moves": {
        "select": "-     -     -     yes   -     -     42501 yes   yes   yes",
        "insert": NOBODY,
        "update": NOBODY,
        "delete": NOBODY,
    },
    "quiz_counters": {
        "select": "yes   yes   -     yes   -     -     42501 yes   yes   yes",
        "insert": VIEW,
        "update": VIEW,
        "delete": VIEW,
    },
}

PROBES: dict[str, Probe] = {
    "quiz_count_moves": Probe(
        "a difference of the quiz's figures",
        "id = %(quiz_move)s",
        "(id, quiz_id, course_id, attempts) values (%(new)s, %(quiz)s, %(course)s, 1)",
        "id = %(new)s",
        ("attempts", "2"),
    ),
    "quiz_counters": Probe(
        "the figures of the quiz",
        "quiz_id = %(quiz)s",
        "(quiz_id, attempts_count) values (%(new)s, 1)",
        "quiz_id = %(new)s",
        ("attempts_count", "99"),
        first="quiz_id",
    ),
}

FUNCTIONS: dict[str, str] = {
    "private.answers_digest": "service_role",
    "private.fold_quiz_counts": "service_role",
    "private.save_quiz_answers": "service_role",
    "public.begin_quiz": "authenticated",
    "public.flag_attempt_question": "authenticated",
    "public.quiz_card": "authenticated",
    "public.quiz_answer_rubrics": "authenticated",
    "public.quiz_standings": "authenticated",
}

AREA = Area(things=THINGS, found=found, matrix=MATRIX, probes=PROBES, functions=FUNCTIONS)
