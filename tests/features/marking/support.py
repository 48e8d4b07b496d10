"""A course with an assignment that learners have handed in."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

from tests.support.database import Database, as_actor
from tests.support.people import Course, Lesson, Person, add_course, add_person, enrol

RUBRIC = [{"criterion": "Reasons", "points": 60, "description": "Names two."}, {"criterion": "Words", "points": 40}]


@dataclass
class Desk:
    """A teacher, his course, one assignment, and who has handed in."""

    database: Database
    teacher: Person
    course: Course
    assignment: UUID
    enrollments: dict[UUID, UUID] = field(default_factory=dict[UUID, UUID])

    @property
    def listing(self) -> str:
        """The address of the list."""
        return f"/studio/{self.course.id}/assignments/{self.assignment}/submissions"

    def page(self, submission: UUID) -> str:
        """Where work is marked."""
        return f"/studio/{self.course.id}/submissions/{submission}"

    async def value(self, sql: str, *args: Any) -> Any:
        """One value, as the owner of the tables."""
        async with self.database.connect() as owner:
            return await owner.fetchval(sql, *args)

    async def rows(self, sql: str, *args: Any) -> list[tuple[Any, ...]]:
        """Rows, as the owner of the tables."""
        async with self.database.connect() as owner:
            return [tuple(row.values()) for row in await owner.fetch(sql, *args)]

    async def learner(self, first: str = "Mara", last: str = "Okafor") -> Person:
        """Somebody who takes the course."""
        person = await add_person(self.database, first_name=first, last_name=last)
        self.enrollments[person.id] = await enrol(self.database, person, self.course)
        return person

    async def work(self, person: Person, text: str = "A policy is a contract of two.", **columns: Any) -> UUID:
        """What somebody handed in; ``columns`` are further columns of assignment_submissions."""
        row: dict[str, Any] = {
            "assignment_id": self.assignment,
            "enrollment_id": self.enrollments[person.id],
            "course_id": self.course.id,
            "member_id": person.id,
            "submission_number": 1,
            "submission_text": text,
            "max_points": 100,
            **columns,
        }
        if "file_attachments" in row:
            row["file_attachments"] = json.dumps(row["file_attachments"])
        places = ", ".join(
            f"${n}" + ("::text::jsonb" if name == "file_attachments" else "") for n, name in enumerate(row, 1)
        )
        made: UUID = await self.value(
            f"insert into public.assignment_submissions ({', '.join(row)}) values ({places}) returning id",
            *row.values(),
        )
        return made

    async def say(self, who: Person, sql: str, *args: Any) -> Any:
        """One value of a statement that somebody speaks himself, with his own rights."""
        async with self.database.connect("web") as session, as_actor(session, "authenticated", who.id) as actor:
            return await actor.fetchval(sql, *args)


def file_of(person: Person, name: str, size: int) -> dict[str, Any]:
    """A file as a submission keeps it; its key says nothing of its name."""
    ending = name.rpartition(".")[2]
    return {"file_name": name, "file_key": f"assignment-submissions/{person.id}/{uuid4()}.{ending}", "file_size": size}


async def make_desk(database: Database, *, rubric: bool = False) -> Desk:
    """A published course with a published assignment."""
    teacher = await add_person(database, "instructor", first_name="Ines", last_name="Lindqvist")
    course = await add_course(database, instructor=teacher, modules=[[Lesson("First")]])
    async with database.connect() as owner:
        made: UUID = await owner.fetchval(
            "insert into public.assignments (course_id, title, description, status, submission_type, rubric)"
            " values ($1, 'A letter of appeal', 'Write one.', 'published', 'both', $2::text::jsonb) returning id",
            course.id,
            json.dumps(RUBRIC) if rubric else None,
        )
    return Desk(database, teacher, course, made)
