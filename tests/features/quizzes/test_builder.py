"""The list of quizzes, the builder and the settings over HTTP: making, arranging, publishing, and who may not."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape
from typing import Any

from tests.features.quizzes.support import School, post_pairs
from tests.support.people import Person, add_course, enrol
from tests.support.site import Client

MakePerson = Callable[..., Person]
MakeClient = Callable[..., Any]
Pair = tuple[str, str]


def fields(page: str) -> list[Pair]:
    """What the builder's form would send, in the order of the page."""
    form = page[page.index('<form id="qz-form"') : page.index("</form>", page.index('<form id="qz-form"'))]
    found = re.findall(r'<input[^>]*name="([^"]+)" value="([^"]*)"|<textarea[^>]*name="([^"]+)"[^>]*>([^<]*)', form)
    return [(name or area, unescape(value or text)) for name, value, area, text in found]


async def test_a_quiz_is_made_filled_arranged_and_published(client: Client, school: School) -> None:
    await client.login(school.teacher)
    for n in range(3):
        await school.question(f"Question {n}", tags=["basics"])
    here = f"/studio/{school.course.id}/quizzes"
    assert "No quizzes yet" in (await client.get(here)).text
    made = await client.post_form(here, {"title": "  Mid   term ", "quiz_type": "summative", "lesson": ""})
    quiz = made.headers["location"]
    page = (await client.get(quiz)).text
    assert "Mid term" in page
    assert "It has no questions yet" in page
    refused = await client.post_form(f"{quiz}/status", {"to": "published"})
    assert refused.status_code == 303
    assert await school.value("select status from public.quizzes") == "draft"

    bank = (await client.get(f"{quiz}/add?q=question+1")).text
    [version] = re.findall(r'name="version" value="([^"]+)"', bank)
    await post_pairs(client, f"{quiz}/add", [("version", version)])
    await client.post_form(f"{quiz}/draw", {"pool": "course:basics", "count": "5", "points": "2"})
    page = unescape((await client.get(quiz)).text)
    assert "It draws 5 from “basics”, but the course’s bank has 3" in page
    sent = [(name, "2" if name == "count" else value) for name, value in fields(page)]
    await post_pairs(client, f"{quiz}/places", [*sent, ("act", "up:2")])
    page = unescape((await client.get(quiz)).text)
    assert "3 questions" in page
    assert "5 points" in page
    assert page.index('data-title="Draw from basics"') < page.index('data-title="Question 1"')
    await post_pairs(client, f"{quiz}/places", [*fields(page), ("act", "section")])
    await client.post_form(f"{quiz}/status", {"to": "published"})
    assert await school.value("select status from public.quizzes") == "published"
    assert "Mid term" in (await client.get(here)).text


async def test_sections_hold_what_follows_and_keep_their_instructions(client: Client, school: School) -> None:
    await client.login(school.teacher)
    first, second = await school.question("One"), await school.question("Two")
    quiz = await school.quiz(first, second)
    path = f"/studio/{school.course.id}/quizzes/{quiz}"
    rows: list[Pair] = [
        ("revision", "1"),
        ("row", "question"), ("version", str(first)), ("points", "1"),
        ("row", "section"), ("title", "Cases"), ("instructions", "Read each <case>."),
        ("row", "question"), ("version", str(second)), ("points", "3"),
        ("row", "section"), ("title", "Nothing yet"), ("instructions", ""),
    ]  # fmt: skip
    answer = await post_pairs(client, f"{path}/places", rows, **{"hx-request": "true"})
    assert answer.status_code == 200, answer.text
    assert 'id="qz-side"' in answer.text
    assert await school.rows("select question_order, section, points from public.quiz_questions order by 1") == [
        (1, None, 1),
        (2, "Cases", 3),
    ]
    page = (await client.get(path)).text
    assert "Read each &lt;case&gt;." in page
    assert fields(page)[-3:] == [("row", "section"), ("title", "Nothing yet"), ("instructions", "")]
    twice = [*rows[1:-3], *rows[4:7], ("revision", "2")]
    refused = await post_pairs(client, f"{path}/places", twice, **{"hx-request": "true"})
    assert refused.status_code == 422
    assert "same title" in refused.text


