"""Scores reach their cells and final grades; grades are written by who may, and nothing is written over unseen."""

from __future__ import annotations

import asyncpg
import pytest

from tests.features.gradebook.support import Book, make_book
from tests.support.database import Database, as_actor
from tests.support.people import add_course, add_person


@pytest.fixture
async def book(database: Database) -> Book:
    return await make_book(database, "Mara", "Liv")


async def refused(book: Book, *args: object, **given: object) -> str:
    """The code of a refusal."""
    with pytest.raises(asyncpg.PostgresError) as caught:
        await book.grade(*args, **given)  # type: ignore[arg-type]
    return str(getattr(caught.value, "detail", "") or caught.value.sqlstate)


async def test_a_score_reaches_its_cell_and_the_final_grade_at_once(book: Book) -> None:
    school = book.school
    first, second = await school.question("One"), await school.question("Two", points=3)
    quiz = await school.quiz(first, second, status="published", grading_policy="last")
    item = await school.value("select id from public.gradebook_items where quiz_id = $1", quiz)
    await school.attempt(book.people[0], quiz, {1: {"selected": "2"}, 2: {"selected": "2"}})
    assert await book.final() == 100
    await school.attempt(book.people[0], quiz, {1: {"selected": "2"}, 2: {"selected": "1"}})
    assert await book.final() == 25
    assert await book.final(1) is None
    # Another policy: gathered anew for the whole course, in the background.
    await school.value("update public.quizzes set grading_policy = 'best' where id = $1", quiz)
    await book.settle()
    assert await book.final() == 100

    # Written over, with a reason, and taken back.
    assert await refused(book, item, 2) == "reason_needed"
    assert await book.grade(item, 2, reason="Sat it on paper") == "saved"
    assert await book.final() == 50
    await school.attempt(book.people[0], quiz, {1: {"selected": "1"}, 2: {"selected": "1"}})
    assert await book.final() == 50
    assert await book.grade(item, None, reason="Was a mistake") == "saved"
    assert await book.final() == 100

    # Each step is in the log with its reason, and the site's own steps are those of the quiz.
    async with (
        school.database.connect("web") as session,
        as_actor(session, "authenticated", school.teacher.id) as actor,
    ):
        history = await actor.fetch("select * from public.gradebook_cell_history($1, $2)", book.enrollments[0], item)
    mine = [row for row in history if row["what"] == "gradebook_cells"]
    assert [row["reason"] for row in mine] == ["Was a mistake", "Sat it on paper"]
    assert {row["who"] for row in mine} == {"Ines Lindqvist"}
    assert "quiz_attempts" in {row["what"] for row in history}


async def test_an_essay_waits_and_is_no_missing_work(book: Book) -> None:
    school = book.school
    essay = await school.question("Why?", "essay", points=4)
    quiz = await school.quiz(essay, status="published")
    await book.column("Talk", due_at=await school.value("select now() - interval '1 day'"))
    await school.value(
        "insert into public.gradebooks (course_id, missing_work) values ($1, 'zero_after_due')", school.course.id
    )
    await book.settle()
    assert await book.final() == 0
    await school.attempt(book.people[0], quiz, {1: {"html": "<p>Because.</p>"}})
    await school.value("update public.quizzes set available_until = now() - interval '1 hour' where id = $1", quiz)
    await book.settle()
    rows = await school.rows(
        "select coalesce(i.title, 'quiz'), l.state from private.grade_lines($1, $2) l join public.gradebook_items i on i.id = l.item_id order by 1",
        school.course.id, book.enrollments[:1],
    )  # fmt: skip
    assert rows == [("Talk", "missing"), ("quiz", "waiting")]
    assert await book.final() == 0


async def test_many_scores_at_once_follow_a_moment_later(book: Book) -> None:
    school = book.school
    quiz = await school.quiz(await school.question("One"), status="published")
    await book.crowd(21)
    await school.value(
        "insert into public.quiz_attempts (quiz_id, enrollment_id, course_id, member_id, attempt_number, passing_score, total_points)"
        " select $1, e.id, e.course_id, e.member_id, 1, 50, 1 from public.enrollments e",
        quiz,
    )
    await school.value(
        "update public.quiz_attempts set status = 'submitted', submitted_by = 'learner', submitted_at = clock_timestamp()"
    )
    assert await book.final() is None
    assert await school.value("select count(*) from private.gradebook_stale") == 23
    await book.settle()
    assert [await book.final(n) for n in range(23)] == [0] * 23


