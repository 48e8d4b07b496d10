"""Migrations against real servers: once, in order, whole or not at all."""

from __future__ import annotations

import asyncio
import secrets
import shutil
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from collegium.kit import embedded, migrations, migrations_queue
from tests.kit.migration_folder import Folder
from tests.support.database import Database, as_actor, run

POSTGRES_15 = Path("/usr/lib/postgresql/15/bin")
BOOTSTRAP = migrations.resource_dir("db/bootstrap")
# pg_locks shows the whole server, where other tests are at work in databases of their own.
ADVISORY_LOCKS = """
    select count(*) from pg_locks
    where locktype = 'advisory' and database = (select oid from pg_database where datname = current_database())
"""


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path / "migrations")


@pytest.fixture
def blank(database_server: embedded.Server) -> Iterator[Database]:
    """A database of collegium_owner with nothing in it."""
    name = f"blank_{secrets.token_hex(6)}"
    run(migrations.ensure_database(database_server, name))
    yield Database(database_server, name)
    run(migrations.drop(database_server, name))


async def migrate(database: Database | str, folder: Folder, **options: Any) -> migrations.Report:
    dsn = database if isinstance(database, str) else database.dsn_super
    return await migrations.migrate(dsn, migrations_dir=folder.path, **options)


async def value(database: Database, sql: str, *args: object) -> Any:
    async with database.connect("super") as session:
        return await session.fetchval(sql, *args)


async def test_applies_each_file_once_and_in_order(blank: Database, folder: Folder) -> None:
    folder.add(2, "insert into steps values (2); -- 'quoted; and é'")
    folder.add(1, "create table steps (n int); insert into steps values (1);")
    assert await migrations.status(blank.dsn_super, migrations_dir=folder.path) == migrations.Status(
        (), ("20260101000001_step1.sql", "20260101000002_step2.sql")
    )
    told: list[migrations.Event] = []
    report = await migrate(blank, folder, report=told.append)
    assert report.applied == ("20260101000001_step1.sql", "20260101000002_step2.sql")
    assert [event.name for event in told if event.kind == "applied"] == list(report.applied)
    folder.add(3, "insert into steps values (3)")
    assert (await migrate(blank, folder)).applied == ("20260101000003_step3.sql",)
    again = await migrate(blank, folder)
    assert (again.applied, again.bootstrapped, again.queue) == ((), False, None)
    assert await value(blank, "select array_agg(n) from steps") == [1, 2, 3]
    owner = "select tableowner from pg_tables where tablename = 'steps'"
    assert await value(blank, owner) == "collegium_owner"
    assert (await migrations.status(blank.dsn_super, migrations_dir=folder.path)).pending == ()


async def test_two_at_once_apply_once(blank: Database, folder: Folder) -> None:
    folder.add(1, "create table once (n int); select pg_sleep(0.4);")
    told: list[migrations.Event] = []
    reports = await asyncio.gather(*(migrate(blank, folder, report=told.append) for _ in range(3)))
    assert sorted(len(report.applied) for report in reports) == [0, 0, 1]
    assert [event.kind for event in told].count("waiting") == 2


async def test_an_edited_file_is_noticed(blank: Database, folder: Folder) -> None:
    path = folder.add(1, "create table one (n int);\n")
    await migrate(blank, folder)
    path.write_bytes(b"create table one (n int);\r\n")
    await migrate(blank, folder)  # Another line end is no edit.
    path.write_text("create table one (n bigint);\n")
    folder.add(2, "create table two (n int)")
    with pytest.raises(migrations.ChecksumMismatch, match=r"20260101000001_step1\.sql was edited"):
        await migrate(blank, folder)
    with pytest.raises(migrations.ChecksumMismatch):
        await migrations.status(blank.dsn_super, migrations_dir=folder.path)
    assert await value(blank, "select to_regclass('two')") is None


async def test_a_late_file_is_refused(blank: Database, folder: Folder) -> None:
    folder.add(2, "create table two (n int)")
    await migrate(blank, folder)
    folder.add(1, "create table one (n int)")
    folder.add(3, "create table three (n int)")
    with pytest.raises(migrations.OutOfOrder, match=r"step1\.sql is older than 20260101000002_step2"):
        await migrate(blank, folder)
    assert await value(blank, "select to_regclass('three')") is None


