"""The bank in a real browser: one question of each type by keyboard alone, and how its pages look."""

from __future__ import annotations

import os
import re
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import pytest
from playwright.async_api import Locator, Page, expect

from collegium.features.questions import service
from collegium.features.questions.service import BankFilter
from collegium.kit.db import Database as Pool
from collegium.kit.db import person
from tests.features.publishing.test_publishing_browser import sign_in
from tests.features.questions.drafts import NINE, draft
from tests.features.questions.test_organisation_bank import add_organisation
from tests.support.browser import NewPage, two_looks
from tests.support.database import Database
from tests.support.people import Course, Person
from tests.support.site import LiveServer

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]
PICTURES = os.environ.get("QUESTION_PICTURES")
Step = Callable[["Keys"], Awaitable[None]]


class Keys:
    """Somebody who has no mouse."""

    def __init__(self, page: Page) -> None:
        self.page = page

    async def to(self, wanted: Locator) -> None:
        """Presses Tab until something has the focus."""
        for _ in range(80):
            if await wanted.evaluate("one => one === document.activeElement"):
                return
            await self.page.keyboard.press("Tab")
        raise AssertionError(f"Tab does not lead to {wanted}")

    async def fill(self, label: str, text: str) -> None:
        await self.to(self.page.get_by_label(label, exact=True).last)
        await self.page.keyboard.type(text)

    async def press(self, *names: str) -> None:
        for name in names:
            await self.page.keyboard.press(name)


async def lines(keys: Keys, label: str, *words: str) -> None:
    """Writes lines one below the other: Enter leads to the next."""
    await keys.to(keys.page.get_by_label(label, exact=True))
    for number, word in enumerate(words):
        if number:
            await keys.press("Enter")
        await keys.page.keyboard.type(word)


async def choice(keys: Keys) -> None:
    await keys.to(keys.page.get_by_role("radio").first)
    await keys.press("ArrowDown")
    await lines(keys, "Choice 2", "right", "wrong", "most wrong")
    # A feedback by keys: Ctrl+B opens the small editor in its line.
    await keys.to(keys.page.get_by_label("Feedback to who chooses it", exact=True).nth(1))
    await keys.page.keyboard.type("Yes")
    await keys.press("Control+b")
    box = keys.page.locator(".qb-more .ProseMirror")
    await expect(box).to_be_focused()
    await keys.press("Control+b")
    await keys.page.keyboard.type(" indeed")


async def choices(keys: Keys) -> None:
    await keys.to(keys.page.get_by_role("checkbox").first)
    await keys.press("Space")
    await lines(keys, "Choice 1", "one", "two", "three", "four", "five")
    await keys.press("Alt+ArrowUp", "Alt+ArrowUp", "Alt+ArrowUp", "Alt+ArrowUp")


async def true_false(keys: Keys) -> None:
    await keys.to(keys.page.get_by_role("radio").first)
    await keys.press("ArrowDown", "Tab")


async def short(keys: Keys) -> None:
    await keys.fill("Accepted answers", "Zürich\nZurich city | 50%")
    await keys.fill("As a learner might write it", "zurich CITY")
    await keys.press("Enter")
    await expect(keys.page.locator("[data-tried]")).to_have_text("Earns 0.5 points of 1 point. It fits “Zurich city”.")


async def numeric(keys: Keys) -> None:
    await keys.fill("Right numbers", "12,5 ± 5%")
    await keys.to(keys.page.get_by_label("Units"))
    await keys.page.keyboard.type("kg\ng = 0,001")
    await keys.press("Tab", "Tab")


async def blanks(keys: Keys) -> None:
    await expect(keys.page.get_by_label("Blank 2", exact=True).first).to_be_visible()
    await keys.to(keys.page.locator("[name=blank_1]"))
    await keys.page.keyboard.type("risk")
    await keys.to(keys.page.locator("[name=blank_2]"))
    await keys.page.keyboard.type("law")
    await keys.press("Tab")


async def matching(keys: Keys) -> None:
    for row, (left, right) in enumerate((("1", "one"), ("2", "two"), ("", "three"))):
        await keys.to(keys.page.get_by_label("On the left", exact=True).nth(row))
        await keys.page.keyboard.type(left)
        await keys.press("Tab")
        await keys.page.keyboard.type(right)


async def ordering(keys: Keys) -> None:
    await lines(keys, "Thing 1", "b", "c", "a")
    await keys.press("Alt+ArrowUp", "Alt+ArrowUp")


async def essay(keys: Keys) -> None:
    await keys.to(keys.page.get_by_label("Criterion").first)
    await keys.page.keyboard.type("Law")
    await keys.press("Tab")
    await keys.page.keyboard.type("2")


STEPS: dict[str, Step] = {
    "multiple_choice": choice,
    "multiple_answer": choices,
    "true_false": true_false,
    "short_answer": short,
    "numeric": numeric,
    "fill_blank": blanks,
    "matching": matching,
    "ordering": ordering,
    "essay": essay,
}


