"""The API answers only what its OpenAPI document says, whatever it is sent, to guests and to people signed in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from collegium.web.sessions import COOKIE, hash_token
from tests.support.database import Database, run
from tests.support.people import Course, Person, enrol
from tests.support.site import LiveServer

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
PATHS = {
    "/api/v1/certificates/{number}",
    "/api/v1/courses",
    "/api/v1/courses/{slug}",
    "/api/v1/courses/{slug}/cohorts",
    "/api/v1/courses/{slug}/enrolment",
    "/api/v1/me/enrolments",
    "/api/v1/playback",
    "/api/v1/playback/heartbeat",
}
TOKEN = "the session of a test"
# A guest's requests end at the gate, most of them; what a person sends goes on.
EXAMPLES = {"guest": 3, "signed in": 8}


@pytest.fixture
def schema(live_server: LiveServer) -> Any:
    """The document as the server gives it."""
    return schemathesis.openapi.from_url(f"{live_server.url}/api/openapi.json")


def headers_of(live_server: LiveServer, *, session: bool) -> dict[str, str]:
    """Cookie and header of a browser that has looked at a page, signed in or not."""
    token = httpx.get(f"{live_server.url}/sign-in").cookies["csrftoken"]
    cookies = f"csrftoken={token}" + (f'; {COOKIE}="{TOKEN}"' if session else "")
    return {"cookie": cookies, "x-csrf-token": token}


async def begin_session(database: Database, person: Person) -> None:
    async with database.connect() as owner:
        await owner.execute(
            "insert into public.web_sessions (user_id, token_hash, expires_at)"
            " values ($1, $2, now() + interval '1 day')",
            person.id,
            hash_token(TOKEN),
        )


def operations(schema: Any) -> dict[tuple[str, str], Any]:
    """Every operation of the document, by path and method."""
    found = (result.ok() for result in schema.get_all_operations())
    return {(operation.path, operation.method.upper()): operation for operation in found}


def hold(operation: Any, mode: GenerationMode, headers: dict[str, str], examples: int) -> None:
    """Sends an operation what fits its document, or what does not, and checks each answer."""
    bounded = settings(
        max_examples=examples, derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck)
    )

    @bounded
    @given(case=operation.as_strategy(generation_mode=mode))
    def answered(case: Any) -> None:
        case.call_and_validate(headers=headers, checks=CHECKS)

    try:
        answered()
    except Unsatisfiable:
        # Nothing can be wrong with a request where nothing is taken.
        assert mode is GenerationMode.NEGATIVE
        assert operation.definition.raw.get("parameters", []) == []


@pytest.mark.parametrize("who", EXAMPLES)
def test_every_answer_is_documented(
    live_server: LiveServer,
    database: Database,
    make_person: Callable[..., Person],
    schema: Any,
    who: str,
) -> None:
    session = who == "signed in"
    if session:
        run(begin_session(database, make_person()))
    headers = headers_of(live_server, session=session)
    found = operations(schema)
    assert {path for path, _ in found} >= PATHS
    for operation in found.values():
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
            hold(operation, mode, headers, EXAMPLES[who])


def test_the_ways_to_fail_are_reached_and_documented(
    live_server: LiveServer,
    database: Database,
    make_person: Callable[..., Person],
    make_course: Callable[..., Course],
    schema: Any,
) -> None:
    """Random input meets the gate only; these go through it."""
    course: Course = make_course()
    learner = make_person()
    run(enrol(database, learner, course))
    video = {"video_id": str(course.lesson("Welcome").video_id)}
    locked = {"video_id": str(course.lesson("A claim, step by step").video_id)}
    api = operations(schema)
    guest = headers_of(live_server, session=False)

    def send(path: str, headers: dict[str, str], body: Any = None, **given: Any) -> httpx.Response:
        content = {"body": body, "media_type": "application/json"} if body is not None else {}
        method = "GET" if body is None else "POST"
        answer: httpx.Response = (
            api[path, method].Case(**content, **given).call_and_validate(headers=headers, checks=CHECKS)
        )
        return answer

    assert send("/api/v1/playback", guest, video).status_code == 401
    run(begin_session(database, learner))
    reader = headers_of(live_server, session=True)
    assert send("/api/v1/playback", {"cookie": reader["cookie"]}, video).status_code == 403, "no token"
    assert send("/api/v1/playback", reader, locked).status_code == 403
    opened = send("/api/v1/playback", reader, video)
    assert opened.status_code == 200
    playback: Any = opened.json()
    beat = {
        "playback_id": playback["playback_id"],
        "seq": playback["seq"] + 1,
        "nonce": playback["nonce"],
        "intervals": [[0, 1]],
        "position": 1,
    }
    heartbeat = "/api/v1/playback/heartbeat"
    assert send(heartbeat, guest, beat).status_code == 401
    assert send(heartbeat, reader, beat | {"nonce": "forged"}).status_code == 409
    assert send(heartbeat, reader, beat | {"intervals": [[0, 50]]}).status_code == 422
    assert send(heartbeat, reader, {"seq": 1}).status_code == 422
    assert send(heartbeat, reader, beat | {"nonce": "x" * 70_000}).status_code == 413
    number = "/api/v1/certificates/{number}"
    assert send(number, guest, path_parameters={"number": "CERT-2026-ABCDEFGH"}).json()["status"] == "unknown"
    statuses = [send(number, guest, path_parameters={"number": "x"}).status_code for _ in range(40)]
    assert set(statuses) == {200, 429}
