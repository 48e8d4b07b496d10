"""Backing a site up: what is in it, and what stays when something goes wrong."""

from __future__ import annotations

import asyncio
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from tests.features.operations.recovery import (
    as_superuser,
    certificates,
    complete,
    fill,
    may_remove,
    nothing,
    target_of,
)
from tests.support.database import Database, run
from tests.support.people import Lesson, add_course, add_person
from tests.support.site import served

from collegium.features.operations import backup as backups
from collegium.features.operations import restore as restores
from collegium.kit import dumps, migrations
from collegium.kit.archive import ArchiveError
from collegium.kit.dumps import DumpError
from collegium.kit.site import Site

pytestmark = pytest.mark.timeout(300)


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
        held.append(run(may_remove(database)))

    before = len(ended)
    made = await backups.back_up(site, as_superuser(site, database), tmp_path / "backups", watch)
    stop.set()
    await asyncio.gather(*load)
    assert len(ended) > before + 3, "nothing was written meanwhile"
    assert held[:3] == [False, False, False], "while it is written nobody removes files"
    assert await may_remove(database)

    target = target_of(empty, tmp_path / "new")
    done = await restores.restore(restores.examine(made.path, nothing), target, nothing)
    assert done.broken == []
    named = await certificates(empty.dsn_owner)
    assert 2 <= len(named) == made.manifest.counts["certificates"] < len(ended) + 2
    for found, key in named.items():
        if key is not None:
            assert (tmp_path / "new" / "files" / key).read_bytes() == b"%PDF " + str(found).encode()


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