async def test_what_cannot_be_is_refused_and_nothing_is_written_over_unseen(book: Book) -> None:
    school = book.school
    talk = await book.column("Talk", 20)
    assert await book.grade(talk, 15) == "saved"
    assert await book.grade(talk, 15, revision=0) == "same"
    assert await book.grade(talk, 12, revision=0) == "conflict"
    assert await book.final() == 75
    for points in (20.01, -1, "NaN"):
        assert await refused(book, talk, points) == "points_out_of_range"
    assert await refused(book, school.course.id, 1) == "no_such_cell"
    assert await refused(book, talk, 1, excused=None) == "no_cells"
    assert await refused(book, talk, 1, comment="x" * 2001) == "too_long"
    elsewhere = await add_course(school.database)
    other = await school.value(
        "insert into public.gradebook_items (course_id, category_id, title, max_points)"
        " values ($1, private.first_gradebook_category($1), 'Theirs', 5) returning id",
        elsewhere.id,
    )
    assert await refused(book, other, 1) == "no_such_cell"
    assert await refused(book, talk, 20, by=book.people[0]) == "no_such_gradebook"
    stranger = await add_person(school.database, "instructor", first_name="Otto", last_name="Berg")
    assert await refused(book, talk, 20, by=stranger) == "no_such_gradebook"
    assert await book.final() == 75
    # Neither does a teacher grade himself.
    await school.value(
        "update public.enrollments set member_id = $1 where id = $2", school.teacher.id, book.enrollments[1]
    )
    assert await refused(book, talk, 20, 1) == "own_work"


async def test_a_learner_reads_and_writes_nothing_of_others(book: Book) -> None:
    school = book.school
    talk, secret = await book.column("Talk", 20), await book.column("Secret", 10, is_hidden=True)
    await book.grade(talk, 15, comment="Well spoken.")
    await book.grade(secret, 1)
    await book.grade(talk, 3, 1)
    calls = (
        "select * from public.gradebook_columns($1)", "select * from public.gradebook_people($1, '', null, false, null)",
        "select * from public.gradebook_cells_of($1, array(select id from public.enrollments))",
        "select * from public.gradebook_window($1, array(select id from public.enrollments))",
        "select * from public.gradebook_averages($1)", "select * from public.gradebook_finals($1, array(select id from public.enrollments))",
    )  # fmt: skip
    writes = (
        "insert into public.gradebook_cells (enrollment_id, item_id, course_id, points) select id, $2, $1, 20 from public.enrollments",
        "update public.gradebook_cells set points = 20 where $1::uuid is not null and item_id = $2",
        "update public.enrollments set final_grade = 100 where course_id = $1 and $2::uuid is not null",
        "insert into public.gradebook_items (course_id, category_id, title, max_points) values ($1, $2, 'Mine', 1)",
    )
    async with school.database.connect("web") as session:
        for call in calls:
            async with as_actor(session, "authenticated", book.people[0].id) as actor:
                with pytest.raises(asyncpg.PostgresError, match="no such gradebook"):
                    async with actor.transaction():
                        await actor.fetch(call, school.course.id)
        for write in writes:
            async with as_actor(session, "authenticated", book.people[0].id) as actor:
                with pytest.raises(asyncpg.InsufficientPrivilegeError):
                    async with actor.transaction():
                        await actor.fetch(write, school.course.id, talk)
        async with as_actor(session, "authenticated", book.people[0].id) as actor:
            assert await actor.fetch("select 1 from public.gradebook_cells") == []
            assert [row[0] for row in await actor.fetch("select title from public.gradebook_items")] == ["Talk"]
            mine = await actor.fetchval("select public.my_grades($1)::text", school.course.id)
            with pytest.raises(asyncpg.PostgresError, match="no such gradebook"):
                async with actor.transaction():
                    await actor.fetch("select * from public.gradebook_cell_history($1, $2)", book.enrollments[0], talk)
    assert "Well spoken." in mine
    assert "Secret" not in mine
    assert str(secret) not in mine
    # What is hidden does not show through the final grade either.
    assert await book.final() == 75
