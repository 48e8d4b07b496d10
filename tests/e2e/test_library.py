"""Collections, reviews and discussions in a real browser: by mouse and by keys, in both themes and at two widths."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from playwright.async_api import Page, expect

from tests.e2e.conftest import School, SignIn
from tests.support.browser import NewPage, two_looks
from tests.support.database import Database
from tests.support.people import Person, add_person, enrol
from tests.support.site import LiveServer

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]
LATER = 30_000
PICTURES = os.environ.get("COLLEGIUM_TEST_PICTURES")


class Look:
    """Looks at pages, and keeps what is wrong."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.wrong: list[str] = []

    async def at(self, path: str | None = None, *, as_: str = "") -> None:
        """Opens a page, or looks at the one that is open."""
        if path is not None:
            answer = await self.page.goto(path)
            assert answer
            if answer.status >= 400 and "shared/" not in path:
                self.wrong.append(f"{path}: answered {answer.status}")
        here = as_ or path or self.page.url
        if await self.page.evaluate("document.querySelectorAll('h1').length") != 1:
            self.wrong.append(f"{here}: not one h1")
        name = "".join(letter if letter.isalnum() else "-" for letter in here.partition("?")[0])[-60:] + as_
        # The outline beside a lesson is open or closed as the window is wide when the page begins.
        again = self.page.reload if here.startswith("/learn/") else None
        self.wrong += await two_looks(self.page, name, again=again, pictures=PICTURES)


async def owner(database: Database, sql: str, *args: object) -> Any:
    async with database.connect() as session:
        return await session.fetchval(sql, *args)


async def collection(database: Database, person: Person, server: LiveServer, film: Path) -> UUID:
    """A collection of two parts with three videos, each a real film."""
    made = await owner(
        database,
        "insert into public.sessions (name, user_id) values ('Claims, step by step', $1) returning id",
        person.id,
    )
    for part, (title, names) in enumerate(
        (("Letters", ("The denial.mp4", "The appeal.mp4")), ("Hearings", ("A day in court.mp4",))), 1
    ):
        module = await owner(
            database,
            "insert into public.modules (session_id, name, order_index) values ($1, $2, $3) returning id",
            made, title, part,
        )  # fmt: skip
        for name in names:
            key = f"sessions/{person.id}/{uuid4().hex}.mp4"
            await server.site.storage.put(key, film)
            await owner(
                database,
                "insert into public.videos (module_id, file_name, file_url, file_size, mime_type, duration)"
                " values ($1, $2, $3, $4, 'video/mp4', 12) returning id",
                module, name, key, 367_000,
            )  # fmt: skip
    return made


def clips(page: Page) -> Any:
    return page.locator(".lib-part-head h2, .lib-clip-in span")


async def test_a_collection_is_ordered_by_mouse_and_by_keys_and_shared(
    new_page: NewPage, sign_in: SignIn, database: Database, live_server: LiveServer, film: Path
) -> None:
    person = await add_person(database, first_name="Mara", last_name="Silva")
    made = await collection(database, person, live_server, film)
    page = await new_page()
    await sign_in(page, person)
    await page.goto("/library")
    await page.get_by_role("link", name="Claims, step by step").click()
    await expect(clips(page)).to_have_text(["Letters", "The denial", "The appeal", "Hearings", "A day in court"])

    handle = page.get_by_role("button", name="Move The appeal with the arrow keys")
    await handle.focus()
    await page.keyboard.press("ArrowDown")
    await expect(clips(page)).to_have_text(["Letters", "The denial", "Hearings", "The appeal", "A day in court"])
    await expect(handle).to_be_focused()
    await page.keyboard.press("ArrowUp")
    await expect(clips(page)).to_have_text(["Letters", "The denial", "The appeal", "Hearings", "A day in court"])
    await page.get_by_role("button", name="Move Hearings with the arrow keys").focus()
    await page.keyboard.press("ArrowUp")
    whole = ["Hearings", "A day in court", "Letters", "The denial", "The appeal"]
    await expect(clips(page)).to_have_text(whole)

    async def drag(name: str, onto: str) -> None:
        """Drags by a handle, and waits for what the server says."""
        handle = page.get_by_role("button", name=f"Move {name} with the arrow keys")
        await handle.hover()
        # Dragging is fetched when a handle is reached for.
        await page.wait_for_function(
            "() => [...document.querySelectorAll('[data-clips]')]"
            ".every((clips) => Object.keys(clips).some((name) => name.startsWith('Sortable')))"
        )
        async with page.expect_response(lambda answer: answer.url.endswith("/order"), timeout=LATER):
            await handle.drag_to(
                page.get_by_role("button", name=f"Move {onto} with the arrow keys"), target_position={"x": 10, "y": 4}
            )

    await drag("The appeal", "A day in court")
    await expect(clips(page)).to_have_text(["Hearings", "The appeal", "A day in court", "Letters", "The denial"])
    await page.reload()
    await expect(clips(page)).to_have_text(["Hearings", "The appeal", "A day in court", "Letters", "The denial"])

    # A page that is older than the collection moves nothing, and says so.
    await owner(database, "delete from public.videos where file_name = 'The denial.mp4' returning 1")
    await drag("The appeal", "The denial")
    await expect(page.get_by_text("has changed since this page was opened")).to_be_visible()
    await expect(clips(page)).to_have_text(["Hearings", "The appeal", "A day in court", "Letters"])

    await page.get_by_role("link", name="The appeal").click()
    video = "document.querySelector('video')"
    async with page.expect_navigation(url=lambda url: "play=1" in url, timeout=LATER):
        await page.evaluate(f"{video}.play().then(() => {{ {video}.currentTime = 11 }})")
    await expect(page.locator(".lib-player-title")).to_have_text("A day in court")

    await page.get_by_role("button", name="Make a link").click()
    link = await page.get_by_label("Link", exact=True).input_value()
    assert link.startswith(f"{live_server.url}/library/shared/")
    guest = await new_page(width=390)
    await guest.goto(link)
    await expect(guest.get_by_role("heading", level=1)).to_have_text("Claims, step by step")
    await expect(guest.get_by_text("Shared by Mara S.")).to_be_visible()
    await guest.evaluate(f"{video}.play()")
    await page.goto(f"/library/{made}")
    await page.get_by_role("button", name="Withdraw the link").click()
    await expect(page.get_by_text("The link is withdrawn.")).to_be_visible()
    answer = await guest.goto(link)
    assert answer
    assert answer.status == 404


