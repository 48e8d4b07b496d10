"""Assignments: handing in, lateness and penalties, rubrics, who grades, peers, and attacks in SQL."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from collegium.access.stage import Stage
from tests.db.assessing import SUBMIT, assignment, file, hand_in, uploaded

SUBMIT_OF = "select public.submit_assignment(%(a)s, %(text)s, null, %(url)s, %(files)s)"
GRADE = "select (g).status, (g).final_score from (select public.grade_submission(%(s)s, %(p)s, %(r)s) as g offset 0) x"
AGAIN = """
select public.mark_submission(%(s)s, 100, null, null, null, 'graded', 'Read it again.',
    (select max(changed_at) from public.submission_grade_changes where submission_id = %(s)s))
"""
RUBRIC = [{"criterion": "Completeness", "points": 40}, {"criterion": "Accuracy", "points": 60, "description": "d"}]


def grade(stage: Stage, submission: UUID, points: float | None, scores: Any = None) -> tuple[Any, ...]:
    rows = stage.act("instructor", GRADE, s=submission, p=points, r=None if scores is None else json.dumps(scores)).rows
    return rows[0]


# Handing in -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ("status = 'draft'", "not_enrolled"),
        ("available_from = now() + interval '1 hour'", "assignment_not_open"),
        ("due_date = now() - interval '1 second', late_submission_allowed = false", "too_late"),
        ("submission_type = 'file_upload'", "wrong_kind"),
        ("submission_type = 'url_submission'", "wrong_kind"),
    ],
)
def test_what_is_not_taken(stage: Stage, change: str, code: str) -> None:
    assert stage.attempt("owner", SUBMIT, a=assignment(stage, change)).code == code


@pytest.mark.parametrize("who", ["stranger", "manager", "other_instructor", "admin"])
def test_who_is_not_enrolled_hands_in_nothing(stage: Stage, who: str) -> None:
    assert stage.attempt(who, SUBMIT, a=assignment(stage)).code == "not_enrolled"


def test_a_locked_lesson_takes_nothing(stage: Stage) -> None:
    work = assignment(stage, lesson=True)
    stage.owner("update public.lessons set unlock_date = now() + interval '1 day' where id = %(reading)s")
    assert stage.attempt("owner", SUBMIT, a=work).code == "locked"


@pytest.mark.parametrize(
    ("files", "code"),
    [
        ([file()], None),
        ([file("A.PDF"), file("b.docx", stored="f-2.docx")], None),
        ([file(), file("again.pdf")], "files_not_allowed"),
        ([file("a.docx")], "files_not_allowed"),
        ([file(size=999)], "files_not_allowed"),
        ([file(stored="never-sent.pdf")], "files_not_allowed"),
        ([file(stored="on-its-way.pdf")], "files_not_allowed"),
        ([file("picture.png", stored="f3.png")], "files_not_allowed"),
        ([file("picture.pdf", stored="f3.png")], "files_not_allowed"),
        ([], "wrong_kind"),
        ([file("a.exe")], "files_not_allowed"),
        ([file("pdf")], "files_not_allowed"),
        ([file("a.pdf/x.pdf")], "files_not_allowed"),
        ([file(size=1048577)], "files_not_allowed"),
        ([file(size=0)], "files_not_allowed"),
        ([file(size="1000")], "files_not_allowed"),
        ([file(who="learner")], "files_not_allowed"),
        ([file(stored="../other/f.pdf")], "files_not_allowed"),
        ([file() | {"signed": True}], "files_not_allowed"),
        ([file()] * 21, "files_not_allowed"),
        ({"file_name": "a.pdf"}, "files_not_allowed"),
        ([None], "files_not_allowed"),
    ],
    ids=lambda value: json.dumps(value)[:60] if isinstance(value, list | dict) else str(value),
)
def test_files_are_the_learners_own_and_of_allowed_kind(stage: Stage, files: Any, code: str | None) -> None:
    work = assignment(stage, "submission_type = 'file_upload', allowed_file_types = '{pdf,docx}', max_file_size_mb = 1")
    for stored in ("f1.pdf", "f-2.docx", "f3.png"):
        uploaded(stage, stored)
    uploaded(stage, "on-its-way.pdf", state="checking")
    uploaded(stage, "f1.pdf", who="learner")
    outcome = stage.attempt("owner", SUBMIT_OF, a=work, text=None, url=None, files=json.dumps(files))
    assert (outcome.state is None, outcome.code) == (code is None, code), outcome


@pytest.mark.parametrize(
    ("kind", "text", "url", "code"),
    [
        ("url_submission", None, "https://example.org/work", None),
        ("url_submission", None, "javascript:alert(1)", "no_address"),
        ("url_submission", "Text.", "https://example.org", "wrong_kind"),
        ("text_entry", " ", None, "wrong_kind"),
        ("both", None, None, "wrong_kind"),
        ("both", "Text.", "https://example.org", None),
    ],
)
def test_each_kind_takes_its_own(stage: Stage, kind: str, text: str | None, url: str | None, code: str | None) -> None:
    work = assignment(stage, f"submission_type = '{kind}'")
    outcome = stage.attempt("owner", SUBMIT_OF, a=work, text=text, url=url, files="[]")
    assert (outcome.state is None, outcome.code) == (code is None, code), outcome


def test_submissions_are_counted_and_a_request_gives_one_more(stage: Stage) -> None:
    work = assignment(stage)
    first = hand_in(stage, work)
    assert stage.attempt("owner", SUBMIT, a=work).code == "no_submissions_left"
    stage.act("instructor", "select public.grade_submission(%(s)s, p_status => 'resubmission_requested')", s=first)
    hand_in(stage, work)
    assert stage.attempt("owner", SUBMIT, a=work).code == "no_submissions_left"
    stage.act(
        "instructor",
        "insert into public.assignment_extensions (assignment_id, enrollment_id, extra_submissions, reason)"
        " values (%(a)s, %(enrollment)s, 2, 'Was ill.')",
        a=work,
    )
    hand_in(stage, work)
    rows = stage.owner(
        "select submission_number from public.assignment_submissions where assignment_id = %(a)s order by 1", a=work
    )
    assert rows == [(1,), (2,), (3,)]


# Lateness ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("late", "days"),
    [
        ("-1 second", 0),
        ("0", 0),
        ("1 microsecond", 1),
        ("24 hours", 1),
        ("24 hours 1 second", 2),
        ("9 days 23 hours", 10),
    ],
)
def test_late_days_are_started_days(stage: Stage, late: str, days: int) -> None:
    assert (
        stage.value(f"select private.late_days('2026-03-28 12:00Z'::timestamptz + '{late}', '2026-03-28 12:00Z')")
        == days
    )


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "America/New_York"])
def test_the_clocks_of_a_place_change_no_penalty(stage: Stage, zone: str) -> None:
    """The night of the change to summer time has 23 hours; a day late is still 24."""
    stage.owner(f"set local time zone '{zone}'")
    for due in ("2026-03-29 00:30+01", "2026-10-25 00:30+02", "2026-03-08 00:30-05"):
        got = stage.owner(
            f"select private.late_days(t + '24 hours', t), private.late_days(t + '24 hours 1 second', t) from (select '{due}'::timestamptz) x (t)"
        )
        assert got == [(1, 2)]


def test_an_extension_is_for_one_person(stage: Stage) -> None:
    work = assignment(stage, "due_date = now() - interval '30 hours', late_penalty_percentage = 10")
    stage.owner(
        "insert into public.assignment_extensions (assignment_id, enrollment_id, due_date, reason)"
        " values (%(a)s, %(enrollment)s, now() - interval '1 hour', 'Was ill.')",
        a=work,
    )
    submissions = [hand_in(stage, work), hand_in(stage, work, "learner")]
    rows = [
        stage.owner(
            "select late_days, is_late, late_penalty_applied from public.assignment_submissions where id = %(s)s", s=one
        )[0]
        for one in submissions
    ]
    assert rows == [(1, True, 10), (2, True, 20)]
    assert [grade(stage, one, 90) for one in submissions] == [("graded", 80), ("graded", 70)]


def test_the_penalty_is_the_one_that_held_when_it_was_handed_in(stage: Stage) -> None:
    work = assignment(stage, "due_date = now() - interval '1 hour', late_penalty_percentage = 10")
    submission = hand_in(stage, work)
    stage.owner("update public.assignments set late_penalty_percentage = 50, due_date = null where id = %(a)s", a=work)
    assert grade(stage, submission, 90) == ("graded", 80)


SAFE = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@SAFE
@given(points=st.decimals(0, 50, places=2), days=st.integers(0, 400), rate=st.decimals(0, 100, places=2))
def test_a_final_score_is_never_below_nothing_or_above_all(stage: Stage, points: Any, days: int, rate: Any) -> None:
    with stage.undone():
        stage.owner(
            "update public.assignment_submissions set max_points = 50, points_earned = %(p)s, graded_at = now(),"
            " late_penalty_applied = private.late_penalty(%(d)s, %(r)s) where id = %(submission)s",
            p=points,
            d=days,
            r=rate,
        )
        score, penalty, final = stage.owner(
            "select score, late_penalty_applied, final_score from public.assignment_submissions where id = %(submission)s"
        )[0]
    assert score == points * 2
    assert penalty == min(100, days * rate)
    assert final == max(0, score - penalty)
    assert 0 <= final <= 100


@SAFE
@given(late=st.integers(-(10**7), 10**7))
def test_late_days_never_go_down_with_time(stage: Stage, late: int) -> None:
    due = datetime(2026, 6, 1, tzinfo=UTC)
    got = stage.value("select private.late_days(%(s)s, %(d)s)", s=due + timedelta(seconds=late), d=due)
    assert got == max(0, -(-late // 86400))


# Grading ----------------------------------------------------------------------------------------------------------


@SAFE
@given(
    parts=st.dictionaries(
        st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=8),
        st.tuples(st.integers(1, 50), st.integers(-2, 60)),
        min_size=1,
        max_size=6,
    )
)
def test_a_rubric_score_is_the_sum_of_its_parts_or_none(stage: Stage, parts: dict[str, tuple[int, int]]) -> None:
    rubric = [{"criterion": name, "points": most} for name, (most, _) in parts.items()]
    scores = {name: given for name, (_, given) in parts.items()}
    got = stage.value("select private.rubric_score(%(r)s, %(s)s)", r=json.dumps(rubric), s=json.dumps(scores))
    fits = all(0 <= given <= most for most, given in parts.values())
    assert got == (sum(scores.values()) if fits else None)
    assert stage.value("select private.rubric_points(%(r)s)", r=json.dumps(rubric)) == sum(
        most for most, _ in parts.values()
    )


@pytest.mark.parametrize(
    "rubric",
    [
        [],
        {},
        [{"criterion": "A"}],
        [{"criterion": "A", "points": 0}],
        [{"criterion": "A", "points": -1}],
        [{"criterion": "A", "points": "40"}],
        [{"criterion": "A", "points": 50}, {"criterion": "A", "points": 50}],
        [{"criterion": "A", "points": 99}],
        [{"criterion": "A", "points": 100, "hidden": 1}],
        ["A"],
    ],
    ids=lambda value: json.dumps(value),
)
def test_a_rubric_adds_up_to_the_points(stage: Stage, rubric: Any) -> None:
    with pytest.raises(psycopg.errors.CheckViolation):
        stage.owner("update public.assignments set rubric = %(r)s where id = %(assignment)s", r=json.dumps(rubric))


@pytest.mark.parametrize(
    ("points", "scores", "code"),
    [
        (None, {"Completeness": 40, "Accuracy": 50}, None),
        (90, {"Completeness": 40, "Accuracy": 50}, None),
        (95, {"Completeness": 40, "Accuracy": 50}, "rubric_not_kept"),
        (None, {"Completeness": 41, "Accuracy": 50}, "rubric_not_kept"),
        (None, {"Completeness": 40}, "rubric_not_kept"),
        (None, {"Completeness": 40, "Accuracy": 50, "Charm": 10}, "rubric_not_kept"),
        (None, {"Completeness": -1, "Accuracy": 50}, "rubric_not_kept"),
        (90, None, "rubric_not_kept"),
    ],
    ids=lambda value: json.dumps(value),
)
def test_grades_keep_to_the_rubric(stage: Stage, points: Any, scores: Any, code: str | None) -> None:
    work = assignment(stage)
    stage.owner("update public.assignments set rubric = %(r)s where id = %(a)s", r=json.dumps(RUBRIC), a=work)
    submission = hand_in(stage, work)
    given_ = None if scores is None else json.dumps(scores)
    outcome = stage.attempt("instructor", GRADE, s=submission, p=points, r=given_)
    assert (outcome.state is None, outcome.code) == (code is None, code), outcome
    if code is None:
        assert outcome.rows == [("graded", 90)]
        refused = stage.attempt("instructor", "update public.assignments set rubric = null where id = %(a)s", a=work)
        assert refused.code == "assignment_graded"


@pytest.mark.parametrize("points", [-1, 100.01, "NaN", None])
def test_points_are_within_the_assignment(stage: Stage, points: Any) -> None:
    submission = hand_in(stage, assignment(stage))
    assert stage.attempt("instructor", GRADE, s=submission, p=points, r=None).code == "points_out_of_range"


def test_who_may_grade(stage: Stage) -> None:
    submission = hand_in(stage, assignment(stage))
    for who in ("owner", "learner", "stranger", "other_instructor", "manager"):
        assert stage.attempt(who, GRADE, s=submission, p=100, r=None).code == "no_such_submission"
    stage.act("admin", GRADE, s=submission, p=100, r=None)
    rows = stage.owner(
        "select review_type, points from public.assignment_reviews where submission_id = %(s)s", s=submission
    )
    assert rows == [("instructor", 100)]


def test_nobody_grades_his_own_work(stage: Stage) -> None:
    stage.owner(
        "insert into public.enrollments (course_id, member_id, enrollment_source) values (%(course)s, %(instructor)s, 'admin_assignment')"
    )
    submission = hand_in(stage, assignment(stage), "instructor")
    assert stage.attempt("instructor", GRADE, s=submission, p=100, r=None).code == "own_work"


def test_figures_move_by_the_difference(stage: Stage) -> None:
    work = assignment(stage)
    figures = "select submissions_count, graded_count, avg_score from public.assignments where id = %(a)s"
    one, two = hand_in(stage, work), hand_in(stage, work, "learner")
    assert stage.owner(figures, a=work) == [(2, 0, None)]
    grade(stage, one, 80)
    grade(stage, two, 60)
    assert stage.owner(figures, a=work) == [(2, 2, 70)]
    assert stage.attempt("instructor", GRADE, s=two, p=100, r=None).code == "reason_needed"
    stage.act("instructor", AGAIN, s=two)
    assert stage.owner(figures, a=work) == [(2, 2, 90)]


@pytest.mark.parametrize(("points", "done"), [(49.99, 0), (50, 1)])
def test_a_grade_that_passes_completes_the_lesson(stage: Stage, points: float, done: int) -> None:
    work = assignment(stage, lesson=True)
    stage.owner("update public.enrollments set course_version_id = null")
    stage.owner(
        "update public.lessons set lesson_type = 'assignment', completion_criteria = 'assignment_passed' where id = %(reading)s"
    )
    assert stage.attempt("owner", "select public.mark_lesson_complete(%(reading)s)").code == "not_by_hand"
    grade(stage, hand_in(stage, work), points)
    rows = "select count(*) from public.lesson_progress where enrollment_id = %(enrollment)s and lesson_id = %(reading)s and status = 'completed'"
    assert stage.value(rows) == done


# Attacks ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "change",
    [
        "points_earned = 100, graded_at = now(), status = 'graded'",
        "late_penalty_applied = 0",
        "submitted_at = '2020-01-01'",
        "due_date = '2100-01-01'",
        "submission_text = 'Better.'",
        "member_id = %(learner)s",
    ],
)
def test_nobody_writes_a_submission(stage: Stage, change: str) -> None:
    for who in ("owner", "learner", "instructor", "admin", "service_role"):
        assert (
            stage.attempt(who, f"update public.assignment_submissions set {change} where id = %(submission)s").state
            == "42501"
        )


def test_a_learner_helps_himself_to_nothing(stage: Stage) -> None:
    extension = (
        "insert into public.assignment_extensions (assignment_id, enrollment_id, due_date, reason)"
        " values (%(assignment)s, %(enrollment)s, '2100-01-01', 'I am I.')"
    )
    assert stage.attempt("owner", extension).state == "42501"
    assert stage.attempt("owner", "select public.allot_peer_reviews(%(short_assignment)s)").code == "no_such_assignment"
    assert stage.attempt("owner", "select public.withdraw_peer_review(%(review)s)").code == "no_such_review"
    assert (
        stage.attempt("stranger", "select * from public.reviews_of_submission(%(submission)s)").code
        == "no_such_submission"
    )
    assert stage.act("owner", "select public.peer_review_view(%(review)s)").rows == [(None,)]
    assert stage.attempt("owner", "select public.submit_peer_review(%(review)s, null, 100)").code == "no_such_review"
