"""A learner who speaks SQL with his own claims, as a Supabase client can, tries to get what he has not earned."""

from __future__ import annotations

import pytest

from collegium.access.stage import Stage

NO_RIGHT = "42501"


def never(stage: Stage, *statements: str, who: str = "owner", state: str = NO_RIGHT, code: str | None = None) -> None:
    """None of the statements may go through, each for the reason named."""
    for statement in statements:
        outcome = stage.attempt(who, statement)
        said = outcome.code if state.startswith("CG") else None
        assert (outcome.state, said) == (state, code), f"{statement}: {outcome}"


# Completing and certificates --------------------------------------------------------------------------------------


def test_completes_no_enrollment(stage: Stage) -> None:
    never(
        stage,
        "update public.enrollments set status = 'completed', completed_at = now() where id = %(enrollment)s",
        "update public.enrollments set lessons_completed = 99 where id = %(enrollment)s",
        "delete from public.enrollments where id = %(enrollment)s",
        "select private.complete_enrollment_when_met(%(enrollment)s)",
        "select private.complete_enrollments_when_met(%(course)s)",
    )


def test_grades_nothing(stage: Stage) -> None:
    never(stage, "update public.enrollments set final_grade = 100 where id = %(enrollment)s")


def test_writes_no_progress(stage: Stage) -> None:
    never(
        stage,
        "insert into public.lesson_progress (enrollment_id, lesson_id, course_id, status, completed_at)"
        " values (%(enrollment)s, %(reading)s, %(course)s, 'completed', now())",
        "update public.lesson_progress set status = 'completed', completed_at = now() where id = %(progress)s",
        "update public.lesson_progress set started_at = '2020-01-01' where id = %(progress)s",
        "delete from public.lesson_progress where id = %(progress)s",
        "select private.complete_lesson(%(enrollment)s, %(welcome)s)",
        "select private.start_lesson(null, %(welcome)s)",
    )


def test_completes_no_watched_or_locked_lesson_by_hand(stage: Stage) -> None:
    never(stage, "select public.mark_lesson_complete(%(welcome)s)", state="CG409", code="not_by_hand")
    never(stage, "select public.mark_lesson_complete(%(locked)s)", state="CG403", code="locked")
    never(stage, "select public.visit_lesson(%(locked)s)", state="CG403", code="locked")
    never(stage, "select public.mark_lesson_complete(%(paid_lesson)s)", state="CG403", code="not_enrolled")
    never(stage, "select public.mark_lesson_complete(%(new)s)", state="CG403", code="not_enrolled")
    never(stage, "select public.mark_lesson_complete(%(reading)s)", who="stranger", state="CG403", code="not_enrolled")


def test_makes_no_certificate(stage: Stage) -> None:
    never(
        stage,
        "insert into public.certificates (number, enrollment_id, member_id, course_id, holder_name, course_title,"
        " ce_credits, completed_at)"
        " values ('CERT-2026-AAAAAAAA', %(enrollment)s, %(owner)s, %(course)s, 'O', 'R', 9, now())",
        "update public.certificates set ce_credits = 99 where id = %(certificate)s",
        "update public.certificates set holder_name = 'Somebody' where id = %(certificate)s",
        "delete from public.certificates where id = %(certificate)s",
        "select private.issue_certificate(%(enrollment)s)",
        "select private.new_certificate_number(now())",
        "select private.defer_job('certificates.make_document', '{}')",
    )
    number = stage.value("select number from public.certificates where id = %(certificate)s")
    for who in ("owner", "instructor", "other_instructor"):
        outcome = stage.attempt(who, "select public.revoke_certificate(%(number)s, 'because')", number=number)
        assert (outcome.state, outcome.code) == ("CG403", "admins_only")


# Paying and enrolling ---------------------------------------------------------------------------------------------


def test_pays_nothing_by_writing(stage: Stage) -> None:
    never(
        stage,
        "insert into public.transactions (member_id, course_id, transaction_type, amount, status, completed_at)"
        " values (%(owner)s, %(paid)s, 'course_purchase', 0, 'completed', now())",
        "update public.transactions set course_id = %(paid)s where id = %(transaction)s",
        "delete from public.transactions where id = %(transaction)s",
        "update public.enrollments set transaction_id = %(transaction)s where id = %(enrollment)s",
    )


