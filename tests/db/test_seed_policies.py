"""The policies that the source documents name: which of ours carries each, and what it lets whom do.

A result is the number of rows seen or changed, or the refusal: its SQLSTATE or a rule's code.
"""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from collegium.access.stage import Stage
from tests.support import seed_names, seeds

NO_RIGHT = "42501"
OWN_ENROLLMENTS = "select 1 from enrollments where member_id = %(owner)s"
ONE_ATTEMPT = "select 1 from quiz_attempts where id = %(attempt)s"
ANALYTICS = "select 1 from video_analytics where user_id = %(owner)s and video_id = %(welcome_video)s"
EVENT = "insert into video_events (user_id, video_id, event_type, position_seconds) values (%({})s, %(welcome_video)s, 'pause', 3)"
COURSE_TITLE = "update courses set title = 'Changed' where id = %(course)s"


@dataclass(frozen=True)
class Case:
    """A policy of a document, who carries it (policies, or functions in place of a write), and what happens."""

    document: str
    policy: str
    carried_by: tuple[str, ...]
    happens: tuple[tuple[str, str, int | str], ...]


def case(document: str, policy: str, *carried_by: str, happens: list[tuple[str, str, int | str]]) -> Case:
    return Case(document, policy, carried_by or (policy,), tuple(happens))


