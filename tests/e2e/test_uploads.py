"""The media library in a browser: uploading, going on after a reload, choosing, deleting; by keyboard, narrow and dark."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.async_api import Page, Request, Route, expect

from tests.features.uploads.support import picture
from tests.support.browser import NewPage, axe_findings, two_looks
from tests.support.people import Person

pytestmark = pytest.mark.e2e
# A check takes a process of its own, which a busy machine starts late.
expect.set_options(timeout=30_000)
SHOTS = os.environ.get("COLLEGIUM_TEST_SHOTS")
PDF_PAGE = (
    b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
    b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 99 99]>>endobj\ntrailer<</Root 1 0 R>>\nstartxref\n0\n%%EOF\n"
)


async def sign_in(page: Page, person: Person) -> None:
    await page.goto("/sign-in")
    await page.get_by_label("E-mail").fill(person.email)
    await page.get_by_label("Password", exact=True).fill(person.password)
    await page.get_by_role("button", name="Sign in").click()
    await page.wait_for_url("**/*")


async def test_uploading_and_going_on_after_a_reload(
    new_page: NewPage, make_person: Callable[..., Person], tmp_path: Path
) -> None:
    teacher = make_person("instructor")
    page = await new_page()
    await sign_in(page, teacher)
    await page.goto("/studio/media")
    await expect(page.get_by_text("No files yet")).to_be_visible()

    # Several at once: a picture, and a page that says that it is a film.
    photo, fake = tmp_path / "house.png", tmp_path / "lesson.mp4"
    photo.write_bytes(picture(640, 480))
    fake.write_bytes(b"<!doctype html><html><script>alert(1)</script></html>")
    await page.get_by_label("Choose files").set_input_files([photo, fake])
    queue = page.get_by_role("list", name="Uploads")
    await expect(queue.get_by_text("In your library")).to_be_visible()
    await expect(queue.get_by_text("This is a web page, whatever its name says.")).to_be_visible()
    files = page.get_by_role("list", name="Files")
    await expect(files.get_by_role("link", name="house.png")).to_be_visible()

    # A larger one whose connection is lost after its first piece; then the page is closed.
    large = tmp_path / "talk.zip"
    _zip(large, 20 * 1024 * 1024)
    pieces: list[int] = []

    async def lose(route: Route) -> None:
        pieces.append(int(route.request.headers["upload-offset"]))
        await (route.continue_() if len(pieces) == 1 else route.abort())

    await page.route(
        "**/uploads/*", lambda route: lose(route) if route.request.method == "PATCH" else route.continue_()
    )
    await page.get_by_label("Choose files").set_input_files(large)
    await expect(queue.get_by_text("The connection is lost")).to_be_visible()
    page.on("dialog", lambda dialog: dialog.accept())
    await page.goto("/studio/media")
    await page.unroute_all()
    await expect(page.get_by_text("Choose the same file again to go on.")).to_be_visible()
    offsets: list[str] = []
    page.on("request", lambda request: _note(request, offsets))
    await page.get_by_label("Choose files").set_input_files(large)
    await expect(queue.get_by_text("In your library")).to_be_visible()
    assert offsets[0] == str(8 * 1024 * 1024)

    # Deleting asks first, and says what goes.
    await page.goto("/studio/media")
    await page.get_by_role("checkbox", name="Choose talk.zip").focus()
    await page.keyboard.press("Space")
    await page.get_by_role("button", name="Delete chosen").click()
    await expect(page.get_by_role("heading", name="Delete 1 file?")).to_be_visible()
    await page.get_by_role("button", name="Delete", exact=True).click()
    await expect(page.get_by_text('"talk.zip" is deleted.')).to_be_visible()
    await expect(page.get_by_role("link", name="house.png")).to_be_visible()


async def test_pausing_and_cancelling(new_page: NewPage, make_person: Callable[..., Person], tmp_path: Path) -> None:
    page = await new_page()
    await sign_in(page, make_person("instructor"))
    await page.goto("/studio/media")
    large = tmp_path / "talk.zip"
    _zip(large, 20 * 1024 * 1024)
    # Each piece waits, so that there is time to press a button.
    held: list[Route] = []
    waiting = asyncio.Event()

    async def hold(route: Route) -> None:
        if route.request.method == "PATCH" and route.request.headers["upload-offset"] != "0":
            held.append(route)
            waiting.set()
        else:
            await route.continue_()

    await page.route("**/uploads/*", hold)
    await page.get_by_label("Choose files").set_input_files(large)
    queue = page.get_by_role("list", name="Uploads")
    await expect(queue.get_by_text("% of 21 MB")).to_be_visible()
    # From here on nothing moves until a button is pressed.
    async with asyncio.timeout(20):
        await waiting.wait()
    pause = queue.get_by_role("button", name="Pause talk.zip")
    await pause.focus()
    await page.keyboard.press("Enter")
    await expect(queue.get_by_text("Paused; what was sent is kept")).to_be_visible()
    # The key that paused resumes.
    await expect(queue.get_by_role("button", name="Resume talk.zip")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(queue.get_by_text("Being sent")).to_be_visible()
    await queue.get_by_role("button", name="Cancel talk.zip").click()
    await expect(queue).to_be_hidden()
    await page.unroute_all()
    await page.goto("/studio/media")
    await page.get_by_role("link", name="Grid").or_(page.get_by_text("No files yet")).first.wait_for()
    await page.reload()
    await expect(page.get_by_text("No files yet")).to_be_visible()


async def test_how_it_looks(new_page: NewPage, make_person: Callable[..., Person], tmp_path: Path) -> None:
    teacher = make_person("instructor")
    page = await new_page()
    await sign_in(page, teacher)
    await page.goto("/studio/media")
    assert await axe_findings(page) == []
    paths = [tmp_path / "a house by the water, seen from the road.png", tmp_path / "plan.pdf", tmp_path / "fake.png"]
    for path, data in zip(paths, (picture(900, 600), PDF_PAGE, b"<html>"), strict=True):
        path.write_bytes(data)
    await page.get_by_label("Choose files").set_input_files(paths)
    await expect(page.get_by_role("list", name="Uploads").get_by_text("In your library")).to_have_count(2)
    for name, path in (("media-grid", "/studio/media"), ("media-list", "/studio/media?view=list")):
        await page.goto(path)
        await expect(page.get_by_role("link", name="plan.pdf")).to_be_visible()
        assert await two_looks(page, name, pictures=SHOTS) == []
    await page.get_by_role("link", name="a house").click()
    await expect(page.get_by_text("Where it is used")).to_be_visible()
    assert await two_looks(page, "media-file", pictures=SHOTS) == []
    await page.get_by_role("button", name="Delete").click()
    await expect(page.get_by_role("heading", name="Delete 1 file?")).to_be_visible()
    assert await two_looks(page, "media-delete", pictures=SHOTS) == []


def _note(request: Request, offsets: list[str]) -> None:
    if request.method == "PATCH":
        offsets.append(request.headers["upload-offset"])


def _zip(path: Path, size: int) -> None:
    import zipfile

    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("film.bin", os.urandom(size))
