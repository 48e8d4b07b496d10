"""The bank and quizzes: shapes, keys that fit, whose question may stand where, totals, and what may be removed."""

from __future__ import annotations

import json
from typing import Any

import psycopg
import pytest

from collegium.access.stage import Stage
from tests.db.assessing import EIGHT, HE_OR_SHE, dumped, exam, passed_exam, question

FITS = "select private.is_question(%(k)s, %(o)s), private.is_question_key(%(k)s, %(o)s, %(c)s)"


@pytest.mark.parametrize("kind", EIGHT)
def test_each_type_has_its_shape(stage: Stage, kind: str) -> None:
    options, correct = EIGHT[kind]
    assert stage.owner(FITS, k=kind, o=json.dumps(options), c=dumped(correct)) == [(True, True)]
    assert question(stage, kind)


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("multiple_choice", [{"id": "a", "text": "One"}]),
        ("multiple_choice", [{"id": "a", "text": "One"}, {"id": "a", "text": "Two"}]),
        ("multiple_choice", [{"id": "a", "text": "One"}, {"id": "b", "text": "Two", "is_correct": True}]),
        ("multiple_choice", [{"id": "a", "text": "One"}, {"id": "b"}]),
        ("multiple_choice", ["a", "b"]),
        ("multiple_choice", {"a": "One"}),
        ("true_false", HE_OR_SHE),
        ("essay", None),
        ("fill_blank", []),
        ("fill_blank", [{"id": "2"}]),
        ("fill_blank", [{"id": "1", "answer": "risk"}]),
        ("matching", HE_OR_SHE),
        ("matching", {"left": HE_OR_SHE}),
        ("matching", {"left": HE_OR_SHE, "right": HE_OR_SHE, "pairs": {}}),
        ("riddle", []),
    ],
    ids=lambda value: value if isinstance(value, str) else json.dumps(value)[:50],
)
def test_what_is_no_question_is_refused(stage: Stage, kind: str, options: Any) -> None:
    assert stage.owner(FITS, k=kind, o=json.dumps(options), c=None)[0][0] is False


@pytest.mark.parametrize(
    ("kind", "correct"),
    [
        ("multiple_choice", None),
        ("multiple_choice", {"selected": "z"}),
        ("multiple_choice", {"selected": ["a"]}),
        ("multiple_choice", {"selected": "a", "also": "b"}),
        ("true_false", {"selected": True}),
        ("multiple_answer", {"selected": []}),
        ("multiple_answer", {"selected": ["a", "a"]}),
        ("short_answer", {"accepted": []}),
        ("short_answer", {"accepted": [" "]}),
        ("short_answer", {"numeric": {"value": 1, "tolerance": -1}}),
        ("short_answer", {"numeric": {"value": "1", "tolerance": 0}}),
        ("short_answer", "text"),
        ("essay", {"accepted": ["x"]}),
        ("fill_blank", {"blanks": {"1": {"accepted": ["x"]}}}),
        ("fill_blank", {"blanks": {"1": {"accepted": ["x"]}, "2": {}}}),
        ("matching", {"pairs": {"a": "a", "b": "b"}}),
        ("matching", {"pairs": {"a": "a", "b": "b", "c": "z"}}),
        ("ordering", {"order": ["a", "b"]}),
        ("ordering", {"order": ["a", "b", "b"]}),
    ],
    ids=lambda value: value if isinstance(value, str) else json.dumps(value)[:50],
)
def test_a_key_that_does_not_fit_is_refused(stage: Stage, kind: str, correct: Any) -> None:
    version = question(stage, kind)
    refused = stage.attempt(
        "instructor", "select public.change_question_key(%(v)s, %(c)s, null)", v=version, c=dumped(correct)
    )
    assert (refused.state, refused.code) == ("CG422", "no_such_key")


def test_options_do_not_leave_their_key_behind(stage: Stage) -> None:
    version = question(stage, "multiple_choice")
    edit = "update public.question_versions set answer_options = %(o)s where id = %(v)s"
    others = json.dumps([{"id": "x", "text": "One"}, {"id": "y", "text": "Two"}])
    assert stage.attempt("instructor", edit, v=version, o=others).code == "key_does_not_fit"
    more = json.dumps([*HE_OR_SHE, {"id": "d", "text": "It"}])
    assert stage.act("instructor", edit, v=version, o=more).count == 1


def test_versions_are_numbered(stage: Stage) -> None:
    rows = stage.owner("select version from public.question_versions where question_id = %(question)s order by 1")
    assert rows == [(1,), (2,), (3,)]


def test_a_quiz_belongs_to_a_lesson_or_a_course(stage: Stage) -> None:
    insert = "insert into public.quizzes (course_id, lesson_id, title) values ({}, {}, 'New')"
    for course, lesson in (("null", "null"), ("%(course)s", "%(reading)s"), ("null", "%(new)s")):
        refused = stage.attempt(
            "instructor", insert.format(course, lesson), new=stage.value("select gen_random_uuid()")
        )
        assert refused.code == "lesson_or_course"
    stage.owner("alter table public.quizzes disable trigger prepare_quiz")
    with pytest.raises(psycopg.errors.CheckViolation), stage.undone():
        stage.owner(
            "insert into public.quizzes (course_id, lesson_id, of_course_id, title)"
            " values (%(course)s, %(reading)s, %(course)s, 'Both')"
        )
    with pytest.raises(psycopg.errors.ForeignKeyViolation), stage.undone():
        stage.owner(
            "insert into public.quizzes (lesson_id, of_course_id, title) values (%(reading)s, %(paid)s, 'Else')"
        )


