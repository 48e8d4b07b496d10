"""Maintenance: how runs are written down, what the jobs do, and the administrators' page."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from tests.features.operations.maintenance_runs import ended_enrollments, runs
from tests.support.database import Database
from tests.support.people import Lesson, Person, add_course, add_person, enrol
from tests.support.site import served

from collegium.access import trial
from collegium.app import load_jobs
from collegium.features.operations import service, upkeep
from collegium.features.operations.backup import back_up
from collegium.kit import dumps, maintenance
from collegium.kit.maintenance import MAINTENANCE, AlreadyRunning, Maintenance, Outcome
from collegium.kit.site import Site

MakePerson = Callable[..., Person]
load_jobs()


async def good(_site: Site) -> Outcome:
    return Outcome("All is well.", {"looked_at": 3})


async def bad(_site: Site) -> Outcome:
    raise OSError("the disk is full")


KIND = Maintenance("test.job", "0 3 * * *", "Test", "Tests.", good)


# Runs ------------------------------------------------------------------------------------------------------


async def test_a_run_is_written_down(site: Site, database: Database) -> None:
    await maintenance.run(site, KIND)
    with pytest.raises(OSError, match="disk is full"):
        await maintenance.run(site, KIND, work=bad)
    first, second = await runs(database)
    assert (first["result"], first["words"], first["figures"]) == ("ok", "All is well.", '{"looked_at": 3}')
    assert (second["result"], second["words"]) == ("failed", "OSError: the disk is full")


async def test_two_at_once_are_one(site: Site, database: Database) -> None:
    begun, end = asyncio.Event(), asyncio.Event()

    async def slow(_site: Site) -> Outcome:
        begun.set()
        await end.wait()
        return Outcome("Slow.")

    first = asyncio.create_task(maintenance.run(site, KIND, work=slow))
    await begun.wait()
    with pytest.raises(AlreadyRunning):
        await maintenance.run(site, KIND)
    await maintenance.run(site, Maintenance("test.other", "0 3 * * *", "Other", "Other.", good))
    end.set()
    await first
    assert [row["result"] for row in await runs(database)] == ["ok"]
    await maintenance.run(site, KIND)


async def test_one_that_was_killed_is_ended_by_the_next(site: Site, database: Database) -> None:
    async with database.connect() as owner:
        await owner.execute("select private.begin_maintenance('test.job')")
    await maintenance.run(site, KIND)
    killed, after = await runs(database)
    assert (killed["result"], killed["words"]) == ("failed", "Its process ended before the job did.")
    assert after["result"] == "ok"


async def test_one_that_is_stopped_says_so(site: Site, database: Database) -> None:
    begun = asyncio.Event()

    async def slow(_site: Site) -> Outcome:
        begun.set()
        await asyncio.sleep(60)
        return Outcome("")

    task = asyncio.create_task(maintenance.run(site, KIND, work=slow))
    await begun.wait()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    (row,) = await runs(database)
    assert (row["result"], row["words"]) == ("failed", "It was stopped.")


def test_when_the_clock_starts_it() -> None:
    now = datetime(2026, 11, 21, 12, tzinfo=UTC)
    assert KIND.next_run(now) == datetime(2026, 11, 22, 3, tzinfo=UTC)
    assert KIND.last_due(now) == datetime(2026, 11, 21, 3, tzinfo=UTC)
    for begun, late in ((timedelta(hours=9), False), (timedelta(hours=10), True), (timedelta(days=3), True)):
        assert service.is_late(KIND, now - begun, now) is late
    # At half past four it may still be waiting for others.
    assert not service.is_late(KIND, now - timedelta(days=1), now.replace(hour=4, minute=30))


@pytest.mark.parametrize("name", sorted(MAINTENANCE))
async def test_every_job_runs_on_an_empty_site(
    site: Site, database: Database, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # All of them are tried in test_access.py.
    monkeypatch.setattr(trial, "tables", lambda: ["certificates", "enrollments"])
    await maintenance.run(site, MAINTENANCE[name])
    (row,) = await runs(database, name)
    assert row["result"] == "ok"
    assert row["words"].endswith(".")


# The work --------------------------------------------------------------------------------------------------


async def test_enrollments_whose_time_has_passed_expire(
    site: Site, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    course = await ended_enrollments(database, 7)
    monkeypatch.setattr(upkeep, "BATCH", 2)
    outcome = await upkeep.expire_enrollments(site)
    assert outcome.words == "6 enrollments ended."
    async with database.connect() as owner:
        rows = await owner.fetch("select status, expires_at > now() as goes_on from public.enrollments")
        assert sorted((row["status"], row["goes_on"]) for row in rows) == [
            ("enrolled", True),
            *[("expired", False)] * 6,
        ]
        active = await owner.fetchval("select active_enrollments from public.courses where id = $1", course.id)
    assert active == 1
    assert (await upkeep.expire_enrollments(site)).figures == {"expired": 0}


async def test_drift_is_told_and_mended_only_when_asked(site: Site, database: Database) -> None:
    course = await ended_enrollments(database, 2)
    assert (await upkeep.recount(site)).result == "ok"
    async with database.connect() as owner:
        await owner.execute("update public.courses set total_enrollments = 40 where id = $1", course.id)
        await owner.execute("update public.enrollments set lessons_completed = 1")
    outcome = await upkeep.recount(site)
    assert outcome.result == "drift"
    assert outcome.figures["course_counters_equal_a_recount"] == 1
    assert outcome.figures["lessons_completed_equals_a_recount"] == 2
    assert "1 row against: The counters of every course" in outcome.words
    async with database.connect() as owner:
        assert await owner.fetchval("select total_enrollments from public.courses where id = $1", course.id) == 40
    outcome = await upkeep.mend(site)
    assert (outcome.result, outcome.figures["mended"]) == ("ok", 3)
    async with database.connect() as owner:
        assert await owner.fetchval("select total_enrollments from public.courses where id = $1", course.id) == 2


def test_each_mend_has_its_recount() -> None:
    assert set(upkeep.recounts()) >= set(upkeep.MENDS)


async def test_mending_while_people_enrol_counts_everybody(site: Site, database: Database) -> None:
    course = await add_course(database, modules=[[Lesson("Only one")]])
    people = [await add_person(database, member=False) for _ in range(60)]

    async def enrol_some(mine: list[Person]) -> None:
        async with database.connect() as owner:
            for person in mine:
                await owner.execute(
                    "insert into public.enrollments (course_id, member_id, enrollment_source)"
                    " values ($1, $2, 'admin_assignment')",
                    course.id,
                    person.id,
                )

    load = [asyncio.create_task(enrol_some(people[n::3])) for n in range(3)]
    while not all(task.done() for task in load):
        async with database.connect() as owner:
            await owner.execute("update public.courses set total_enrollments = 1000 where id = $1", course.id)
            await owner.execute("select private.mend_course_counters()")
    await asyncio.gather(*load)
    assert (await upkeep.recount(site)).result == "ok"


async def test_a_mended_enrollment_that_meets_everything_completes(site: Site, database: Database) -> None:
    course = await add_course(database, credits=1, modules=[[Lesson("Only one")]])
    person = await add_person(database)
    enrollment = await enrol(database, person, course)
    async with database.connect() as owner:
        for name in ("trigger_update_enrollment_progress", "trigger_update_enrollment_progress_on_change"):
            await owner.execute(f"alter table public.lesson_progress disable trigger {name}")
        await owner.execute(
            "insert into public.lesson_progress (enrollment_id, lesson_id, course_id, status, completed_at)"
            " values ($1, $2, $3, 'completed', now())"
            " on conflict (enrollment_id, lesson_id) do update set status = 'completed', completed_at = now()",
            enrollment,
            course.lessons[0].id,
            course.id,
        )
        for name in ("trigger_update_enrollment_progress", "trigger_update_enrollment_progress_on_change"):
            await owner.execute(f"alter table public.lesson_progress enable trigger {name}")
        assert (await upkeep.mend(site)).result == "ok"
        status = await owner.fetchval("select status from public.enrollments where id = $1", enrollment)
    assert status == "completed"


async def put(site: Site, key: str, days: float) -> str:
    """A file of so many days ago."""
    await site.storage.put(key, b"12345")
    moment = time.time() - days * 86400
    os.utime(site.settings.data_dir / "files" / key, (moment, moment))
    return key


async def test_files_of_nobody_are_removed_after_a_day(site: Site, database: Database) -> None:
    course = await add_course(database, modules=[[Lesson("Film", video=60)]])
    video = course.lessons[0].video_id
    nobody = uuid4()
    gone = {
        await put(site, f"videos/{nobody}/hls/master.m3u8", 2),
        await put(site, f"certificates/{nobody}.pdf", 1.1),
    }
    kept = {
        await put(site, f"videos/{video}/hls/720p/1.ts", 9),
        await put(site, f"videos/{nobody}/hls/720p/new.ts", 0.9),
        await put(site, f"videos/{uuid4()}/named.mp4", 9),
        await put(site, "audit/2026-11-20.json", 400),
        await put(site, "notes.txt", 400),
        await put(site, "certificates/notes.txt", 400),
    }
    named = next(key for key in kept if key.endswith("named.mp4"))
    async with database.connect() as owner:
        await owner.execute("update public.lesson_videos set source_key = $1", named)
    async with database.connect() as session:
        await session.execute("select pg_advisory_lock_shared($1)", dumps.FILES_LOCK)
        outcome = await upkeep.remove_orphans(site)
    assert outcome.words == "A backup is being written, so nothing was removed."
    assert {meta.key for meta in await site.storage.list()} == kept | gone
    outcome = await upkeep.remove_orphans(site)
    assert outcome.words == "2 files removed, 0.0 MB."
    assert {meta.key for meta in await site.storage.list()} == kept
    assert set(outcome.figures["first"]) == gone


async def test_a_backup_is_written_only_when_no_file_is_being_removed(
    site: Site, database: Database, tmp_path: Path
) -> None:
    said: list[str] = []
    async with database.connect() as session:
        await session.execute("begin")
        await session.execute("select pg_advisory_xact_lock($1)", dumps.FILES_LOCK)
        task = asyncio.create_task(back_up(site, served(site), tmp_path, said.append))
        await asyncio.sleep(0.5)
        assert said == []
        await session.execute("rollback")
        await task


async def test_statistics_are_gathered_where_much_changed(site: Site, database: Database) -> None:
    await upkeep.analyze(site)
    async with database.connect() as owner:
        await owner.execute(
            "insert into public.login_attempts (email, origin, succeeded, reason)"
            " select 'a@b.test', 'x', false, 'wrong_password' from generate_series(1, 200)"
        )
        await owner.execute("select pg_stat_force_next_flush()")
    async with database.connect() as owner:
        assert await owner.fetchval("select reltuples from pg_class where relname = 'login_attempts'") != 200
    outcome = await upkeep.analyze(site)
    assert "login_attempts" in outcome.figures["tables"]
    async with database.connect() as owner:
        assert await owner.fetchval("select reltuples from pg_class where relname = 'login_attempts'") == 200


async def test_runs_are_kept_for_a_year_and_failed_jobs_for_a_month(site: Site, database: Database) -> None:
    async with database.connect() as owner:
        for days in (364, 366, 700):
            await owner.execute(
                "insert into public.maintenance_runs (job, started_at) values ('test.job', now() - $1::interval)",
                timedelta(days=days),
            )
        for days in (29, 31):
            job = await owner.fetchval("select private.defer_job('test.job')")
            await owner.execute("update procrastinate.procrastinate_jobs set status = 'failed' where id = $1", job)
            await owner.execute(
                "update procrastinate.procrastinate_events set at = now() - $2::interval where job_id = $1",
                job,
                timedelta(days=days),
            )
        await owner.execute("select private.defer_job('test.job', p_scheduled_at => now() - interval '90 days')")
    outcome = await upkeep.tidy(site)
    assert outcome.figures == {"runs": 2, "jobs": 1}
    async with database.connect() as owner:
        assert await owner.fetchval("select count(*) from procrastinate.procrastinate_jobs") == 2
