"""Reports on SCORM packages, and corrections of their results."""

from __future__ import annotations

from collegium.access.area import Area, Probe
from collegium.access.stage import Stage

ROWS = """
insert into public.scorm_rescores
    (id, attempt_id, scorm_enrollment_id, course_id, was_completion, was_success, to_success, reason, proposed_by,
     state, decided_by, decided_at, words)
values (%(rescore)s, %(scorm_attempt)s, %(scorm_enrollment)s, %(short)s, 'unknown', 'unknown', 'passed',
    'It never says passed.', %(instructor)s, 'declined', %(admin)s, now(), 'It does.')
"""


def found(stage: Stage) -> None:
    """What the guild has of it."""
    stage.owner(ROWS)


MATRIX: dict[str, dict[str, str]] = {
    #            owner learn stran instr other mngr  anon  admin super service
    "scorm_rescores": {
        "select": "-     -     -     yes   -     -     42501 yes   yes   yes",
        "insert": "42501 42501 42501 42501 42501 42501 42501 42501 42501 42501",
        "update": "42501 42501 42501 42501 42501 42501 42501 42501 42501 42501",
        "delete": "42501 42501 42501 42501 42501 42501 42501 42501 42501 42501",
    },
}


PROBES: dict[str, Probe] = {
    "scorm_rescores": Probe(
        "a correction of the owner's attempt that the instructor proposed",
        "id = %(rescore)s",
        "(id, attempt_id, scorm_enrollment_id, was_completion, was_success, to_score, reason)"
        " values (%(new)s, %(scorm_attempt)s, %(scorm_enrollment)s, 'unknown', 'unknown', 90, 'Because I say so.')",
        "id = %(new)s",
        ("state", "'approved'"),
    ),
}


FUNCTIONS: dict[str, str] = {
    "public.decide_scorm_rescore": "authenticated",
    "public.propose_scorm_rescore": "authenticated",
    "public.scorm_objectives": "authenticated",
    "public.scorm_questions": "authenticated",
    "public.withdraw_scorm_rescore": "authenticated",
}


AREA = Area(things=("rescore",), found=found, matrix=MATRIX, probes=PROBES, functions=FUNCTIONS)
