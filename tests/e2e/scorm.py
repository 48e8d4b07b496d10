"""A course whose lessons play packages, and a learner's browser in them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from playwright.async_api import Frame, Page, expect

from tests.features.packages.support import begin
from tests.support.database import Database
from tests.support.people import Course, Lesson, Person, add_course, add_person, enrol
from tests.support.site import LiveServer, make_site


@dataclass
class Stage:
    """Lessons by the title of their package, and who is in the course."""

    database: Database
    server: LiveServer
    course: Course
    packages: dict[str, UUID]
    teacher: Person
    learner: Person

    def path(self, name: str) -> str:
        """The address of the lesson that plays a package."""
        return f"/learn/{self.course.slug}/{self.course.lesson(name).id}"

    async def rows(self, sql: str, *args: object) -> list[dict[str, Any]]:
        """Rows, as the owner of the tables sees them."""
        async with self.database.connect() as owner:
            return [dict(row) for row in await owner.fetch(sql, *args)]

    async def registration(self, name: str, who: Person | None = None) -> dict[str, Any]:
        """A learner's registration for a package."""
        found = await self.rows(
            "select * from public.scorm_enrollments where scorm_package_id = $1 and member_id = $2",
            self.packages[name],
            (who or self.learner).id,
        )
        return found[0]


async def set_up(database: Database, server: LiveServer, packages: dict[str, bytes], **columns: Any) -> Stage:
    """Imports packages as an instructor does, each into a lesson of its own that it completes."""
    teacher = await add_person(database, "instructor", first_name="Ines", last_name="Lindqvist")
    learner = await add_person(database, first_name="Mara", last_name="Okafor")
    how = {"lesson_type": "scorm", "completion_criteria": "scorm_completed"}
    lessons = [Lesson(name, more=dict(how)) for name in packages]
    course = await add_course(database, "Packages", instructor=teacher, modules=[lessons], **columns)
    await enrol(database, learner, course)
    site = make_site(server.site.settings)
    await site.db.start()
    try:
        found = {
            name: await begin(site, teacher, data, name=f"{at}.zip") for at, (name, data) in enumerate(packages.items())
        }
    finally:
        await site.db.stop()
    async with database.connect() as owner:
        for name, package in found.items():
            await _imported(owner, name, package)
            await owner.execute(
                "insert into public.lesson_scorm_packages (lesson_id, course_id, scorm_package_id) values ($1, $2, $3)",
                course.lesson(name).id,
                course.id,
                package,
            )
    return Stage(database, server, course, found, teacher, learner)


async def _imported(owner: Any, name: str, package: UUID) -> None:
    """The server's own worker imports."""
    async with asyncio.timeout(30):
        while True:
            row = await owner.fetchrow(
                "select import_state, import_errors from public.scorm_packages where id = $1", package
            )
            if row["import_state"] == "ready":
                return
            assert row["import_state"] != "failed", (name, row["import_errors"])
            await asyncio.sleep(0.05)


async def press(page: Page, button: str) -> Frame:
    """Presses a button of the launch panel; answers the player's document."""
    await page.get_by_role("button", name=button, exact=True).click()
    return await player_of(page)


async def player_of(page: Page) -> Frame:
    """The player's document in a lesson's page."""
    element = await page.wait_for_selector('iframe.scorm-window:not([src*="settle"])')
    frame = await element.content_frame()
    assert frame
    return frame


async def sco_of(player: Frame, title: str | None = None) -> Frame:
    """The page of the SCO that is open, once it has begun."""
    where = f'iframe.scorm-frame[title="{title}"]' if title else "iframe.scorm-frame"
    element = await player.wait_for_selector(where)
    frame = await element.content_frame()
    assert frame
    await frame.wait_for_function(
        "document.readyState === 'complete' && document.getElementById('said')?.textContent !== ''"
    )
    return frame


async def do(sco: Frame, *acts: str) -> None:
    """Presses buttons of a SCO of tests/support/packages.py."""
    for act in acts:
        await sco.get_by_role("button", name=act, exact=True).click()


async def ask(sco: Frame, request: str) -> None:
    """Has a SCO ask for something (adl.nav.request) and end; its page goes with that."""
    await sco.evaluate("where => { setTimeout(() => acts.go(where), 0) }", request)


async def saved(player: Frame) -> None:
    """Waits until the player says that everything is saved."""
    await expect(player.locator("[data-saving]")).to_have_text("Saved")


async def leave(page: Page, player: Frame) -> None:
    """Saves and leaves, and waits for the panel."""
    async with page.expect_response(lambda answer: answer.url.endswith("/package")):
        await player.get_by_role("button", name="Save and leave").click()
    await expect(page.locator("[data-scorm-panel]")).to_be_visible()


async def go_on_here(page: Page, player: Frame) -> Frame:
    """Takes over in a window that was told to stop; answers the new player's document."""
    before = await page.get_attribute("iframe.scorm-window", "src")
    await player.get_by_role("button", name="Go on here").click()
    await page.wait_for_function("old => document.querySelector('iframe.scorm-window')?.src !== old", arg=before)
    return await player_of(page)


def calls_of(rows: Sequence[dict[str, Any]]) -> list[str]:
    """The names of recorded calls, in their order."""
    return [call["fn"] for row in rows for call in row["calls"]]
