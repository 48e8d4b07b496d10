"""Uploaded files and uploads under way."""

from __future__ import annotations

from collegium.access.area import Area, Probe
from collegium.access.stage import Stage

THINGS = (
    "reading_picture",
    "reading_picture_block",
    "open_picture",
    "open_picture_block",
    "spare_film",
    "own_film",
    "own_upload",
    "teacher_upload",
    "cover",
)

# The instructor has a picture in the reading, one in the lesson that everybody may try, one on the course's title page,
# and a film in the course's library that nothing uses. The owner collects a film of his own, and uploads another.
FOUND = """
insert into public.media_files (id, owner_id, course_id, purpose, filename, kind, mime_type, byte_size, sha256, storage_key, state) values
    (%(reading_picture)s, %(instructor)s, %(course)s, 'lesson_image', 'table.png', 'image', 'image/png', 1000,
        repeat('a', 64), 'files/1/original.png', 'ready'),
    (%(open_picture)s, %(instructor)s, %(course)s, 'lesson_image', 'house.png', 'image', 'image/png', 1000,
        repeat('b', 64), 'files/2/original.png', 'ready'),
    (%(cover)s, %(instructor)s, %(course)s, 'thumbnail', 'cover.png', 'image', 'image/png', 1000,
        repeat('e', 64), 'files/5/original.png', 'ready'),
    (%(spare_film)s, %(instructor)s, %(course)s, 'lesson_video', 'spare.mp4', 'video', 'video/mp4', 1000,
        repeat('c', 64), 'files/3/original.mp4', 'ready'),
    (%(own_film)s, %(owner)s, null, 'collection', 'own.mp4', 'video', 'video/mp4', 1000,
        repeat('d', 64), 'files/4/original.mp4', 'ready');
insert into public.media_files (id, owner_id, course_id, purpose, filename, kind, byte_size) values
    (%(own_upload)s, %(owner)s, null, 'collection', 'coming.mp4', 'video', 1000),
    (%(teacher_upload)s, %(instructor)s, %(course)s, 'lesson_video', 'next.mp4', 'video', 1000);
insert into public.uploads (file_id, owner_id, length, received, expires_at) values
    (%(own_upload)s, %(owner)s, 1000, 500, now() + interval '7 days');
insert into public.content_blocks (id, lesson_id, course_id, type, order_index, content) values
    (%(reading_picture_block)s, %(reading)s, %(course)s, 'image', 7,
        jsonb_build_object('url', '/files/' || %(reading_picture)s, 'alt_text', 'A table')),
    (%(open_picture_block)s, %(welcome)s, %(course)s, 'image', 7,
        jsonb_build_object('url', '/files/' || %(open_picture)s, 'alt_text', 'A house'));
update public.courses set thumbnail_url = '/files/' || %(cover)s where id = %(course)s;
"""


def found(stage: Stage) -> None:
    """What the guild has of it."""
    stage.owner(FOUND)


MATRIX: dict[str, dict[str, str]] = {
    #            owner learn stran instr other mngr  anon  admin super service
    "media_files": {
        "select": "yes   yes   -     yes   -     -     -     yes   yes   yes",
        "insert": "42501 42501 42501 42501 42501 42501 42501 42501 42501 yes",
        "update": "-     -     -     yes   -     -     42501 yes   yes   yes",
        "delete": "-     -     -     yes   -     -     42501 yes   yes   yes",
    },
    "media_files: in a preview": {
        "select": "yes   yes   yes   yes   yes   yes   yes   yes   yes   yes",
        "insert": "42501 42501 42501 42501 42501 42501 42501 42501 42501 yes",
        "update": "42501 42501 42501 42501 42501 42501 42501 42501 42501 yes",
        "delete": "-     -     -     CG409 -     -     42501 CG409 CG409 CG409",
    },
    "media_files: a title page's picture": {
        "select": "yes   yes   yes   yes   yes   yes   yes   yes   yes   yes",
        "insert": "42501 42501 42501 42501 42501 42501 42501 42501 42501 yes",
        "update": "-     -     -     yes   -     -     42501 yes   yes   yes",
        "delete": "-     -     -     yes   -     -     42501 yes   yes   yes",
    },
    "media_files: not used": {
        "select": "-     -     -     yes   -     -     -     yes   yes   yes",
        "insert": "42501 42501 42501 42501 42501 42501 42501 42501 42501 yes",
        "update": "-     -     -     yes   -     -     42501 yes   yes   yes",
        "delete": "-     -     -     yes   -     -     42501 yes   yes   yes",
    },
    "media_files: a learner's own": {
        "select": "yes   -     -     -     -     -     -     yes   yes   yes",
        "insert": "42501 42501 42501 42501 42501 42501 42501 42501 42501 yes",
        "update": "yes   -     -     -     -     -     42501 yes   yes   yes",
        "delete": "yes   -     -     -     -     -     42501 yes   yes   yes",
    },
    "uploads": {
        "select": "yes   -     -     -     -     -     42501 -     -     yes",
        "insert": "42501 42501 42501 42501 42501 42501 42501 42501 42501 yes",
        "update": "42501 42501 42501 42501 42501 42501 42501 42501 42501 yes",
        "delete": "42501 42501 42501 42501 42501 42501 42501 42501 42501 yes",
    },
    "media_file_uses": {
        "select": "yes   yes   -     yes   -     -     -     yes   yes   yes",
        "insert": "42501 42501 42501 42501 42501 42501 42501 42501 42501 42501",
        "update": "42501 42501 42501 42501 42501 42501 42501 42501 42501 42501",
        "delete": "42501 42501 42501 42501 42501 42501 42501 42501 42501 42501",
    },
    "media_file_uses: in a preview": {
        "select": "yes   yes   yes   yes   yes   yes   yes   yes   yes   yes",
        "insert": "42501 42501 42501 42501 42501 42501 42501 42501 42501 42501",
        "update": "42501 42501 42501 42501 42501 42501 42501 42501 42501 42501",
        "delete": "42501 42501 42501 42501 42501 42501 42501 42501 42501 42501",
    },
}

