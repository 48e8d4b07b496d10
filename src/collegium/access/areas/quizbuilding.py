"""Building quizzes and grading them."""

from __future__ import annotations

from collegium.access.area import Area, Probe
from collegium.access.stage import Stage

# The published quiz of the reading has one section.
FOUND = """
insert into public.quiz_sections (quiz_id, title, of_course_id, section_order) values (%(quiz)s, 'Basics', %(course)s, 1);
insert into public.regrades (id, question_version_id, course_id, reason, state, finished_at)
values (%(regrade)s, %(question_version)s, %(course)s, 'The key was wrong.', 'done', now());
insert into public.quiz_insights (quiz_id, of_course_id, attempts, passed, score_bins, graded_count, passed_count, score_sum, took)
values (%(quiz)s, %(course)s, 1, 1, array_fill(0, array[20]), 1, 1, 100, '1 second');
insert into public.quiz_question_insights (quiz_id, question_version_id, of_course_id, place, asked, answered, full_points, share)
values (%(quiz)s, %(question_version)s, %(course)s, 1, 1, 1, 1, 1);
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
    "quiz_insights": {"select": READ, "insert": WRITTEN, "update": WRITTEN, "delete": WRITTEN},
    "quiz_question_insights": {"select": READ, "insert": WRITTEN, "update": WRITTEN, "delete": WRITTEN},
    "regrades": {"select": READ, "insert": WRITTEN, "update": WRITTEN, "delete": WRITTEN},
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
    "quiz_insights": Probe(
        "how the quiz of the reading does",
        "quiz_id = %(quiz)s",
        "(quiz_id, of_course_id, attempts, passed, score_bins, graded_count, passed_count, score_sum, took)"
        " values (%(draft_quiz)s, %(course)s, 0, 0, array_fill(0, array[20]), 0, 0, 0, '0')",
        "quiz_id = %(draft_quiz)s",
        ("average", "99"),
        first="quiz_id",
    ),
    "quiz_question_insights": Probe(
        "how a question of that quiz does",
        "quiz_id = %(quiz)s and question_version_id = %(question_version)s",
        "(quiz_id, question_version_id, of_course_id, place, asked, answered, full_points, share)"
        " values (%(quiz)s, %(spare_version)s, %(course)s, 2, 1, 1, 1, 1)",
        "quiz_id = %(quiz)s and question_version_id = %(spare_version)s",
        ("share", "0"),
        first="quiz_id",
    ),
    "regrades": Probe(
        "that a question of the course was graded anew",
        "id = %(regrade)s",
        "(id, question_version_id, course_id, reason) values (%(new)s, %(bare_version)s, %(course)s, 'So.')",
        "id = %(new)s",
        ("changed", "99"),
    ),
}

FUNCTIONS: dict[str, str] = {
    "private.count_quiz_insights": "service_role",
    "private.regrade_some": "service_role",
    "public.begin_regrade": "authenticated",
    "public.grade_answer_as_seen": "authenticated",
    "public.place_quiz": "authenticated",
    "public.quiz_attempt_sections": "authenticated",
    "public.quiz_preview": "authenticated",
    "public.regrade_preview": "authenticated",
    "public.save_quiz_places": "authenticated",
    "public.version_of_answer": "authenticated",
}

AREA = Area(things=("regrade",), found=found, matrix=MATRIX, probes=PROBES, functions=FUNCTIONS)
