"""Programs, versions, prerequisites, attachments and links."""

from __future__ import annotations

from collegium.access.area import Area, Probe
from collegium.access.stage import Stage

THINGS = (
    "program",
    "draft_program",
    "foreign_program",
    "hidden",
    "other_second",
    "draft_second",
    "paid_second",
    "paid_words",
    "draft_words",
    "reading_file",
    "open_file",
    "paid_file",
)


# The instructor's program leads from the short course to the other one. The paid course asks for something in words; its
# second lesson waits for its first.
FOUND = """
insert into public.programs (id, title, slug, status, owner_id) values
    (%(program)s, 'Path', 'path', 'published', %(instructor)s),
    (%(draft_program)s, 'Draft path', 'draft-path', 'draft', %(instructor)s),
    (%(foreign_program)s, 'Foreign path', 'foreign-path', 'published', %(other_instructor)s);
insert into public.courses (id, title, slug, description, category, instructor_id) values
    (%(hidden)s, 'Hidden', 'hidden', 'd', 'compliance', %(other_instructor)s);
insert into public.program_courses (program_id, course_id, course_order) values
    (%(program)s, %(short)s, 1), (%(program)s, %(other_course)s, 2), (%(draft_program)s, %(short)s, 1);
insert into public.lessons (id, course_id, module_id, title, lesson_type, lesson_order, require_completion) values
    (%(paid_second)s, %(paid)s, %(paid_module)s, 'Elsewhere', 'external_link', 2, false),
    (%(other_second)s, %(other_course)s, %(other_module)s, 'Second', 'text', 2, false),
    (%(draft_second)s, %(draft)s, %(draft_module)s, 'Second', 'text', 2, false);
insert into public.lesson_prerequisites (lesson_id, requires_lesson_id, course_id) values
    (%(paid_second)s, %(paid_lesson)s, %(paid)s), (%(draft_second)s, %(draft_lesson)s, %(draft)s);
insert into public.course_prerequisites (id, course_id, requirement) values
    (%(paid_words)s, %(paid)s, 'Two years of practice'), (%(draft_words)s, %(draft)s, 'Two years of practice');
insert into public.lesson_attachments (id, lesson_id, course_id, file_name, file_url, file_type, requires_enrollment) values
    (%(reading_file)s, %(reading)s, %(course)s, 'slides.pdf', 'attachments/1.pdf', 'application/pdf', true),
    (%(open_file)s, %(locked)s, %(course)s, 'syllabus.pdf', 'attachments/2.pdf', 'application/pdf', false),
    (%(paid_file)s, %(paid_lesson)s, %(paid)s, 'tables.pdf', 'attachments/3.pdf', 'application/pdf', true);
insert into public.lesson_links (lesson_id, course_id, content_url) values
    (%(welcome)s, %(course)s, 'https://example.org/welcome'),
    (%(reading)s, %(course)s, 'https://example.org/reading'),
    (%(paid_second)s, %(paid)s, 'https://example.org/paid');
"""


def found(stage: Stage) -> None:
    """What the guild has of it."""
    stage.owner(FOUND)


