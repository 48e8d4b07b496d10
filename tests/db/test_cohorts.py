"""Cohorts as the database holds them: who may join which and when, what opens when, and taking a course again."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collegium.access.stage import Stage

JOIN = "select (public.enrol_in_cohort(%(course)s, {cohort})).status"
MINE = "select cohort_name, status from public.enrollments where member_id = %({who})s and course_id = %(course)s order by enrolled_at"


def join(stage: Stage, who: str, cohort: str = "%(spring)s", **more: Any) -> str:
    """The status, or the code of the refusal."""
    outcome = stage.attempt(who, JOIN.format(cohort=cohort), **more)
    return outcome.rows[0][0] if outcome.rows else f"{outcome.state} {outcome.code}"


def change(stage: Stage, what: str, cohort: str = "spring") -> None:
    stage.owner(f"update public.course_cohorts set {what} where id = %({cohort})s")


def taken(stage: Stage, cohort: str = "spring") -> int:
    return stage.value(f"select seats_taken from public.course_cohorts where id = %({cohort})s")


def forget(stage: Stage) -> None:
    """Nobody takes the course."""
    stage.owner("update public.enrollments set status = 'dropped' where course_id = %(course)s")


def test_an_enrollment_takes_name_and_dates_of_its_cohort(stage: Stage) -> None:
    assert join(stage, "stranger") == "enrolled"
    found = "select e.cohort_name, e.cohort_start_date = k.starts_at, e.cohort_end_date = k.ends_at" + (
        " from public.enrollments e join public.course_cohorts k on k.id = e.cohort_id where e.member_id = %(stranger)s"
    )
    assert stage.act("owner", found).rows == []
    assert stage.act("stranger", found).rows == [("Spring", True, True)]
    stage.act("instructor", "update public.course_cohorts set name = 'Spring 26', starts_at = now(), ends_at = now() + interval '9 days'"
              " where id = %(spring)s")  # fmt: skip
    assert stage.act("stranger", found).rows == [("Spring 26", True, True)]


def test_the_dates_of_a_completed_course_are_history(stage: Stage) -> None:
    stage.owner("update public.enrollments set cohort_id = %(spring)s where id = %(enrollment)s")
    stage.owner("update public.enrollments set status = 'completed', completed_at = now() where id = %(enrollment)s")
    change(stage, "name = 'Spring 26', starts_at = '2026-02-01'")
    assert stage.act("owner", "select cohort_name, cohort_start_date::date::text from public.enrollments where id = %(enrollment)s").rows == [
        ("Spring 26", "2026-03-01")
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("what", "answer"),
    [
        ("name = name", "enrolled"),
        ("is_closed = true", "CG409 cohort_closed"),
        ("enrollment_opens_at = now() + interval '1 second'", "CG409 cohort_not_open"),
        ("enrollment_opens_at = now()", "enrolled"),
        ("enrollment_closes_at = now()", "CG409 cohort_closed"),
        ("enrollment_closes_at = now() + interval '1 second'", "enrolled"),
        ("ends_at = now()", "CG409 cohort_closed"),
        ("starts_at = now() + interval '1 day'", "enrolled"),
    ],
)
def test_who_may_join_when(stage: Stage, what: str, answer: str) -> None:
    change(stage, what)
    assert join(stage, "stranger") == answer


def test_a_full_cohort_says_what_else_there_is(stage: Stage) -> None:
    change(stage, "capacity = 1")
    stage.owner("update public.courses set cohorts_only = true where id = %(course)s")
    assert join(stage, "stranger") == "enrolled"
    outcome = stage.attempt("manager", JOIN.format(cohort="%(spring)s"))
    assert outcome.code == "cohort_full"
    assert outcome.words == "“Spring” is full. There is room in “Autumn”, which begins on 1 September 2098."
    change(stage, "is_closed = true", "autumn")
    assert (
        stage.attempt("manager", JOIN.format(cohort="%(spring)s")).words
        == "“Spring” is full. No other cohort takes people now."
    )
    stage.owner("update public.courses set cohorts_only = false where id = %(course)s")
    assert str(stage.attempt("manager", JOIN.format(cohort="%(spring)s")).words).endswith(
        "You can also begin at any time, without a cohort."
    )


def test_a_place_comes_back_when_somebody_leaves(stage: Stage) -> None:
    change(stage, "capacity = 1")
    assert join(stage, "stranger") == "enrolled"
    stage.act("stranger", "select public.drop_enrollment(id) from public.enrollments where member_id = %(stranger)s")
    assert taken(stage) == 0
    assert join(stage, "manager") == "enrolled"
    assert join(stage, "stranger") == "CG409 cohort_full"
    assert taken(stage) == 1


def test_cohorts_only(stage: Stage) -> None:
    stage.owner("update public.courses set cohorts_only = true where id = %(course)s")
    assert stage.attempt("stranger", "select public.enrol(%(course)s)").code == "choose_cohort"
    direct = "insert into public.enrollments (course_id, member_id) values (%(course)s, %(stranger)s)"
    assert stage.attempt("stranger", direct).code == "choose_cohort"
    assert join(stage, "stranger") == "enrolled"
    assert stage.act("stranger", "select (public.enrol(%(course)s)).cohort_name").rows == [("Spring",)]
    assert join(stage, "owner") == "CG409 takes_it_already"


def test_nobody_takes_a_course_twice_at_once(stage: Stage) -> None:
    assert join(stage, "stranger") == join(stage, "stranger") == "enrolled"
    assert taken(stage) == 1
    assert join(stage, "stranger", "%(autumn)s") == "CG409 takes_it_already"
    direct = "insert into public.enrollments (course_id, member_id) values (%(course)s, %(stranger)s)"
    assert stage.attempt("stranger", direct).code == "takes_it_already"
    with_cohort = (
        "insert into public.enrollments (course_id, member_id, cohort_id) values (%(course)s, %(stranger)s, %(autumn)s)"
    )
    assert stage.attempt("stranger", with_cohort).state == "42501"


@pytest.mark.parametrize("cohort", ["%(draft_cohort)s", "%(course)s", "null"])
def test_cohorts_of_other_courses_and_none(stage: Stage, cohort: str) -> None:
    assert join(stage, "stranger", cohort) == "CG404 no_such_cohort"


# Before it begins, and after it ended ------------------------------------------------------------------------------

OPEN = "select id from public.content_blocks where lesson_id = %(reading)s"
LOCKS = "select lesson_id::text, lock_reason, opens_at = %(at)s::timestamptz from public.my_lesson_locks(%(course)s)"


def test_lessons_are_shut_until_the_cohort_begins(stage: Stage) -> None:
    assert join(stage, "stranger", "%(autumn)s") == "enrolled"
    begins = "2098-09-01 09:00+00"
    shut = {row[0]: row[1:] for row in stage.act("stranger", LOCKS, at=begins).rows}
    assert shut[str(stage.value("select %(reading)s::uuid"))] == ("cohort", True)
    assert str(stage.value("select %(welcome)s::uuid")) not in shut
    assert stage.act("stranger", OPEN).rows == []
    refused = stage.attempt("stranger", "select public.visit_lesson(%(reading)s)")
    assert refused.code == "locked"
    assert refused.words == "This lesson is not open for you yet: “Autumn” begins on 1 September 2098."
    stage.owner("update public.quizzes set status = 'published', lesson_id = null where id = %(draft_quiz)s")
    assert stage.attempt("stranger", "select public.start_quiz_attempt(%(draft_quiz)s)").code == "not_enrolled"
    assert stage.act("instructor", OPEN).rows != []
    change(stage, "starts_at = now()", "autumn")
    assert stage.act("stranger", OPEN).rows != []
    assert stage.act("stranger", "select public.visit_lesson(%(reading)s)").state is None


def test_what_was_done_stays_readable_after_the_end(stage: Stage) -> None:
    assert join(stage, "stranger") == "enrolled"
    change(stage, "starts_at = now() - interval '2 days', ends_at = now()")
    assert stage.act("stranger", OPEN).rows != []
    assert stage.act("stranger", "select public.mark_lesson_complete(%(reading)s)").state is None


# Taking it again ---------------------------------------------------------------------------------------------------


def again(stage: Stage) -> None:
    """The owner completed the course in spring and takes it again in autumn, which has begun."""
    stage.owner("update public.enrollments set cohort_id = %(spring)s where id = %(enrollment)s")
    stage.owner("insert into public.lesson_progress (enrollment_id, lesson_id, course_id, status, started_at, completed_at)"
                " select %(enrollment)s, l.id, l.course_id, 'completed', now(), now() from public.lessons l"
                " where l.course_id = %(course)s and l.require_completion"
                " on conflict (enrollment_id, lesson_id) do update set status = 'completed', completed_at = now()")  # fmt: skip
    stage.owner(
        "update public.enrollments set status = 'completed', completed_at = now(), enrolled_at = now() - interval '1 day'"
        " where id = %(enrollment)s"
    )


def test_taking_a_course_again_begins_anew(stage: Stage) -> None:
    again(stage)
    locked = "select lock_reason from public.my_lesson_locks(%(course)s) where lesson_id = %(locked)s"
    assert stage.act("owner", locked).rows == []
    assert join(stage, "owner", "%(autumn)s") == "enrolled"
    assert stage.act("owner", OPEN).rows != [], "the spring one is open to read until autumn begins"
    assert stage.act("owner", locked).rows == []
    change(stage, "starts_at = now()", "autumn")
    assert stage.act("owner", locked).rows == [("after_module",)]
    stage.act("owner", "select public.visit_lesson(%(reading)s)")
    visited = "select e.cohort_name from public.lesson_progress p join public.enrollments e on e.id = p.enrollment_id"
    assert stage.act("owner", visited + " where e.member_id = %(owner)s and p.lesson_id = %(reading)s and p.status = 'in_progress'").rows == [
        ("Autumn",)
    ]  # fmt: skip
    assert stage.act("owner", MINE.format(who="owner")).rows == [("Spring", "completed"), ("Autumn", "in_progress")]


def test_completing_it_puts_an_unfinished_cohort_away(stage: Stage) -> None:
    assert join(stage, "stranger") == "enrolled"
    stage.owner("update public.enrollments set enrolled_at = now() - interval '1 day' where member_id = %(stranger)s")
    change(stage, "starts_at = now() - interval '2 days', ends_at = now()")
    change(stage, "starts_at = now()", "autumn")
    assert join(stage, "stranger", "%(autumn)s") == "enrolled"
    stage.owner("update public.enrollments set status = 'completed', completed_at = now()"
                " where member_id = %(stranger)s and cohort_id = %(autumn)s")  # fmt: skip
    assert stage.act("stranger", MINE.format(who="stranger")).rows == [("Spring", "archived"), ("Autumn", "completed")]


# The team ----------------------------------------------------------------------------------------------------------

MOVE = "select public.move_to_cohort(%(enrollment)s, {cohort}, {reason})"


def test_moving_somebody_keeps_what_was_done(stage: Stage) -> None:
    done = "select count(*) from public.lesson_progress where enrollment_id = %(enrollment)s"
    before = stage.value(done)
    stage.act("instructor", MOVE.format(cohort="%(spring)s", reason="'Ill in winter'"))
    assert (taken(stage), stage.value(done)) == (1, before)
    stage.act("instructor", MOVE.format(cohort="%(autumn)s", reason="' Asked for it '"))
    assert (taken(stage), taken(stage, "autumn")) == (0, 1)
    moves = "select from_name, to_name, reason from public.cohort_moves where enrollment_id = %(enrollment)s and id <> %(cohort_move)s"
    assert sorted(stage.act("owner", moves).rows, key=str) == [
        ("Spring", "Autumn", "Asked for it"),
        (None, "Spring", "Ill in winter"),
    ]
    told = "select count(*) from public.notifications where member_id = %(owner)s and kind = 'cohort_changed'"
    assert stage.value(told) == 2


@pytest.mark.parametrize(
    ("who", "first", "cohort", "reason", "code"),
    [
        ("owner", "select 1", "%(spring)s", "'x'", "no_such_enrollment"),
        ("other_instructor", "select 1", "%(spring)s", "'x'", "no_such_enrollment"),
        ("instructor", "select 1", "%(draft_cohort)s", "'x'", "no_such_cohort"),
        ("instructor", "select 1", "%(spring)s", "'  '", "no_reason"),
        ("instructor", "select 1", "%(spring)s", "null", "no_reason"),
        ("instructor", "select 1", "%(spring)s", "repeat('x', 501)", "no_reason"),
        ("instructor", "update public.course_cohorts set ends_at = now() where id = %(spring)s", "%(spring)s", "'x'", "cohort_over"),
        ("instructor", "update public.enrollments set status = 'dropped' where id = %(enrollment)s", "%(spring)s", "'x'", "nothing_to_move"),
        ("instructor", "update public.enrollments set cohort_id = %(spring)s where id = %(enrollment)s", "%(spring)s", "'x'", "in_it_already"),
        ("instructor", "update public.course_cohorts set capacity = 1;"
         "insert into public.enrollments (course_id, member_id, cohort_id, enrollment_source)"
         " values (%(course)s, %(stranger)s, %(spring)s, 'bulk_import')", "%(spring)s", "'x'", "cohort_full"),
    ],
    ids=["a learner", "another", "another course's", "no reason", "none", "long", "over", "left", "in it", "full"],
)  # fmt: skip
def test_who_cannot_be_moved(stage: Stage, who: str, first: str, cohort: str, reason: str, code: str) -> None:
    stage.owner(first)
    assert stage.attempt(who, MOVE.format(cohort=cohort, reason=reason)).code == code


ADD = "select place, email, outcome from public.add_to_cohort(%(course)s, %(spring)s, %(emails)s::text[])"


def email(stage: Stage, who: str) -> str:
    return stage.value(f"select email::text from public.profiles where id = %({who})s")


def test_adding_people_by_their_addresses(stage: Stage) -> None:
    stage.owner("update public.enrollments set status = 'suspended' where id = %(learner_enrollment)s")
    who = ("stranger", "owner", "learner", "instructor")
    emails = [f" {email(stage, one).upper()} " for one in who] + ["nobody@nowhere.test", email(stage, "stranger"), ""]
    answer = stage.act("instructor", ADD, emails=emails).rows
    assert [row[2] for row in answer] == ["added", "joined", "held", "teaches", "no_account"]
    assert taken(stage) == 2
    assert [row[2] for row in stage.act("instructor", ADD, emails=emails[:2]).rows] == ["already", "already"]
    elsewhere = ADD.replace("%(spring)s", "%(autumn)s")
    assert [row[2] for row in stage.act("instructor", elsewhere, emails=emails[:1]).rows] == ["elsewhere"]
    change(stage, "capacity = 2")
    assert [row[2] for row in stage.act("instructor", ADD, emails=[email(stage, "manager")]).rows] == ["full"]


def test_an_instructor_gives_away_nothing_that_is_sold(stage: Stage) -> None:
    emails = [email(stage, "stranger")]
    stage.owner("update public.courses set pricing_type = 'paid', price = 80 where id = %(course)s")
    assert stage.act("instructor", ADD, emails=emails).rows[0][2] == "unpaid"
    stage.owner("update public.courses set pricing_type = 'member_only', price = 0 where id = %(course)s")
    assert stage.act("instructor", ADD, emails=emails).rows[0][2] == "members_only"
    assert stage.act("admin", ADD, emails=emails).rows[0][2] == "added"


@pytest.mark.parametrize("who", ["stranger", "other_instructor"])
def test_adding_is_for_the_team(stage: Stage, who: str) -> None:
    assert stage.attempt(who, ADD, emails=["x@y.test"]).code == "no_such_course"


@pytest.mark.parametrize(
    ("what", "code"),
    [
        ("name = 'AUTUMN'", "cohort_name_taken"),
        ("time_zone = 'Mars/Base'", "unknown_time_zone"),
        ("capacity = 1", "fewer_than_are_in_it"),
    ],
)
def test_a_cohort_refuses_in_words(stage: Stage, what: str, code: str) -> None:
    assert join(stage, "stranger") == join(stage, "manager") == "enrolled"
    assert stage.attempt("instructor", f"update public.course_cohorts set {what} where id = %(spring)s").code == code
    assert (
        stage.attempt("instructor", "delete from public.course_cohorts where id = %(spring)s").code
        == "cohort_not_empty"
    )


def test_the_nightly_recount_mends_seats(stage: Stage) -> None:
    change(stage, "seats_taken = 7")
    assert stage.value("select private.mend_course_counters()") == 1
    assert taken(stage) == 0


def test_an_order_keeps_the_cohort_until_it_is_paid(stage: Stage) -> None:
    stage.owner(
        "update public.courses set pricing_type = 'paid', price = 80, cohorts_only = true where id = %(course)s"
    )
    order = stage.act("stranger", "select (public.begin_cohort_purchase(%(course)s, %(spring)s)).id").rows[0][0]
    other = stage.act("stranger", "select (public.begin_cohort_purchase(%(course)s, %(autumn)s)).id").rows[0][0]
    assert order == other, "one order, with the cohort that was chosen last"
    assert stage.attempt("stranger", "select public.enrol(%(course)s)").code == "choose_cohort"
    stage.value("select (private.complete_purchase(%(order)s, 'ref')).status", order=order)
    assert stage.act("stranger", "select (public.enrol(%(course)s)).cohort_name").rows == [("Autumn",)]
    assert (
        stage.attempt("stranger", "select public.begin_cohort_purchase(%(course)s, %(autumn)s)").code
        == "already_enrolled"
    )


OFFSETS = st.none() | st.integers(-3, 3)


def test_the_state_follows_from_the_window(stage: Stage) -> None:
    now: datetime = stage.value("select now()")

    @settings(max_examples=120, deadline=None, derandomize=True, database=None)
    @given(opens=OFFSETS, closes=OFFSETS, ends=OFFSETS, by_hand=st.booleans())
    def holds(opens: int | None, closes: int | None, ends: int | None, by_hand: bool) -> None:
        given_dates = {"enrollment_opens_at": opens, "enrollment_closes_at": closes, "ends_at": ends}
        row = {name: (now + timedelta(hours=at)).isoformat() for name, at in given_dates.items() if at is not None}
        state = stage.value(
            "select public.cohort_state(jsonb_populate_record(null::public.course_cohorts, %(row)s::jsonb))",
            row=json.dumps(row | {"is_closed": by_hand}),
        )
        past = any(at is not None and at <= 0 for at in (closes, ends))
        assert state == ("closed" if by_hand or past else "planned" if opens is not None and opens > 0 else "open")

    holds()
