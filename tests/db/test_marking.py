"""Marking in SQL: what a learner never reads or writes, two who mark at once, groups, and where comments may stand."""

from __future__ import annotations

import asyncio
import json
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from collegium.access.stage import Stage, key
from tests.db.assessing import assignment, hand_in
from tests.features.marking.support import make_desk
from tests.support.database import Database

SAY = "insert into public.submission_annotations (submission_id, text_start, text_end, quote, body) values (%(s)s, 0, 2, 'My', %(b)s) returning id"
READ = "select body from public.submission_annotations where submission_id = %(s)s"
MARK = (
    "select (m).status, (m).final_score from (select public.mark_submission(%(s)s, %(p)s, null, null, %(f)s, %(status)s, %(why)s,"
    " (select max(changed_at) from public.submission_grade_changes where submission_id = %(s)s)) as m offset 0) x"
)


def mark(stage: Stage, work: UUID, points: float | None = 80, status: str = "graded", why: str | None = None) -> Any:
    return stage.attempt("instructor", MARK, s=work, p=points, f="<p>Good.</p>", status=status, why=why)


@pytest.mark.parametrize("status", ["graded", "returned", "resubmission_requested"])
def test_comments_are_read_by_their_learner_alone_and_not_before(stage: Stage, status: str) -> None:
    work = hand_in(stage, assignment(stage))
    stage.act("instructor", SAY, s=work, b="Say why.")
    assert stage.value("select status from public.assignment_submissions where id = %(s)s", s=work) == "grading"
    everybody = ("owner", "learner", "stranger", "other_instructor", "manager")
    assert [stage.act(who, READ, s=work).rows for who in everybody] == [[]] * 5
    assert mark(stage, work, status=status).state is None
    assert [len(stage.act(who, READ, s=work).rows) for who in everybody] == [1, 0, 0, 0, 0]
    told = stage.owner(
        "select kind from public.notifications where member_id = %(owner)s and link = '/submissions/' || %(s)s",
        s=str(work),
    )
    assert told == [({"graded": "work_graded", "returned": "work_returned"}.get(status, "work_asked_again"),)]


def test_nobody_marks_what_is_not_his_to_mark(stage: Stage) -> None:
    work = hand_in(stage, assignment(stage))
    forged = "select set_config('collegium.grade_reason', 'I say so.', true);"
    for who in ("owner", "learner", "stranger", "other_instructor", "manager"):
        given_ = {"s": work, "p": 100, "f": "", "status": "graded", "why": "So."}
        assert stage.attempt(who, MARK, **given_).code == "no_such_submission"
        assert (
            stage.attempt(who, forged + "select public.grade_submission(%(s)s, 100)", s=work).code
            == "no_such_submission"
        )
        assert stage.attempt(who, SAY, s=work, b="Well done.").state == "42501"
        for change in (
            "status = 'graded'",
            "points_earned = 100",
            "rubric_comments = '{}'",
            "instructor_feedback_html = 'x'",
        ):
            statement = f"update public.assignment_submissions set {change} where id = %(s)s"
            assert stage.attempt(who, statement, s=work).state == "42501"
    claims = {
        "sub": str(key("owner")),
        "role": "authenticated",
        "app_metadata": {"role": "admin"},
        "user_role": "admin",
    }
    stage.owner("select set_config('request.jwt.claims', %(c)s, true)", c=json.dumps(claims))
    stage.owner("set local role authenticated")
    with pytest.raises(Exception, match="no such work"), stage.connection.transaction():
        stage.owner("select public.mark_submission(%(s)s, 100, null, null, '', 'graded', 'So.', null)", s=work)


def test_a_comment_says_who_wrote_it_and_stays_when_it_was_given_back(stage: Stage) -> None:
    work = hand_in(stage, assignment(stage))
    as_another = "insert into public.submission_annotations (submission_id, author_id, text_start, text_end, body) values (%(s)s, %(admin)s, 0, 1, 'x')"
    assert stage.attempt("instructor", as_another, s=work).state == "42501"
    said = stage.act("instructor", SAY, s=work, b="Say why.").rows[0][0]
    change = "update public.submission_annotations set body = 'Better.' where id = %(a)s"
    assert stage.act("admin", change, a=said).count == 0, "a colleague's comment is his"
    assert mark(stage, work).state is None
    assert stage.act("instructor", change, a=said).count == 1
    assert mark(stage, work, status="returned").state is None
    assert stage.attempt("instructor", change, a=said).code == "given_back"
    assert (
        stage.attempt("instructor", "delete from public.submission_annotations where id = %(a)s", a=said).code
        == "given_back"
    )
    stage.act("instructor", SAY, s=work, b="One more.")
    logged = "select array_agg(operation order by id) from public.audit_logs where table_name = 'submission_annotations' and record_id = %(a)s"
    assert stage.value(logged, a=str(said)) == ["INSERT", "UPDATE"]


def test_each_change_of_a_grade_has_its_reason(stage: Stage) -> None:
    work = hand_in(stage, assignment(stage))
    assert mark(stage, work).rows == [("graded", 80)]
    assert mark(stage, work, 90).code == "reason_needed"
    assert mark(stage, work, None, "resubmission_requested").code == "reason_needed"
    assert mark(stage, work, 80).rows == [("graded", 80)], "what stays as it is needs none"
    assert mark(stage, work, 90, why="Read it again.").rows == [("graded", 90)]
    rows = stage.owner(
        "select points_before, points_after, reason from public.submission_grade_changes where submission_id = %(s)s order by changed_at",
        s=work,
    )
    assert rows == [(None, 80, "Graded."), (80, 90, "Read it again.")]
    unseen = "select public.mark_submission(%(s)s, 10, null, null, '', 'graded', 'So.', null)"
    assert stage.attempt("instructor", unseen, s=work).code == "graded_meanwhile"


