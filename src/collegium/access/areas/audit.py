"""The audit log."""

from __future__ import annotations

from collegium.access.area import Area, Probe
from collegium.access.stage import Stage

THINGS = ("logged",)


# A change of the owner's that nobody made, its personal values, and the root of a day.
FOUND = """
with logged as (
    insert into public.audit_logs (txid, actor_role, table_name, record_id, operation, subject, personal, after)
    values (1, 'collegium_owner', 'guild', %(logged)s::text, 'INSERT', %(owner)s, '{word}', '{"word": "sha256:00"}')
    returning id
)
insert into public.audit_personal_values (audit_id, subject, salt, after)
select id, %(owner)s, sha256('salt'), '{"word": "Spoken."}' from logged;
insert into public.audit_roots (day, position, rows, hash, signed_at, key_id, signature)
values ('2020-01-01', 0, 0, sha256('root'), now(), repeat('0', 64), sha256('signature'));
"""


def found(stage: Stage) -> None:
    """What the guild has of it."""
    stage.owner(FOUND)


MATRIX: dict[str, dict[str, str]] = {
    #            owner learn stran instr other mngr  anon  admin super service
    "audit_logs": {
        "select": "-     -     -     -     -     -     42501 yes   yes   yes",
        "insert": "42501 42501 42501 42501 42501 42501 42501 42501 42501 42501",
        "update": "42501 42501 42501 42501 42501 42501 42501 42501 42501 42501",
        "delete": "42501 42501 42501 42501 42501 42501 42501 42501 42501 42501",
    },
    "audit_personal_values": {
        "select": "-     -     -     -     -     -     42501 yes   yes   yes",
        "insert": "42501 42501 42501 42501 42501 42501 42501 42501 42501 42501",
        "update": "42501 42501 42501 42501 42501 42501 42501 42501 42501 42501",
        "delete": "42501 42501 42501 42501 42501 42501 42501 42501 42501 42501",
    },
    "audit_roots": {
        "select": "-     -     -     -     -     -     42501 yes   yes   yes",
        "insert": "42501 42501 42501 42501 42501 42501 42501 42501 42501 yes",
        "update": "42501 42501 42501 42501 42501 42501 42501 42501 42501 yes",
        "delete": "42501 42501 42501 42501 42501 42501 42501 42501 42501 42501",
    },
}


PROBES: dict[str, Probe] = {
    "audit_logs": Probe(
        "a change of a row that is about the owner",
        "record_id = %(logged)s::text",
        "(txid, actor_role, table_name, record_id, operation) values (1, 'forger', 'guild', 'forged', 'INSERT')",
        "record_id = 'forged'",
        ("actor_role", "'forger'"),
    ),
    "audit_personal_values": Probe(
        "the owner's personal value in that change",
        "salt = sha256('salt')",
        "(audit_id, subject, salt) values (1, %(owner)s, sha256('forged'))",
        "salt = sha256('forged')",
        ("after", """'{"word": "Forged."}'"""),
        first="audit_id",
    ),
    "audit_roots": Probe(
        "the root of a day",
        "day = '2020-01-01'",
        "(day, position, rows, hash, signed_at, key_id, signature)"
        " values ('2020-01-02', 0, 0, sha256('root'), now(), repeat('0', 64), sha256('signature'))",
        "day = '2020-01-02'",
        ("exported_key", "'audit/2020/01-01.json'"),
        first="day",
    ),
}


FUNCTIONS: dict[str, str] = {
    "private.erase_audit_person": "service_role",
    "private.seal_audit_logs": "service_role",
}


AREA = Area(things=THINGS, found=found, matrix=MATRIX, probes=PROBES, functions=FUNCTIONS)
