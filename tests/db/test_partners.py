"""Partner systems: what they report is counted by the difference, their keys are nowhere, seed 003's own checks hold."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from collegium.access.stage import Stage

REPOSITORY = Path(__file__).parents[2]
SEEDS = tuple(above / "shared" / "seeds" for above in (REPOSITORY.parent, REPOSITORY.parent.parent))
TABLES = (
    "select tablename from pg_tables where schemaname = 'public' and tablename in ('scorm_packages',"
    " 'scorm_enrollments', 'scorm_tracking', 'partner_course_mappings', 'external_module_progress', 'lms_sync_log',"
    " 'partner_credentials')"
)
VIEWS = (
    "select viewname from pg_views where schemaname = 'public'"
    " and viewname in ('partner_enrollment_summary', 'scorm_completion_summary')"
)
TRIGGERS = (
    "select trigger_name from information_schema.triggers where trigger_schema = 'public'"
    " and trigger_name in ('trigger_update_scorm_progress', 'trigger_sync_partner_progress')"
)
SAMPLE = (
    "insert into scorm_packages (title, description, version, package_url, launch_url, passing_score, is_active)"
    " values ('Test SCORM Package', 'Test package for verification', '1.2', 'https://example.com/scorm/package.zip',"
    " 'https://example.com/scorm/index.html', 80, true)"
)


def guide() -> list[str]:
    """The SQL blocks of seed 003; none where the seeds are not at hand."""
    for path in (path for folder in SEEDS for path in folder.glob("003*")):
        return re.findall(r"```sql\n(.*?)```", path.read_text(encoding="utf-8"), re.S)
    return []


def where_things_are(stage: Stage) -> tuple[str, str, str]:
    return tuple(  # type: ignore[return-value]
        stage.value(f"select {column} from public.partner_lms_enrollments where id = %(partner_enrollment)s")
        for column in ("status", "progress", "modules_completed")
    )


def report(stage: Stage, module: str, status: str, progress: float) -> None:
    stage.act(
        "service_role",
        "insert into public.external_module_progress as m (partner_enrollment_id, module_id, status, progress)"
        " values (%(partner_enrollment)s, %(m)s, %(s)s, %(p)s) on conflict (partner_enrollment_id, module_id)"
        " do update set status = excluded.status, progress = excluded.progress",
        m=module,
        s=status,
        p=progress,
    )


# Seed 003 ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "rows"), [(TABLES, 7), (VIEWS, 2), (TRIGGERS, 2)], ids=["tables", "views", "triggers"]
)
def test_p_its_verification_queries_find_what_they_expect(stage: Stage, query: str, rows: int) -> None:
    assert len(stage.owner(query)) == rows


def test_p_its_own_words_hold(stage: Stage) -> None:
    """The queries as the document has them, where it is at hand."""
    blocks = guide()
    if not blocks:
        pytest.skip("the seeds are not at hand")
    checks = [
        block
        for block in blocks
        if "FROM pg_tables" in block or "FROM pg_views" in block or "information_schema" in block
    ]
    assert [len(stage.owner(block.replace("%", "%%"))) for block in checks] == [7, 2, 2]
    counts = next(block for block in blocks if "Test scorm_packages table" in block)
    for line in re.findall(r"SELECT COUNT\(\*\) FROM \w+;", counts):
        assert stage.value(line) >= 0
    for who in ("admin", "service_role", "instructor"):
        assert stage.act(who, next(block for block in blocks if "INSERT INTO scorm_packages" in block)).count == 1


async def test_p_its_three_counts_are_nothing_in_an_empty_database(database: object) -> None:
    async with database.connect() as owner:  # type: ignore[attr-defined]
        for table in ("scorm_packages", "scorm_enrollments", "partner_course_mappings"):
            assert await owner.fetchval(f"select count(*) from {table}") == 0


def test_p_its_sample_package_goes_in_as_it_stands(stage: Stage) -> None:
    stage.owner(SAMPLE)
    rows = stage.owner(
        "select version, standard, passing_score, is_active, import_state from public.scorm_packages where title like 'Test%%'"
    )
    assert rows == [("1.2", "scorm_12", 80, True, "waiting")]


def test_p_its_sample_mapping_goes_in(stage: Stage) -> None:
    """With the keys of a partner's course and of a program in it, as it says."""
    stage.owner(
        "insert into partner_course_mappings (partner_course_id, internal_program_id, mapping_type, is_active)"
        " select %(partner_course)s, id, 'equivalent', true from public.programs limit 1"
    )
    assert stage.value("select count(*) from public.partner_course_mappings where internal_program_id is not null") == 1


