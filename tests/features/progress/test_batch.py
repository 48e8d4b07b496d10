"""Group commit: many heartbeats at once, and what one bad row may not do to the others."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest_asyncio

from tests.features.progress.player import HEARTBEAT, Player, let_time_pass
from tests.support.database import Database
from tests.support.people import Course, add_course, add_person, enrol
from tests.support.site import Client

MANY = 50


class Crowd:
    """People who all watch the same video, each in a browser of their own."""

    def __init__(
        self, database: Database, course: Course, players: list[tuple[Player, str]], people: list[Any]
    ) -> None:
        self.database, self.course, self.players, self.people = database, course, players, people

    async def beat(self, start: int, end: int) -> list[Any]:
        """Everybody's next heartbeat, all sent at once."""

        async def one(player: Player, token: str) -> Any:
            client = player.client
            answer = await client.post(
                HEARTBEAT, json=player.body((start, end)), headers={"cookie": f"collegium_session={token}"}
            )
            if answer.status_code == 200:
                player.nonce, player.seq = answer.json()["nonce"], answer.json()["seq"]
            return answer

        return list(await asyncio.gather(*(one(player, token) for player, token in self.players)))

    async def seconds(self) -> dict[Any, int]:
        async with self.database.connect() as owner:
            rows = await owner.fetch("select user_id, watched_seconds from public.video_analytics")
        return {row["user_id"]: row["watched_seconds"] for row in rows}


@pytest_asyncio.fixture
async def crowd(database: Database, client: Client, make_client: Callable[..., Any]) -> Crowd:
    course = await add_course(database)
    people = [await add_person(database, member=False) for _ in range(MANY)]
    players: list[tuple[Player, str]] = []
    for person in people:
        await enrol(database, person, course)
        token = await client.login(person)
        player = Player(client, course.lesson("Welcome"))
        await player.open()
        players.append((player, token))
    client.logout()
    await let_time_pass(database, 300)
    return Crowd(database, course, players, people)


async def test_heartbeats_that_come_together_are_committed_together(crowd: Crowd) -> None:
    answers = await crowd.beat(0, 10)
    assert {answer.status_code for answer in answers} == {200}
    assert set((await crowd.seconds()).values()) == {10}
    async with crowd.database.connect() as owner:
        commits = await owner.fetchval("select count(distinct xmin::text) from public.video_analytics")
    assert commits <= MANY // 5, f"{MANY} heartbeats took {commits} transactions"


async def test_one_row_that_the_database_refuses_hurts_nobody_else(crowd: Crowd) -> None:
    bad, worse = crowd.people[7].id, crowd.people[31].id
    async with crowd.database.connect() as owner:
        # One fails as a fault of the program does, one as a rule of the database does.
        await owner.execute(f"""
            create function private.break_one() returns trigger language plpgsql as $$
            begin
                if new.user_id = '{bad}' then raise exception 'broken on purpose'; end if;
                if new.user_id = '{worse}' then raise exception 'no' using errcode = 'CG409'; end if;
                return new;
            end $$;
            create trigger break_one before update on public.video_analytics
                for each row execute function private.break_one();
        """)
    answers = await crowd.beat(0, 10)
    statuses = {person.id: answer.status_code for person, answer in zip(crowd.people, answers, strict=True)}
    assert statuses == {person.id: 200 for person in crowd.people} | {bad: 500, worse: 409}
    problem = answers[7].json()
    assert (problem["code"], "broken on purpose" in answers[7].text) == ("internal", False)
    assert await crowd.seconds() == {person.id: 10 for person in crowd.people} | {bad: 0, worse: 0}


async def test_two_heartbeats_of_one_player_at_once_are_counted_in_turn(crowd: Crowd) -> None:
    player, token = crowd.players[0]
    cookie = {"cookie": f"collegium_session={token}"}
    body = player.body((0, 10))
    same = await asyncio.gather(*(player.client.post(HEARTBEAT, json=body, headers=cookie) for _ in range(8)))
    assert {answer.status_code for answer in same} == {200}
    assert len({answer.text for answer in same}) == 1, "one counted, seven repeated, all answered alike"
    assert (await crowd.seconds())[crowd.people[0].id] == 10
    async with crowd.database.connect() as owner:
        assert await owner.fetchval("select max(play_seconds) from public.video_analytics") == 10