def test_prices_nothing(stage: Stage) -> None:
    for change in ("price = 0", "pricing_type = 'free'", "member_price = 0", "max_enrollments = null"):
        outcome = stage.act("owner", f"update public.courses set {change} where id = %(paid)s")
        assert outcome.count == 0
    never(stage, "update public.courses set instructor_id = %(owner)s where id = %(paid)s")


def test_enters_no_paid_course(stage: Stage) -> None:
    insert = "insert into public.enrollments (course_id, member_id) values (%(paid)s, %(owner)s)"
    never(stage, "select public.enrol(%(paid)s)", insert, state="CG403", code="payment_required")
    stage.owner("update public.courses set pricing_type = 'premium' where id = %(paid)s")
    never(stage, "select public.enrol(%(paid)s)", insert, state="CG403", code="payment_required")


@pytest.mark.parametrize(
    "column",
    [
        "id = gen_random_uuid()",
        "enrollment_source = 'admin_assignment'",
        "transaction_id = %(transaction)s",
        "status = 'completed'",
        "cohort_name = 'another'",
        "lessons_completed = 9",
        "completed_at = now()",
        "final_grade = 100",
        "expires_at = null",
        "enrolled_at = '2020-01-01'",
    ],
)
def test_chooses_nothing_of_an_enrollment_but_the_course(stage: Stage, column: str) -> None:
    name, value = column.split(" = ")
    never(
        stage,
        f"insert into public.enrollments (course_id, member_id, {name}) values (%(open)s, %(owner)s, {value})",
        f"insert into public.enrollments (course_id, member_id) values (%(open)s, %(owner)s)"
        f" on conflict (id) do update set {name} = {value}",
    )


def test_enrols_nobody_else(stage: Stage) -> None:
    """Nor do the words of the refusal tell who is a member or who has paid."""
    for course in ("open", "members", "paid", "draft"):
        for other in ("stranger", "learner", "admin"):
            statement = f"insert into public.enrollments (course_id, member_id) values (%({course})s, %({other})s)"
            never(stage, statement, state="CG403", code="own_enrollment_only")


def test_brings_no_suspended_or_ended_enrollment_back(stage: Stage) -> None:
    for status in ("suspended", "expired", "archived"):
        stage.owner("update public.enrollments set status = %(status)s where id = %(enrollment)s", status=status)
        never(stage, "select public.enrol(%(course)s)", state="CG409", code=f"enrollment_{status}")
        never(stage, "select public.drop_enrollment(%(enrollment)s)", state="CG409", code="cannot_leave")
        never(stage, "select public.visit_lesson(%(reading)s)", state="CG403", code="not_enrolled")
        assert not stage.act("owner", "select id from public.content_blocks where id = %(reading_block)s").rows


def test_escapes_no_suspension_through_a_second_enrollment(stage: Stage) -> None:
    stage.owner("update public.enrollments set status = 'suspended', cohort_name = 'spring' where id = %(enrollment)s")
    never(stage, "select public.enrol(%(course)s)", state="CG409", code="enrollment_suspended")
    insert = "insert into public.enrollments (course_id, member_id) values (%(course)s, %(owner)s)"
    never(stage, insert, state="CG409", code="enrollment_suspended")


def test_drops_nobody_elses_enrollment(stage: Stage) -> None:
    never(stage, "select public.drop_enrollment(%(learner_enrollment)s)", state="CG409", code="cannot_leave")
    never(stage, "select public.drop_enrollment(%(short_enrollment)s)", state="CG409", code="cannot_leave")


def test_gains_no_day_of_membership_by_a_time_zone(stage: Stage) -> None:
    """current_date moves with the client's time zone; the rule's day does not."""
    ended = "update public.memberships set ends_on = (now() at time zone 'UTC')::date - 1 where id = %(membership)s"
    begins = "update public.memberships set ends_on = null, starts_on = (now() at time zone 'UTC')::date + 1"
    for change in (ended, begins):
        stage.owner(change)
        for zone in ("Etc/GMT+12", "UTC", "Pacific/Kiritimati"):
            never(
                stage,
                f"set local timezone to '{zone}'; select public.enrol(%(members)s)",
                state="CG403",
                code="members_only",
            )
            said = stage.act("owner", f"set local timezone to '{zone}'; select public.am_i_member()")
            assert said.rows == [(False,)]


# Watching ---------------------------------------------------------------------------------------------------------


