"""Quizzes in the studio in a real browser: built by keys alone; each page in two looks."""

from __future__ import annotations

import os

import pytest
from playwright.async_api import Page, expect

from tests.e2e.conftest import SignIn
from tests.features.quizzes.support import School, make_school
from tests.support.browser import NewPage, two_looks
from tests.support.database import Database
from tests.support.people import add_person, enrol

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]
expect.set_options(timeout=15_000)
PICTURES = os.environ.get("QUIZ_PICTURES")


@pytest.fixture
async def school(database: Database) -> School:
    return await make_school(database)


async def picture(page: Page, name: str) -> None:
    """For whoever looks at the pages while changing them: QUIZ_PICTURES names a folder."""
    if PICTURES:
        await page.screenshot(path=f"{PICTURES}/{name}.png", full_page=True)


async def looked_at(page: Page, address: str, name: str) -> None:
    """A page has no findings of axe and stays within its window, at a desk and on a phone."""
    await page.goto(address)
    if name.startswith("results"):
        await expect(page.locator("[data-island=quizinsight][data-drawn]")).to_be_visible()
    assert await two_looks(page, name, pictures=PICTURES) == []


async def lines(school: School) -> list[str]:
    rows = await school.rows(
        "select coalesce(v.question_text, p.draw_tag) || coalesce(' in ' || p.section, '') from public.quiz_questions p"
        " left join public.question_versions v on v.id = p.question_version_id order by p.question_order"
    )
    return [row[0] for row in rows]


async def test_a_quiz_is_built_by_keys_alone(new_page: NewPage, sign_in: SignIn, school: School) -> None:
    for name in ("What is a premium?", "Who is the insured?", "When does cover begin?"):
        await school.question(name, tags=["basics"])
    page = await new_page()
    await sign_in(page, school.teacher)
    await page.goto(f"/studio/{school.course.id}/quizzes")
    await page.get_by_label("Title").focus()
    await page.keyboard.type("Premiums")
    await page.keyboard.press("Enter")
    await page.get_by_role("link", name="Add questions").press("Enter")
    for box in await page.get_by_role("checkbox").all():
        await box.press("Space")
    await page.get_by_role("button", name="Add the chosen").press("Enter")
    await expect(page.locator("[data-row]")).to_have_count(3)

    # The grips show when the island is awake.
    await expect(page.locator("[data-grip]").first).to_be_visible()
    await page.locator("[data-grip]").first.focus()
    for key in ("Space", "ArrowDown", "ArrowDown", "Space"):
        await page.keyboard.press(key)
    await expect(page.locator("#qz-status")).to_have_text("Saved")
    assert await lines(school) == ["Who is the insured?", "What is a premium?", "When does cover begin?"]
    await page.keyboard.press("Space")
    await page.keyboard.press("ArrowUp")
    await page.keyboard.press("Escape")
    await expect(page.locator("#qz-said")).to_contain_text("is back at line 3 of 3")

    await page.locator("#qz-add-section").press("Enter")
    await expect(page.get_by_label("Title of the section")).to_be_focused()
    await page.keyboard.type("Cover")
    await page.locator(".qz-section [data-grip]").focus()
    for key in ("Space", "ArrowUp", "Space"):
        await page.keyboard.press(key)
    points = page.locator("[name=points]").first
    await points.fill("2.5")
    await expect(page.locator("#qz-sum")).to_contain_text("4.5 points")
    await expect(page.locator("#qz-status")).to_have_text("Saved")
    assert (await lines(school))[2] == "When does cover begin? in Cover"
    await picture(page, "builder-in-use")
    await page.get_by_role("button", name="Publish").press("Enter")
    await expect(page.locator(".page-head .state")).to_have_text("Published")


async def test_what_somebody_else_arranged_is_not_written_over_unseen(
    new_page: NewPage, sign_in: SignIn, school: School
) -> None:
    quiz = await school.quiz(await school.question("One"), await school.question("Two"))
    page = await new_page()
    await sign_in(page, school.teacher)
    await page.goto(f"/studio/{school.course.id}/quizzes/{quiz}")
    await school.value("update public.quizzes set revision = revision + 1")
    await page.locator("[name=points]").first.fill("7")
    await expect(page.get_by_role("alert")).to_contain_text("Somebody else changed this quiz")
    await expect(page.locator("#qz-status")).to_have_text("Not saved")
    await page.get_by_role("button", name="Save mine").click()
    await expect(page.locator("#qz-status")).to_have_text("Saved")
    assert await school.value("select max(points) from public.quiz_questions") == 7


