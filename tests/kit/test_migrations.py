"""Migrations against real servers."""

from __future__ import annotations

from uuid import uuid4

import asyncpg
import pytest

from tests.support.database import Database, as_actor


async def test_claims_reach_the_database_and_leave_with_the_transaction(database: Database) -> None:
    person = uuid4()
    async with database.connect("web") as session:
        async with as_actor(session, "authenticated", person):
            assert await session.fetchval("select auth.uid()") == person
            assert await session.fetchval("select auth.role()") == "authenticated"
            assert await session.fetchval("select current_user") == "authenticated"
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await session.fetchval("select auth.uid()")