CASES = [
    # 000, video analytics
    case(
        "V",
        '"Users view videos" on lesson_videos',
        happens=[
            ("owner", "select 1 from lesson_videos where id = %(welcome_video)s", 1),
            ("stranger", "select 1 from lesson_videos where id = %(welcome_video)s", 1),  # A preview.
            ("stranger", "select 1 from lesson_videos where id = %(paid_video)s", 0),
            ("instructor", "select 1 from lesson_videos where id = %(paid_video)s", 1),
        ],
    ),
    case(
        "V",
        '"Admins manage videos" on lesson_videos',
        '"Instructors remove videos" on lesson_videos',
        '"Instructors correct transcripts" on lesson_videos',
        happens=[
            ("admin", "update lesson_videos set transcript = '[{\"start\": 0}]' where id = %(welcome_video)s", 1),
            ("super_admin", "delete from lesson_videos where id = %(spare_video)s", 1),
            ("owner", "delete from lesson_videos where id = %(spare_video)s", 0),
            ("admin", "update lesson_videos set source_key = 'x' where id = %(welcome_video)s", NO_RIGHT),
        ],
    ),
    case(
        "V",
        '"Students view own analytics" on video_analytics',
        happens=[("owner", ANALYTICS, 1), ("learner", ANALYTICS, 0), ("anon", ANALYTICS, NO_RIGHT)],
    ),
    case(
        "V",
        '"Admins view all analytics" on video_analytics',
        '"Students view own analytics" on video_analytics',
        happens=[("admin", ANALYTICS, 1), ("super_admin", ANALYTICS, 1), ("other_instructor", ANALYTICS, 0)],
    ),
    case(
        "V",
        '"Users log own events" on video_events',
        happens=[
            ("owner", EVENT.format("owner"), 1),
            ("owner", EVENT.format("learner"), NO_RIGHT),
            ("owner", "select 1 from video_events where user_id = %(owner)s", 0),
            ("owner", "delete from video_events", NO_RIGHT),
        ],
    ),
    # 001, sessions
    case(
        "S",
        '"Users can view their own sessions" on sessions',
        happens=[
            ("owner", "select 1 from sessions where id = %(collection)s", 1),
            ("stranger", "select 1 from sessions where id = %(collection)s", 0),
        ],
    ),
    case(
        "S",
        '"Users can create their own sessions" on sessions',
        happens=[
            ("stranger", "insert into sessions (name, user_id) values ('Mine', %(stranger)s)", 1),
            ("stranger", "insert into sessions (name, user_id) values ('Mine', %(owner)s)", NO_RIGHT),
        ],
    ),
    case(
        "S",
        '"Users can update their own sessions" on sessions',
        happens=[
            ("owner", "update sessions set name = 'Other' where id = %(collection)s", 1),
            ("stranger", "update sessions set name = 'Other' where id = %(collection)s", 0),
        ],
    ),
    case(
        "S",
        '"Users can delete their own sessions" on sessions',
        happens=[
            ("owner", "delete from sessions where id = %(collection)s", 1),
            ("stranger", "delete from sessions where id = %(collection)s", 0),
        ],
    ),
    case(
        "S",
        '"Users can view modules of their sessions" on modules',
        happens=[
            ("owner", "select 1 from modules where session_id = %(collection)s", 2),
            ("stranger", "select 1 from modules where session_id = %(collection)s", 0),
        ],
    ),
    case(
        "S",
        '"Users can manage modules of their sessions" on modules',
        *(
            f'"Users can manage modules of their sessions: {verb}" on modules'
            for verb in ("insert", "update", "delete")
        ),
        happens=[
            ("owner", "insert into modules (session_id, name, order_index) values (%(collection)s, 'New', 3)", 1),
            (
                "stranger",
                "insert into modules (session_id, name, order_index) values (%(collection)s, 'New', 3)",
                NO_RIGHT,
            ),
            ("owner", "update modules set name = 'Other' where id = %(part)s", 1),
            ("stranger", "update modules set name = 'Other' where id = %(part)s", 0),
            ("owner", "delete from modules where id = %(part)s", 1),
            ("stranger", "delete from modules where id = %(part)s", 0),
        ],
    ),
    case(
        "S",
        '"Users can view videos of their modules" on videos',
        happens=[
            ("owner", "select 1 from videos where module_id = %(part)s", 1),
            ("stranger", "select 1 from videos where module_id = %(part)s", 0),
        ],
    ),
    case(
        "S",
        '"Users can manage videos of their modules" on videos',
        *(f'"Users can manage videos of their modules: {verb}" on videos' for verb in ("insert", "update", "delete")),
        happens=[
            (who, statement, mine if who == "owner" else theirs)
            for who in ("owner", "stranger")
            for statement, mine, theirs in (
                (
                    "insert into videos (module_id, file_name, file_url, file_size, mime_type)"
                    " values (%(part)s, 'a.mp4', 'https://example.org/a.mp4', 1000, 'video/mp4')",
                    1,
                    NO_RIGHT,
                ),
                ("update videos set file_name = 'b.mp4' where id = %(clip)s", 1, 0),
                ("delete from videos where id = %(clip)s", 1, 0),
            )
        ],
    ),
    # 002, the association
    case(
        "N",
        '"Public can view published courses" on courses',
        '"Public can view published courses" on courses',
        '"People view published and own courses" on courses',
        happens=[
            ("anon", "select 1 from courses where id = %(course)s", 1),
            ("anon", "select 1 from courses where id = %(draft)s", 0),
            ("stranger", "select 1 from courses where id = %(course)s", 1),
            ("stranger", "select 1 from courses where id = %(draft)s", 0),
        ],
    ),
    case(
        "N",
        '"Instructors can manage own courses" on courses',
        '"Instructors can manage own courses" on courses',
        '"Instructors create own courses" on courses',
        '"Instructors remove own drafts" on courses',
        happens=[
            ("instructor", COURSE_TITLE, 1),
            ("other_instructor", COURSE_TITLE, 0),
            ("instructor", "select 1 from courses where id = %(draft)s", 1),
            ("instructor", "delete from courses where id = %(course)s", 0),  # People take it.
        ],
    ),
    case(
        "N",
        '"Members can view own enrollments" on enrollments',
        happens=[("owner", OWN_ENROLLMENTS, 3), ("learner", OWN_ENROLLMENTS, 0), ("anon", OWN_ENROLLMENTS, NO_RIGHT)],
    ),
    case(
        "N",
        '"Instructors view own course enrollments" on enrollments',
        '"Members can view own enrollments" on enrollments',
        happens=[
            ("instructor", "select 1 from enrollments where id = %(enrollment)s", 1),
            ("other_instructor", "select 1 from enrollments where id = %(enrollment)s", 0),
        ],
    ),
    case(
        "N",
        '"Members can self-enroll" on enrollments',
        happens=[
            ("stranger", "insert into enrollments (course_id, member_id) values (%(open)s, %(stranger)s)", 1),
            (
                "stranger",
                "insert into enrollments (course_id, member_id) values (%(open)s, %(owner)s)",
                "own_enrollment_only",
            ),
            (
                "stranger",
                "insert into enrollments (course_id, member_id) values (%(draft)s, %(stranger)s)",
                "no_such_course",
            ),
            (
                "stranger",
                "insert into enrollments (course_id, member_id) values (%(paid)s, %(stranger)s)",
                "payment_required",
            ),
        ],
    ),
    case(
        "N",
        '"Members can update own progress" on enrollments',
        "public.mark_lesson_complete",
        "public.visit_lesson",
        "public.drop_enrollment",
        happens=[
            ("owner", "update enrollments set lessons_completed = 3 where id = %(enrollment)s", NO_RIGHT),
            ("owner", "select public.visit_lesson(%(reading)s)", 1),
            ("owner", "select public.mark_lesson_complete(%(reading)s)", 1),
            ("stranger", "select public.mark_lesson_complete(%(reading)s)", "not_enrolled"),
        ],
    ),
    case(
        "N",
        '"Members can view own quiz attempts" on quiz_attempts',
        happens=[("owner", ONE_ATTEMPT, 1), ("stranger", ONE_ATTEMPT, 0), ("anon", ONE_ATTEMPT, NO_RIGHT)],
    ),
    case(
        "N",
        '"Students see own quiz attempts only" on quiz_attempts',
        '"Members can view own quiz attempts" on quiz_attempts',
        happens=[("owner", ONE_ATTEMPT, 1), ("learner", ONE_ATTEMPT, 0)],
    ),
    case(
        "N",
        '"Members can start quiz attempts" on quiz_attempts',
        "public.start_quiz_attempt",
        happens=[
            ("owner", "select public.start_quiz_attempt(%(quiz)s)", 1),
            ("stranger", "select public.start_quiz_attempt(%(quiz)s)", "not_enrolled"),
            (
                "owner",
                "insert into quiz_attempts (quiz_id, enrollment_id, course_id, member_id, attempt_number)"
                " values (%(quiz)s, %(enrollment)s, %(course)s, %(owner)s, 1)",
                NO_RIGHT,
            ),
        ],
    ),
    case(
        "N",
        '"Members can update own attempts" on quiz_attempts',
        "public.save_quiz_answer",
        "public.submit_quiz_attempt",
        happens=[
            ("owner", "update quiz_attempts set score = 100 where id = %(attempt)s", NO_RIGHT),
            ("owner", "select public.submit_quiz_attempt(%(attempt)s)", 1),
            ("stranger", "select public.submit_quiz_attempt(%(attempt)s)", "no_such_attempt"),
        ],
    ),
    # 004, the personalised platform
    case(
        "L",
        '"Users can view own profile" on profiles',
        '"Users can view own profile" on profiles',
        '"Users can update own profile" on profiles',
        happens=[
            ("stranger", "select 1 from profiles", 1),
            ("stranger", "update profiles set first_name = 'New'", 1),
            ("stranger", "update profiles set role = 'admin'", NO_RIGHT),
        ],
    ),
    case(
        "L",
        '"Instructors can view student profiles" on profiles',
        '"Users can view own profile" on profiles',
        happens=[
            ("instructor", "select 1 from profiles where id = %(owner)s", 1),
            ("other_instructor", "select 1 from profiles where id = %(owner)s", 0),
            ("instructor", "select 1 from profiles where id = %(stranger)s", 0),
        ],
    ),
    case(
        "L",
        '"Anyone can view published courses" on courses',
        '"Public can view published courses" on courses',
        '"People view published and own courses" on courses',
        happens=[
            ("anon", "select 1 from courses where id = %(course)s", 1),
            ("learner", "select 1 from courses where id = %(draft)s", 0),
        ],
    ),
    case(
        "L",
        '"Students can view enrolled courses" on courses',
        '"People view published and own courses" on courses',
        happens=[
            ("owner", "select 1 from courses where id = %(short)s", 1),
            ("stranger", "select 1 from courses where id = %(short)s", 0),
        ],
    ),
    case(
        "L",
        '"Instructors can manage own courses" on courses',
        '"Instructors can manage own courses" on courses',
        '"Instructors create own courses" on courses',
        '"Instructors remove own drafts" on courses',
        happens=[
            ("instructor", "delete from courses where id = %(draft)s", 1),
            ("other_instructor", "delete from courses where id = %(draft)s", 0),
            (
                "instructor",
                "insert into courses (title, slug, description, category, instructor_id)"
                " values ('New', 'new', 'New', 'compliance', %(instructor)s)",
                1,
            ),
            (
                "stranger",
                "insert into courses (title, slug, description, category, instructor_id)"
                " values ('New', 'new', 'New', 'compliance', %(stranger)s)",
                NO_RIGHT,
            ),
        ],
    ),
    case(
        "L",
        '"Students can manage own assessment attempts" on assessment_attempts',
        '"Members can view own quiz attempts" on quiz_attempts',
        "public.start_quiz_attempt",
        "public.save_quiz_answer",
        "public.submit_quiz_attempt",
        happens=[
            ("owner", "select 1 from assessment_attempts where student_id = %(owner)s", 1),
            ("learner", "select 1 from assessment_attempts where student_id = %(owner)s", 0),
            ("owner", "update assessment_attempts set passed = true", NO_RIGHT),
        ],
    ),
    case(
        "L",
        '"Instructors can view course assessment attempts" on assessment_attempts',
        '"Members can view own quiz attempts" on quiz_attempts',
        happens=[
            ("instructor", "select 1 from assessment_attempts where id = %(attempt)s", 1),
            ("other_instructor", "select 1 from assessment_attempts where id = %(attempt)s", 0),
        ],
    ),
]
# What must be true before: the draft of the guild has content, and a course that somebody takes may be archived.
BEFORE = {
    '"Students can view enrolled courses" on courses': "update courses set status = 'archived' where id = %(short)s",
    '"Instructors can manage own courses" on courses': ("delete from course_modules where course_id = %(draft)s"),
}


