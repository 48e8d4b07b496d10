"""What follows from other tables: progress, cheap for one person; figures of health for administrators."""

from __future__ import annotations

import math
from typing import Any

import psycopg
import pytest

from collegium.access.stage import ACTORS, Stage, key
from tests.support.database import Database

SEES_HEALTH = {"admin", "super_admin", "service_role"}
METRICS = [
    "Avg Course Completion Rate",
    "Avg Video Completion %",
    "Certificates Issued (30d)",
    "Total Active Enrollments",
]
MINE = (
    "select {} from public.student_progress"
    " where student_id = %(owner)s and course_id = %(course)s and assessment_id is null"
)
BLOCKED = "select lesson_id from public.student_progress where student_id = %(owner)s and status = 'blocked'"


def row(stage: Stage, lesson: str, columns: str, who: str = "owner") -> tuple[Any, ...]:
    """The owner's progress in a lesson, as somebody sees it."""
    (found,) = stage.act(who, MINE.format(columns) + f" and lesson_id = %({lesson})s").rows
    return found


# Progress


def test_a_course_and_each_of_its_lessons_have_a_row(stage: Stage) -> None:
    rows = stage.act(
        "owner", MINE.format("lesson_id, status, completion_percentage") + " order by lesson_id nulls first"
    ).rows
    assert rows[0] == (None, "in_progress", 0)
    states = {lesson: status for lesson, status, _ in rows[1:]}
    assert states == {
        key("welcome"): "in_progress",
        key("reading"): "not_started",
        key("locked"): "blocked",
        key("spare"): "blocked",
        key("bare"): "not_started",
    }
    ids = [found[0] for found in stage.act("owner", MINE.format("id")).rows]
    assert len(set(ids)) == len(rows)
    assert sorted(ids) == sorted(found[0] for found in stage.act("owner", MINE.format("id")).rows)


def test_a_lesson_is_blocked_until_what_it_waits_for_is_done(stage: Stage) -> None:
    for lesson in ("welcome", "reading"):
        assert row(stage, "locked", "status") == ("blocked",)
        stage.owner(f"select private.complete_lesson(%(enrollment)s, %({lesson})s)")
        assert row(stage, lesson, "status, completion_percentage") == ("completed", 100)
    assert row(stage, "locked", "status") == ("not_started",)


@pytest.mark.parametrize("status", ["dropped", "suspended", "expired"])
def test_who_may_not_go_on_is_blocked(stage: Stage, status: str) -> None:
    stage.owner("update public.enrollments set status = %(s)s where id = %(enrollment)s", s=status)
    assert set(stage.owner(MINE.format("status::text"))) == {("blocked",)}


def test_seconds_played_and_read_are_summed(stage: Stage) -> None:
    stage.owner(
        "update public.video_analytics set play_seconds = 40, watched = '{[0,30)}', watched_seconds = 30, goal_seconds = 90"
        " where user_id = %(owner)s and video_id = %(welcome_video)s"
    )
    stage.owner(
        "insert into public.learning_progress (student_id, content_id, lesson_id, course_id, content_type, time_spent)"
        " values (%(owner)s, %(welcome_block)s, %(welcome)s, %(course)s, 'rich_text', 5)"
    )
    stage.owner("update public.learning_progress set time_spent = 7 where id = %(reading_progress)s")
    for who in ("owner", "instructor", "manager", "admin", "service_role"):
        assert row(stage, "welcome", "completion_percentage, time_spent", who) == (33, 45)
    assert stage.act("owner", MINE.format("time_spent") + " and lesson_id is null").rows == [(52,)]


def test_a_completed_course_is_complete(stage: Stage) -> None:
    rows = stage.act(
        "owner",
        "select lesson_id is null, status::text, completion_percentage from public.student_progress"
        " where student_id = %(owner)s and course_id = %(short)s and assessment_id is null"
        " and (lesson_id is null or lesson_id = %(short_lesson)s) order by 1",
    ).rows
    assert rows == [(False, "completed", 100), (True, "completed", 100)]


@pytest.mark.parametrize("who", ACTORS)
def test_each_sees_only_whose_progress_he_may(stage: Stage, who: str) -> None:
    outcome = stage.attempt(who, "select distinct student_id from public.student_progress where course_id = %(course)s")
    both = {key("owner"), key("learner")}
    expected = {
        "owner": {key("owner")},
        "learner": {key("learner")},
        "manager": {key("owner")},
        "instructor": both,
        "admin": both,
        "super_admin": both,
        "service_role": both,
    }
    assert {found[0] for found in outcome.rows} == expected.get(who, set())


@pytest.mark.parametrize("who", ["learner", "stranger", "other_instructor"])
def test_locks_tell_nobody_about_others(stage: Stage, who: str) -> None:
    assert stage.act(who, "select * from private.lesson_states(%(owner)s, %(course)s)").rows == []
    # Nor about the lessons of a draft that one does not take.
    assert stage.act(who, f"select * from private.lesson_states(%({who})s, %(draft)s)").rows == []


