"""Attachments: who may have them, what is counted, how they are named, and what the instructor does with them."""

from __future__ import annotations

import pytest
import pytest_asyncio

from collegium.features.documents.files import disposition, safe_name
from collegium.features.documents.model import size_words
from collegium.kit.jobs import run_now
from collegium.kit.site import Site
from tests.features.documents.shelf import Shelf, add_file, attach, fill
from tests.support.database import Database
from tests.support.people import add_person
from tests.support.site import Client

CONTENT = bytes(range(256)) * 40


@pytest_asyncio.fixture
async def shelf(site: Site, database: Database) -> Shelf:
    return await fill(site, database)


async def downloads(shelf: Shelf) -> list[int]:
    async with shelf.database.connect() as owner:
        rows = await owner.fetch("select download_count from public.lesson_attachments order by attachment_order")
    return [row["download_count"] for row in rows]


async def test_a_learner_finds_and_downloads_a_file_and_it_is_counted_once(shelf: Shelf, client: Client) -> None:
    file = await attach(shelf, shelf.text, CONTENT, "Übersicht der Fristen.pdf")
    await client.login(shelf.learner)
    page = await client.get(f"/learn/{shelf.course.slug}/{shelf.text}")
    assert f'href="/attachments/{file}"' in page.text
    assert "PDF" in page.text
    whole = await client.get(f"/attachments/{file}")
    assert (whole.status_code, whole.content) == (200, CONTENT)
    assert whole.headers["content-type"] == "application/pdf"
    assert whole.headers["content-disposition"] == (
        "attachment; filename=\"Ubersicht der Fristen.pdf\"; filename*=UTF-8''%C3%9Cbersicht%20der%20Fristen.pdf"
    )
    assert whole.headers["x-content-type-options"] == "nosniff"
    assert whole.headers["content-security-policy"].startswith("sandbox")
    assert "content-encoding" not in whole.headers
    assert await downloads(shelf) == [1]


async def test_ranges_and_looks_ahead_are_not_downloads(shelf: Shelf, client: Client) -> None:
    file = await attach(shelf, shelf.text, CONTENT)
    await client.login(shelf.learner)
    at = f"/attachments/{file}"
    part = await client.get(at, headers={"range": "bytes=100-199"})
    assert (part.status_code, part.content) == (206, CONTENT[100:200])
    assert part.headers["content-range"] == f"bytes 100-199/{len(CONTENT)}"
    head = await client.head(at)
    assert (head.status_code, head.headers["content-length"]) == (200, str(len(CONTENT)))
    await client.get(at, headers={"sec-purpose": "prefetch"})
    same = await client.get(at, headers={"if-none-match": part.headers["etag"]})
    assert same.status_code == 304
    assert await downloads(shelf) == [0]


@pytest.mark.parametrize(
    ("who", "requires", "status"),
    [
        ("guest", False, 200),
        ("guest", True, 404),
        ("stranger", False, 200),
        ("stranger", True, 404),
        ("learner", True, 200),
        ("teacher", True, 200),
    ],
)
async def test_the_database_says_who_may_have_it(
    shelf: Shelf, client: Client, who: str, requires: bool, status: int
) -> None:
    file = await attach(shelf, shelf.sample, requires_enrollment=requires)
    if who != "guest":
        people = {"learner": shelf.learner, "teacher": shelf.teacher}
        await client.login(people[who] if who in people else await add_person(shelf.database))
    answer = await client.get(f"/attachments/{file}")
    assert answer.status_code == status
    assert (b"slides" in answer.content) == (status == 200)
    assert await downloads(shelf) == [1 if status == 200 else 0]
    page = await client.get(f"/learn/{shelf.course.slug}/{shelf.sample}")
    assert (f"/attachments/{file}" in page.text) == (status == 200)


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("../../etc/passwd", "_.._etc_passwd"),
        ("C:\\temp\\a.pdf", "C__temp_a.pdf"),
        ('a"b\r\nSet-Cookie: x.pdf', "a_b__Set-Cookie_ x.pdf"),
        ("gnp\u202efdp.exe", "gnpfdp.exe"),
        ("...", "file"),
        ("", "file"),
    ],
    ids=["folders", "drive", "header", "turned", "dots", "nothing"],
)
def test_names_are_safe(name: str, safe: str) -> None:
    assert safe_name(name) == safe
    header = disposition(name)
    assert "\r" not in header
    assert "\n" not in header
    assert header.count('"') == 2
    header.encode("ascii")


def test_names_keep_their_letters() -> None:
    assert disposition("表 1.pdf") == "attachment; filename=\"1.pdf\"; filename*=UTF-8''%E8%A1%A8%201.pdf"
    assert disposition("表.pdf").startswith('attachment; filename="file.pdf"; ')
    assert disposition("plain.pdf", inline=True) == 'inline; filename="plain.pdf"'


