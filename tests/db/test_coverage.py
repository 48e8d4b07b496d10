"""Only seconds that were really played count: once, not faster than the clock, for whoever holds the one playback."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from collegium.access.stage import Stage, key
from tests.support.database import Database, as_actor

RECORD = """
select playback_id, outcome, seq, watched, watched_seconds, crossed, retry_after from private.record_heartbeats(
    %(playbacks)s::uuid[], %(seqs)s::integer[], %(ranges)s::text[], %(positions)s::integer[],
    %(pauses)s::integer[], %(seeks)s::integer[], %(fresh)s::boolean[])
"""
DURATION = 100


@dataclass(frozen=True)
class Beat:
    """One heartbeat."""

    playback: UUID
    seq: int
    ranges: str = "{}"
    position: int | None = 0
    pauses: int | None = 0
    seeks: int | None = 0
    fresh: bool | None = False


@dataclass(frozen=True)
class Answer:
    """What the database said to it."""

    outcome: str
    seq: int | None
    watched: str | None
    seconds: int | None
    crossed: bool
    retry_after: int


def send(stage: Stage, *beats: Beat) -> list[Answer]:
    """A batch of heartbeats, as the web process writes it."""
    rows = stage.act(
        "service_role",
        RECORD,
        playbacks=[beat.playback for beat in beats],
        seqs=[beat.seq for beat in beats],
        ranges=[beat.ranges for beat in beats],
        positions=[beat.position for beat in beats],
        pauses=[beat.pauses for beat in beats],
        seeks=[beat.seeks for beat in beats],
        fresh=[beat.fresh for beat in beats],
    ).rows
    order = [beat.playback for beat in beats]
    return [Answer(*row[1:]) for row in sorted(rows, key=lambda row: order.index(row[0]))]


def play(stage: Stage, playback: UUID, seq: int, ranges: str = "{}", **more: Any) -> Answer:
    """One heartbeat."""
    return send(stage, Beat(playback, seq, ranges, **more))[0]


def opened(stage: Stage, who: str = "owner", video: str = "welcome_video", ago: float = 1000) -> UUID:
    """A playback of somebody, opened some seconds ago."""
    made: dict[str, Any] = stage.act(who, f"select public.open_playback(%({video})s)").rows[0][0]
    playback = UUID(made["playback_id"])
    since(stage, playback, ago)
    return playback


def since(stage: Stage, playback: UUID, seconds: float) -> None:
    """As if the playback had been opened so long ago."""
    stage.owner(
        "update public.video_analytics set playback_opened_at = clock_timestamp() - make_interval(secs => %(s)s)"
        " where playback_id = %(p)s",
        s=seconds,
        p=playback,
    )


def coverage(stage: Stage, who: str = "owner", video: str = "welcome_video") -> tuple[str, int]:
    """The set of seconds watched and its size."""
    rows = stage.owner(
        "select watched::text, watched_seconds from public.video_analytics where user_id = %(u)s and video_id = %(v)s",
        u=key(who),
        v=key(video),
    )
    return rows[0]


# The union --------------------------------------------------------------------------------------------------------


def test_seconds_count_once(stage: Stage) -> None:
    playback = opened(stage)
    assert play(stage, playback, 1, "{[0,10)}").watched == "{[0,10)}"
    assert play(stage, playback, 2, "{[5,15),[20,30)}").watched == "{[0,15),[20,30)}"
    assert play(stage, playback, 3, "{[0,30)}").seconds == 30
    assert coverage(stage) == ("{[0,30)}", 30)
    rows = stage.owner("select play_seconds, playback_seconds from public.video_analytics where user_id = %(owner)s")
    assert rows == [(10 + 20 + 30, 10 + 20 + 30)]


BEATS = st.lists(
    st.tuples(
        st.lists(st.tuples(st.integers(-5, 110), st.integers(1, 40)), max_size=4),
        st.sampled_from(["next", "next", "next", "again", "ahead", "back"]),
        st.integers(0, 30),
    ),
    min_size=1,
    max_size=12,
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(beats=BEATS)
def test_coverage_is_a_set_of_seconds(stage: Stage, beats: list[tuple[list[tuple[int, int]], str, int]]) -> None:
    """The database and a plain Python set agree, whatever comes in which order."""
    with stage.undone():
        stage.owner("update public.lesson_videos set max_rate = 2 where id = %(welcome_video)s")
        playback = opened(stage, ago=0)
        watched: set[int] = set()
        claimed, seq, elapsed = 0, 0, 0
        for intervals, which, waited in beats:
            elapsed += waited
            seconds = {second for start, size in intervals for second in range(start, start + size)}
            # The clock goes on while the test runs: keep away from the edge by more than it can slow down.
            if 0 < claimed + len(seconds) - 2 * elapsed <= 20:
                elapsed += 11
            since(stage, playback, elapsed)
            number = {"next": seq + 1, "again": seq, "ahead": seq + 2, "back": seq - 1}[which]
            ranges = "{" + ",".join(f"[{start},{start + size})" for start, size in intervals) + "}"
            answer = play(stage, playback, number, ranges)
            if which == "next" and claimed + len(seconds) <= 2 * elapsed:
                assert answer.outcome == "counted"
                claimed, seq = claimed + len(seconds), number
                watched |= seconds & set(range(DURATION))
            else:
                expected = {"next": "too_fast", "again": "repeated"}.get(which, "replayed_nonce")
                assert answer.outcome == expected
            assert (answer.seq, answer.seconds) == (seq, len(watched))
        text, size = coverage(stage)
        found = stage.value(
            "select array_agg(s) from generate_series(0, 200) s where %(w)s::int4multirange @> s", w=text
        )
        assert (set(found or ()), size) == (watched, len(watched))


@pytest.mark.parametrize(
    ("ranges", "watched"),
    [
        ("{[90,200)}", "{[90,100)}"),
        ("{[-50,10)}", "{[0,10)}"),
        ("{[100,150)}", "{}"),
        ("{[0,5),[3,8)}", "{[0,8)}"),
        ("{(0,5]}", "{[1,6)}"),
        ("{}", "{}"),
    ],
)
def test_claims_are_clipped_to_the_video(stage: Stage, ranges: str, watched: str) -> None:
    assert play(stage, opened(stage), 1, ranges).watched == watched


@pytest.mark.parametrize("ranges", ["{[0,)}", "{(,100)}", "{(,)}", "{[0,10),[20,)}"])
def test_a_range_without_an_end_claims_nothing(stage: Stage, ranges: str) -> None:
    assert play(stage, opened(stage), 1, ranges).outcome == "too_fast"
    assert coverage(stage) == ("{}", 0)


# The clock --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("rate", "allowed"), [(1, 10), (1.5, 15), (2, 20), (4, 40)])
def test_time_does_not_run_faster_than_the_clock_times_the_rate(stage: Stage, rate: float, allowed: int) -> None:
    stage.owner("update public.lesson_videos set max_rate = %(r)s where id = %(welcome_video)s", r=rate)
    playback = opened(stage, ago=10)
    refused = play(stage, playback, 1, f"{{[0,{allowed + 30})}}")
    assert (refused.outcome, refused.seq, refused.seconds) == ("too_fast", 0, 0)
    assert 1 <= refused.retry_after <= 30 / rate + 1
    assert play(stage, playback, 1, f"{{[0,{allowed})}}").outcome == "counted"
    assert play(stage, playback, 2, f"{{[0,{30})}}").outcome == "too_fast", "repeated seconds take time too"


def test_a_playback_that_was_idle_has_time_to_its_credit_only_until_it_is_opened_again(stage: Stage) -> None:
    opened(stage, ago=3600)
    again = opened(stage, ago=0)
    assert play(stage, again, 1, "{[0,90)}").outcome == "too_fast"
    assert coverage(stage) == ("{}", 0)


def test_a_playback_ends_after_twelve_hours(stage: Stage) -> None:
    playback = opened(stage, ago=12 * 3600 + 1)
    assert play(stage, playback, 1, "{[0,10)}").outcome == "stale_playback"
    since(stage, playback, 12 * 3600 - 60)
    assert play(stage, playback, 1, "{[0,10)}").outcome == "counted"


# One playback -----------------------------------------------------------------------------------------------------


def test_a_number_counts_once_and_in_its_order(stage: Stage) -> None:
    playback = opened(stage)
    for seq, outcome in ((2, "replayed_nonce"), (0, "repeated"), (-1, "replayed_nonce"), (1, "counted")):
        assert play(stage, playback, seq, "{[0,10)}").outcome == outcome
    for seq, outcome in ((1, "repeated"), (0, "replayed_nonce"), (3, "replayed_nonce")):
        assert play(stage, playback, seq, "{[50,60)}").outcome == outcome
    assert coverage(stage) == ("{[0,10)}", 10)


def test_an_unknown_playback_counts_for_nobody(stage: Stage) -> None:
    answer = play(stage, uuid4(), 1, "{[0,10)}")
    assert (answer.outcome, answer.seconds) == ("stale_playback", None)


def test_opening_again_makes_the_first_tab_stale(stage: Stage) -> None:
    first = opened(stage)
    play(stage, first, 1, "{[0,10)}")
    second = opened(stage)
    assert play(stage, first, 2, "{[10,20)}").outcome == "stale_playback"
    assert play(stage, second, 1, "{[10,20)}").watched == "{[0,20)}"


def test_two_videos_share_one_clock(stage: Stage) -> None:
    stage.owner("update public.course_modules set unlock_after_module_id = null")
    welcome = opened(stage)
    other = opened(stage, video="locked_video", ago=10)
    assert play(stage, welcome, 1, "{[0,20)}").outcome == "stale_playback"
    assert play(stage, other, 1, "{[0,20)}").outcome == "counted"
    assert coverage(stage) == ("{}", 0)


def test_other_people_keep_their_playback(stage: Stage) -> None:
    mine = opened(stage)
    theirs = opened(stage, "learner")
    assert [a.outcome for a in send(stage, Beat(mine, 1, "{[0,10)}"), Beat(theirs, 1, "{[20,50)}"))] == ["counted"] * 2
    assert (coverage(stage), coverage(stage, "learner")) == (("{[0,10)}", 10), ("{[20,50)}", 30))


@pytest.mark.parametrize(
    "end",
    [
        "select public.revoke_web_session(%(session)s)",
        "update public.web_sessions set revoked_at = now() where id = %(session)s",
        "delete from public.web_sessions where id = %(session)s",
    ],
)
def test_a_session_that_ended_closes_its_playback(stage: Stage, end: str) -> None:
    playback = opened(stage)
    stage.act("owner" if "select" in end else "service_role", end)
    assert play(stage, playback, 1, "{[0,10)}").outcome == "signed_out"
    assert coverage(stage) == ("{}", 0)
    # Signed in again, what the browser kept may still be sent: the caller has looked the new session up.
    assert play(stage, playback, 1, "{[0,10)}", fresh=True).outcome == "counted"


def test_another_session_that_ended_closes_nothing(stage: Stage) -> None:
    playback = opened(stage)
    stage.owner("update public.web_sessions set revoked_at = now() where id = %(learner_session)s")
    assert play(stage, playback, 1, "{[0,10)}").outcome == "counted"


@pytest.mark.parametrize("status", ["dropped", "suspended", "expired", "archived"])
def test_an_enrollment_that_ended_closes_its_playback(stage: Stage, status: str) -> None:
    playback = opened(stage)
    stage.owner("update public.enrollments set status = %(s)s where id = %(enrollment)s", s=status)
    assert play(stage, playback, 1, "{[0,95)}").outcome == "stale_playback"
    assert coverage(stage) == ("{}", 0)


async def test_equal_heartbeats_on_two_connections_count_once(own_guild: Database) -> None:
    async with own_guild.connect("web") as session, as_actor(session, "authenticated", key("owner")):
        made = await session.fetchval("select public.open_playback($1) ->> 'playback_id'", key("welcome_video"))
    async with own_guild.connect() as owner:
        await owner.execute(
            "update public.video_analytics set playback_opened_at = now() - interval '1 hour' where playback_id = $1",
            made,
        )

        async def one(seq: int) -> str:
            async with own_guild.connect("web") as session:
                await start.wait()
                async with as_actor(session, "service_role"):
                    sql = "select outcome from private.record_heartbeats($1, $2, $3, '{0}', '{0}', '{0}', '{t}')"
                    return await session.fetchval(sql, [made], [seq], [f"{{[0,{seq})}}"])

        for seq in range(1, 11):
            start = asyncio.Barrier(3)
            outcomes = await asyncio.gather(*(one(seq) for _ in range(3)))
            assert outcomes.count("counted") == 1
        played = await owner.fetchval("select play_seconds from public.video_analytics where playback_id = $1", made)
        assert played == sum(range(1, 11))


# Batches ----------------------------------------------------------------------------------------------------------


def test_bad_rows_of_a_batch_hurt_nobody_else(stage: Stage) -> None:
    mine, theirs = opened(stage), opened(stage, "learner")
    answers = send(
        stage,
        Beat(uuid4(), 1, "{[0,10)}"),
        Beat(mine, 1, "{[0,10)}", position=None, pauses=-5, seeks=None),
        Beat(uuid4(), 1, "{[0,)}", position=-9),
        Beat(theirs, 7, "{[0,10)}"),
    )
    assert [a.outcome for a in answers] == ["stale_playback", "counted", "stale_playback", "replayed_nonce"]
    rows = stage.owner(
        "select last_watched_position_seconds, pause_count, seek_count from public.video_analytics"
        " where user_id = %(owner)s"
    )
    assert rows == [(0, 0, 0)]


def test_of_two_heartbeats_of_one_playback_in_a_batch_one_counts_and_is_answered_so(stage: Stage) -> None:
    playback = opened(stage)
    answers = send(stage, Beat(playback, 1, "{[0,10)}"), Beat(playback, 1, "{[50,60)}"))
    assert sorted(a.outcome for a in answers) == ["counted", "too_fast"]
    counted = next(a for a in answers if a.outcome == "counted")
    assert coverage(stage) == (counted.watched, 10)


def test_a_range_that_cannot_be_read_changes_nothing(stage: Stage) -> None:
    playback = opened(stage)
    for bad in ("{[5,1)}", "[0,10)", "nonsense", "{[0,99999999999)}"):
        with pytest.raises(Exception, match=r"range|integer|literal"):
            send(stage, Beat(playback, 1, "{[0,10)}"), Beat(uuid4(), 1, bad))
    assert coverage(stage) == ("{}", 0)
    assert send(stage) == []


# Completing -------------------------------------------------------------------------------------------------------


def lesson(stage: Stage) -> tuple[Any, ...]:
    """Status of the video's lesson for the owner, and whether its goal was reached."""
    rows = stage.owner(
        "select p.status, a.goal_reached_at is not null from public.video_analytics a join public.lesson_progress p"
        " on p.enrollment_id = a.enrollment_id and p.lesson_id = a.lesson_id where a.user_id = %(owner)s"
    )
    return rows[0]