async def test_two_who_arrange_do_not_write_over_each_other_unseen(client: Client, school: School) -> None:
    await client.login(school.teacher)
    first, second = await school.question("One"), await school.question("Two")
    quiz = await school.quiz(first, second)
    path = f"/studio/{school.course.id}/quizzes/{quiz}/places"
    one: list[Pair] = [("revision", "1"), ("row", "question"), ("version", str(first)), ("points", "1")]
    both: list[Pair] = [*one, ("row", "question"), ("version", str(second)), ("points", "9")]
    assert (await post_pairs(client, path, one, **{"hx-request": "true"})).status_code == 200
    late = await post_pairs(client, path, both, **{"hx-request": "true"})
    assert (late.status_code, late.headers["x-revision"]) == (409, "2")
    assert "Somebody else changed this quiz" in late.text
    assert await school.value("select count(*) from public.quiz_questions") == 1
    again = [("revision", "2"), *both[1:]]
    assert (await post_pairs(client, path, again, **{"hx-request": "true"})).status_code == 200
    kept = await school.value("select count(distinct id) from public.audit_logs where table_name = 'quiz_questions'")
    assert kept is None or kept >= 0


async def test_a_place_that_stays_is_the_same_row(client: Client, school: School) -> None:
    await client.login(school.teacher)
    versions = [await school.question(f"Q{n}") for n in range(3)]
    quiz = await school.quiz(*versions)
    before = dict(await school.rows("select question_version_id, id from public.quiz_questions"))
    rows: list[Pair] = [("revision", "1")]
    for version in (versions[2], versions[0]):
        rows += [("row", "question"), ("version", str(version)), ("points", "1")]
    await post_pairs(client, f"/studio/{school.course.id}/quizzes/{quiz}/places", rows)
    after = await school.rows("select question_version_id, id from public.quiz_questions order by question_order")
    assert after == [(versions[2], before[versions[2]]), (versions[0], before[versions[0]])]
    assert await school.value("select total_points from public.quizzes where id = $1", quiz) == 2


async def test_the_newer_version_is_taken_by_a_button(client: Client, school: School) -> None:
    await client.login(school.teacher)
    old = await school.question("Old words")
    question = await school.value("select question_id from public.question_versions where id = $1", old)
    new = await school.version(
        question, "New words", [{"id": "a", "text": "x"}, {"id": "b", "text": "y"}], {"selected": "a"}
    )
    quiz = await school.quiz(old)
    path = f"/studio/{school.course.id}/quizzes/{quiz}"
    page = (await client.get(path)).text
    assert "Take the newer version" in page
    await post_pairs(client, f"{path}/places", [*fields(page), ("act", "newer:1")])
    assert await school.value("select question_version_id from public.quiz_questions") == new


async def test_settings_are_kept_in_the_zone_of_the_person(client: Client, school: School) -> None:
    await school.value("update public.profiles set time_zone = 'America/New_York' where id = $1", school.teacher.id)
    await client.login(school.teacher)
    quiz = await school.quiz(await school.question(), lesson=school.course.lessons[0].id)
    path = f"/studio/{school.course.id}/quizzes/{quiz}/settings"
    given = {
        "title": "Renamed", "passing_score": "62,5", "max_attempts": "3", "time_limit_minutes": "20", "quiz_type": "summative",
        "show_correct_answers": "after_deadline", "available_from": "2031-03-09T01:30", "available_until": "2031-07-01T09:00",
        "lesson": "", "final": "1", "is_mandatory": "1", "anonymous_grading": "1",
    }  # fmt: skip
    page = await client.get(path)
    wrong = await client.submit(page, path, {**given, "passing_score": "101", "available_until": ""})
    assert wrong.status_code == 422
    assert "Pass mark: from 0 to 100" in wrong.text
    assert "Closes: needed when answers are shown" in wrong.text
    assert (await client.submit(page, path, given)).headers["location"].endswith("?saved=1")
    kept = await school.rows(
        "select title, passing_score, max_attempts, shuffle_questions, available_until at time zone 'UTC', lesson_id,"
        " course_id, anonymous_grading, (select final_assessment_id = z.id from public.courses c where c.id = z.of_course_id)"
        " from public.quizzes z"
    )
    [(title, mark, attempts, shuffled, until, lesson, course, unnamed, final)] = kept
    assert (title, float(mark), attempts, shuffled, str(until)) == ("Renamed", 62.5, 3, False, "2031-07-01 13:00:00")
    assert (lesson, course, unnamed, final) == (None, school.course.id, True, True)
    assert 'value="2031-03-09T01:30"' in (await client.get(path)).text


async def test_settings_that_somebody_else_saved_are_shown(client: Client, school: School) -> None:
    await client.login(school.teacher)
    quiz = await school.quiz(await school.question())
    path = f"/studio/{school.course.id}/quizzes/{quiz}/settings"
    page = await client.get(path)
    await school.value("update public.quizzes set passing_score = 90")
    late = await client.submit(page, path, {"title": "Mine"})
    assert late.status_code == 409
    assert "Saved meanwhile by somebody else: <q>90</q>" in late.text
    assert 'value="Mine"' in late.text
    await client.submit(late, path, {"title": "Mine"})
    assert await school.rows("select title, passing_score from public.quizzes") == [("Mine", 70)]


