"""Grading anew by a corrected key: what is shown first, what is done, in portions, with whom in the middle, and who may not."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from collegium.features.quizzes import regrading
from collegium.features.quizzes import service as quizzes
from collegium.kit.db import SYSTEM, person
from collegium.kit.jobs import run_now
from collegium.kit.site import Site
from tests.features.quizzes.support import School
from tests.support.database import as_actor
from tests.support.people import Person, add_person, enrol
from tests.support.site import Client

MakePerson = Callable[..., Person]
RIGHT, WRONG = {"selected": "2"}, {"selected": "1"}


async def taken(school: School, *answers: Any) -> tuple[UUID, UUID, list[Person]]:
    """A quiz of one question whose key names “She”, which learners have taken with these answers."""
    version = await school.question(points=2)
    quiz = await school.quiz(version, status="published", passing_score=50)
    people: list[Person] = []
    for n, answer in enumerate(answers):
        learner = await add_person(school.database, first_name=f"Mara{n}", last_name="Okafor")
        await enrol(school.database, learner, school.course)
        await school.attempt(learner, quiz, {1: answer})
        people.append(learner)
    return quiz, version, people


async def correct(school: School, version: UUID, choice: str = "a") -> None:
    """The instructor corrects the key."""
    async with (
        school.database.connect("web") as session,
        as_actor(session, "authenticated", school.teacher.id) as actor,
    ):
        key = json.dumps({"selected": choice})
        await actor.execute("select public.change_question_key($1, $2::text::jsonb, null)", version, key)


async def scores(school: School) -> list[tuple[Any, ...]]:
    return await school.rows("select score, passed from public.quiz_attempts order by started_at, id")


async def test_a_regrade_is_previewed_done_and_told(site: Site, client: Client, school: School) -> None:
    quiz, version, _ = await taken(school, RIGHT, WRONG, WRONG)
    await client.login(school.teacher)
    here = f"/studio/{school.course.id}/quizzes/{quiz}/regrade"
    assert "Key changed since" not in (await client.get(here)).text
    assert "No score would change" in (await client.get(f"{here}?version={version}")).text
    await correct(school, version)
    assert "Key changed since" in (await client.get(here)).text
    page = (await client.get(f"{here}?version={version}")).text
    figures = re.findall(r'class="stat-value">(\d+)<', page)
    assert figures == ["3", "2", "1", "2", "1"], "changed, rise, fall, pass now, no longer"
    assert "Mara0 Okafor" in page
    silent = await client.post_form(here, {"version": str(version), "reason": " "})
    assert "Say why" in silent.text
    begun = await client.post_form(
        here, {"version": str(version), "reason": "The key named the wrong person.", "tell": "1"}
    )
    again = await client.post_form(here, {"version": str(version), "reason": "Twice.", "tell": "1"})
    assert "being graded anew already" in again.text
    assert [float(score) for score, _ in await scores(school)] == [100, 0, 0], "nothing before the job"
    await run_now(site, "quizzes.regrade", {"regrade_id": begun.headers["location"].rsplit("/", 1)[1]})
    assert await scores(school) == [(0, False), (100, True), (100, True)]
    watched = (await client.get(begun.headers["location"])).text
    assert "Graded anew" in watched
    assert "3 of 3 attempts" in watched
    told = await school.rows("select title, body from public.notifications where kind = 'quiz_regraded' order by body")
    assert len(told) == 3
    assert "from 0 % to 100 %. You have passed. Why: The key named the wrong person." in told[0][1]
    reasons = await school.rows("select distinct reason, changed_by from public.quiz_grade_changes")
    assert reasons == [("The key named the wrong person.", school.teacher.id)]
    logged = "select count(*) from public.audit_logs where table_name = 'quiz_grade_changes'"
    assert await school.value(logged) == 3
    figures_now = "select passed_count, score_sum from public.quizzes where id = $1"
    if await school.value("select to_regclass('public.quiz_count_moves')"):
        figures_now = "select passed_count, score_sum from public.quiz_counters where quiz_id = $1"
    assert await school.rows(figures_now, quiz) == [(2, 200)]


async def test_it_goes_on_after_a_stop_and_waits_for_who_began_before(
    site: Site, school: School, monkeypatch: Any
) -> None:
    monkeypatch.setattr(regrading, "PORTION", 2)
    _, version, people = await taken(school, WRONG, WRONG, WRONG)
    await correct(school, version)
    async with site.db.transaction(person(school.teacher.id)) as tx:
        begun = await quizzes.begin_regrade(tx, version, "Wrong key.", tell=False)

    async def portion() -> str:
        async with site.db.transaction(SYSTEM) as tx:
            return await quizzes.regrade_some(tx, begun)

    async with school.database.connect() as other:
        under_way = other.transaction()
        await under_way.start()
        await other.execute("update public.profiles set last_name = last_name where id = $1", people[0].id)
        assert [await portion(), await portion()] == ["wait", "wait"]
        await under_way.rollback()
    # The server counts transactions of all its databases: another test's may be under way for a moment.
    state = await portion()
    for _ in range(400):
        if state != "wait":
            break
        await asyncio.sleep(0.05)
        state = await portion()
    assert state == "again"
    assert await school.rows("select seen, changed from public.regrades") == [(2, 2)]
    # Somebody hands in in the middle: by the corrected key, and the rest of the work leaves it as it is.
    late = await add_person(school.database, last_name="Late")
    await enrol(school.database, late, school.course)
    quiz = await school.value("select id from public.quizzes")
    await school.attempt(late, quiz, {1: WRONG})
    await run_now(site, "quizzes.regrade", {"regrade_id": str(begun)})
    assert await scores(school) == [(100, True)] * 4
    assert await school.rows("select state, changed, now_passed from public.regrades") == [("done", 3, 3)]
    assert await school.value("select count(*) from public.quiz_grade_changes") == 3
    assert await school.value("select count(*) from public.notifications where kind = 'quiz_regraded'") == 0


async def test_what_a_person_graded_stays_and_what_waited_is_graded(site: Site, school: School) -> None:
    version = await school.question("Say.", "short_answer", points=2)
    quiz = await school.quiz(version, status="published", passing_score=50)
    for n, text in enumerate(("risk", "chance", "risk")):
        learner = await add_person(school.database, first_name=f"Mara{n}")
        await enrol(school.database, learner, school.course)
        await school.attempt(learner, quiz, {1: {"text": text}})
    first = await school.value("select id from public.quiz_answers order by id limit 1")
    async with (
        school.database.connect("web") as session,
        as_actor(session, "authenticated", school.teacher.id) as actor,
    ):
        await actor.execute("select public.grade_quiz_answer($1, 0.5)", first)
    await school.value(
        'insert into public.question_keys (question_version_id, correct_answer) values ($1, \'{"accepted": ["risk"]}\')',
        version,
    )
    async with site.db.transaction(person(school.teacher.id)) as tx:
        begun = await quizzes.begin_regrade(tx, version, "There is a key now.", tell=True)
    await run_now(site, "quizzes.regrade", {"regrade_id": str(begun)})
    rows = await school.rows("select status, score from public.quiz_attempts order by started_at, id")
    assert rows == [("graded", 25), ("graded", 0), ("graded", 100)]


async def test_who_does_not_teach_the_course_cannot_regrade(
    client: Client, school: School, make_person: MakePerson
) -> None:
    quiz, version, [learner] = await taken(school, WRONG)
    here = f"/studio/{school.course.id}/quizzes/{quiz}/regrade"
    for somebody, status in ((learner, 403), (make_person("instructor"), 404)):
        await client.login(somebody)
        assert (await client.get(f"{here}?version={version}")).status_code == status
        assert (await client.post_form(here, {"version": str(version), "reason": "So."})).status_code == status
        for call in ("regrade_preview($1)", "begin_regrade($1, 'So.')", "regrade_question($1, 'So.')"):
            with pytest.raises(asyncpg.PostgresError) as refused:
                async with (
                    school.database.connect("web") as session,
                    as_actor(session, "authenticated", somebody.id) as actor,
                ):
                    await actor.fetchval(f"select public.{call}", version)
            assert refused.value.sqlstate == "CG404", call
    assert await school.value("select count(*) from public.regrades") == 0


async def test_a_preview_shows_the_quiz_and_keeps_nothing(
    client: Client, school: School, make_person: MakePerson
) -> None:
    shared = await school.question("Shared?", shared=True)
    quiz = await school.quiz(await school.question("Who pays?"), await school.question("Why?", "essay"), shared)
    said = '{"a": "Not <em>he</em>.<script>alert(1)</script>", "right": "Well done."}'
    await school.value(
        "update public.question_keys set option_feedback = $1::text::jsonb where correct_answer is not null", said
    )
    await client.login(school.teacher)
    here = f"/studio/{school.course.id}/quizzes/{quiz}/preview"
    page = (await client.get(here)).text
    assert "Who pays?" in page
    assert "A person grades this." in page
    assert "The key of a shared question" in page
    assert "<li>She</li>" in page
    # What is said to answers stands beside the key that one may read, once and cleaned.
    assert page.count("Not <em>he</em>.</dd>") == page.count("A right answer</dt>") == 1
    assert "alert(1)" not in page
    assert await school.value("select count(*) from public.quiz_attempts") == 0
    assert await school.value("select count(*) from public.question_versions where used_at is not null") == 0
    for somebody, status in ((make_person(), 403), (make_person("instructor"), 404)):
        await client.login(somebody)
        assert (await client.get(here)).status_code == status
