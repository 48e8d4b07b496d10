"""xAPI: statements, documents, and the keys of the systems that send them."""

from __future__ import annotations

from collegium.access.area import Area, Probe
from collegium.access.stage import Stage

THINGS = ("xapi_credential", "xapi_statement", "xapi_state", "xapi_agent_document", "xapi_activity_document")

FOUND = """
insert into public.xapi_credentials (id, name, key_id, secret_sha256)
values (%(xapi_credential)s, 'Content server', 'content-server', sha256('secret'));
select private.record_xapi_statement(
    jsonb_build_object(
        'id', %(xapi_statement)s::uuid,
        'actor', jsonb_build_object('mbox', 'mailto:owner@guild.test'),
        'verb', jsonb_build_object('id', 'http://adlnet.gov/expapi/verbs/completed'),
        'object', jsonb_build_object('id', 'https://guild.test/activities/fire')
    ),
    %(xapi_credential)s, '{"account": {"name": "content-server", "homePage": "https://guild.test"}}'
);
insert into public.xapi_activity_state (id, activity_id, agent_key, member_id, state_id, content)
values (%(xapi_state)s, 'https://guild.test/activities/fire', 'mbox:mailto:owner@guild.test', %(owner)s, 'resume', 'page 3');
insert into public.xapi_agent_profile (id, agent_key, member_id, profile_id, content)
values (%(xapi_agent_document)s, 'mbox:mailto:owner@guild.test', %(owner)s, 'likes', '{}');
insert into public.xapi_activity_profile (id, activity_id, profile_id, content)
values (%(xapi_activity_document)s, 'https://guild.test/activities/fire', 'shared', '{}');
"""


def found(stage: Stage) -> None:
    """What the guild has of it."""
    stage.owner(FOUND)


MATRIX: dict[str, dict[str, str]] = {
    #            owner learn stran instr other mngr  anon  admin super service
    "xapi_credentials": {
        "select": "42501 42501 42501 42501 42501 42501 42501 42501 42501 yes",
        "insert": "42501 42501 42501 42501 42501 42501 42501 42501 42501 yes",
        "update": "42501 42501 42501 42501 42501 42501 42501 42501 42501 yes",
        "delete": "42501 42501 42501 42501 42501 42501 42501 42501 42501 42501",
    },
    "xapi_statements": {
        "select": "yes   -     -     -     -     yes   42501 yes   yes   yes",
        "insert": "42501 42501 42501 42501 42501 42501 42501 42501 42501 42501",
        "update": "42501 42501 42501 42501 42501 42501 42501 42501 42501 42501",
        "delete": "42501 42501 42501 42501 42501 42501 42501 42501 42501 42501",
    },
    "xapi_activity_state": {
        "select": "yes   -     -     -     -     -     42501 yes   yes   yes",
        "insert": "42501 42501 42501 42501 42501 42501 42501 42501 42501 yes",
        "update": "42501 42501 42501 42501 42501 42501 42501 42501 42501 yes",
        "delete": "42501 42501 42501 42501 42501 42501 42501 42501 42501 yes",
    },
    "xapi_agent_profile": {
        "select": "yes   -     -     -     -     -     42501 yes   yes   yes",
        "insert": "42501 42501 42501 42501 42501 42501 42501 42501 42501 yes",
        "update": "42501 42501 42501 42501 42501 42501 42501 42501 42501 yes",
        "delete": "42501 42501 42501 42501 42501 42501 42501 42501 42501 yes",
    },
    "xapi_activity_profile": {
        "select": "-     -     -     -     -     -     42501 yes   yes   yes",
        "insert": "42501 42501 42501 42501 42501 42501 42501 42501 42501 yes",
        "update": "42501 42501 42501 42501 42501 42501 42501 42501 42501 yes",
        "delete": "42501 42501 42501 42501 42501 42501 42501 42501 42501 yes",
    },
}


PROBES: dict[str, Probe] = {
    "xapi_credentials": Probe(
        "the key of a system that sends statements",
        "id = %(xapi_credential)s",
        "(id, name, key_id, secret_sha256) values (%(new)s, 'New', 'new-system', sha256('new'))",
        "id = %(new)s",
        ("scopes", "'{all}'::text[]"),
    ),
    "xapi_statements": Probe(
        "what was said of the owner",
        "id = %(xapi_statement)s",
        '(id, "timestamp", member_id, agent_key, verb_id, object_type, authority, statement)'
        " values (%(new)s, now(), %(owner)s, 'mbox:mailto:o@guild.test', 'v:v', 'SubStatement', '{}', '{}')",
        "id = %(new)s",
        ("verb_id", "'http://adlnet.gov/expapi/verbs/passed'"),
    ),
    "xapi_activity_state": Probe(
        "a state document of the owner",
        "id = %(xapi_state)s",
        "(id, activity_id, agent_key, member_id, state_id, content)"
        " values (%(new)s, 'a:b', 'mbox:mailto:owner@guild.test', %(owner)s, 'new', '')",
        "id = %(new)s",
        ("content", "'page 9'::bytea"),
    ),
    "xapi_agent_profile": Probe(
        "a profile document of the owner",
        "id = %(xapi_agent_document)s",
        "(id, agent_key, member_id, profile_id, content)"
        " values (%(new)s, 'mbox:mailto:owner@guild.test', %(owner)s, 'new', '')",
        "id = %(new)s",
        ("content", "'changed'::bytea"),
    ),
    "xapi_activity_profile": Probe(
        "a document of an activity",
        "id = %(xapi_activity_document)s",
        "(id, activity_id, profile_id, content) values (%(new)s, 'a:b', 'new', '')",
        "id = %(new)s",
        ("content", "'changed'::bytea"),
    ),
}


FUNCTIONS: dict[str, str] = {
    "private.put_xapi_activity_profile": "service_role",
    "private.put_xapi_agent_profile": "service_role",
    "private.put_xapi_state": "service_role",
    "private.record_xapi_statement": "service_role",
    "private.xapi_agent_key": "service_role",
}


AREA = Area(things=THINGS, found=found, matrix=MATRIX, probes=PROBES, functions=FUNCTIONS)
