"""Instructors and administrators try to reach past what is theirs."""

from __future__ import annotations

import pytest

from collegium.access.stage import Stage, key

NO_RIGHT = "42501"
# PostgreSQL 18 gave "on delete restrict" a state of its own.
REFERRED_TO = ("23503", "23001")


def never(stage: Stage, who: str, *statements: str) -> None:
    """None of the statements may change anything: no right, or nothing found."""
    for statement in statements:
        outcome = stage.attempt(who, statement)
        assert outcome.state == NO_RIGHT or (outcome.state is None and outcome.count == 0), f"{statement}: {outcome}"


# Instructors ------------------------------------------------------------------------------------------------------


def test_an_instructor_touches_no_course_of_others(stage: Stage) -> None:
    never(
        stage,
        "instructor",
        "update public.courses set title = 'Mine' where id = %(other_course)s",
        "update public.courses set price = 1, pricing_type = 'paid' where id = %(open)s",
        "delete from public.courses where id = %(open)s",
        "update public.course_modules set title = 'Mine' where id = %(other_module)s",
        "insert into public.course_modules (course_id, title, module_order) values (%(other_course)s, 'Mine', 9)",
        "update public.lessons set require_completion = false where id = %(other_lesson)s",
        "delete from public.lessons where id = %(other_lesson)s",
        "insert into public.lessons (course_id, module_id, title, lesson_type, lesson_order)"
        " values (%(other_course)s, %(other_module)s, 'Mine', 'text', 9)",
        "insert into public.content_blocks (lesson_id, course_id, type, order_index, content)"
        " values (%(other_lesson)s, %(other_course)s, 'youtube', 9, '{\"video_id\": \"abcdefghijk\"}')",
    )


def test_an_instructor_hangs_nothing_of_his_on_a_course_of_others(stage: Stage) -> None:
    """A row cannot name his course beside another's module or lesson."""
    for statement in (
        "insert into public.lessons (course_id, module_id, title, lesson_type, lesson_order)"
        " values (%(course)s, %(other_module)s, 'Mine', 'text', 9)",
        "insert into public.content_blocks (lesson_id, course_id, type, order_index, content)"
        " values (%(other_lesson)s, %(course)s, 'youtube', 9, '{\"video_id\": \"abcdefghijk\"}')",
        "update public.lessons set unlock_after_lesson_id = %(other_lesson)s where id = %(reading)s",
        "update public.course_modules set unlock_after_module_id = %(other_module)s where id = %(second_module)s",
        "update public.content_blocks set lesson_id = %(other_lesson)s where id = %(reading_block)s",
    ):
        assert stage.attempt("instructor", statement).state == "23503", statement


def test_an_instructor_only_reads_his_learners_records(stage: Stage) -> None:
    never(
        stage,
        "instructor",
        "update public.enrollments set status = 'completed', completed_at = now() where id = %(enrollment)s",
        "update public.enrollments set final_grade = 100 where id = %(enrollment)s",
        "delete from public.enrollments where id = %(enrollment)s",
        "insert into public.lesson_progress (enrollment_id, lesson_id, course_id, status, completed_at)"
        " values (%(enrollment)s, %(reading)s, %(course)s, 'completed', now())",
        "update public.lesson_progress set status = 'completed', completed_at = now() where id = %(progress)s",
        "delete from public.lesson_progress where id = %(progress)s",
        "update public.video_analytics set watched_seconds = 0 where user_id = %(owner)s",
        "delete from public.video_analytics where user_id = %(owner)s",
        "update public.certificates set holder_name = 'x' where id = %(certificate)s",
        "update public.profiles set first_name = 'x' where id = %(owner)s",
        "select private.complete_lesson(%(enrollment)s, %(reading)s)",
        "select private.issue_certificate(%(enrollment)s)",
    )