async def test_older_code_touches_nothing(blank: Database, folder: Folder, tmp_path: Path) -> None:
    folder.add(1, "create table one (n int)")
    newer = folder.add(2, "create table two (n int)")
    await migrate(blank, folder)
    newer.unlink()
    older = tmp_path / "bootstrap"
    older.mkdir()
    (older / "01_older.sql").write_text("create table from_older_code (n int)")
    with pytest.raises(migrations.UnknownVersion, match="20260101000002_step2"):
        await migrate(blank, folder, bootstrap_dir=older)
    assert await value(blank, "select to_regclass('from_older_code')") is None


@pytest.mark.parametrize("name", ["1_short.sql", "20260101000001_Upper.sql", "20260101000001.sql"])
async def test_a_file_without_a_proper_name_is_refused(blank: Database, folder: Folder, name: str) -> None:
    (folder.path / name).write_text("select 1")
    with pytest.raises(migrations.BadName, match="YYYYMMDDHHMMSS"):
        await migrate(blank, folder)


async def test_two_files_of_one_version_are_refused(blank: Database, folder: Folder) -> None:
    folder.add(1, "select 1", name="a")
    folder.add(1, "select 1", name="b")
    with pytest.raises(migrations.BadName, match="same version"):
        await migrate(blank, folder)


@pytest.mark.parametrize(
    ("sql", "line", "said"),
    [
        ("create table half (n int);\n\n-- why\nselect\n  nothing;", 5, 'column "nothing" does not exist'),
        ("create table half (n int);\nselect wrong from", 2, "syntax error at end of input"),
        (
            "create table half (n int primary key);\ninsert into half values (1);\n\ninsert into half values (1);",
            4,
            "duplicate key value",
        ),
        (
            "create table half (n int);\n\ndo $$\nbegin\n  raise exception 'no; not so' using hint = 'try';\nend $$;",
            3,
            "Hint: try",
        ),
        ("create table half (n int);\ncommit;\nselect 1;", 2, "COMMIT is not allowed"),
    ],
)
async def test_a_failing_file_leaves_nothing_and_says_where(
    blank: Database, folder: Folder, sql: str, line: int, said: str
) -> None:
    folder.add(1, "create table whole (n int)")
    folder.add(2, sql)
    with pytest.raises(migrations.MigrationFailed) as caught:
        await migrate(blank, folder)
    assert (caught.value.file, caught.value.line) == ("20260101000002_step2.sql", line)
    assert f"20260101000002_step2.sql, line {line}: " in str(caught.value)
    assert said in str(caught.value)
    assert await value(blank, "select to_regclass('half')") is None
    assert await value(blank, "select array_agg(version) from collegium_schema.migrations") == ["20260101000001"]
    assert await value(blank, ADVISORY_LOCKS) == 0
    folder.add(2, "create table half (n int)")
    assert len((await migrate(blank, folder)).applied) == 1


async def test_a_file_and_the_note_that_it_was_applied_are_one(blank: Database, folder: Folder) -> None:
    folder.add(
        1,
        """
        create function refuse() returns trigger language plpgsql as $$ begin raise 'no note'; end $$;
        create trigger refuse before insert on collegium_schema.migrations
        for each row when (new.version = '20260101000002') execute function refuse();
        """,
    )
    folder.add(2, "create table half (n int)")
    with pytest.raises(migrations.MigrationFailed, match="no note"):
        await migrate(blank, folder)
    assert await value(blank, "select to_regclass('half')") is None


async def test_a_site_at_work_is_not_held_up(blank: Database, folder: Folder) -> None:
    folder.add(1, "create table busy (n int)")
    await migrate(blank, folder)
    folder.add(2, "alter table busy add column m int")
    told: list[migrations.Event] = []
    async with blank.connect("owner") as site:
        work = site.transaction()
        await work.start()
        await site.execute("insert into busy values (1)")
        with pytest.raises(migrations.MigrationFailed, match="tried 2 times") as caught:
            await migrate(blank, folder, lock_timeout_ms=50, tries=2)
        assert caught.value.sqlstate == "55P03"

        def let_go_at_retry(event: migrations.Event) -> None:
            told.append(event)
            if event.kind == "retry":
                asyncio.get_running_loop().create_task(work.rollback())

        report = await migrate(blank, folder, lock_timeout_ms=50, report=let_go_at_retry)
    assert report.applied == ("20260101000002_step2.sql",)
    assert [event.kind for event in told].count("retry") == 1