def test_sizes_in_words() -> None:
    assert [size_words(n) for n in (1, 999, 1000, 1200, 12_300, 999_999, 5_000_000_000)] == [
        "1 byte", "999 bytes", "1 kB", "1.2 kB", "12 kB", "1 MB", "5 GB",
    ]  # fmt: skip


async def test_the_instructor_describes_orders_removes_and_undoes(shelf: Shelf, client: Client) -> None:
    first = await attach(shelf, shelf.text, name="first.pdf")
    second = await attach(shelf, shelf.text, name="second.pdf")
    await client.login(shelf.teacher)
    at = shelf.files(shelf.text)
    page = await client.get(at)
    assert page.text.index("first.pdf") < page.text.index("second.pdf")
    await client.submit(page, f"{at}/{second}/up")
    page = await client.get(at)
    assert page.text.index("second.pdf") < page.text.index("first.pdf")
    await client.submit(page, f"{at}/{first}", {"description": "  Dates and\n deadlines ", "requires_enrollment": ""})
    page = await client.get(at)
    assert "Dates and deadlines" in page.text
    assert "For everybody who sees the course" in page.text
    gone = await client.submit(page, f"{at}/{first}/remove")
    assert gone.headers["location"] == f"{at}?removed={first}"
    page = await client.get(gone.headers["location"])
    assert "was removed" in page.text
    learner = await client.get(f"/attachments/{first}")
    assert learner.status_code == 404 or learner.content == b"slides"  # The team may still fetch it to look.
    await client.submit(page, f"{at}/{first}/restore")
    assert "first.pdf" in (await client.get(at)).text


async def test_what_was_removed_is_gone_for_learners_and_forgotten_after_a_day(shelf: Shelf, client: Client) -> None:
    file = await attach(shelf, shelf.text)
    await client.login(shelf.teacher)
    page = await client.get(shelf.files(shelf.text))
    await client.submit(page, f"{shelf.files(shelf.text)}/{file}/remove")
    await client.login(shelf.learner)
    assert (await client.get(f"/attachments/{file}")).status_code == 404
    await run_now(shelf.site, "documents.forget_removed", {})
    async with shelf.database.connect() as owner:
        assert await owner.fetchval("select count(*) from public.lesson_attachments") == 1
        await owner.execute("update public.lesson_attachments set removed_at = now() - interval '25 hours'")
    await run_now(shelf.site, "documents.forget_removed", {})
    async with shelf.database.connect() as owner:
        assert await owner.fetchval("select count(*) from public.lesson_attachments") == 0
        assert await owner.fetchval("select count(*) from public.media_files") == 1


async def test_a_new_order_is_one_call(shelf: Shelf, client: Client) -> None:
    made = [await attach(shelf, shelf.text, name=f"{n}.pdf") for n in range(4)]
    await client.login(shelf.teacher)
    answer = await client.post_json(f"{shelf.files(shelf.text)}/order", {"order": [str(id) for id in reversed(made)]})
    assert answer.status_code == 204
    page = await client.get(shelf.files(shelf.text))
    assert [page.text.index(f"{n}.pdf") for n in (3, 2, 1, 0)] == sorted(page.text.index(f"{n}.pdf") for n in range(4))


@pytest.mark.parametrize(
    ("owner", "state", "status"),
    [("teacher", "ready", 303), ("teacher", "checking", 409), ("stranger", "ready", 404)],
    ids=["own", "not checked", "of somebody else"],
)
async def test_only_a_checked_file_of_ones_own_is_attached(
    shelf: Shelf, client: Client, owner: str, state: str, status: int
) -> None:
    person = shelf.teacher if owner == "teacher" else await add_person(shelf.database, "instructor")
    file = await add_file(shelf, b"x", owner=person, state=state)
    await client.login(shelf.teacher)
    answer = await client.post_form(shelf.files(shelf.text), {"file_id": str(file)})
    assert answer.status_code == status
    assert len(await downloads(shelf)) == (1 if status == 303 else 0)


async def test_another_instructor_finds_nothing(shelf: Shelf, client: Client) -> None:
    file = await attach(shelf, shelf.text)
    await client.login(await add_person(shelf.database, "instructor"))
    at = shelf.files(shelf.text)
    assert (await client.get(at)).status_code == 404
    for path in ("", f"/{file}", f"/{file}/remove", f"/{file}/up"):
        assert (await client.post_form(at + path, {"file_id": str(file)})).status_code == 404
    assert (await client.post_json(at + "/order", {"order": [str(file)]})).status_code == 404
    assert len(await downloads(shelf)) == 1


async def test_a_file_with_a_lesson_stays_in_the_library(shelf: Shelf) -> None:
    await attach(shelf, shelf.text)
    async with shelf.database.connect() as owner:
        with pytest.raises(Exception, match="Take it out there first"):
            await owner.execute("delete from public.media_files")