def test_nobody_marks_his_own_work(stage: Stage) -> None:
    stage.owner(
        "insert into public.enrollments (course_id, member_id, enrollment_source) values (%(course)s, %(instructor)s, 'admin_assignment')"
    )
    work = hand_in(stage, assignment(stage), "instructor")
    assert stage.attempt("instructor", SAY, s=work, b="Brilliant.").code == "own_work"
    assert mark(stage, work, 100).code == "own_work"


@pytest.mark.parametrize("apart", [False, True])
def test_a_group_is_marked_as_one_but_for_who_is_graded_apart(stage: Stage, apart: bool) -> None:
    task = assignment(stage, "status = 'published', group_mode = true")
    group = stage.value(
        "insert into public.assignment_groups (assignment_id, name) values (%(a)s, 'Blue') returning id", a=task
    )
    work: dict[str, UUID] = {}
    for who in ("owner", "learner"):
        work[who] = stage.value(
            "insert into public.assignment_submissions (assignment_id, enrollment_id, course_id, member_id, submission_number,"
            " submission_text, max_points, group_id, graded_apart) select %(a)s, e.id, e.course_id, e.member_id, 1, 'Ours.', 100, %(g)s, %(apart)s"
            " from public.enrollments e where e.course_id = %(course)s and e.member_id = %(m)s returning id",
            a=task, g=group, m=key(who), apart=apart and who == "learner",
        )  # fmt: skip
    stage.act("instructor", SAY, s=work["owner"], b="Together.")
    assert mark(stage, work["owner"], 70).state is None
    got = stage.owner(
        "select final_score from public.assignment_submissions where id = any (%(w)s) order by member_id = %(learner)s",
        w=list(work.values()),
    )
    assert got == [(70,), (None,) if apart else (70,)]
    seen = [len(stage.act(who, READ, s=work["owner"]).rows) for who in ("owner", "learner", "stranger")]
    assert seen == [1, 0 if apart else 1, 0]
    changes = stage.value(
        "select count(*) from public.submission_grade_changes where submission_id = any (%(w)s)", w=list(work.values())
    )
    assert changes == (1 if apart else 2)


NUMBERS = st.one_of(st.floats(-2, 2, allow_nan=False), st.integers(-1, 2), st.none(), st.text(max_size=3))


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rects=st.lists(st.lists(NUMBERS, min_size=3, max_size=5), max_size=62))
def test_rectangles_lie_within_their_page(stage: Stage, rects: list[list[Any]]) -> None:
    fits = len(rects) <= 60 and all(
        len(rect) == 4 and all(isinstance(n, int | float) and 0 <= n <= 1 for n in rect) for rect in rects
    )
    assert stage.value("select private.are_rects(%(r)s)", r=json.dumps(rects)) is fits


async def test_of_two_who_mark_at_once_the_second_is_told(database: Database) -> None:
    """Two connections: one grade is written, the other is refused with the first one's name, and nobody waits for ever."""
    desk = await make_desk(database)
    work = await desk.work(await desk.learner())
    sql = "select public.mark_submission($1, $2, null, null, '', 'graded', null, null)"
    outcomes = await asyncio.wait_for(
        asyncio.gather(*(desk.say(desk.teacher, sql, work, points) for points in (70, 60)), return_exceptions=True), 20
    )
    refused = [one for one in outcomes if isinstance(one, asyncpg.PostgresError)]
    assert [(one.sqlstate, one.as_dict()["detail"]) for one in refused] == [("CG409", "graded_meanwhile")]
    assert await desk.value("select count(*) from public.submission_grade_changes") == 1


async def test_a_group_marked_and_commented_on_at_once_ends(database: Database) -> None:
    """Whoever marks one member writes the rows of all; nobody waits in a circle, and all members stand alike."""
    desk = await make_desk(database)
    people = [await desk.learner(name) for name in ("Mara", "Liv", "Anton")]
    group = await desk.value(
        "insert into public.assignment_groups (assignment_id, name) values ($1, 'Blue') returning id", desk.assignment
    )
    mark_ = "select public.mark_submission($1, $2, null, null, '', 'graded', 'So.', null)"
    say = (
        "insert into public.submission_annotations (submission_id, text_start, text_end, quote, body)"
        " values ($1, 0, 1, 'A', 'So.')"
    )
    for turn in range(1, 7):
        works = [await desk.work(one, group_id=group, submission_number=turn) for one in people]
        acts = [desk.say(desk.teacher, mark_, work, 50 + n) for n, work in enumerate(works)]
        acts += [desk.say(desk.teacher, say, work) for work in works]
        outcomes = await asyncio.wait_for(asyncio.gather(*acts, return_exceptions=True), 30)
        states = [one.sqlstate for one in outcomes if isinstance(one, asyncpg.PostgresError)]
        assert states == ["CG409", "CG409"], "one grade for the group, the others are told"
        assert (
            await desk.value(
                "select count(distinct points_earned) from public.assignment_submissions where id = any ($1)", works
            )
            == 1
        )
