"""What the clock does for progress: months ahead of time, counts gathered."""

from __future__ import annotations

from collegium.app import load_jobs
from collegium.kit.jobs import REGISTRY, run_now
from collegium.kit.site import Site
from tests.support.database import Database

MONTHS = "select count(*) from pg_inherits where inhparent = 'public.video_events'::regclass"


async def test_a_missing_month_is_made_again(site: Site, database: Database) -> None:
    load_jobs()
    assert REGISTRY["progress.make_partitions"].cron
    async with database.connect() as owner:
        before = await owner.fetchval(MONTHS)
        name = await owner.fetchval(
            "select 'video_events_' || to_char(now() at time zone 'UTC' + interval '1 month', 'YYYY_MM')"
        )
        await owner.execute(f"drop table public.{name}")
        assert await owner.fetchval(MONTHS) == before - 1
    await site.db.start()
    try:
        await run_now(site, "progress.make_partitions", {})
    finally:
        await site.db.stop()
    async with database.connect() as owner:
        assert await owner.fetchval(MONTHS) == before
        assert await owner.fetchval("select to_regclass($1)", f"public.{name}") is not None


async def test_what_moved_is_gathered(site: Site, own_guild: Database) -> None:
    load_jobs()
    assert REGISTRY["progress.fold_counts"].cron
    async with own_guild.connect() as owner:
        assert await owner.fetchval("select count(*) from public.content_count_moves") > 0
    await site.db.start()
    try:
        await run_now(site, "progress.fold_counts", {})
    finally:
        await site.db.stop()
    async with own_guild.connect() as owner:
        assert await owner.fetchval("select count(*) from public.content_count_moves") == 0
        assert await owner.fetchval("select max(completed) from public.content_counts") == 1