MATRIX: dict[str, dict[str, str]] = {
    #            owner learn stran instr other mngr  anon  admin super service
    "programs": {
        "select": "yes   yes   yes   yes   yes   yes   yes   yes   yes   yes",
        "insert": "42501 42501 42501 yes   42501 42501 42501 yes   yes   yes",
        "update": "-     -     -     yes   -     -     42501 yes   yes   yes",
        "delete": "-     -     -     yes   -     -     42501 yes   yes   yes",
    },
    "programs: draft": {
        "select": "-     -     -     yes   -     -     -     yes   yes   yes",
        "insert": "42501 42501 42501 42501 yes   42501 42501 yes   yes   yes",
        "update": "-     -     -     yes   -     -     42501 yes   yes   yes",
        "delete": "-     -     -     -     -     -     42501 yes   yes   yes",
    },
    "program_courses": {
        "select": "yes   yes   yes   yes   yes   yes   yes   yes   yes   yes",
        "insert": "42501 42501 42501 yes   42501 42501 42501 yes   yes   yes",
        "update": "-     -     -     yes   -     -     42501 yes   yes   yes",
        "delete": "-     -     -     yes   -     -     42501 yes   yes   yes",
    },
    "program_courses: of a draft": {
        "select": "-     -     -     yes   -     -     -     yes   yes   yes",
        "insert": "42501 42501 42501 yes   42501 42501 42501 yes   yes   yes",
        "update": "-     -     -     yes   -     -     42501 yes   yes   yes",
        "delete": "-     -     -     yes   -     -     42501 yes   yes   yes",
    },
    "course_versions": {
        "select": "yes   yes   -     yes   -     yes   42501 yes   yes   yes",
        "insert": "42501 42501 42501 42501 42501 42501 42501 42501 42501 42501",
        "update": "42501 42501 42501 42501 42501 42501 42501 42501 42501 42501",
        "delete": "42501 42501 42501 42501 42501 42501 42501 42501 42501 42501",
    },
    "course_prerequisites": {
        "select": "yes   yes   yes   yes   yes   yes   yes   yes   yes   yes",
        "insert": "42501 42501 42501 yes   42501 42501 42501 yes   yes   yes",
        "update": "-     -     -     yes   -     -     42501 yes   yes   yes",
        "delete": "-     -     -     yes   -     -     42501 yes   yes   yes",
    },
    "course_prerequisites: of a draft": {
        "select": "-     -     -     yes   -     -     -     yes   yes   yes",
        "insert": "42501 42501 42501 CG404 42501 42501 42501 yes   yes   yes",
        "update": "-     -     -     yes   -     -     42501 yes   yes   yes",
        "delete": "-     -     -     yes   -     -     42501 yes   yes   yes",
    },
    "lesson_prerequisites": {
        "select": "yes   yes   yes   yes   yes   yes   yes   yes   yes   yes",
        "insert": "42501 42501 42501 yes   42501 42501 42501 yes   yes   yes",
        "update": "-     -     -     yes   -     -     42501 yes   yes   yes",
        "delete": "-     -     -     yes   -     -     42501 yes   yes   yes",
    },
    "lesson_prerequisites: of a draft": {
        "select": "-     -     -     yes   -     -     -     yes   yes   yes",
        "insert": "42501 42501 42501 yes   42501 42501 42501 yes   yes   yes",
        "update": "-     -     -     yes   -     -     42501 yes   yes   yes",
        "delete": "-     -     -     yes   -     -     42501 yes   yes   yes",
    },
    "lesson_attachments": {
        "select": "yes   yes   -     yes   -     -     -     yes   yes   yes",
        "insert": "42501 42501 42501 42501 42501 42501 42501 42501 42501 yes",
        "update": "-     -     -     yes   -     -     42501 yes   yes   yes",
        "delete": "-     -     -     yes   -     -     42501 yes   yes   yes",
    },
    "lesson_attachments: for everybody": {
        "select": "yes   yes   yes   yes   yes   yes   yes   yes   yes   yes",
        "insert": "42501 42501 42501 42501 42501 42501 42501 42501 42501 yes",
        "update": "42501 42501 42501 42501 42501 42501 42501 42501 42501 yes",
        "delete": "-     -     -     yes   -     -     42501 yes   yes   yes",
    },
    "lesson_attachments: of a paid course": {
        "select": "-     -     -     yes   -     -     -     yes   yes   yes",
        "insert": "42501 42501 42501 42501 42501 42501 42501 42501 42501 yes",
        "update": "42501 42501 42501 42501 42501 42501 42501 42501 42501 yes",
        "delete": "-     -     -     yes   -     -     42501 yes   yes   yes",
    },
    "lesson_links": {
        "select": "yes   yes   -     yes   -     -     -     yes   yes   yes",
        "insert": "42501 42501 42501 yes   42501 42501 42501 yes   yes   yes",
        "update": "-     -     -     yes   -     -     42501 yes   yes   yes",
        "delete": "-     -     -     yes   -     -     42501 yes   yes   yes",
    },
    "lesson_links: of a paid course": {
        "select": "-     -     -     yes   -     -     -     yes   yes   yes",
        "insert": "42501 42501 42501 yes   42501 42501 42501 yes   yes   yes",
        "update": "-     -     -     yes   -     -     42501 yes   yes   yes",
        "delete": "-     -     -     yes   -     -     42501 yes   yes   yes",
    },
    "lesson_links: preview": {
        "select": "yes   yes   yes   yes   yes   yes   yes   yes   yes   yes",
        "insert": "42501 42501 42501 yes   42501 42501 42501 yes   yes   yes",
        "update": "-     -     -     yes   -     -     42501 yes   yes   yes",
        "delete": "-     -     -     yes   -     -     42501 yes   yes   yes",
    },
}

