"""Partner learning systems, their courses, and what our people did there."""

from __future__ import annotations

from collegium.access.area import Area, Probe
from collegium.access.stage import Stage

THINGS = (
    "partner",
    "spare_partner",
    "former_partner",
    "partner_course",
    "spare_partner_course",
    "former_partner_course",
    "mapping",
    "former_mapping",
    "partner_enrollment",
    "partner_module",
    "sync",
    "partner_credential",
)

FOUND = """
insert into public.partner_lms_providers (id, name, slug, base_url, credentials_ref, is_active) values
    (%(partner)s, 'Partner', 'partner', 'https://partner.example', 'partners.partner', true),
    (%(spare_partner)s, 'Spare', 'spare', 'https://spare.example', null, true),
    (%(former_partner)s, 'Former', 'former', 'https://former.example', null, false);
insert into public.partner_courses (id, provider_id, external_id, course_name, is_active) values
    (%(partner_course)s, %(partner)s, 'c-1', 'Ethics elsewhere', true),
    (%(spare_partner_course)s, %(partner)s, 'c-2', 'Spare elsewhere', true),
    (%(former_partner_course)s, %(former_partner)s, 'c-1', 'Former elsewhere', false);
insert into public.partner_course_mappings (id, partner_course_id, internal_course_id, is_active) values
    (%(mapping)s, %(partner_course)s, %(course)s, true),
    (%(former_mapping)s, %(partner_course)s, %(short)s, false);
insert into public.partner_lms_enrollments (id, member_id, partner_course_id, external_id)
values (%(partner_enrollment)s, %(owner)s, %(partner_course)s, 'e-1');
insert into public.external_module_progress (id, partner_enrollment_id, module_id, status, progress)
values (%(partner_module)s, %(partner_enrollment)s, 'm-1', 'in_progress', 40);
insert into public.lms_sync_log (id, provider_id, sync_type) values (%(sync)s, %(partner)s, 'progress');
insert into public.partner_credentials (id, member_id, provider_id, partner_enrollment_id, external_id, credential_name, issued_date)
values (%(partner_credential)s, %(owner)s, %(partner)s, %(partner_enrollment)s, 'k-1', 'Ethics', '2026-01-01');
"""


def found(stage: Stage) -> None:
    """What the guild has of it."""
    stage.owner(FOUND)


MATRIX: dict[str, dict[str, str]] = {
    #            owner learn stran instr other mngr  anon  admin super service
    "partner_lms_providers": {
        "select": "yes   yes   yes   yes   yes   yes   42501 yes   yes   yes",
        "insert": "42501 42501 42501 42501 42501 42501 42501 yes   yes   yes",
        "update": "-     -     -     -     -     -     42501 yes   yes   yes",
        "delete": "42501 42501 42501 42501 42501 42501 42501 42501 42501 yes",
    },
    "partner_lms_providers: switched off": {
        "select": "-     -     -     -     -     -     42501 yes   yes   yes",
        "insert": "42501 42501 42501 42501 42501 42501 42501 yes   yes   yes",
        "update": "-     -     -     -     -     -     42501 yes   yes   yes",
        "delete": "42501 42501 42501 42501 42501 42501 42501 42501 42501 yes",
    },
    "partner_courses": {
        "select": "yes   yes   yes   yes   yes   yes   42501 yes   yes   yes",
        "insert": "42501 42501 42501 42501 42501 42501 42501 yes   yes   yes",
        "update": "-     -     -     -     -     -     42501 yes   yes   yes",
        "delete": "42501 42501 42501 42501 42501 42501 42501 42501 42501 yes",
    },
    "partner_courses: switched off": {
        "select": "-     -     -     -     -     -     42501 yes   yes   yes",
        "insert": "42501 42501 42501 42501 42501 42501 42501 yes   yes   yes",
        "update": "-     -     -     -     -     -     42501 yes   yes   yes",
        "delete": "42501 42501 42501 42501 42501 42501 42501 42501 42501 yes",
    },
    "partner_course_mappings": {
        "select": "yes   yes   yes   yes   yes   yes   42501 yes   yes   yes",
        "insert": "42501 42501 42501 42501 42501 42501 42501 yes   yes   yes",
        "update": "-     -     -     -     -     -     42501 yes   yes   yes",
        "delete": "-     -     -     -     -     -     42501 yes   yes   yes",
    },
    "partner_course_mappings: switched off": {
        "select": "-     -     -     -     -     -     42501 yes   yes   yes",
        "insert": "42501 42501 42501 42501 42501 42501 42501 yes   yes   yes",
        "update": "-     -     -     -     -     -     42501 yes   yes   yes",
        "delete": "-     -     -     -     -     -     42501 yes   yes   yes",
    },
    "partner_lms_enrollments": {
        "select": "yes   -     -     -     -     yes   42501 yes   yes   yes",
        "insert": "42501 42501 42501 42501 42501 42501 42501 42501 42501 yes",
        "update": "42501 42501 42501 42501 42501 42501 42501 42501 42501 yes",
        "delete": "42501 42501 42501 42501 42501 42501 42501 42501 42501 42501",
    },
    "external_module_progress": {
        "select": "yes   -     -     -     -     yes   42501 yes   yes   yes",
        "insert": "42501 42501 42501 42501 42501 42501 42501 42501 42501 yes",
        "update": "42501 42501 42501 42501 42501 42501 42501 42501 42501 yes",
        "delete": "42501 42501 42501 42501 42501 42501 42501 42501 42501 yes",
    },
    "lms_sync_log": {
        "select": "-     -     -     -     -     -     42501 yes   yes   yes",
        "insert": "42501 42501 42501 42501 42501 42501 42501 42501 42501 yes",
        "update": "42501 42501 42501 42501 42501 42501 42501 42501 42501 yes",
        "delete": "42501 42501 42501 42501 42501 42501 42501 42501 42501 42501",
    },
    "partner_credentials": {
        "select": "yes   -     -     -     -     yes   42501 yes   yes   yes",
        "insert": "42501 42501 42501 42501 42501 42501 42501 42501 42501 yes",
        "update": "42501 42501 42501 42501 42501 42501 42501 42501 42501 yes",
        "delete": "42501 42501 42501 42501 42501 42501 42501 42501 42501 42501",
    },
    "partner_enrollment_summary": {
        "select": "yes   -     -     -     -     yes   42501 yes   yes   yes",
        "insert": "55000 55000 55000 55000 55000 55000 55000 55000 55000 55000",
        "update": "55000 55000 55000 55000 55000 55000 55000 55000 55000 55000",
        "delete": "55000 55000 55000 55000 55000 55000 55000 55000 55000 55000",
    },
}