def right_words(options: Any, key: Any) -> Any:
    """What is right in the words of the options."""
    if isinstance(options, dict):
        sides = {side: {one["id"]: one["text"] for one in listed} for side, listed in options.items()}
        return {sides["left"][left]: sides["right"][right] for left, right in key["pairs"].items()}
    words = {one["id"]: one.get("text") for one in options}
    if key and "order" in key:
        return [words[one] for one in key["order"]]
    if key and isinstance(key.get("selected"), list):
        return [words[one] for one in key["selected"]]
    return words.get(key["selected"], key["selected"]) if key and "selected" in key else key


RIGHT: dict[str, Any] = {
    "multiple_choice": "right",
    "multiple_answer": ["one"],
    "true_false": "false",
    "short_answer": {"accepted": ["Zürich", {"text": "Zurich city", "share": 0.5}]},
    "numeric": {
        "answers": [{"value": 12.5, "tolerance": 0.05, "relative": True}],
        "units": {"kg": 1, "g": 0.001},
        "unit": "optional",
    },
    "fill_blank": {"blanks": {"1": {"accepted": ["risk"]}, "2": {"accepted": ["law"]}}},
    "matching": {"1": "one", "2": "two"},
    "ordering": ["a", "b", "c"],
    "essay": None,
}


async def test_one_question_of_each_type_by_keyboard(
    database: Database, live_server: LiveServer, new_page: NewPage, teacher: Person, course: Course
) -> None:
    page = await new_page()
    await sign_in(page, teacher, database, live_server)
    keys = Keys(page)
    for kind, step in STEPS.items():
        await page.goto(f"/studio/{course.id}/questions/new?type={kind}")
        await keys.to(page.get_by_role("textbox", name="What is asked"))
        await page.keyboard.type(f"Say [[1]] and [[2]] of {kind}")
        await step(keys)
        await keys.to(page.get_by_label("Tags"))
        await page.keyboard.type("keys")
        await expect(page.locator("[data-preview]")).to_contain_text(f"of {kind}")
        await expect(page.locator("[data-problems]")).to_be_empty()
        await keys.press("Control+Enter")
        await expect(page.get_by_text("The question is in the bank.")).to_be_visible()
    pool = Pool(database.dsn_web)
    await pool.start()
    async with pool.transaction(person(teacher.id)) as tx:
        found = (await service.search(tx, course.id, BankFilter(tag="keys"))).rows
    await pool.stop()
    assert {said for one in found for said in (one.option_feedback or {}).values()} == {"Yes<strong> indeed</strong>"}
    assert {one.question_type: right_words(one.answer_options, one.correct_answer) for one in found} == RIGHT


RICH = '<p>It is <strong>she</strong>: <span data-math="x^2"></span></p><ul><li>once</li></ul>'


async def filled(database: Database, teacher: Person, course: Course) -> dict[str, UUID]:
    """A bank with one question of each type; learners were asked one of them."""
    pool = Pool(database.dsn_web)
    await pool.start()
    async with pool.transaction(person(teacher.id)) as tx:
        made = {
            kind: await service.create_question(
                tx,
                course.id,
                draft(
                    kind,
                    explanation="<p>Because.</p>",
                    option_feedback={"b": RICH, "wrong": "Not yet."} if kind == "multiple_choice" else {},
                ),
            )
            for kind in NINE
        }
    await pool.stop()
    async with database.connect() as owner:
        used = made["multiple_answer"]
        await owner.execute("update public.question_versions set used_at = now() where question_id = $1", used)
    return made


async def test_the_pages_are_in_order(
    database: Database, live_server: LiveServer, new_page: NewPage, teacher: Person, course: Course,
    make_person: Callable[..., Person],
) -> None:  # fmt: skip
    made = await filled(database, teacher, course)
    page = await new_page()
    await sign_in(page, teacher, database, live_server)
    base = f"/studio/{course.id}/questions"
    for path in (
        base,
        f"{base}/new",
        *(f"{base}/{made[kind]}" for kind in ("multiple_answer", "multiple_choice", "fill_blank", "matching")),
    ):
        await page.goto(path)
        if path.count("/") > 4 and not path.endswith("/new"):
            await expect(page.get_by_role("textbox", name="What is asked")).to_be_visible()
        if path.endswith(str(made["multiple_choice"])):
            await expect(page.locator(".qb-more .ProseMirror strong")).to_have_text("she")
        assert await two_looks(page, path[-6:].replace("/", "-"), pictures=PICTURES) == []

    # The same pages for who manages an organisation and teaches nothing.
    manager = make_person(first_name="Mara")
    employer = await add_organisation(database, "North Life", manager)
    pool = Pool(database.dsn_web)
    await pool.start()
    async with pool.transaction(person(manager.id)) as tx:
        one = await service.create_question(tx, None, draft("multiple_choice", title="Who pays"), employer)
    await pool.stop()
    theirs = await new_page()
    await sign_in(theirs, manager, database, live_server)
    base = f"/organisations/{employer}/questions"
    for path in ("/me/profile", base, f"{base}/{one}", f"{base}/export"):
        await theirs.goto(path)
        if path.endswith(str(one)):
            await expect(theirs.get_by_role("textbox", name="What is asked")).to_be_visible()
            # He has no media library, so nothing leads there.
            await expect(theirs.get_by_role("button", name=re.compile("Picture|picture|Film|Sound"))).to_have_count(0)
        assert await two_looks(theirs, f"theirs-{path[-6:].replace('/', '-')}", pictures=PICTURES) == []
