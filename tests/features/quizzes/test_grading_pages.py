"""Accommodations and the grading queue over HTTP: order, keys of others' grades, reasons, names left out, and who may not."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape
from typing import Any
from uuid import UUID

import pytest

from tests.features.quizzes.support import School
from tests.support.people import Person, add_person, enrol
from tests.support.site import Client

MakePerson = Callable[..., Person]
MakeClient = Callable[..., Any]
RUBRIC = '[{"name": "Reasons", "points": 3}, {"name": "Words", "description": "Plain ones", "points": 1}]'


async def essays(school: School, *names: str, **columns: Any) -> tuple[UUID, list[Person]]:
    """A quiz with an essay of four points, which these learners have written."""
    essay = await school.question("Why does a policy end?", "essay", points=4)
    # Written past the editor, as another client could.
    hostile = (
        '<p>Why does <b>a policy</b> end <span data-math="x^2"></span>?</p>'
        "<form action=https://elsewhere.example><input name=password></form>"
    )
    await school.value(
        f"update public.question_versions set rubric = '{RUBRIC}', question_html = $2 where id = $1", essay, hostile
    )
    quiz = await school.quiz(essay, status="published", **columns)
    people: list[Person] = []
    for name in names:
        learner = await add_person(school.database, first_name=name, last_name="Okafor")
        await enrol(school.database, learner, school.course)
        await school.attempt(learner, quiz, {1: {"html": f"<p>{name} says<script>alert(1)</script> because.</p>"}})
        people.append(learner)
    return quiz, people


def path(school: School, quiz: UUID) -> str:
    return f"/grading/{school.course.id}/quizzes/{quiz}"


async def test_answers_are_graded_one_after_the_other(client: Client, school: School) -> None:
    quiz, _ = await essays(school, "Mara", "Liv")
    said = "Close, <strong>look again</strong>.<script>alert(2)</script>"
    await school.value("update public.quiz_answers set automated_feedback = $1", said)
    await client.login(school.teacher)
    overview = (await client.get("/grading")).text
    assert "2 answers" in overview
    assert path(school, quiz) in overview
    page = await client.get(path(school, quiz))
    assert "Mara Okafor" in page.text
    assert "Mara says because." in page.text
    assert "alert(" not in page.text
    assert "Close, <strong>look again</strong>." in page.text
    assert 'Why does <b>a policy</b> end <span data-math="x^2"></span>?' in page.text
    assert re.search(r"<script[^>]+reading", page.text)  # It is drawn.
    assert "elsewhere.example" not in page.text
    assert "0 of 2" in page.text
    [action] = re.findall(r'id="qg-form" method="post" action="([^"]+)"', page.text)
    given = {"points": "", "feedback": "Well argued.", "seen": ""}
    wrong = await client.post_form(unescape(action), {**given, "points": "4,5"})
    assert wrong.status_code == 422
    assert "Points: from 0 to 4" in wrong.text
    assert "Well argued." in wrong.text
    gone_on = await client.post_form(unescape(action), {**given, "criterion": ["2.5", "0,5"]})
    assert "answer=" in gone_on.headers["location"]
    assert await school.rows(
        "select points_earned, rubric_points::text, instructor_feedback from public.quiz_answers where graded_by is not null"
    ) == [(3, "[2.5, 0.5]", "Well argued.")]
    following = (await client.get(gone_on.headers["location"])).text
    assert "Liv Okafor" in following
    assert "1 of 2" in following


@pytest.mark.parametrize(("shown", "sees"), [("after_submission", True), ("never", False)])
async def test_a_learner_reads_what_each_criterion_earned(
    client: Client, school: School, make_client: MakeClient, shown: str, sees: bool
) -> None:
    quiz, [mara, _] = await essays(school, "Mara", "Liv", show_correct_answers=shown)
    await client.login(school.teacher)
    page = (await client.get(path(school, quiz))).text
    [action] = map(unescape, re.findall(r'id="qg-form" method="post" action="([^"]+)"', page))
    result = (
        f"/attempts/{await school.value('select id from public.quiz_attempts where member_id = $1', mara.id)}/result"
    )
    learner = await make_client()
    await learner.login(mara)
    assert "quiz-criteria" not in (await learner.get(result)).text
    await client.post_form(action, {"points": "", "feedback": "", "seen": "", "criterion": ["2.5", "0,5"]})
    after = (await learner.get(result)).text
    assert ("2.5 of 3" in after) == sees
    assert ("Plain ones" in after) == sees
    assert ("Graded: 3 of 4 points" in after) == sees


async def test_a_grade_of_somebody_else_is_never_written_over_unseen(client: Client, school: School) -> None:
    quiz, _ = await essays(school, "Mara")
    await client.login(school.teacher)
    page = await client.get(path(school, quiz))
    [action] = map(unescape, re.findall(r'id="qg-form" method="post" action="([^"]+)"', page.text))
    await client.post_form(action, {"points": "3", "seen": ""})
    late = await client.post_form(action, {"points": "1", "feedback": "Mine.", "seen": ""})
    assert late.status_code == 409
    assert "Ines Lindqvist gave 3 points meanwhile" in unescape(late.text)
    assert "Mine." in late.text
    seen = re.findall(r'name="seen" value="([^"]+)"', late.text)[0]
    silent = await client.post_form(action, {"points": "1", "seen": seen})
    assert silent.status_code == 422
    assert "Say why you change it" in silent.text
    await client.post_form(action, {"points": "1", "seen": seen, "reason": "Read it twice."})
    changes = await school.rows(
        "select points_before, points_after, reason from public.quiz_grade_changes order by changed_at, id"
    )
    assert changes == [(None, 3, "Graded."), (3, 1, "Read it twice.")]
    assert "All are graded" in (await client.get(path(school, quiz))).text
    assert "Read it twice." not in (await client.get(f"{path(school, quiz)}?all=1")).text


async def test_names_are_left_out_where_the_quiz_wants_it(client: Client, school: School) -> None:
    quiz, people = await essays(school, "Mara", anonymous_grading=True)
    await client.login(school.teacher)
    await school.value('update public.quiz_answers set answer_data = \'{"text": "Plain"}\'')
    page = (await client.get(path(school, quiz))).text
    assert "Learner " in page
    assert people[0].last_name not in page


@pytest.mark.parametrize("by", ["question", "person"])
async def test_each_order_leads_through_all_and_back(client: Client, school: School, by: str) -> None:
    quiz, _ = await essays(school, "Mara", "Liv", "Anton")
    await client.login(school.teacher)
    seen: list[str] = []
    at = f"{path(school, quiz)}?by={by}"
    for _ in range(3):
        page = (await client.get(at)).text
        seen += re.findall(r'id="qg-who">([^<]+)<', page)
        at = unescape((re.findall(r'rel="next" href="([^"]+)"', page) or [at])[0])
    assert sorted(seen) == ["Anton Okafor", "Liv Okafor", "Mara Okafor"]
    back = re.findall(r'rel="prev" href="([^"]+)"', page)
    assert seen[1] in (await client.get(unescape(back[0]))).text


async def test_somebody_gets_more_time_and_the_log_says_why(client: Client, school: School) -> None:
    quiz = await school.quiz(await school.question(), status="published", time_limit_minutes=10, max_attempts=1)
    learner = await add_person(school.database, first_name="Mara", last_name="Okafor")
    stranger = await add_person(school.database, first_name="Mara", last_name="Elsewhere")
    await enrol(school.database, learner, school.course)
    await client.login(school.teacher)
    here = f"/studio/{school.course.id}/quizzes/{quiz}/people"
    found = (await client.get(f"{here}?q=mara")).text
    assert "Mara Okafor" in found
    assert "Elsewhere" not in found
    [enrollment] = re.findall(r'name="enrollment" value="([^"]+)"', found)
    empty = await client.post_form(here, {"enrollment": enrollment, "q": "mara", "reason": "Ill."})
    assert "Give more minutes, more attempts or a later end" in empty.text
    given = {
        "enrollment": enrollment,
        "q": "mara",
        "extra_minutes": "15",
        "extra_attempts": "1",
        "reason": "Reads slowly.",
    }
    assert (await client.post_form(here, given)).status_code == 303
    page = (await client.get(here)).text
    assert "15 more minutes" in page
    assert "Reads slowly." in page
    attempt = await school.attempt(learner, quiz, {}, submit=False)
    minutes = "select extract(epoch from deadline_at - started_at) / 60 from public.quiz_attempts where id = $1"
    assert await school.value(minutes, attempt) == 25
    [remove] = re.findall(rf'action="({here}/[^"]+/remove)"', page)
    await client.post_form(remove)
    logged = "select array_agg(operation order by id) from public.audit_logs where table_name = 'quiz_accommodations'"
    assert await school.value(logged) == ["INSERT", "DELETE"]
    assert stranger.id != learner.id


async def test_who_does_not_teach_the_course_neither_reads_nor_grades(
    client: Client, school: School, make_person: MakePerson
) -> None:
    quiz, [learner] = await essays(school, "Mara")
    answer = await school.value("select id from public.quiz_answers")
    for person, status in ((learner, 403), (make_person("instructor"), 404)):
        await client.login(person)
        for address in (path(school, quiz), f"/studio/{school.course.id}/quizzes/{quiz}/people"):
            assert (await client.get(address)).status_code == status
        sent = await client.post_form(f"{path(school, quiz)}?answer={answer}", {"points": "4", "seen": ""})
        assert sent.status_code == status
        granted = {"enrollment": str(answer), "extra_minutes": "5", "reason": "So."}
        assert (
            await client.post_form(f"/studio/{school.course.id}/quizzes/{quiz}/people", granted)
        ).status_code == status
    assert "Nothing waits for you" in (await client.get("/grading")).text
    assert await school.value("select points_earned from public.quiz_answers") is None
