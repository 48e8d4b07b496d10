"""SCORM packages as they are played: launches, calls, saved states."""

from __future__ import annotations

from collegium.access.area import Area, Probe
from collegium.access.stage import Stage

FOUND = """
insert into public.scorm_calls (scorm_enrollment_id, attempt_id, commit_seq, sco, calls)
values (%(scorm_enrollment)s, %(scorm_attempt)s, 1, 'SCO-1', '[{"t":1,"fn":"LMSInitialize"}]');
insert into public.scorm_states (attempt_id, scorm_enrollment_id, state)
values (%(scorm_attempt)s, %(scorm_enrollment)s, '{"current":"SCO-1"}');
insert into public.scorm_attempts (id, scorm_enrollment_id, attempt_number, mode, credit)
values (%(review_attempt)s, %(scorm_enrollment)s, 1, 'browse', false);
"""


def found(stage: Stage) -> None:
    """What the guild has of it."""
    stage.owner(FOUND)


MATRIX: dict[str, dict[str, str]] = {
    #            owner learn stran instr other mngr  anon  admin super service
    "scorm_calls": {
        "select": "yes   -     -     yes   -     yes   42501 yes   yes   yes",
        "insert": "42501 42501 42501 42501 42501 42501 42501 42501 42501 yes",
        "update": "42501 42501 42501 42501 42501 42501 42501 42501 42501 42501",
        "delete": "42501 42501 42501 42501 42501 42501 42501 42501 42501 42501",
    },
    "scorm_calls_default": {
        "select": "42501 42501 42501 42501 42501 42501 42501 42501 42501 42501",
        "insert": "42501 42501 42501 42501 42501 42501 42501 42501 42501 42501",
        "update": "42501 42501 42501 42501 42501 42501 42501 42501 42501 42501",
        "delete": "42501 42501 42501 42501 42501 42501 42501 42501 42501 42501",
    },
    "scorm_states": {
        "select": "yes   -     -     yes   -     yes   42501 yes   yes   yes",
        "insert": "42501 42501 42501 42501 42501 42501 42501 42501 42501 yes",
        "update": "42501 42501 42501 42501 42501 42501 42501 42501 42501 yes",
        "delete": "42501 42501 42501 42501 42501 42501 42501 42501 42501 42501",
    },
}

CALLED = Probe(
    "what the owner's package called",
    "attempt_id = %(scorm_attempt)s and commit_seq = 1",
    "(scorm_enrollment_id, attempt_id, commit_seq, calls) values (%(scorm_enrollment)s, %(scorm_attempt)s, 2, '[]')",
    "attempt_id = %(scorm_attempt)s and commit_seq = 2",
    ("calls", "'[]'"),
    first="attempt_id",
)
PROBES: dict[str, Probe] = {
    "scorm_calls": CALLED,
    "scorm_calls_default": CALLED,
    "scorm_states": Probe(
        "what the sequencer of the owner's attempt remembers",
        "attempt_id = %(scorm_attempt)s",
        "(attempt_id, scorm_enrollment_id, state) values (%(review_attempt)s, %(scorm_enrollment)s, '{}')",
        "attempt_id = %(review_attempt)s",
        ("state", "'{}'"),
        first="attempt_id",
    ),
}
FUNCTIONS: dict[str, str] = {
    "private.record_scorm_commits": "service_role",
    "public.preview_scorm_package": "authenticated",
    "public.renew_scorm_player": "authenticated",
    "public.scorm_parts": "authenticated",
}


AREA = Area(things=("review_attempt",), found=found, matrix=MATRIX, probes=PROBES, functions=FUNCTIONS)
