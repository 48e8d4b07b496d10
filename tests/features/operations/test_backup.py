"""Backing a site up and restoring it: what is in it, what is refused, and what stays when something goes wrong."""

from __future__ import annotations

import asyncio
import dataclasses
import os
import re
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import msgspec
import pytest
from tests.support.database import PREFIX, Database, fresh_database, run, scratch
from tests.support.people import Course, Lesson, add_course, add_person
from tests.support.servers import POSTGRES_15
from tests.support.site import make_settings, make_site, served

from collegium.features.operations import backup as backups
from collegium.features.operations import restore as restores
from collegium.features.operations.restore import Target
from collegium.kit import archive, dumps, embedded, migrations
from collegium.kit.archive import ArchiveError
from collegium.kit.dumps import DumpError
from collegium.kit.server import Served
from collegium.kit.site import Site

pytestmark = pytest.mark.timeout(300)


def nothing(_words: str) -> None:
    """Say nothing."""


def as_superuser(site: Site, database: Database) -> Served:
    """As with the embedded server, whose login may make databases."""
    return dataclasses.replace(served(site), owner_dsn=database.dsn_super)


@pytest.fixture
def plain_site(database: Database, tmp_path: Path) -> Site:
    return make_site(make_settings(database, tmp_path / "data", secret_key=None))


@pytest.fixture
def empty(database: Database) -> Iterator[Database]:
    """The name of a database that is not there yet; whatever comes of it is removed."""
    name = f"test_{secrets.token_hex(6)}"
    yield Database(database.server, name)
    run(_drop_like(database, name))


@pytest.fixture
def folder_for_all() -> Iterator[Path]:
    """A data folder that the server's account can enter."""
    base = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getuid()}-own-", dir=scratch()))
    base.chmod(0o755)
    yield base / "data"
    embedded.destroy(base / "data")
    shutil.rmtree(base)


async def _drop_like(database: Database, name: str) -> None:
    async with dumps.connect(database.server.dsn("postgres", "postgres")) as session:
        for row in await session.fetch("select datname from pg_database where starts_with(datname, $1)", name):
            await session.execute(f"drop database {dumps.quoted(row['datname'])} with (force)")


def target_of(database: Database, folder: Path, **given: Any) -> Target:
    return Target(make_settings(database, folder, **given), database.dsn_super)


async def complete(session: asyncpg.Connection, site: Site, person: UUID, course: UUID, lessons: list[UUID]) -> None:
    """Somebody enrols and completes; the document is stored before the row that names it, as the site does."""
    enrollment = await session.fetchval(
        "insert into public.enrollments (course_id, member_id, enrollment_source) values ($1, $2, 'admin_assignment')"
        " returning id",
        course,
        person,
    )
    for lesson in lessons:
        await session.execute("select private.complete_lesson($1, $2)", enrollment, lesson)
    found = await session.fetchval("select id from public.certificates where enrollment_id = $1", enrollment)
    key = f"certificates/{found}.pdf"
    await site.storage.put(key, b"%PDF " + str(found).encode())
    await session.execute(
        "update public.certificates set pdf_key = $2::text, pdf_sha256 = sha256(convert_to($2::text, 'UTF8')) where id = $1",
        found,
        key,
    )


async def fill(database: Database, site: Site, people: int = 3) -> tuple[Course, list[UUID]]:
    """A course of one text, completed by so many people."""
    course = await add_course(database, credits=2, modules=[[Lesson("Only one")]])
    done = [(await add_person(database)).id for _ in range(people)]
    lesson = course.lessons[0].id
    assert lesson
    async with database.connect() as owner:
        for person in done:
            await complete(owner, site, person, course.id, [lesson])
    return course, done


async def certificates(dsn: str) -> dict[UUID, str]:
    async with dumps.connect(dsn) as session:
        return {row["id"]: row["pdf_key"] for row in await session.fetch("select id, pdf_key from public.certificates")}


