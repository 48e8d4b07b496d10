"""Taking quizzes: attempts, answers, grades."""

from __future__ import annotations

from collegium.access.area import Area, Probe
from collegium.access.stage import Stage

THINGS = ("attempt", "answer", "grade_change", "accommodation")

# The owner is in the middle of the short course's quiz.
FOUND = """
insert into public.quiz_attempts (id, quiz_id, enrollment_id, course_id, member_id, attempt_number, passing_score, total_points)
values (%(attempt)s, %(short_quiz)s, %(short_enrollment)s, %(short)s, %(owner)s, 1, 70, 1);
update public.question_versions set used_at = now() where id = %(shared_version)s;
insert into private.attempt_questions (quiz_attempt_id, position, question_version_id, points, option_order)
values (%(attempt)s, 1, %(shared_version)s, 1, '["true", "false"]');
insert into public.quiz_answers (id, quiz_attempt_id, position, question_id, course_id, answer_data, seq, max_points)
values (%(answer)s, %(attempt)s, 1, %(shared_question)s, %(short)s, '{"selected": "2"}', 1, 1);
insert into public.quiz_grade_changes (id, quiz_attempt_id, course_id, position, reason, points_after)
values (%(grade_change)s, %(attempt)s, %(short)s, 1, 'The key was wrong.', 1);
insert into public.quiz_accommodations (id, quiz_id, enrollment_id, extra_minutes, reason)
values (%(accommodation)s, %(short_quiz)s, %(short_enrollment)s, 15, 'Reads slowly.');
"""


def found(stage: Stage) -> None:
    """What the guild has of it."""
    stage.owner(FOUND)


NEVER = "42501 42501 42501 42501 42501 42501 42501 42501 42501 42501"
MATRIX: dict[str, dict[str, str]] = {
    #            owner learn stran instr other mngr  anon  admin super service
    "quiz_accommodations": {
        "select": "yes   -     -     yes   -     -     42501 yes   yes   yes",
        "insert": "42501 42501 42501 yes   42501 42501 42501 yes   yes   yes",
        "update": "-     -     -     yes   -     -     42501 yes   yes   yes",
        "delete": "-     -     -     yes   -     -     42501 yes   yes   yes",
    },
    "quiz_attempts": {
        "select": "yes   -     -     yes   -     yes   42501 yes   yes   yes",
        "insert": NEVER,
        "update": NEVER,
        "delete": NEVER,
    },
    "quiz_answers": {
        "select": "-     -     -     yes   -     -     42501 yes   yes   yes",
        "insert": NEVER,
        "update": NEVER,
        "delete": NEVER,
    },
    "quiz_grade_changes": {
        "select": "-     -     -     yes   -     -     42501 yes   yes   yes",
        "insert": NEVER,
        "update": NEVER,
        "delete": NEVER,
    },
    "assessment_attempts": {
        "select": "yes   -     -     yes   -     yes   42501 yes   yes   yes",
        "insert": NEVER,
        "update": NEVER,
        "delete": NEVER,
    },
}

PROBES: dict[str, Probe] = {
    "quiz_accommodations": Probe(
        "the owner's longer time; a new one is for the owner in another quiz",
        "id = %(accommodation)s",
        "(id, quiz_id, enrollment_id, extra_attempts, reason)"
        " values (%(new)s, %(quiz)s, %(enrollment)s, 9, 'Was ill.')",
        "id = %(new)s",
        ("extra_minutes", "600"),
    ),
    "quiz_attempts": Probe(
        "the owner's attempt",
        "id = %(attempt)s",
        "(id, quiz_id, enrollment_id, course_id, member_id, attempt_number, passing_score)"
        " values (%(new)s, %(quiz)s, %(enrollment)s, %(course)s, %(owner)s, 1, 0)",
        "id = %(new)s",
        ("deadline_at", "'2100-01-01'::timestamptz"),
    ),
    "quiz_answers": Probe(
        "what the owner answered",
        "id = %(answer)s",
        "(id, quiz_attempt_id, position, question_id, course_id, answer_data, seq, max_points)"
        " values (%(new)s, %(attempt)s, 2, %(question)s, %(short)s, '{}', 1, 1)",
        "id = %(new)s",
        ("points_earned", "1"),
    ),
    "quiz_grade_changes": Probe(
        "a grade of the owner that was changed",
        "id = %(grade_change)s",
        "(id, quiz_attempt_id, course_id, position, reason, points_after)"
        " values (%(new)s, %(attempt)s, %(short)s, 1, 'So.', 1)",
        "id = %(new)s",
        ("reason", "'Otherwise'"),
    ),
    "assessment_attempts": Probe(
        "the owner's attempt as the personalised LMS reads it",
        "id = %(attempt)s",
        "(id, assessment_id, student_id, attempt_number) values (%(new)s, %(quiz)s, %(owner)s, 1)",
        "id = %(new)s",
        ("passed", "true"),
    ),
}

SECOND_LINES: dict[str, str] = {"quiz_accommodations": "no column that it compares may be written"}

WRITABLE: dict[tuple[str, str], str] = {
    (
        "quiz_accommodations",
        "insert",
    ): "id quiz_id enrollment_id extra_minutes extra_attempts available_until reason",
    ("quiz_accommodations", "update"): "extra_minutes extra_attempts available_until reason",
}

FUNCTIONS: dict[str, str] = {
    "private.expire_attempts": "service_role",
    "public.grade_quiz_answer": "authenticated",
    "public.preview_regrade": "authenticated",
    "public.quiz_attempt_result": "authenticated",
    "public.quiz_attempt_view": "authenticated",
    "public.regrade_question": "authenticated",
    "public.reveal_quiz_answer": "authenticated",
    "public.save_quiz_answer": "authenticated",
    "public.start_quiz_attempt": "authenticated",
    "public.submit_quiz_attempt": "authenticated",
}

# From where and with which browser somebody took a quiz is for the service alone.
UNREADABLE: dict[str, str] = {
    "quiz_attempts": "ip_address user_agent answers_sha256 regrade",
}


AREA = Area(
    things=THINGS,
    found=found,
    matrix=MATRIX,
    probes=PROBES,
    second_lines=SECOND_LINES,
    writable=WRITABLE,
    unreadable=UNREADABLE,
    functions=FUNCTIONS,
)
