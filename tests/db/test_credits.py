"""Credits: the right amount, once, with a reason that anybody concerned can check."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from math import floor
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from collegium.access.stage import Stage

MINE = """
select t.code, a.amount, a.reverses is not null from public.credit_awards a join public.credit_types t on t.id = a.credit_type_id
where a.member_id = %(who)s and (%(course)s::uuid is null or a.course_id = %(course)s) order by a.occurrence, a.created_at, a.amount desc
"""


def credited(stage: Stage, who: str = "%(owner)s", course: str = "%(course)s") -> list[tuple[Any, ...]]:
    """Type, amount and whether it takes back, of somebody in a course."""
    return stage.owner(MINE.replace("%(who)s", who).replace("%(course)s", course))


def complete_course(stage: Stage, enrollment: str = "enrollment") -> None:
    for lesson in ("welcome", "reading", "locked"):
        stage.owner(f"select private.complete_lesson(%({enrollment})s, %({lesson})s)")


def held_session(stage: Stage, minutes: int, *, rule: str = "") -> None:
    """A session of an hour that is over, in which the learner was for some minutes."""
    stage.owner(
        "insert into public.live_sessions (id, course_id, title, session_date, duration_minutes, timezone, instructor_id)"
        " values (%(new)s, %(seminar)s, 'Past', now() - interval '3 hours', 60, 'UTC', %(instructor)s)"
    )
    if rule:
        stage.act("admin", f"insert into public.credit_rules (credit_type_id, live_session_id, {rule}")
    report(stage, 0, minutes, "first")
    stage.act("instructor", "select public.start_live_session(%(new)s); select public.end_live_session(%(new)s)")


def report(stage: Stage, joined: int, left: int, name: str) -> None:
    at = "now() - interval '3 hours' + make_interval(mins => {})"
    stage.act(
        "service_role",
        f"select private.import_attendance(%(new)s, %(learner)s, {at.format(joined)}, {at.format(left)}, %(name)s)",
        name=name,
    )


# Completing -------------------------------------------------------------------------------------------------------


def test_completing_gives_the_credits_of_the_course_once(stage: Stage) -> None:
    stage.act("instructor", "update public.courses set ce_credits = 2.5 where id = %(course)s")
    complete_course(stage)
    assert credited(stage) == [("CE", Decimal("2.50"), False)]
    stage.owner("update public.enrollments set status = 'in_progress' where id = %(enrollment)s")
    stage.act("instructor", "update public.courses set ce_credits = 4 where id = %(course)s")
    stage.owner(
        "update public.enrollments set status = 'completed', completed_at = now() + interval '1 hour' where id = %(enrollment)s"
    )
    assert credited(stage) == [("CE", Decimal("2.50"), False)], (
        "completing again, also under another rule, gives nothing"
    )
    stage.owner("select private.award_enrollment_credits(%(enrollment)s)")
    assert len(credited(stage)) == 1


def test_the_rule_of_that_day_counts(stage: Stage) -> None:
    """Who completed before the course's credits changed keeps what he was given; who completes later gets the new ones."""
    stage.act("instructor", "update public.courses set ce_credits = 1 where id = %(course)s")
    complete_course(stage)
    stage.act("instructor", "update public.courses set ce_credits = 2 where id = %(course)s")
    stage.owner(
        "insert into public.enrollments (course_id, member_id, enrollment_source, status, completed_at)"
        " values (%(course)s, %(stranger)s, 'bulk_import', 'completed', now() + interval '1 minute'),"
        " (%(course)s, %(manager)s, 'bulk_import', 'completed', now() - interval '1 year')"
    )
    assert credited(stage) == [("CE", Decimal("1.00"), False)]
    assert credited(stage, "%(stranger)s") == [("CE", Decimal("2.00"), False)]
    assert credited(stage, "%(manager)s") == [], "a year ago the course gave none"
    stage.act("instructor", "update public.courses set ce_credits = 0 where id = %(course)s")
    assert (
        stage.value("select count(*) from public.credit_rules where course_id = %(course)s and valid_until is null")
        == 0
    )


def test_a_course_made_with_credits_gives_them_for_imported_completions(stage: Stage) -> None:
    stage.act(
        "instructor",
        "insert into public.courses (id, title, slug, description, category, instructor_id, ce_credits)"
        " values (%(new)s, 'New', 'new', 'd', 'compliance', %(instructor)s, 1.5)",
    )
    stage.act(
        "service_role",
        "insert into public.enrollments (course_id, member_id, enrollment_source, status, completed_at)"
        " values (%(new)s, %(stranger)s, 'bulk_import', 'completed', '2020-05-01 00:00Z')",
    )
    earned = "select amount, earned_on::text from public.credit_awards where course_id = %(new)s"
    assert stage.owner(earned) == [(Decimal("1.50"), "2020-05-01")]


