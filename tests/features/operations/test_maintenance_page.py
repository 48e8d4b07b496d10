"""The administrators' page of maintenance, and the command."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from click.testing import CliRunner
from tests.features.operations.maintenance_runs import ended_enrollments, runs
from tests.support.database import Database, as_actor, run
from tests.support.people import Person
from tests.support.site import Client, run_jobs, served

from collegium.app import load_jobs
from collegium.cli import main
from collegium.features.operations import doctor, service
from collegium.kit.maintenance import MAINTENANCE
from collegium.kit.site import Site

MakePerson = Callable[..., Person]
load_jobs()


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