@pytest.mark.parametrize("table", ["lesson_videos", "lessons", "course_modules"])
def test_an_instructor_destroys_no_evidence_by_deleting_content(stage: Stage, table: str) -> None:
    names = {"lesson_videos": "welcome_video", "lessons": "welcome", "course_modules": "first_module"}
    outcome = stage.attempt("instructor", f"delete from public.{table} where id = %({names[table]})s")
    assert outcome.state in REFERRED_TO or outcome.code == "lesson_is_held"
    assert stage.attempt("admin", "delete from public.courses where id = %(course)s").state in REFERRED_TO


def test_an_instructor_names_no_stored_file(stage: Stage) -> None:
    """A key that he could write would be signed for him as his own video is."""
    files = '[{"key": "certificates/1.pdf", "lang": "en", "label": "x"}]'
    for who in ("instructor", "admin"):
        never(
            stage,
            who,
            *(
                f"update public.lesson_videos set {column} = 'certificates/1.pdf' where id = %(welcome_video)s"
                for column in ("source_key", "playlist_key", "poster_key")
            ),
            f"update public.lesson_videos set captions = '{files}' where id = %(welcome_video)s",
            f"update public.lesson_videos set renditions = '{files}' where id = %(welcome_video)s",
            "insert into public.lesson_videos (lesson_id, course_id, playlist_key, duration)"
            " values (%(reading)s, %(course)s, 'videos/paid/index.m3u8', 60)",
        )


def test_an_instructor_moves_no_counter_and_gives_no_course_away(stage: Stage) -> None:
    for change in (
        "total_enrollments = 0",
        "active_enrollments = 0",
        "completion_count = 99",
        "required_lessons = 0",
        "published_at = now()",
        "instructor_id = %(other_instructor)s",
        "created_by = %(other_instructor)s",
        "id = %(new)s",
    ):
        never(stage, "instructor", f"update public.courses set {change} where id = %(course)s")
    never(
        stage,
        "instructor",
        "insert into public.course_instructors (course_id, profile_id) values (%(course)s, %(learner)s)",
    )


def test_an_instructor_makes_courses_in_his_own_name_only(stage: Stage) -> None:
    insert = (
        "insert into public.courses (title, slug, description, category, instructor_id, created_by)"
        " values ('N', 'n', 'd', 'compliance', {})"
    )
    for named in ("%(other_instructor)s, null", "null, null", "%(instructor)s, %(admin)s"):
        never(stage, "instructor", insert.format(named))
    assert stage.act("instructor", insert.format("%(instructor)s, %(instructor)s") + " returning slug").rows == [("n",)]


def test_an_instructor_who_lost_the_role_lost_his_courses(stage: Stage) -> None:
    stage.act("admin", "select public.set_user_role(%(instructor)s, 'student')")
    never(
        stage,
        "instructor",
        "update public.courses set title = 'Still mine' where id = %(course)s",
        "update public.lessons set title = 'Still mine' where id = %(reading)s",
        "update public.instructor_profiles set headline = 'Still' where profile_id = %(instructor)s",
        "select id from public.enrollments where id = %(enrollment)s",
        "select id from public.profiles where id = %(owner)s",
        "select id from public.courses where id = %(draft)s",
        "insert into public.courses (title, slug, description, category, instructor_id)"
        " values ('N', 'n', 'd', 'compliance', %(instructor)s)",
    )


def test_a_co_instructor_teaches_but_removes_no_course(stage: Stage) -> None:
    stage.act(
        "admin",
        "insert into public.course_instructors (course_id, profile_id) values (%(draft)s, %(other_instructor)s)",
    )
    assert stage.act("other_instructor", "update public.courses set title = 'Ours' where id = %(draft)s").count == 1
    assert (
        stage.act("other_instructor", "update public.lessons set title = 'Ours' where id = %(draft_lesson)s").count == 1
    )
    never(stage, "other_instructor", "delete from public.courses where id = %(draft)s")


# Administrators ---------------------------------------------------------------------------------------------------


