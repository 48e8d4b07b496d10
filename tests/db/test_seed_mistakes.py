"""Mistakes of the seed documents that must not be built, those that the tables of today could repeat.

Each test is named after its line: the seed (N: association platform, L: personalised platform, S: sessions) and what
was wrong there.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

import pytest

from collegium.access.stage import ACTORS, Stage, key
from collegium.kit import ranges
from collegium.kit.storage import Meta, response_headers

NO_RIGHT = "42501"


def complete(stage: Stage, *lessons: str, enrollment: str = "enrollment") -> None:
    for lesson in lessons:
        stage.owner(f"select private.complete_lesson(%({enrollment})s, %({lesson})s)")


def test_n_a_member_enrols_in_a_paid_course_and_completes_it_by_update(stage: Stage) -> None:
    insert = "insert into public.enrollments (course_id, member_id) values (%(paid)s, %(stranger)s)"
    assert stage.attempt("stranger", insert).code == "payment_required"
    # Nor with a payment: only what was learnt completes.
    stage.owner(
        "insert into public.transactions (member_id, course_id, transaction_type, amount, status, completed_at)"
        " values (%(stranger)s, %(paid)s, 'course_purchase', 80, 'completed', now())"
    )
    stage.act("stranger", insert)
    for change in (
        "status = 'completed', completed_at = now()",
        "lessons_completed = 99",
        "final_grade = 100",
        "transaction_id = null",
    ):
        outcome = stage.attempt("stranger", f"update public.enrollments set {change} where member_id = %(stranger)s")
        assert outcome.state == NO_RIGHT
    assert not stage.value("select count(*) from public.certificates where member_id = %(stranger)s")


def test_n_two_completions_in_one_second_break_the_second(stage: Stage) -> None:
    for enrollment in ("enrollment", "learner_enrollment"):
        complete(stage, "welcome", "reading", "locked", enrollment=enrollment)
    rows = stage.owner("select number, issued_at from public.certificates where course_id = %(course)s")
    numbers, instants = {row[0] for row in rows}, {row[1] for row in rows}
    assert (len(numbers), len(instants)) == (2, 1)
    assert all(re.fullmatch(r"CERT-\d{4}-[2-9A-HJ-NP-Z]{8}", number) for number in numbers)


def test_n_anyone_lists_every_holders_name(stage: Stage) -> None:
    for who in ("anon", "stranger", "learner", "other_instructor"):
        outcome = stage.attempt(who, "select holder_name from public.certificates")
        assert outcome.state == NO_RIGHT or not outcome.rows
    number = stage.value("select number from public.certificates")
    one = stage.act("anon", "select public.verify_certificate(%(n)s)", n=number).rows[0][0]
    assert one["member_name"] == "Owner Guild"


def test_n_null_cohorts_repeat(stage: Stage) -> None:
    again = (
        "insert into public.enrollments (course_id, member_id, enrollment_source, cohort_name)"
        " values (%(course)s, %(owner)s, 'bulk_import', null)"
    )
    assert stage.attempt("service_role", again).state == "23505"


def touched(stage: Stage, statement: str) -> int:
    """How many pages of the database a statement looks at, with all that its triggers do."""
    plan: list[dict[str, Any]] = stage.value(f"explain (analyze, buffers, format json) {statement}")
    return plan[0]["Plan"]["Shared Hit Blocks"] + plan[0]["Plan"]["Shared Read Blocks"]


def test_n_progress_recounts_the_course_and_locks_it(stage: Stage) -> None:
    lesson = "select private.complete_lesson(%(enrollment)s, %(reading)s)"
    version = "select xmin::text, xmax::text from public.courses where id = %(course)s"
    with stage.undone():
        stage.owner(lesson)  # Plans are made once.
    with stage.undone():
        before = stage.owner(version)
        few = touched(stage, lesson)
        assert stage.owner(version) == before, "a transition that completes no course does not touch its row"
    # The counters' trigger rests meanwhile: two thousand versions of one row in one transaction would be in the way.
    stage.owner("insert into auth.users (email) select 'p' || n || '@guild.test' from generate_series(1, 2000) n")
    stage.owner("alter table public.enrollments disable trigger trigger_update_course_analytics")
    stage.owner(
        "insert into public.enrollments (course_id, member_id, enrollment_source)"
        " select %(course)s, id, 'bulk_import' from public.profiles where email like 'p%%@guild.test'"
    )
    stage.owner("alter table public.enrollments enable trigger trigger_update_course_analytics")
    stage.owner("analyze public.enrollments, public.lesson_progress")
    with stage.undone():
        stage.owner(lesson)
    with stage.undone():
        many = touched(stage, lesson)
    assert many <= few + 15, f"{few} pages with two people, {many} with two thousand"


@pytest.mark.parametrize("table", ["quiz_attempts", "enrollments", "courses"])
def test_n_maintenance_sets_a_state_that_the_check_forbids(stage: Stage, table: str) -> None:
    row = {"quiz_attempts": "attempt", "enrollments": "enrollment", "courses": "course"}[table]
    if table == "quiz_attempts":
        stage.owner(
            "update public.quiz_attempts set status = 'graded', score = 100, points_earned = 1, passed = true,"
            " started_at = now() - interval '3 years', submitted_at = now() - interval '3 years',"
            " submitted_by = 'learner', graded_at = now() - interval '3 years' where id = %(attempt)s"
        )
        assert stage.act("service_role", "select private.archive_attempts()").rows == [(1,)]
    else:
        stage.act("service_role", f"update public.{table} set status = 'archived' where id = %({row})s")
    assert stage.value(f"select status from public.{table} where id = %({row})s") == "archived"


def test_n_partitions_enrollments_by_a_column_that_its_keys_lack(stage: Stage) -> None:
    kinds = dict(
        stage.owner("select relname, relkind::text from pg_class where relname in ('enrollments', 'video_events')")
    )
    assert kinds == {"enrollments": "r", "video_events": "p"}
    columns = stage.value(
        "select array_agg(a.attname::text order by a.attnum) from pg_index i join pg_attribute a on a.attrelid = i.indrelid"
        " and a.attnum = any (i.indkey) where i.indrelid = 'public.video_events'::regclass and i.indisprimary"
    )
    assert columns == ["id", "occurred_at"]


def test_n_dragging_the_slider_to_the_end_completes_a_video(stage: Stage) -> None:
    playback = stage.act("owner", "select public.open_playback(%(welcome_video)s) ->> 'playback_id'").rows[0][0]
    beat = (
        "select outcome, watched_seconds from private.record_heartbeats(array[%(p)s]::uuid[], %(n)s, %(r)s, '{100}',"
        " '{0}', '{1}', '{t}')"
    )
    assert stage.act("service_role", beat, p=playback, n=[1], r=["{}"]).rows == [("counted", 0)]
    assert stage.act("service_role", beat, p=playback, n=[2], r=["{[0,100)}"]).rows == [("too_fast", 0)]
    assert stage.value("select status from public.lesson_progress where id = %(progress)s") == "in_progress"


@pytest.mark.parametrize("file", ["index.html", "page.xhtml", "logo.svg", "feed.xml", "player.js", "player.swf"])
def test_n_package_files_share_the_pages_origin(file: str) -> None:
    """What could run a script goes out without an origin, and as a download: nothing of a package acts as the site."""
    meta = Meta(f"scorm/fire/{file}", 100, '"a"', datetime(2026, 1, 1, tzinfo=UTC))
    plan = ranges.plan("GET", {}, size=100, etag='"a"', last_modified=meta.last_modified)
    headers = response_headers(meta, plan)
    assert headers["content-security-policy"] == "sandbox; default-src 'none'"
    assert headers["content-disposition"].startswith("attachment")
    assert headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("who", ACTORS)
def test_l_a_policy_on_profiles_reads_profiles_and_never_ends(stage: Stage, who: str) -> None:
    assert stage.attempt(who, "select count(*) from public.profiles").state in (None, NO_RIGHT)


@pytest.mark.parametrize("who", ACTORS)
def test_l_n_policies_on_courses_and_enrollments_read_each_other(stage: Stage, who: str) -> None:
    for statement in (
        "select count(*) from public.courses c join public.enrollments e on e.course_id = c.id",
        "select count(*) from public.enrollments where course_id in (select id from public.courses)",
        "select count(*) from public.courses",
    ):
        assert stage.attempt(who, statement).state in (None, NO_RIGHT)


def test_l_an_instructor_reads_every_students_profile(stage: Stage) -> None:
    seen = {row[0] for row in stage.act("instructor", "select id from public.profiles").rows}
    assert seen == {key("instructor"), key("owner"), key("learner")}


@pytest.mark.parametrize(
    ("table", "column", "where"),
    [
        ("course_modules", "module_order", "course_id = %(course)s"),
        ("lessons", "lesson_order", "module_id = %(first_module)s"),
        ("content_blocks", "order_index", "lesson_id = %(reading)s"),
    ],
)
def test_s_reordering_breaks_unique(stage: Stage, table: str, column: str, where: str) -> None:
    """One statement turns the order round; row after row it would pass through equal numbers."""
    if table == "content_blocks":
        stage.owner(
            "insert into public.content_blocks (lesson_id, course_id, type, order_index, content)"
            " values (%(reading)s, %(course)s, 'youtube', 2, '{\"video_id\": \"abcdefghijk\"}')"
        )
    numbers = f"select array_agg({column} order by id) from public.{table} where {where}"
    before = stage.value(numbers)
    assert len(before) > 1
    mirror = max(before) + 1
    turn = f"update public.{table} set {column} = {mirror} - {column} where {where}"
    assert stage.act("instructor", turn).count == len(before)
    assert stage.value(numbers) == [mirror - number for number in before]
    assert stage.attempt("instructor", f"update public.{table} set {column} = 1 where {where}").state == "23505"
