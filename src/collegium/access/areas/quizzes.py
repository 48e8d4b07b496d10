"""The question bank and quizzes."""

from __future__ import annotations

from collegium.access.area import Area, Probe
from collegium.access.stage import Stage

THINGS = (
    "question",
    "spare_question",
    "shared_question",
    "spare_shared",
    "question_version",
    "bare_version",
    "spare_version",
    "shared_version",
    "bare_shared_version",
    "quiz",
    "draft_quiz",
    "short_quiz",
    "place",
    "spare_place",
    "short_place",
)

# A quiz in the reading and one in the short course ask the same kind of question; one question is in the shared bank.
FOUND = """
insert into public.questions (id, course_id, question_type, tags, status) values
    (%(question)s, %(course)s, 'multiple_choice', '{basics}', 'active'),
    (%(spare_question)s, %(course)s, 'essay', '{}', 'draft'),
    (%(shared_question)s, null, 'true_false', '{basics}', 'active'),
    (%(spare_shared)s, null, 'essay', '{}', 'draft');
insert into public.question_versions (id, question_id, question_text, answer_options) values
    (%(question_version)s, %(question)s, 'Who pays?', '[{"id": "a", "text": "He"}, {"id": "b", "text": "She"}]'),
    (%(bare_version)s, %(question)s, 'Who pays now?', '[{"id": "a", "text": "He"}, {"id": "b", "text": "She"}]'),
    (%(spare_version)s, %(question)s, 'Who paid?', '[{"id": "a", "text": "He"}, {"id": "b", "text": "She"}]'),
    (%(shared_version)s, %(shared_question)s, 'A policy is a contract.', '[]'),
    (%(bare_shared_version)s, %(shared_question)s, 'A policy is a promise.', '[]');
insert into public.question_keys (question_version_id, correct_answer, explanation) values
    (%(question_version)s, '{"selected": "b"}', 'She is insured.'),
    (%(spare_version)s, '{"selected": "b"}', null),
    (%(shared_version)s, '{"selected": "true"}', null);
insert into public.quizzes (id, course_id, lesson_id, title, status, max_attempts) values
    (%(quiz)s, null, %(reading)s, 'Check yourself', 'published', 2),
    (%(draft_quiz)s, %(course)s, null, 'Being written', 'draft', null),
    (%(short_quiz)s, %(short)s, null, 'Short', 'published', null);
insert into public.quiz_questions (id, quiz_id, question_order, question_version_id) values
    (%(place)s, %(quiz)s, 1, %(question_version)s), (%(spare_place)s, %(draft_quiz)s, 1, %(question_version)s),
    (%(short_place)s, %(short_quiz)s, 1, %(shared_version)s);
"""


def found(stage: Stage) -> None:
    """What the guild has of it."""
    stage.owner(FOUND)


