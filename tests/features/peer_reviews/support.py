"""An assignment that peers review, and people who have handed in."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from tests.support.database import Database, as_actor
from tests.support.people import Course, Lesson, Person, add_course, add_person, enrol

RUBRIC = [
    {"criterion": "Argument", "points": 60, "description": "Is it clear what follows from what?"},
    {"criterion": "Form", "points": 40},
]


@dataclass
class Circle:
    """A course, its instructor, an assignment and those who handed in."""

    database: Database
    teacher: Person
    course: Course
    assignment: UUID
    people: list[Person] = field(default_factory=list[Person])

    @property
    def path(self) -> str:
        """The address of its peer review in the studio."""
        return f"/studio/{self.course.id}/assignments/{self.assignment}/peers"

    async def value(self, sql: str, *args: Any) -> Any:
        """One value, as the owner of the tables."""
        async with self.database.connect() as owner:
            return await owner.fetchval(sql, *args)

    async def rows(self, sql: str, *args: Any) -> list[tuple[Any, ...]]:
        """Rows, as the owner of the tables."""
        async with self.database.connect() as owner:
            return [tuple(row.values()) for row in await owner.fetch(sql, *args)]

    async def allot(self) -> None:
        """What the clock does."""
        await self.value("select private.step_peer_reviews($1)", self.assignment)

    async def tasks(self, person: Person) -> list[UUID]:
        """The reviews that somebody has to write."""
        found = await self.rows(
            "select id from public.assignment_reviews where reviewer_id = $1 and status = 'assigned' order by id",
            person.id,
        )
        return [row[0] for row in found]

    async def write(self, person: Person, points: int = 70, feedback: str = "<p>Good.</p>") -> None:
        """Somebody writes all that waits for him, by the functions that his pages use."""
        async with self.database.connect("web") as session, as_actor(session, "authenticated", person.id) as actor:
            for (review,) in await self.rows(
                "select id from public.assignment_reviews where reviewer_id = $1 and status = 'assigned'", person.id
            ):
                scores = json.dumps({"Argument": points * 0.6, "Form": points * 0.4})
                await actor.fetchval(
                    "select (public.submit_peer_review($1, $2::text::jsonb, null, $3)).id", review, scores, feedback
                )


async def make_circle(
    database: Database, names: tuple[str, ...] = ("Anna", "Boris", "Chidi"), required: int = 2
) -> Circle:
    """An assignment with a rubric whose deadline has passed and that these people have handed in."""
    teacher = await add_person(database, "instructor", first_name="Ines", last_name="Lindqvist")
    course = await add_course(database, instructor=teacher, modules=[[Lesson("First")]])
    async with database.connect() as owner:
        made: UUID = await owner.fetchval(
            "insert into public.assignments (course_id, title, description, instructions_html, status, submission_type, due_date, rubric,"
            " enable_peer_review, peer_reviews_required) values ($1, 'A memo on risk', 'One page.', '<p>Write a memo.</p>', 'published',"
            " 'both', $2, $3::text::jsonb, true, $4) returning id",
            course.id, datetime.now(UTC) - timedelta(hours=1), json.dumps(RUBRIC), required,
        )  # fmt: skip
    circle = Circle(database, teacher, course, made)
    for name in names:
        person = await add_person(database, first_name=name, last_name="Verynamed", time_zone="America/New_York")
        enrollment = await enrol(database, person, course)
        files = [
            {
                "file_name": f"{name} Verynamed.pdf",
                "file_key": f"assignment-submissions/{person.id}/f1.pdf",
                "file_size": 2000,
            }
        ]
        async with database.connect() as owner:
            await owner.execute(
                "insert into public.assignment_submissions (assignment_id, enrollment_id, course_id, member_id, submission_number, submitted_at,"
                " submission_text, file_attachments, max_points) values ($1, $2, $3, $4, 1, $5, $6, $7::text::jsonb, 100)",
                made, enrollment, course.id, person.id, datetime.now(UTC) - timedelta(hours=2),
                "A memo. <script>alert(1)</script>", json.dumps(files),
            )  # fmt: skip
        circle.people.append(person)
    return circle
