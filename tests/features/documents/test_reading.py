"""Documents: counted on the server, open to those for whom the lesson is, and what was seen is held against the clock."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from collegium.features.documents import measure
from collegium.kit.errors import Invalid
from collegium.kit.site import Site
from tests.features.documents.papers import SCRIPTED, paper
from tests.features.documents.shelf import Shelf, add_file, fill, place
from tests.support.database import Database
from tests.support.people import add_person
from tests.support.site import Client


@pytest_asyncio.fixture
async def shelf(site: Site, database: Database) -> Shelf:
    made = await fill(site, database)
    await place(made, made.manual, paper(30, landscape=(3, 4), pad=2000))
    await place(made, made.sample, paper(2))
    return made


async def let_time_pass(shelf: Shelf, seconds: float) -> None:
    async with shelf.database.connect() as owner:
        await owner.execute(
            "update public.document_reading set opened_at = opened_at - make_interval(secs => $1)", seconds
        )


async def row(shelf: Shelf) -> dict[str, Any]:
    async with shelf.database.connect() as owner:
        found = await owner.fetchrow(
            "select pages_seen::text as seen, pages_seen_count as count, last_page, last_offset::float8 as offset"
            " from public.document_reading where user_id = $1",
            shelf.learner.id,
        )
    return dict(found) if found else {}


class Reader:
    """One tab with the document open."""

    def __init__(self, client: Client, lesson: object) -> None:
        self.client, self.at = client, f"/api/v1/documents/{lesson}"

    async def open(self) -> dict[str, Any]:
        answer = await self.client.post_json(self.at + "/open", {})
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def tell(self, page: int, *seen: int, offset: float = 0) -> dict[str, Any]:
        body = {"page": page, "offset": offset, "seen": seen}
        answer = await self.client.post_json(self.at + "/reading", body)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found


@pytest_asyncio.fixture
async def reader(shelf: Shelf, client: Client) -> Reader:
    await client.login(shelf.learner)
    return Reader(client, shelf.manual)


async def test_the_place_and_the_pages_are_kept_for_another_device(
    shelf: Shelf, reader: Reader, make_client: Any
) -> None:
    assert await reader.open() == {"page": 1, "offset": 0, "pages": 30, "seen": "{}", "seen_count": 0}
    await let_time_pass(shelf, 5)
    assert (await reader.tell(3, 1, 2, 3, offset=0.25))["seen_count"] == 3
    other = await make_client("198.51.100.9")
    await other.login(shelf.learner)
    opened = await Reader(other, shelf.manual).open()
    assert (opened["page"], opened["offset"], opened["seen"]) == (3, 0.25, "{[1,4)}")
    page = await other.get(f"/learn/{shelf.course.slug}/{shelf.manual}")
    assert "3 of 30 pages seen" in page.text
    assert page.text.count("3 of 30 pages seen") == 2, "under the document and in what is left"


async def test_pages_that_come_faster_than_anybody_reads_are_not_counted(shelf: Shelf, reader: Reader) -> None:
    await reader.open()
    told = await reader.tell(30, *range(1, 31))
    assert (told["counted"], told["seen_count"]) == (False, 0)
    assert 13 <= told["retry_after"] <= 15
    assert (await row(shelf))["last_page"] == 30, "the place is no evidence and is kept"
    await let_time_pass(shelf, 15)
    assert (await reader.tell(30, *range(1, 31)))["seen_count"] == 30


async def test_what_was_seen_is_counted_once(shelf: Shelf, reader: Reader) -> None:
    await reader.open()
    await let_time_pass(shelf, 2)
    for _ in range(3):
        assert (await reader.tell(2, 1, 2, 1, 2))["seen_count"] == 2
    assert (await row(shelf))["seen"] == "{[1,3)}"


async def test_two_tabs_add_up(shelf: Shelf, reader: Reader) -> None:
    other = Reader(reader.client, shelf.manual)
    await reader.open()
    await other.open()
    await let_time_pass(shelf, 60)
    await asyncio.gather(*(tab.tell(page, page) for page in range(1, 21) for tab in (reader, other)))
    assert (await row(shelf))["seen"] == "{[1,21)}"


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"page": 0}, 422),
        ({"page": 1, "seen": [0]}, 422),
        ({"page": 1, "offset": 2}, 422),
        ({"page": 1, "seen": [6000]}, 422),
        ({"page": 99, "seen": [31, 4999]}, 200),
        ({"page": "first"}, 400),
    ],
    ids=["no page", "page 0", "below the page", "beyond any", "beyond this", "words"],
)
async def test_reports_that_cannot_be(shelf: Shelf, reader: Reader, body: dict[str, Any], status: int) -> None:
    await reader.open()
    await let_time_pass(shelf, 100)
    answer = await reader.client.post_json(reader.at + "/reading", body)
    assert answer.status_code == status, answer.text
    assert (await row(shelf))["count"] == 0


async def test_who_is_not_enrolled_keeps_nothing(shelf: Shelf, client: Client) -> None:
    assert (await client.post_json(f"/api/v1/documents/{shelf.manual}/open", {})).status_code == 401
    await client.login(await add_person(shelf.database))
    assert (await client.post_json(f"/api/v1/documents/{shelf.manual}/open", {})).status_code == 403
    assert (await client.post_json(f"/api/v1/documents/{shelf.manual}/reading", {"page": 1})).status_code == 403


async def test_a_report_before_the_document_was_opened(shelf: Shelf, reader: Reader) -> None:
    answer = await reader.client.post_json(reader.at + "/reading", {"page": 1})
    assert (answer.status_code, answer.json()["code"]) == (409, "not_opened")


async def version(shelf: Shelf, lesson: object) -> str:
    async with shelf.database.connect() as owner:
        return await owner.fetchval(
            "select left(md5(file_key), 12) from public.lesson_documents where lesson_id = $1", lesson
        )


async def test_the_file_comes_in_pieces_to_those_for_whom_the_lesson_is_open(shelf: Shelf, client: Client) -> None:
    at = f"/documents/{shelf.manual}/{await version(shelf, shelf.manual)}"
    assert (await client.get(at)).status_code == 404
    await client.login(shelf.learner)
    whole = await client.get(at)
    assert (whole.status_code, whole.headers["content-type"]) == (200, "application/pdf")
    assert whole.headers["content-disposition"].startswith("inline")
    part = await client.get(at, headers={"range": "bytes=10-99", "accept-encoding": "gzip"})
    assert (part.status_code, part.content) == (206, whole.content[10:100])
    assert (await client.get(at + "?download=true")).status_code == 403
    assert (await client.get(f"/documents/{shelf.manual}/000000000000")).status_code == 404
    client.logout()
    assert (await client.get(f"/documents/{shelf.sample}/{await version(shelf, shelf.sample)}")).status_code == 200


async def test_without_scripts_there_is_a_link(shelf: Shelf, client: Client) -> None:
    page = await client.get(f"/learn/{shelf.course.slug}/{shelf.sample}")
    assert "<noscript>" in page.text
    assert f'href="/documents/{shelf.sample}/' in page.text
    assert "?download" not in page.text


async def test_the_instructor_replaces_offers_and_removes(shelf: Shelf, client: Client) -> None:
    await client.login(shelf.learner)
    reader = Reader(client, shelf.manual)
    await reader.open()
    await let_time_pass(shelf, 60)
    await reader.tell(30, 1, 2, 30)
    old = await version(shelf, shelf.manual)
    await client.login(shelf.teacher)
    at = shelf.files(shelf.manual)
    page = await client.get(at)
    assert "1 learner opened it, 0 saw every page" in page.text
    file = await add_file(shelf, paper(10))
    assert (await client.post_form(at + "/document", {"file_id": str(file)})).status_code == 303
    page = await client.get(at)
    assert "10 pages" in page.text
    await client.submit(page, at + "/document/download", {"allow_download": "1"})
    await client.login(shelf.learner)
    assert (await client.get(f"/documents/{shelf.manual}/{old}")).status_code == 404
    lesson = await client.get(f"/learn/{shelf.course.slug}/{shelf.manual}")
    assert "?download=true" in lesson.text
    assert "2 of 10 pages seen" in lesson.text
    opened = await reader.open()
    assert (opened["page"], opened["seen"]) == (10, "{[1,3)}")
    await client.login(shelf.teacher)
    await client.submit(await client.get(at), at + "/document/remove")
    assert "no document yet" in (await client.get(at)).text
    assert (await row(shelf))["count"] == 2, "what was seen is kept"


@pytest.mark.parametrize("lesson", ["text", "manual"])
async def test_a_document_belongs_into_a_lesson_for_it_and_is_a_pdf(shelf: Shelf, client: Client, lesson: str) -> None:
    await client.login(shelf.teacher)
    into = shelf.text if lesson == "text" else shelf.manual
    file = await add_file(shelf, paper(1), mime="application/pdf" if lesson == "text" else "application/zip")
    answer = await client.post_form(shelf.files(into) + "/document", {"file_id": str(file)})
    assert answer.status_code == (409 if lesson == "text" else 422)


# Counting pages ----------------------------------------------------------------------------------------------------


async def measured(content: bytes, folder: Path) -> measure.Measured:
    file = folder / "file.pdf"
    file.write_bytes(content)
    return await measure.measure_file(file)


async def test_pages_and_their_sizes_are_counted(tmp_path: Path) -> None:
    found = await measured(paper(5, landscape=(3, 4), **SCRIPTED), tmp_path)
    assert found.pages == 5
    assert found.sizes == [(1, 595, 842), (3, 842, 595), (5, 595, 842)]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"%PDF-1.7\n" + b"\x00" * 1000,
        paper(3)[:200],
        paper(1).replace(b"/Kids [4 0 R]", b"/Kids [2 0 R]"),
        b"<html><script>alert(1)</script></html>",
    ],
    ids=["empty", "zeros", "cut", "circle", "html"],
)
async def test_what_cannot_be_read_is_refused_in_words(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(Invalid, match=r"This PDF .*\."):
        await measured(content, tmp_path)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=400), st.integers(0, 900))
def test_damage_never_breaks_the_counter(tmp_path: Path, noise: bytes, at: int) -> None:
    file = tmp_path / "noise.pdf"
    good = paper(2)
    file.write_bytes(good[:at] + noise + good[at + len(noise) :])
    answer = measure.read(file)
    assert ("problem" in answer) != ("pages" in answer)
