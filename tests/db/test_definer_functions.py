"""Functions that run with the owner's rights let nobody put his own code in."""

from __future__ import annotations

import pytest

from collegium.access.stage import Stage

# With an empty search_path PostgreSQL looks for types among the temporary ones first, even before its own.
TAKE_OVER = """
create function pg_temp.take_over() returns boolean language plpgsql as $$
begin
    if current_user = 'collegium_owner' then
        update public.profiles set role = 'super_admin' where id = '{thief}';
    end if;
    return true;
end $$;
"""
TYPES = ("text", "uuid", "jsonb", "timestamptz", "date", "bool", "int4multirange", "regdictionary", "citext")


@pytest.mark.parametrize(
    "call",
    [
        "select public.enrol(%(open)s)",
        "select public.drop_enrollment(%(enrollment)s)",
        "select public.visit_lesson(%(reading)s)",
        "select public.mark_lesson_complete(%(reading)s)",
        "select public.open_playback(%(welcome_video)s)",
        "select public.open_scorm(%(scorm_lesson)s)",
        "select public.record_scorm_commit((public.open_scorm(%(scorm_lesson)s) ->> 'session_id')::uuid, 1, 'SCO-1',"
        ' \'{"cmi.core.lesson_status": "passed", "cmi.core.session_time": "00:00:01"}\')',
        "select public.completion_requirements(%(enrollment)s)",
        "select public.my_lesson_locks(%(course)s)",
        "select public.start_quiz_attempt(%(quiz)s)",
        'select public.save_quiz_answer(%(attempt)s, 1, \'{"selected": "1"}\', 9)',
        "select public.submit_quiz_attempt(%(attempt)s)",
        "select public.submit_assignment(%(assignment)s, 'My work.')",
        "select public.revoke_web_session(%(session)s)",
        "select public.search_courses('reading')",
        "select public.verify_certificate('CERT')",
        "select public.am_i_member()",
        "select public.begin_purchase(%(paid)s)",
        "select public.price_for_me(%(paid)s)",
        "select public.end_organisation_membership(%(belonging)s)",
        "select engagement_score from public.members",
        "select id from public.content_blocks",
        "insert into public.enrollments (course_id, member_id) values (%(open)s, %(owner)s)",
        "update public.profiles set first_name = 'Eve', time_zone = 'Europe/Berlin' where id = %(owner)s",
    ],
)
def test_a_temporary_type_takes_no_function_over(stage: Stage, call: str) -> None:
    stage.owner(
        "do $$ begin execute format('grant temporary on database %%I to authenticated', current_database()); end $$"
    )
    stage.act("owner", TAKE_OVER.format(thief=stage.value("select %(owner)s::text")))
    for name in TYPES:
        base = f"extensions.{name}" if name == "citext" else f"pg_catalog.{name}"
        stage.act("owner", f"create domain pg_temp.{name} as {base} check (pg_temp.take_over())")
    for name in ("profiles", "courses", "enrollments", "lessons"):
        stage.act("owner", f"create table pg_temp.{name} (id pg_catalog.uuid)")
    stage.attempt("owner", call)
    assert stage.value("select role::pg_catalog.text from public.profiles where id = %(owner)s") == "student"


def test_the_attack_would_work_on_an_empty_search_path(stage: Stage) -> None:
    """Else the test above would prove nothing."""
    stage.owner("alter function private.enrol(uuid, uuid) set search_path = ''")
    with pytest.raises(AssertionError):
        test_a_temporary_type_takes_no_function_over(stage, "select public.enrol(%(open)s)")


def test_nobody_may_make_temporary_things(stage: Stage) -> None:
    for who in ("anon", "authenticated", "service_role", "collegium_web"):
        allowed = stage.value("select has_database_privilege(%(who)s, current_database(), 'temporary')", who=who)
        assert not allowed, who