def test_dragging_the_slider_gains_nothing(stage: Stage) -> None:
    playback = opened(stage)
    for seq, position in enumerate((10, 50, 99, 100, 5000), 1):
        answer = play(stage, playback, seq, position=position, seeks=1)
        assert (answer.outcome, answer.seconds, answer.crossed) == ("counted", 0, False)
    for kind in ("seek", "complete"):
        stage.act(
            "owner",
            "insert into public.video_events (user_id, video_id, event_type, position_seconds)"
            " values (%(owner)s, %(welcome_video)s, %(kind)s, 100)",
            kind=kind,
        )
    assert lesson(stage) == ("in_progress", False)
    row = "select last_watched_position_seconds, seek_count, watched_seconds from public.video_analytics where user_id = %(owner)s"
    assert stage.owner(row) == [(100, 5, 0)]
    shown = "select completion_percentage from public.video_completion"
    assert stage.act("owner", shown).rows == [(0,)]


def test_the_lesson_completes_once_with_the_second_that_is_needed(stage: Stage) -> None:
    playback = opened(stage)
    assert not play(stage, playback, 1, "{[0,89)}").crossed
    assert lesson(stage) == ("in_progress", False)
    assert play(stage, playback, 2, "{[99,100)}").crossed
    assert lesson(stage) == ("completed", True)
    stage.owner("update public.lesson_progress set completed_at = '2026-01-01' where id = %(progress)s")
    assert not play(stage, playback, 3, "{[0,100)}").crossed
    assert opened(stage) != playback
    assert (
        stage.value("select completed_at::date::text from public.lesson_progress where id = %(progress)s")
        == "2026-01-01"
    )