async def test_pages_are_accessible(new_page: NewPage, sign_in: SignIn, school: School) -> None:
    versions = [
        await school.question(f"What does clause {n} of the policy say about claims?", tags=["claims"])
        for n in range(4)
    ]
    essay = await school.question(
        "Explain why an insurer asks about other policies before it pays a claim.", "essay", points=5
    )
    quiz = await school.quiz(*versions[:3], essay, status="published", lesson=school.course.lessons[0].id)
    await school.quiz(title="Being written")
    await school.value(
        "insert into public.quiz_questions (quiz_id, question_order, draw_tag, draw_count, section, points)"
        " values ($1, 9, 'claims', 6, 'Cases', 2)",
        quiz,
    )
    await school.value(
        'update public.question_versions set rubric = \'[{"name": "Reasons", "description": "Names two", "points": 3},'
        ' {"name": "Words", "points": 2}]\' where id = $1',
        essay,
    )
    waiting = await school.quiz(essay, status="published", title="Essays")
    learner = await add_person(school.database, first_name="Mara", last_name="Okafor")
    enrollment = await enrol(school.database, learner, school.course)
    await school.attempt(learner, waiting, {1: {"text": "Because two insurers could pay for one loss."}})
    await school.value(
        "insert into public.quiz_accommodations (quiz_id, enrollment_id, extra_minutes, reason) values ($1, $2, 15, 'Reads slowly.')",
        quiz,
        enrollment,
    )
    asked = await school.quiz(*versions[:2], status="published", title="Claims, in short", max_attempts=None)
    for n in range(12):
        await school.attempt(learner, asked, {1: {"selected": "2" if n % 3 else "1"}, 2: {"selected": str(1 + n % 2)}})
    await school.value("select private.count_quiz_insight($1)", asked)
    await school.value(
        'update public.question_keys set correct_answer = \'{"selected": "a"}\' where question_version_id = $1',
        versions[0],
    )
    page = await new_page()
    await sign_in(page, school.teacher)
    here = f"/studio/{school.course.id}/quizzes"
    for name, address in (
        ("list", here),
        ("builder", f"{here}/{quiz}"),
        ("add", f"{here}/{quiz}/add"),
        ("settings", f"{here}/{quiz}/settings"),
        ("people", f"{here}/{quiz}/people?q=mara"),
        ("preview", f"{here}/{quiz}/preview"),
        ("regrade", f"{here}/{asked}/regrade"),
        ("regrade-one", f"{here}/{asked}/regrade?version={versions[0]}"),
        ("results", f"{here}/{asked}/results"),
        ("grading-list", "/grading"),
        ("grading", f"/grading/{school.course.id}/quizzes/{waiting}"),
    ):
        await looked_at(page, address, name)


async def test_essays_are_graded_by_keys_alone(new_page: NewPage, sign_in: SignIn, school: School) -> None:
    essay = await school.question("Why does a policy end?", "essay", points=4)
    quiz = await school.quiz(essay, status="published")
    for name in ("Mara", "Liv"):
        learner = await add_person(school.database, first_name=name, last_name="Okafor")
        await enrol(school.database, learner, school.course)
        await school.attempt(learner, quiz, {1: {"text": f"Because {name} did not pay the premium in time."}})
    page = await new_page()
    await sign_in(page, school.teacher)
    await page.goto("/grading")
    await page.get_by_role("link", name="Check yourself").press("Enter")
    first = await page.locator("#qg-who").inner_text()
    await expect(page.locator("#qg-points")).to_be_focused()
    await page.keyboard.press("j")
    await expect(page.locator("#qg-who")).not_to_have_text(first)
    await expect(page.locator("#qg-points")).to_be_focused()
    await page.keyboard.press("k")
    await expect(page.locator("#qg-who")).to_have_text(first)
    await expect(page.locator("#qg-points")).to_be_focused()
    await page.keyboard.type("3")
    await page.keyboard.press("Tab")
    await page.keyboard.type("Clear.")
    await picture(page, "grading-1280")
    await page.keyboard.press("Control+Enter")
    await expect(page.locator("#qg-who")).not_to_have_text(first)
    await expect(page.locator(".qg-progress")).to_contain_text("1 of 2")
    await expect(page.locator("#qg-points")).to_be_focused()
    await page.keyboard.type("4")
    await page.keyboard.press("Control+Enter")
    await expect(page.get_by_text("All are graded")).to_be_visible()
    assert await school.rows("select w.points_earned, t.score from public.quiz_answers w join public.quiz_attempts t"
                             " on t.id = w.quiz_attempt_id order by 1") == [(3, 75), (4, 100)]  # fmt: skip
