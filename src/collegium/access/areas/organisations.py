"""Organisations, designations and who holds them."""

from __future__ import annotations

from collegium.access.area import Area, Probe
from collegium.access.stage import Stage

THINGS = (
    "designation",
    "spare_designation",
    "holding",
    "organisation",
    "spare_organisation",
    "belonging",
    "managing",
)


# The manager manages the organisation that the owner belongs to.
FOUND = """
insert into public.member_designations (id, code, name, issuing_body, renewal_months) values
    (%(designation)s, 'RHU', 'Registered Health Underwriter', 'The Guild', 24),
    (%(spare_designation)s, 'CLU', 'Chartered Life Underwriter', 'The Guild', null);
insert into public.designation_holders (id, member_id, designation_id, since)
values (%(holding)s, %(owner)s, %(designation)s, '2020-01-01');
insert into public.organisations (id, kind, name, slug, parent_id) values
    (%(organisation)s, 'employer', 'Guild Brokers', 'guild-brokers', null),
    (%(spare_organisation)s, 'chapter', 'Guild Brokers North', 'guild-brokers-north', %(organisation)s);
insert into public.organisation_members (id, organisation_id, member_id, role, since) values
    (%(belonging)s, %(organisation)s, %(owner)s, 'member', '2020-01-01'),
    (%(managing)s, %(organisation)s, %(manager)s, 'manager', '2020-01-01');
"""


def found(stage: Stage) -> None:
    """What the guild has of it."""
    stage.owner(FOUND)


MATRIX: dict[str, dict[str, str]] = {
    #            owner learn stran instr other mngr  anon  admin super service
    "member_designations": {
        "select": "yes   yes   yes   yes   yes   yes   yes   yes   yes   yes",
        "insert": "42501 42501 42501 42501 42501 42501 42501 yes   yes   yes",
        "update": "-     -     -     -     -     -     42501 yes   yes   yes",
        "delete": "-     -     -     -     -     -     42501 yes   yes   yes",
    },
    "designation_holders": {
        "select": "yes   -     -     -     -     yes   42501 yes   yes   yes",
        "insert": "42501 42501 42501 42501 42501 42501 42501 yes   yes   yes",
        "update": "-     -     -     -     -     -     42501 yes   yes   yes",
        "delete": "-     -     -     -     -     -     42501 yes   yes   yes",
    },
    "organisations": {
        "select": "yes   -     -     -     -     yes   42501 yes   yes   yes",
        "insert": "42501 42501 42501 42501 42501 42501 42501 yes   yes   yes",
        "update": "-     -     -     -     -     -     42501 yes   yes   yes",
        "delete": "-     -     -     -     -     -     42501 yes   yes   yes",
    },
    "organisation_members": {
        "select": "yes   -     -     -     -     yes   42501 yes   yes   yes",
        "insert": "42501 42501 42501 42501 42501 42501 42501 yes   yes   yes",
        "update": "-     -     -     -     -     -     42501 yes   yes   yes",
        "delete": "-     -     -     -     -     -     42501 yes   yes   yes",
    },
    "organisation_members: of a manager": {
        "select": "-     -     -     -     -     yes   42501 yes   yes   yes",
        "insert": "42501 42501 42501 42501 42501 42501 42501 yes   yes   yes",
        "update": "-     -     -     -     -     -     42501 yes   yes   yes",
        "delete": "-     -     -     -     -     -     42501 yes   yes   yes",
    },
    "members": {
        "select": "yes   -     -     yes   -     yes   42501 yes   yes   yes",
        "insert": "55000 55000 55000 55000 55000 55000 55000 55000 55000 55000",
        "update": "55000 55000 55000 55000 55000 55000 55000 55000 55000 55000",
        "delete": "55000 55000 55000 55000 55000 55000 55000 55000 55000 55000",
    },
}


PROBES: dict[str, Probe] = {
    "member_designations": Probe(
        "a designation; one that nobody holds is removed",
        "id = %(designation)s",
        "(id, code, name) values (%(new)s, 'REBC', 'Registered Employee Benefits Consultant')",
        "id = %(new)s",
        ("active", "false"),
        "id = %(spare_designation)s",
    ),
    "designation_holders": Probe(
        "what the owner holds",
        "id = %(holding)s",
        "(id, member_id, designation_id, since) values (%(new)s, %(owner)s, %(spare_designation)s, '2021-01-01')",
        "id = %(new)s",
        ("until", "'2030-01-01'::date"),
    ),
    "organisations": Probe(
        "the owner's employer, which the manager manages; a part of it without people is removed",
        "id = %(organisation)s",
        "(id, kind, name, slug) values (%(new)s, 'partner', 'New', 'new')",
        "id = %(new)s",
        ("name", "'Changed'"),
        "id = %(spare_organisation)s",
    ),
    "organisation_members": Probe(
        "the owner's belonging to his employer; a new one puts a stranger under the manager's eyes",
        "id = %(belonging)s",
        "(id, organisation_id, member_id) values (%(new)s, %(organisation)s, %(stranger)s)",
        "id = %(new)s",
        ("role", "'manager'"),
    ),
    "organisation_members: of a manager": Probe(
        "who manages the owner's employer; a new one makes the learner a manager",
        "id = %(managing)s",
        "(id, organisation_id, member_id, role) values (%(new)s, %(organisation)s, %(learner)s, 'manager')",
        "id = %(new)s",
        ("role", "'member'"),
    ),
    "members": Probe(
        "the owner with his membership and designations",
        "id = %(owner)s",
        "(id, first_name) values (%(new)s, 'New')",
        "id = %(new)s",
        ("engagement_score", "100"),
    ),
}


SECOND_LINES: dict[str, str] = dict.fromkeys(
    ("member_designations", "designation_holders", "organisations", "organisation_members"),
    "asks for an administrator, as its using does",
)


FUNCTIONS: dict[str, str] = {
    "private.engagement_score": "authenticated service_role",
    "private.my_managed_enrollment_ids": "authenticated service_role",
    "private.my_managed_member_ids": "authenticated service_role",
    "private.my_managed_organisation_ids": "authenticated service_role",
    "private.my_organisation_ids": "authenticated service_role",
    "public.end_organisation_membership": "authenticated",
}


AREA = Area(
    things=THINGS,
    found=found,
    matrix=MATRIX,
    probes=PROBES,
    second_lines=SECOND_LINES,
    functions=FUNCTIONS,
    wholly_writable=("member_designations", "designation_holders", "organisations", "organisation_members"),
)
