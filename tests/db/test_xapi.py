"""xAPI: a statement is what came, once; documents are replaced by who knows them."""

from __future__ import annotations

import asyncio
import json
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from collegium.access.stage import Outcome, Stage, key
from tests.support.database import Database, as_actor

VOIDED = "http://adlnet.gov/expapi/verbs/voided"
RECORD = 'select private.record_xapi_statement(%(sent)s, %(credential)s, \'{"mbox": "mailto:lrs@guild.test"}\')'


def statement(**change: Any) -> dict[str, Any]:
    """A plain one with some things changed; None takes a thing away."""
    whole = {
        "id": str(uuid4()),
        "actor": {"mbox": "mailto:learner@guild.test"},
        "verb": {"id": "http://adlnet.gov/expapi/verbs/passed"},
        "object": {"id": "https://guild.test/activities/fire"},
        "result": {"score": {"scaled": 0.8}},
    } | change
    return {name: value for name, value in whole.items() if value is not None}


def send(stage: Stage, sent: object, credential: str = "xapi_credential") -> Outcome:
    return stage.attempt("service_role", RECORD, sent=json.dumps(sent), credential=key(credential))


def voiding(target: str, **change: Any) -> dict[str, Any]:
    return statement(verb={"id": VOIDED}, object={"objectType": "StatementRef", "id": target}, result=None, **change)


def is_voided(stage: Stage, sent: dict[str, Any]) -> bool:
    return stage.value("select voided from public.xapi_statements where id = %(id)s", id=sent["id"])


def test_the_same_statement_again_is_answered_again_and_another_one_refused(stage: Stage) -> None:
    sent = statement(timestamp="2026-11-01T10:00:00Z")
    assert send(stage, sent).rows[0][0]["outcome"] == "stored"
    assert send(stage, sent | {"timestamp": "2026-11-01T11:00:00.000+01:00"}).rows[0][0]["outcome"] == "repeated"
    for change in ({"result": {"score": {"scaled": 1}}}, {"timestamp": "2026-11-01T10:00:01Z"}):
        outcome = send(stage, sent | change)
        assert (outcome.state, outcome.code) == ("CG409", "statement_exists")
    stored = stage.value("select statement from public.xapi_statements where id = %(id)s", id=sent["id"])
    assert stored == sent


def test_who_the_actor_is(stage: Stage) -> None:
    for actor in ({"mbox": "mailto:Learner@Guild.test"}, {"account": {"name": "x", "homePage": "https://guild.test"}}):
        sent = statement(actor=actor)
        send(stage, sent)
        known = stage.value("select member_id from public.xapi_statements where id = %(id)s", id=sent["id"])
        assert known == (key("learner") if "mbox" in actor else None)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"id": "no"}, "bad_id"),
        ({"id": 5}, "bad_id"),
        ({"actor": None}, "bad_actor"),
        ({"actor": {"name": "Nobody"}}, "bad_actor"),
        ({"actor": {"mbox": "mailto:a@b.test", "openid": "https://b.test/a"}}, "bad_actor"),
        ({"actor": {"mbox": "a@b.test"}}, "bad_actor"),
        ({"actor": {"account": {"name": "x" * 2000, "homePage": "https://b.test"}}}, "bad_actor"),
        ({"verb": None}, "bad_verb"),
        ({"verb": {"id": "passed"}}, "bad_verb"),
        ({"object": None}, "bad_object"),
        ({"object": {"objectType": "Thing", "id": "a:b"}}, "bad_object"),
        ({"object": {"objectType": "StatementRef", "id": "a:b"}}, "bad_object"),
        ({"verb": {"id": VOIDED}}, "bad_voiding"),
        ({"timestamp": "yesterday"}, "bad_timestamp"),
        ({"timestamp": "2026-13-01T10:00:00Z"}, "bad_timestamp"),
        ({"timestamp": "2026-01-01T10:00:00-00:00"}, "bad_timestamp"),
        ({"context": {"registration": "no"}}, "bad_registration"),
        ({"result": {"response": "x" * 262144}}, "not_a_statement"),
    ],
    ids=lambda given: given if isinstance(given, str) else "+".join(given),
)
def test_what_is_no_statement_is_refused(stage: Stage, change: dict[str, Any], code: str) -> None:
    outcome = send(stage, statement(**change))
    assert (outcome.state, outcome.code) == ("CG422", code)


def test_a_statement_is_voided_by_who_sent_it_whichever_comes_first(stage: Stage) -> None:
    sent = statement()
    send(stage, sent)
    send(stage, voiding(sent["id"]))
    assert is_voided(stage, sent)
    late = statement()
    send(stage, voiding(late["id"]))
    send(stage, late)
    assert is_voided(stage, late)


