"""Notices are one's own; requests about personal data go their way, each once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from collegium.access.stage import ACTORS, Stage
from tests.db import test_definer_functions as definers
from tests.support.database import Database

HANDLE = "select public.handle_data_request(%(data_request)s, %(status)s, %(reason)s)"


def handle(stage: Stage, status: str | None, reason: str | None = None, who: str = "admin") -> str | None:
    """The code of the refusal, or None."""
    outcome = stage.attempt(who, HANDLE, status=status, reason=reason)
    return outcome.code or outcome.state


# Notices


def test_reading_is_dated_by_the_server_and_only_ones_own(stage: Stage) -> None:
    mark = "select public.mark_notifications_read(array[%(notice)s, %(learner_notice)s]::uuid[])"
    assert stage.act("stranger", mark).rows == [(0,)]
    assert stage.act("owner", mark).rows == [(1,)]
    assert stage.act("owner", mark).rows == [(0,)]
    rows = stage.owner("select id = %(notice)s, read_at = now() from public.notifications where read_at is not null")
    assert rows == [(True, True)]
    assert stage.act("learner", "select public.mark_notifications_read()").rows == [(1,)]


@pytest.mark.parametrize(
    "link",
    [
        "https://evil.test/",
        "//evil.test",
        "/\\evil.test",
        "javascript:alert(1)",
        "",
        "/a\nb",
        "courses",
        "/" + "a" * 600,
    ],
    ids=["scheme", "two_slashes", "backslash", "script", "empty", "line_end", "relative", "long"],
)
def test_a_notice_leads_inside_the_site(stage: Stage, link: str) -> None:
    change = "update public.notifications set link = %(link)s where id = %(notice)s"
    assert stage.attempt("service_role", change, link=link).state == "23514"
    for good in ("/", "/courses/reading?page=2#top"):
        stage.act("service_role", change, link=good)


def test_who_does_not_want_a_kind_is_not_told(stage: Stage) -> None:
    tell = "select private.notify(%(owner)s, 'course_published', 'Another')"
    assert stage.act("service_role", tell).rows[0][0] is not None
    wants = "select private.wants_notice(%(owner)s, 'course_published', {})"
    assert stage.value(wants.format("'email'")) is False
    stage.act("owner", "select public.set_notification_preference('course_published', 'in_app', false)")
    assert stage.act("service_role", tell).rows == [(None,)]
    stage.act("owner", "select public.set_notification_preference('course_published', 'in_app', true)")
    assert stage.value(wants.format("'in_app'")) is True


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ("'Kind', 'email', true", "no_such_kind"),
        ("null, 'email', true", "no_such_kind"),
        ("'kind', 'fax', true", "no_such_channel"),
        ("'kind', 'email', null", "yes_or_no"),
    ],
    ids=["kind", "no_kind", "channel", "answer"],
)
def test_choices_that_make_no_sense(stage: Stage, arguments: str, code: str) -> None:
    assert stage.attempt("owner", f"select public.set_notification_preference({arguments})").code == code


def test_choices_have_an_end(stage: Stage) -> None:
    stage.owner(
        "insert into public.notification_preferences (member_id, kind, channel, enabled)"
        " select %(learner)s, 'k_' || translate(n::text, '0123456789', 'abcdefghij'), 'email', true from generate_series(1, 200) n"
    )
    assert (
        stage.attempt("learner", "select public.set_notification_preference('more', 'email', true)").code
        == "too_many_preferences"
    )
    stage.act("learner", "select public.set_notification_preference('k_b', 'email', false)")


# Requests about personal data


@pytest.mark.parametrize(
    ("arguments", "who", "code"),
    [
        ("'export'", "owner", "request_open"),
        ("'correction'", "owner", "say_what"),
        ("'correction', ' '", "owner", "say_what"),
        ("'revenge'", "owner", "no_such_request"),
        ("null", "owner", "no_such_request"),
        ("'erasure', repeat('a', 2001)", "owner", "details_too_long"),
    ],
    ids=["again", "correction", "blank", "kind", "null", "long"],
)
def test_requests_that_are_refused(stage: Stage, arguments: str, who: str, code: str) -> None:
    assert stage.attempt(who, f"select public.request_data({arguments})").code == code


def test_a_request_is_due_in_thirty_days_and_once_open(stage: Stage) -> None:
    made = stage.act("stranger", "select public.request_data('erasure')").rows[0][0]
    rows = stage.owner(
        "select due_on - private.today(), status, member_id = %(stranger)s from public.data_requests where id = %(m)s",
        m=made,
    )
    assert rows == [(30, "requested", True)]
    assert stage.attempt("stranger", "select public.request_data('erasure')").code == "request_open"
    stage.act("stranger", "select public.cancel_data_request(%(m)s)", m=made)
    stage.act("stranger", "select public.request_data('erasure')")


def test_a_request_goes_its_way(stage: Stage) -> None:
    assert handle(stage, "processing") == "no_such_move"
    assert handle(stage, "done") == "no_such_move"
    assert handle(stage, None) == "no_such_move"
    assert handle(stage, "cancelled") == "no_such_move"
    assert handle(stage, "verified", "why") == "reason_needed"
    assert handle(stage, "verified") is None
    assert handle(stage, "processing") is None
    assert stage.attempt("owner", "select public.cancel_data_request(%(data_request)s)").code == "cannot_cancel"
    assert handle(stage, "refused") == "reason_needed"
    assert handle(stage, "refused", "  ") == "reason_needed"
    assert handle(stage, "done") is None
    assert handle(stage, "refused", "late") == "no_such_move"
    rows = stage.owner(
        "select status, handled_by = %(admin)s, closed_at = now() from public.data_requests where id = %(data_request)s"
    )
    assert rows == [("done", True, True)]


def test_a_refusal_says_why_to_the_person(stage: Stage) -> None:
    assert handle(stage, "refused", " Not yours. ", who="super_admin") is None
    assert stage.act("owner", "select status, reason from public.data_requests").rows == [("refused", "Not yours.")]


def test_only_administrators_handle_and_only_the_person_cancels(stage: Stage) -> None:
    for who in set(ACTORS) - {"admin", "super_admin"}:
        expected = {"anon": "42501", "service_role": "42501"}.get(who, "admins_only")
        assert handle(stage, "verified", who=who) == expected, who
    for who in set(ACTORS) - {"owner", "anon", "service_role"}:
        assert stage.attempt(who, "select public.cancel_data_request(%(data_request)s)").code == "no_such_request", who


def test_a_request_outlives_its_person_without_his_name(stage: Stage) -> None:
    made = stage.act("stranger", "select public.request_data('erasure')").rows[0][0]
    stage.owner("delete from auth.users where id = %(stranger)s")
    assert stage.owner("select member_id, status from public.data_requests where id = %(m)s", m=made) == [
        (None, "requested")
    ]


def test_two_requests_at_once_are_one(own_guild: Database) -> None:
    def ask(_: int) -> str | None:
        with psycopg.connect(own_guild.dsn_owner) as connection:
            return Stage(connection).attempt("stranger", "select public.request_data('export')").code

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(ask, range(4)))
    assert sorted(answers, key=str) == [None, "request_open", "request_open", "request_open"]


@pytest.mark.parametrize(
    "call",
    [
        "select public.mark_notifications_read()",
        "select public.set_notification_preference('kind', 'email', true)",
        "select public.request_data('erasure')",
        "select public.cancel_data_request(%(data_request)s)",
        "select public.note_block_progress(%(reading_block)s, 10, '{}', true)",
        "select public.skip_roadmap_step(%(step)s)",
        "select public.set_roadmap_status(%(roadmap)s, 'paused')",
        "select * from public.student_progress",
        "select * from public.lms_health",
        "select * from public.slow_queries",
        """update public.profiles set learning_preferences = '{"preferred_pace": "slow"}' where id = %(owner)s""",
    ],
)
def test_a_temporary_type_takes_none_of_these_over(stage: Stage, call: str) -> None:
    definers.test_a_temporary_type_takes_no_function_over(stage, call)