async def test_a_site_comes_back_whole(
    plain_site: Site, database: Database, empty: Database, tmp_path: Path, database_template: str
) -> None:
    site = plain_site
    await fill(database, site)
    (site.settings.data_dir / "signing").mkdir()
    (site.settings.data_dir / "signing" / "key.pem").write_text("key")
    await site.storage.put("videos/long/äöü.ts", b"film" * 100_000)
    made = await backups.back_up(site, as_superuser(site, database), tmp_path / "backups", nothing)
    assert (made.broken, made.manifest.missing) == ([], [])
    assert {"people": 4, "enrollments": 3, "certificates": 3}.items() <= made.manifest.counts.items()
    assert made.path.stat().st_mode & 0o777 == 0o600

    found = restores.examine(made.path, nothing)
    target = target_of(empty, tmp_path / "new")
    done = await restores.restore(found, target, nothing)
    assert (done.kept_database, done.kept_files, done.broken, done.applied) == (None, [], [], 0)
    assert await certificates(empty.dsn_owner) == await certificates(database.dsn_owner)
    new, old = tmp_path / "new", site.settings.data_dir
    for path in (*old.rglob("files/**/*"), old / "secret.key", old / "signing" / "key.pem"):
        copy = new / path.relative_to(old)
        if path.is_file():
            assert copy.read_bytes() == path.read_bytes()
            assert copy.stat().st_mode & 0o077 == 0
    # Schema, owners, rights and settings are those of a database that migrations made.
    async with database.connect("super") as before, empty.connect("super") as after:
        for sql in (
            "select pg_get_userbyid(datdba), has_database_privilege('collegium_web', oid, 'temporary'),"
            " has_database_privilege('collegium_web', oid, 'connect') from pg_database where datname = current_database()",
            "select setconfig from pg_db_role_setting s join pg_database d on d.oid = s.setdatabase"
            " where d.datname = current_database()",
            "select nspname, nspowner, nspacl from pg_namespace where nspname !~ '^pg_' order by 1",
            "select oid::regclass::text, relowner, relrowsecurity,"
            " coalesce(relacl, acldefault((case relkind when 'S' then 's' else 'r' end)::\"char\", relowner)) from pg_class"
            " where relnamespace in ('public'::regnamespace, 'private'::regnamespace, 'auth'::regnamespace) order by 1",
            "select oid::regprocedure::text, proowner, proacl, prosecdef, proconfig from pg_proc"
            " where pronamespace in ('public'::regnamespace, 'private'::regnamespace, 'auth'::regnamespace) order by 1",
            "select * from pg_policies order by schemaname, tablename, policyname",
        ):
            assert _plain(await after.fetch(sql)) == _plain(await before.fetch(sql)), sql
    dumped = [migrations.dump_schema(d.dsn_super, database.server.bin_dir) for d in (database, empty)]
    # Read again, an expression may be written with other parentheses.
    first, second = (re.sub(r"[()]", "", text) for text in dumped)
    assert first == second


def _plain(rows: list[asyncpg.Record]) -> list[tuple[Any, ...]]:
    """Access lists have no order of their own."""
    return [tuple(sorted(map(str, v)) if isinstance(v, list) else v for v in row.values()) for row in rows]


async def test_a_login_that_may_not_make_databases_has_it_checked_elsewhere(
    plain_site: Site, database: Database, tmp_path: Path
) -> None:
    await fill(database, plain_site, 1)
    made = await backups.back_up(plain_site, served(plain_site), tmp_path / "backups", nothing)
    assert made.broken == []
    assert [p.name for p in (tmp_path / "backups").iterdir() if ".partial" in p.name] == []


