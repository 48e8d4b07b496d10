"""A course taken again in a later cohort: whatever asks for the enrollment of a person means the one that counts now."""

from __future__ import annotations

import pytest

from collegium.access.stage import Stage

ENROLLMENT_OF = (
    "select e.cohort_name from public.{table} t join public.enrollments e on e.id = t.enrollment_id where {where}"
)


@pytest.fixture
def again(stage: Stage) -> Stage:
    """The owner completed the course in spring, was asked again in autumn, which began an hour ago, and has done nothing of it."""
    stage.owner(
        "update public.enrollments set cohort_id = %(spring)s, enrolled_at = now() - interval '90 days' where id = %(enrollment)s"
    )
    stage.owner(
        "insert into public.lesson_progress (enrollment_id, lesson_id, course_id, status, started_at, completed_at)"
        " select %(enrollment)s, l.id, l.course_id, 'completed', now(), now() from public.lessons l"
        " where l.course_id = %(course)s and l.require_completion"
        " on conflict (enrollment_id, lesson_id) do update set status = 'completed', completed_at = now()"
    )
    stage.owner(
        "update public.enrollments set status = 'completed', completed_at = now() - interval '60 days' where id = %(enrollment)s"
    )
    stage.owner("update public.course_cohorts set starts_at = now() - interval '1 hour' where id = %(autumn)s")
    assert stage.act("owner", "select (public.enrol_in_cohort(%(course)s, %(autumn)s)).status").rows == [("enrolled",)]
    return stage


def test_lessons_films_and_quizzes_are_of_the_new_one(again: Stage) -> None:
    again.act("owner", "select public.visit_lesson(%(reading)s)")
    again.act("owner", "select public.open_playback(%(welcome_video)s)")
    again.act("owner", "select public.start_quiz_attempt(%(quiz)s)")
    for table, where in (
        ("lesson_progress", "e.member_id = %(owner)s and t.lesson_id = %(reading)s and t.status = 'in_progress'"),
        ("video_analytics", "t.user_id = %(owner)s and t.video_id = %(welcome_video)s"),
        ("quiz_attempts", "t.member_id = %(owner)s and t.quiz_id = %(quiz)s and t.status = 'in_progress'"),
    ):
        assert again.act("service_role", ENROLLMENT_OF.format(table=table, where=where)).rows == [("Autumn",)], table


def test_attendance_is_of_the_cohort_that_has_begun(again: Stage) -> None:
    chosen = "select (private.current_enrollment(%(owner)s, %(course)s)).cohort_name"
    assert again.value(chosen) == "Autumn"
    again.owner("update public.course_cohorts set starts_at = now() + interval '1 hour' where id = %(autumn)s")
    assert again.value(chosen) == "Spring"
    again.owner("update public.enrollments set status = 'dropped' where id = %(enrollment)s")
    assert again.value(chosen) == "Autumn"


def test_views_and_reports_count_both(again: Stage) -> None:
    rows = again.act(
        "instructor",
        "select e.cohort_name, e.status, e.progress_percentage::integer, e.certificate_issued from public.enrollment_details e"
        " where e.member_id = %(owner)s and e.course_id = %(course)s order by e.enrolled_at",
    ).rows
    assert [row[:3] for row in rows] == [("Spring", "completed", 100), ("Autumn", "enrolled", 0)]
    whole = "select count(*) from public.student_progress where student_id = %(owner)s and course_id = %(course)s and lesson_id is null and assessment_id is null"
    assert again.act("owner", whole).rows == [(2,)]
    assert again.act("owner", "select count(*) >= 0 from public.roadmap_details where student_id = %(owner)s").rows == [
        (True,)
    ]
    counted = "select total_enrollments - (select count(*) from public.enrollments e where e.course_id = c.id) from public.courses c where c.id = %(course)s"
    assert again.value(counted) == 0


def test_a_review_counts_what_was_done_before(again: Stage) -> None:
    assert again.act("owner", "select enrolled, done from public.my_review(%(course)s)").rows == [(True, 100)]


def test_completing_it_again_gives_another_certificate(again: Stage) -> None:
    again.owner(
        "select private.complete_lesson(e.id, l.id) from public.enrollments e join public.lessons l on l.course_id = e.course_id"
        " where e.member_id = %(owner)s and e.cohort_id = %(autumn)s and l.require_completion"
    )
    again.owner(
        "select private.complete_enrollment_when_met(id) from public.enrollments where member_id = %(owner)s and cohort_id = %(autumn)s"
    )
    left = "select requirement, title from public.enrollments e cross join lateral private.completion_requirements(e.id) r" \
           " where e.member_id = %(owner)s and e.cohort_id = %(autumn)s and not r.met"  # fmt: skip
    if again.act(
        "service_role", "select status from public.enrollments where member_id = %(owner)s and cohort_id = %(autumn)s"
    ).rows != [("completed",)]:
        pytest.fail(str(again.act("service_role", left).rows))
    numbers = "select count(distinct number) from public.certificates k join public.enrollments e on e.id = k.enrollment_id" \
              " where e.member_id = %(owner)s and e.course_id = %(course)s and e.cohort_name = 'Autumn'"  # fmt: skip
    assert again.value(numbers) == 1


def test_a_copy_of_the_version_that_was_begun_is_kept(again: Stage) -> None:
    versions = "select count(*) from public.enrollments where member_id = %(owner)s and course_id = %(course)s and course_version_id is not null"
    assert again.value(versions) == 2