def test_an_administrator_moves_students_and_instructors_only(stage: Stage) -> None:
    stage.act("admin", "select public.set_user_role(%(owner)s, 'instructor')")
    assert stage.value("select role::text from public.profiles where id = %(owner)s") == "instructor"
    for person, role in (
        ("owner", "admin"),
        ("owner", "super_admin"),
        ("super_admin", "student"),
        ("admin", "super_admin"),
    ):
        outcome = stage.attempt("admin", f"select public.set_user_role(%({person})s, '{role}')")
        assert (outcome.state, outcome.code) == ("CG403", "super_admins_only")
    never(stage, "admin", "update public.profiles set role = 'super_admin' where id = %(admin)s")


def test_a_super_administrator_moves_all_but_himself(stage: Stage) -> None:
    stage.act("super_admin", "select public.set_user_role(%(owner)s, 'super_admin')")
    stage.act("super_admin", "select public.set_user_role(%(admin)s, 'student')")
    outcome = stage.attempt("super_admin", "select public.set_user_role(%(super_admin)s, 'student')")
    assert (outcome.state, outcome.code) == ("CG409", "own_role")
    outcome = stage.attempt("super_admin", "select public.set_user_role(%(new)s, 'student')")
    assert (outcome.state, outcome.code) == ("CG404", "no_such_person")


def test_an_administrator_reads_no_mail_to_a_super_administrator(stage: Stage) -> None:
    """It may carry a link that sets his password."""
    outbox = "select id from public.mail_outbox"
    assert stage.act("admin", outbox).rows == [(key("mail"),)]
    assert {row[0] for row in stage.act("super_admin", outbox).rows} == {key("mail"), key("mail_to_super")}
    stage.act("super_admin", "select public.set_user_role(%(owner)s, 'super_admin')")
    assert stage.act("admin", outbox).rows == []
    # Mail to nobody in particular may be to anybody.
    stage.owner("update public.mail_outbox set user_id = null")
    assert stage.act("admin", outbox).rows == []


def test_an_administrator_writes_neither_records_nor_money(stage: Stage) -> None:
    for who in ("admin", "super_admin"):
        never(
            stage,
            who,
            "update public.enrollments set status = 'completed', completed_at = now() where id = %(enrollment)s",
            "insert into public.enrollments (course_id, member_id, enrollment_source)"
            " values (%(paid)s, %(admin)s, 'admin_assignment')",
            "update public.lesson_progress set status = 'completed', completed_at = now() where id = %(progress)s",
            "update public.transactions set status = 'completed', completed_at = now() where id = %(transaction)s",
            "update public.certificates set revoked_at = null, revoked_reason = null where id = %(certificate)s",
            "update public.mail_outbox set recipient = 'admin@guild.test'",
            "delete from public.login_attempts",
            "delete from public.video_events",
            "select token_hash from public.web_sessions",
            "update public.profiles set email = 'x@guild.test' where id = %(owner)s",
        )


def test_a_certificate_is_revoked_once_with_a_reason(stage: Stage) -> None:
    number = stage.value("select number from public.certificates")
    for reason in ("", "   ", None, "x" * 501):
        outcome = stage.attempt("admin", "select public.revoke_certificate(%(n)s, %(r)s)", n=number, r=reason)
        assert (outcome.state, outcome.code) == ("CG422", "reason_needed")
    revoke = "select public.revoke_certificate(%(n)s, 'Issued by mistake')"
    stage.act("admin", revoke, n=f" {number.lower()}")
    found = stage.act("anon", "select public.verify_certificate(%(n)s)", n=number).rows[0][0]
    assert (found["status"], found["valid"]) == ("revoked", False)
    assert "mistake" not in str(found)
    assert stage.value("select revoked_by from public.certificates") == key("admin")
    for wanted in (number, "CERT-2026-AAAAAAAA"):
        outcome = stage.attempt("admin", revoke, n=wanted)
        assert (outcome.state, outcome.code) == ("CG404", "no_such_certificate")
