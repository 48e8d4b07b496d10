"""What SCORM packages share about a learner: global objectives and stores of data."""

from __future__ import annotations

from collegium.access.area import Area, Probe
from collegium.access.stage import Stage

FOUND = """
insert into public.scorm_global_objectives (member_id, target_id, satisfied, scorm_enrollment_id)
values (%(owner)s, 'org.guild.known', true, %(scorm_enrollment)s);
insert into public.scorm_shared_data (member_id, target_id, value, scorm_enrollment_id)
values (%(owner)s, 'org.guild.store', 'kept', %(scorm_enrollment)s);
"""


def found(stage: Stage) -> None:
    """What the guild has of it."""
    stage.owner(FOUND)


MATRIX: dict[str, dict[str, str]] = {
    #            owner learn stran instr other mngr  anon  admin super service
    "scorm_global_objectives": {
        "select": "yes   -     -     -     -     -     42501 yes   yes   yes",
        "insert": "42501 42501 42501 42501 42501 42501 42501 42501 42501 42501",
        "update": "42501 42501 42501 42501 42501 42501 42501 42501 42501 42501",
        "delete": "42501 42501 42501 42501 42501 42501 42501 42501 42501 42501",
    },
    "scorm_shared_data": {
        "select": "yes   -     -     -     -     -     42501 yes   yes   yes",
        "insert": "42501 42501 42501 42501 42501 42501 42501 42501 42501 42501",
        "update": "42501 42501 42501 42501 42501 42501 42501 42501 42501 42501",
        "delete": "42501 42501 42501 42501 42501 42501 42501 42501 42501 42501",
    },
}

PROBES: dict[str, Probe] = {
    "scorm_global_objectives": Probe(
        "an objective that the owner's packages share",
        "target_id = 'org.guild.known'",
        "(member_id, target_id, satisfied) values (%(owner)s, 'org.guild.probe', true)",
        "target_id = 'org.guild.probe'",
        ("satisfied", "false"),
        first="target_id",
    ),
    "scorm_shared_data": Probe(
        "a store that the owner's packages share",
        "target_id = 'org.guild.store'",
        "(member_id, target_id, value) values (%(owner)s, 'org.guild.probe', 'x')",
        "target_id = 'org.guild.probe'",
        ("value", "'other'"),
        first="target_id",
    ),
}

FUNCTIONS: dict[str, str] = {
    "private.scorm_shared_state": "service_role",
    "private.share_scorm_state": "service_role",
}


AREA = Area(things=(), found=found, matrix=MATRIX, probes=PROBES, functions=FUNCTIONS)
