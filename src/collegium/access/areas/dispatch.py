"""Packages that partners play here, and AICC sessions."""

from __future__ import annotations

from collegium.access.area import Area, Probe
from collegium.access.stage import Stage

THINGS = ("dispatch", "dispatch_registration", "second_dispatch_registration", "dispatch_enrollment", "aicc_session")

FOUND = """
insert into public.aicc_sessions (id, scorm_enrollment_id, attempt_id, player, sid, sco)
values (%(aicc_session)s, %(scorm_enrollment)s, %(scorm_attempt)s, gen_random_uuid(), 'QTE.1', 'SCO-1');
insert into public.scorm_dispatches (id, scorm_package_id, partner, registrations)
values (%(dispatch)s, %(package)s, 'Harbour college', 2);
insert into public.scorm_dispatch_registrations (id, scorm_dispatch_id, student, number) values
    (%(dispatch_registration)s, %(dispatch)s, sha256('one'), 1),
    (%(second_dispatch_registration)s, %(dispatch)s, sha256('two'), 1);
insert into public.scorm_enrollments (id, scorm_package_id, dispatch_registration_id)
values (%(dispatch_enrollment)s, %(package)s, %(dispatch_registration)s);
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
    "scorm_dispatches": {
        "select": "-     -     -     yes   -     -     42501 yes   yes   yes",
        "insert": "42501 42501 42501 yes   42501 42501 42501 yes   yes   yes",
        "update": "42501 42501 42501 42501 42501 42501 42501 42501 42501 yes",
        "delete": "42501 42501 42501 42501 42501 42501 42501 42501 42501 42501",
    },
    "scorm_dispatch_registrations": {
        "select": "-     -     -     yes   -     -     42501 yes   yes   yes",
        "insert": "42501 42501 42501 42501 42501 42501 42501 42501 42501 yes",
        "update": "42501 42501 42501 42501 42501 42501 42501 42501 42501 yes",
        "delete": "42501 42501 42501 42501 42501 42501 42501 42501 42501 42501",
    },
    "scorm_enrollments: of a partner's learner": {
        "select": "-     -     -     yes   -     -     42501 yes   yes   yes",
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
    "scorm_dispatches": Probe(
        "the instructor's package given to a partner",
        "id = %(dispatch)s",
        "(scorm_package_id, partner) values (%(package)s, 'Night school')",
        "partner = 'Night school'",
        ("partner", "'Day school'"),
    ),
    "scorm_dispatch_registrations": Probe(
        "a learner of that partner",
        "id = %(dispatch_registration)s",
        "(scorm_dispatch_id, student, number) values (%(dispatch)s, sha256('three'), 1)",
        "student = sha256('three')",
        ("launches", "7"),
    ),
    "scorm_enrollments: of a partner's learner": Probe(
        "what that learner did",
        "id = %(dispatch_enrollment)s",
        "(scorm_package_id, dispatch_registration_id) values (%(package)s, %(second_dispatch_registration)s)",
        "dispatch_registration_id = %(second_dispatch_registration)s",
        ("completion_status", "'completed'"),
    ),
}

WRITABLE: dict[tuple[str, str], str] = {
    ("scorm_dispatches", "insert"): "id scorm_package_id partner note max_registrations max_launches expires_at",
}

FUNCTIONS: dict[str, str] = {
    "private.open_hacp": "service_role",
    "private.record_hacp": "service_role",
    "private.my_dispatch_registration_ids": "authenticated service_role",
    "private.my_own_scorm_package_ids": "authenticated service_role",
    "private.my_scorm_dispatch_ids": "authenticated service_role",
    "private.open_scorm_dispatch": "service_role",
    "public.change_scorm_dispatch": "authenticated",
    "public.revoke_scorm_dispatch": "authenticated",
}


AREA = Area(
    things=THINGS,
    found=found,
    matrix=MATRIX,
    probes=PROBES,
    writable=WRITABLE,
    unreadable={"aicc_sessions": "player"},
    functions=FUNCTIONS,
)
