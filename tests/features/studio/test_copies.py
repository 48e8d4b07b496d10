"""Copies of lessons and modules: all the content, nobody's progress."""

from __future__ import annotations

from uuid import uuid4

from collegium.features.studio import service
from collegium.features.studio.service import Part
from collegium.kit.db import SYSTEM, person
from collegium.kit.queries import load
from collegium.kit.site import Site
from tests.features.studio.support import MakeCourse, ids, module_ids, titles
from tests.support.database import Database
from tests.support.people import Course, Lesson, Person


async def test_a_copy_has_the_content_and_nobodys_progress(
    site: Site, teacher: Person, course: Course, database: Database
) -> None:
    lesson = ids(course, "b")[0]
    async with database.connect() as owner:
        await owner.execute(
            "insert into public.lesson_attachments (lesson_id, course_id, file_name, file_url, file_type, download_count)"
            " values ($1, $2, 'a.pdf', 'attachments/1.pdf', 'application/pdf', 7)",
            lesson,
            course.id,
        )
        await owner.execute(
            "insert into public.lesson_prerequisites (lesson_id, requires_lesson_id, course_id) values ($1, $2, $3)",
            lesson,
            ids(course, "a")[0],
            course.id,
        )
    async with site.db.transaction(person(teacher.id)) as tx:
        copies = [await service.duplicate(tx, course.id, Part("lesson", one)) for one in ids(course, "abd")]
        assert await titles(tx, course.id) == [
            ("Part 1", ["a", "a (copy)", "b", "b (copy)", "c"]),
            ("Part 2", ["d", "d (copy)"]),
        ]
    async with database.connect() as owner:
        found = await owner.fetchrow(
            "select (select count(*) from public.content_blocks where lesson_id = $1) as blocks,"
            " (select download_count from public.lesson_attachments where lesson_id = $1) as downloads,"
            " (select requires_lesson_id from public.lesson_prerequisites where lesson_id = $1) as requires,"
            " (select playlist_key is not distinct from (select playlist_key from public.lesson_videos where lesson_id = $3)"
            "   and duration = 60 from public.lesson_videos where lesson_id = $2) as video,"
            " (select unlock_after_lesson_id from public.lessons where id = $4) as waits",
            copies[1],
            copies[0],
            ids(course, "a")[0],
            copies[2],
        )
        assert found
        assert tuple(found) == (1, 0, ids(course, "a")[0], True, ids(course, "a")[0])
        assert await owner.fetchval("select count(*) from public.lesson_progress") == 0


async def test_what_a_copy_plays_has_an_owner_when_the_original_is_gone(
    site: Site, teacher: Person, course: Course, database: Database
) -> None:
    lesson, video = course.lesson("a"), course.lesson("a").video_id
    async with database.connect() as owner:
        key = f"videos/{video}/index.m3u8"
        await owner.execute("update public.lesson_videos set playlist_key = $1 where id = $2", key, video)
        async with site.db.transaction(person(teacher.id)) as tx:
            await service.duplicate(tx, course.id, Part("lesson", lesson.id or uuid4()))
        await owner.execute("delete from public.lesson_videos where id = $1", video)
    async with site.db.transaction(SYSTEM) as tx:
        owners = [row["id"] for row in await tx.fetch(load("collegium.features.operations").rows_with_files)]
    assert video in owners


async def test_a_module_is_copied_with_what_waits_inside_it(
    site: Site, teacher: Person, course: Course, make_course: MakeCourse, database: Database
) -> None:
    other = make_course("Other", instructor=teacher, modules=[[Lesson("x")]])
    first, second = module_ids(course)
    async with database.connect() as owner:
        await owner.execute("update public.lessons set unlock_after_lesson_id = $1 where id = $2", *ids(course, "ab"))
    async with site.db.transaction(person(teacher.id)) as tx:
        await service.duplicate(tx, course.id, Part("module", first))
        await service.copy_modules(tx, course.id, [Part("module", first), Part("module", second)], other.id)
        await service.copy_lessons(tx, course.id, [Part("lesson", ids(course, "c")[0])], other.lessons[0].module_id)  # type: ignore[arg-type]
        assert await titles(tx, course.id) == [
            ("Part 1", ["a", "b", "c"]),
            ("Part 1 (copy)", ["a", "b", "c"]),
            ("Part 2", ["d"]),
        ]
        assert await titles(tx, other.id) == [("Part 1", ["x", "c"]), ("Part 1", ["a", "b", "c"]), ("Part 2", ["d"])]
    async with database.connect() as owner:
        waiting = await owner.fetch(
            "select l.title, b.title as waits, l.course_id = b.course_id and l.module_id = b.module_id as together"
            " from public.lessons l join public.lessons b on b.id = l.unlock_after_lesson_id"
            " where l.id <> all ($1) order by l.course_id = $2, 1",
            ids(course, "abcd"),
            course.id,
        )
        assert [tuple(row) for row in waiting] == [("b", "a", True), ("b", "a", True)]
        drafts = await owner.fetchval(
            "select count(*) from public.lessons where course_id = $1 and state = 'draft'", other.id
        )
        assert drafts == 5, "what comes to a published course waits as a draft"
