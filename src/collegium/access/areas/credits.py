"""Continuing-education credit."""

from __future__ import annotations

from collegium.access.area import Area, Probe
from collegium.access.stage import Stage

THINGS = (
    "credit_type",
    "spare_credit_type",
    "credit_rule",
    "spare_credit_rule",
    "default_credit_rule",
    "credit",
    "cycle",
    "requirement",
)

# Completing the short course earns two credits of a state's kind; the owner has completed it and needs ten.
FOUND = """
insert into public.credit_types (id, code, name, unit, authority, rounding_step) values
    (%(credit_type)s, 'STATE', 'State credit', 'hour', 'Department of Insurance', 0.5),
    (%(spare_credit_type)s, 'SPARE', 'Spare', 'hour', 'Nobody', 1);
insert into public.credit_rules (id, credit_type_id, course_id, amount, valid_from) values
    (%(credit_rule)s, %(credit_type)s, %(short)s, 2, '-infinity'),
    (%(spare_credit_rule)s, %(credit_type)s, %(paid)s, 2, '-infinity');
insert into public.credit_rules (id, credit_type_id, live_session_id, basis, amount, cap)
values (default, %(credit_type)s, %(live_now)s, 'attendance_minutes', 1, 4);
update public.courses set ce_credits = 3 where id = %(paid)s;
update public.credit_rules set id = %(default_credit_rule)s where course_id = %(paid)s and source = 'course_default';
select private.award_enrollment_credits(%(short_enrollment)s);
update public.credit_awards set id = %(credit)s where enrollment_id = %(short_enrollment)s;
insert into public.renewal_cycles (id, member_id, designation_id, since, until)
values (%(cycle)s, %(owner)s, %(designation)s, '2026-01-01', '2028-01-01');
insert into public.renewal_requirements (id, cycle_id, credit_type_id, required, carried_over, max_carry_over)
values (%(requirement)s, %(cycle)s, %(credit_type)s, 10, 1, 2);
"""


def found(stage: Stage) -> None:
    """What the guild has of it."""
    stage.owner(FOUND)


MATRIX: dict[str, dict[str, str]] = {
    #            owner learn stran instr other mngr  anon  admin super service
    "credit_types": {
        "select": "yes   yes   yes   yes   yes   yes   yes   yes   yes   yes",
        "insert": "42501 42501 42501 42501 42501 42501 42501 yes   yes   yes",
        "update": "-     -     -     -     -     -     42501 yes   yes   yes",
        "delete": "-     -     -     -     -     -     42501 yes   yes   yes",
    },
    "credit_rules": {
        "select": "yes   yes   yes   yes   yes   yes   42501 yes   yes   yes",
        "insert": "42501 42501 42501 42501 42501 42501 42501 yes   yes   42501",
        "update": "-     -     -     -     -     -     42501 yes   yes   42501",
        "delete": "-     -     -     -     -     -     42501 yes   yes   42501",
    },
    "credit_rules: of ce_credits": {
        "select": "yes   yes   yes   yes   yes   yes   42501 yes   yes   yes",
        "insert": "42501 42501 42501 42501 42501 42501 42501 42501 42501 42501",
        "update": "-     -     -     -     -     -     42501 -     -     42501",
        "delete": "-     -     -     -     -     -     42501 -     -     42501",
    },
    "credit_awards": {
        "select": "yes   -     -     yes   -     yes   42501 yes   yes   yes",
        "insert": "42501 42501 42501 42501 42501 42501 42501 42501 42501 42501",
        "update": "42501 42501 42501 42501 42501 42501 42501 42501 42501 42501",
        "delete": "42501 42501 42501 42501 42501 42501 42501 42501 42501 42501",
    },
    "renewal_cycles": {
        "select": "yes   -     -     -     -     yes   42501 yes   yes   yes",
        "insert": "42501 42501 42501 42501 42501 42501 42501 yes   yes   yes",
        "update": "-     -     -     -     -     -     42501 yes   yes   yes",
        "delete": "-     -     -     -     -     -     42501 yes   yes   yes",
    },
    "renewal_requirements": {
        "select": "yes   -     -     -     -     yes   42501 yes   yes   yes",
        "insert": "42501 42501 42501 42501 42501 42501 42501 yes   yes   yes",
        "update": "-     -     -     -     -     -     42501 yes   yes   yes",
        "delete": "-     -     -     -     -     -     42501 yes   yes   yes",
    },
    "renewal_status": {
        "select": "yes   -     -     -     -     yes   42501 yes   yes   yes",
        "insert": "55000 55000 55000 55000 55000 55000 55000 55000 55000 55000",
        "update": "55000 55000 55000 55000 55000 55000 55000 55000 55000 55000",
        "delete": "55000 55000 55000 55000 55000 55000 55000 55000 55000 55000",
    },
}