async def test_under_load_the_moment_is_one(
    plain_site: Site, database: Database, empty: Database, tmp_path: Path
) -> None:
    """People enrol and complete while it is written, and somebody wants to remove files."""
    site = plain_site
    course, _ = await fill(database, site, 2)
    lesson = course.lessons[0].id
    assert lesson
    people = [(await add_person(database, member=False)).id for _ in range(300)]
    stop = asyncio.Event()
    ended: list[UUID] = []

    async def write(mine: list[UUID]) -> None:
        async with database.connect() as owner:
            for person in mine:
                if stop.is_set():
                    return
                await complete(owner, site, person, course.id, [lesson])
                ended.append(person)
                await asyncio.sleep(0.01)

    load = [asyncio.create_task(write(people[n::3])) for n in range(3)]
    await asyncio.sleep(0.1)
    held: list[bool] = []

    def watch(_words: str) -> None:
        held.append(run(_may_remove(database)))

    before = len(ended)
    made = await backups.back_up(site, as_superuser(site, database), tmp_path / "backups", watch)
    stop.set()
    await asyncio.gather(*load)
    assert len(ended) > before + 3, "nothing was written meanwhile"
    assert held[:3] == [False, False, False], "while it is written nobody removes files"
    assert await _may_remove(database)

    target = target_of(empty, tmp_path / "new")
    done = await restores.restore(restores.examine(made.path, nothing), target, nothing)
    assert done.broken == []
    named = await certificates(empty.dsn_owner)
    assert 2 <= len(named) == made.manifest.counts["certificates"] < len(ended) + 2
    for found, key in named.items():
        if key is not None:
            assert (tmp_path / "new" / "files" / key).read_bytes() == b"%PDF " + str(found).encode()


async def _may_remove(database: Database) -> bool:
    async with database.connect() as session, session.transaction():
        return await session.fetchval("select pg_try_advisory_xact_lock($1)", dumps.FILES_LOCK)


async def test_a_lost_file_is_told_and_the_backup_made(plain_site: Site, database: Database, tmp_path: Path) -> None:
    await fill(database, plain_site, 2)
    key = next(iter((await certificates(database.dsn_owner)).values()))
    await plain_site.storage.delete(key)
    made = await backups.back_up(plain_site, as_superuser(plain_site, database), tmp_path / "b", nothing)
    assert made.manifest.missing == [key]


async def test_what_is_broken_on_the_site_is_told(plain_site: Site, database: Database, tmp_path: Path) -> None:
    await fill(database, plain_site, 2)
    async with database.connect() as owner:
        await owner.execute("update public.courses set total_enrollments = 77")
    made = await backups.back_up(plain_site, as_superuser(plain_site, database), tmp_path / "b", nothing)
    assert made.broken == ["course_counters_equal_a_recount (1)"]
    assert made.path.exists()


