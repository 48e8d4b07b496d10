"""SCORM packages, which lesson plays them, and what people did with them."""

from __future__ import annotations

from collegium.access.area import Area, Probe
from collegium.access.stage import Stage

THINGS = (
    "package",
    "spare_package",
    "other_package",
    "scorm_module",
    "scorm_lesson",
    "spare_scorm_lesson",
    "other_scorm_lesson",
    "package_organization",
    "package_sco",
    "scorm_enrollment",
    "scorm_attempt",
)

FOUND = """
insert into public.course_modules (id, course_id, title, module_order) values
    (%(scorm_module)s, %(short)s, 'Packages', 20);
insert into public.lessons
    (id, course_id, module_id, title, lesson_type, lesson_order, completion_criteria, require_completion)
values
    (%(scorm_lesson)s, %(short)s, %(scorm_module)s, 'Fire safety', 'scorm', 1, 'scorm_completed', false),
    (%(spare_scorm_lesson)s, %(short)s, %(scorm_module)s, 'Spare package', 'scorm', 2, 'scorm_completed', false),
    (%(other_scorm_lesson)s, %(other_course)s, %(other_module)s, 'Other', 'scorm', 20, 'scorm_completed', false);
insert into public.scorm_packages (id, title, launch_url, created_by, import_state, imported_at, storage_prefix) values
    (%(package)s, 'Fire safety', 'index.html', %(instructor)s, 'ready', now(), 'scorm/fire/'),
    (%(spare_package)s, 'Spare', 'index.html', %(instructor)s, 'ready', now(), 'scorm/spare/'),
    (%(other_package)s, 'Other', 'index.html', %(other_instructor)s, 'ready', now(), 'scorm/other/');
insert into public.scorm_items
    (id, scorm_package_id, identifier, organization, parent_id, item_order, kind, is_default, launch_href)
values
    (%(package_organization)s, %(package)s, 'ORG', 'ORG', null, 1, 'organization', true, null),
    (%(package_sco)s, %(package)s, 'SCO-1', 'ORG', %(package_organization)s, 1, 'sco', false, 'index.html');
insert into public.lesson_scorm_packages (lesson_id, course_id, scorm_package_id)
values (%(scorm_lesson)s, %(short)s, %(package)s);
insert into public.scorm_enrollments (id, member_id, scorm_package_id, enrollment_id, lesson_id, course_id)
values (%(scorm_enrollment)s, %(owner)s, %(package)s, %(short_enrollment)s, %(scorm_lesson)s, %(short)s);
insert into public.scorm_attempts (id, scorm_enrollment_id, attempt_number)
values (%(scorm_attempt)s, %(scorm_enrollment)s, 1);
insert into public.scorm_tracking (scorm_enrollment_id, attempt_id, sco, element, value)
values (%(scorm_enrollment)s, %(scorm_attempt)s, 'SCO-1', 'cmi.core.lesson_status', 'incomplete');
"""


def found(stage: Stage) -> None:
    """What the guild has of it."""
    stage.owner(FOUND)