PROBES: dict[str, Probe] = {
    "partner_lms_providers": Probe(
        "a partner; a new one is added; the spare one is removed",
        "id = %(partner)s",
        "(id, name, slug, base_url, credentials_ref) values (%(new)s, 'New', 'new', 'https://new.example', 'new.key')",
        "id = %(new)s",
        ("name", "'Renamed'"),
        "id = %(spare_partner)s",
    ),
    "partner_lms_providers: switched off": Probe(
        "a partner that is not used any more; a new one is not used yet; the spare one is removed",
        "id = %(former_partner)s",
        "(id, name, slug, base_url, is_active) values (%(new)s, 'New', 'new', 'https://new.example', false)",
        "id = %(new)s",
        ("is_active", "true"),
        "id = %(spare_partner)s",
    ),
    "partner_courses": Probe(
        "a partner's course; a new one is added; the spare one is removed",
        "id = %(partner_course)s",
        "(id, provider_id, external_id, course_name) values (%(new)s, %(partner)s, 'c-9', 'New')",
        "id = %(new)s",
        ("course_name", "'Renamed'"),
        "id = %(spare_partner_course)s",
    ),
    "partner_courses: switched off": Probe(
        "a partner's course that is not offered any more",
        "id = %(former_partner_course)s",
        "(id, provider_id, external_id, course_name, is_active) values (%(new)s, %(partner)s, 'c-9', 'New', false)",
        "id = %(new)s",
        ("is_active", "true"),
    ),
    "partner_course_mappings": Probe(
        "what a partner's course is to one of ours",
        "id = %(mapping)s",
        "(id, partner_course_id, scorm_package_id) values (%(new)s, %(partner_course)s, %(package)s)",
        "id = %(new)s",
        ("grants_completion", "true"),
    ),
    "partner_course_mappings: switched off": Probe(
        "a mapping that does not hold any more",
        "id = %(former_mapping)s",
        "(id, partner_course_id, scorm_package_id, is_active) values (%(new)s, %(partner_course)s, %(package)s, false)",
        "id = %(new)s",
        ("is_active", "true"),
    ),
    "partner_lms_enrollments": Probe(
        "the owner's enrollment at a partner",
        "id = %(partner_enrollment)s",
        "(id, member_id, partner_course_id) values (%(new)s, %(owner)s, %(spare_partner_course)s)",
        "id = %(new)s",
        ("score", "100"),
    ),
    "external_module_progress": Probe(
        "a module of the owner's enrollment at a partner",
        "id = %(partner_module)s",
        "(id, partner_enrollment_id, module_id) values (%(new)s, %(partner_enrollment)s, 'm-2')",
        "id = %(new)s",
        ("progress", "100"),
    ),
    "lms_sync_log": Probe(
        "a synchronisation that runs",
        "id = %(sync)s",
        "(id, provider_id, sync_type) values (%(new)s, %(partner)s, 'full')",
        "id = %(new)s",
        ("records_processed", "5"),
    ),
    "partner_credentials": Probe(
        "what a partner certified the owner",
        "id = %(partner_credential)s",
        "(id, member_id, provider_id, external_id, credential_name, issued_date)"
        " values (%(new)s, %(owner)s, %(partner)s, 'k-2', 'New', '2026-01-01')",
        "id = %(new)s",
        ("credential_name", "'Better'"),
    ),
    "partner_enrollment_summary": Probe(
        "the owner's enrollment at a partner with what belongs to it",
        "partner_enrollment_id = %(partner_enrollment)s",
        "(member_id) values (%(owner)s)",
        "score = 77",
        ("score", "100"),
        first="member_id",
    ),
}


SECOND_LINES: dict[str, str] = {
    "partner_lms_providers": "asks for an administrator, as its using does",
    "partner_courses": "asks for an administrator, as its using does",
    "partner_course_mappings": "asks for an administrator, as its using does",
}


WRITABLE: dict[tuple[str, str], str] = {
    ("partner_lms_providers", "insert"): "id name slug kind base_url credentials_ref is_active",
    ("partner_lms_providers", "update"): "name slug kind base_url credentials_ref is_active",
    ("partner_courses", "insert"): "id provider_id external_id course_name description course_url is_active",
    ("partner_courses", "update"): "course_name description course_url is_active",
}


UNREADABLE: dict[str, str] = {
    "partner_lms_providers": "credentials_ref",
}


FUNCTIONS: dict[str, str] = {
    "private.courses_granted_by": "service_role",
    "private.my_partner_enrollment_ids": "authenticated service_role",
}


AREA = Area(
    things=THINGS,
    found=found,
    matrix=MATRIX,
    probes=PROBES,
    second_lines=SECOND_LINES,
    writable=WRITABLE,
    unreadable=UNREADABLE,
    functions=FUNCTIONS,
    wholly_writable=("partner_course_mappings",),
)