def test_forges_no_coverage(stage: Stage) -> None:
    never(
        stage,
        "update public.video_analytics set watched = '{[0,100)}' where user_id = %(owner)s",
        "update public.video_analytics set watched_seconds = 100 where user_id = %(owner)s",
        "update public.video_analytics set playback_opened_at = '2020-01-01' where user_id = %(owner)s",
        "update public.video_analytics set goal_seconds = 1 where user_id = %(owner)s",
        "insert into public.video_analytics (user_id, video_id, course_id, lesson_id, enrollment_id, watched,"
        " watched_seconds, duration_seconds) values (%(owner)s, %(spare_video)s, %(course)s, %(spare)s, %(enrollment)s,"
        " '{[0,100)}', 100, 100)",
        "delete from public.video_analytics where user_id = %(owner)s",
        "update public.video_completion set watched_seconds = 100",
        "update public.lesson_videos set duration = 1 where id = %(welcome_video)s",
        "update public.lesson_videos set max_rate = 4 where id = %(welcome_video)s",
        "select private.record_heartbeats(array[%(new)s]::uuid[], '{1}', '{\"{[0,9)}\"}', '{1}', '{0}', '{0}', '{t}')",
        "select private.record_video_events(array[%(new)s]::uuid[], '{play}', '{0}', '{\"{}\"}')",
        "select private.complete_watched_lesson()",
    )


def test_takes_no_playback_over(stage: Stage) -> None:
    """Which playback may report is nobody's business, not even its owner's."""
    for column in ("playback_id", "playback_session", "playback_seq", "playback_opened_at", "playback_seconds"):
        for who in ("owner", "learner", "instructor", "admin", "super_admin", "anon"):
            never(stage, f"select {column} from public.video_analytics", who=who)
    never(stage, "select * from public.video_analytics")
    before = stage.value("select playback_id from public.video_analytics where user_id = %(owner)s")
    stage.act("learner", "select public.open_playback(%(welcome_video)s)")
    assert stage.value("select playback_id from public.video_analytics where user_id = %(owner)s") == before


def test_opens_no_player_without_a_right_to_the_video(stage: Stage) -> None:
    never(stage, "select public.open_playback(%(paid_video)s)", state="CG403", code="not_enrolled")
    never(stage, "select public.open_playback(%(locked_video)s)", state="CG403", code="locked")
    never(stage, "select public.open_playback(%(new)s)", state="CG404", code="no_such_video")
    # A preview may be watched by anybody, but counts for nobody who is not enrolled.
    for who in ("stranger", "instructor", "admin"):
        never(stage, "select public.open_playback(%(welcome_video)s)", who=who, state="CG403", code="not_enrolled")
    never(stage, "select public.open_playback(%(welcome_video)s)", who="anon")


def test_logs_no_event_for_others_and_backdates_none(stage: Stage) -> None:
    row = "'play', 0)"
    never(
        stage,
        "insert into public.video_events (user_id, video_id, event_type, position_seconds)"
        f" values (%(learner)s, %(welcome_video)s, {row}",
        "insert into public.video_events (user_id, video_id, event_type, position_seconds)"
        f" values (%(owner)s, %(paid_video)s, {row}",
        "insert into public.video_events (user_id, video_id, event_type, position_seconds)"
        f" values (%(owner)s, %(new)s, {row}",
        "insert into public.video_events (occurred_at, user_id, video_id, event_type, position_seconds)"
        f" values ('2020-01-01', %(owner)s, %(welcome_video)s, {row}",
        "insert into public.video_events (playback_id, user_id, video_id, event_type, position_seconds)"
        f" values (%(new)s, %(owner)s, %(welcome_video)s, {row}",
        "insert into public.video_events_default (user_id, video_id, event_type, position_seconds)"
        f" values (%(owner)s, %(welcome_video)s, {row}",
        "update public.video_events set event_type = 'complete'",
        "delete from public.video_events",
    )
    outcome = stage.attempt(
        "owner",
        "insert into public.video_events (user_id, video_id, event_type, position_seconds, event_data)"
        " values (%(owner)s, %(welcome_video)s, 'play', 0, jsonb_build_object('x', repeat('x', 5000)))",
    )
    assert outcome.state == "23514"


# Becoming somebody ------------------------------------------------------------------------------------------------


