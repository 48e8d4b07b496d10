"""What the player said is kept by month, and nothing is lost when nobody made the month's partition in time."""

from __future__ import annotations

import asyncio

import pytest

from collegium.access.stage import Stage, key
from tests.support.database import Database

EVENT = """
insert into public.video_events (occurred_at, user_id, video_id, event_type, position_seconds)
values (%(at)s, %(owner)s, %(welcome_video)s, 'play', 0) returning tableoid::regclass::text
"""
MAKE = "select private.make_video_event_partitions(%(n)s)"


def test_an_event_lies_in_its_month(stage: Stage) -> None:
    stage.act(
        "owner",
        "insert into public.video_events (user_id, video_id, event_type, position_seconds)"
        " values (%(owner)s, %(welcome_video)s, 'pause', 3.25)",
    )
    rows = stage.owner(
        "select tableoid::regclass::text = 'video_events_' || to_char(now() at time zone 'UTC', 'YYYY_MM'), playback_id,"
        " occurred_at = now() from public.video_events where event_type = 'pause'"
    )
    assert rows == [(True, None, True)]


@pytest.mark.parametrize(
    ("at", "offset"),
    [("00:00:00+00", "0 months"), ("23:59:59.999999+00", "1 month - 1 day"), ("23:30:00-05", "-1 day")],
)
def test_a_month_begins_and_ends_in_utc(stage: Stage, at: str, offset: str) -> None:
    stage.owner("set local timezone to 'America/New_York'")
    day = stage.value("select (date_trunc('month', now() at time zone 'UTC') + %(o)s::interval)::date::text", o=offset)
    month = stage.value("select to_char(now() at time zone 'UTC', 'YYYY_MM')")
    assert stage.value(EVENT, at=f"{day} {at}") == f"video_events_{month}"


def test_a_month_without_its_partition_loses_nothing(stage: Stage) -> None:
    this, after = stage.owner(
        "select to_char(m, 'YYYY_MM'), m::text || ' 12:00+00' from (values"
        " (date_trunc('month', now() at time zone 'UTC')::date),"
        " ((date_trunc('month', now() at time zone 'UTC') + interval '1 month')::date)) as v (m)"
    )
    before = stage.value("select count(*) from public.video_events")
    for month, _ in (this, after):
        stage.owner(f"drop table public.video_events_{month}")
    lost = before - stage.value("select count(*) from public.video_events")
    for _, at in (this, after):
        assert stage.value(EVENT, at=at) == "video_events_default"
    stage.owner(EVENT, at="2020-02-02 00:00+00")
    assert stage.value(MAKE, n=3) == 2
    rows = stage.owner("select tableoid::regclass::text, count(*) from public.video_events group by 1 order by 1")
    assert rows == [(f"video_events_{this[0]}", 1), (f"video_events_{after[0]}", 1), ("video_events_default", 1)]
    assert lost == before
    assert stage.value(EVENT, at=this[1]) == f"video_events_{this[0]}"


def test_a_partition_is_made_once_and_as_its_sisters(stage: Stage) -> None:
    assert stage.value(MAKE, n=12) == 0
    assert stage.value(MAKE, n=14) == 2
    assert stage.value(MAKE, n=14) == 0
    shapes = stage.owner(
        "select c.relrowsecurity, c.relacl::text, (select count(*) from pg_index i where i.indrelid = c.oid),"
        " (select count(*) from pg_constraint k where k.conrelid = c.oid and k.contype = 'c') from pg_class c"
        " where c.relnamespace = 'public'::regnamespace and c.relispartition and c.relkind = 'r'"
        " and c.relname like 'video_events_%%'"
    )
    assert len(set(shapes)) == 1


async def test_two_workers_make_it_once(database: Database) -> None:
    async def make() -> int:
        async with database.connect() as session:
            await start.wait()
            return await session.fetchval("select private.make_video_event_partitions(16)")

    start = asyncio.Barrier(4)
    assert sorted(await asyncio.gather(*(make() for _ in range(4)))) == [0, 0, 0, 4]


def test_events_of_heartbeats_are_of_the_playback_and_its_person(stage: Stage) -> None:
    playback = stage.value("select playback_id from public.video_analytics where user_id = %(owner)s")
    stage.act(
        "service_role",
        "select private.record_video_events(%(p)s::uuid[], '{seek,pause,play}', '{1,2,3}', %(d)s::jsonb[])",
        p=[playback, playback, key("new")],
        d=['{"from": 0}', "{}", "{}"],
    )
    rows = stage.owner(
        "select user_id, event_type, position_seconds::integer from public.video_events where playback_id = %(p)s"
        " order by occurred_at",
        p=playback,
    )
    assert rows == [(key("owner"), "seek", 1), (key("owner"), "pause", 2)]


def test_events_are_never_changed(stage: Stage) -> None:
    for statement in ("update public.video_events set position_seconds = 9", "delete from public.video_events"):
        assert stage.attempt("service_role", statement).state == "42501"


def test_identities_are_ordered_by_time(stage: Stage) -> None:
    """Version 7 of RFC 9562, in order down to the microsecond."""
    made = stage.value("select array_agg(private.uuid_v7() order by n) from generate_series(1, 2000) n")
    assert len(set(made)) == 2000
    assert {(one.version, one.variant) for one in made} == {(7, "specified in RFC 4122")}
    stamps = [one.int >> 64 for one in made]
    assert stamps == sorted(stamps)
    clock = stage.value("select extract(epoch from clock_timestamp()) * 1000")
    assert abs((made[-1].int >> 80) - clock) < 60_000