def test_a_rule_does_not_reach_back(stage: Stage) -> None:
    complete_course(stage)
    stage.act(
        "admin",
        "insert into public.credit_rules (id, credit_type_id, course_id, amount, valid_from)"
        " values (%(new)s, %(credit_type)s, %(course)s, 5, '2020-01-01'),"
        " (default, %(credit_type)s, %(course)s, 5, '-infinity')",
    )
    late = "select bool_and(valid_from > now() and created_by = %(admin)s) from public.credit_rules where course_id = %(course)s"
    assert stage.value(late) is True
    assert credited(stage) == []


def test_a_score_is_credited_from_its_minimum(stage: Stage) -> None:
    stage.act(
        "admin",
        "insert into public.credit_rules (credit_type_id, course_id, basis, amount, minimum_score)"
        " values (%(credit_type)s, %(course)s, 'score', 3, 80)",
    )
    stage.owner("delete from public.gradebook_cells")  # Else the grade is what the gradebook says.
    grade = "update public.enrollments set final_grade = %(g)s where id = %(e)s::uuid"
    stage.owner(grade.replace("%(e)s", "%(enrollment)s"), g=80)
    stage.owner(grade.replace("%(e)s", "%(learner_enrollment)s"), g=79.99)
    complete_course(stage)
    complete_course(stage, "learner_enrollment")
    assert credited(stage) == [("STATE", Decimal("3.00"), False)]
    assert credited(stage, "%(learner)s") == []
    said = stage.value("select arithmetic from public.credit_awards where enrollment_id = %(enrollment)s")
    assert said == "3.00 for a score of 80.00, at least 80.00 asked, rounded down to 0.50 = 3.00"


def test_the_hours_of_a_course_are_those_of_its_sessions(stage: Stage) -> None:
    stage.act(
        "admin",
        "insert into public.credit_rules (credit_type_id, course_id, basis, amount)"
        " values (%(credit_type)s, %(seminar)s, 'attendance_minutes', 1)",
    )
    stage.owner(
        "insert into public.live_sessions (id, course_id, lesson_id, title, session_date, duration_minutes, timezone, instructor_id)"
        " values (%(new)s, %(seminar)s, %(seminar_lesson)s, 'Past', now() - interval '3 hours', 100, 'UTC', %(instructor)s)"
    )
    report(stage, 0, 95, "once")
    assert credited(stage, "%(learner)s", "%(seminar)s") == [("STATE", Decimal("1.50"), False)]
    said = stage.value("select arithmetic from public.credit_awards where course_id = %(seminar)s")
    assert said == "95 minutes / 60 x 1.00 an hour = 1.5833, rounded down to 0.50 = 1.50"


def test_the_last_course_of_a_program_gives_its_credits_once(stage: Stage) -> None:
    stage.owner(
        "insert into public.programs (id, title, slug, status) values (%(new)s, 'Credited path', 'credited-path', 'published');"
        "insert into public.program_courses (program_id, course_id, course_order, is_required) values"
        " (%(new)s, %(course)s, 1, true), (%(new)s, %(short)s, 2, true), (%(new)s, %(open)s, 3, false)"
    )
    rule = "insert into public.credit_rules (credit_type_id, program_id, amount) values (%(spare_credit_type)s, %(new)s, 6)"
    assert stage.attempt("instructor", rule).state == "42501"
    stage.act("admin", rule)
    complete_course(stage, "learner_enrollment")
    assert credited(stage, "%(learner)s") == [], "the short course is missing"
    complete_course(stage)
    assert credited(stage) == [("SPARE", Decimal("6.00"), False)]
    award = stage.value("select id from public.credit_awards where credit_type_id = %(spare_credit_type)s")
    told = stage.act("owner", "select public.explain_credit(%(a)s)", a=award).rows[0][0]
    assert {course["title"] for course in told["evidence"]["courses"]} == {"Reading a policy", "Short"}
    stage.owner("update public.enrollments set status = 'in_progress' where id = %(short_enrollment)s")
    stage.owner("update public.enrollments set status = 'completed' where id = %(short_enrollment)s")
    assert len(credited(stage, course="null")) == 2


# Live sessions ----------------------------------------------------------------------------------------------------

HOURLY = (
    "basis, amount, cap, minimum_minutes) values (%(credit_type)s, %(new)s, 'attendance_minutes', 2, {cap}, {minimum})"
)


