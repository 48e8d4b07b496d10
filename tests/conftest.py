"""Fixtures for every test. A test that asks for `database` gets one of its own, with the schema and no rows.

A test that also asks for `own_guild` finds the guild of `collegium.access` in it.
`site`, `client`, `make_client`, `live_server` are in tests/support/site.py; `make_person`, `make_course` in people.py;
`browser_page`, `new_page` in browser.py.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from hypothesis import settings

from collegium.kit import embedded
from tests.support.database import Database, fresh_database, guild_template, shared_server, template

# The same examples on every machine, however busy it is.
settings.load_profile("ci")

pytest_plugins = ("tests.support.people", "tests.support.site", "tests.support.browser")


@pytest.fixture(scope="session")
def database_server() -> Iterator[embedded.Server]:
    """The embedded server of this run, shared by all its workers."""
    run_id = os.environ.get("PYTEST_XDIST_TESTRUNUID", str(os.getpid()))
    with shared_server(run_id[:12]) as server:
        yield server


@pytest.fixture(scope="session")
def database_template(database_server: embedded.Server) -> str:
    """The name of a migrated database to copy."""
    return template(database_server)


@pytest.fixture
def database(
    request: pytest.FixtureRequest, database_server: embedded.Server, database_template: str
) -> Iterator[Database]:
    """A fresh database, removed after the test."""
    with_guild = "own_guild" in request.fixturenames
    source = guild_template(database_server, database_template) if with_guild else database_template
    with fresh_database(database_server, source, keep=True) as made:
        yield made


@pytest.fixture
def own_guild(database: Database) -> Database:
    """The test's database, with a guild in it that is the test's alone: what it commits nobody else sees."""
    return database
