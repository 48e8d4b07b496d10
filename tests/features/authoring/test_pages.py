"""The editor's page, saving, losing a race, history, and lessons that lie elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import pytest
import pytest_asyncio

from tests.support.database import Database
from tests.support.people import Course, Lesson, Person, add_course, add_person
from tests.support.site import Client, Site


class Desk:
    """A lesson, its address in the studio, and what its teachers do there."""

    def __init__(self, database: Database, course: Course, teacher: Person) -> None:
        self.database, self.course, self.teacher = database, course, teacher
        self.lesson = course.lessons[0].id
        self.path = f"/studio/{course.id}/lessons/{self.lesson}"

    async def state(self, client: Client) -> dict[str, Any]:
        answer = await client.get(self.path + "/content", headers={"accept": "application/json"})
        return answer.json()

    async def save(self, client: Client, base: int, blocks: list[dict[str, Any]], editor: UUID | None = None) -> Any:
        body = {"base": base, "blocks": blocks, "editor": str(editor) if editor else None}
        token = await client.csrf()
        return await client.post(
            self.path + "/content", json=body, headers={"x-csrf-token": token, "accept": "application/json"}
        )

    async def rows(self, sql: str) -> list[Any]:
        async with self.database.connect() as owner:
            return await owner.fetch(sql, self.lesson)


def text(html: str, block: str | None = None) -> dict[str, Any]:
    return {"id": block or str(uuid4()), "type": "rich_text", "content": {"html": html}, "metadata": {}}


@pytest_asyncio.fixture
async def desk(database: Database, client: Client) -> Desk:
    teacher = await add_person(database, "instructor", first_name="Ines", last_name="Lindqvist")
    lessons = [Lesson("The letter", html="<p>It stands in the letter.</p>"), Lesson("After"), Lesson("Form")]
    lessons[2].more = {"lesson_type": "embedded_content"}
    course = await add_course(database, instructor=teacher, modules=[lessons])
    await client.login(teacher)
    return Desk(database, course, teacher)


@pytest_asyncio.fixture
async def colleague(database: Database, desk: Desk, make_client: Callable[..., Any]) -> Client:
    """Another browser, of somebody who may write every lesson."""
    other: Client = await make_client()
    await other.login(await add_person(database, "admin", first_name="Mara", last_name="Vogt"))
    return other


async def test_what_is_saved_is_cleaned_and_comes_back(desk: Desk, client: Client) -> None:
    now = await desk.state(client)
    kept = now["blocks"][0]["id"]
    blocks = [
        text("<h2>New</h2>"),
        text("<p onclick=x>It <b>stands</b> there.<script>y</script></p>", kept),
        {
            "id": str(uuid4()),
            "type": "youtube",
            "content": {"video_id": "https://youtu.be/dQw4w9WgXcQ?t=3", "title": "A"},
        },
    ]
    answer = await desk.save(client, now["revision"], blocks)
    assert answer.is_success, answer.text
    said = answer.json()
    assert [one["id"] for one in said["blocks"]] == [kept, blocks[2]["id"]], "what is kept in another form comes back"
    rows = await desk.rows(
        "select id, type, content from public.content_blocks where lesson_id = $1 order by order_index"
    )
    assert [row["type"] for row in rows] == ["rich_text", "rich_text", "youtube"]
    assert str(rows[1]["id"]) == kept
    after = await desk.state(client)
    assert after["revision"] == said["revision"] > now["revision"]
    assert after["blocks"][1]["content"] == {"html": "<p>It <b>stands</b> there.</p>", "plain_text": "It stands there."}
    assert after["blocks"][2]["content"]["video_id"] == "dQw4w9WgXcQ"


async def test_sending_the_same_again_changes_nothing(desk: Desk, client: Client) -> None:
    now = await desk.state(client)
    blocks = [text("<p>One</p>")]
    first = (await desk.save(client, now["revision"], blocks)).json()["revision"]
    assert (await desk.save(client, now["revision"], blocks)).json()["revision"] == first
    assert len(await desk.rows("select 1 from public.lesson_revisions where lesson_id = $1")) == 2, "before, and this"


async def test_a_page_goes_on_from_what_it_saved_itself(desk: Desk, client: Client) -> None:
    now, editor, block = await desk.state(client), uuid4(), str(uuid4())
    await desk.save(client, now["revision"], [text("<p>One</p>", block)], editor)
    # The answer was lost on its way, and its writer typed on.
    again = await desk.save(client, now["revision"], [text("<p>One, two</p>", block)], editor)
    assert again.is_success, again.text


async def test_of_two_writers_nothing_is_lost(desk: Desk, client: Client, colleague: Client) -> None:
    now = await desk.state(client)
    block = now["blocks"][0]["id"]
    first = await desk.save(colleague, now["revision"], [text("<p>Theirs</p>", block)], uuid4())
    assert first.is_success
    mine = [text("<p>Mine</p>", block)]
    await desk.save(client, now["revision"], mine, uuid4())
    late = await desk.save(client, now["revision"], mine, uuid4())
    assert late.status_code == 409
    said = late.json()
    assert said["code"] == "edited_meanwhile"
    assert said["theirs"]["blocks"][0]["content"]["html"] == "<p>Theirs</p>"
    assert said["theirs"]["savedBy"] == "Mara Vogt"
    kept = await desk.rows(
        "select id, blocks from public.lesson_revisions where lesson_id = $1 and reason = 'conflict'"
    )
    assert [str(row["id"]) for row in kept] == [said["kept"]], "sent twice, kept once"
    assert "Mine" in kept[0]["blocks"]
    page = await client.get(f"{desk.path}/history?show={said['kept']}")
    assert "<del>Theirs</del>" in page.text
    assert "<ins>Mine</ins>" in page.text
    assert (await desk.state(client))["blocks"][0]["content"]["html"] == "<p>Theirs</p>"


@pytest.mark.parametrize(
    ("kind", "content", "words"),
    [
        ("image", {"url": "https://evil.test/a.png", "alt_text": "A"}, "Choose a file first"),
        ("image", {"url": f"/files/{uuid4()}", "alt_text": " "}, "Say what the picture shows"),
        ("youtube", {"video_id": "https://evil.test/dQw4w9WgXcQ"}, "not the address of a video"),
        ("file", {"url": "/files/../x", "filename": "a"}, "Choose a file first"),
        ("rich_text", {"text": "a"}, "There is no text"),
        ("rich_text", {"html": "a" * 400_001}, "more than 400,000"),
    ],
    ids=["picture elsewhere", "picture without words", "video elsewhere", "path", "no text", "too long"],
)
async def test_a_part_that_is_not_whole_is_refused_in_words(
    desk: Desk, client: Client, kind: str, content: dict[str, Any], words: str
) -> None:
    answer = await desk.save(client, 1, [{"id": str(uuid4()), "type": kind, "content": content}])
    assert answer.status_code == 422
    assert words in answer.json()["detail"]
    assert "Nothing was saved" in answer.json()["detail"]


async def test_a_part_that_somebody_stored_in_another_form_stops_nobody(desk: Desk, client: Client) -> None:
    async with desk.database.connect() as owner:
        await owner.execute(
            "insert into public.content_blocks (lesson_id, course_id, type, order_index, content) values"
            """ ($1, $2, 'image', 2, '{"url": "https://elsewhere.test/a.png", "alt_text": "A"}')""",
            desk.lesson,
            desk.course.id,
        )
    now = await desk.state(client)
    blocks = [text("<p>New words</p>", now["blocks"][0]["id"]), now["blocks"][1]]
    assert (await desk.save(client, now["revision"], blocks)).is_success
    changed = {**blocks[1], "content": {"url": "https://elsewhere.test/b.png", "alt_text": "A"}}
    assert (await desk.save(client, now["revision"] + 9, [changed])).status_code == 422


async def test_who_does_not_teach_the_course_finds_no_lesson(desk: Desk, client: Client, database: Database) -> None:
    await client.login(await add_person(database, "instructor", first_name="Otto"))
    assert (await client.get(desk.path)).status_code == 404
    assert (await client.get(desk.path + "/history")).status_code == 404
    assert (await desk.save(client, 1, [text("<p>x</p>")])).status_code == 404
    presence = await client.post(desk.path + "/presence", headers={"x-csrf-token": await client.csrf()})
    assert presence.status_code == 404
    await client.login(await add_person(database))
    assert (await client.get(desk.path)).status_code == 403


async def test_others_who_have_it_open_are_named(desk: Desk, client: Client, colleague: Client) -> None:
    for browser, others in ((colleague, []), (client, ["Mara Vogt"]), (colleague, ["Ines Lindqvist"])):
        said = await browser.post(desk.path + "/presence", headers={"x-csrf-token": await browser.csrf()})
        assert said.json()["others"] == others
    await colleague.post(desk.path + "/presence?leaving=true", headers={"x-csrf-token": await colleague.csrf()})
    said = await client.post(desk.path + "/presence", headers={"x-csrf-token": await client.csrf()})
    assert said.json()["others"] == []


async def test_an_earlier_state_is_brought_back(desk: Desk, client: Client) -> None:
    now = await desk.state(client)
    await desk.save(client, now["revision"], [text("<p>Something else</p>")])
    history = await client.get(desk.path + "/history")
    first = (await desk.rows("select id from public.lesson_revisions where lesson_id = $1 order by revision"))[0]["id"]
    assert history.text.count("Saved by") == 2
    shown = await client.get(f"{desk.path}/history?show={first}")
    done = await client.submit(shown, f"{desk.path}/history/{first}/restore")
    assert done.status_code == 303
    after = await desk.state(client)
    assert [one["id"] for one in after["blocks"]] == [one["id"] for one in now["blocks"]]
    assert after["blocks"][0]["content"]["html"] == now["blocks"][0]["content"]["html"]
    rows = await desk.rows("select reason from public.lesson_revisions where lesson_id = $1 order by id")
    assert [row["reason"] for row in rows] == ["saved", "saved", "restored"]


async def test_without_scripts_texts_are_written_as_html(desk: Desk, client: Client) -> None:
    page = await client.get(desk.path)
    block = (await desk.state(client))["blocks"][0]["id"]
    answer = await client.submit(
        page, desk.path + "/text", {f"text-{block}": "<p>A</p><script>b</script>", "new": "<p>C</p>"}
    )
    assert answer.status_code == 303
    assert [one["content"]["html"] for one in (await desk.state(client))["blocks"]] == ["<p>A</p>", "<p>C</p>"]
    late = await client.submit(page, desk.path + "/text", {f"text-{block}": "<p>Late</p>"})
    assert "/history?show=" in late.headers["location"]
    assert "Late" in (await client.get(late.headers["location"])).text


async def test_a_lesson_elsewhere_has_an_address(database: Database, desk: Desk, client: Client, site: Site) -> None:
    path = f"/studio/{desk.course.id}/lessons/{desk.course.lesson('Form').id}"
    page = await client.get(path)
    assert "COLLEGIUM_EMBED_HOSTS" in page.text
    for address, words in (
        ("http://forms.guild.test/a", "https://"),
        ("https://forms.guild.test/a", "forms.guild.test"),
    ):
        refused = await client.submit(page, path + "/address", {"content_url": address})
        assert refused.status_code == 422
        assert words in refused.text
        assert address in refused.text, "what was typed is still there"


async def test_old_states_are_thinned_by_the_day(desk: Desk, client: Client, site: Site) -> None:
    async with desk.database.connect() as owner:
        for hours, reason in (
            (200, "saved"),
            (199, "saved"),
            (150, "saved"),
            (150, "conflict"),
            (24 * 91, "conflict"),
            (2, "saved"),
        ):
            await owner.execute(
                "insert into public.lesson_revisions (lesson_id, course_id, revision, reason, blocks, created_at)"
                " select $1, $2, 1, $3, '[]', date_trunc('day', now()) + interval '20 hours' - $4 * interval '1 hour'",
                desk.lesson, desk.course.id, reason, hours,
            )  # fmt: skip
        done = await owner.fetchval("select private.thin_lesson_revisions(100)")
    left = await desk.rows("select reason from public.lesson_revisions where lesson_id = $1")
    assert done == 2, "the earlier one of the same day, and the conflict of three months ago"
    assert len(left) == 4