@pytest.mark.parametrize("one", CASES, ids=lambda one: f"{one.document}: {one.policy}")
def test_policies_of_the_documents(stage: Stage, one: Case) -> None:
    for carrier in one.carried_by:
        name, _, table = carrier.rpartition(" on ")
        if table.startswith("public."):
            assert stage.value("select to_regproc(%(f)s) is not null", f=table), carrier
        else:
            found = stage.value(
                "select permissive from pg_policies where policyname = %(name)s and tablename = %(table)s",
                name=name.strip('"'),
                table=table,
            )
            assert found == "PERMISSIVE", carrier
    for who, statement, expected in one.happens:
        with stage.undone():
            if one.policy in BEFORE:
                stage.owner(BEFORE[one.policy])
            outcome = stage.attempt(who, statement)
            became = outcome.count if outcome.state is None else outcome.state
            assert expected in (became, outcome.code), f"{who}: {statement}: {became}, {outcome.code} {outcome.words}"


@seeds.needs_seeds
@pytest.mark.parametrize("document", ["V", "S", "N", "L"])
def test_every_policy_of_the_document_is_tried(document: str) -> None:
    theirs = {name for kind, name in seed_names.names(document) if kind == "policy"}
    assert theirs == {one.policy for one in CASES if one.document == document}