def test_an_instructor_of_another_course_of_the_same_person_sees_that_one_only(stage: Stage) -> None:
    rows = stage.act("other_instructor", "select distinct course_id, student_id from public.student_progress").rows
    assert rows == [(key("other_course"), key("learner"))]


def nodes(plan: dict[str, Any]) -> list[dict[str, Any]]:
    """Every step of a plan."""
    return [plan, *(node for inner in plan.get("Plans", []) for node in nodes(inner))]


def explained(stage: Stage, who: str) -> dict[str, Any]:
    statement = (
        "explain (analyze, buffers, format json) select * from public.student_progress where student_id = %(owner)s"
    )
    plan: dict[str, Any] = stage.act(who, statement).rows[0][0][0]["Plan"]
    return plan


def pages(plan: dict[str, Any]) -> int:
    return plan["Shared Hit Blocks"] + plan["Shared Read Blocks"]


@pytest.mark.parametrize("who", ["owner", "service_role"])
def test_progress_of_one_person_reads_no_whole_course(stage: Stage, who: str) -> None:
    explained(stage, who)  # Plans are made once.
    few = pages(explained(stage, who))
    stage.owner("insert into auth.users (email) select 'p' || n || '@guild.test' from generate_series(1, 2000) n")
    for table in ("enrollments", "lesson_progress"):
        stage.owner(f"alter table public.{table} disable trigger user")
    stage.owner(
        "with more as ("
        " insert into public.enrollments (course_id, member_id, enrollment_source)"
        " select %(course)s, id, 'bulk_import' from public.profiles where email like 'p%%@guild.test' returning id, course_id)"
        " insert into public.lesson_progress (enrollment_id, lesson_id, course_id)"
        " select m.id, l.id, m.course_id from more m join public.lessons l on l.course_id = m.course_id"
    )
    stage.owner(
        "insert into public.learning_progress (student_id, content_id, lesson_id, course_id, content_type)"
        " select id, %(reading_block)s, %(reading)s, %(course)s, 'rich_text' from public.profiles where email like 'p%%@guild.test'"
    )
    stage.owner("analyze public.enrollments, public.lesson_progress, public.learning_progress")
    explained(stage, who)
    plan = explained(stage, who)
    for node in nodes(plan):
        if node.get("Relation Name") in ("enrollments", "lesson_progress", "learning_progress"):
            assert node["Node Type"] != "Seq Scan", node
            assert math.prod((node["Actual Rows"], node["Actual Loops"])) < 100, node
    assert pages(plan) <= few * 2 + 200, f"{few} pages with two people, {pages(plan)} with two thousand"
    calls = [node["Actual Loops"] for node in nodes(plan) if node.get("Function Name") == "lesson_states"]
    own = stage.value("select count(*) from public.enrollments where member_id = %(owner)s")
    assert len(calls) == 2
    assert max(calls) <= own, "once for each enrollment, never for each lesson"


def test_quizzes_have_rows_of_their_own(stage: Stage) -> None:
    look = (
        "select assessment_id, lesson_id, status::text, completion_percentage, attempts_count, best_score"
        " from public.student_progress where student_id = %(owner)s and course_id = {} and assessment_id is not null"
    )
    # A draft is nowhere.
    quiz = (key("quiz"), key("reading"))
    assert stage.act("owner", look.format("%(course)s")).rows == [(*quiz, "not_started", 0, 0, None)]
    assert stage.act("owner", look.format("%(short)s")).rows == [(key("short_quiz"), None, "in_progress", 0, 1, None)]
    stage.owner("update public.lessons set unlock_date = now() + interval '1 day' where id = %(reading)s")
    assert stage.act("owner", look.format("%(course)s")).rows == [(*quiz, "blocked", 0, 0, None)]
    stage.owner(
        "insert into public.quiz_attempts (quiz_id, enrollment_id, course_id, member_id, attempt_number, status, started_at,"
        " submitted_at, submitted_by, passing_score, total_points, points_earned, score, passed, graded_at)"
        " select %(quiz)s, %(enrollment)s, %(course)s, %(owner)s, n, 'graded', now() - interval '1 minute', now(), 'learner',"
        " 70, 10, n * 4, n * 40, n = 2, now() from generate_series(1, 2) n"
    )
    for who in ("owner", "instructor", "admin", "service_role"):
        assert stage.act(who, look.format("%(course)s") + " and attempts_count > 0").rows == [
            (*quiz, "completed", 100, 2, 80)
        ]
    spent = "select time_spent from public.student_progress where student_id = %(owner)s and assessment_id = %(quiz)s"
    assert stage.act("owner", spent).rows == [(120,)]


# Shapes of the personalised LMS