async def test_what_a_file_sets_for_the_session_ends_with_it(blank: Database, folder: Folder) -> None:
    folder.add(1, "set search_path = ''; set role service_role; set statement_timeout = 1;")
    folder.add(2, "create table plain (n int); select pg_sleep(0.01);")
    await migrate(blank, folder)
    assert await value(blank, "select tableowner from pg_tables where tablename = 'plain'") == "collegium_owner"


async def test_several_databases_of_a_new_server_at_once(data_folder: Path, folder: Folder) -> None:
    """Roles are the whole server's, and every one of these finds them missing."""
    folder.add(1, "create table one (n int)")
    with embedded.attach(data_folder, settings={"fsync": "off"}) as server:
        admin = await asyncpg.connect(server.dsn("postgres", "postgres"))
        names = [f"tenant{number}" for number in range(4)]
        for name in names:
            await admin.execute(f"create database {name}")
        await admin.close()
        reports = await asyncio.gather(*(migrate(server.dsn("postgres", name), folder) for name in names))
        assert [(report.bootstrapped, len(report.applied)) for report in reports] == [(True, 1)] * 4


async def test_a_queue_job_exists_exactly_when_its_cause_committed(blank: Database, folder: Folder) -> None:
    folder.add(
        1,
        """
        create schema private;
        grant usage on schema private to authenticated;
        create function private.defer(task text) returns bigint
        language sql security definer set search_path = ''
        begin atomic
            select (procrastinate.procrastinate_defer_jobs_v1(array[
                row('default', task, 0, null, null, '{}'::jsonb, null)::procrastinate.procrastinate_job_to_defer_v1
            ]))[1];
        end;
        """,
    )
    report = await migrate(blank, folder)
    assert report.queue is not None
    async with blank.connect("web") as session:
        async with as_actor(session, "authenticated", uuid4()):
            assert await session.fetchval("select private.defer('kept')") > 0
        with suppress(ZeroDivisionError):
            async with as_actor(session, "authenticated", uuid4()):
                assert await session.fetchval("select private.defer('undone')") > 0
                raise ZeroDivisionError
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with as_actor(session, "authenticated", uuid4()):
                await session.fetch("select * from procrastinate.procrastinate_jobs")
        async with as_actor(session, "service_role"):
            tasks = await session.fetch("select task_name from procrastinate.procrastinate_jobs")
            assert [row["task_name"] for row in tasks] == ["kept"]


async def test_an_older_queue_is_brought_up_by_the_librarys_own_files(blank: Database, folder: Folder) -> None:
    await migrate(blank, folder)
    async with blank.connect("owner") as session:
        # As 3.3 was: 3.4 brought the event "retried" and gave the retry function a new form.
        await session.execute(
            "drop function procrastinate.procrastinate_retry_job_v2;"
            "alter type procrastinate.procrastinate_job_event_type rename value 'retried' to 'unused';"
            "update collegium_schema.components set version = '3.3.0' where name = 'procrastinate'"
        )
        assert await migrations_queue.install(session) is not None
        assert await migrations_queue.install(session) is None
        assert await session.fetchval("select to_regproc('procrastinate.procrastinate_retry_job_v2')") is not None
        pinned = "select bool_and(proconfig::text like '%search_path=procrastinate, pg_temp%') from pg_proc"
        assert await session.fetchval(f"{pinned} where pronamespace = 'procrastinate'::regnamespace")
        await session.execute("update collegium_schema.components set version = '99.0' where name = 'procrastinate'")
        with pytest.raises(migrations.UnknownVersion, match=r"procrastinate 99\.0"):
            await migrations_queue.install(session)