@pytest.mark.parametrize(
    ("minutes", "cap", "minimum", "amount"),
    [
        pytest.param(60, "null", 0, "2.00", id="all-of-it"),
        pytest.param(59, "null", 0, "1.50", id="rounded-down"),
        pytest.param(60, "1.75", 0, "1.50", id="no-more-than-the-cap-rounded-too"),
        pytest.param(50, "null", 51, None, id="below-the-minimum"),
        pytest.param(40, "null", 0, None, id="below-the-threshold"),
    ],
)
def test_minutes_become_credit_when_the_session_ends(
    stage: Stage, minutes: int, cap: str, minimum: int, amount: str | None
) -> None:
    held_session(stage, minutes, rule=HOURLY.format(cap=cap, minimum=minimum))
    expected = [("STATE", Decimal(amount), False)] if amount else []
    assert credited(stage, "%(learner)s", "%(seminar)s") == expected


def test_a_session_gives_nothing_before_it_ends(stage: Stage) -> None:
    held_session(stage, 60)
    assert credited(stage, "%(learner)s", "%(seminar)s") == []


def test_a_late_report_takes_back_and_gives_anew(stage: Stage) -> None:
    held_session(stage, 50, rule=HOURLY.format(cap="null", minimum=0))
    report(stage, 50, 60, "second")
    gave = [("STATE", Decimal("1.50"), False), ("STATE", Decimal("-1.50"), True), ("STATE", Decimal("2.00"), False)]
    assert sorted(credited(stage, "%(learner)s", "%(seminar)s")) == sorted(gave)
    interval = stage.value("select id from public.attendance_intervals where external_id = 'first'")
    stage.act("instructor", "select public.void_attendance_interval(%(i)s, 'Wrong')", i=interval)
    assert stage.value("select sum(amount) from public.credit_awards where course_id = %(seminar)s") == 0
    report(stage, 0, 50, "third")
    assert stage.value("select sum(amount) from public.credit_awards where course_id = %(seminar)s") == 2


def test_what_was_taken_back_by_hand_stays_taken_back(stage: Stage) -> None:
    held_session(stage, 50, rule=HOURLY.format(cap="null", minimum=0))
    award = stage.value("select id from public.credit_awards where course_id = %(seminar)s")
    stage.act("admin", "select public.reverse_credit(%(a)s, 'Proxy attendance')", a=award)
    report(stage, 50, 60, "second")
    assert stage.value("select sum(amount) from public.credit_awards where course_id = %(seminar)s") == 0


# Taking back and explaining ---------------------------------------------------------------------------------------


def test_credits_are_taken_back_once_with_a_reason_by_an_administrator(stage: Stage) -> None:
    take = "select public.reverse_credit(%(credit)s, %(r)s)"
    for who in ("owner", "instructor", "manager"):
        assert stage.attempt(who, take, r="Mine").code == "admins_only"
    assert stage.attempt("admin", take, r=" ").code == "reason_needed"
    reversal = stage.act("admin", take, r="Completed by somebody else").rows[0][0]
    assert stage.attempt("admin", take, r="Again").code == "no_such_credit"
    assert (
        stage.attempt("admin", "select public.reverse_credit(%(i)s, 'And back')", i=reversal).code == "no_such_credit"
    )
    assert stage.value("select sum(amount) from public.credit_awards where member_id = %(owner)s") == 0
    stage.owner("select private.award_enrollment_credits(%(short_enrollment)s)")
    assert stage.value("select sum(amount) from public.credit_awards where member_id = %(owner)s") == 0
    told = stage.act("owner", "select public.explain_credit(%(credit)s)").rows[0][0]
    assert told["reversed_by"]["reason"] == "Completed by somebody else"


def test_why_is_told_to_those_concerned(stage: Stage) -> None:
    explain = "select public.explain_credit(%(credit)s)"
    for who in ("learner", "stranger", "other_instructor"):
        assert stage.attempt(who, explain).code == "no_such_credit"
    assert stage.attempt("anon", explain).state == "42501"
    for who in ("owner", "instructor", "manager", "admin"):
        told = stage.act(who, explain).rows[0][0]
        assert (told["amount"], told["recomputes"]) == (2, True)
        assert told["credit_type"]["authority"] == "Department of Insurance"
        assert told["arithmetic"] == "2.00 for completing, rounded down to 0.50 = 2.00"
        assert [lesson["title"] for lesson in told["evidence"]["lessons"]] == ["Short"]


def test_the_attendance_behind_a_credit_is_told(stage: Stage) -> None:
    held_session(stage, 50, rule=HOURLY.format(cap="null", minimum=0))
    award = stage.value("select id from public.credit_awards where course_id = %(seminar)s")
    told = stage.act("learner", "select public.explain_credit(%(a)s)", a=award).rows[0][0]
    (session,) = told["evidence"]["sessions"]
    assert (session["minutes"], session["scheduled_minutes"], session["eligible"]) == (50, 60, True)
    assert [interval["source"] for interval in session["intervals"]] == ["platform"]
    assert told["figures"]["threshold_percentage"] == 80


