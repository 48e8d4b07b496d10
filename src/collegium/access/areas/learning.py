"""Learning records: purchases, enrollments, progress, certificates."""

from __future__ import annotations

from collegium.access.area import Area, Probe
from collegium.access.stage import Stage

THINGS = (
    "enrollment",
    "learner_enrollment",
    "short_enrollment",
    "other_enrollment",
    "progress",
    "learner_progress",
    "certificate",
    "transaction",
)


RECORDS = """
insert into public.transactions
    (id, member_id, course_id, transaction_type, amount, status, completed_at, price, list_price, price_rule)
values (%(transaction)s, %(owner)s, %(other_course)s, 'course_purchase', 80, 'completed', now(), 80, 80,
    '{"rule": "agreed", "on": "2026-01-01"}');
insert into public.enrollments (id, course_id, member_id) values
    (%(enrollment)s, %(course)s, %(owner)s), (%(learner_enrollment)s, %(course)s, %(learner)s),
    (%(short_enrollment)s, %(short)s, %(owner)s);
insert into public.enrollments (id, course_id, member_id, enrollment_source)
values (%(other_enrollment)s, %(other_course)s, %(learner)s, 'admin_assignment');
"""

# The owner has begun the course and completed the short one; the learner also takes the other instructor's.
BEGUN = """
update public.lesson_progress set id = %(progress)s where enrollment_id = %(enrollment)s;
update public.lesson_progress set id = %(learner_progress)s where enrollment_id = %(learner_enrollment)s;
select private.complete_lesson(%(short_enrollment)s, %(short_lesson)s);
update public.certificates set id = %(certificate)s where enrollment_id = %(short_enrollment)s;
"""


def found(stage: Stage) -> None:
    """What the guild has of it."""
    stage.owner(RECORDS)
    for who in ("owner", "learner"):
        stage.act(who, "select public.open_playback(%(welcome_video)s)")
    stage.owner(BEGUN)


MATRIX: dict[str, dict[str, str]] = {
    #            owner learn stran instr other mngr  anon  admin super service
    "transactions": {
        "select": "yes   -     -     -     -     -     42501 yes   yes   yes",
        "insert": "42501 42501 42501 42501 42501 42501 42501 42501 42501 yes",
        "update": "42501 42501 42501 42501 42501 42501 42501 42501 42501 yes",
        "delete": "42501 42501 42501 42501 42501 42501 42501 42501 42501 42501",
    },
    "enrollments": {
        "select": "yes   -     -     yes   -     yes   42501 yes   yes   yes",
        "insert": "yes   CG403 CG403 CG403 CG403 CG403 42501 CG403 CG403 yes",
        "update": "42501 42501 42501 42501 42501 42501 42501 42501 42501 yes",
        "delete": "42501 42501 42501 42501 42501 42501 42501 42501 42501 yes",
    },
    "enrollments: own": {
        "select": "-     yes   -     yes   -     -     42501 yes   yes   yes",
        "insert": "CG403 CG403 CG403 CG403 CG403 CG403 42501 CG403 CG403 CG403",
        "update": "42501 42501 42501 42501 42501 42501 42501 42501 42501 yes",
        "delete": "42501 42501 42501 42501 42501 42501 42501 42501 42501 yes",
    },
    "lesson_progress": {
        "select": "yes   -     -     yes   -     yes   42501 yes   yes   yes",
        "insert": "42501 42501 42501 42501 42501 42501 42501 42501 42501 yes",
        "update": "42501 42501 42501 42501 42501 42501 42501 42501 42501 yes",
        "delete": "42501 42501 42501 42501 42501 42501 42501 42501 42501 yes",
    },
    "certificates": {
        "select": "yes   -     -     yes   -     yes   42501 yes   yes   yes",
        "insert": "42501 42501 42501 42501 42501 42501 42501 42501 42501 yes",
        "update": "42501 42501 42501 42501 42501 42501 42501 42501 42501 yes",
        "delete": "42501 42501 42501 42501 42501 42501 42501 42501 42501 42501",
    },
    "enrollment_details": {
        "select": "yes   -     -     yes   -     yes   42501 yes   yes   yes",
        "insert": "55000 55000 55000 55000 55000 55000 55000 55000 55000 55000",
        "update": "55000 55000 55000 55000 55000 55000 55000 55000 55000 55000",
        "delete": "55000 55000 55000 55000 55000 55000 55000 55000 55000 55000",
    },
}