async def test_claims_reach_the_database_and_leave_with_the_transaction(blank: Database, folder: Folder) -> None:
    await migrate(blank, folder)
    person = uuid4()
    async with blank.connect("web") as session:
        async with as_actor(session, "authenticated", person, session_id="s"):
            assert await session.fetchval("select auth.uid()") == person
            assert await session.fetchval("select auth.role()") == "authenticated"
            assert await session.fetchval("select auth.jwt() ->> 'session_id'") == "s"
            assert await session.fetchval("select current_user") == "authenticated"
        async with session.transaction():
            for claims in ("", "{}", '{"sub": ""}'):
                await session.execute("set local role anon")
                await session.execute("select set_config('request.jwt.claims', $1, true)", claims)
                assert await session.fetchval("select auth.uid()") is None
                assert await session.fetchval("select auth.role()") is None
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await session.fetchval("select auth.uid()")


async def test_accounts_are_closed_to_people(blank: Database, folder: Folder) -> None:
    folder.add(1, "create table anything (n int); grant select on anything to anon, authenticated, service_role;")
    await migrate(blank, folder)
    async with blank.connect("web") as session:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await session.fetch("select * from anything")
        async with as_actor(session, "service_role"):
            add = "insert into auth.users (email) values ($1) returning id"
            made = await session.fetchval(add, "Ann@Example.org")
            assert isinstance(made, UUID)
        with pytest.raises(asyncpg.UniqueViolationError):
            async with as_actor(session, "service_role"):
                await session.fetchval(add, "ann@example.org")
        for role in ("anon", "authenticated"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                async with as_actor(session, role, made):
                    await session.fetch("select * from auth.users")
    assert await value(blank, "select relrowsecurity from pg_class where oid = 'auth.users'::regclass")
    assert not await value(blank, "select rolsuper or rolbypassrls from pg_roles where rolname = 'collegium_owner'")
    owners = await value(
        blank,
        "select array_agg(distinct pg_get_userbyid(owner)::text) from (select nspowner from pg_namespace where"
        " nspname in ('auth', 'extensions') union select proowner from pg_proc where pronamespace ="
        " 'auth'::regnamespace union select relowner from pg_class where relnamespace = 'auth'::regnamespace"
        ") as all_of_auth (owner)",
    )
    assert owners == ["collegium_owner"]


@asynccontextmanager
async def login(database: Database, options: str = "") -> AsyncIterator[str]:
    """A login that is no superuser, with a database of its own."""
    name = f"guest_{secrets.token_hex(4)}"
    async with database.connect("super") as admin:
        await admin.execute(f"create role {name} login {options}")
        await admin.execute(f"create database {name} owner {name}")
        try:
            yield name
        finally:
            await admin.execute(f"drop database {name} with (force)")
            await admin.execute(f"drop role {name}")


async def test_says_what_an_administrator_must_run(blank: Database, folder: Folder) -> None:
    folder.add(1, "create extension if not exists pg_trgm with schema extensions; create table one (n int);")
    server = blank.server
    async with login(blank) as name:
        with pytest.raises(migrations.BootstrapNeeded) as caught:
            await migrate(server.dsn(name, name), folder)
        commands = [line.split() for line in str(caught.value).splitlines() if line.startswith("  psql")]
        assert [Path(words[-1]).parent for words in commands] == [BOOTSTRAP] * 3
        for words in commands:
            argv = [server.bin_dir / "psql", "-d", server.dsn("postgres", name), *words[1:3], *words[5:]]
            await asyncio.to_thread(subprocess.run, argv, check=True, capture_output=True)
        report = await migrate(server.dsn("collegium_owner", name), folder)
        assert not report.bootstrapped
        assert report.applied == ("20260101000001_step1.sql",)


async def test_a_database_that_has_all_of_it_is_not_bootstrapped(blank: Database, folder: Folder) -> None:
    """As on Supabase: the roles and schema auth are there and somebody else's, our login owns the rest."""
    folder.add(1, "create table one (n int)")
    server = blank.server
    async with login(blank, "createrole bypassrls") as name:
        admin = await asyncpg.connect(server.dsn("postgres", name))
        await admin.execute("create schema auth")
        await admin.close()
        for _ in range(2):
            report = await migrate(server.dsn(name, name), folder)
            assert not report.bootstrapped
        session = await asyncpg.connect(server.dsn(name, name))
        assert await session.fetchval("select tableowner from pg_tables where tablename = 'one'") == name
        kept = await session.fetch("select name from collegium_schema.components")
        assert [row["name"] for row in kept] == ["procrastinate"]
        await session.close()


async def test_a_changed_bootstrap_reaches_old_databases(blank: Database, folder: Folder, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(BOOTSTRAP, tmp_path / "bootstrap"))
    assert (await migrate(blank, folder, bootstrap_dir=copy)).bootstrapped
    assert not (await migrate(blank, folder, bootstrap_dir=copy)).bootstrapped
    (copy / "04_more.sql").write_text("alter table auth.users add column if not exists phone text")
    assert (await migrate(blank, folder, bootstrap_dir=copy)).bootstrapped
    assert await value(blank, "select count(phone) from auth.users") == 0
    assert not (await migrate(blank, folder, bootstrap_dir=copy)).bootstrapped


async def test_a_copy_is_like_its_template(blank: Database, folder: Folder) -> None:
    folder.add(1, "create extension pg_trgm with schema extensions; create table one (n int);")
    await migrate(blank, folder)
    copy = Database(blank.server, f"copy_{secrets.token_hex(4)}")
    await migrations.create_from_template(blank.server, blank.name, copy.name)
    try:
        async with copy.connect("owner") as session:
            assert await session.fetchval("select similarity('a', 'a') + count(*) from one") == 1
        assert (await migrate(copy, folder)).applied == ()
    finally:
        await migrations.drop(blank.server, copy.name)
        await migrations.drop(blank.server, copy.name)
    with pytest.raises(asyncpg.InvalidCatalogNameError):
        await value(copy, "select 1")


async def test_the_written_schema_is_ours_and_says_nothing_of_the_day(blank: Database, folder: Folder) -> None:
    folder.add(
        1,
        """
        create schema private;
        create table log (at timestamptz not null, words text) partition by range (at);
        create table log_2026_01 partition of log for values from ('2026-01-01') to ('2026-02-01');
        create function private.f() returns int language sql as $$
            -- SET is a word here.
            select 1
        $$;
        grant select on log to authenticated;
        """,
    )
    await migrate(blank, folder)
    text = migrations.dump_schema(blank.dsn_super, blank.server.bin_dir)
    assert "CREATE TABLE public.log (" in text
    assert "-- SET is a word here." in text
    assert "GRANT SELECT ON TABLE public.log TO authenticated;" in text
    for noise in ("2026", "Dumped", "restrict", "\nSET ", "procrastinate", "auth.users", "\n--\n", "\n\n\n"):
        assert noise not in text, noise
    assert text == migrations.dump_schema(blank.server, blank.server.bin_dir, dbname=blank.name)


@pytest.mark.slow
@pytest.mark.skipif(not POSTGRES_15.exists(), reason="PostgreSQL 15 is not installed")
async def test_the_whole_history_on_postgresql_15(data_folder: Path, database_server: embedded.Server) -> None:
    with embedded.attach(data_folder, bin_dir=POSTGRES_15, settings={"fsync": "off"}) as server:
        dsn = await migrations.ensure_database(server)
        report = await migrations.migrate(dsn)
        assert len(report.applied) == len(migrations.read_migrations(migrations.resource_dir("supabase/migrations")))
        assert (await migrations.migrate(dsn)).applied == ()
        by_15 = migrations.dump_schema(dsn, POSTGRES_15)
        assert by_15 == migrations.dump_schema(dsn, database_server.bin_dir), "two versions of pg_dump disagree"


def test_folders_are_found_in_a_clone_and_in_a_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert (migrations.resource_dir("db/bootstrap") / "01_roles.sql").is_file()
    package = tmp_path / "site-packages" / "collegium"
    inside = package / "_resources" / "db" / "bootstrap"
    inside.mkdir(parents=True)
    (tmp_path / "db" / "bootstrap").mkdir(parents=True)  # Nobody's clone: no pyproject.toml of ours beside it.
    monkeypatch.setattr("collegium.kit.migrations_files.resources.files", lambda name: package)
    assert migrations.resource_dir("db/bootstrap") == inside
    with pytest.raises(FileNotFoundError, match="supabase"):
        migrations.resource_dir("supabase/migrations")