async def test_a_failing_check_leaves_the_earlier_ones_and_nothing_new(
    plain_site: Site, database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site, where = plain_site, tmp_path / "b"
    made = await backups.back_up(site, as_superuser(site, database), where, nothing)

    async def fewer(session: asyncpg.Connection) -> dict[str, int]:
        return {"people": 5}

    real, calls = dumps.counts, []

    async def counts(session: asyncpg.Connection) -> dict[str, int]:
        calls.append(1)
        return await (real if len(calls) == 1 else fewer)(session)

    monkeypatch.setattr(dumps, "counts", counts)
    with pytest.raises(ArchiveError, match="The restored database holds 5 people"):
        await backups.back_up(site, as_superuser(site, database), where, nothing)
    assert [p.name for p in where.iterdir() if not p.name.endswith(".lock")] == [made.path.name]
    async with database.connect("super") as session:
        assert not await session.fetchval(
            "select exists (select from pg_database where starts_with(datname, $1))", f"{database.name}_check"
        )


async def test_two_at_once_into_one_folder(plain_site: Site, database: Database, tmp_path: Path) -> None:
    with backups._alone(tmp_path), pytest.raises(DumpError, match="Another backup"):
        await backups.back_up(plain_site, as_superuser(plain_site, database), tmp_path, nothing)


@pytest.mark.parametrize(
    ("keep", "days", "left"),
    [(None, None, 6), (1, None, 1), (3, None, 3), (None, 3, 4), (None, 1, 1), (2, 3, 4), (5, 3, 5), (9, 9, 6)],
)
def test_which_backups_stay(tmp_path: Path, keep: int | None, days: int | None, left: int) -> None:
    now = datetime(2026, 11, 21, 12, tzinfo=UTC)
    made = [
        tmp_path / f"collegium-{now - timedelta(days=n, minutes=1):%Y%m%dT%H%M%SZ}.tar" for n in (0, 1, 2, 2.5, 9, 99)
    ]
    for path in [*made, tmp_path / "collegium-notes.tar", tmp_path / "other.tar"]:
        path.touch()
    removed = backups.thin_out(tmp_path, made[0], keep=keep, days=days, now=now)
    assert sorted(removed) == sorted(made[left:])
    assert {path.name for path in tmp_path.iterdir()} == {p.name for p in made[:left]} | {
        "collegium-notes.tar",
        "other.tar",
    }


def test_the_one_just_made_stays_when_clocks_went_back(tmp_path: Path) -> None:
    now = datetime(2026, 11, 21, 12, tzinfo=UTC)
    old = tmp_path / "collegium-20200101T000000Z.tar"
    later = tmp_path / "collegium-20270101T000000Z.tar"
    old.touch(), later.touch()
    backups.thin_out(tmp_path, old, keep=1, days=None, now=now)
    assert old.exists()
    assert later.exists()


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
            await _drop_like(database, f"{database.name}_before_restore")


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


async def test_what_killed_runs_left_is_removed(
    plain_site: Site, database: Database, empty: Database, tmp_path: Path
) -> None:
    where = tmp_path / "b"
    for name in (".collegium-20260101T000000Z.partial", ".collegium-notes"):
        (where / name).mkdir(parents=True)
    async with database.connect("super") as session:
        for what in ("check_00aa11bb", "restore_00aa11bb", "restore_other"):
            await session.execute(f"create database {database.name}_{what}")
        try:
            made = await backups.back_up(plain_site, as_superuser(plain_site, database), where, nothing)
            left = await session.fetch("select datname from pg_database where starts_with(datname, $1)", database.name)
            assert {row["datname"] for row in left} == {database.name, f"{database.name}_restore_other"}
        finally:
            await session.execute(f"drop database {database.name}_restore_other")
    names = {path.name for path in where.iterdir()}
    assert names == {made.path.name, ".collegium-notes", ".collegium-backup.lock"}


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


async def test_files_are_named_by_columns_and_by_lists(database: Database, site: Site) -> None:
    course = await add_course(database, modules=[[Lesson("Film", video=60)]])
    video = course.lessons[0].video_id
    async with database.connect() as owner:
        await owner.execute(
            "update public.lesson_videos set source_key = 'videos/a/source.mp4', playlist_key = 'https://a.test/b.m3u8',"
            ' captions = \'[{"key": "videos/a/captions-en.vtt", "lang": "en", "label": "English"}]\' where id = $1',
            video,
        )
        await owner.execute(
            "insert into public.lesson_attachments (lesson_id, course_id, file_type, file_url, file_name)"
            " values ($1, $2, 'application/pdf', 'attachments/slides.pdf', 'slides.pdf')",
            course.lessons[0].id,
            course.id,
        )
        assert await dumps.named_files(owner) == {
            "videos/a/source.mp4",
            "videos/a/captions-en.vtt",
            "attachments/slides.pdf",
        }


async def test_one_check_of_a_database_at_a_time(database: Database) -> None:
    admin = database.server.dsn("postgres", "postgres")
    async with dumps.turn(admin, database.name):
        with pytest.raises(DumpError, match="Another backup of"):
            async with dumps.turn(admin, database.name, patience_s=0.6):
                pass
        async with dumps.turn(admin, f"{database.name}_other"):
            pass


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
