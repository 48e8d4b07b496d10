"""The playback API and the heartbeat's route, through HTTP, on a real database."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pytest
import pytest_asyncio

from collegium.web.sessions import hash_token
from tests.features.progress.player import HEARTBEAT, Player, coverage, let_time_pass
from tests.support.database import Database
from tests.support.people import Course, Lesson, Person, add_course, add_person, enrol
from tests.support.site import Client


@dataclass
class Scene:
    """A learner who is signed in and enrolled, with the player of a video of a minute open."""

    database: Database
    client: Client
    make_client: Callable[..., Any]
    person: Person
    course: Course
    lesson: Lesson
    player: Player
    token: str

    async def seen(self) -> dict[str, Any]:
        return await coverage(self.database, self.person.id, self.lesson)

    async def pass_time(self, seconds: int) -> None:
        await let_time_pass(self.database, seconds)


@pytest_asyncio.fixture
async def scene(database: Database, client: Client, make_client: Callable[..., Any]) -> Scene:
    person = await add_person(database)
    course = await add_course(database)
    await enrol(database, person, course)
    token = await client.login(person)
    player = Player(client, course.lesson("Welcome"))
    await player.open()
    return Scene(database, client, make_client, person, course, player.lesson, player, token)


async def test_what_was_played_is_counted(scene: Scene) -> None:
    await scene.pass_time(30)
    answer = await scene.player.counted((0, 10), (20, 25), position=25.5)
    assert answer == {
        "nonce": answer["nonce"],
        "seq": 1,
        "watched": [[0, 10], [20, 25]],
        "watched_seconds": 15,
        "goal_seconds": 54,
        "completed": False,
    }
    again = await scene.player.counted((8, 22), position=22)
    assert (again["watched"], again["watched_seconds"], again["seq"]) == ([[0, 25]], 25, 2)
    seen = await scene.seen()
    assert (seen["watched"], seen["watched_seconds"], seen["play_seconds"]) == ("{[0,25)}", 25, 29)
    assert seen["position"] == 22


async def test_the_answer_to_a_repeated_heartbeat_is_the_same_and_gains_nothing(scene: Scene) -> None:
    await scene.pass_time(30)
    first = await scene.player.beat((0, 10), position=10)
    before = await scene.seen()
    repeated = await scene.player.send(scene.player.last)
    assert (repeated.status_code, repeated.json()) == (200, first.json())
    assert await scene.seen() == before


async def test_a_nonce_serves_once(scene: Scene) -> None:
    await scene.pass_time(60)
    opened = scene.player.nonce
    await scene.player.counted((0, 5))
    stale = dict(scene.player.last)
    replay = await scene.player.send(scene.player.body((5, 10), nonce=opened))
    assert (replay.status_code, replay.json()["code"]) == (409, "replayed_nonce")
    await scene.player.counted((5, 10))
    late = await scene.player.send(stale)
    assert (late.status_code, late.json()["code"]) == (409, "replayed_nonce")
    assert (await scene.seen())["watched_seconds"] == 10


@pytest.mark.parametrize("nonce", ["", "a" * 32, "é" * 16, "-" * 64])
async def test_a_made_up_nonce_gains_nothing(scene: Scene, nonce: str) -> None:
    await scene.pass_time(60)
    answer = await scene.player.send(scene.player.body((0, 20), nonce=nonce))
    assert (answer.status_code, answer.json()["code"]) == (409, "replayed_nonce")
    assert answer.headers["content-type"] == "application/problem+json"
    assert (await scene.seen())["watched_seconds"] == 0


async def test_half_a_nonce_of_a_session_opens_nothing(scene: Scene) -> None:
    """The part bound to the session must not be taken from one playback and the part of the person from another."""
    await scene.pass_time(60)
    session, person = scene.player.nonce[:16], scene.player.nonce[16:]
    for nonce in (person + session, session[:-1] + "A" + "B" * 16, "A" * 16 + person[:-1] + "_"):
        answer = await scene.player.send(scene.player.body((0, 20), nonce=nonce))
        assert answer.status_code == 409, nonce
    assert (await scene.seen())["watched_seconds"] == 0


async def test_another_persons_session_cannot_send_a_copied_heartbeat(scene: Scene) -> None:
    await scene.pass_time(60)
    other = await add_person(scene.database)
    await enrol(scene.database, other, scene.course)
    thief = await scene.make_client()
    await thief.login(other)
    answer = await thief.post(HEARTBEAT, json=scene.player.body((0, 20)))
    assert (answer.status_code, answer.json()["code"]) == (409, "replayed_nonce")
    assert (await scene.seen())["watched_seconds"] == 0
    assert await coverage(scene.database, other.id, scene.lesson) == {}


async def test_more_than_the_clock_allows_waits(scene: Scene) -> None:
    before = await scene.seen()
    answer = await scene.player.beat((0, 50))
    said = answer.json()
    assert (answer.status_code, said["code"]) == (422, "too_fast")
    assert 20 <= said["retry_after"] <= 25, "50 seconds at twice the speed take 25"
    assert answer.headers["retry-after"] == str(said["retry_after"])
    assert await scene.seen() == before
    await scene.pass_time(25)
    later = await scene.player.send(scene.player.last)
    assert (later.status_code, later.json()["watched_seconds"]) == (200, 50)


async def test_repeating_the_same_seconds_costs_the_clock_too(scene: Scene) -> None:
    await scene.pass_time(10)
    await scene.player.counted((0, 10))
    await scene.player.counted((0, 10))
    answer = await scene.player.beat((10, 20))
    assert (answer.status_code, answer.json()["code"]) == (422, "too_fast")


async def test_a_second_tab_takes_over_and_seconds_count_once(scene: Scene) -> None:
    await scene.pass_time(30)
    await scene.player.counted((0, 10))
    second = Player(scene.client, scene.lesson)
    opened = await second.open()
    assert opened["watched"] == [[0, 10]]
    old = await scene.player.beat((30, 40))
    assert (old.status_code, old.json()["code"]) == (409, "stale_playback")
    await scene.pass_time(30)
    assert (await second.counted((5, 15)))["watched"] == [[0, 15]]
    assert (await scene.seen())["watched_seconds"] == 15


async def test_a_player_of_another_video_makes_this_one_stale(scene: Scene) -> None:
    async with scene.database.connect() as owner:
        await owner.execute("update public.lessons set unlock_after_lesson_id = null")
    other = Player(scene.client, scene.course.lesson("A claim, step by step"))
    await other.open()
    await scene.pass_time(60)
    answer = await scene.player.beat((0, 10))
    assert (answer.status_code, answer.json()["code"]) == (409, "stale_playback")
    assert (await other.counted((0, 10)))["watched_seconds"] == 10


async def test_dragging_the_slider_completes_nothing(scene: Scene) -> None:
    await scene.pass_time(600)
    events = [{"type": "seek", "at": 0, "data": {"from": 0, "to": 60}}, {"type": "complete", "at": 60}]
    answer = await scene.player.counted(position=60, events=events)
    assert (answer["watched"], answer["watched_seconds"], answer["completed"]) == ([], 0, False)
    seen = await scene.seen()
    assert (seen["watched"], seen["position"], seen["goal_reached_at"]) == ("{}", 60, None)
    async with scene.database.connect() as owner:
        assert await owner.fetchval("select count(*) from public.lesson_progress where status = 'completed'") == 0


async def test_seconds_beyond_the_end_are_none(scene: Scene) -> None:
    await scene.pass_time(3600)
    answer = await scene.player.counted((55, 300), (400, 500), position=43_200)
    assert (answer["watched"], answer["watched_seconds"]) == ([[55, 60]], 5)
    assert (await scene.seen())["position"] == 60


def _deep(opening: str, closing: str, times: int) -> bytes:
    return (opening * times + "1" + closing * times).encode()


BODIES: dict[str, tuple[Any, set[int]]] = {
    "nothing": (b"", {422}),
    "not JSON": (b"{", {422}),
    "not UTF-8": (b'{"nonce":"\xff\xfe"}', {422}),
    "a list": (b"[]", {422}),
    "null": (b"null", {422}),
    "lists in lists": (_deep("[", "]", 15_000), {422}),
    "objects in objects": (_deep('{"a":', "}", 9_000), {422}),
    "too large": (b" " * (64 * 1024 + 1), {413}),
    "just not too large": (b" " * (64 * 1024), {422}),
    "events that are deep": ({"events": [{"type": "seek", "at": 1, "data": {"a": {"b": [[[]]]}}}]}, {422}),
    "an event with a long text": ({"events": [{"type": "play", "at": 1, "data": {"a": "x" * 5000}}]}, {422}),
    "an event with a null character": ({"events": [{"type": "play", "at": 1, "data": {"\u0000": 1}}]}, {422}),
    "an event of another kind": ({"events": [{"type": "graduate", "at": 1}]}, {422}),
    "an event before the beginning": ({"events": [{"type": "play", "at": -1}]}, {422}),
    "too many events": ({"events": [{"type": "play", "at": 1}] * 201}, {422}),
    "an event of a far day": ({"events": [{"type": "play", "at": 1, "t": 10**30}]}, {422}),
    "backwards": ({"intervals": [[10, 5]]}, {422}),
    "empty": ({"intervals": [[5, 5]]}, {422}),
    "negative": ({"intervals": [[-5, 5]]}, {422}),
    "fractions": ({"intervals": [[0.5, 5]]}, {422}),
    "three ends": ({"intervals": [[0, 5, 9]]}, {422}),
    "endless": ({"intervals": [[0, 10**12]]}, {422}),
    "too many intervals": ({"intervals": [[n * 2, n * 2 + 1] for n in range(501)]}, {422}),
    "words for seconds": ({"intervals": [["0", "5"]]}, {422}),
    "position below zero": ({"position": -1}, {422}),
    "position nowhere": (b'{"position":NaN}', {422}),
    "number zero": ({"seq": 0}, {422}),
    "a huge number": ({"seq": 10**20}, {422}),
    "no such playback": ({"playback_id": str(uuid4())}, {409}),
    "not a playback": ({"playback_id": "1; drop table enrollments"}, {422}),
    "a long nonce": ({"nonce": "a" * 65}, {422}),
}


@pytest.mark.parametrize("name", BODIES)
async def test_any_body_is_answered_and_gains_nothing(scene: Scene, name: str) -> None:
    await scene.pass_time(3600)
    given, statuses = BODIES[name]
    content = given if isinstance(given, bytes) else json.dumps(scene.player.body() | given).encode()
    answer = await scene.client.post(HEARTBEAT, content=content)
    assert answer.status_code in statuses, answer.text
    problem = answer.json()
    assert answer.headers["content-type"] == "application/problem+json"
    assert (problem["status"], problem["instance"]) == (answer.status_code, HEARTBEAT)
    seen = await scene.seen()
    assert (seen["watched_seconds"], seen["playback_seq"]) == (0, 0)


async def test_a_body_without_a_length_is_bounded_too(scene: Scene) -> None:
    async def endless() -> Any:
        for _ in range(40):
            yield b" " * 4096

    answer = await scene.client.post(HEARTBEAT, content=endless())
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")


async def test_heartbeats_come_by_post_from_somebody(scene: Scene) -> None:
    answer = await scene.client.get(HEARTBEAT)
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
    guest = await scene.make_client()
    answer = await guest.post(HEARTBEAT, json=scene.player.body((0, 1)))
    assert (answer.status_code, answer.json()["code"]) == (401, "sign_in_needed")


async def _sign_out(scene: Scene) -> None:
    async with scene.database.connect() as owner:
        await owner.execute(
            "update public.web_sessions set revoked_at = now() where token_hash = $1", hash_token(scene.token)
        )


async def test_what_a_signed_out_browser_kept_counts_after_signing_in_again(scene: Scene) -> None:
    await scene.pass_time(60)
    await scene.player.counted((0, 10))
    await _sign_out(scene)
    refused = await scene.player.beat((10, 20))
    assert (refused.status_code, refused.json()["code"]) == (401, "sign_in_needed")
    assert (await scene.seen())["watched_seconds"] == 10
    await scene.client.login(scene.person)
    kept = await scene.player.send(scene.player.last)
    assert (kept.status_code, kept.json()["watched"]) == (200, [[0, 20]])
    scene.player.nonce, scene.player.seq = kept.json()["nonce"], kept.json()["seq"]
    assert (await scene.player.counted((20, 30)))["watched"] == [[0, 30]], "the same player goes on in the new session"


async def test_after_signing_out_nobody_else_can_send_what_was_kept(scene: Scene) -> None:
    await scene.pass_time(60)
    await _sign_out(scene)
    await scene.client.login(await add_person(scene.database))
    answer = await scene.player.beat((0, 10))
    assert (answer.status_code, answer.json()["code"]) == (409, "replayed_nonce")
    assert (await scene.seen())["watched_seconds"] == 0


async def test_a_player_left_open_for_half_a_day_is_stale(scene: Scene) -> None:
    await scene.pass_time(12 * 3600 - 60)
    await scene.player.counted((0, 5))
    await scene.pass_time(120)
    answer = await scene.player.beat((5, 10))
    assert (answer.status_code, answer.json()["code"]) == (409, "stale_playback")


async def test_who_left_the_course_gains_nothing_more(scene: Scene) -> None:
    await scene.pass_time(60)
    async with scene.database.connect() as owner:
        await owner.execute("update public.enrollments set status = 'suspended'")
    answer = await scene.player.beat((0, 10))
    assert (answer.status_code, answer.json()["code"]) == (409, "stale_playback")
    assert (await scene.seen())["watched_seconds"] == 0


async def test_the_last_second_needed_issues_the_certificate_in_its_own_transaction(
    database: Database, client: Client
) -> None:
    person = await add_person(database)
    course = await add_course(database, modules=[[Lesson("Only", video=60)]])
    await enrol(database, person, course)
    await client.login(person)
    player = Player(client, course.lessons[0])
    assert (await player.open())["goal_seconds"] == 54
    await let_time_pass(database, 60)
    nearly = await player.counted((0, 53))
    assert (nearly["completed"], "course_completed" in nearly) == (False, False)
    done = await player.counted((53, 54))
    assert (done["completed"], done["course_completed"], done["certificate_url"]) == (True, True, "/me/certificates")
    assert (await player.send(player.last)).json() == done, "whoever missed the answer is told again"
    async with database.connect() as owner:
        row = await owner.fetchrow(
            "select c.member_id, e.status, p.status as lesson, c.xmin::text as a, e.xmin::text as b, p.xmin::text as c"
            " from public.certificates c join public.enrollments e on e.id = c.enrollment_id"
            " join public.lesson_progress p on p.enrollment_id = e.id"
        )
    assert (row["member_id"], row["status"], row["lesson"]) == (person.id, "completed", "completed")
    assert row["a"] == row["b"] == row["c"], "one transaction wrote all three"
    after = await player.counted((54, 60))
    assert (after["completed"], "course_completed" in after) == (True, False), "it is said once"


async def test_events_are_logged_in_their_order(scene: Scene) -> None:
    await scene.pass_time(60)
    events = [
        {"type": "play", "at": 0, "t": 1_800_000_000_000},
        {"type": "seek", "at": 3.25, "data": {"from": 3.25, "to": 20}},
        {"type": "ratechange", "at": 20.5, "data": {"rate": 1.5}},
        {"type": "pause", "at": 25},
    ]
    await scene.player.counted((0, 3), (20, 25), position=25, events=events)
    await scene.player.send(scene.player.last)
    async with scene.database.connect() as owner:
        rows = await owner.fetch(
            "select user_id, event_type, position_seconds::float as at, event_data::text as data"
            " from public.video_events order by occurred_at"
        )
    assert [(row["event_type"], row["at"]) for row in rows] == [
        ("play", 0.0), ("seek", 3.25), ("ratechange", 20.5), ("pause", 25.0),
    ]  # fmt: skip
    assert {row["user_id"] for row in rows} == {scene.person.id}
    assert json.loads(rows[0]["data"]) == {"browser_time": 1_800_000_000_000}
    assert json.loads(rows[1]["data"]) == {"from": 3.25, "to": 20}
    seen = await scene.seen()
    assert (seen["pause_count"], seen["seek_count"]) == (1, 1)


async def test_refused_heartbeats_log_nothing(scene: Scene) -> None:
    answer = await scene.player.beat((0, 50), events=[{"type": "play", "at": 0}])
    assert answer.status_code == 422
    async with scene.database.connect() as owner:
        assert await owner.fetchval("select count(*) from public.video_events") == 0


async def test_opening_a_player(scene: Scene, database: Database) -> None:
    async def ask(client: Client, video: object) -> tuple[int, str]:
        answer = await client.post_json("/api/v1/playback", {"video_id": str(video)})
        return answer.status_code, answer.json().get("code", "")

    locked = scene.course.lesson("A claim, step by step")
    assert await ask(scene.client, locked.video_id) == (403, "locked")
    assert await ask(scene.client, uuid4()) == (404, "no_such_video")
    assert await ask(scene.client, "no uuid") == (400, "invalid")
    stranger = await scene.make_client()
    assert await ask(stranger, scene.lesson.video_id) == (401, "sign_in_needed")
    await stranger.login(await add_person(database))
    assert await ask(stranger, scene.lesson.video_id) == (403, "not_enrolled")
    forged = await scene.client.post("/api/v1/playback", json={"video_id": str(scene.lesson.video_id)})
    assert (forged.status_code, forged.json()["code"]) == (403, "csrf")
