"""What every test builds on: a database of its own, and transactions as somebody."""

from __future__ import annotations

from uuid import uuid4

import pytest

from tests.support.database import Database, as_actor


@pytest.mark.parametrize("turn", [1, 2])
async def test_a_test_sees_no_other_tests_rows(database: Database, turn: int) -> None:
    async with database.connect("super") as session:
        assert await session.fetchval("select count(*) from auth.users") == 0
        await session.execute("insert into auth.users (email) values ($1)", f"{turn}@example.org")
        await session.execute("create table public.made_by_a_test (n int)")


def test_an_ordinary_test_may_ask_for_a_database_too(database: Database) -> None:
    assert "collegium_web" in database.dsn_web
    assert "collegium_owner" in database.dsn_owner


async def test_an_actor_is_gone_after_the_transaction(database: Database) -> None:
    person = uuid4()
    for role in ("owner", "web", "super"):
        async with database.connect(role) as session:
            login = await session.fetchval("select current_user")
            async with session.transaction():
                async with as_actor(session, "authenticated", person):
                    assert await session.fetchval("select auth.uid()") == person
                assert await session.fetchval("select current_user") == login
                assert await session.fetchval("select current_setting('request.jwt.claims', true)") == ""
