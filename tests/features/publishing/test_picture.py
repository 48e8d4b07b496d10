"""The picture of a course: who may choose which, and where it stands."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from playwright.async_api import expect

from collegium.kit.site import Site
from collegium.web.covers import course_cover
from tests.features.publishing.test_publishing_browser import sign_in
from tests.features.uploads.support import picture, put
from tests.support.browser import NewPage, axe_findings
from tests.support.database import Database
from tests.support.people import Course, Lesson, Person, enrol
from tests.support.site import Client, LiveServer

MakePerson = Callable[..., Person]
MakeCourse = Callable[..., Course]
TITLE = "Pictures & policies"


@pytest.fixture
def author(make_person: MakePerson) -> Person:
    return make_person("instructor")


@pytest.fixture
def course(make_course: MakeCourse, author: Person) -> Course:
    return make_course(TITLE, instructor=author, modules=[[Lesson("Only")]])


async def picture_of(database: Database, course: Course) -> str | None:
    async with database.connect() as owner:
        return await owner.fetchval("select thumbnail_url from public.courses where id = $1", course.id)


async def choose(client: Client, course: Course, file: UUID | str) -> Any:
    return await client.post_form(f"/studio/{course.id}/settings/picture", {"picture": str(file)})


async def test_a_picture_stands_wherever_the_course_is_shown(
    client: Client, make_client: Any, site: Site, database: Database, author: Person, course: Course, tmp_path: Path,
    make_person: MakePerson,
) -> None:  # fmt: skip
    await client.login(author)
    made = await put(site, author, picture(800, 500), tmp_path, name="desk.png", purpose="thumbnail", course=course.id)
    answer = await choose(client, course, made.id)
    assert answer.headers["location"] == f"/studio/{course.id}/settings?saved=picture#picture"
    learner, guest, member = make_person(), await make_client(), await make_client()
    await enrol(database, learner, course)
    await member.login(learner)
    small = f'src="/files/{made.id}/thumbnail"'
    places = (
        (guest, f"/courses?q={TITLE.split()[0]}"),
        (guest, f"/courses/{course.slug}"),
        (member, "/me/learning"),
        (client, "/studio"),
        (client, f"/studio/{course.id}/settings"),
    )
    for who, path in places:
        shown = (await who.get(path)).text
        assert small in shown, path
        assert 'alt="Pictures &amp; policies"' in shown, path
    assert (await guest.get(f"/files/{made.id}/thumbnail")).headers["content-type"] == "image/webp"
    # A picture in use stays; taken away, it may be deleted, and the drawn cover is back.
    await client.post_form("/studio/media/delete", {"file": str(made.id)})
    assert (await guest.get(f"/files/{made.id}")).status_code == 200
    await client.post_form(f"/studio/{course.id}/settings/picture/remove", {})
    assert await picture_of(database, course) is None
    assert '<svg class="cover' in (await guest.get(f"/courses/{course.slug}")).text


async def test_only_a_picture_that_is_ones_own_is_taken(
    client: Client, site: Site, database: Database, author: Person, course: Course, tmp_path: Path,
    make_person: MakePerson, make_course: MakeCourse,
) -> None:  # fmt: skip
    await client.login(author)
    text = await put(site, author, b"Not a picture.\n", tmp_path, name="a.txt", purpose="attachment", course=course.id)
    other = make_person("instructor")
    theirs = make_course(instructor=other, modules=[[Lesson("Theirs")]])
    hers = await put(site, other, picture(), tmp_path, name="b.png", purpose="thumbnail", course=theirs.id)
    async with database.connect() as owner:
        # In a published course everybody may look at it, and still not take it.
        await owner.execute(
            "update public.courses set thumbnail_url = $2 where id = $1", theirs.id, f"/files/{hers.id}"
        )
    for given in (text.id, hers.id, "javascript:alert(1)", "", UUID(int=0)):
        assert (await choose(client, course, given)).status_code in (404, 422), given
        assert await picture_of(database, course) is None
    mine = await put(site, author, picture(), tmp_path, name="c.png", purpose="lesson_image", course=course.id)
    assert (await choose(client, theirs, mine.id)).status_code == 404
    assert await picture_of(database, theirs) == f"/files/{hers.id}"


@pytest.mark.parametrize(
    "given", ["https://elsewhere.example/a.png", "javascript:alert(1)", "/files/../secret", "/files/x", '/files/"onload='],
    ids=["elsewhere", "script", "dots", "no-id", "attribute"],
)  # fmt: skip
def test_what_is_no_file_of_the_site_counts_as_no_picture(given: str) -> None:
    assert course_cover("A", "compliance", given) == course_cover("A", "compliance")


@pytest.mark.e2e
async def test_a_picture_is_sent_chosen_and_removed_without_leaving_the_page(
    new_page: NewPage, live_server: LiveServer, database: Database, author: Person, course: Course
) -> None:
    page = await new_page(width=390)
    await sign_in(page, author, database, live_server)
    await page.goto(f"/studio/{course.id}/settings")
    await page.get_by_label("Short description").fill("Not saved yet")
    place = page.locator("#picture")
    await place.get_by_text("Choose a picture").set_input_files(
        {"name": "desk.png", "mimeType": "image/png", "buffer": picture(640, 400)}
    )
    await expect(place.get_by_role("status")).to_have_text("Saved", timeout=20_000)
    await expect(place.get_by_role("img", name=TITLE)).to_be_visible()
    await expect(page.get_by_label("Short description")).to_have_value("Not saved yet")
    assert await axe_findings(page) == []
    await place.get_by_role("button", name="Remove the picture").click()
    await expect(place.locator("svg.cover")).to_be_visible()
    library = place.get_by_role("button", name="Choose from library")
    await library.focus()
    await page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="Choose the course’s picture")
    await dialog.get_by_role("button", name="desk.png").focus()
    await page.keyboard.press("Enter")
    await expect(place.get_by_role("img", name=TITLE)).to_be_visible()
    await place.get_by_label("Choose another picture").set_input_files(
        {"name": "desk.png", "mimeType": "image/png", "buffer": b"<script>alert(1)</script>"}
    )
    await expect(place.get_by_role("status")).to_contain_text("desk.png")
    await expect(place.get_by_role("img", name=TITLE)).to_be_visible()
