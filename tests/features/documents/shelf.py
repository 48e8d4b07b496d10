"""A course with files: a document of several pages, attachments, and who may have them."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID, uuid4

from collegium.features.documents import service
from collegium.kit.db import person as actor
from collegium.kit.site import Site
from tests.support.database import Database
from tests.support.people import Course, Lesson, Person, add_course, add_person, enrol


@dataclass(frozen=True)
class Shelf:
    """A published course whose first lesson is a document, with a preview and a text after it."""

    site: Site
    database: Database
    course: Course
    teacher: Person
    learner: Person
    enrollment: UUID

    @property
    def manual(self) -> UUID:
        return self._lesson("The manual")

    @property
    def sample(self) -> UUID:
        return self._lesson("A sample")

    @property
    def text(self) -> UUID:
        return self._lesson("A text")

    def _lesson(self, title: str) -> UUID:
        found = self.course.lesson(title).id
        assert found
        return found

    def files(self, lesson: UUID) -> str:
        """The address of a lesson's files in the studio."""
        return f"/studio/{self.course.id}/lessons/{lesson}/files"


PDF = {"lesson_type": "pdf"}


async def fill(site: Site, database: Database) -> Shelf:
    """The course, its teacher and one learner."""
    teacher = await add_person(database, "instructor", first_name="Ines", last_name="Lindqvist")
    course = await add_course(
        database,
        "Reading a denied claim letter",
        instructor=teacher,
        modules=[[Lesson("The manual", more=PDF), Lesson("A sample", preview=True, more=PDF), Lesson("A text")]],
    )
    learner = await add_person(database)
    enrollment = await enrol(database, learner, course)
    return Shelf(site, database, course, teacher, learner, enrollment)


async def add_file(
    shelf: Shelf, content: bytes, name: str = "manual.pdf", mime: str = "application/pdf", owner: Person | None = None,
    state: str = "ready",
) -> UUID:  # fmt: skip
    """A file in the media library, as if it had been uploaded and checked."""
    file = uuid4()
    key = f"library/{file}/{'file.pdf' if mime == 'application/pdf' else 'file.bin'}"
    await shelf.site.storage.put(key, content)
    async with shelf.database.connect() as tables:
        await tables.execute(
            "insert into public.media_files (id, owner_id, purpose, filename, kind, mime_type, byte_size, sha256, storage_key,"
            " state) values ($1, $2, 'attachment', $3, 'document', $4, $5, repeat('a', 64), $6, $7)",
            file, (owner or shelf.teacher).id, name, mime, len(content), key, state,
        )  # fmt: skip
    return file


async def attach(
    shelf: Shelf, lesson: UUID, content: bytes = b"slides", name: str = "slides.pdf", **given: bool
) -> UUID:
    """An attachment with a lesson, put there by its teacher."""
    file = await add_file(shelf, content, name)
    async with shelf.site.db.transaction(actor(shelf.teacher.id)) as tx:
        return await service.attach_file(tx, lesson, file, **given)


async def place(shelf: Shelf, lesson: UUID, content: bytes) -> int:
    """A document in a lesson, put there by its teacher; answers its pages."""
    file = await add_file(shelf, content)
    async with shelf.site.db.transaction(actor(shelf.teacher.id)) as tx:
        return await service.place_document(shelf.site, tx, lesson, file)
