"""What must hold in every database at every moment: it does, and each check notices when it does not."""

from __future__ import annotations

import pytest

from tests.db.invariants import INVARIANTS, offending
from tests.support.actors import Stage
from tests.support.database import Database

# The least that breaks each rule.
BREAK = {
    "rls_on_every_table": "alter table public.courses disable row level security",
    "policies_name_their_role": "create policy p on public.courses as restrictive for select using (true)",
    "one_policy_a_verb": "create policy p on public.courses for all to anon using (true)",
    "policies_call_no_function_with_a_column": (
        "create policy p on public.courses as restrictive for select to anon using (private.fold(title) <> '')"
    ),
    "functions_have_a_safe_path": "alter function public.enrol(uuid) set search_path = ''",
    "nothing_belongs_to_a_superuser": "alter function private.is_admin() owner to postgres",
    "nothing_is_granted_to_everybody": "grant select (title) on public.courses to public",
    "partitions_have_no_rights": "grant select on public.video_events_default to authenticated",
    "foreign_keys_lead_an_index": "drop index public.idx_enrollments_current_lesson",
    "policies_compare_indexed_columns": "drop index public.idx_login_attempts_user",
    "views_run_as_the_caller": "alter view public.video_completion reset (security_invoker)",
    "everything_has_a_comment": "comment on function public.enrol(uuid) is null",
    "updated_at_has_its_trigger": "drop trigger update_courses_updated_at on public.courses",
    "triggers_are_on": "alter table public.enrollments disable trigger check_enrollment",
    "course_counters_equal_a_recount": "update public.courses set completion_count = 1 where id = %(course)s",
    "lessons_completed_equals_a_recount": "update public.enrollments set lessons_completed = 5 where id = %(enrollment)s",
    "watched_seconds_are_covered": "update public.video_analytics set watched_seconds = 7 where user_id = %(owner)s",
    "one_playback_a_person": (
        "insert into public.video_analytics"
        " (user_id, video_id, course_id, lesson_id, enrollment_id, duration_seconds, playback_id)"
        " values (%(owner)s, %(spare_video)s, %(course)s, %(spare)s, %(enrollment)s, 100, %(new)s)"
    ),
    "completed_courses_have_their_certificate": "delete from public.certificates",
    "certificates_are_earned": "update public.enrollments set status = 'in_progress' where id = %(short_enrollment)s",
    "met_requirements_complete": (
        "update public.lessons set completion_criteria = 'marked_complete' where id = %(reading)s;"
        "alter table public.lessons disable trigger trigger_recount_lesson_in_enrollments;"
        "update public.lessons set require_completion = false where id in (%(welcome)s, %(locked)s);"
        "alter table public.enrollments disable trigger trigger_complete_on_return;"
        "update public.enrollments set status = 'suspended' where id = %(enrollment)s;"
        "select private.complete_lesson(%(enrollment)s, %(reading)s);"
        "update public.enrollments set status = 'in_progress' where id = %(enrollment)s"
    ),
    "purchases_pay_once": "update public.enrollments set transaction_id = %(transaction)s where id = %(enrollment)s",
    "events_have_their_month": (
        "insert into public.video_events (occurred_at, user_id, video_id, event_type, position_seconds)"
        " values ('2020-02-01', %(owner)s, %(welcome_video)s, 'play', 0)"
    ),
    "people_have_a_profile": "update public.profiles set email = 'other@guild.test' where id = %(owner)s",
}
AS_SUPERUSER = {"nothing_belongs_to_a_superuser"}


def broken(stage: Stage) -> set[str]:
    """The rules that do not hold on the stage."""
    return {name for name, rule in INVARIANTS.items() if stage.owner(rule.sql.replace("%", "%%"))}


def test_each_has_a_rule_and_a_way_to_break_it() -> None:
    assert set(BREAK) == set(INVARIANTS)
    for invariant in INVARIANTS.values():
        assert invariant.rule[0].isupper(), invariant.name
        assert invariant.rule.endswith("."), invariant.name
        assert ";" not in invariant.sql, invariant.name


async def test_all_hold_in_an_empty_database(database: Database) -> None:
    assert await offending(database) == {}


def test_all_hold_in_a_filled_database(stage: Stage) -> None:
    stage.owner("delete from auth.users where id = %(nobody)s")
    assert broken(stage) == set()


@pytest.mark.parametrize("name", sorted(BREAK.keys() - AS_SUPERUSER))
def test_each_notices(stage: Stage, name: str) -> None:
    stage.owner("delete from auth.users where id = %(nobody)s")
    stage.owner(BREAK[name])
    assert name in broken(stage)


async def test_ownership_is_noticed(database: Database) -> None:
    async with database.connect("super") as session:
        for name in AS_SUPERUSER:
            await session.execute(BREAK[name])
    assert set(await offending(database)) == AS_SUPERUSER