NEW_FILE = (
    "(id, lesson_id, course_id, file_name, file_url, file_type)"
    " values (%(new)s, %(reading)s, %(course)s, 'new.pdf', 'certificates/1.pdf', 'application/pdf')"
)
NEW_LINK = "(lesson_id, course_id, content_url) values (%(locked)s, %(course)s, 'https://example.org/')"
NEW_LINK_FOUND = "lesson_id = %(locked)s"

PROBES: dict[str, Probe] = {
    "programs": Probe(
        "a published program; a new one is the instructor's; the draft is removed",
        "id = %(program)s",
        "(id, title, slug, owner_id) values (%(new)s, 'New', 'new', %(instructor)s)",
        "id = %(new)s",
        ("title", "'Changed'"),
        "id = %(draft_program)s",
    ),
    "programs: draft": Probe(
        "a draft of the instructor; a new one is the other instructor's; the published one is removed",
        "id = %(draft_program)s",
        "(id, title, slug, owner_id) values (%(new)s, 'New', 'new', %(other_instructor)s)",
        "id = %(new)s",
        ("status", "'published'"),
        "id = %(program)s",
    ),
    "program_courses": Probe(
        "a course of a published program",
        "program_id = %(program)s and course_id = %(short)s",
        "(program_id, course_id, course_order) values (%(program)s, %(open)s, 3)",
        "program_id = %(program)s and course_id = %(open)s",
        ("is_required", "false"),
        first="course_id",
    ),
    "program_courses: of a draft": Probe(
        "a course of a program that is not published",
        "program_id = %(draft_program)s and course_id = %(short)s",
        "(program_id, course_id, course_order) values (%(draft_program)s, %(open)s, 3)",
        "program_id = %(draft_program)s and course_id = %(open)s",
        ("course_order", "9"),
        first="course_id",
    ),
    "course_versions": Probe(
        "the version of the course that the owner and the learner began",
        "course_id = %(course)s and number = 1",
        "(course_id, number, title, ce_credits, outline, requirements, required_lesson_ids, digest, required_lessons)"
        " values (%(paid)s, 9, 'T', 0, '[]', '[]', array[%(paid_lesson)s::uuid], sha256(''), 1)",
        "course_id = %(paid)s and number = 9",
        ("title", "'Changed'"),
    ),
    "course_prerequisites": Probe(
        "what a published course requires in words; a new one is a published course",
        "id = %(paid_words)s",
        "(id, course_id, requires_course_id) values (%(new)s, %(paid)s, %(short)s)",
        "id = %(new)s",
        ("requirement", "'Nothing'"),
    ),
    "course_prerequisites: of a draft": Probe(
        "what a draft requires in words; a new one is a draft of somebody else",
        "id = %(draft_words)s",
        "(id, course_id, requires_course_id) values (%(new)s, %(draft)s, %(hidden)s)",
        "id = %(new)s",
        ("requirement", "'Nothing'"),
    ),
    "lesson_prerequisites": Probe(
        "what a lesson of a published course requires",
        "lesson_id = %(paid_second)s",
        "(lesson_id, requires_lesson_id, course_id) values (%(reading)s, %(welcome)s, %(course)s)",
        "lesson_id = %(reading)s",
        ("created_at", "'2020-01-01'::timestamptz"),
        first="lesson_id",
    ),
    "lesson_prerequisites: of a draft": Probe(
        "what a lesson of a draft requires",
        "lesson_id = %(draft_second)s",
        "(lesson_id, requires_lesson_id, course_id) values (%(reading)s, %(welcome)s, %(course)s)",
        "lesson_id = %(reading)s",
        ("created_at", "'2020-01-01'::timestamptz"),
        first="lesson_id",
    ),
    "lesson_attachments": Probe(
        "a file with a lesson that is open to learners",
        "id = %(reading_file)s",
        NEW_FILE,
        "id = %(new)s",
        ("description", "'Changed'"),
    ),
    "lesson_attachments: for everybody": Probe(
        "a file that needs no enrollment; nobody but the service sets its count",
        "id = %(open_file)s",
        NEW_FILE,
        "id = %(new)s",
        ("download_count", "9"),
    ),
    "lesson_attachments: of a paid course": Probe(
        "a file of a paid course that nobody has paid for; nobody but the service sets its key",
        "id = %(paid_file)s",
        NEW_FILE,
        "id = %(new)s",
        ("file_url", "'certificates/1.pdf'"),
    ),
    "lesson_links": Probe(
        "where the content of an open lesson is",
        "lesson_id = %(reading)s",
        NEW_LINK,
        NEW_LINK_FOUND,
        ("content_url", "'https://example.org/changed'"),
        first="lesson_id",
    ),
    "lesson_links: of a paid course": Probe(
        "where the content of a lesson that nobody has paid for is",
        "lesson_id = %(paid_second)s",
        NEW_LINK,
        NEW_LINK_FOUND,
        ("content_url", "'https://example.org/changed'"),
        first="lesson_id",
    ),
    "lesson_links: preview": Probe(
        "where the content of a lesson that everybody may try is",
        "lesson_id = %(welcome)s",
        NEW_LINK,
        NEW_LINK_FOUND,
        ("content_url", "'https://example.org/changed'"),
        first="lesson_id",
    ),
}


