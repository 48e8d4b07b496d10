"""Skills without circles, roadmaps with reasons, preferences with a shape, and time that the clock allows."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from collegium.access.stage import ACTORS, Stage
from tests.support.database import Database

NOTE = "select public.note_block_progress(%(reading_block)s, %(seconds)s, %(data)s::jsonb, %(done)s)"


def note(stage: Stage, seconds: int, *, who: str = "owner", data: str | None = None, done: bool = False) -> int:
    return stage.act(who, NOTE, seconds=seconds, data=data, done=done).rows[0][0]


def opened_ago(stage: Stage, interval: str) -> None:
    """The owner opened the reading some time ago and has not reported anything since."""
    stage.act("owner", "select public.visit_lesson(%(reading)s)")
    stage.owner(
        "update public.lesson_progress set started_at = clock_timestamp() - %(ago)s::interval"
        " where enrollment_id = %(enrollment)s and lesson_id = %(reading)s",
        ago=interval,
    )
    stage.owner("delete from private.reading_clocks")


# Skills


@pytest.mark.parametrize("who", ["admin", "service_role"])
def test_a_skill_is_not_part_of_its_own_part(stage: Stage, who: str) -> None:
    outcome = stage.attempt(who, "update public.skills set parent_id = %(needed_skill)s where id = %(skill)s")
    assert (outcome.state, outcome.code) == ("CG422", "skill_circle")
    stage.act(who, "update public.skills set parent_id = %(spare_skill)s where id = %(skill)s")


def test_prerequisites_go_in_no_circle(stage: Stage) -> None:
    add = "insert into public.skill_prerequisites (skill_id, prerequisite_id) values (%(a)s, %(b)s)"
    skill, needed, spare = (
        stage.value(f"select %({name})s::text") for name in ("skill", "needed_skill", "spare_skill")
    )
    stage.act("admin", add, a=needed, b=spare)
    for a, b in ((needed, skill), (spare, skill), (spare, needed)):
        assert stage.attempt("admin", add, a=a, b=b).code == "skill_circle"
    assert stage.attempt("admin", add, a=spare, b=spare).state == "23514"
    assert (
        stage.attempt(
            "service_role",
            "update public.skill_prerequisites set prerequisite_id = %(skill)s where skill_id = %(needed_skill)s",
        ).code
        == "skill_circle"
    )


def test_two_halves_of_a_circle_at_once(own_guild: Database) -> None:
    add = "insert into public.skill_prerequisites (skill_id, prerequisite_id) select a.id, b.id from public.skills a, public.skills b where a.code = %s and b.code = %s"

    def half(codes: tuple[str, str]) -> str | None:
        with psycopg.connect(own_guild.dsn_owner) as connection:
            try:
                connection.execute(add, codes)
            except psycopg.Error as error:
                return error.diag.message_detail
        return None

    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(half, [("spare", "policies.reading"), ("policies.terms", "spare")]))
    assert sorted(answers, key=str) == [None, "skill_circle"]


def test_a_skill_that_is_measured_is_not_removed(stage: Stage) -> None:
    assert stage.attempt("admin", "delete from public.skills where id = %(skill)s").state in ("23001", "23503")


def test_an_instructor_says_what_only_his_lessons_teach(stage: Stage) -> None:
    add = "insert into public.lesson_skills (lesson_id, course_id, skill_id) values (%(other_lesson)s, {}, %(spare_skill)s)"
    assert stage.attempt("instructor", add.format("%(other_course)s")).state == "42501"
    # The course of the row cannot be a lie.
    assert stage.attempt("instructor", add.format("%(course)s")).state == "23503"


@pytest.mark.parametrize("figures", ["mastery = 1.01", "mastery = -0.1", "uncertainty = 2", "evidence_count = -1"])
def test_estimates_lie_between_nought_and_one(stage: Stage, figures: str) -> None:
    assert stage.attempt("service_role", f"update public.skill_estimates set {figures}").state == "23514"


# Roadmaps


def test_one_roadmap_is_active(stage: Stage) -> None:
    again = (
        "insert into public.personalized_roadmaps (student_id, ai_reasoning, rule_version) values (%(owner)s, 'w', 'r')"
    )
    assert stage.attempt("service_role", again).state == "23505"
    resume = "select public.set_roadmap_status(%(old_roadmap)s, 'active')"
    outcome = stage.attempt("owner", resume)
    assert (outcome.state, outcome.code) == ("CG409", "another_roadmap")
    stage.act("owner", "select public.set_roadmap_status(%(roadmap)s, 'paused')")
    stage.act("owner", resume)
    rows = stage.owner("select id = %(old_roadmap)s from public.personalized_roadmaps where status = 'active'")
    assert rows == [(True,)]


def test_a_roadmap_is_its_persons(stage: Stage) -> None:
    pause = "select public.set_roadmap_status(%(roadmap)s, 'paused')"
    skip = "select public.skip_roadmap_step(%(step)s)"
    for who in set(ACTORS) - {"owner", "anon", "service_role"}:
        assert stage.attempt(who, pause).code == "no_such_roadmap", who
        assert stage.attempt(who, skip).code == "no_such_step", who
    stage.act("owner", skip)
    assert stage.value("select skipped_at = now() from public.roadmap_steps where id = %(step)s")
    assert (
        stage.attempt("owner", "select public.set_roadmap_status(%(roadmap)s, 'completed')").code == "pause_or_resume"
    )
    stage.owner("update public.personalized_roadmaps set status = 'completed' where id = %(roadmap)s")
    assert stage.attempt("owner", pause).code == "roadmap_completed"


def second_step(stage: Stage) -> None:
    stage.owner(
        "insert into public.roadmap_steps (roadmap_id, student_id, step_order, course_id, gap, evidence, rule, alternative)"
        " values (%(roadmap)s, %(owner)s, 2, %(open)s, 'g', '{\"a\": 1}', 'r', 'a')"
    )


def test_a_roadmap_completes_with_its_last_step(stage: Stage) -> None:
    look = "select status::text from public.personalized_roadmaps where id = %(roadmap)s"
    second_step(stage)
    stage.owner("select private.complete_lesson(%(learner_enrollment)s, %(bare)s)")
    stage.owner("select private.complete_lesson(%(enrollment)s, %(bare)s)")
    assert stage.value(look) == "active"
    stage.owner(
        "insert into public.enrollments (course_id, member_id, enrollment_source, status, completed_at)"
        " values (%(open)s, %(owner)s, 'bulk_import', 'completed', now())"
    )
    assert stage.value(look) == "completed"
    # A roadmap without steps is not done because nothing is left.
    assert stage.value("select status::text from public.personalized_roadmaps where id = %(old_roadmap)s") == "paused"


def test_a_roadmap_completes_when_the_rest_is_left_out(stage: Stage) -> None:
    look = "select status::text from public.personalized_roadmaps where id = %(roadmap)s"
    second_step(stage)
    stage.act("owner", "select public.skip_roadmap_step(%(step)s)")
    assert stage.value(look) == "active"
    stage.owner("delete from public.roadmap_steps where course_id = %(open)s")
    assert stage.value(look) == "completed"


@pytest.mark.parametrize(
    "change",
    [
        "gap = ' '",
        "rule = ''",
        "alternative = ''",
        "evidence = '{}'",
        "evidence = '[]'",
        "course_id = %(course)s",
        "lesson_id = null",
        "gap = null",
        "evidence = null",
    ],
)
def test_a_step_states_its_reasons_and_leads_to_one_thing(stage: Stage, change: str) -> None:
    outcome = stage.attempt("service_role", f"update public.roadmap_steps set {change} where id = %(step)s")
    assert outcome.state in ("23514", "23502")


def test_a_roadmap_has_reasons(stage: Stage) -> None:
    assert stage.attempt("service_role", "update public.personalized_roadmaps set ai_reasoning = ' '").state == "23514"


def test_a_step_belongs_to_the_person_of_its_roadmap(stage: Stage) -> None:
    assert stage.attempt("service_role", "update public.roadmap_steps set student_id = %(learner)s").state == "23503"


# Preferences


@pytest.mark.parametrize(
    ("preferences", "allowed"),
    [
        ({}, True),
        ({"preferred_pace": "slow", "preferred_media_types": ["video", "youtube"], "learning_style": "mixed"}, True),
        ({"preferred_media_types": []}, True),
        ({"preferred_pace": "furious"}, False),
        ({"preferred_pace": None}, False),
        ({"learning_style": ["visual"]}, False),
        ({"preferred_media_types": "video"}, False),
        ({"preferred_media_types": ["film"]}, False),
        ({"preferred_media_types": [["video"]]}, False),
        ({"preferred_media_types": ["video"] * 6}, False),
        ({"preferred_media_types": {}}, False),
        ({"is_admin": True}, False),
        ([], False),
        (None, False),
    ],
    ids=["none", "all", "no_types", "pace", "null", "style", "text", "type", "nested", "many", "object", "other", "array", "nothing"],
)  # fmt: skip
def test_preferences_have_their_shape(stage: Stage, preferences: object, allowed: bool) -> None:
    outcome = stage.attempt(
        "owner",
        "update public.profiles set learning_preferences = %(p)s::jsonb where id = %(owner)s",
        p=json.dumps(preferences),
    )
    assert outcome.state == (None if allowed else "23514")


# Pieces of a lesson


def test_time_is_bounded_by_the_clock(stage: Stage) -> None:
    opened_ago(stage, "100 seconds")
    assert note(stage, 60) == 60
    assert 40 <= note(stage, 3600) <= 42
    assert note(stage, 3600) == 0
    spent = stage.value("select time_spent from public.learning_progress where id = %(reading_progress)s")
    assert 100 <= spent <= 102


def test_a_night_with_the_page_open_counts_half_an_hour(stage: Stage) -> None:
    opened_ago(stage, "10 hours")
    assert 1800 <= note(stage, 36000) <= 1802


def test_two_pieces_share_one_clock(stage: Stage) -> None:
    opened_ago(stage, "30 seconds")
    stage.owner("update public.lesson_progress set started_at = now() - interval '1 hour' where id = %(progress)s")
    assert note(stage, 20) == 20
    other = stage.act("owner", "select public.note_block_progress(%(welcome_block)s, 600)").rows[0][0]
    assert 10 <= other <= 12


def test_a_lesson_just_opened_has_no_time_yet(stage: Stage) -> None:
    assert note(stage, 600) == 0
    assert (
        stage.value(
            "select status from public.lesson_progress where enrollment_id = %(enrollment)s and lesson_id = %(reading)s"
        )
        == "in_progress"
    )


def test_what_is_remembered_stays_and_completion_is_dated_once(stage: Stage) -> None:
    look = "select progress_data, completed_at, content_type::text from public.learning_progress where id = %(reading_progress)s"
    note(stage, 0, data='{"at": 12}', done=True)
    (first,) = stage.owner(look)
    assert (first[0], first[2]) == ({"at": 12}, "rich_text")
    assert first[1] == stage.value("select now()")
    stage.owner("update public.learning_progress set completed_at = now() - interval '1 day'")
    note(stage, 0)
    (second,) = stage.owner(look)
    assert second[0] == {"at": 12}
    assert second[1] < first[1]
    # A piece completes no lesson.
    assert (
        stage.value(
            "select count(*) from public.lesson_progress where lesson_id = %(reading)s and status = 'completed'"
        )
        == 0
    )


@pytest.mark.parametrize(
    ("call", "who", "state", "code"),
    [
        ("%(reading_block)s, -1", "owner", "CG422", "bad_seconds"),
        ("%(reading_block)s, null", "owner", "CG422", "bad_seconds"),
        ("%(reading_block)s, 1, '[]'", "owner", "CG422", "bad_progress_data"),
        ("%(new)s, 1", "owner", "CG404", "no_such_content"),
        ("%(locked_block)s, 1", "owner", "CG403", "locked"),
        ("%(paid_block)s, 1", "owner", "CG403", "not_enrolled"),
        ("%(reading_block)s, 1", "stranger", "CG403", "not_enrolled"),
        ("%(reading_block)s, 1", "anon", "42501", None),
    ],
    ids=["negative", "null", "array", "nothing", "locked", "paid", "stranger", "visitor"],
)
def test_what_cannot_be_noted(stage: Stage, call: str, who: str, state: str, code: str | None) -> None:
    outcome = stage.attempt(who, f"select public.note_block_progress({call})")
    assert (outcome.state, outcome.code) == (state, code)


def test_a_block_moves_and_goes_with_what_was_read_of_it(stage: Stage) -> None:
    row = "select lesson_id = %(locked)s from public.learning_progress where id = %(reading_progress)s"
    stage.act(
        "instructor",
        "update public.content_blocks set lesson_id = %(locked)s, order_index = 9 where id = %(reading_block)s",
    )
    assert stage.value(row) is True
    stage.act("instructor", "delete from public.content_blocks where id = %(reading_block)s")
    assert stage.owner(row) == []


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(claims=st.lists(st.integers(0, 5000), min_size=1, max_size=8), gone=st.integers(0, 7200))
def test_no_claims_go_beyond_the_clock(stage: Stage, claims: list[int], gone: int) -> None:
    with stage.undone():
        opened_ago(stage, f"{gone} seconds")
        counted = [note(stage, claim) for claim in claims]
        assert all(0 <= got <= claim for got, claim in zip(counted, claims, strict=True))
        allowed = min(gone, 1800)
        assert min(sum(claims), allowed) <= sum(counted) <= allowed + 2


def test_two_tabs_at_once_share_the_clock(own_guild: Database) -> None:
    with psycopg.connect(own_guild.dsn_owner) as connection:
        stage = Stage(connection)
        opened_ago(stage, "100 seconds")

    def tab(_: int) -> int:
        with psycopg.connect(own_guild.dsn_owner) as connection:
            return note(Stage(connection), 100)

    with ThreadPoolExecutor(4) as pool:
        counted = list(pool.map(tab, range(4)))
    assert 100 <= sum(counted) <= 105