def test_progress_of_an_enrollment_is_one_document(stage: Stage) -> None:
    stage.owner("select private.complete_lesson(%(enrollment)s, %(reading)s)")
    document = stage.act("owner", "select progress from public.enrollment_progress where id = %(enrollment)s").rows[0][
        0
    ]
    assert {name: document[name] for name in ("status", "percentage", "lessons_completed", "total_lessons")} == {
        "status": "in_progress",
        "percentage": 33.33,
        "lessons_completed": 1,
        "total_lessons": 3,
    }


def test_a_roadmap_is_one_document_with_its_reasons(stage: Stage) -> None:
    look = "select roadmap_data from public.roadmap_details where id = %(roadmap)s"
    (step,) = stage.act("owner", look).rows[0][0]
    assert step["gap"] == "Reading is at 40 of 100."
    assert step["evidence"] == {"mastery": 0.4}
    assert (step["rule"] != "", step["alternative"] != "", step["skill"]) == (True, True, "policies.reading")
    assert (step["status"], step["lesson_id"], step["course_id"]) == (
        "not_started",
        str(key("bare")),
        str(key("course")),
    )
    stage.owner("select private.complete_lesson(%(enrollment)s, %(bare)s)")
    assert stage.act("owner", look).rows[0][0][0]["status"] == "completed"
    stage.owner("update public.roadmap_steps set lesson_id = null, course_id = %(open)s")
    assert stage.act("admin", look).rows[0][0][0]["status"] == "not_started"
    assert stage.act("owner", "select roadmap_data from public.roadmap_details where id = %(old_roadmap)s").rows == [
        ([],)
    ]


# Health


@pytest.mark.parametrize("who", sorted(SEES_HEALTH))
def test_n_the_kpi_query_mixes_types_in_a_union_and_fails(stage: Stage, who: str) -> None:
    stage.owner("update public.video_analytics set watched = '{[0,50)}', watched_seconds = 50")
    rows = stage.act(who, "select metric, value, unit, as_of = now() from public.lms_health order by metric").rows
    assert [found[0] for found in rows] == METRICS
    figures = {metric: value for metric, value, _, _ in rows}
    assert figures["Total Active Enrollments"] == stage.value(
        "select count(*) from public.enrollments where status in ('enrolled', 'in_progress')"
    )
    assert figures["Certificates Issued (30d)"] == 1
    assert figures["Avg Video Completion %"] == 50
    assert figures["Avg Course Completion Rate"] == stage.value(
        "select round(avg(completion_rate), 2) from public.courses where status = 'published'"
    )
    assert [found[3] for found in rows] == [True] * 4
    stage.owner("update public.certificates set issued_at = now() - interval '31 days'")
    after = dict(stage.act(who, "select metric, value from public.lms_health").rows)
    assert after["Certificates Issued (30d)"] == 0


@pytest.mark.parametrize("view", ["lms_health", "slow_queries", "index_usage", "table_sizes"])
@pytest.mark.parametrize("who", sorted(set(ACTORS) - SEES_HEALTH - {"anon"}))
def test_health_is_not_for_everybody(stage: Stage, who: str, view: str) -> None:
    assert stage.act(who, f"select * from public.{view}").rows == []
    assert stage.act(who, f"select * from private.{view}()").rows == []
    # The claim to be the service does not help: the role counts.
    claims = "select set_config('request.jwt.claims', '{\"role\": \"service_role\"}', true)"
    assert stage.act(who, f"{claims}; select * from public.{view}").rows == []


@pytest.mark.parametrize("who", sorted(SEES_HEALTH))
def test_n_the_slow_query_query_names_columns_that_do_not_exist(stage: Stage, who: str) -> None:
    used = stage.act(
        who,
        "select tablename, idx_scan >= 0, idx_tup_read >= 0, idx_tup_fetch >= 0, index_bytes > 0, is_unique"
        " from public.index_usage where schemaname = 'public' and indexname = 'courses_slug_key'",
    ).rows
    assert used == [("courses", True, True, True, True, True)]
    sizes = stage.act(
        who, "select total_bytes >= table_bytes + index_bytes from public.table_sizes where tablename = 'courses'"
    ).rows
    assert sizes == [(True,)]
    if stage.value("select to_regclass('extensions.pg_stat_statements') is not null"):
        stage.act(who, "select pg_catalog.pg_sleep(0.02) as a_slow_one")
        found = stage.act(who, "select calls, mean_ms from public.slow_queries where query like '%%a_slow_one%%'").rows
        assert len(found) == 1
        assert found[0][0] >= 1
        assert found[0][1] >= 20


async def test_slow_queries_are_none_without_the_extension(own_guild: Database) -> None:
    async with own_guild.connect("super") as session:
        await session.execute("drop extension if exists pg_stat_statements")
    with psycopg.connect(own_guild.dsn_owner) as connection:
        assert Stage(connection).act("admin", "select * from public.slow_queries").rows == []
