"""The time that SCORM packages claim, held against the server's clock."""

from __future__ import annotations

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from collegium.access.stage import Stage
from tests.db.test_scorm import add_sco, registration, says, start


def opened_ago(stage: Stage, seconds: int) -> None:
    stage.owner(
        "update public.scorm_enrollments set session_opened_at = clock_timestamp() - make_interval(secs => %(s)s)"
        " where session_id is not null",
        s=seconds,
    )
    stage.owner("update public.scorm_attempts set opened_at = now() - interval '1 day' where credit")


def test_no_more_time_counts_than_has_passed(stage: Stage) -> None:
    player = start(stage)
    opened_ago(stage, 60)
    assert says(stage, player, cmi__core__session_time="50:00:00.00")["total_time_seconds"] == pytest.approx(60, abs=5)


def test_the_session_time_that_was_set_last_counts(stage: Stage) -> None:
    player = start(stage)
    opened_ago(stage, 3600)
    assert says(stage, player, cmi__core__session_time="00:10:00")["total_time_seconds"] == 600
    assert says(stage, player, cmi__core__session_time="00:12:30.5")["total_time_seconds"] == 750.5
    assert says(stage, player, cmi__core__session_time="00:01:00")["total_time_seconds"] == 60
    assert says(stage, player, cmi__core__session_time="nonsense")["total_time_seconds"] == 60


def test_times_of_several_sessions_add_up(stage: Stage) -> None:
    for expected in (600, 1200):
        player = start(stage)
        opened_ago(stage, 3600)
        assert says(stage, player, cmi__core__session_time="00:10:00")["total_time_seconds"] == expected
    assert registration(stage, "total_time_seconds") == (1200,)


def test_a_sco_that_is_entered_twice_shares_the_clock(stage: Stage) -> None:
    player = start(stage)
    opened_ago(stage, 900)
    commit = "select public.record_scorm_commit(%(s)s, %(n)s, 'SCO-1', %(e)s, true)"
    totals = [
        stage.act("owner", commit, s=player["session_id"], n=n, e='{"cmi.core.session_time": "00:10:00"}').rows[0][0]
        for n in (1, 2)
    ]
    assert totals[0]["total_time_seconds"] == 600
    assert totals[1]["total_time_seconds"] == pytest.approx(900, abs=5)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("00:00:01", 1),
        ("9999:59:59.99", 35999999.99),
        ("1:00:00", None),
        ("00:60:00", None),
        ("PT1H5M", 3900),
        ("PT0.25S", 0.25),
        ("P1DT1S", 86401),
        ("P", None),
        ("PT", None),
        ("P1Y", 31536000),
        ("-PT1S", None),
        ("PT1S\n", None),
        ("", None),
    ],
)
def test_durations(stage: Stage, text: str, seconds: float | None) -> None:
    found = stage.value("select private.scorm_seconds(%(text)s)::float", text=text)
    assert found == seconds


@given(
    claims=st.lists(
        st.tuples(st.integers(0, 90000), st.sampled_from(["SCO-1", "SCO-2"]), st.booleans()), min_size=1, max_size=8
    ),
    passed=st.integers(0, 4000),
)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_is_claimed_time_is_within_the_clock(
    stage: Stage, claims: list[tuple[int, str, bool]], passed: int
) -> None:
    with stage.undone():
        add_sco(stage)
        player = start(stage)
        opened_ago(stage, passed)
        for number, (seconds, sco, leaves) in enumerate(claims, 1):
            elements = json.dumps(
                {"cmi.core.session_time": f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"}
            )
            answer = stage.act(
                "owner",
                "select public.record_scorm_commit(%(s)s, %(n)s, %(sco)s, %(e)s, %(leaves)s)",
                s=player["session_id"],
                n=number,
                sco=sco,
                e=elements,
                leaves=leaves,
            ).rows[0][0]
        assert 0 <= answer["total_time_seconds"] <= passed + 10
        rows = stage.owner(
            "select (select sum(total_time_seconds) from public.scorm_sco_results r where r.attempt_id = a.id),"
            " e.total_time_seconds, e.session_seconds from public.scorm_attempts a"
            " join public.scorm_enrollments e on e.id = a.scorm_enrollment_id where a.id = %(scorm_attempt)s"
        )
        assert len(set(rows[0])) == 1
