"""The migrations make the schema that is written down, on every PostgreSQL, and on one that gives rights away."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import psycopg
import pytest

from collegium.access import found_guild
from collegium.access.stage import key
from collegium.kit import embedded, migrations
from tests.db import schema_diagrams, schema_page
from tests.db.invariants import offending
from tests.support.database import FAST, Database, run, scratch

POSTGRES_15 = Path("/usr/lib/postgresql/15/bin")
RIGHTS = """
select c.oid::regclass::text as object, a.grantee::regrole::text as role, a.privilege_type as what
from pg_class c cross join aclexplode(c.relacl) a
where c.relnamespace in ('public'::regnamespace, 'private'::regnamespace)
union
select c.oid::regclass || '.' || t.attname, a.grantee::regrole::text, a.privilege_type
from pg_class c join pg_attribute t on t.attrelid = c.oid cross join aclexplode(t.attacl) a
where c.relnamespace in ('public'::regnamespace, 'private'::regnamespace)
union
select p.oid::regprocedure::text, a.grantee::regrole::text, a.privilege_type
from pg_proc p cross join aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a
where p.pronamespace in ('public'::regnamespace, 'private'::regnamespace)
"""
# As a new Supabase project has them for whoever runs the migrations.
GENEROUS = """
alter default privileges for role collegium_owner in schema public
    grant all on tables to anon, authenticated, service_role;
alter default privileges for role collegium_owner in schema public
    grant all on functions to anon, authenticated, service_role;
alter default privileges for role collegium_owner in schema public
    grant all on sequences to anon, authenticated, service_role;
"""


@pytest.fixture
def empty(database_server: embedded.Server) -> Iterator[Database]:
    """A database in which nothing was migrated."""
    name = f"empty_{secrets.token_hex(6)}"
    run(migrations.ensure_database(database_server, name))
    yield Database(database_server, name)
    run(migrations.drop(database_server, name))


async def rights(database: Database) -> set[tuple[str, ...]]:
    """Every right to what is ours, but those of its owner."""
    async with database.connect() as owner:
        return {tuple(row) for row in await owner.fetch(RIGHTS) if row["role"] != "collegium_owner"}


def test_the_written_schema_is_the_one_that_the_migrations_make(
    database_server: embedded.Server, database_template: str
) -> None:
    written = schema_page.FILE.read_text(encoding="utf-8")
    assert written == schema_page.render(database_server, database_template), "run script/schema-dump"


def test_the_diagrams_are_those_of_the_schema(database_server: embedded.Server, database_template: str) -> None:
    drawn = schema_diagrams.render(database_server, database_template)
    assert {path.name: path.read_text(encoding="utf-8") for path in schema_diagrams.FOLDER.iterdir()} == drawn


async def test_rights_are_the_same_where_new_things_are_for_everybody(empty: Database, database: Database) -> None:
    async with empty.connect("super") as session:
        await session.execute(GENEROUS)
    await migrations.migrate(empty.dsn_super)
    assert await rights(empty) == await rights(database)
    assert await offending(empty) == {}
    async with empty.connect() as owner:
        await owner.execute("select private.make_video_event_partitions(20); create table public.later (n integer)")
        granted = await owner.fetch(
            "select relname from pg_class cross join aclexplode(relacl) a where relname in ('later', $1)"
            " and a.grantee <> relowner",
            await owner.fetchval("select max(relname) from pg_class where relname like 'video_events_2%'"),
        )
        assert not granted


async def test_people_who_were_there_before_get_a_profile(empty: Database) -> None:
    """Supabase may have users before Collegium comes."""
    bootstrap = migrations.resource_dir("db/bootstrap")
    async with empty.connect("super") as session:
        for path in sorted(bootstrap.glob("*.sql")):
            await session.execute(path.read_text())
        await session.execute("insert into auth.users (id, email) values ($1, 'first@guild.test')", key("owner"))
        await session.execute("insert into auth.users (id, email) values ($1, null)", key("learner"))
    await migrations.migrate(empty.dsn_super)
    async with empty.connect() as owner:
        rows = await owner.fetch("select id, email, role from public.profiles")
    assert [tuple(row) for row in rows] == [(key("owner"), "first@guild.test", "student")]


@pytest.mark.slow
@pytest.mark.skipif(not POSTGRES_15.exists(), reason="PostgreSQL 15 is not installed")
def test_all_of_it_on_postgresql_15(database: Database) -> None:
    folder = scratch() / f"collegium-fifteen-{secrets.token_hex(4)}"
    try:
        with embedded.attach(folder, bin_dir=POSTGRES_15, settings=FAST) as server:
            assert run(_on_15(server)) == run(rights(database))
    finally:
        embedded.destroy(folder)
        folder.rmdir()


async def _on_15(server: embedded.Server) -> set[tuple[str, ...]]:
    await migrations.migrate(await migrations.ensure_database(server, "fifteen"))
    database = Database(server, "fifteen")
    assert await offending(database) == {}
    async with database.connect() as owner:
        assert (await owner.fetchval("show server_version")).startswith("15.")
    await asyncio.to_thread(_fill, database)
    assert await offending(database) == {}
    return await rights(database)


def _fill(database: Database) -> None:
    with psycopg.connect(database.dsn_owner) as connection:
        found_guild(connection)
        connection.execute("delete from auth.users where id = %s", [key("nobody")])


async def test_the_constraints_that_no_rule_repeats(database: Database, own_guild: Database) -> None:
    """Rows that make no sense are refused whoever writes them."""
    wrong = {
        "a course that is paid for with nothing": "update public.courses set price = 0 where pricing_type = 'paid'",
        "a price below nothing": "update public.courses set price = -1",
        "a window that ends before it begins": (
            "update public.courses set enrollment_start_date = now(), enrollment_end_date = now() - interval '1 day'"
        ),
        "a slug that is no address": "update public.courses set slug = 'A b'",
        "a lesson that asks for time without saying how much": (
            "update public.lessons set completion_criteria = 'time_spent'"
        ),
        "a text that must be watched": (
            "update public.lessons set completion_criteria = 'video_watched' where lesson_type = 'text'"
        ),
        "content without the shape of its type": "update public.content_blocks set content = '{\"html\": 1}'",
        "content that is null inside": "update public.content_blocks set content = 'null'",
        "a video here and elsewhere": "update public.lesson_videos set external_url = 'https://example.com/v'",
        "completion without a date": "update public.enrollments set status = 'completed', completed_at = null",
        "a grade above all": "update public.enrollments set final_grade = 101",
        "progress that is complete without a date": (
            "update public.lesson_progress set status = 'completed', completed_at = null"
        ),
        "coverage past the end": "update public.video_analytics set watched = '{[0,101)}', watched_seconds = 101",
        "a refund of nothing": "update public.transactions set transaction_type = 'refund'",
        "a purchase of nothing": "update public.transactions set course_id = null",
        "a revocation without a reason": "update public.certificates set revoked_at = now()",
        "a membership that ends before it begins": "update public.memberships set ends_on = '2019-01-01'",
    }
    async with database.connect() as owner:
        for words, statement in wrong.items():
            try:
                await owner.execute(statement)
            except asyncpg.CheckViolationError:
                continue
            raise AssertionError(words)