async def test_a_film_is_sent_watched_and_removed(
    new_page: NewPage, sign_in: SignIn, database: Database, live_server: LiveServer, film: Path, tmp_path: Path
) -> None:
    person = await add_person(database, first_name="Mara", last_name="Silva")
    page = await new_page(width=390)
    await sign_in(page, person)
    await page.goto("/library")
    await page.get_by_label("Name of the collection").fill("Appeals")
    await page.get_by_role("button", name="Create").click()
    no_film = tmp_path / "film.mp4"
    no_film.write_text("<html><script>alert(1)</script></html>")
    sending = page.get_by_label("Add videos to Part 1")
    await sending.set_input_files([no_film, film])
    await expect(page.locator(".lib-failed")).to_be_visible(timeout=LATER)
    await expect(page.locator(".lib-clip-in")).to_have_text(["film"], timeout=LATER)
    await page.locator(".lib-clip-in").click()
    video = "document.querySelector('video')"
    await page.evaluate(f"{video}.play()")
    await page.get_by_label("More about film").click()
    await page.get_by_role("link", name="Remove").last.click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Remove “film”?")
    await page.get_by_role("button", name="Remove").click()
    await expect(page.get_by_text("No videos in this part yet.")).to_be_visible()
    assert await owner(database, "select count(*) from public.media_files where state = 'ready'") == 0


async def test_a_review_and_a_discussion_by_keys(
    new_page: NewPage, school: School, sign_in: SignIn, database: Database
) -> None:
    learner = await add_person(database, first_name="Mara", last_name="Silva")
    enrollment = await enrol(database, learner, school.course)
    await owner(
        database, "update public.courses set enable_discussion_forum = true where id = $1 returning 1", school.course.id
    )
    await owner(database, "select private.complete_lesson($1, $2)", enrollment, school.course.lessons[1].id)
    page, team, guest = await new_page(), await new_page(), await new_page()
    await sign_in(page, learner)
    await sign_in(team, school.instructor)

    await page.goto(f"/courses/{school.course.slug}/reviews")
    await page.get_by_role("link", name="Write a review").click()
    await page.locator("input[name=rating]").first.focus()
    for _ in range(3):
        await page.keyboard.press("ArrowRight")
    await expect(page.locator("input[name=rating]:checked")).to_have_value("4")
    await page.get_by_label("Title").fill("Clear & calm")
    await page.get_by_label("Review").fill("<script>window.broken = true</script>\nIt helped.")
    await page.keyboard.press("Control+Enter")
    await expect(page.get_by_text("Waits to be read")).to_be_visible()
    await team.goto(f"/studio/{school.course.id}/reviews")
    await team.get_by_role("button", name="Publish").click()
    await expect(team.get_by_text("The review is published.")).to_be_visible()
    await guest.goto(f"/courses/{school.course.slug}")
    await expect(guest.get_by_text("<script>window.broken = true</script>")).to_be_visible()
    assert await guest.evaluate("window.broken === undefined")

    await page.goto(school.path("The letter, line by line"))
    await page.get_by_role("link", name="Ask about this lesson").click()
    await page.get_by_label("Title").fill("Where is the reason?")
    await page.get_by_label("Your post").fill("I see none.")
    await page.get_by_role("button", name="Send").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Where is the reason?")
    await team.goto(page.url)
    await team.get_by_label("Your reply").fill("In the second paragraph.")
    await team.get_by_role("button", name="Send").click()
    await team.get_by_label("More about this post").nth(1).click()
    await team.get_by_role("button", name="Mark as the answer").click()
    await page.reload()
    await expect(page.get_by_text("Answer, marked by the course’s team")).to_be_visible()