def test_p_everybody_may_write_everything(stage: Stage) -> None:
    """The document grants select, insert and update on its tables to everybody who signs in."""
    for statement in (
        "update public.partner_lms_enrollments set status = 'completed', completed_at = now()",
        "insert into public.external_module_progress (partner_enrollment_id, module_id, status, progress)"
        " values (%(partner_enrollment)s, 'm-9', 'completed', 100)",
        "update public.external_module_progress set progress = 100",
        "insert into public.partner_credentials (member_id, provider_id, external_id, credential_name, issued_date)"
        " values (%(owner)s, %(partner)s, 'k-9', 'Forged', '2026-01-01')",
        "insert into public.lms_sync_log (provider_id, sync_type) values (%(partner)s, 'full')",
        "select credentials_ref from public.partner_lms_providers",
        "insert into public.partner_course_mappings (partner_course_id, internal_course_id, grants_completion)"
        " values (%(partner_course)s, %(paid)s, true)",
    ):
        for who in ("owner", "learner", "instructor"):
            assert stage.attempt(who, statement).state == "42501", statement


# Progress ---------------------------------------------------------------------------------------------------------


def test_an_enrollment_is_the_mean_of_its_modules(stage: Stage) -> None:
    assert where_things_are(stage) == ("in_progress", 40, 0)
    report(stage, "m-2", "completed", 100)
    assert where_things_are(stage) == ("in_progress", 70, 1)
    report(stage, "m-1", "in_progress", 50)
    assert where_things_are(stage) == ("in_progress", 75, 1)
    stage.owner("delete from public.external_module_progress where module_id = 'm-2'")
    assert where_things_are(stage) == ("in_progress", 50, 0)


def test_modules_complete_a_course_only_when_the_partner_says_how_many_there_are(stage: Stage) -> None:
    report(stage, "m-1", "completed", 100)
    assert where_things_are(stage) == ("in_progress", 100, 1)
    stage.act(
        "service_role", "update public.partner_lms_enrollments set module_count = 2 where id = %(partner_enrollment)s"
    )
    assert where_things_are(stage) == ("in_progress", 50, 1)
    report(stage, "m-2", "completed", 100)
    assert where_things_are(stage) == ("completed", 100, 2)
    report(stage, "m-2", "in_progress", 20)
    assert where_things_are(stage)[0] == "completed"


def test_a_module_stays_with_its_enrollment(stage: Stage) -> None:
    stage.owner(
        "insert into public.partner_lms_enrollments (id, member_id, partner_course_id)"
        " values (%(new)s, %(learner)s, %(partner_course)s)"
    )
    outcome = stage.attempt(
        "service_role", "update public.external_module_progress set partner_enrollment_id = %(new)s"
    )
    assert (outcome.state, outcome.code) == ("CG409", "module_stays")


@given(
    reports=st.lists(
        st.tuples(
            st.sampled_from(["m-1", "m-2", "m-3"]),
            st.sampled_from(["not_started", "in_progress", "completed", "failed"]),
            st.decimals(0, 100, places=2),
        ),
        max_size=8,
    ),
    count=st.none() | st.integers(1, 5),
)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_comes_the_difference_equals_a_recount(
    stage: Stage, reports: list[tuple[str, str, float]], count: int | None
) -> None:
    with stage.undone():
        stage.owner(
            "update public.partner_lms_enrollments set module_count = %(c)s where id = %(partner_enrollment)s", c=count
        )
        for entry in reports:
            report(stage, *entry)
        modules, done, progress = stage.owner(
            "select count(*), count(*) filter (where status = 'completed'), sum(progress) from public.external_module_progress"
        )[0]
        _, shown, completed = where_things_are(stage)
        assert completed == done
        assert float(shown) == pytest.approx(float(progress) / max(modules, count or 0), abs=0.0051)


