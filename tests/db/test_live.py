"""Live sessions: who is shown the way in, and that attendance is the union of what was reported."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from collegium.access.stage import Stage

ATTENDANCE = """
select attended, duration_minutes, eligible_for_credit from public.session_attendance
where session_id = %(new)s and member_id = %(learner)s
"""
COUNTERS = """
select registered_count, attendance_count, attendance_minutes, avg_attendance_duration_minutes
from public.live_sessions where id = %(new)s
"""
JOIN = "select * from public.join_live_session(%(live_now)s)"


def past_session(stage: Stage, *, lesson: bool = False, minutes: int = 60) -> None:
    """A session that began three hours ago, in which nobody was yet."""
    stage.owner(
        "insert into public.live_sessions (id, course_id, lesson_id, title, session_date, duration_minutes, timezone, instructor_id)"
        " values (%(new)s, %(seminar)s, case when %(lesson)s then %(seminar_lesson)s::uuid end, 'Past',"
        " now() - interval '3 hours', %(minutes)s, 'UTC', %(instructor)s)",
        lesson=lesson,
        minutes=minutes,
    )


def report(stage: Stage, joined: float, left: float | None, name: str | None = None) -> str | None:
    """The platform reports that the learner was there, in minutes from the beginning; answers the interval."""
    at = "now() - interval '3 hours' + make_interval(secs => {} * 60)"
    ended = "null" if left is None else at.format(left)
    external = "null" if name is None else f"'{name}'"
    call = f"select private.import_attendance(%(new)s, %(learner)s, {at.format(joined)}, {ended}, {external})"
    return stage.act("service_role", call).rows[0][0]


# The schedule -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "code"),
    [
        pytest.param("timezone = 'Mars/Olympus'", "no_such_time_zone", id="time-zone"),
        pytest.param("lesson_id = %(reading)s", "not_a_live_lesson", id="lesson-of-another-type"),
        pytest.param("instructor_id = %(other_instructor)s", "not_an_instructor", id="instructor-of-another-course"),
        pytest.param("instructor_id = %(owner)s", "not_an_instructor", id="a-learner"),
    ],
)
def test_a_schedule_that_cannot_be_is_refused(stage: Stage, change: str, code: str) -> None:
    refused = stage.attempt("instructor", f"update public.live_sessions set {change} where id = %(live)s")
    assert (refused.state, refused.code) == ("CG422", code)


@pytest.mark.parametrize(
    "materials",
    [
        pytest.param('{"title": "A", "url": "https://a.test"}', id="no-list"),
        pytest.param('[{"title": "A"}]', id="no-address"),
        pytest.param('[{"title": "A", "url": "javascript:alert(1)"}]', id="a-script"),
        pytest.param("[null]", id="nothing"),
        pytest.param("null", id="null"),
    ],
)
def test_materials_have_a_shape(stage: Stage, materials: str) -> None:
    change = "update public.live_sessions set pre_session_materials = %(m)s where id = %(live)s"
    assert stage.attempt("instructor", change, m=materials).state == "23514"
    stage.act("instructor", change, m='[{"title": "A", "url": "https://a.test/b"}]')


@pytest.mark.parametrize(
    ("path", "refused"),
    [
        pytest.param(("start", "end"), None, id="held"),
        pytest.param(("cancel",), None, id="cancelled"),
        pytest.param(("end",), "session_status", id="ended-before-it-began"),
        pytest.param(("start", "start"), "session_status", id="begun-twice"),
        pytest.param(("start", "cancel"), "session_status", id="cancelled-while-it-runs"),
        pytest.param(("start", "end", "start"), "session_status", id="begun-again"),
        pytest.param(("cancel", "start"), "session_status", id="begun-after-cancelling"),
    ],
)
def test_a_session_moves_only_forward(stage: Stage, path: tuple[str, ...], refused: str | None) -> None:
    past_session(stage)
    code = None
    for step in path:
        code = stage.attempt("instructor", f"select public.{step}_live_session(%(new)s)").code
    assert code == refused


def test_a_session_is_moved_by_those_who_hold_it(stage: Stage) -> None:
    for who in ("owner", "stranger", "manager"):
        assert stage.attempt(who, "select public.start_live_session(%(live_now)s)").code == "no_such_session"
    assert stage.attempt("other_instructor", "select public.start_live_session(%(live_now)s)").code == "no_such_session"
    # He is a co-host of tomorrow's.
    assert stage.attempt("other_instructor", "select public.start_live_session(%(live)s)").code == "too_early"
    stage.act("other_instructor", "select public.cancel_live_session(%(live)s)")
    assert stage.attempt("instructor", "update public.live_sessions set status = 'completed'").state == "42501"


def test_only_those_who_may_teach_are_co_hosts(stage: Stage) -> None:
    add = "insert into public.live_session_hosts (session_id, profile_id) values (%(live)s, %(learner)s)"
    assert stage.attempt("instructor", add).code == "not_an_instructor"
    # A co-host who loses the role no longer sees who attended.
    seen = "select count(*) from public.session_attendance where session_id = %(live)s"
    assert stage.act("other_instructor", seen).rows == [(2,)]
    stage.owner("update public.profiles set role = 'student' where id = %(other_instructor)s")
    assert stage.act("other_instructor", seen).rows == [(0,)]


@pytest.mark.parametrize(
    "change",
    [
        pytest.param("session_date = now()", id="date"),
        pytest.param("duration_minutes = 1", id="duration"),
        pytest.param("credit_threshold_percentage = 1", id="threshold"),
        pytest.param("attendance_tolerance_minutes = 60", id="tolerance"),
    ],
)
def test_what_attendance_is_measured_by_stays_once_somebody_joined(stage: Stage, change: str) -> None:
    update = f"update public.live_sessions set {change} where id = %(live)s"
    stage.act("instructor", update)
    assert stage.attempt("instructor", update.replace("%(live)s", "%(live_now)s")).code == "session_begun"
    stage.act("instructor", "update public.live_sessions set title = 'Renamed' where id = %(live_now)s")


# Seats ------------------------------------------------------------------------------------------------------------


def test_seats_are_for_those_who_take_the_course(stage: Stage) -> None:
    register = "select public.register_for_session(%(live_bare)s)"
    assert stage.attempt("stranger", register).code == "no_such_session"
    first = stage.act("owner", register).rows
    assert stage.act("owner", register).rows == first
    stage.owner("update public.enrollments set status = 'suspended' where id = %(learner_seminar_enrollment)s")
    assert stage.attempt("learner", register).code == "no_such_session"


def test_a_seat_that_was_given_up_is_free_again(stage: Stage) -> None:
    stage.owner("update public.live_sessions set max_attendees = 1 where id = %(live_bare)s")
    register = "select public.register_for_session(%(live_bare)s)"
    first = stage.act("owner", register).rows
    assert stage.attempt("learner", register).code == "session_full"
    stage.act("owner", "select public.cancel_session_registration(%(live_bare)s)")
    stage.act("learner", register)
    assert stage.attempt("owner", register).code == "session_full"
    stage.act("learner", "select public.cancel_session_registration(%(live_bare)s)")
    assert stage.act("owner", register).rows == first
    assert stage.value("select registered_count from public.live_sessions where id = %(live_bare)s") == 1


def test_nobody_registers_for_what_is_over(stage: Stage) -> None:
    past_session(stage)
    assert stage.attempt("owner", "select public.register_for_session(%(new)s)").code == "session_over"
    stage.act("instructor", "select public.cancel_live_session(%(live_bare)s)")
    assert stage.attempt("owner", "select public.register_for_session(%(live_bare)s)").code == "session_over"


def test_who_has_joined_does_not_give_up_the_seat(stage: Stage) -> None:
    cancel = "select public.cancel_session_registration(%(live_now)s)"
    assert stage.attempt("owner", cancel).code == "already_joined"
    assert stage.attempt("learner", cancel).code == "not_registered"


# The way in -------------------------------------------------------------------------------------------------------


def test_the_way_in_is_for_those_registered_when_it_is_open(stage: Stage) -> None:
    assert stage.attempt("stranger", JOIN).code == "no_such_session"
    assert stage.attempt("learner", JOIN).code == "not_registered"
    assert stage.attempt("anon", JOIN).state == "42501"
    assert stage.attempt("owner", JOIN.replace("live_now", "live")).code == "too_early"
    assert stage.act("owner", JOIN).rows[0][:4] == ("custom", "https://meet.guild.test/Now", "Now", "secret")
    stage.owner("update public.enrollments set status = 'suspended' where id = %(seminar_enrollment)s")
    assert stage.attempt("owner", JOIN).code == "no_such_session"


@pytest.mark.parametrize(
    ("begins_in", "answer"),
    [
        pytest.param("15 minutes 1 second", "too_early", id="before-the-door-opens"),
        pytest.param("15 minutes", None, id="as-it-opens"),
        pytest.param("-64 minutes -59 seconds", None, id="in-the-tolerance"),
        pytest.param("-65 minutes", "session_over", id="after-it"),
    ],
)
def test_the_way_in_opens_before_the_beginning(stage: Stage, begins_in: str, answer: str | None) -> None:
    stage.owner(
        "update public.live_sessions set session_date = now() + %(i)s::interval where id = %(live)s", i=begins_in
    )
    assert stage.attempt("owner", JOIN.replace("live_now", "live")).code == answer


def test_a_session_without_a_room_says_so_and_counts_nothing(stage: Stage) -> None:
    stage.owner("update public.live_sessions set session_date = now() where id = %(live_bare)s")
    stage.act("owner", "select public.register_for_session(%(live_bare)s)")
    assert stage.attempt("owner", JOIN.replace("live_now", "live_bare")).code == "no_meeting"
    assert stage.value("select count(*) from public.attendance_intervals where session_id = %(live_bare)s") == 0


def test_the_clock_is_the_servers_and_silence_is_not_counted(stage: Stage) -> None:
    stay = "select public.stay_in_session(%(live_now)s)"
    first = stage.act("owner", stay).rows
    assert stage.act("owner", JOIN).rows[0][4] == first[0][0], "joining twice is one interval"
    # Ten minutes ago he came, and was heard of for four of them.
    stage.owner(
        "update public.attendance_intervals set joined_at = now() - interval '10 minutes',"
        " last_seen_at = now() - interval '6 minutes' where id = %(interval)s"
    )
    assert stage.act("owner", stay).rows != first
    mine = "select duration_minutes, left_at from public.session_attendance where session_id = %(live_now)s"
    assert stage.owner(mine) == [(4, None)]
    stage.act("owner", "select public.leave_live_session(%(live_now)s)")
    minutes, left = stage.owner(mine)[0]
    assert minutes == 4
    assert left is not None
    stage.act("learner", "select public.leave_live_session(%(live_now)s)")


def test_leaving_without_having_been_heard_of_counts_until_then(stage: Stage) -> None:
    stage.owner(
        "update public.attendance_intervals set joined_at = now() - interval '20 minutes',"
        " last_seen_at = now() - interval '6 minutes' where id = %(interval)s"
    )
    stage.act("owner", "select public.leave_live_session(%(live_now)s)")
    assert stage.value("select duration_minutes from public.session_attendance where session_id = %(live_now)s") == 14


# Attendance -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("spans", "minutes", "eligible"),
    [
        pytest.param([(0, 30), (30, 60)], 60, True, id="one-after-the-other"),
        pytest.param([(0, 40), (20, 48)], 48, True, id="overlapping"),
        pytest.param([(0, 48), (10, 20), (0, 48)], 48, True, id="nested-and-twice"),
        pytest.param([(0, 24), (0, 24)], 24, False, id="two-devices-are-one-person"),
        pytest.param([(0, 47.99)], 47, False, id="just-short-of-the-threshold"),
        pytest.param([(-60, 90)], 70, True, id="clipped-to-the-tolerance"),
        pytest.param([(-60, -10), (70, 90)], 0, False, id="outside"),
    ],
)
def test_attendance_is_the_union_within_the_session(
    stage: Stage, spans: list[tuple[float, float]], minutes: int, eligible: bool
) -> None:
    past_session(stage)
    for joined, left in spans:
        report(stage, joined, left)
    assert stage.owner(ATTENDANCE) == [(minutes > 0, minutes, eligible)]
    assert stage.owner(COUNTERS) == [(1, int(minutes > 0), minutes, minutes or None)]


def test_attending_completes_the_lesson_and_the_course(stage: Stage) -> None:
    past_session(stage, lesson=True)
    report(stage, 0, 47)
    mark = "select public.mark_lesson_complete(%(seminar_lesson)s)"
    assert stage.attempt("learner", mark).code == "attend_first"
    report(stage, 47, 48)
    status = "select status from public.enrollments where id = %(learner_seminar_enrollment)s"
    assert stage.value(status) == "completed"
    assert (
        stage.value("select count(*) from public.certificates where enrollment_id = %(learner_seminar_enrollment)s")
        == 1
    )


def test_a_lesson_whose_sessions_were_cancelled_is_marked_by_hand(stage: Stage) -> None:
    stage.owner("update public.live_sessions set lesson_id = null where id <> %(live)s")
    mark = "select public.mark_lesson_complete(%(seminar_lesson)s)"
    assert stage.attempt("learner", mark).code == "attend_first"
    stage.act("instructor", "select public.cancel_live_session(%(live)s)")
    stage.act("learner", mark)


def test_a_report_that_comes_twice_counts_once(stage: Stage) -> None:
    past_session(stage)
    first = report(stage, 0, None, "zoom-1")
    assert stage.owner(ATTENDANCE) == [(True, 0, False)]
    assert report(stage, 0, 50, "zoom-1") == first
    assert report(stage, 0, 55, "zoom-1") is None
    assert stage.owner(ATTENDANCE) == [(True, 50, True)]


def test_reports_that_cannot_be_are_refused(stage: Stage) -> None:
    call = "select private.import_attendance(%(live_now)s, {}, now() - interval '{}', now() + interval '{}', 'x')"
    for who, ago, ahead, code in (
        ("%(owner)s", "1 minute", "1 minute", "impossible_times"),
        ("%(owner)s", "1 minute", "-2 minutes", "impossible_times"),
        ("%(stranger)s", "2 minutes", "-1 minute", "not_enrolled"),
    ):
        assert stage.attempt("service_role", call.format(who, ago, ahead)).code == code
    stage.owner("update public.live_sessions set status = 'cancelled' where id = %(live_bare)s")
    cancelled = call.replace("live_now", "live_bare").format("%(owner)s", "2 minutes", "-1 minute")
    assert stage.attempt("service_role", cancelled).code == "session_cancelled"


def test_an_instructor_records_for_his_own_session_and_signs_for_it(stage: Stage) -> None:
    record = (
        "select public.record_attendance(%(live_now)s, {}, now() - interval '{} minutes', now() - interval '1 minute')"
    )
    for who in ("owner", "learner", "stranger", "other_instructor", "manager"):
        assert stage.attempt(who, record.format("%(learner)s", 20)).code == "no_such_session"
    assert stage.attempt("instructor", record.format("%(learner)s", 90)).code == "outside_session"
    assert stage.attempt("instructor", record.format("%(instructor)s", 20)).code == "own_attendance"
    interval = stage.act("instructor", record.format("%(learner)s", 20)).rows[0][0]
    written = "select source, recorded_by = %(instructor)s from public.attendance_intervals where id = %(i)s"
    assert stage.owner(written, i=interval) == [("instructor", True)]


def test_what_was_reported_wrongly_is_voided_and_stays(stage: Stage) -> None:
    past_session(stage)
    interval = report(stage, 0, 60)
    void = "select public.void_attendance_interval(%(i)s, %(r)s)"
    for who in ("learner", "stranger", "other_instructor"):
        assert stage.attempt(who, void, i=interval, r="No").code == "no_such_session"
    assert stage.attempt("instructor", void, i=interval, r=" ").code == "reason_needed"
    stage.act("instructor", void, i=interval, r="Somebody else's screen")
    assert stage.owner(ATTENDANCE) == [(False, 0, False)]
    assert stage.owner(COUNTERS) == [(1, 0, 0, None)]
    assert stage.attempt("instructor", void, i=interval, r="Again").code == "no_such_interval"


def test_a_session_ends_for_everybody_when_last_heard_of(stage: Stage) -> None:
    stage.owner(
        "update public.attendance_intervals set joined_at = now() - interval '30 minutes',"
        " last_seen_at = now() - interval '2 minutes' where id = %(interval)s"
    )
    stage.act("instructor", "select public.start_live_session(%(live_now)s)")
    assert stage.attempt("instructor", "select public.cancel_live_session(%(live_now)s)").code == "session_status"
    stage.act("instructor", "select public.end_live_session(%(live_now)s)")
    assert stage.value("select duration_minutes from public.session_attendance where session_id = %(live_now)s") == 28
    assert stage.attempt("owner", JOIN).code == "session_over"


def test_a_session_that_was_attended_is_not_cancelled(stage: Stage) -> None:
    assert stage.attempt("instructor", "select public.cancel_live_session(%(live_now)s)").code == "session_attended"


def test_sessions_that_nobody_moves_are_moved_when_their_time_comes(stage: Stage) -> None:
    past_session(stage)
    moved = [stage.act("service_role", "select private.advance_live_session()").rows[0][0] for _ in range(4)]
    assert moved[3] is None
    found = (
        "select status from public.live_sessions where id in (%(new)s, %(live_now)s, %(live)s) order by session_date"
    )
    assert [row[0] for row in stage.owner(found)] == ["completed", "in_progress", "scheduled"]
    assert stage.value("select started_at = session_date from public.live_sessions where id = %(new)s") is True


# The union, as a set of seconds -----------------------------------------------------------------------------------

SPANS = st.lists(st.tuples(st.integers(-50, 150), st.integers(0, 100)), max_size=12)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(SPANS, st.integers(-20, 20), st.integers(0, 120), st.randoms(use_true_random=False))
def test_seconds_attended_are_a_set_of_seconds(
    stage: Stage, spans: list[tuple[int, int]], opens: int, length: int, mind: object
) -> None:
    """Any order, overlaps, nesting and duplicates: each second of the window counts once."""
    told = [(begin, begin + lasting) for begin, lasting in spans]
    twice = told + told[: len(told) // 2]
    mind.shuffle(twice)  # type: ignore[attr-defined]
    expected = len({second for begin, end in told for second in range(begin, end)} & set(range(opens, opens + length)))
    at = "timestamptz '2026-01-01 12:00Z' + make_interval(secs => {})"
    found = stage.value(
        f"select private.seconds_within(coalesce(range_agg(tstzrange({at.format('b')}, {at.format('e')})), '{{}}'),"
        f" tstzrange({at.format(opens)}, {at.format(opens + length)}))"
        " from unnest(%(begins)s::integer[], %(ends)s::integer[]) as s (b, e)",
        begins=[begin for begin, _ in twice],
        ends=[end for _, end in twice],
    )
    assert found == expected


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(1, 60), st.integers(0, 4200), st.integers(100, 10000))
def test_the_threshold_is_exact(stage: Stage, minutes: int, seconds: int, percent_times_100: int) -> None:
    with stage.undone():
        past_session(stage, minutes=minutes)
        stage.owner(
            "update public.live_sessions set attendance_tolerance_minutes = 0, credit_threshold_percentage = %(p)s"
            " where id = %(new)s",
            p=Fraction(percent_times_100, 100).__float__(),
        )
        report(stage, 0, seconds / 60)
        attended = min(seconds, minutes * 60)
        eligible = attended * 10000 >= percent_times_100 * minutes * 60
        assert stage.owner(ATTENDANCE) == [(True, attended // 60, eligible)]