MATRIX: dict[str, dict[str, str]] = {
    #            owner learn stran instr other mngr  anon  admin super service
    "scorm_packages": {
        "select": "yes   -     -     yes   -     yes   42501 yes   yes   yes",
        "insert": "42501 42501 42501 yes   yes   42501 42501 yes   yes   yes",
        "update": "-     -     -     yes   -     -     42501 yes   yes   yes",
        "delete": "42501 42501 42501 42501 42501 42501 42501 42501 42501 yes",
    },
    "scorm_items": {
        "select": "-     -     -     yes   -     -     42501 yes   yes   yes",
        "insert": "42501 42501 42501 42501 42501 42501 42501 42501 42501 yes",
        "update": "42501 42501 42501 42501 42501 42501 42501 42501 42501 yes",
        "delete": "42501 42501 42501 42501 42501 42501 42501 42501 42501 yes",
    },
    "lesson_scorm_packages": {
        "select": "yes   -     -     yes   -     -     42501 yes   yes   yes",
        "insert": "42501 42501 42501 yes   42501 42501 42501 yes   yes   yes",
        "update": "-     -     -     yes   -     -     42501 yes   yes   yes",
        "delete": "-     -     -     yes   -     -     42501 yes   yes   yes",
    },
    "lesson_scorm_packages: somebody else's package": {
        "select": "yes   -     -     yes   -     -     42501 yes   yes   yes",
        "insert": "42501 42501 42501 42501 42501 42501 42501 yes   yes   yes",
        "update": "-     -     -     42501 -     -     42501 yes   yes   yes",
        "delete": "-     -     -     yes   -     -     42501 yes   yes   yes",
    },
    "scorm_enrollments": {
        "select": "yes   -     -     yes   -     yes   42501 yes   yes   yes",
        "insert": "42501 42501 42501 42501 42501 42501 42501 42501 42501 yes",
        "update": "42501 42501 42501 42501 42501 42501 42501 42501 42501 yes",
        "delete": "42501 42501 42501 42501 42501 42501 42501 42501 42501 42501",
    },
    "scorm_attempts": {
        "select": "yes   -     -     yes   -     yes   42501 yes   yes   yes",
        "insert": "42501 42501 42501 42501 42501 42501 42501 42501 42501 yes",
        "update": "42501 42501 42501 42501 42501 42501 42501 42501 42501 yes",
        "delete": "42501 42501 42501 42501 42501 42501 42501 42501 42501 42501",
    },
    "scorm_sco_results": {
        "select": "yes   -     -     yes   -     yes   42501 yes   yes   yes",
        "insert": "42501 42501 42501 42501 42501 42501 42501 42501 42501 yes",
        "update": "42501 42501 42501 42501 42501 42501 42501 42501 42501 yes",
        "delete": "42501 42501 42501 42501 42501 42501 42501 42501 42501 42501",
    },
    "scorm_tracking": {
        "select": "yes   -     -     yes   -     yes   42501 yes   yes   yes",
        "insert": "42501 42501 42501 42501 42501 42501 42501 42501 42501 yes",
        "update": "42501 42501 42501 42501 42501 42501 42501 42501 42501 42501",
        "delete": "42501 42501 42501 42501 42501 42501 42501 42501 42501 42501",
    },
    "scorm_tracking_default": {
        "select": "42501 42501 42501 42501 42501 42501 42501 42501 42501 42501",
        "insert": "42501 42501 42501 42501 42501 42501 42501 42501 42501 42501",
        "update": "42501 42501 42501 42501 42501 42501 42501 42501 42501 42501",
        "delete": "42501 42501 42501 42501 42501 42501 42501 42501 42501 42501",
    },
    "scorm_completion_summary": {
        "select": "yes   -     -     yes   -     yes   42501 yes   yes   yes",
        "insert": "55000 55000 55000 55000 55000 55000 55000 55000 55000 55000",
        "update": "55000 55000 55000 55000 55000 55000 55000 55000 55000 55000",
        "delete": "55000 55000 55000 55000 55000 55000 55000 55000 55000 55000",
    },
    "lesson_progress_details": {
        "select": "yes   -     -     yes   -     yes   42501 yes   yes   yes",
        "insert": "55000 55000 55000 55000 55000 55000 55000 55000 55000 55000",
        "update": "55000 55000 55000 55000 55000 55000 55000 55000 55000 55000",
        "delete": "55000 55000 55000 55000 55000 55000 55000 55000 55000 55000",
    },
}