MATRIX: dict[str, dict[str, str]] = {
    #            owner learn stran instr other mngr  anon  admin super service
    "questions": {
        "select": "-     -     -     yes   -     -     42501 yes   yes   yes",
        "insert": "42501 42501 42501 yes   42501 42501 42501 yes   yes   yes",
        "update": "-     -     -     yes   -     -     42501 yes   yes   yes",
        "delete": "-     -     -     yes   -     -     42501 yes   yes   yes",
    },
    "questions: shared": {
        "select": "-     -     -     yes   yes   -     42501 yes   yes   yes",
        "insert": "42501 42501 42501 42501 42501 42501 42501 yes   yes   yes",
        "update": "-     -     -     -     -     -     42501 yes   yes   yes",
        "delete": "-     -     -     -     -     -     42501 yes   yes   yes",
    },
    "question_versions": {
        "select": "-     -     -     yes   -     -     42501 yes   yes   yes",
        "insert": "42501 42501 42501 yes   42501 42501 42501 yes   yes   yes",
        "update": "-     -     -     yes   -     -     42501 yes   yes   yes",
        "delete": "-     -     -     yes   -     -     42501 yes   yes   yes",
    },
    "question_versions: shared": {
        "select": "-     -     -     yes   yes   -     42501 yes   yes   yes",
        "insert": "42501 42501 42501 42501 42501 42501 42501 yes   yes   yes",
        "update": "-     -     -     -     -     -     42501 yes   yes   yes",
        "delete": "-     -     -     -     -     -     42501 yes   yes   yes",
    },
    "question_keys": {
        "select": "-     -     -     yes   -     -     42501 yes   yes   yes",
        "insert": "42501 42501 42501 yes   42501 42501 42501 yes   yes   yes",
        "update": "42501 42501 42501 42501 42501 42501 42501 42501 42501 yes",
        "delete": "42501 42501 42501 42501 42501 42501 42501 42501 42501 yes",
    },
    # Somebody who teaches a course one of whose quizzes asks it by name reads its key.
    "question_keys: shared": {
        "select": "-     -     -     yes   -     -     42501 yes   yes   yes",
        "insert": "42501 42501 42501 42501 42501 42501 42501 yes   yes   yes",
        "update": "42501 42501 42501 42501 42501 42501 42501 42501 42501 yes",
        "delete": "42501 42501 42501 42501 42501 42501 42501 42501 42501 yes",
    },
    "quizzes": {
        "select": "yes   yes   -     yes   -     -     42501 yes   yes   yes",
        "insert": "42501 42501 42501 yes   42501 42501 42501 yes   yes   yes",
        "update": "-     -     -     yes   -     -     42501 yes   yes   yes",
        "delete": "-     -     -     yes   -     -     42501 yes   yes   yes",
    },
    "quizzes: draft": {
        "select": "-     -     -     yes   -     -     42501 yes   yes   yes",
        "insert": "42501 42501 42501 yes   42501 42501 42501 yes   yes   yes",
        "update": "-     -     -     yes   -     -     42501 yes   yes   yes",
        "delete": "-     -     -     yes   -     -     42501 yes   yes   yes",
    },
    "quiz_questions": {
        "select": "-     -     -     yes   -     -     42501 yes   yes   yes",
        "insert": "42501 42501 42501 42501 42501 42501 42501 42501 42501 yes",
        "update": "42501 42501 42501 42501 42501 42501 42501 42501 42501 yes",
        "delete": "42501 42501 42501 42501 42501 42501 42501 42501 42501 yes",
    },
    "assessments": {
        "select": "yes   yes   -     yes   -     -     42501 yes   yes   yes",
        "insert": "42501 42501 42501 42501 42501 42501 42501 42501 42501 42501",
        "update": "42501 42501 42501 42501 42501 42501 42501 42501 42501 42501",
        "delete": "42501 42501 42501 42501 42501 42501 42501 42501 42501 42501",
    },
}

CHOICES = '[{"id": "a", "text": "He"}, {"id": "b", "text": "She"}]'

