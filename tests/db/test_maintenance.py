"""Maintenance inside the database: runs, expiry, archiving and mending."""

from __future__ import annotations

import pytest

from collegium.access.stage import Stage

OLD_ATTEMPT = """
update public.quiz_attempts set status = %(status)s, started_at = now() - interval '3 years',
    deadline_at = null, submitted_at = now() - %(ago)s::interval, submitted_by = 'learner',
    points_earned = 0, score = 0, passed = false, graded_at = now() - %(ago)s::interval
where id = %(attempt)s
"""


def attempt_of(stage: Stage) -> object:
    return stage.value("select id from public.quiz_attempts order by id limit 1")


@pytest.mark.parametrize(
    ("status", "ago", "after"),
    [
        ("graded", "2 years 1 day", "archived"),
        ("graded", "2 years -1 day", "graded"),
        ("expired", "2 years 1 day", "expired"),
        ("archived", "2 years 1 day", "archived"),
    ],
    ids=["old", "younger", "expired", "archived already"],
)
def test_attempts_graded_two_years_ago_are_archived(stage: Stage, status: str, ago: str, after: str) -> None:
    attempt = attempt_of(stage)
    stage.owner(OLD_ATTEMPT, status=status, ago=ago, attempt=attempt)
    before = stage.value("select count(*) from public.quiz_attempts")
    stage.act("service_role", "select private.archive_attempts()")
    row = stage.owner("select status, score from public.quiz_attempts where id = %(attempt)s", attempt=attempt)
    assert (row[0][0], int(row[0][1])) == (after, 0)
    assert stage.value("select count(*) from public.quiz_attempts") == before


def test_n_maintenance_sets_a_status_that_the_check_forbids(stage: Stage) -> None:
    attempt = attempt_of(stage)
    stage.owner(OLD_ATTEMPT, status="graded", ago="3 years", attempt=attempt)
    assert stage.act("service_role", "select private.archive_attempts()").rows == [(1,)]


def test_archiving_goes_on_by_batches(stage: Stage) -> None:
    attempt = attempt_of(stage)
    stage.owner(OLD_ATTEMPT, status="graded", ago="3 years", attempt=attempt)
    assert stage.act("service_role", "select private.archive_attempts(0)").rows == [(0,)]
    assert stage.act("service_role", "select private.archive_attempts(10)").rows == [(1,)]
    assert stage.act("service_role", "select private.archive_attempts(10)").rows == [(0,)]


@pytest.mark.parametrize("status", ["enrolled", "in_progress", "completed", "suspended", "dropped"])
def test_only_who_still_learns_expires(stage: Stage, status: str) -> None:
    stage.owner(
        "update public.enrollments set status = %(status)s, expires_at = now() - interval '1 second',"
        " completed_at = case when %(status)s = 'completed' then now() end where id = %(enrollment)s",
        status=status,
    )
    expected = "expired" if status in ("enrolled", "in_progress") else status
    stage.act("service_role", "select private.expire_enrollments()")
    assert stage.value("select status from public.enrollments where id = %(enrollment)s") == expected


def test_expiry_counts_the_course_down_once(stage: Stage) -> None:
    find = "select active_enrollments from public.courses where id = %(course)s"
    before = stage.value(find)
    stage.owner("update public.enrollments set expires_at = now() where id = %(enrollment)s")
    assert stage.act("service_role", "select private.expire_enrollments()").rows == [(1,)]
    assert stage.act("service_role", "select private.expire_enrollments()").rows == [(0,)]
    assert stage.value(find) == before - 1


def test_a_run_left_open_is_ended_by_the_next(stage: Stage) -> None:
    first = stage.act("service_role", "select private.begin_maintenance('people.tidy')").rows[0][0]
    stage.act("service_role", "select private.begin_maintenance('files.orphans')")
    second = stage.act("service_role", "select private.begin_maintenance('people.tidy', %(stranger)s)").rows[0][0]
    rows = stage.owner("select id, result, requested_by is not null from public.maintenance_runs where result is null")
    assert {row[0] for row in rows} >= {second}
    assert stage.value("select result from public.maintenance_runs where id = %(run)s", run=first) == "failed"
    assert stage.value("select requested_by from public.maintenance_runs where id = %(run)s", run=second) is not None


@pytest.mark.parametrize(
    "change",
    [
        "finished_at = null",
        "result = null",
        "finished_at = started_at - interval '1 second'",
        "job = 'Not a job'",
        "figures = '[]'",
        "result = 'perhaps'",
        "words = repeat('x', 2001)",
    ],
)
def test_a_run_is_whole(stage: Stage, change: str) -> None:
    statement = f"update public.maintenance_runs set {change} where id = %(maintenance_run)s"
    assert stage.attempt("service_role", statement).state == "23514"


@pytest.mark.parametrize("who", ["owner", "instructor", "manager"])
def test_nobody_else_starts_maintenance(stage: Stage, who: str) -> None:
    outcome = stage.attempt(who, "select public.run_maintenance('people.tidy')")
    assert (outcome.state, outcome.code) == ("CG403", "admins_only")
    assert stage.attempt(who, "select private.mend_course_counters()").state == "42501"


def test_two_clicks_queue_one_run(stage: Stage) -> None:
    for _ in range(2):
        stage.act("admin", "select public.run_maintenance('people.tidy')")
    rows = stage.owner(
        "select task_name, args from procrastinate.procrastinate_jobs where task_name = 'maintenance.run'"
    )
    assert [row[1]["job"] for row in rows] == ["people.tidy"]


def test_mending_changes_only_what_is_wrong(stage: Stage) -> None:
    assert stage.act("service_role", "select private.mend_course_counters()").rows == [(0,)]
    assert stage.act("service_role", "select private.mend_lessons_completed()").rows == [(0,)]
    stage.owner("update public.courses set completion_count = completion_count + 1 where id = %(course)s")
    stage.owner("update public.enrollments set lessons_completed = lessons_completed + 1 where id = %(enrollment)s")
    assert stage.act("service_role", "select private.mend_course_counters()").rows == [(1,)]
    assert stage.act("service_role", "select private.mend_lessons_completed()").rows == [(1,)]
