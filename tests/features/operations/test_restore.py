"""Restoring a site: what comes back, what is refused, and what stays when something goes wrong."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import asyncpg
import msgspec
import pytest
from tests.features.operations.recovery import (
    as_superuser,
    certificates,
    drop_like,
    fill,
    nothing,
    target_of,
)
from tests.support.database import Database, fresh_database
from tests.support.servers import POSTGRES_15
from tests.support.site import make_settings, make_site

from collegium.features.operations import backup as backups
from collegium.features.operations import restore as restores
from collegium.features.operations.restore import Target
from collegium.kit import archive, dumps, embedded, migrations
from collegium.kit.archive import ArchiveError
from collegium.kit.dumps import DumpError
from collegium.kit.site import Site

pytestmark = pytest.mark.timeout(300)


async def _back_up_and_change(site: Site, database: Database, folder: Path) -> archive.Archive:
    await fill(database, site, 1)
    made = await backups.back_up(site, as_superuser(site, database), folder, nothing)
    await fill(database, site, 1)
    return restores.examine(made.path, nothing)


async def test_a_site_is_replaced_and_what_it_was_is_kept(
    plain_site: Site, database_server: embedded.Server, database_template: str, tmp_path: Path
) -> None:
    with fresh_database(database_server, database_template) as database:
        site = make_site(make_settings(database, tmp_path / "d", secret_key=None))
        found = await _back_up_and_change(site, database, tmp_path / "b")
        later = await certificates(database.dsn_owner)
        target = Target(site.settings, database.dsn_super)
        assert await restores.look(target)
        done = await restores.restore(found, target, nothing)
        try:
            assert done.kept_database
            now = await certificates(database.dsn_owner)
            assert len(now) == 1
            assert await certificates(Database(database_server, done.kept_database).dsn_owner) == later
            folder = site.settings.data_dir
            assert {p.name for p in (folder / "files" / "certificates").iterdir()} == {f"{k}.pdf" for k in now}
            kept = next(folder.glob("files.before-restore-*"))
            assert {p.name for p in (kept / "certificates").iterdir()} == {f"{k}.pdf" for k in later}
        finally:
            await drop_like(database, f"{database.name}_before_restore")


async def test_a_running_site_is_not_replaced(plain_site: Site, database: Database, tmp_path: Path) -> None:
    found = await _back_up_and_change(plain_site, database, tmp_path / "b")
    target = Target(plain_site.settings, database.dsn_super)
    async with database.connect("web"):
        with pytest.raises(DumpError, match="The site runs"):
            await restores.look(target)

        # One that starts while the backup is being restored is noticed at the end.
        real = restores._refuse_running

        async def not_yet(*_: object) -> None:
            return

        restores._refuse_running = not_yet
        try:
            with pytest.raises(DumpError, match="Somebody connected"):
                await restores.restore(found, target, nothing)
        finally:
            restores._refuse_running = real
    assert len(await certificates(database.dsn_owner)) == 2
    assert len(list((plain_site.settings.data_dir / "files" / "certificates").iterdir())) == 2
    assert not list(plain_site.settings.data_dir.glob("*restor*"))
    async with database.connect("super") as session:
        assert not await session.fetchval(
            "select exists (select from pg_database where starts_with(datname, $1))", f"{database.name}_restore"
        )


async def test_a_newer_schema_is_refused(plain_site: Site, database: Database, tmp_path: Path) -> None:
    async with database.connect() as owner:
        await owner.execute(
            "insert into collegium_schema.migrations (version, name, checksum, duration)"
            " values ('20991231000000', 'later', 'x', '1 s')"
        )
    made = await backups.back_up(plain_site, as_superuser(plain_site, database), tmp_path, nothing)
    with pytest.raises(ArchiveError, match="1 migrations that this version does not know"):
        restores.examine(made.path, nothing)


async def test_an_older_schema_is_brought_up_to_date(
    database_server: embedded.Server, empty: Database, tmp_path: Path
) -> None:
    """A backup of the first migrations only."""
    folder = tmp_path / "first"
    folder.mkdir()
    every = migrations.read_migrations(migrations.resource_dir("supabase/migrations"))
    for migration in every[:8]:
        (folder / migration.path.name).write_bytes(migration.path.read_bytes())
    old = Database(database_server, f"{empty.name}_old")
    await migrations.migrate(await migrations.ensure_database(database_server, old.name), migrations_dir=folder)
    site = make_site(make_settings(old, tmp_path / "data"))
    await fill(old, site)
    # Rules of later tables cannot be asked there.
    real, dumps.broken_rules = dumps.broken_rules, _no_rules
    try:
        made = await backups.back_up(site, as_superuser(site, old), tmp_path / "b", nothing)
    finally:
        dumps.broken_rules = real
    done = await restores.restore(restores.examine(made.path, nothing), target_of(empty, tmp_path / "new"), nothing)
    assert done.applied == len(every) - 8
    assert done.broken == []
    state = await migrations.status(empty.dsn_owner)
    assert not state.pending


async def _no_rules(_session: asyncpg.Connection) -> tuple[int, list[str]]:
    return 0, []


async def test_a_dump_of_another_site_in_its_place_is_noticed(
    plain_site: Site, database: Database, empty: Database, tmp_path: Path
) -> None:
    """The sums fit, but the database holds something else than the manifest says."""
    await fill(database, plain_site, 1)
    made = await backups.back_up(plain_site, as_superuser(plain_site, database), tmp_path / "b", nothing)
    found = restores.examine(made.path, nothing)
    other = msgspec.structs.replace(found.manifest, counts={**found.manifest.counts, "people": 9})
    with pytest.raises(ArchiveError, match="The restored database holds"):
        await restores.restore(dataclasses.replace(found, manifest=other), target_of(empty, tmp_path / "n"), nothing)
    assert not (tmp_path / "n" / "files").exists()
    async with database.connect("super") as session:
        assert not await session.fetchval(
            "select exists (select from pg_database where starts_with(datname, $1))", empty.name
        )


@pytest.mark.skipif(not POSTGRES_15.exists(), reason="needs PostgreSQL 15 on this machine")
async def test_from_one_server_to_an_older_one_and_back(
    plain_site: Site, database: Database, empty: Database, tmp_path: Path, folder_for_all: Path
) -> None:
    await fill(database, plain_site, 2)
    made = await backups.back_up(plain_site, as_superuser(plain_site, database), tmp_path / "b", nothing)
    with embedded.attach(folder_for_all, bin_dir=POSTGRES_15, settings={"fsync": "off"}) as server:
        old = Database(server, "collegium")
        done = await restores.restore(restores.examine(made.path, nothing), target_of(old, tmp_path / "n"), nothing)
        assert done.broken == []
        assert await certificates(old.dsn_owner) == await certificates(database.dsn_owner)
        site = make_site(make_settings(old, tmp_path / "n"))
        again = await backups.back_up(site, as_superuser(site, old), tmp_path / "b15", nothing)
    done = await restores.restore(restores.examine(again.path, nothing), target_of(empty, tmp_path / "n2"), nothing)
    assert done.broken == []
    assert await certificates(empty.dsn_owner) == await certificates(database.dsn_owner)


async def test_into_an_object_store_what_is_missing_or_differs_is_put(
    plain_site: Site, database: Database, empty: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await fill(database, plain_site, 2)
    made = await backups.back_up(plain_site, as_superuser(plain_site, database), tmp_path / "b", nothing)
    kept = restores.Storage.from_url("memory://", tmp_path)
    keys = [meta.key for meta in await plain_site.storage.list()]
    await kept.put(keys[0], await plain_site.storage.get(keys[0]))
    await kept.put(keys[1], b"something else")
    monkeypatch.setattr(restores.Storage, "from_url", lambda *_: kept)
    said: list[str] = []
    target = target_of(empty, tmp_path / "new", files_url="memory://")
    await restores.restore(restores.examine(made.path, nothing), target, said.append)
    assert "Files: 1 of 2 were missing or differed" in said
    assert [await kept.get(key) for key in keys] == [await plain_site.storage.get(key) for key in keys]


async def test_a_login_without_createdb_fills_an_empty_database(
    plain_site: Site, database: Database, empty: Database, tmp_path: Path
) -> None:
    await fill(database, plain_site, 2)
    made = await backups.back_up(plain_site, as_superuser(plain_site, database), tmp_path / "b", nothing)
    async with database.connect("super") as session:
        await session.execute(f"create database {empty.name} owner collegium_owner template template0")
    target = Target(make_settings(empty, tmp_path / "new"), empty.dsn_owner)
    assert not await restores.look(target)
    done = await restores.restore(restores.examine(made.path, nothing), target, nothing)
    assert done.broken == []
    assert await certificates(empty.dsn_owner) == await certificates(database.dsn_owner)
    with pytest.raises(DumpError, match="not empty"):
        await restores.restore(restores.examine(made.path, nothing), target, nothing)


async def test_a_backup_of_long_ago_gets_the_months_of_today(
    plain_site: Site, database: Database, empty: Database, tmp_path: Path
) -> None:
    async with database.connect() as owner:
        months = await owner.fetch(
            "select inhrelid::regclass::text as name from pg_inherits"
            " where inhrelid::regclass::text ~ '_[0-9]{4}_[0-9]{2}$'"
        )
        assert months
        for month in months:
            await owner.execute(f"drop table {month['name']}")
    made = await backups.back_up(plain_site, as_superuser(plain_site, database), tmp_path / "b", nothing)
    assert any("month" in rule for rule in made.broken)
    done = await restores.restore(restores.examine(made.path, nothing), target_of(empty, tmp_path / "new"), nothing)
    assert done.broken == []