PROBES: dict[str, Probe] = {
    "scorm_packages": Probe(
        "the instructor's package that a lesson plays; a new one is added; the spare one is removed",
        "id = %(package)s",
        "(id, title, version, package_url, launch_url, passing_score, is_active)"
        " values (%(new)s, 'New', '1.2', 'https://example.com/p.zip', 'https://example.com/index.html', 80, true)",
        "id = %(new)s",
        ("title", "'Renamed'"),
        "id = %(spare_package)s",
    ),
    "scorm_items": Probe(
        "a SCO of the instructor's package",
        "id = %(package_sco)s",
        "(id, scorm_package_id, identifier, organization, parent_id, item_order, kind, launch_href)"
        " values (%(new)s, %(package)s, 'SCO-2', 'ORG', %(package_organization)s, 2, 'sco', 'two.html')",
        "id = %(new)s",
        ("mastery_score", "1"),
    ),
    "lesson_scorm_packages": Probe(
        "the package of a lesson; a new one, of his own, is for another lesson",
        "lesson_id = %(scorm_lesson)s",
        "(lesson_id, course_id, scorm_package_id) values (%(spare_scorm_lesson)s, %(short)s, %(spare_package)s)",
        "lesson_id = %(spare_scorm_lesson)s",
        ("scorm_package_id", "%(spare_package)s"),
        first="lesson_id",
    ),
    "lesson_scorm_packages: somebody else's package": Probe(
        "the package of a lesson; the new one is the other instructor's",
        "lesson_id = %(scorm_lesson)s",
        "(lesson_id, course_id, scorm_package_id) values (%(spare_scorm_lesson)s, %(short)s, %(other_package)s)",
        "lesson_id = %(spare_scorm_lesson)s",
        ("scorm_package_id", "%(other_package)s"),
        first="lesson_id",
    ),
    "scorm_enrollments": Probe(
        "the owner's registration for a package",
        "id = %(scorm_enrollment)s",
        "(id, member_id, scorm_package_id) values (%(new)s, %(owner)s, %(spare_package)s)",
        "id = %(new)s",
        ("success_status", "'passed'"),
    ),
    "scorm_attempts": Probe(
        "the owner's attempt",
        "id = %(scorm_attempt)s",
        "(id, scorm_enrollment_id, attempt_number, mode, credit)"
        " values (%(new)s, %(scorm_enrollment)s, 1, 'review', false)",
        "id = %(new)s",
        ("score", "100"),
    ),
    "scorm_sco_results": Probe(
        "where the owner's attempt stands in a SCO",
        "attempt_id = %(scorm_attempt)s and sco = 'SCO-1'",
        "(attempt_id, scorm_enrollment_id, sco) values (%(scorm_attempt)s, %(scorm_enrollment)s, 'SCO-2')",
        "attempt_id = %(scorm_attempt)s and sco = 'SCO-2'",
        ("score", "100"),
        first="sco",
    ),
    "scorm_tracking": Probe(
        "what the owner's package said",
        "attempt_id = %(scorm_attempt)s and element = 'cmi.core.lesson_status'",
        "(scorm_enrollment_id, attempt_id, sco, element, value)"
        " values (%(scorm_enrollment)s, %(scorm_attempt)s, 'SCO-1', 'cmi.core.score.raw', '100')",
        "attempt_id = %(scorm_attempt)s and element = 'cmi.core.score.raw'",
        ("value", "'completed'"),
    ),
    "scorm_tracking_default": Probe(
        "a partition of scorm_tracking; those of the months are alike",
        "attempt_id = %(scorm_attempt)s",
        "(scorm_enrollment_id, attempt_id, sco, element, value)"
        " values (%(scorm_enrollment)s, %(scorm_attempt)s, 'SCO-1', 'cmi.core.score.raw', '100')",
        "attempt_id = %(scorm_attempt)s and element = 'cmi.core.score.raw'",
        ("value", "'completed'"),
    ),
    "scorm_completion_summary": Probe(
        "the statistics of a package, when there is anybody in them",
        "scorm_package_id = %(package)s and total_enrollments = 1",
        "(title) values ('New')",
        "title = 'New'",
        ("passed", "1"),
        first="scorm_package_id",
    ),
    "lesson_progress_details": Probe(
        "where the owner stands in a lesson, with its video and package",
        "id = %(progress)s",
        "(id, lesson_id) values (%(new)s, %(scorm_lesson)s)",
        "id = %(new)s",
        ("scorm_score", "100"),
    ),
}


MOVES: dict[str, tuple[str, str]] = {
    "lesson_scorm_packages": (
        "lesson_id = %(scorm_lesson)s",
        "lesson_id = %(other_scorm_lesson)s, course_id = %(other_course)s",
    ),
}


SECOND_LINES: dict[str, str] = {
    "scorm_packages": "whose it is may not be written",
}


WRITABLE: dict[tuple[str, str], str] = {
    ("lesson_scorm_packages", "insert"): "lesson_id course_id scorm_package_id organization",
    ("lesson_scorm_packages", "update"): "lesson_id course_id scorm_package_id organization",
    ("scorm_packages", "insert"): (
        "id title description version package_url launch_url passing_score max_attempts is_active"
    ),
    ("scorm_packages", "update"): "title description is_active is_shared",
}


UNREADABLE: dict[str, str] = {
    "scorm_packages": "package_url launch_url manifest storage_prefix sha256 file_id import_run",
    "scorm_enrollments": "session_id session_attempt_id session_web_id session_opened_at session_seconds",
}


FUNCTIONS: dict[str, str] = {
    "private.first_sco": "service_role",
    "private.make_scorm_tracking_partitions": "service_role",
    "private.my_managed_scorm_package_ids": "authenticated service_role",
    "private.my_scorm_enrollment_ids": "authenticated service_role",
    "private.my_scorm_package_ids": "authenticated service_role",
    "private.record_scorm_commit": "service_role",
    "private.scorm_rule_met": "service_role",
    "public.open_scorm": "authenticated",
    "public.open_scorm_enrollment": "authenticated",
    "public.record_scorm_commit": "authenticated",
}


AREA = Area(
    things=THINGS,
    found=found,
    matrix=MATRIX,
    probes=PROBES,
    moves=MOVES,
    second_lines=SECOND_LINES,
    writable=WRITABLE,
    unreadable=UNREADABLE,
    functions=FUNCTIONS,
)