def test_a_completion_elsewhere_counts_here_only_by_an_administrators_flag(stage: Stage) -> None:
    stage.owner("update public.partner_lms_enrollments set status = 'completed', completed_at = now()")
    granted = "select private.courses_granted_by(%(partner_enrollment)s)"
    assert stage.act("service_role", granted).rows == []
    for who in ("owner", "instructor"):
        assert stage.act(who, "update public.partner_course_mappings set grants_completion = true").count == 0
    stage.act("admin", "update public.partner_course_mappings set grants_completion = true where id = %(mapping)s")
    assert len(stage.act("service_role", granted).rows) == 1
    assert stage.value("select status from public.enrollments where id = %(enrollment)s") != "completed"


@pytest.mark.parametrize(
    "change",
    [
        "update public.partner_course_mappings set grants_completion = true, mapping_type = 'supplement'",
        "update public.partner_course_mappings set internal_course_id = null",
        "update public.partner_lms_providers set base_url = 'http://partner.example'",
        "update public.partner_lms_providers set base_url = 'https://name:word@partner.example'",
        "update public.partner_lms_providers set credentials_ref = 'Sk-1234 5678'",
        "update public.partner_credentials set verification_url = 'javascript:alert(1)'",
        "update public.partner_credentials set expires_date = '2020-01-01'",
        "update public.external_module_progress set progress = 100.01",
        "update public.partner_lms_enrollments set modules_progress = 150",
        "update public.partner_lms_enrollments set status = 'completed', completed_at = null",
        "update public.lms_sync_log set status = 'failed', finished_at = now()",
        "update public.lms_sync_log set records_failed = 1",
        "update public.lms_sync_log set error_message = 'GET /api: Authorization: Bearer abc'",
        "update public.lms_sync_log set error_message = 'https://a:b@partner.example said no'",
        'update public.lms_sync_log set error_message = \'{"api_key": "abc"}\'',
    ],
)
def test_the_constraints_that_no_rule_repeats(stage: Stage, change: str) -> None:
    assert stage.attempt("service_role", change).state == "23514"


# Synchronising ----------------------------------------------------------------------------------------------------


def test_a_synchronisation_is_finished_once(stage: Stage) -> None:
    finish = "update public.lms_sync_log set status = 'completed', finished_at = now(), records_processed = 9"
    assert (
        stage.attempt("service_role", "update public.lms_sync_log set provider_id = %(spare_partner)s").code
        == "sync_stays"
    )
    assert stage.act("service_role", finish).count == 1
    assert stage.value("select last_synced_at is not null from public.partner_lms_providers where id = %(partner)s")
    assert stage.attempt("service_role", finish).code == "sync_finished"


def test_a_credential_comes_once(stage: Stage) -> None:
    again = (
        "insert into public.partner_credentials (member_id, provider_id, external_id, credential_name, issued_date)"
        " values (%(learner)s, %(partner)s, 'k-1', 'Ethics', '2026-01-01')"
    )
    assert stage.attempt("service_role", again).state == "23505"


def test_the_summary_names_the_person_to_those_who_may_see_him(stage: Stage) -> None:
    query = (
        "select student_name, provider_name, course_name, progress, credentials from public.partner_enrollment_summary"
    )
    whole = [("Owner Guild", "Partner", "Ethics elsewhere", 40, 1)]
    assert stage.act("owner", query).rows == whole
    assert stage.act("admin", query).rows == whole
    assert stage.act("learner", query).rows == []
    stage.owner("update public.partner_lms_providers set is_active = false")
    assert len(stage.act("owner", query).rows) == 1
