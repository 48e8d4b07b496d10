"""The origin of packages: what is answered there, to whom, and what is not."""

from __future__ import annotations

import json
import time
from typing import Any
from urllib.parse import urlsplit

import pytest

from collegium.features.scorm import service
from collegium.kit.content import BadAddress, ContentOrigin
from collegium.kit.site import Site
from collegium.web.sessions import COOKIE
from tests.features.scorm.playing import FILES, PAGE, Player, found_school
from tests.support.database import Database
from tests.support.site import Client

pytestmark = pytest.mark.asyncio


def altered(token: str, at: int) -> str:
    """A token with one character changed."""
    return token[:at] + ("A" if token[at] != "A" else "B") + token[at + 1 :]


async def test_a_player_gets_what_it_needs(site: Site, client: Client, database: Database) -> None:
    school = await found_school(site, database)
    player = Player(client, await school.launch())
    assert player.launch.origin.endswith(".localhost:8000")
    page = await player.get()
    assert page.status_code == 200
    assert player.token in page.text
    assert (
        "frame-ancestors 'self' http://127.0.0.1:8000 http://localhost:8000" in page.headers["content-security-policy"]
    )
    assert "set-cookie" not in page.headers
    given = (await player.get("definition")).json()
    assert given["siteOrigins"] == ["http://127.0.0.1:8000", "http://localhost:8000"]
    assert given["package"]["standard"] == "scorm_2004"
    tree = given["package"]["organization"]
    assert [item["href"] for item in tree["children"]] == ["one.html", "sub/two.html"]
    session = given["session"]
    assert (session["learnerName"], session["entry"], session["seq"]) == ("Berg0, Ada", "ab-initio", 0)
    assert session["limits"] == {"suspendData": 64000, "location": 1000}
    saved = await player.commit(elements={"cmi.suspend_data": "page=2"}, state={"current": "SCO-1"})
    assert saved["saved"] is True
    assert saved["seq"] == 1
    # A commit that brings no state leaves what the sequencer keeps.
    for more in ({}, {"state": None}):
        assert (await player.commit(elements={"cmi.location": "2"}, **more))["saved"]
    session = (await player.get("definition")).json()["session"]
    assert session["saved"] == {"SCO-1": {"cmi.suspend_data": "page=2", "cmi.location": "2"}}
    assert session["state"] == {"current": "SCO-1"} == (await player.get("state")).json()
    assert session["entry"] == "resume"
    put = await client.put(f"{player.launch.origin}/{player.token}/state", content=b'{"current":"SCO-2"}')
    assert put.json() == {"saved": True}
    assert (await player.get("state")).json() == {"current": "SCO-2"}


async def test_files_of_a_package(site: Site, client: Client, database: Database) -> None:
    school = await found_school(site, database)
    player = Player(client, await school.launch())
    page = await player.get("files/one.html")
    assert (page.status_code, page.content, page.headers["content-type"]) == (200, PAGE, "text/html")
    policy = page.headers["content-security-policy"]
    assert "frame-ancestors 'self' http://127.0.0.1:8000" in policy
    assert "connect-src 'self' data: blob:;" in policy
    assert page.headers["referrer-policy"] == "strict-origin"
    assert page.headers["x-content-type-options"] == "nosniff"
    for path in ("sub/two.html", "Sub/TWO.html"):
        assert (await player.get("files/" + path)).content == FILES["sub/two.html"]
    assert (await player.get("files/sub%2Ftwo.html")).content == FILES["sub/two.html"]
    part = await player.get("files/film.mp4", headers={"range": "bytes=10-19"})
    assert (part.status_code, part.content) == (206, FILES["film.mp4"][10:20])
    again = await player.get(
        "files/one.js", headers={"if-none-match": (await player.get("files/one.js")).headers["etag"]}
    )
    assert again.status_code == 304
    worker = await player.get("files/one.js", headers={"service-worker": "script"})
    assert worker.status_code == 403
    await site.storage.put("packages/other/secret.html", b"secret")
    for path in ("../other/secret.html", "..%2fother%2fsecret.html", "%2e%2e/other/secret.html", "sub/../../other/secret.html",
                 "/packages/other/secret.html", "..%5cother%5csecret.html", "%00", "", "sub", "nothing.html", "a" * 2000):  # fmt: skip
        url = player.launch.origin + f"/{player.token}/files/"
        # Sent as they are: httpx would tidy up dots.
        request = client.build_request("GET", url)
        request.url = request.url.copy_with(raw_path=f"/{player.token}/files/{path}".encode())
        assert (await client.send(request)).status_code == 404, path