MOVES: dict[str, tuple[str, str]] = {
    "programs": ("id = %(program)s", "owner_id = %(other_instructor)s"),
    "program_courses": (
        "program_id = %(program)s and course_id = %(short)s",
        "program_id = %(foreign_program)s, course_order = 9",
    ),
    "course_prerequisites": ("id = %(paid_words)s", "course_id = %(other_course)s"),
    "lesson_prerequisites": (
        "lesson_id = %(paid_second)s",
        "lesson_id = %(other_lesson)s, requires_lesson_id = %(other_second)s, course_id = %(other_course)s",
    ),
    "lesson_links": ("lesson_id = %(reading)s", "lesson_id = %(other_lesson)s, course_id = %(other_course)s"),
}


SECOND_LINES: dict[str, str] = {
    "lesson_attachments": "no column that it compares may be written",
}


WRITABLE: dict[tuple[str, str], str] = {
    ("lesson_attachments", "update"): "file_name description attachment_order requires_enrollment removed_at",
}


FUNCTIONS: dict[str, str] = {
    "private.asks": "service_role",
    "private.digest_version": "service_role",
    "private.my_course_version_ids": "authenticated service_role",
    "private.my_program_ids": "authenticated service_role",
    "private.snapshot_course": "service_role",
    "private.waits_for_itself": "service_role",
    "public.note_download": "anon authenticated",
}


AREA = Area(
    things=THINGS,
    found=found,
    matrix=MATRIX,
    probes=PROBES,
    moves=MOVES,
    second_lines=SECOND_LINES,
    writable=WRITABLE,
    functions=FUNCTIONS,
    wholly_writable=(
        "programs",
        "program_courses",
        "course_prerequisites",
        "lesson_prerequisites",
        "lesson_links",
    ),
)
