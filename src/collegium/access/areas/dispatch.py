"""Packages that partners play here, and AICC sessions."""

from __future__ import annotations

from collegium.access.area import Area, Probe
from collegium.access.stage import Stage

FOUND = """
insert into public.aicc_sessions (id, scorm_enrollment_id, attempt_id, player, sid, sco)
values (%(aicc_session)s, %(scorm_enrollment)s, %(scorm_attempt)s, gen_random_uuid(), 'QTE.1', 'SCO-1');
"""


def found(stage: Stage) -> None:
    """What the guild has of it."""
    stage.owner(FOUND)


MATRIX: dict[str, dict[str, str]] = {
    #            owner learn stran instr other mngr  anon  admin super service
    "aicc_sessions": {
        "select": "yes   -     -     yes   -     yes   42501 yes   yes   yes",
        "insert": "42501 42501 42501 42501 42501 42501 42501 42501 42501 yes",
        "update": "42501 42501 42501 42501 42501 42501 42501 42501 42501 yes",
        "delete": "42501 42501 42501 42501 42501 42501 42501 42501 42501 42501",
    },
}
PROBES: dict[str, Probe] = {
    "aicc_sessions": Probe(
        "the visit of a unit by the owner",
        "id = %(aicc_session)s",
        "(scorm_enrollment_id, attempt_id, player, sid, sco)"
        " values (%(scorm_enrollment)s, %(scorm_attempt)s, gen_random_uuid(), 'QTE.probe', 'SCO-1')",
        "sid = 'QTE.probe'",
        ("calls", "7"),
    ),
}
FUNCTIONS: dict[str, str] = {"private.open_hacp": "service_role", "private.record_hacp": "service_role"}

AREA = Area(
    things=("aicc_session",),
    found=found,
    matrix=MATRIX,
    probes=PROBES,
    unreadable={"aicc_sessions": "player"},
    functions=FUNCTIONS,
)