async def test_what_is_no_token_finds_nothing(site: Site, client: Client, database: Database) -> None:
    school = await found_school(site, database)
    mine, others = Player(client, await school.launch(0)), Player(client, await school.launch(1))
    assert mine.launch.origin != others.launch.origin
    for token in (
        altered(mine.token, 3),
        altered(mine.token, 30),
        altered(mine.token, 83),
        mine.token[:-1],
        others.token,
        "x" * 84,
    ):
        for path in ("", "definition", "files/one.html", "state"):
            answer = await client.get(f"{mine.launch.origin}/{token}/{path}")
            assert answer.status_code == 404, (token, path)
        assert (await client.post(f"{mine.launch.origin}/{token}/commit", json=mine.body())).status_code == 404
    # The site knows no tokens, and the hosts of packages know nothing of the site.
    assert (await client.get(f"/{mine.token}/")).status_code == 404
    await client.login(school.learners[0])
    for path in ("/", "/courses", "/me/learning", "/api/v1/playback", "/healthz", "/sign-in", f"/{mine.token}/nothing",
                 f"/{mine.token}", f"/{mine.token}/files", "/static/../app.py", "/media/x"):  # fmt: skip
        answer = await client.get(mine.launch.origin + path, headers={"cookie": f"{COOKIE}={client.cookies[COOKIE]}"})
        assert answer.status_code == 404, path
        assert "set-cookie" not in answer.headers
    assert await school.value("select count(*) from public.scorm_tracking") == 0


async def test_a_package_cannot_ask_the_site(site: Site, client: Client, database: Database) -> None:
    school = await found_school(site, database)
    player = Player(client, await school.launch())
    await client.login(school.learners[0])
    for origin in (player.launch.origin, "http://anything.localhost:1234"):
        assert (await client.get("/me/learning", headers={"origin": origin})).status_code == 403
        answer = await client.post_json("/api/v1/playback", {"video_id": str(school.lesson)})
        assert answer.status_code == 404
        token = await client.csrf()
        forged = await client.post("/sign-out", headers={"origin": origin, "x-csrf-token": token})
        assert forged.status_code == 403
    # Nor is a commit taken that a page of another origin sends, had it found a token somewhere.
    for origin in ("http://127.0.0.1:8000", "https://elsewhere.example", "null"):
        answer = await player.post("commit", player.body(), headers={"origin": origin})
        assert (answer.status_code, answer.json()["code"]) == (422, "other_origin"), origin
    assert (await player.commit())["saved"]


