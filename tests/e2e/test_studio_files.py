"""Many files at once become lessons, each of the right type; what cannot be one says why."""

from __future__ import annotations

import io
from pathlib import Path

import pypdf
import pytest
from playwright.async_api import expect

from tests.e2e.conftest import SignIn
from tests.support.browser import NewPage, axe_findings, scrolls_sideways
from tests.support.database import Database
from tests.support.people import Lesson, add_course, add_person

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]
LATER = 60_000


def pdf() -> bytes:
    """One page that a reader opens."""
    writer = pypdf.PdfWriter()
    writer.add_blank_page(width=420, height=595)
    kept = io.BytesIO()
    writer.write(kept)
    return kept.getvalue()


async def test_files_become_lessons_in_their_order(
    new_page: NewPage, sign_in: SignIn, database: Database, film: Path
) -> None:
    teacher = await add_person(database, "instructor", first_name="Ines", last_name="Lindqvist")
    course = await add_course(
        database, "Annuities", instructor=teacher, modules=[[Lesson("a")], [Lesson("b")]], status="draft"
    )
    page = await new_page(width=390)
    await sign_in(page, teacher)
    await page.goto(f"/studio/{course.id}")
    await page.get_by_role("button", name="Add from files").click()
    await page.locator("#files-module").select_option(label="Part 1")
    video = film.read_bytes()  # noqa: ASYNC240 - a small file, before anything is waited for
    await page.locator("#files-input").set_input_files(
        [
            {"name": "10_reading list.txt", "mimeType": "text/plain", "buffer": b"Read these.\n"},
            {"name": "2_the-contract.pdf", "mimeType": "application/pdf", "buffer": pdf()},
            {"name": "1_welcome.mp4", "mimeType": "video/mp4", "buffer": video},
            {"name": "3_fake.mp4", "mimeType": "video/mp4", "buffer": b"<!doctype html><script>1</script>"},
        ]
    )
    rows = page.locator("#files-list li")
    await expect(rows.filter(has_text="Lesson made")).to_have_count(3, timeout=LATER)
    refused = rows.filter(has_text="3_fake.mp4").locator(".ol-file-failed")
    await expect(refused).not_to_be_empty()
    assert not await axe_findings(page)
    assert not await scrolls_sideways(page)
    await page.locator("#ol-files").get_by_role("button", name="Close").click()
    shown = await page.evaluate("[...document.querySelectorAll('.ol-module')[0].querySelectorAll('.ol-lesson')].map(row => row.dataset.title)")  # fmt: skip
    assert shown == ["a", "Welcome", "The contract", "Reading list"]
    async with database.connect() as owner:
        kept = await owner.fetch(
            "select l.title, l.lesson_type, (select count(*) from public.lesson_videos v where v.lesson_id = l.id) as videos,"
            " (select count(*) from public.lesson_documents d where d.lesson_id = l.id) as documents,"
            " (select count(*) from public.lesson_attachments a where a.lesson_id = l.id) as files"
            " from public.lessons l where l.title <> all ('{a,b}') order by l.lesson_order"
        )
    assert [tuple(row) for row in kept] == [
        ("Welcome", "video", 1, 0, 0),
        ("The contract", "pdf", 0, 1, 0),
        ("Reading list", "text", 0, 0, 1),
    ]
