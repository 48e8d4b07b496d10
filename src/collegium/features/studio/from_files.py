"""Lessons made of files: a video becomes a video lesson, a PDF a document, anything else a reading with an attachment.

Apart from `service`, because the features that keep files ask `service` about courses.
"""

from __future__ import annotations

import re
from pathlib import PurePath
from uuid import UUID

from collegium.features.documents import service as documents
from collegium.features.media import service as media
from collegium.features.studio import service
from collegium.features.studio.model import LONGEST_TITLE, LessonType, Part
from collegium.features.uploads import service as uploads
from collegium.kit.db import Transaction
from collegium.kit.errors import NotFound
from collegium.kit.site import Site

KINDS = {"video", "audio", "image", "document"}
_NUMBER = re.compile(r"^\(?\d{1,3}[\s._)-]+(?=[^\W_])")


def title_of_file(name: str) -> str:
    """A file's name as a title: ``01_health-insurance-basics.mp4`` becomes ``Health insurance basics``."""
    stem = PurePath(name.replace("\\", "/")).name
    stem = stem.rsplit(".", 1)[0] or stem
    plain = "".join(c if c.isprintable() else " " for c in _NUMBER.sub("", stem.strip()).replace("_", " "))
    # Where there are blanks already, hyphens join words; else they stand for blanks.
    words = " ".join((plain if " " in plain.strip() else plain.replace("-", " ")).split()) or "Lesson"
    title = words[:LONGEST_TITLE].strip()
    return title[:1].upper() + title[1:]


async def lesson_from_file(site: Site, tx: Transaction, course_id: UUID, module_id: UUID, file_id: UUID) -> Part:
    """Makes a lesson of a file of the library, at the end of a module of this course; answers the lesson.

    Raises NotFound, Invalid or Conflict in words; then there is no lesson, and the file stays in the library.
    """
    if module_id not in {module.id for module in await service.arrangement(tx, course_id)}:
        raise NotFound("This module is not in the outline any more. Choose another one.", code="no_such_module")
    file = await uploads.ready_file(tx, file_id, KINDS)
    kind: LessonType = "text"
    if file.kind == "video":
        kind = "video"
    elif file.mime_type == "application/pdf":
        kind = "pdf"
    lesson = await service.add_lesson(tx, module_id, kind, title_of_file(file.filename))
    if kind == "video":
        await media.attach_upload(site, tx, lesson, file.id)
    elif kind == "pdf":
        await documents.place_document(site, tx, lesson, file.id)
    else:
        await documents.attach_file(tx, lesson, file.id)
    return Part("lesson", lesson)