async def test_no_page_has_findings(
    new_page: NewPage, school: School, sign_in: SignIn, database: Database, live_server: LiveServer, film: Path
) -> None:
    learner = await add_person(database, first_name="Mara", last_name="Silva")
    await fill(database, school, learner)
    made = await collection(database, learner, live_server, film)
    other = await owner(
        database, "insert into public.sessions (name, user_id) values ('Nothing yet', $1) returning id", learner.id
    )
    clip = await owner(database, "select id from public.videos limit 1")
    thread = await owner(database, "select id from public.discussions where title like 'What%'")
    post = await owner(database, "select id from public.discussion_posts order by created_at offset 1 limit 1")
    forum, course = f"/learn/{school.course.slug}/discussions", f"/courses/{school.course.slug}"
    wrong: list[str] = []
    looks = [Look(await new_page()) for _ in range(3)]
    mine, team, guest = looks
    await sign_in(mine.page, learner)
    await sign_in(team.page, school.instructor)
    here = f"/library/{made}"
    for path in (
        "/library",
        "/library?q=zebra",
        f"/library/{other}",
        f"{here}?video={clip}",
        f"{here}/rename",
        f"{here}/remove",
    ):
        await mine.at(path)
    await mine.page.goto(here)
    await mine.page.get_by_role("button", name="Make a link").click()
    await mine.at(here)
    link = await mine.page.get_by_label("Link", exact=True).input_value()
    await guest.at(link.removeprefix(live_server.url), as_="shared")
    await guest.at("/library/shared/" + "a" * 43, as_="no-link")
    await guest.at(course)
    await guest.at(f"{course}/reviews")
    for path in (f"{course}/reviews", f"{course}/reviews/mine", forum, f"{forum}?q=zebra", f"{forum}/new"):
        await mine.at(path)
    await mine.at(f"{forum}/{thread}")
    await mine.at(f"{forum}/{thread}?do=report&post={post}", as_="report")
    await mine.at(school.path("The letter, line by line"))
    studio = f"/studio/{school.course.id}"
    for path in (
        f"{studio}/reviews",
        f"{studio}/discussions",
        "/studio/reviews?state=approved",
        f"{forum}/{thread}",
    ):
        await team.at(path)
    for look in looks:
        wrong += look.wrong
        await look.page.context.close()
    assert not wrong, "\n".join(wrong)


async def fill(database: Database, school: School, learner: Person) -> None:
    """Reviews of every kind, and a forum in which something was said, answered and reported."""
    course = school.course
    await enrol(database, learner, course)
    async with database.connect() as session:
        await session.execute(
            "update public.courses set enable_discussion_forum = true, review_after_percent = 0 where id = $1",
            course.id,
        )
        words = (
            (
                5,
                "Worth the evening",
                "I read three letters the next morning and found the reason in each.\n\nThe part about deadlines could be longer.",
                True,
            ),
            (4, "Clear", "Well paced. See also https://example.org/appeals for the forms.", True),
            (2, None, "Too much about one kind of letter.", True),
            (3, "New", "Waits.", False),
        )
        for number, (stars, title, text, shown) in enumerate(words):
            person = await add_person(database, first_name=("Noor", "Jonas", "Ada", "Lin")[number], last_name="Haddad")
            enrollment = await enrol(database, person, course)
            await session.execute(
                "insert into public.course_reviews (course_id, member_id, enrollment_id, rating, title, review_text, is_approved,"
                " is_featured, moderated_at, helpful_count) values ($1, $2, $3, $4, $5, $6, $7, $8, case when $7 then now() end, 0)",
                course.id, person.id, enrollment, stars, title, text, shown, stars == 5,
            )  # fmt: skip
        ada = person.id
        discussion = await session.fetchval(
            "insert into public.discussions (course_id, member_id, title, is_pinned) values ($1, $2, 'What counts as a denial?', true) returning id",
            course.id, learner.id,
        )  # fmt: skip
        await session.execute(
            "insert into public.discussions (course_id, member_id, title, is_locked) values"
            " ($1, $2, 'A very long title about the letter that arrived after the deadline and what to do about it then', true)",
            course.id, ada,
        )  # fmt: skip
        first = None
        for number, (who, body) in enumerate(
            (
                (learner.id, "The letter says “not covered”.\nIs that one?"),
                (school.instructor.id, "Yes: it refuses the whole claim."),
                (ada, "Thank you, both."),
            )
        ):
            made = await session.fetchval(
                "insert into public.discussion_posts (discussion_id, course_id, parent_id, member_id, body, created_at)"
                " values ($1, $2, $3, $4, $5, now() - make_interval(hours => 9 - $6)) returning id",
                discussion, course.id, first, who, body, number,
            )  # fmt: skip
            first = made
            if number == 1:
                await session.execute("update public.discussions set answer_id = $2 where id = $1", discussion, made)
        await session.execute(
            "insert into public.post_reports (post_id, course_id, member_id, reason) values ($1, $2, $3, 'Off the subject.')",
            made, course.id, learner.id,
        )  # fmt: skip