PROBES: dict[str, Probe] = {
    "questions": Probe(
        "a question of the course's bank; the one that nothing asks is removed",
        "id = %(question)s",
        "(id, course_id, question_type) values (%(new)s, %(course)s, 'essay')",
        "id = %(new)s",
        ("difficulty", "'hard'"),
        "id = %(spare_question)s",
    ),
    "questions: shared": Probe(
        "a question of the bank that all courses share; the one that nothing asks is removed",
        "id = %(shared_question)s",
        "(id, question_type) values (%(new)s, 'essay')",
        "id = %(new)s",
        ("status", "'retired'"),
        "id = %(spare_shared)s",
    ),
    "question_versions": Probe(
        "a version of a question of the course; the one that nothing asks is removed",
        "id = %(question_version)s",
        f"(id, question_id, question_text, answer_options) values (%(new)s, %(question)s, 'Who?', '{CHOICES}')",
        "id = %(new)s",
        ("question_text", "'Who pays in the end?'"),
        "id = %(spare_version)s",
    ),
    "question_versions: shared": Probe(
        "a version of a shared question; the one that nothing asks is removed",
        "id = %(shared_version)s",
        "(id, question_id, question_text) values (%(new)s, %(shared_question)s, 'A policy binds.')",
        "id = %(new)s",
        ("points", "2"),
        "id = %(bare_shared_version)s",
    ),
    "question_keys": Probe(
        "what is right in a question of the course",
        "question_version_id = %(question_version)s",
        '(question_version_id, correct_answer) values (%(bare_version)s, \'{"selected": "a"}\')',
        "question_version_id = %(bare_version)s",
        ("explanation", "'Because.'"),
        first="question_version_id",
    ),
    "question_keys: shared": Probe(
        "what is right in a shared question",
        "question_version_id = %(shared_version)s",
        '(question_version_id, correct_answer) values (%(bare_shared_version)s, \'{"selected": "true"}\')',
        "question_version_id = %(bare_shared_version)s",
        ("explanation", "'Because.'"),
        first="question_version_id",
    ),
    "quizzes": Probe(
        "a published quiz of a lesson",
        "id = %(quiz)s",
        "(id, lesson_id, title) values (%(new)s, %(bare)s, 'New')",
        "id = %(new)s",
        ("passing_score", "0"),
    ),
    "quizzes: draft": Probe(
        "a quiz that is being written, of the course itself",
        "id = %(draft_quiz)s",
        "(id, course_id, title) values (%(new)s, %(course)s, 'New')",
        "id = %(new)s",
        ("status", "'published'"),
    ),
    "quiz_questions": Probe(
        "what stands first in the quiz",
        "id = %(place)s",
        "(id, quiz_id, question_order, draw_tag, draw_count) values (%(new)s, %(quiz)s, 2, 'basics', 1)",
        "id = %(new)s",
        ("points", "5"),
    ),
    "assessments": Probe(
        "the quiz as the personalised LMS reads it",
        "id = %(quiz)s",
        "(id, lesson_id, title) values (%(new)s, %(bare)s, 'New')",
        "id = %(new)s",
        ("title", "'Changed'"),
    ),
}

NOT_MOVED = "no column that it compares may be written"
SECOND_LINES: dict[str, str] = {
    "questions": NOT_MOVED,
    "question_versions": NOT_MOVED,
    "quizzes": NOT_MOVED,
}

OF_A_VERSION = "question_text question_html answer_options points hint image_url video_url audio_url image_alt rubric word_limit change_note"
OF_A_QUIZ = (
    "title description instructions quiz_type status passing_score max_attempts require_passing is_mandatory"
    " time_limit_minutes shuffle_questions shuffle_answers show_correct_answers available_from available_until"
    " ai_generated source_content_ids grading_policy layout anonymous_grading"
)
WRITABLE: dict[tuple[str, str], str] = {
    ("questions", "insert"): "id course_id question_type title tags difficulty status organisation_id",
    ("questions", "update"): "title tags difficulty status",
    ("question_versions", "insert"): f"id question_id {OF_A_VERSION}",
    ("question_versions", "update"): OF_A_VERSION,
    ("question_keys", "insert"): "question_version_id correct_answer explanation option_feedback",
    ("quizzes", "insert"): f"id course_id lesson_id {OF_A_QUIZ}",
    ("quizzes", "update"): OF_A_QUIZ,
}

FUNCTIONS: dict[str, str] = {
    "private.are_options": "authenticated service_role",
    "private.is_expected_text": "authenticated service_role",
    "private.is_question": "authenticated service_role",
    "private.is_question_key": "authenticated service_role",
    "private.option_ids": "authenticated service_role",
    "public.arrange_quiz": "authenticated",
    "public.change_question_key": "authenticated",
    "public.set_final_assessment": "authenticated",
}

AREA = Area(
    things=THINGS,
    found=found,
    matrix=MATRIX,
    probes=PROBES,
    second_lines=SECOND_LINES,
    writable=WRITABLE,
    functions=FUNCTIONS,
)
