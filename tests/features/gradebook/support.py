"""A course with a quiz, columns of the teacher's own, and learners in it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from tests.features.quizzes.support import School, make_school
from tests.support.database import Database, as_actor
from tests.support.people import Person, add_person, enrol


@dataclass
class Book:
    """A school and what stands in its gradebook."""

    school: School
    people: list[Person] = field(default_factory=list[Person])
    enrollments: list[UUID] = field(default_factory=list[UUID])

    @property
    def path(self) -> str:
        return f"/studio/{self.school.course.id}/gradebook"

    @property
    def api(self) -> str:
        return f"/api/v1/gradebooks/{self.school.course.id}"

    async def join(self, *names: str) -> None:
        """Learners of these first names take the course."""
        for name in names:
            person = await add_person(self.school.database, first_name=name, last_name="Okafor")
            self.people.append(person)
            self.enrollments.append(await enrol(self.school.database, person, self.school.course))

    async def crowd(self, count: int) -> None:
        """So many learners more, put in at once."""
        people = await self.school.rows(
            "insert into auth.users (email, email_confirmed_at, raw_user_meta_data)"
            " select 'crowd' || n || '@guild.test', now(), jsonb_build_object('first_name', 'Learner' || n, 'last_name', 'Okafor')"
            " from generate_series(1, $1::integer) n returning id",
            count,
        )
        rows = await self.school.rows(
            "insert into public.enrollments (course_id, member_id) select $1, unnest($2::uuid[]) returning id",
            self.school.course.id,
            [row[0] for row in people],
        )
        self.enrollments += [row[0] for row in rows]

    async def category(self, name: str, weight: float = 100, **columns: Any) -> UUID:
        made: UUID = await self.school.value(
            "insert into public.gradebook_categories (course_id, name, weight, drop_lowest, weighting, position)"
            " values ($1, $2, $3, $4, $5, 5) returning id",
            self.school.course.id, name, weight, columns.get("drop", 0), columns.get("weighting", "points"),
        )  # fmt: skip
        return made

    async def column(self, title: str, most: float = 100, category: UUID | None = None, **columns: Any) -> UUID:
        """A column of the teacher's own; `columns` are further columns of gradebook_items."""
        row = {
            "course_id": self.school.course.id, "title": title, "max_points": most, "position": 500,
            "category_id": category or await self.school.value("select private.first_gradebook_category($1)", self.school.course.id),
            **columns,
        }  # fmt: skip
        places = ", ".join(f"${n}" for n in range(1, len(row) + 1))
        made: UUID = await self.school.value(
            f"insert into public.gradebook_items ({', '.join(row)}) values ({places}) returning id", *row.values()
        )
        return made

    async def grade(
        self,
        item: UUID,
        points: float | None,
        who: int = 0,
        *,
        by: Person | None = None,
        reason: str | None = None,
        **more: Any,
    ) -> str:
        """Writes a grade as a person; answers what became of it."""
        revision = await self.school.value(
            "select revision from public.gradebook_cells where enrollment_id = $1 and item_id = $2",
            self.enrollments[who],
            item,
        )
        cell = {
            "e": str(self.enrollments[who]), "i": str(item), "points": points, "excused": False, "revision": revision or 0, **more,
        }  # fmt: skip
        person = by or self.school.teacher
        async with (
            self.school.database.connect("web") as session,
            as_actor(session, "authenticated", person.id) as actor,
        ):
            found: str = await actor.fetchval(
                "select outcome from public.set_grades($1, $2::text::jsonb, $3)",
                self.school.course.id, json.dumps([cell]), reason,
            )  # fmt: skip
            return found

    async def final(self, who: int = 0) -> float | None:
        """The final grade as it is kept."""
        found = await self.school.value(
            "select final_grade from public.enrollments where id = $1", self.enrollments[who]
        )
        return None if found is None else float(found)

    async def settle(self) -> None:
        """Computes what waits for it, as the worker does."""
        while await self.school.value("select private.settle_gradebooks()"):
            pass


async def make_book(database: Database, *names: str) -> Book:
    """A course with these learners and an empty gradebook."""
    book = Book(await make_school(database))
    await book.join(*names)
    return book
