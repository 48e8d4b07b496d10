"""Insight over a million events: how long a curve takes to answer, what folding costs, and what it adds to a heartbeat."""

from __future__ import annotations

import asyncio
import json
import re
import statistics
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg

from collegium.features.insight import service
from collegium.kit import embedded, migrations
from collegium.kit.db import Database, person

DATABASE = "bench_insight"
PEOPLE, BEATS, DURATION = 5_000, 200, 3_600
BATCH, ROUNDS = 64, 120
COVERAGE = Path(__file__).parent.parent / "supabase/migrations/20261120100400_coverage.sql"

# One video of an hour that five thousand people watch: two hundred heartbeats each, in all a million. Without triggers:
# what enrolling costs is measured elsewhere.
SCHOOL = f"""
create function pg_temp.who(n integer) returns uuid language sql immutable as
    $$ select ('00000000-0000-0000-0000-' || lpad(n::text, 12, '0'))::uuid $$;
set session_replication_role = replica;
insert into auth.users (id, email) select pg_temp.who(n), 'p' || n || '@bench.test' from generate_series(0, {PEOPLE}) n;
insert into public.profiles (id, email, role)
    select pg_temp.who(n), 'p' || n || '@bench.test', case n when 0 then 'instructor' else 'student' end::public.user_role
    from generate_series(0, {PEOPLE}) n;
insert into public.courses (id, title, slug, description, category, status, instructor_id)
    values (pg_temp.who(1), 'Bench', 'bench', 'd', 'compliance', 'published', pg_temp.who(0));
insert into public.course_modules (id, course_id, title, module_order) values (pg_temp.who(2), pg_temp.who(1), 'Part', 1);
insert into public.lessons (id, course_id, module_id, title, lesson_type, lesson_order, completion_criteria)
    values (pg_temp.who(3), pg_temp.who(1), pg_temp.who(2), 'Film', 'video', 1, 'video_watched');
insert into public.lesson_videos (id, lesson_id, course_id, duration) values (pg_temp.who(4), pg_temp.who(3), pg_temp.who(1), {DURATION});
insert into public.enrollments (id, course_id, member_id, enrollment_source, status)
    select pg_temp.who(n), pg_temp.who(1), pg_temp.who(n), 'bulk_import', 'in_progress' from generate_series(1, {PEOPLE}) n;
insert into public.video_analytics (user_id, video_id, course_id, lesson_id, enrollment_id, duration_seconds, playback_id, playback_opened_at)
    select pg_temp.who(n), pg_temp.who(4), pg_temp.who(1), pg_temp.who(3), pg_temp.who(n), {DURATION}, pg_temp.who(n), now() - interval '11 hours'
    from generate_series(1, {PEOPLE}) n;
reset session_replication_role;
"""
# What so many heartbeats leave behind: each plays ten seconds; one in ten goes back and plays a stretch again.
MOVES = f"""
insert into private.watch_moves (video_id, played, fresh, before, after)
select '00000000-0000-0000-0000-000000000004', int4multirange(int4range(at, at + 10)),
    case when b % 10 = 9 then '{{}}'::int4multirange end, case when b > 0 then greatest(0, at - 10) end, at + 10
from generate_series(1, {PEOPLE}) p
cross join lateral generate_series(0, {BEATS} - 1) b
cross join lateral (select ((b - b / 10) * 10 + p % 7 * 10) % ({DURATION} - 10) as at) s
"""


@dataclass(frozen=True)
class Cost:
    """Milliseconds. ``read``: a curve, median and worst of 50. ``fold``: a thousand lines. The rest: one heartbeat in a batch of 64."""

    events: int
    read: float
    read_worst: float
    fold: float
    before: float
    after: float


def run(server: embedded.Server) -> Cost:
    """Measures on a database of its own."""
    return asyncio.run(_run(server))


async def _run(server: embedded.Server) -> Cost:
    await migrations.drop(server, DATABASE)
    dsn = await migrations.ensure_database(server, DATABASE)
    await migrations.migrate(dsn)
    db = await asyncpg.connect(server.dsn("postgres", DATABASE), command_timeout=600)
    try:
        await db.execute(SCHOOL)
        await db.execute("vacuum analyze")
        before, after = await _heartbeats(db)
        await db.execute("truncate private.watch_moves; delete from public.video_watching")
        await db.execute(MOVES)
        events = int(await db.fetchval("select count(*) from private.watch_moves"))
        began = time.perf_counter()
        while await db.fetchval("select private.fold_watching()"):
            pass
        fold = (time.perf_counter() - began) * 1000 / (events / 1000)
        await db.execute("vacuum analyze")
        read, worst = await _curve(server.dsn("postgres", DATABASE))
    finally:
        await db.close()
    return Cost(events, read, worst, fold, before, after)


async def _curve(dsn: str) -> tuple[float, float]:
    """The lesson's curve as its instructor asks for it: a transaction of his own, his rights, every figure computed."""
    number = "00000000-0000-0000-0000-{:012}".format
    pool = Database(dsn, size=1)
    await pool.start()
    taken: list[float] = []
    try:
        for _ in range(50):
            began = time.perf_counter()
            async with pool.transaction(person(_uuid(number(0))), read_only=True) as tx:
                video = await service.of_lesson(tx, _uuid(number(1)), _uuid(number(3)))
            if len(video.buckets) != 360 or video.people != PEOPLE:
                raise RuntimeError(f"The curve is not whole: {len(video.buckets)} buckets, {video.people} viewers.")
            taken.append((time.perf_counter() - began) * 1000)
    finally:
        await pool.stop()
    return statistics.median(taken), max(taken)


def _uuid(text: str) -> Any:
    from uuid import UUID

    return UUID(text)


async def _heartbeats(db: asyncpg.Connection[Any]) -> tuple[float, float]:
    """One heartbeat with the function as it was before insight, and as it is: batches in turn, the median of each."""
    now = await db.fetchval(
        "select pg_get_functiondef(p.oid) from pg_proc p join pg_namespace n on n.oid = p.pronamespace"
        " where n.nspname = 'private' and p.proname = 'record_heartbeats'"
    )
    text = COVERAGE.read_text(encoding="utf-8")
    match = re.search(r"create function private\.record_heartbeats\(.*?\n\$\$;", text, re.DOTALL)
    if match is None:
        raise RuntimeError("The function as it was is not in its migration any more.")
    was = match[0].replace("create function", "create or replace function", 1)
    taken: dict[str, list[float]] = {"was": [], "now": []}
    seq = 0
    for turn in range(8):
        name, definition = ("was", was) if turn % 2 == 0 else ("now", now)
        await db.execute(definition)
        for _ in range(ROUNDS // 4):
            seq += 1
            people = [_uuid(f"00000000-0000-0000-0000-{n:012}") for n in range(1, BATCH + 1)]
            at = seq * 3 % (DURATION - 3)
            began = time.perf_counter()
            rows = await db.fetch(
                "select outcome from private.record_heartbeats($1::uuid[], $2::integer[], $3::text[], $4::integer[],"
                " $5::integer[], $6::integer[], $7::boolean[])",
                people, [seq] * BATCH, [f"{{[{at},{at + 3})}}"] * BATCH, [at + 3] * BATCH, [0] * BATCH, [0] * BATCH,
                [True] * BATCH,
            )  # fmt: skip
            taken[name].append((time.perf_counter() - began) * 1000 / BATCH)
            if {row["outcome"] for row in rows} != {"counted"}:
                raise RuntimeError(json.dumps([row["outcome"] for row in rows[:3]]))
    await db.execute(now)
    return statistics.median(taken["was"]), statistics.median(taken["now"])