def test_changes_no_role(stage: Stage) -> None:
    never(
        stage,
        "update public.profiles set role = 'super_admin' where id = %(owner)s",
        "update public.profiles set email = 'admin@guild.test' where id = %(owner)s",
        "update public.profiles set id = %(admin)s where id = %(owner)s",
        "update public.profiles set knowledge_profile = '{\"level\": 9}' where id = %(owner)s",
        "insert into public.profiles (id, email, role) values (%(nobody)s, 'n@guild.test', 'admin')",
        "insert into auth.users (email) values ('new@guild.test')",
        "update auth.users set encrypted_password = '' where id = %(admin)s",
    )
    for who in ("owner", "instructor", "stranger"):
        never(stage, "select public.set_user_role(%(owner)s, 'admin')", who=who, state="CG403", code="admins_only")
    assert stage.value("select role::text from public.profiles where id = %(owner)s") == "student"


def test_a_name_or_a_role_in_the_data_of_a_sign_up_gives_nothing(stage: Stage) -> None:
    stage.owner(
        "insert into auth.users (id, email, raw_user_meta_data) values (%(new)s, 'new@guild.test',"
        " jsonb_build_object('role', 'super_admin', 'first_name', E'Eve\\n\\u202eforged', 'time_zone', '../etc'))"
    )
    rows = stage.owner("select role::text, first_name, time_zone from public.profiles where id = %(new)s")
    assert rows == [("student", "Eve forged", "UTC")]


def test_chooses_no_time_zone_that_does_not_exist(stage: Stage) -> None:
    for zone in ("Mars/Olympus", "FOO3", "Foo/Bar3", "", "europe/berlin", "UTC; drop table x", "../UTC"):
        outcome = stage.attempt(
            "owner", "update public.profiles set time_zone = %(zone)s where id = %(owner)s", zone=zone
        )
        assert outcome.state in ("CG422", "23514"), zone
    stage.act("owner", "update public.profiles set time_zone = 'America/Argentina/Buenos_Aires' where id = %(owner)s")


def test_becomes_no_instructor(stage: Stage) -> None:
    never(
        stage,
        "insert into public.instructor_profiles (profile_id, display_name) values (%(owner)s, 'Me')",
        "insert into public.course_instructors (course_id, profile_id) values (%(course)s, %(owner)s)",
        "insert into public.courses (title, slug, description, category, instructor_id)"
        " values ('Mine', 'mine', 'd', 'compliance', %(owner)s)",
        "insert into public.memberships (member_id, member_number, starts_on) values (%(owner)s, 'M-9', '2020-01-01')",
    )
    # Nor does it help to be named as one without the role.
    stage.owner("insert into public.course_instructors (course_id, profile_id) values (%(course)s, %(stranger)s)")
    stage.owner("update public.courses set instructor_id = %(stranger)s where id = %(draft)s")
    assert not stage.act("stranger", "select id from public.courses where id = %(draft)s").rows
    assert not stage.act("stranger", "select id from public.enrollments").rows
    assert stage.act("stranger", "update public.courses set title = 'Mine' where id = %(course)s").count == 0


def test_ends_no_session_of_others(stage: Stage) -> None:
    never(stage, "select public.revoke_web_session(%(learner_session)s)", state="CG404", code="no_such_session")
    never(
        stage,
        "update public.web_sessions set revoked_at = null where id = %(session)s",
        "update public.web_sessions set expires_at = 'infinity' where id = %(session)s",
        "insert into public.web_sessions (user_id, token_hash, expires_at) values (%(admin)s, sha256('x'), 'infinity')",
        "delete from public.web_sessions",
    )
    stage.act("owner", "select public.revoke_web_session(%(session)s)")
    never(stage, "select public.revoke_web_session(%(session)s)", state="CG404", code="no_such_session")


def test_makes_nothing_in_any_schema(stage: Stage) -> None:
    for where in ("public.", "private.", "auth.", "extensions.", "procrastinate.", "pg_temp."):
        never(stage, f"create table {where}mine (n integer)", f"create type {where}text as enum ('a')")
        never(stage, f"create function {where}mine() returns integer language sql as 'select 1'")
    never(stage, "create schema mine", "alter table public.courses disable row level security")
    never(stage, "create view public.all_people as select * from public.profiles")


def test_turns_no_rule_off(stage: Stage) -> None:
    never(stage, "set session_replication_role = 'replica'", "alter role authenticated bypassrls")
    assert stage.attempt("owner", "set local row_security = off; select id from public.profiles").state == NO_RIGHT
    # Deferring constraints moves none of the rules to a time at which they would not look.
    never(
        stage,
        "set constraints all deferred;"
        " insert into public.enrollments (course_id, member_id) values (%(paid)s, %(owner)s)",
        state="CG403",
        code="payment_required",
    )