PROBES: dict[str, Probe] = {
    "credit_types": Probe(
        "a state's kind of credit; one that nothing uses is removed",
        "id = %(credit_type)s",
        "(id, code, name) values (%(new)s, 'NEW', 'New')",
        "id = %(new)s",
        ("rounding_step", "1"),
        delete="id = %(spare_credit_type)s",
    ),
    "credit_rules": Probe(
        "two credits for the short course; the rule of the paid one gave nothing yet and is removed",
        "id = %(credit_rule)s",
        "(id, credit_type_id, course_id, amount) values (%(new)s, %(credit_type)s, %(course)s, 5)",
        "id = %(new)s",
        ("valid_until", "now() + interval '1 day'"),
        delete="id = %(spare_credit_rule)s",
    ),
    "credit_rules: of ce_credits": Probe(
        "the rule that the paid course's ce_credits made",
        "id = %(default_credit_rule)s",
        "(id, credit_type_id, course_id, source, amount) values (%(new)s, %(credit_type)s, %(course)s, 'course_default', 5)",
        "id = %(new)s",
        ("valid_until", "now() + interval '1 day'"),
    ),
    "credit_awards": Probe(
        "what the owner was given for the short course",
        "id = %(credit)s",
        "(id, member_id, credit_type_id, amount, earned_on, rule_id, course_id, enrollment_id, figures, arithmetic)"
        " values (%(new)s, %(owner)s, %(credit_type)s, 9, '2026-01-01', %(credit_rule)s, %(course)s, %(enrollment)s, '{}', '9')",
        "id = %(new)s",
        ("amount", "9"),
    ),
    "renewal_cycles": Probe(
        "the owner's cycle; a new one is the one after it",
        "id = %(cycle)s",
        "(id, member_id, designation_id, since, until) values (%(new)s, %(owner)s, %(designation)s, '2028-01-01', '2030-01-01')",
        "id = %(new)s",
        ("until", "'2027-01-01'::date"),
    ),
    "renewal_requirements": Probe(
        "what the owner's cycle asks for; a new one is of another kind",
        "id = %(requirement)s",
        "(id, cycle_id, credit_type_id, required) values (%(new)s, %(cycle)s, %(spare_credit_type)s, 1)",
        "id = %(new)s",
        ("required", "1"),
    ),
    "renewal_status": Probe(
        "where the owner stands in his cycle",
        "id = %(requirement)s",
        "(cycle_id, required) values (%(cycle)s, 1)",
        "id = %(new)s",
        ("earned", "10"),
    ),
}


WRITABLE: dict[tuple[str, str], str] = {
    ("credit_rules", "insert"): (
        "id credit_type_id course_id live_session_id program_id basis amount cap minimum_minutes minimum_score valid_from valid_until"
        " replaces note"
    ),
    ("credit_rules", "update"): "valid_until",
}


FUNCTIONS: dict[str, str] = {
    "private.credit_of": "service_role",
    "private.round_credit": "service_role",
    "public.explain_credit": "authenticated",
    "public.reverse_credit": "authenticated",
    "public.start_next_renewal_cycle": "authenticated",
}


AREA = Area(
    things=THINGS,
    found=found,
    matrix=MATRIX,
    probes=PROBES,
    writable=WRITABLE,
    functions=FUNCTIONS,
    wholly_writable=("credit_types", "renewal_cycles", "renewal_requirements"),
)