async def test_a_quiz_that_was_taken_stays(client: Client, school: School, make_person: MakePerson) -> None:
    await client.login(school.teacher)
    quiz = await school.quiz(await school.question(), status="published")
    learner = make_person()
    await enrol(school.database, learner, school.course)
    await school.attempt(learner, quiz, {1: {"selected": "2"}})
    path = f"/studio/{school.course.id}/quizzes/{quiz}"
    for step, data in (("remove", {}), ("status", {"to": "draft"})):
        await client.post_form(f"{path}/{step}", data)
        assert await school.value("select status from public.quizzes") == "published", step
    await client.post_form(f"{path}/status", {"to": "archived"})
    copied = await client.post_form(f"{path}/copy")
    page = unescape((await client.get(copied.headers["location"])).text)
    assert "Check yourself (copy)" in page
    assert "1 question" in page
    await client.post_form(f"{copied.headers['location']}/remove")
    assert await school.rows("select status from public.quizzes") == [("archived",)]


async def test_a_lesson_of_type_quiz_gets_its_quiz(client: Client, school: School) -> None:
    await client.login(school.teacher)
    course = school.course
    module = course.lessons[0].module_id
    outline = await client.get(f"/studio/{course.id}")
    added = await client.submit(outline, f"/studio/{course.id}/act", {"act": f"add-quiz module:{module}"})
    assert added.status_code == 303
    [(lesson, quiz, title)] = await school.rows(
        "select l.id, z.id, z.title from public.lessons l join public.quizzes z on z.lesson_id = l.id"
    )
    assert title == "New quiz"
    page = (await client.get(f"/studio/{course.id}")).text
    assert f'href="/studio/{course.id}/lessons/{lesson}/quiz"' in page
    led = await client.get(f"/studio/{course.id}/lessons/{lesson}/quiz")
    assert led.headers["location"] == f"/studio/{course.id}/quizzes/{quiz}"
    await school.value("update public.lessons set title = 'Part one' where id = $1", lesson)
    assert await school.value("select title from public.quizzes") == "Part one"
    await client.post_form(f"/studio/{course.id}/quizzes/{quiz}/remove")
    assert "has no quiz yet" in (await client.get(f"/studio/{course.id}/lessons/{lesson}/quiz")).text


async def test_who_does_not_teach_the_course_sees_and_changes_nothing(
    client: Client, school: School, make_person: MakePerson
) -> None:
    question = await school.question()
    quiz = await school.quiz(question, status="published")
    stranger, learner = make_person("instructor"), make_person()
    await enrol(school.database, learner, school.course)
    own = await add_course(school.database, instructor=stranger, slug="own")
    for person, status in ((learner, 403), (stranger, 404)):
        await client.login(person)
        for suffix in ("", f"/{quiz}", f"/{quiz}/settings", f"/{quiz}/add"):
            assert (await client.get(f"/studio/{school.course.id}/quizzes{suffix}")).status_code == status, suffix
        for suffix in ("places", "settings", "status", "copy", "remove", "add", "draw"):
            sent = {"to": "draft", "title": "x", "version": str(question), "revision": "1"}
            answer = await client.post_form(f"/studio/{school.course.id}/quizzes/{quiz}/{suffix}", sent)
            assert answer.status_code == status, suffix
    for suffix in (f"/{quiz}", f"/{quiz}/settings"):
        assert (await client.get(f"/studio/{own.id}/quizzes{suffix}")).status_code == 404, (
            "not by another course's address"
        )
    assert await school.rows("select title, status from public.quizzes") == [("Check yourself", "published")]
    assert await school.value("select count(*) from public.quiz_questions") == 1


async def test_learners_read_what_a_section_asks_to_do(
    client: Client, school: School, make_client: MakeClient, make_person: MakePerson
) -> None:
    version = await school.question("One")
    quiz = await school.quiz(version)
    await client.login(school.teacher)
    rows: list[Pair] = [
        ("revision", "1"), ("row", "section"), ("title", "Cases"), ("instructions", "Read each <case> twice."),
        ("row", "question"), ("version", str(version)), ("points", "1"),
    ]  # fmt: skip
    path = f"/studio/{school.course.id}/quizzes/{quiz}"
    await post_pairs(client, f"{path}/places", rows)
    await client.post_form(f"{path}/status", {"to": "published"})
    learner, other = make_person(), make_person()
    await enrol(school.database, learner, school.course)
    attempt = await school.attempt(learner, quiz, {}, submit=False)
    taker = await make_client()
    await taker.login(learner)
    page = (await taker.get(f"/attempts/{attempt}")).text
    assert "Read each &lt;case&gt; twice." in page
    await taker.login(other)
    assert (await taker.get(f"/attempts/{attempt}")).status_code == 404