@pytest.mark.parametrize("who", ["owner", "instructor", "admin", "service_role"])
def test_nobody_writes_credits(stage: Stage, who: str) -> None:
    for statement in (
        "update public.credit_awards set amount = 99",
        "delete from public.credit_awards",
        "update public.credit_rules set amount = 99 where id = %(credit_rule)s",
        "select private.award_enrollment_credits(%(enrollment)s)",
        "select private.award_attendance_credits(%(attendance)s)",
        "update public.session_attendance set eligible_for_credit = true, duration_minutes = 600",
        "insert into public.attendance_intervals (attendance_id, session_id, member_id, source, joined_at, left_at)"
        " values (%(attendance)s, %(live)s, %(owner)s, 'platform', now(), now())",
    ):
        assert stage.attempt(who, statement).state == "42501", statement


def test_what_gave_credits_is_not_removed(stage: Stage) -> None:
    removed = "delete from public.credit_rules where id = %(credit_rule)s"
    assert stage.attempt("admin", removed).state in ("23001", "23503")
    assert stage.attempt("admin", "delete from public.credit_types where code = 'CE'").code == "default_credit_type"
    renamed = "update public.credit_types set code = 'ZZ' where code = 'CE'"
    assert stage.attempt("admin", renamed).code == "default_credit_type"


def test_rounding_that_changes_leaves_past_awards_as_they_were(stage: Stage) -> None:
    stage.act("admin", "update public.credit_types set rounding_step = 5 where id = %(credit_type)s")
    assert stage.act("owner", "select public.explain_credit(%(credit)s)").rows[0][0]["recomputes"] is True


# Renewal ----------------------------------------------------------------------------------------------------------


def test_a_renewal_says_what_is_missing(stage: Stage) -> None:
    status = "select required, carried_over, earned, missing, left_over, met from public.renewal_status where cycle_id = %(cycle)s"
    stage.owner(
        "update public.renewal_cycles set since = private.today() - 1, until = private.today() + 1 where id = %(cycle)s"
    )
    assert stage.act("owner", status).rows == [(10, 1, 2, 7, 0, False)]
    stage.owner("update public.renewal_requirements set required = 2 where id = %(requirement)s")
    assert stage.act("manager", status).rows == [(2, 1, 2, 0, 1, True)]
    # What was earned on the first day after it belongs to the next.
    stage.owner("update public.renewal_cycles set until = private.today() where id = %(cycle)s")
    assert stage.act("owner", status).rows == [(2, 1, 0, 1, 0, False)]


def test_the_next_cycle_takes_over_what_it_may(stage: Stage) -> None:
    begin = "select public.start_next_renewal_cycle(%(cycle)s)"
    assert stage.attempt("owner", begin).code == "admins_only"
    assert stage.attempt("admin", begin).code == "cycle_not_over"
    stage.owner("update public.renewal_cycles set since = '2024-02-29', until = '2026-02-28' where id = %(cycle)s")
    stage.owner("update public.credit_awards set earned_on = '2026-02-27' where id = %(credit)s")
    stage.owner("update public.renewal_requirements set required = 0.5 where id = %(requirement)s")
    following = stage.act("admin", begin).rows[0][0]
    found = (
        "select c.since::text, c.until::text, q.required, q.carried_over from public.renewal_cycles c"
        " join public.renewal_requirements q on q.cycle_id = c.id where c.id = %(i)s"
    )
    assert stage.owner(found, i=following) == [("2026-02-28", "2028-02-28", Decimal("0.50"), Decimal("2.00"))]
    assert stage.attempt("admin", begin).code == "cycles_overlap"


# The arithmetic ---------------------------------------------------------------------------------------------------

CENTS = st.integers(1, 10000)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 6000), CENTS, st.none() | CENTS, st.integers(0, 200), CENTS, st.sampled_from(["down", "nearest"]))
def test_the_arithmetic_is_exact(
    stage: Stage, minutes: int, amount: int, cap: int | None, minimum: int, step: int, rounding: str
) -> None:
    """Against fractions, which do not round until they are told to."""
    exact = Fraction(minutes * amount, 6000)
    if cap is not None:
        exact = min(exact, Fraction(cap, 100))
    steps = exact / Fraction(step, 100) + (Fraction(1, 2) if rounding == "nearest" else 0)
    expected = Fraction(0) if minutes < minimum else floor(steps) * Fraction(step, 100)
    found = stage.value(
        "select private.credit_of(jsonb_build_object('minutes', %(m)s, 'rounding_step', %(s)s / 100.0, 'rounding', %(how)s), r)"
        " from jsonb_populate_record(null::public.credit_rules, jsonb_build_object('basis', 'attendance_minutes',"
        " 'amount', %(a)s / 100.0, 'cap', %(c)s::integer / 100.0, 'minimum_minutes', %(least)s)) r",
        m=minutes,
        s=step,
        how=rounding,
        a=amount,
        c=cap,
        least=minimum,
    )
    assert Fraction(found) == expected