def test_the_total_follows_the_questions(stage: Stage) -> None:
    quiz = exam(stage, "multiple_choice", "essay", points=2.5)
    total = "select total_points from public.quizzes where id = %(q)s"
    assert stage.value(total, q=quiz) == 5
    stage.owner("update public.quiz_questions set points = 4 where quiz_id = %(q)s and question_order = 1", q=quiz)
    assert stage.value(total, q=quiz) == 6.5
    stage.owner("delete from public.quiz_questions where quiz_id = %(q)s and question_order = 2", q=quiz)
    assert stage.value(total, q=quiz) == 4


def test_arranging_writes_the_order_at_once(stage: Stage) -> None:
    quiz = exam(stage, "multiple_choice", "essay", "ordering")
    versions = [
        row[0]
        for row in stage.owner(
            "select question_version_id from public.quiz_questions where quiz_id = %(q)s order by question_order",
            q=quiz,
        )
    ]
    places = json.dumps([{"question_version_id": str(one), "points": 2} for one in versions[::-1]])
    assert stage.act("instructor", "select public.arrange_quiz(%(q)s, %(p)s)", q=quiz, p=places).rows == [(3,)]
    rows = stage.owner(
        "select question_version_id, points from public.quiz_questions where quiz_id = %(q)s order by question_order",
        q=quiz,
    )
    assert rows == [(one, 2) for one in versions[::-1]]
    assert stage.attempt("instructor", "select public.arrange_quiz(%(q)s, '{}')", q=quiz).code == "no_such_arrangement"


def test_an_instructor_places_no_question_of_another_course(stage: Stage) -> None:
    theirs = stage.value(
        "insert into public.quizzes (course_id, title) values (%(other_course)s, 'Theirs') returning id"
    )
    places = "select public.arrange_quiz(%(q)s, jsonb_build_array(jsonb_build_object('question_version_id', %(v)s)))"
    mine = stage.value("select %(question_version)s::text")
    shared = stage.value("select %(shared_version)s::text")
    assert stage.attempt("other_instructor", places, q=theirs, v=mine).code == "question_of_another_course"
    assert stage.act("other_instructor", places, q=theirs, v=shared).rows == [(1,)]


def test_a_draft_course_goes_with_its_quizzes(stage: Stage) -> None:
    stage.owner(
        "insert into public.quizzes (course_id, title) values (%(draft)s, 'Q');"
        "with q as (insert into public.questions (course_id, question_type) values (%(draft)s, 'true_false') returning id),"
        " v as (insert into public.question_versions (question_id, question_text) select id, 'So?' from q returning id)"
        " select 1 from v;"
        "insert into public.quiz_questions (quiz_id, question_order, question_version_id)"
        " select z.id, 1, v.id from public.quizzes z, public.question_versions v"
        " where z.course_id = %(draft)s and v.course_id = %(draft)s;"
        "insert into public.question_keys (question_version_id, correct_answer)"
        ' select v.id, \'{"selected": "true"}\' from public.question_versions v where v.course_id = %(draft)s'
    )
    assert stage.act("instructor", "delete from public.courses where id = %(draft)s").count == 1
    assert not stage.value("select count(*) from public.questions where course_id = %(draft)s")


def test_what_learners_were_asked_is_not_removed(stage: Stage) -> None:
    quiz = exam(stage, "multiple_choice")
    version = stage.value("select question_version_id from public.quiz_questions where quiz_id = %(q)s", q=quiz)
    passed_exam(stage, quiz)
    stage.act("instructor", "select public.arrange_quiz(%(q)s, '[]')", q=quiz)
    for statement in (
        "delete from public.quizzes where id = %(q)s",
        "delete from public.question_versions where id = %(v)s",
        "delete from public.questions where id = (select question_id from public.question_versions where id = %(v)s)",
    ):
        assert stage.attempt("instructor", statement, q=quiz, v=version).state in ("23503", "23001"), statement


def test_figures_of_a_quiz_move_by_the_difference(stage: Stage) -> None:
    quiz = exam(stage, "multiple_choice")
    figures = "select attempts_count, graded_count, passed_count, avg_score, pass_rate from public.quiz_counters where quiz_id = %(q)s"
    assert stage.owner(figures, q=quiz) == [(0, 0, 0, None, None)]
    passed_exam(stage, quiz)
    passed_exam(stage, quiz, "learner")
    assert stage.owner(figures, q=quiz) == [(2, 2, 2, 100, 100)]
    stage.act("owner", "select public.start_quiz_attempt(%(q)s)", q=quiz)
    stage.act(
        "owner",
        "select public.submit_quiz_attempt(t.id) from public.quiz_attempts t where t.quiz_id = %(q)s and t.status = 'in_progress'",
        q=quiz,
    )
    assert [float(n) for n in stage.owner(figures, q=quiz)[0]] == [3, 3, 2, 66.67, 66.67]


def test_assessments_have_the_columns_of_the_personalised_lms(stage: Stage) -> None:
    for view, columns in {
        "assessments": "id lesson_id course_id title description questions ai_generated source_content_ids is_mandatory"
        " minimum_passing_score max_attempts time_limit created_at updated_at",
        "assessment_attempts": "id assessment_id student_id attempt_number answers score points_earned total_points"
        " passed time_spent started_at submitted_at feedback",
    }.items():
        found = stage.value(
            "select string_agg(attname, ' ' order by attnum) from pg_attribute"
            " where attrelid = %(v)s::regclass and attnum > 0",
            v=f"public.{view}",
        )
        assert found == columns
    assert stage.act(
        "instructor", "select jsonb_array_length(questions) from public.assessments where id = %(quiz)s"
    ).rows == [(1,)]
    told = stage.value("select questions::text from public.assessments where id = %(quiz)s")
    assert "correct" not in told
