"""What the check list takes for the content of a lesson."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.support.database import Database
from tests.support.people import Course, Lesson


@pytest.mark.parametrize("kind", ["text", "pdf"])
async def test_a_file_that_was_taken_away_is_no_content(
    database: Database, make_course: Callable[..., Course], kind: str
) -> None:
    course = make_course(modules=[[Lesson("Only", more={"lesson_type": kind})]])
    lesson = course.lesson("Only").id

    async def lacks() -> bool:
        async with database.connect() as owner:
            query = "select count(*) from private.publication_problems($1) where code = 'no_content' and lesson_id = $2"
            return bool(await owner.fetchval(query, course.id, lesson))

    async with database.connect() as owner:
        await owner.execute("delete from public.content_blocks where lesson_id = $1", lesson)
        assert await lacks()
        made = await owner.fetchval(
            "insert into public.lesson_attachments (lesson_id, course_id, file_name, file_url, file_type, file_size_bytes)"
            " values ($1, $2, 'a.pdf', 'library/a.pdf', 'application/pdf', 9) returning id",
            lesson,
            course.id,
        )
        assert not await lacks()
        await owner.execute("update public.lesson_attachments set removed_at = now() where id = $1", made)
        assert await lacks()
