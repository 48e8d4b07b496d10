"""When a lesson and a course are complete, why not yet, and that counters tell the truth."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from collegium.access.stage import Stage, key

ENROLLMENT = (
    "select status, lessons_completed, completed_at is not null from public.enrollments where id = %(enrollment)s"
)
BEGUN, DONE = "in_progress", "completed"


def enrollment(stage: Stage) -> tuple[Any, ...]:
    """Status, lessons completed and whether there is a date."""
    return stage.owner(ENROLLMENT)[0]


def complete(stage: Stage, *lessons: str, who: str = "enrollment") -> None:
    for lesson in lessons:
        stage.owner(f"select private.complete_lesson(%({who})s, %({lesson})s)")


def certificates(stage: Stage) -> int:
    return stage.value("select count(*) from public.certificates where enrollment_id = %(enrollment)s")


def told(stage: Stage, who: str = "owner") -> dict[UUID | None, bool]:
    """Requirement → met, as somebody is told."""
    rows = stage.act(who, "select lesson_id, met from public.completion_requirements(%(enrollment)s)").rows
    return dict(rows)


# The rules of the course as it is, not those of a version that was begun before.
NO_VERSION = "update public.enrollments set course_version_id = null"


# Lessons ----------------------------------------------------------------------------------------------------------


def test_a_lesson_is_not_complete_before_its_time(stage: Stage) -> None:
    stage.owner(NO_VERSION)
    stage.owner(
        "update public.lessons set completion_criteria = 'time_spent', min_time_seconds = 60 where id = %(reading)s"
    )
    mark = "select public.mark_lesson_complete(%(reading)s)"
    refused = stage.attempt("owner", mark)
    assert (refused.state, refused.code) == ("CG409", "too_soon")
    assert "60 are left" in refused.words
    # The refusal did not start the clock: only a visit does.
    assert not stage.value("select count(*) from public.lesson_progress where lesson_id = %(reading)s")
    stage.act("owner", "select public.visit_lesson(%(reading)s)")
    at = "update public.lesson_progress set started_at = now() - interval '{} seconds' where lesson_id = %(reading)s"
    stage.owner(at.format(59))
    assert "1 are left" in stage.attempt("owner", mark).words
    stage.owner(at.format(60))
    stage.act("owner", mark)
    stage.act("owner", mark)
    assert enrollment(stage) == (BEGUN, 1, False)


def test_a_visit_does_not_move_the_clock_of_an_earlier_one(stage: Stage) -> None:
    stage.act("owner", "select public.visit_lesson(%(reading)s)")
    stage.owner("update public.lesson_progress set started_at = '2026-01-01' where lesson_id = %(reading)s")
    stage.act("owner", "select public.visit_lesson(%(reading)s)")
    rows = stage.owner("select started_at = '2026-01-01' from public.lesson_progress where lesson_id = %(reading)s")
    assert rows == [(True,)]


def test_a_row_without_a_start_gives_no_time(stage: Stage) -> None:
    stage.owner(NO_VERSION)
    stage.owner("update public.lessons set min_time_seconds = 60 where id = %(reading)s")
    stage.owner(
        "insert into public.lesson_progress (enrollment_id, lesson_id, course_id)"
        " values (%(enrollment)s, %(reading)s, %(course)s)"
    )
    assert stage.attempt("owner", "select public.mark_lesson_complete(%(reading)s)").code == "too_soon"


@pytest.mark.parametrize("criteria", ["video_watched", "quiz_passed", "scorm_completed"])
def test_some_lessons_complete_by_themselves_only(stage: Stage, criteria: str) -> None:
    stage.owner(NO_VERSION)
    stage.owner("update public.lessons set completion_criteria = 'quiz_passed' where id = %(reading)s")
    if criteria == "scorm_completed":
        stage.owner("update public.lessons set lesson_type = 'scorm' where id = %(reading)s")
    lesson = "welcome" if criteria == "video_watched" else "reading"
    stage.owner(f"update public.lessons set completion_criteria = %(c)s where id = %({lesson})s", c=criteria)
    assert stage.attempt("owner", f"select public.mark_lesson_complete(%({lesson})s)").code == "not_by_hand"


# Courses ----------------------------------------------------------------------------------------------------------


def test_a_course_is_complete_exactly_with_its_last_requirement(stage: Stage) -> None:
    assert enrollment(stage) == (BEGUN, 0, False)
    for done, lesson in enumerate(("welcome", "reading"), 1):
        complete(stage, lesson)
        assert enrollment(stage) == (BEGUN, done, False)
        assert certificates(stage) == 0
    complete(stage, "spare")
    assert enrollment(stage) == (BEGUN, 2, False), "a lesson that is not required counts for nothing"
    complete(stage, "locked")
    assert enrollment(stage) == (DONE, 3, True)
    assert certificates(stage) == 1
    complete(stage, "locked", "welcome", "bare")
    assert enrollment(stage) == (DONE, 3, True)
    assert certificates(stage) == 1


def test_the_requirements_are_what_completes_and_what_is_shown(stage: Stage) -> None:
    for lesson in ("welcome", "reading", "locked"):
        assert set(told(stage)) == {key("welcome"), key("reading"), key("locked")}
        assert not all(told(stage).values())
        assert enrollment(stage)[0] == BEGUN
        complete(stage, lesson)
    assert all(told(stage).values())
    assert enrollment(stage)[0] == DONE


def test_the_evidence_is_in_seconds(stage: Stage) -> None:
    stage.owner(NO_VERSION)
    stage.owner(
        "update public.lessons set completion_criteria = 'time_spent', min_time_seconds = 60 where id = %(reading)s"
    )
    stage.act("owner", "select public.visit_lesson(%(reading)s)")
    stage.owner("update public.lesson_progress set started_at = now() - interval '12.9 seconds'")
    stage.owner("update public.video_analytics set watched = '{[0,30),[40,50)}', watched_seconds = 40")
    rows = stage.act(
        "owner",
        "select step, requirement, title, criteria, met, achieved, needed"
        " from public.completion_requirements(%(enrollment)s)",
    ).rows
    assert rows == [
        (1, "lesson", "Welcome", "video_watched", False, 40, 90),
        (2, "lesson", "Reading", "time_spent", False, 12, 60),
        (3, "lesson", "Locked", "video_watched", False, 0, 90),
    ]


def test_a_refund_withholds_completion_and_certificate(stage: Stage) -> None:
    stage.owner("update public.enrollments set transaction_id = %(transaction)s where id = %(enrollment)s")
    assert told(stage)[None] is True
    stage.owner(
        "insert into public.transactions (member_id, transaction_type, amount, status, completed_at, refund_of)"
        " values (%(owner)s, 'refund', 80, 'completed', now(), %(transaction)s)"
    )
    assert told(stage)[None] is False
    complete(stage, "welcome", "reading", "locked")
    assert enrollment(stage) == (BEGUN, 3, False)
    assert certificates(stage) == 0
    assert not stage.value("select private.complete_enrollment_when_met(%(enrollment)s)")


def test_a_course_that_began_to_cost_owes_its_learners_their_certificate(stage: Stage) -> None:
    stage.owner("update public.courses set pricing_type = 'paid', price = 80 where id = %(course)s")
    assert None not in told(stage)
    complete(stage, "welcome", "reading", "locked")
    assert enrollment(stage)[0] == DONE


def test_a_course_without_required_lessons_is_never_complete(stage: Stage) -> None:
    stage.owner("update public.lessons set require_completion = false where course_id = %(course)s")
    complete(stage, "welcome", "spare")
    assert enrollment(stage)[0] == BEGUN
    assert not stage.value("select private.complete_enrollment_when_met(%(enrollment)s)")


@pytest.mark.parametrize("status", ["suspended", "expired", "archived", "dropped"])
def test_who_is_not_learning_completes_nothing(stage: Stage, status: str) -> None:
    stage.owner("update public.enrollments set status = %(s)s where id = %(enrollment)s", s=status)
    complete(stage, "welcome", "reading", "locked")
    assert enrollment(stage) == (status, 3, False)
    assert certificates(stage) == 0


RELEASE = "select public.release_lesson(%(course)s, %(locked)s, 'The law has changed.')"


# When the course changes ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "change",
    [
        "update public.lessons set require_completion = false where id = %(locked)s",
        "select public.remove_lesson(%(locked)s)",
        "select public.remove_module(%(second_module)s)",
    ],
)
def test_who_is_let_off_the_last_one_is_done(stage: Stage, change: str) -> None:
    complete(stage, "welcome", "reading")
    complete(stage, "welcome", who="learner_enrollment")
    stage.act("instructor", change)
    assert enrollment(stage)[:2] == (BEGUN, 2)
    assert stage.act("instructor", RELEASE).rows == [(2,)]
    assert enrollment(stage) == (DONE, 2, True)
    assert certificates(stage) == 1
    assert stage.value("select status from public.enrollments where id = %(learner_enrollment)s") == BEGUN


def test_who_comes_back_to_less_is_done(stage: Stage) -> None:
    complete(stage, "welcome", "reading")
    stage.act("owner", "select public.drop_enrollment(%(enrollment)s)")
    stage.act("instructor", "update public.lessons set require_completion = false where id = %(locked)s")
    stage.act("instructor", RELEASE)
    assert enrollment(stage)[0] == "dropped"
    assert stage.act("owner", "select (public.enrol(%(course)s)).status").rows == [(DONE,)]
    assert certificates(stage) == 1


def test_counters_follow_what_is_required(stage: Stage) -> None:
    complete(stage, "welcome", "reading", "spare")
    count = "select required_lessons from public.courses where id = %(course)s"
    assert (enrollment(stage)[1], stage.value(count)) == (2, 3)
    for lesson, required, done, needed in (
        # What changes after somebody began counts for those who begin later.
        ("welcome", False, 2, 2),
        ("welcome", True, 2, 3),
        ("spare", True, 2, 4),
        ("spare", True, 2, 4),
        ("bare", True, 2, 5),
    ):
        stage.act("instructor", f"update public.lessons set require_completion = {required} where id = %({lesson})s")
        assert (enrollment(stage)[1], stage.value(count)) == (done, needed)
    stage.owner("delete from public.lessons where id = %(bare)s")
    assert stage.value(count) == 4
    assert enrollment(stage)[0] == BEGUN


def test_counters_of_a_course_move_by_the_difference(stage: Stage) -> None:
    counters = (
        "select total_enrollments, active_enrollments, completion_count, completion_rate"
        " from public.courses where id = %(course)s"
    )
    assert stage.owner(counters) == [(2, 2, 0, 0)]
    complete(stage, "welcome", "reading", "locked")
    assert stage.owner(counters) == [(2, 1, 1, 50)]
    stage.act("learner", "select public.drop_enrollment(%(learner_enrollment)s)")
    assert stage.owner(counters) == [(2, 0, 1, 50)]
    stage.act("learner", "select public.enrol(%(course)s)")
    assert stage.owner(counters) == [(2, 1, 1, 50)]
    stage.owner("delete from public.enrollments where id = %(learner_enrollment)s")
    assert stage.owner(counters) == [(1, 0, 1, 100)]


# Certificates -----------------------------------------------------------------------------------------------------


def test_a_course_without_certificates_gives_none_until_it_does(stage: Stage) -> None:
    stage.owner("update public.courses set completion_certificate = false where id = %(course)s")
    complete(stage, "welcome", "reading", "locked")
    assert (enrollment(stage)[0], certificates(stage)) == (DONE, 0)
    stage.act("instructor", "update public.courses set completion_certificate = true where id = %(course)s")
    assert certificates(stage) == 1
    jobs = stage.value(
        "select count(*) from procrastinate.procrastinate_jobs where task_name = 'certificates.make_document'"
    )
    assert jobs == stage.value("select count(*) from public.certificates")


def test_a_revoked_certificate_is_not_made_again(stage: Stage) -> None:
    number = stage.value("select number from public.certificates where id = %(certificate)s")
    stage.act("admin", "select public.revoke_certificate(%(n)s, 'By mistake')", n=number)
    for setting in (False, True):
        stage.owner(f"update public.courses set completion_certificate = {setting} where id = %(short)s")
    assert stage.value("select count(*) from public.certificates where course_id = %(short)s") == 1


def test_a_certificate_says_what_was_true_that_day(stage: Stage) -> None:
    stage.owner("update public.courses set ce_credits = 2.5 where id = %(course)s")
    complete(stage, "welcome", "reading", "locked")
    stage.owner("update public.courses set ce_credits = 9, title = 'Renamed' where id = %(course)s")
    stage.act("owner", "update public.profiles set first_name = 'Renamed' where id = %(owner)s")
    number = stage.value("select number from public.certificates where enrollment_id = %(enrollment)s")
    found = stage.act("anon", "select public.verify_certificate(%(n)s)", n=number).rows[0][0]
    assert (found["member_name"], found["course_title"], found["ce_credits"]) == (
        "Owner Guild",
        "Reading a policy",
        2.5,
    )


def test_an_imported_completion_gets_its_certificate(stage: Stage) -> None:
    stage.act(
        "service_role",
        "insert into public.enrollments (course_id, member_id, enrollment_source, status, completed_at)"
        " values (%(open)s, %(stranger)s, 'bulk_import', 'completed', '2026-01-01')",
    )
    assert (
        stage.value("select completed_at::date::text from public.certificates where member_id = %(stranger)s")
        == "2026-01-01"
    )


def test_the_address_of_a_person_follows_the_sign_in(stage: Stage) -> None:
    stage.owner("update auth.users set email = 'New@guild.test' where id = %(owner)s")
    assert stage.value("select email::text from public.profiles where id = %(owner)s") == "New@guild.test"