PROBES: dict[str, Probe] = {
    "transactions": Probe(
        "the owner's purchase",
        "id = %(transaction)s",
        "(id, member_id, course_id, transaction_type, amount, status, completed_at)"
        " values (%(new)s, %(owner)s, %(paid)s, 'course_purchase', 0, 'completed', now())",
        "id = %(new)s",
        ("description", "'Changed'"),
    ),
    "enrollments": Probe(
        "the owner's enrollment; a new one is the owner's in an open course",
        "id = %(enrollment)s",
        "(course_id, member_id) values (%(open)s, %(owner)s)",
        "course_id = %(open)s and member_id = %(owner)s",
        ("status", "'suspended'"),
    ),
    "enrollments: own": Probe(
        "the learner's enrollment; a new one is in a paid course",
        "id = %(learner_enrollment)s",
        "(course_id, member_id) values (%(paid)s, %(learner)s)",
        "course_id = %(paid)s and member_id = %(learner)s",
        ("final_grade", "100"),
    ),
    "lesson_progress": Probe(
        "where the owner stands in a lesson",
        "id = %(progress)s",
        "(id, enrollment_id, lesson_id, course_id, status, completed_at)"
        " values (%(new)s, %(enrollment)s, %(reading)s, %(course)s, 'completed', now())",
        "id = %(new)s",
        ("started_at", "'2020-01-01'::timestamptz"),
    ),
    "certificates": Probe(
        "the owner's certificate; a new one is for the course that is not complete",
        "id = %(certificate)s",
        "(id, number, enrollment_id, member_id, course_id, holder_name, course_title, ce_credits, completed_at)"
        " values (%(new)s, 'CERT-2026-AAAAAAAA', %(enrollment)s, %(owner)s, %(course)s, 'O', 'R', 1, now())",
        "id = %(new)s",
        ("holder_name", "'Somebody Else'"),
    ),
    "enrollment_details": Probe(
        "the owner's enrollment with what follows from it",
        "id = %(enrollment)s",
        "(course_id, member_id) values (%(open)s, %(owner)s)",
        "course_id = %(open)s and member_id = %(owner)s",
        ("lessons_completed", "3"),
    ),
}


SECOND_LINES: dict[str, str] = {
    "enrollments": "the rule for enrolling refuses earlier, with words",
}


WRITABLE: dict[tuple[str, str], str] = {
    ("enrollments", "insert"): "course_id member_id",
}


FUNCTIONS: dict[str, str] = {
    "private.complete_enrollment_when_met": "service_role",
    "private.complete_lesson": "service_role",
    "private.completion_requirements": "service_role",
    "private.lesson_locks": "service_role",
    "private.my_enrolled_course_ids": "authenticated service_role",
    "private.my_enrollment_ids": "authenticated service_role",
    "private.my_open_lesson_ids": "authenticated service_role",
    "private.my_student_ids": "authenticated service_role",
    "private.my_taught_course_ids": "authenticated service_role",
    "public.completion_requirements": "authenticated",
    "public.drop_enrollment": "authenticated",
    "public.enrol": "authenticated",
    "public.mark_lesson_complete": "authenticated",
    "public.my_lesson_locks": "authenticated service_role",
    "public.revoke_certificate": "authenticated",
    "public.verify_certificate": "anon authenticated service_role",
    "public.visit_lesson": "authenticated",
}


AREA = Area(
    things=THINGS,
    found=found,
    matrix=MATRIX,
    probes=PROBES,
    second_lines=SECOND_LINES,
    writable=WRITABLE,
    functions=FUNCTIONS,
)