def test_nobody_voids_what_another_system_sent(stage: Stage) -> None:
    stage.owner(
        "insert into public.xapi_credentials (id, name, key_id, secret_sha256) values (%(new)s, 'Other', 'other-system', sha256('o'))"
    )
    sent = statement()
    send(stage, sent)
    assert send(stage, voiding(sent["id"]), "new").code == "not_your_statement"
    # Nor by voiding it before it comes.
    late = statement()
    send(stage, voiding(late["id"]), "new")
    send(stage, late)
    assert not is_voided(stage, late)
    stage.owner("update public.xapi_credentials set scopes = '{all}' where id = %(new)s")
    assert send(stage, voiding(sent["id"]), "new").state is None
    assert is_voided(stage, sent)


def test_a_voiding_statement_is_not_voided(stage: Stage) -> None:
    first = voiding(str(uuid4()))
    send(stage, first)
    assert send(stage, voiding(first["id"])).code == "voiding_stays"


def test_people_write_nothing_and_read_only_of_themselves(stage: Stage) -> None:
    for who in ("owner", "learner", "instructor", "admin", "anon"):
        assert stage.attempt(who, RECORD, sent="{}", credential=None).state == "42501"
        assert stage.attempt(who, "select key_id from public.xapi_credentials").state == "42501"
        assert stage.attempt(who, "update public.xapi_statements set voided = true").state == "42501"
    assert stage.attempt("service_role", "update public.xapi_statements set voided = true").state == "42501"
    assert stage.attempt("service_role", "delete from public.xapi_statements").state == "42501"
    for who in ("learner", "stranger", "instructor", "other_instructor"):
        for table in ("xapi_statements", "xapi_activity_state", "xapi_agent_profile", "xapi_activity_profile"):
            assert not stage.act(who, f"select 1 from public.{table}").rows, (who, table)


# Documents --------------------------------------------------------------------------------------------------------

PROFILE = "select private.put_xapi_activity_profile('a:b', 'p', 'text/plain', %(body)s, %(match)s, %(none)s)"
AGENT = "select private.put_xapi_agent_profile('{\"mbox\": \"mailto:a@b.test\"}', 'p', 'text/plain', %(body)s, %(match)s, %(none)s)"
STATE = "select private.put_xapi_state('a:b', '{\"mbox\": \"mailto:a@b.test\"}', null, 's', 'text/plain', %(body)s, %(match)s, %(none)s)"


@pytest.mark.parametrize("put", [PROFILE, AGENT, STATE], ids=["activity", "agent", "state"])
def test_a_document_is_replaced_by_who_names_its_etag(stage: Stage, put: str) -> None:
    def write(body: bytes, match: str | None = None, none: str | None = None) -> Outcome:
        return stage.attempt("service_role", put, body=body, match=match, none=none)

    assert write(b"1", match="*").code == "precondition_failed"
    first = write(b"1", none="*").rows[0][0]
    assert first == stage.value("select encode(sha256('1'), 'hex')")
    assert write(b"2", none="*").code == "precondition_failed"
    assert write(b"2", match="0" * 64).code == "precondition_failed"
    second = write(b"2", match=first).rows[0][0]
    assert write(b"3", match=first).code == "precondition_failed"
    assert write(b"3", match=second).state is None
    without = write(b"4")
    assert without.code == (None if put == STATE else "etag_needed")


def test_no_document_is_larger_than_a_megabyte(stage: Stage) -> None:
    outcome = stage.attempt("service_role", PROFILE, body=b"x" * 1048577, match=None, none=None)
    assert outcome.state == "23514"


async def test_of_two_writers_with_one_etag_one_wins(own_guild: Database) -> None:
    async def put(body: bytes, match: str | None) -> str | None:
        async with own_guild.connect("web") as session:
            try:
                async with as_actor(session, "service_role"):
                    return await session.fetchval(
                        "select private.put_xapi_activity_profile('a:c', 'p', 'text/plain', $1, $2, $3)",
                        body,
                        match,
                        None if match else "*",
                    )
            except asyncpg.PostgresError as error:
                return str(error)

    made = await asyncio.gather(*(put(f"{n}".encode(), None) for n in range(6)))
    etags = [answer for answer in made if answer and len(answer) == 64]
    assert len(etags) == 1
    changed = await asyncio.gather(*(put(f"x{n}".encode(), etags[0]) for n in range(6)))
    assert len([answer for answer in changed if answer and len(answer) == 64]) == 1


async def test_one_statement_sent_by_eight_at_once_is_stored_once(own_guild: Database) -> None:
    sent = statement()

    async def record() -> str:
        async with own_guild.connect("web") as session, as_actor(session, "service_role"):
            answer = await session.fetchval(
                "select private.record_xapi_statement($1, $2, '{}')", json.dumps(sent), key("xapi_credential")
            )
        return json.loads(answer)["outcome"]

    outcomes = await asyncio.gather(*(record() for _ in range(8)))
    assert sorted(outcomes) == ["repeated"] * 7 + ["stored"]
    async with own_guild.connect() as owner:
        assert await owner.fetchval("select count(*) from public.xapi_statements where id = $1", UUID(sent["id"])) == 1
