"""Maintenance: how runs are written down, what the jobs do, and the administrators' page."""

from __future__ import annotations

import asyncio
import os
import re
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest
from click.testing import CliRunner
from tests.support.database import Database, as_actor, run
from tests.support.people import Course, Lesson, Person, add_course, add_person, enrol
from tests.support.site import Client, run_jobs, served

from collegium.app import load_jobs
from collegium.cli import main
from collegium.features.operations import doctor, service, upkeep
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


async def runs(database: Database, job: str = "test.job") -> list[asyncpg.Record]:
    async with database.connect() as owner:
        return await owner.fetch(
            "select result, words, figures::text, requested_by, finished_at from public.maintenance_runs"
            " where job = $1 order by started_at, id",
            job,
        )


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
async def test_every_job_runs_on_an_empty_site(site: Site, database: Database, name: str) -> None:
    await maintenance.run(site, MAINTENANCE[name])
    (row,) = await runs(database, name)
    assert row["result"] == "ok"
    assert row["words"].endswith(".")


# The work --------------------------------------------------------------------------------------------------


async def ended_enrollments(database: Database, number: int) -> Course:
    course = await add_course(database, modules=[[Lesson("Only one")]])
    for day in range(number):
        person = await add_person(database, member=False)
        enrollment = await enrol(database, person, course)
        async with database.connect() as owner:
            await owner.execute(
                "update public.enrollments set expires_at = now() - $2::interval where id = $1",
                enrollment,
                timedelta(days=day - 1),
            )
    return course


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


# Pages and commands ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", ["student", "instructor"])
async def test_the_page_is_for_administrators(client: Client, make_person: MakePerson, role: str) -> None:
    assert (await client.get("/admin/maintenance")).headers["location"].startswith("/sign-in")
    await client.login(make_person(role))
    for path in ("/admin/maintenance", "/admin/maintenance/people.tidy"):
        assert (await client.get(path)).status_code == 403
    assert (await client.post_form("/admin/maintenance/people.tidy/run")).status_code == 403


async def test_only_administrators_start_maintenance_in_sql(database: Database, make_person: MakePerson) -> None:
    student, admin = make_person(), make_person("admin")
    async with database.connect("web") as session:
        for person, job, code in ((student, "people.tidy", "CG403"), (admin, "mail", "CG404"), (admin, None, "CG404")):
            with pytest.raises(asyncpg.PostgresError) as caught:
                async with as_actor(session, "authenticated", person.id) as actor:
                    await actor.execute("select public.run_maintenance($1)", job)
            assert caught.value.sqlstate == code
            await session.execute("rollback")
        # Whatever name is given, no other kind of job can be started.
        async with as_actor(session, "authenticated", admin.id) as actor:
            await actor.execute("select public.run_maintenance('mail.send')")
    async with database.connect() as owner:
        assert [
            r["task_name"] for r in await owner.fetch("select task_name from procrastinate.procrastinate_jobs")
        ] == ["maintenance.run"]


async def test_the_button_queues_one_run(
    client: Client, site: Site, database: Database, make_person: MakePerson
) -> None:
    admin = make_person("admin", first_name="Alex", last_name="Office", time_zone="Asia/Tokyo")
    await client.login(admin)
    page = await client.get("/admin/maintenance")
    assert page.text.count("Not run yet") == len(MAINTENANCE)
    for _ in range(2):
        answer = await client.submit(page, "/admin/maintenance/people.tidy/run")
        assert answer.headers["location"] == "/admin/maintenance/people.tidy"
    assert (await client.post("/admin/maintenance/people.tidy/run")).status_code == 403
    assert (await client.post_form("/admin/maintenance/mail.send/run")).status_code == 404
    await run_jobs(site)
    (row,) = await runs(database, "people.tidy")
    assert (row["result"], row["requested_by"]) == ("ok", admin.id)
    page = await client.get("/admin/maintenance/people.tidy")
    assert "Alex Office" in page.text
    assert "0 links, 0 sessions, 0 attempts, 0 messages removed." in page.text


async def test_one_that_runs_is_not_started_again(client: Client, database: Database, make_person: MakePerson) -> None:
    await client.login(make_person("admin"))
    async with database.connect() as owner, owner.transaction():
        await owner.execute("select pg_advisory_xact_lock(private.maintenance_lock('people.tidy'))")
        answer = await client.post_form("/admin/maintenance/people.tidy/run")
        assert answer.status_code == 409
        assert "running already" in answer.text


