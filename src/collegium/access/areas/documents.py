"""Documents that are read in the page, and what of them was seen."""

from __future__ import annotations

from collegium.access.area import Area, Probe
from collegium.access.stage import Stage

THINGS = ("sample_document", "manual_document", "paid_document", "pdf_file", "strange_file")


# A document for learners and one that everybody may try; one that nobody has paid for. What kind the lessons are of is asked
# by public.place_document alone: more lessons would make another version of the course.
FOUND = """
insert into public.media_files (id, owner_id, course_id, purpose, filename, kind, mime_type, byte_size, sha256, storage_key, state)
values
    (%(pdf_file)s, %(instructor)s, null, 'lesson_pdf', 'guild.pdf', 'document', 'application/pdf', 1000, repeat('a', 64),
        'library/guild.pdf', 'ready'),
    (%(strange_file)s, %(other_instructor)s, null, 'lesson_pdf', 'theirs.pdf', 'document', 'application/pdf', 1000,
        repeat('b', 64), 'library/theirs.pdf', 'ready');
insert into public.lesson_documents (id, lesson_id, course_id, file_id, file_key, file_name, file_size_bytes, page_count, page_sizes)
values
    (%(manual_document)s, %(reading)s, %(course)s, %(pdf_file)s, 'library/guild.pdf', 'guild.pdf', 1000, 12, '[[1, 595, 842]]'),
    (%(sample_document)s, %(welcome)s, %(course)s, %(pdf_file)s, 'library/guild.pdf', 'guild.pdf', 1000, 12, '[[1, 595, 842]]'),
    (%(paid_document)s, %(paid_lesson)s, %(paid)s, %(pdf_file)s, 'library/guild.pdf', 'guild.pdf', 1000, 12, '[[1, 595, 842]]');
insert into public.document_reading (user_id, lesson_id, course_id, enrollment_id, page_count, pages_seen) values
    (%(owner)s, %(reading)s, %(course)s, %(enrollment)s, 12, '{[1,4)}');
"""


def found(stage: Stage) -> None:
    """What the guild has of it."""
    stage.owner(FOUND)


WRITES = {
    "insert": "42501 42501 42501 42501 42501 42501 42501 42501 42501 yes",
    "update": "-     -     -     yes   -     -     42501 yes   yes   yes",
    "delete": "-     -     -     yes   -     -     42501 yes   yes   yes",
}

MATRIX: dict[str, dict[str, str]] = {
    #            owner learn stran instr other mngr  anon  admin super service
    "lesson_documents": {"select": "yes   yes   -     yes   -     -     -     yes   yes   yes"} | WRITES,
    "lesson_documents: preview": {"select": "yes   yes   yes   yes   yes   yes   yes   yes   yes   yes"} | WRITES,
    "lesson_documents: of a paid course": {"select": "-     -     -     yes   -     -     -     yes   yes   yes"}
    | WRITES,
    "document_reading": {
        "select": "yes   -     -     yes   -     yes   42501 yes   yes   yes",
        "insert": "42501 42501 42501 42501 42501 42501 42501 42501 42501 yes",
        "update": "42501 42501 42501 42501 42501 42501 42501 42501 42501 yes",
        "delete": "42501 42501 42501 42501 42501 42501 42501 42501 42501 yes",
    },
}

NEW_DOCUMENT = (
    "(id, lesson_id, course_id, file_id, file_key, file_name, file_size_bytes, page_count, page_sizes)"
    " values (%(new)s, %(locked)s, %(course)s, %(pdf_file)s, 'library/guild.pdf', 'new.pdf', 9, 1, '[]')"
)

PROBES: dict[str, Probe] = {
    "lesson_documents": Probe(
        "the document of a lesson that is open to learners",
        "id = %(manual_document)s",
        NEW_DOCUMENT,
        "id = %(new)s",
        ("allow_download", "true"),
    ),
    "lesson_documents: preview": Probe(
        "the document of a lesson that everybody may try",
        "id = %(sample_document)s",
        NEW_DOCUMENT,
        "id = %(new)s",
        ("allow_download", "true"),
    ),
    "lesson_documents: of a paid course": Probe(
        "the document of a lesson that nobody has paid for",
        "id = %(paid_document)s",
        NEW_DOCUMENT,
        "id = %(new)s",
        ("allow_download", "true"),
    ),
    "document_reading": Probe(
        "what the owner has seen of a document",
        "user_id = %(owner)s and lesson_id = %(reading)s",
        "(user_id, lesson_id, course_id, enrollment_id, page_count)"
        " values (%(learner)s, %(reading)s, %(course)s, %(learner_enrollment)s, 12)",
        "user_id = %(learner)s and lesson_id = %(reading)s",
        ("last_page", "9"),
        first="user_id",
    ),
}


SECOND_LINES: dict[str, str] = {
    "lesson_documents": "no column that it compares may be written",
}


WRITABLE: dict[tuple[str, str], str] = {
    ("lesson_documents", "update"): "allow_download",
}


FUNCTIONS: dict[str, str] = {
    "private.forget_removed_attachments": "service_role",
    "public.attach_file": "authenticated",
    "public.note_reading": "authenticated",
    "public.open_document": "authenticated",
    "public.place_document": "authenticated",
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