async def test_a_token_runs_out_and_is_renewed(
    site: Site, client: Client, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    school = await found_school(site, database)
    session = await school.web_session()
    player = Player(client, await school.launch(session=session))
    renewed = (await player.post("renew")).json()
    assert set(renewed) == {"token", "expires_at"}
    real = time.time
    monkeypatch.setattr(time, "time", lambda: real() + 3700)
    answer = await player.post("commit", player.body())
    assert (answer.status_code, answer.json()["reason"]) == (401, "expired")
    assert (await player.get()).status_code == 401
    assert (await player.post("renew")).status_code == 401
    # What the package asks for next is still there: the player is the current one.
    assert (await player.get("files/one.html")).status_code == 200
    async with site.db.transaction(_actor(school.learners[0].id, session)) as tx:
        player.token = (await service.renew(site, tx, player.token)).token
    assert (await player.commit())["saved"]
    with pytest.raises(Exception, match="current one"):
        async with site.db.transaction(_actor(school.learners[1].id)) as tx:
            await service.renew(site, tx, player.token)
    # Signed out in the middle, signed in again: the same player goes on.
    await school.value("update public.web_sessions set revoked_at = now()")
    assert (await player.commit())["reason"] == "signed_out"
    async with school.database.connect() as owner:
        await owner.execute("update public.web_sessions set token_hash = sha256('old')")
    again = await school.web_session()
    async with site.db.transaction(_actor(school.learners[0].id, again)) as tx:
        await service.renew(site, tx, player.token)
    assert (await player.commit())["saved"]


async def test_two_players_on_one_registration(site: Site, client: Client, database: Database) -> None:
    school = await found_school(site, database)
    first = Player(client, await school.launch())
    assert (await first.commit())["saved"]
    second = Player(client, await school.launch())
    assert second.launch.origin == first.launch.origin
    for answer in (await first.commit(), await first.commit(elements={})):
        assert (answer["saved"], answer["reason"], answer["code"]) == (False, "stale", "stale_attempt")
    assert (await first.get("definition")).status_code == 409
    assert (await first.post("renew")).json()["reason"] == "stale"
    put = await client.put(f"{first.launch.origin}/{first.token}/state", content=b"{}")
    assert put.json()["reason"] == "stale"
    second.seq = (await second.get("definition")).json()["session"]["seq"]
    assert (await second.commit())["seq"] == 2


HOSTILE = [
    (b"", "refused"),
    (b"not json", "refused"),
    (b"[1]", "refused"),
    (b'{"seq":0}', "refused"),
    (b'{"seq":1e400}', "refused"),
    (b'{"seq":2147483648}', "refused"),
    (b'{"seq":1,"elements":{"cmi.location":5}}', "refused"),
    (b'{"seq":1,"sco":"SCO-1","elements":{"cmi.location":"a\\u0000b"}}', "refused"),
    (b'{"seq":1,"sco":"SCO-1","elements":{"cmi.location":"\\ud800"}}', "refused"),
    (b'{"seq":1,"sco":"SCO-1","elements":{"cmi.credit":"credit"}}', "refused"),
    (b'{"seq":1,"sco":"SCO-9","elements":{}}', "refused"),
    (b'{"seq":3,"sco":"SCO-1","elements":{}}', "refused"),
    (b'{"seq":1,"sco":"SCO-1","state":' + b"[" * 100_000 + b"]" * 100_000 + b"}", "refused"),
    (b'{"seq":1,"sco":"SCO-1","state":"' + b"x" * 900_000 + b'"}', "full"),
    (b'{"seq":1,"sco":"SCO-1","elements":{"cmi.suspend_data":"' + b"x" * 64_001 + b'"}}', "refused"),
    (b"x" * 3_000_001, "full"),
]


async def test_hostile_bodies(site: Site, client: Client, database: Database) -> None:
    school = await found_school(site, database)
    player = Player(client, await school.launch())
    for body, reason in HOSTILE:
        answer = await player.post("commit", body)
        assert (answer.json()["saved"], answer.json()["reason"]) == (False, reason), body[:80]
    for path, method in (("commit", "GET"), ("commit", "PUT"), ("state", "POST"), ("renew", "GET"), ("", "POST")):
        answer = await client.request(method, f"{player.launch.origin}/{player.token}/{path}")
        assert answer.status_code in (405, 422), path
    assert await school.value("select count(*) from public.scorm_tracking") == 0
    assert (await player.commit())["saved"]


def _actor(person: Any, session: Any = None) -> Any:
    from collegium.kit.db import person as acting_as

    return acting_as(person, session)


@pytest.mark.parametrize(
    ("content", "base", "good"),
    [
        (None, "http://127.0.0.1:8000", True),
        (None, "https://learn.example.org", None),
        ("https://*.content.example.net", "https://learn.example.org", True),
        ("https://content.example.net", "https://learn.example.org", True),
        ("https://learn.example.org:8443", "https://learn.example.org", False),
        ("https://*.example.org", "https://learn.example.org", False),
        ("http://*.localhost:9000/x", "http://localhost:8000", False),
        ("ftp://*.content.example.net", "https://learn.example.org", False),
        ("https://", "https://learn.example.org", False),
    ],
)
async def test_addresses_of_packages(content: str | None, base: str, good: bool | None) -> None:
    if good is False:
        with pytest.raises(BadAddress):
            ContentOrigin.of(content, base)
        return
    made = ContentOrigin.of(content, base)
    assert (made is not None) is bool(good)
    if made:
        assert made.label_of(urlsplit(made.address("pabc")).netloc) == ("pabc" if made.each else "")
        assert made.label_of(urlsplit(base).netloc) is None
        assert made.label_of("evil." + urlsplit(made.address("pabc")).netloc) is None


async def test_what_a_commit_leaves(site: Site, client: Client, database: Database) -> None:
    school = await found_school(site, database)
    player = Player(client, await school.launch())
    long = "x" * 5_000
    said = {
        "elements": {"cmi.suspend_data": long},
        "calls": [{"t": 1.5, "fn": "SetValue", "args": ["cmi.suspend_data", long], "answer": "true", "error": "0"}],
        "summary": {"cmi.completion_status": "completed", "cmi.success_status": "passed", "cmi.score.scaled": "0.9"},
        "terminate": True,
    }
    stored = await player.commit(**said)
    assert {name: stored[name] for name in ("completion_status", "success_status", "score", "criterion_met")} == {
        "completion_status": "completed", "success_status": "passed", "score": 90, "criterion_met": True,
    }  # fmt: skip
    player.seq = 0
    assert await player.commit(**said) == {**stored, "repeated": True}
    assert (await player.commit(seq=1, elements={}))["code"] == "sequence_used"
    assert (await player.commit(seq=3))["code"] == "commits_missing"
    assert (await player.commit(seq=3))["seq"] == 1
    rows = "select count(*) from public.scorm_tracking where sco = $1 and commit_seq = 1"
    assert (await school.value(rows, "SCO-1"), await school.value(rows, "ORG")) == (1, 3)
    assert await school.value("select length(value) from public.scorm_tracking where sco = 'SCO-1'") == 5_000
    done = "select status from public.lesson_progress where lesson_id = $1 and status = 'completed'"
    assert await school.value(done, school.lesson) == "completed"
    for who, seen in ((0, 1), (1, 0)):
        async with site.db.transaction(_actor(school.learners[who].id)) as tx:
            calls = await tx.fetch("select calls from public.scorm_calls")
            assert len(calls) == seen
            for row in calls:
                (call,) = row["calls"]
                assert (len(call["args"][1]), call["cut"], call["t"]) == (1_000, [16, 5_000, 4], 1.5)
    # A package that is held to the standard's own limits.
    await school.value("update public.scorm_packages set version = '1.2', edition = null, lenient_limits = false")
    assert (await player.get("definition")).json()["session"]["limits"] == {"suspendData": 4096, "location": 255}
    refused = await player.commit(elements={"cmi.suspend_data": long})
    assert (refused["code"], refused["words"]) == ("value_too_long", "cmi.suspend_data takes at most 4096 characters.")


async def test_what_a_player_keeps_never_stands_in_the_way(site: Site, client: Client, database: Database) -> None:
    school = await found_school(site, database)
    player = Player(client, await school.launch())
    # The database writes these with all their digits: 14 kilobytes were 260 megabytes.
    body = json.dumps(player.body(state="here"))
    for number in ("1e131071", "1e99999999"):
        state = f"[{','.join([number] * 1_000)}]"
        answer = await player.post("commit", body.replace('"here"', state).encode())
        assert (answer.status_code, answer.json()["reason"]) == (422, "refused")
        address = f"{player.launch.origin}/{player.token}/state"
        answer = await client.request("PUT", address, content=state, headers={"origin": player.launch.origin})
        assert answer.status_code == 422
    call = {
        "fn": "SetValue",
        "args": ["cmi.suspend_data", "\u6f22" * 200],
        "answer": "\u6f22" * 200,
        "error": "0",
        "t": 1e300,
    }
    assert (await player.commit(state=["1e-131071", 0.5, 1e300], calls=[call] * 2_000))["saved"]
    kept = "select jsonb_array_length(calls) between 500 and 1999 and (calls -> 0 ->> 't')::numeric < 1e11 from public.scorm_calls"
    assert await school.value(kept)
    assert await school.value("select state::text from public.scorm_states") == '["1e-131071", 0.5, 1' + "0" * 300 + "]"


async def test_who_signs_out_leaves_nothing_to_read(site: Site, client: Client, database: Database) -> None:
    school = await found_school(site, database)
    player = Player(client, await school.launch(session=await school.web_session()))
    assert (await player.commit(elements={"cmi.location": "7"}, state={"at": 1}))["saved"]
    assert "Berg0" in (await player.get("definition")).text
    async with database.connect() as owner:
        await owner.execute("update public.web_sessions set revoked_at = now()")
    # Whoever has the computer next may find the address in it.
    for answer in (
        await player.get("definition"),
        await player.get("state"),
        await player.post("commit", player.body()),
    ):
        assert (answer.status_code, answer.json()["reason"]) == (403, "signed_out")
    put = await client.request(
        "PUT", f"{player.launch.origin}/{player.token}/state", json={}, headers={"origin": player.launch.origin}
    )
    assert put.json()["reason"] == "signed_out"