def test_seconds_watched_twice_complete_nothing(stage: Stage) -> None:
    playback = opened(stage)
    for seq in range(1, 6):
        assert play(stage, playback, seq, "{[0,50)}").seconds == 50
    assert lesson(stage) == ("in_progress", False)


def test_a_goal_that_was_lowered_counts_when_the_player_opens(stage: Stage) -> None:
    stage.owner("update public.enrollments set course_version_id = null")
    play(stage, opened(stage), 1, "{[0,50)}")
    stage.act("instructor", "update public.lessons set watched_percentage_required = 50 where id = %(welcome)s")
    assert lesson(stage) == ("in_progress", False)
    opened(stage)
    assert lesson(stage) == ("completed", True)


def test_a_video_that_became_shorter_takes_what_lies_behind_its_end(stage: Stage) -> None:
    play(stage, opened(stage), 1, "{[0,10),[80,100)}")
    stage.owner("update public.lesson_videos set duration = 90 where id = %(welcome_video)s")
    opened(stage)
    assert coverage(stage) == ("{[0,10),[80,90)}", 20)


def test_a_video_that_is_not_what_completes_the_lesson_completes_nothing(stage: Stage) -> None:
    stage.owner("update public.enrollments set course_version_id = null")
    stage.owner("update public.lessons set completion_criteria = 'marked_complete' where id = %(welcome)s")
    answer = play(stage, opened(stage), 1, "{[0,100)}")
    assert (answer.seconds, answer.crossed) == (100, False)
    assert lesson(stage) == ("in_progress", False)
