"""A guild for each module of tests; a stage for each test, whose transaction is rolled back."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from collegium.access.stage import Stage
from collegium.kit import embedded
from tests.support.database import Database, fresh_database, guild_template


@pytest.fixture(scope="module")
def guild(database_server: embedded.Server, database_template: str) -> Iterator[Database]:
    """A database with the guild in it. What a test commits there the next one sees: use `stage`."""
    with fresh_database(database_server, guild_template(database_server, database_template)) as made:
        yield made


@pytest.fixture(scope="module")
def guild_connection(guild: Database) -> Iterator[psycopg.Connection[tuple[Any, ...]]]:
    """One connection of the tables' owner for the module."""
    with psycopg.connect(guild.dsn_owner) as connection:
        yield connection


@pytest.fixture
def stage(guild_connection: psycopg.Connection[tuple[Any, ...]]) -> Iterator[Stage]:
    """The guild as it was founded; nothing that happens here stays."""
    with guild_connection.transaction(force_rollback=True):
        yield Stage(guild_connection)