async def add_run(database: Database, job: str, started_at: datetime, result: str | None, words: str = "") -> UUID:
    async with database.connect() as owner:
        made: UUID = await owner.fetchval(
            "insert into public.maintenance_runs (job, started_at, finished_at, result, words)"
            " values ($1, $2, $3, $4, $5) returning id",
            job,
            started_at,
            started_at + timedelta(seconds=75) if result else None,
            result,
            words,
        )
    return made


async def test_what_went_wrong_stands_first_and_times_are_the_viewers(
    client: Client, database: Database, make_person: MakePerson
) -> None:
    await client.login(make_person("admin", time_zone="Asia/Tokyo"))
    now = datetime.now(UTC).replace(hour=0, minute=30, second=0, microsecond=0)
    await add_run(database, "people.tidy", now, "ok", "Good.")
    await add_run(database, "people.tidy", now - timedelta(days=1), "failed", "An older failure.")
    await add_run(database, "progress.make_partitions", now, "drift", "Something <differs>.")
    await add_run(database, "files.orphans", now, None)
    page = (await client.get("/admin/maintenance")).text
    titles = re.findall(r'class="row-link" href="[^"]+">([^<]+)<', page)
    assert titles[0] == "Make the months ahead"
    assert len(titles) == len(MAINTENANCE)
    for words in ("Differences found", "Something &lt;differs&gt;.", "Running", "took 1 min", "09:30"):
        assert words in page, words
    assert "An older failure." not in page
    history = (await client.get("/admin/maintenance/people.tidy")).text
    assert history.index("Good.") < history.index("An older failure.")
    assert (await client.get("/admin/maintenance/no.such")).status_code == 404


async def test_overdue_jobs_are_told_on_the_page_and_by_the_doctor(
    client: Client, site: Site, database: Database, make_person: MakePerson
) -> None:
    await client.login(make_person("admin"))
    now = datetime.now(UTC)
    assert await service.late_and_wrong(site, now) == ([], [])
    assert (await doctor._maintenance(site, served(site))).good
    await add_run(database, "people.tidy", now - timedelta(days=3), "ok")
    await add_run(database, "files.orphans", now, "drift")
    assert await service.late_and_wrong(site, now) == (["people.tidy"], ["files.orphans"])
    finding = await doctor._maintenance(site, served(site))
    assert finding.good is False
    assert "not run when due: people.tidy; is a worker running?" in finding.words
    assert "Jobs are overdue" in (await client.get("/admin/maintenance")).text
    # Never run, although the site is old enough.
    late, _ = await service.late_and_wrong(site, now + timedelta(days=2))
    assert set(late) == set(MAINTENANCE)


def command(site: Site, *argv: str) -> Any:
    settings = site.settings
    environment = {
        "COLLEGIUM_DATA_DIR": str(settings.data_dir),
        "COLLEGIUM_DATABASE_URL": settings.database_url,
        "COLLEGIUM_MIGRATE_URL": settings.migrate_url,
    }
    return CliRunner().invoke(main, ["maintenance", *argv], env=environment)


async def test_by_hand(site: Site, database: Database) -> None:
    await ended_enrollments(database, 1)
    async with database.connect() as owner:
        await owner.execute("update public.courses set total_enrollments = 5")
    done = await asyncio.to_thread(command, site, "run", "counters.recount")
    assert (done.exit_code, "against" in done.output) == (1, True)
    listed = await asyncio.to_thread(command, site, "list")
    assert listed.exit_code == 0
    for name in MAINTENANCE:
        assert name in listed.output
    assert "drift" in listed.output
    done = await asyncio.to_thread(command, site, "run", "counters.recount", "--mend")
    assert (done.exit_code, "1 row was set right" in done.output) == (0, True)
    assert (await asyncio.to_thread(command, site, "run", "people.tidy", "--mend")).exit_code == 2
    assert "There is no job" in (await asyncio.to_thread(command, site, "run", "nothing")).output
    assert [row["result"] for row in await runs(database, "counters.recount")] == ["drift", "ok"]
    run(asyncio.sleep(0))


def test_the_guide_names_every_job() -> None:
    guide = (Path(__file__).parents[3] / "docs" / "guides" / "administrator.md").read_text(encoding="utf-8")
    assert set(re.findall(r"^\| `([a-z_]+\.[a-z_]+)` \|", guide, re.MULTILINE)) == set(MAINTENANCE)
