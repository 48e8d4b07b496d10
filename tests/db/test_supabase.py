"""The migrations on a database that Supabase prepared, applied by its `postgres`, who is no superuser."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from collegium.access import MATRIX, PROBES, VERBS, found, rights, table_of
from collegium.access.stage import ACTORS
from collegium.kit import embedded, migrations
from tests.db.invariants import INVARIANTS
from tests.support import supabase
from tests.support.database import run, scratch

# One process makes the servers for all of them.
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("supabase")]
POSTGRES_15 = Path("/usr/lib/postgresql/15/bin")
SERVERS = {"embedded": None, "15": POSTGRES_15}


@pytest.fixture(scope="module", params=SERVERS)
def project(request: pytest.FixtureRequest) -> Iterator[embedded.Server]:
    """A project with the schema in it."""
    bin_dir = SERVERS[request.param]
    if bin_dir and not bin_dir.exists():
        pytest.skip("PostgreSQL 15 is not installed")
    folder = scratch() / f"collegium-supabase-{secrets.token_hex(4)}"
    try:
        with supabase.serve(folder, bin_dir) as server:
            run(migrations.migrate(server.dsn("postgres", "supabase")))
            yield server
    finally:
        embedded.destroy(folder)
        folder.rmdir()


@pytest.fixture(scope="module")
def connection(project: embedded.Server) -> Iterator[psycopg.Connection]:
    """One of the owner's, with the guild in a transaction that is undone at the end."""
    with psycopg.connect(project.dsn("postgres", "supabase")) as made:
        found(supabase.PostgrestStage(made))
        yield made
        made.rollback()


@pytest.fixture
def stage(connection: psycopg.Connection) -> Iterator[supabase.PostgrestStage]:
    with connection.transaction(force_rollback=True):
        yield supabase.PostgrestStage(connection)


def test_the_owner_is_no_superuser(stage: supabase.PostgrestStage) -> None:
    assert stage.value("select not rolsuper from pg_roles where rolname = current_user")
    assert stage.value("select current_user::text") == "postgres"


@pytest.mark.parametrize("case", MATRIX)
def test_matrix(stage: supabase.PostgrestStage, case: str) -> None:
    for verb in VERBS:
        got = {who: PROBES[case].attempt(stage, table_of(case), who, verb) for who in ACTORS}
        assert got == dict(zip(ACTORS, MATRIX[case][verb].split(), strict=True)), verb


@pytest.mark.parametrize("name", rights.CHECKS)
def test_rights(stage: supabase.PostgrestStage, name: str) -> None:
    assert rights.CHECKS[name](stage) == []


@pytest.mark.parametrize("name", INVARIANTS)
def test_invariants(stage: supabase.PostgrestStage, name: str) -> None:
    stage.owner("delete from auth.users where id = %(nobody)s")
    assert stage.owner(INVARIANTS[name].sql.replace("%", "%%")) == []


def test_the_anonymous_key_comes_through_its_own_login(
    project: embedded.Server, connection: psycopg.Connection
) -> None:
    """PostgREST logs in as authenticator, who has no right but to become somebody."""
    with psycopg.connect(project.dsn("authenticator", "supabase")) as session:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            session.execute("select 1 from public.courses")
        session.rollback()
        session.execute(supabase.PostgrestStage(session).opening("anon"))
        assert session.execute("select count(*) from public.courses").fetchone() == (0,)
