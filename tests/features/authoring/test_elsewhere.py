"""Lessons whose content lies elsewhere: for their teacher, and as learners see them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID

import pytest
import pytest_asyncio

from collegium.features.authoring.links import checked_address, embed_hosts
from collegium.kit.errors import Invalid
from tests.support.database import Database
from tests.support.people import Course, Lesson, Person, add_course, add_person, enrol
from tests.support.site import Client, MakeClient, make_settings, make_site

HOST = "forms.guild.test"
HOSTS = (HOST, "maps.guild.test:8443")
ADDRESS = f"https://{HOST}/a?b=1"


@pytest_asyncio.fixture
async def browser(database: Database, tmp_path: Path, make_client: MakeClient) -> AsyncIterator[Client]:
    """A browser at a site that may show pages of one host inside its lessons."""
    site = make_site(make_settings(database, tmp_path / "embedding", embed_hosts=f" {HOST}, not a host"))
    made: Client = await make_client(process=site)  # type: ignore[misc]
    yield made


async def course_with(database: Database, kind: str, teacher: Person) -> Course:
    return await add_course(
        database,
        instructor=teacher,
        modules=[[Lesson("Elsewhere", html="<p>First read this.</p>", more={"lesson_type": kind})]],
    )


async def address(client: Client, course: Course, given: str) -> None:
    path = f"/studio/{course.id}/lessons/{course.lessons[0].id}"
    answer = await client.submit(await client.get(path), path + "/address", {"content_url": given})
    assert answer.status_code == 303, answer.text


@pytest.mark.parametrize("kind", ["external_link", "embedded_content"])
async def test_learners_open_what_lies_elsewhere(database: Database, browser: Client, kind: str) -> None:
    teacher = await add_person(database, "instructor", first_name="Ines")
    learner = await add_person(database)
    course = await course_with(database, kind, teacher)
    await enrol(database, learner, course)
    await browser.login(learner)
    here = f"/learn/{course.slug}/{course.lessons[0].id}"
    assert "This lesson has no address yet" in (await browser.get(here)).text
    await browser.login(teacher)
    await address(browser, course, ADDRESS)
    await browser.login(learner)
    page = await browser.get(here)
    assert "First read this." in page.text
    assert f'src="{ADDRESS}"' in page.text if kind == "embedded_content" else f'href="{ADDRESS}"' in page.text
    policy = page.headers.get("content-security-policy", "")
    assert (f"frame-src 'self' https://{HOST}" in policy) == (kind == "embedded_content")
    assert "script-src 'self';" in policy, "nothing else is widened"
    assert policy.count("content-security-policy") == 0
    other = await browser.get("/me/learning")
    assert HOST not in other.headers["content-security-policy"]


async def test_a_host_that_is_no_longer_allowed_is_a_link(database: Database, client: Client, browser: Client) -> None:
    teacher = await add_person(database, "instructor", first_name="Ines")
    course = await course_with(database, "embedded_content", teacher)
    await browser.login(teacher)
    await address(browser, course, ADDRESS)
    await client.login(teacher)
    page = await client.get(f"/learn/{course.slug}/{course.lessons[0].id}")
    assert "<iframe" not in page.text
    assert f'href="{ADDRESS}"' in page.text
    assert HOST not in page.headers["content-security-policy"]


async def test_what_a_client_stored_directly_is_only_shown_where_it_may_be(database: Database, client: Client) -> None:
    teacher = await add_person(database, "instructor", first_name="Ines")
    course = await course_with(database, "text", teacher)
    lesson: UUID | None = course.lessons[0].id
    bad = {
        "image": '{"url": "https://evil.test/p.gif", "alt_text": "x"}',
        "file": '{"url": "javascript:alert(1)", "filename": "x", "file_size": 1}',
        "video": '{"url": "//evil.test/v.mp4"}',
        "rich_text": '{"html": "<img src=https://evil.test/q.gif onerror=alert(1)><b hx-get=/x>y</b>", "plain_text": ""}',
    }
    async with database.connect() as owner:
        for number, (kind, content) in enumerate(bad.items(), 2):
            await owner.execute(
                "insert into public.content_blocks (lesson_id, course_id, type, order_index, content)"
                " values ($1, $2, $3::public.content_type, $4, $5::jsonb)",
                lesson, course.id, kind, number, content,
            )  # fmt: skip
    await client.login(teacher)
    page = (await client.get(f"/learn/{course.slug}/{lesson}")).text
    assert "evil.test" not in page
    assert "javascript:" not in page
    assert "hx-get=/x" not in page
    assert "<b>y</b>" in page
    editor = (await client.get(f"/studio/{course.id}/lessons/{lesson}")).text
    assert "onerror" not in editor.split("data-config=")[1].split(" hidden>")[0]


@pytest.mark.parametrize(
    ("given", "kind"),
    [
        ("http://example.org/", "external_link"),
        ("javascript:alert(1)", "external_link"),
        ("https://", "external_link"),
        ("https://user@example.org/", "external_link"),
        ("https://example.org/a b", "external_link"),
        ("https://example.org\\@evil.test/", "external_link"),
        ("https://[", "external_link"),
        ("", "external_link"),
        ("https://example.org/" + "a" * 1024, "external_link"),
        ("https://evil.test/", "embedded_content"),
        (f"https://{HOST}.evil.test/", "embedded_content"),
        (f"https://{HOST}:444/", "embedded_content"),
        (f"https://evil.test/?{HOST}", "embedded_content"),
    ],
    ids=[
        "plain http", "script", "no host", "a name in it", "blank", "backslash", "broken", "nothing", "too long",
        "another host", "a host that begins so", "another port", "named in the query",
    ],
)  # fmt: skip
def test_an_address_that_cannot_be_used_is_refused(given: str, kind: str) -> None:
    with pytest.raises(Invalid):
        checked_address(given, kind, HOSTS)


def test_hosts_are_read_from_the_setting() -> None:
    assert embed_hosts(" Forms.Guild.test, maps.guild.test:8443;localhost,*.evil.test, https://x.test,") == HOSTS
    assert checked_address(f" {ADDRESS} ", "embedded_content", HOSTS) == ADDRESS