NEW_FILE = (
    "(id, owner_id, purpose, filename, kind, byte_size)"
    " values (%(new)s, %(instructor)s, 'lesson_image', 'new.png', 'image', 1)"
)
NEW_USE = (
    "(file_id, place, ref_id, owner_id, course_id)"
    " values (%(spare_film)s, 'course', %(course)s, %(instructor)s, %(course)s)"
)
FOUND_USE = "file_id = %(spare_film)s"

PROBES: dict[str, Probe] = {
    "media_files": Probe(
        "a picture in a lesson that is open to learners; a film that nothing uses is deleted",
        "id = %(reading_picture)s",
        NEW_FILE,
        "id = %(new)s",
        ("filename", "'changed.png'"),
        "id = %(spare_film)s",
    ),
    "media_files: in a preview": Probe(
        "a picture in a lesson that everybody may try; nobody but the service says what a file is; what is used stays",
        "id = %(open_picture)s",
        NEW_FILE,
        "id = %(new)s",
        ("mime_type", "'text/html'"),
        "id = %(reading_picture)s",
    ),
    "media_files: a title page's picture": Probe(
        "the picture of a published course; a film that nothing uses is deleted",
        "id = %(cover)s",
        NEW_FILE,
        "id = %(new)s",
        ("filename", "'changed.png'"),
        "id = %(spare_film)s",
    ),
    "media_files: not used": Probe(
        "a film in a course's library that nothing uses; one under way is deleted",
        "id = %(spare_film)s",
        NEW_FILE,
        "id = %(new)s",
        ("filename", "'changed.mp4'"),
        "id = %(teacher_upload)s",
    ),
    "media_files: a learner's own": Probe(
        "a film that the owner uploaded for his collections; one under way is deleted",
        "id = %(own_film)s",
        NEW_FILE,
        "id = %(new)s",
        ("filename", "'changed.mp4'"),
        "id = %(own_upload)s",
    ),
    "uploads": Probe(
        "an upload of the owner that is under way",
        "file_id = %(own_upload)s",
        "(file_id, owner_id, length, expires_at) values (%(teacher_upload)s, %(instructor)s, 1000, now())",
        "file_id = %(teacher_upload)s",
        ("received", "1000"),
        first="file_id",
    ),
    "media_file_uses": Probe(
        "a picture's place in a lesson that is open to learners; triggers alone write it",
        "file_id = %(reading_picture)s",
        NEW_USE,
        FOUND_USE,
        ("created_at", "'2020-01-01'::timestamptz"),
        first="file_id",
    ),
    "media_file_uses: in a preview": Probe(
        "a picture's place in a lesson that everybody may try",
        "file_id = %(open_picture)s",
        NEW_USE,
        FOUND_USE,
        ("created_at", "'2020-01-01'::timestamptz"),
        first="file_id",
    ),
}


SECOND_LINES: dict[str, str] = {
    "media_files": "no column that it compares may be written",
}


WRITABLE: dict[tuple[str, str], str] = {
    ("media_files", "update"): "filename",
}


FUNCTIONS: dict[str, str] = {
    "private.files_in": "service_role",
    "private.is_file_name": "authenticated service_role",
}


AREA = Area(
    things=THINGS,
    found=found,
    matrix=MATRIX,
    probes=PROBES,
    second_lines=SECOND_LINES,
    writable=WRITABLE,
    shown={
        "media_file_uses": "file_id place ref_id",
        "media_files": "id filename kind mime_type byte_size sha256 storage_key thumbnail_key state width height duration",
    },
    functions=FUNCTIONS,
)
