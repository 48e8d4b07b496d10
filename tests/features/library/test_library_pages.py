"""The pages of one's own collections, and what a link shows to strangers."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from collegium.features.library import service
from collegium.features.library.model import Clip, PartOrder
from collegium.features.library.share_pages import end_of
from collegium.kit.errors import Invalid
from collegium.kit.site import Site
from tests.support.database import Database
from tests.support.people import Person
from tests.support.site import Client

MakePerson = Callable[..., Person]
MakeClient = Callable[..., Awaitable[Client]]
FILM = bytes(range(256)) * 40


async def begin(client: Client, name: str = "Claims") -> str:
    """A collection of whoever is signed in; its address."""
    made = await client.post_form("/library", {"name": name})
    assert made.status_code == 303, made.text
    return made.headers["location"]


async def add_clip(database: Database, site: Site, here: str, name: str = "one.mp4", part: int = 0) -> UUID:
    """A video with a file in a part of a collection."""
    async with database.connect() as owner:
        person, module = await owner.fetchrow(
            "select s.user_id, m.id from public.sessions s join public.modules m on m.session_id = s.id"
            " where s.id = $1 order by m.order_index offset $2 limit 1",
            UUID(here.rpartition("/")[2]),
            part,
        )
        key = f"sessions/{person}/{uuid4().hex}.mp4"
        await site.storage.put(key, FILM)
        return await owner.fetchval(
            "insert into public.videos (module_id, file_name, file_url, file_size, mime_type)"
            " values ($1, $2, $3, $4, 'video/mp4') returning id",
            module,
            name,
            key,
            len(FILM),
        )


def titles(text: str) -> list[str]:
    """Parts and videos in the order of a page."""
    found = re.findall(r'<h2 id="part-[^"]*">([^<]*)|class="lib-clip-in"[^>]*>.*?<span>([^<]*)', text, re.S)
    return [part or f"- {clip}" for part, clip in found]


async def share(client: Client, here: str, **form: str) -> str:
    """The path of a link to a collection."""
    answer = await client.post_form(f"{here}/share", form)
    assert answer.status_code == 303
    page = await client.get(here)
    found = re.search(r'value="http://127.0.0.1:8000(/library/shared/[^"]+)"', page.text)
    assert found, page.text
    return found[1]


async def test_a_guest_signs_in_first(client: Client) -> None:
    for path in ("/library", f"/library/{uuid4()}", f"/library/videos/{uuid4()}/file"):
        assert (await client.get(path)).headers["location"].startswith("/sign-in?next=")
    assert (await client.post_form("/library", {"name": "x"})).status_code == 303


async def test_from_nothing_to_a_collection(client: Client, make_person: MakePerson) -> None:
    await client.login(make_person())
    assert "You have no collection yet" in (await client.get("/library")).text
    wrong = await client.post_form("/library", {"name": "  "})
    assert wrong.status_code == 422
    assert "Give the collection a name." in wrong.text
    here = await begin(client, "<script>alert(1)</script>")
    page = await client.get(here)
    assert "<script>alert" not in page.text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page.text
    assert titles(page.text) == ["Part 1"]
    await client.post_form(here, {"name": "Claims", "session_type": "Free Choice"})
    assert "Claims" in (await client.get("/library")).text
    assert (await client.post_form(here, {"name": "x" * 256, "session_type": "Free Choice"})).status_code == 303
    assert "at most 255 characters" in (await client.get(here)).text


async def test_order_names_and_removal(client: Client, make_person: MakePerson, database: Database, site: Site) -> None:
    await client.login(make_person())
    here = await begin(client)
    await client.post_form(f"{here}/parts", {"name": "Part 2"})
    one, two = [await add_clip(database, site, here, name) for name in ("one.mp4", "two.mp4")]
    for step, wanted in (
        (("down", one), ["Part 1", "- two", "- one", "Part 2"]),
        (("down", one), ["Part 1", "- two", "Part 2", "- one"]),
        (("down", one), ["Part 1", "- two", "Part 2", "- one"]),
        (("up", one), ["Part 1", "- two", "- one", "Part 2"]),
    ):
        moved = await client.post_form(f"{here}/move", {"to": step[0], "item": str(step[1])})
        assert moved.status_code == 303
        assert titles((await client.get(here)).text) == wanted
    parts = re.findall(r'data-part="([^"]+)"', (await client.get(here)).text)
    swapped = await client.post_form(f"{here}/move", {"to": "up", "item": parts[1]}, headers={"hx-request": "true"})
    assert titles(swapped.text) == ["Part 2", "Part 1", "- two", "- one"]
    await client.post_form(f"{here}/parts/{parts[1]}", {"name": "The end"})
    await client.post_form(f"{here}/videos/{two}", {"name": "A/B.mp4"})
    assert "no slashes" in (await client.get(here)).text
    await client.post_form(f"{here}/videos/{two}", {"name": "A & B.mp4"})
    assert titles((await client.get(here)).text) == ["The end", "Part 1", "- A &amp; B", "- one"]
    asked = await client.get(f"{here}/remove?item={parts[0]}")
    assert "2 videos go with it" in asked.text
    await client.submit(asked, f"{here}/parts/{parts[0]}/remove")
    assert titles((await client.get(here)).text) == ["The end"]
    gone = await client.submit(await client.get(f"{here}/remove"), f"{here}/remove")
    assert gone.headers["location"] == "/library"
    assert (await client.get(here)).status_code == 404


async def test_an_order_that_is_older_than_the_collection_moves_nothing(
    client: Client, make_person: MakePerson, database: Database, site: Site
) -> None:
    await client.login(make_person())
    here = await begin(client)
    await add_clip(database, site, here)
    (part,) = re.findall(r'data-part="([^"]+)"', (await client.get(here)).text)
    old = f'[{{"module": "{part}", "videos": []}}]'
    late = await client.post_form(f"{here}/order", {"order": old}, headers={"hx-request": "true"})
    assert (late.status_code, late.headers["hx-retarget"]) == (422, "#toasts")
    assert "has changed since" in late.text
    for wrong in ("", "[", '[{"module": 1}]', "[]"):
        assert (
            await client.post_form(f"{here}/order", {"order": wrong}, headers={"hx-request": "true"})
        ).status_code == 422


@pytest.mark.parametrize("role", ["student", "instructor", "admin"])
async def test_nobody_else_finds_it(
    client: Client, make_client: MakeClient, make_person: MakePerson, database: Database, site: Site, role: str
) -> None:
    await client.login(make_person())
    here = await begin(client, "My own claims")
    clip = await add_clip(database, site, here)
    other = await make_client()
    await other.login(make_person(role))
    assert "My own claims" not in (await other.get("/library")).text
    assert "My own claims" not in (await other.get("/library?q=claims")).text
    for path in (here, f"{here}/rename", f"{here}/remove"):
        assert (await other.get(path)).status_code == 404
    for path in (
        "",
        "/parts",
        "/move",
        "/order",
        "/remove",
        f"/videos/{clip}",
        f"/videos/{clip}/remove",
        "/share",
        "/unshare",
    ):
        form = {"name": "x", "session_type": "Linear Flow", "item": str(clip), "to": "up", "order": "[]"}
        answer = await other.post_form(here + path, form, headers={"hx-request": "true"})
        assert answer.status_code == 404, path
    file = f"/library/videos/{clip}/file"
    # An administrator answers for what is stored, so he may look at a file.
    assert (await other.get(file)).status_code == (200 if role == "admin" else 404)
    assert (await client.get(file)).content == FILM


async def test_the_file_comes_in_parts(client: Client, make_person: MakePerson, database: Database, site: Site) -> None:
    await client.login(make_person())
    here = await begin(client)
    clip = await add_clip(database, site, here)
    part = await client.get(f"/library/videos/{clip}/file", headers={"range": "bytes=10-19", "accept-encoding": "gzip"})
    assert (part.status_code, part.content) == (206, FILM[10:20])
    assert part.headers["content-range"] == f"bytes 10-19/{len(FILM)}"
    assert "content-encoding" not in part.headers
    page = await client.get(f"{here}?video={clip}")
    assert f'src="/library/videos/{clip}/file"' in page.text


async def test_search_and_pages(client: Client, make_person: MakePerson, database: Database, site: Site) -> None:
    await client.login(make_person())
    for number in range(service.PAGE_SIZE + 3):
        last = await begin(client, f"Number {number:02}")
    await add_clip(database, site, last, "Déjà vu.mp4")
    first = await client.get("/library")
    names = re.findall(r"Number \d\d", first.text)
    assert names[0] == f"Number {service.PAGE_SIZE + 2:02}"
    following = re.search(r'rel="next" href="([^"]+)"', first.text)
    assert following
    second = await client.get(following[1].replace("&amp;", "&"))
    assert re.findall(r"Number \d\d", second.text) == ["Number 02", "Number 01", "Number 00"]
    assert re.findall(r"Number \d\d", (await client.get("/library?q=deja")).text) == [names[0]]
    assert "Nothing found for “%”" in (await client.get("/library?q=%25")).text
    assert (await client.get("/library?after=nonsense")).status_code == 200


# Links ------------------------------------------------------------------------------------------------------------


async def test_a_link_shows_the_collection_to_strangers_until_it_is_withdrawn(
    client: Client, make_client: MakeClient, make_person: MakePerson, database: Database, site: Site
) -> None:
    person = make_person(first_name="Mara", last_name="Okafor")
    await client.login(person)
    here = await begin(client)
    empty = await client.post_form(f"{here}/share")
    assert empty.status_code == 303
    assert "There is nothing to share yet" in (await client.get(here)).text
    clip = await add_clip(database, site, here)
    path = await share(client, here)
    guest = await make_client(address="203.0.113.9")
    page = await guest.get(path)
    assert page.status_code == 200
    assert titles(page.text) == ["Part 1", "- one"]
    assert "Shared by Mara O." in page.text
    for secret in (str(person.id), person.email, "Okafor", here.rpartition("/")[2], "sessions/"):
        assert secret not in page.text
    for name, value in (
        ("x-robots-tag", "noindex, nofollow, noarchive"),
        ("cache-control", "private, no-store"),
        ("referrer-policy", "no-referrer"),
    ):
        assert page.headers[name] == value
    file = f"{path}/videos/{clip}"
    assert (await guest.get(file, headers={"range": "bytes=0-3"})).content == FILM[:4]
    assert (await guest.get(f"/library/videos/{clip}/file")).status_code == 303
    assert "data-handle" not in page.text
    second = await share(client, here)
    assert second != path
    assert (await guest.get(path)).status_code == 404
    await client.post_form(f"{here}/unshare")
    for gone in (path, second, file, f"{second}/videos/{clip}"):
        assert (await guest.get(gone)).status_code == 404
    assert (await guest.get(path)).headers["x-robots-tag"] == "noindex, nofollow, noarchive"


async def test_a_link_runs_out(client: Client, make_person: MakePerson, database: Database, site: Site) -> None:
    await client.login(make_person())
    here = await begin(client)
    await add_clip(database, site, here)
    await client.post_form(f"{here}/share", {"until": "2020-01-01"})
    assert "still to come" in (await client.get(here)).text
    await client.post_form(f"{here}/share", {"until": "tomorrow"})
    assert "Choose a day" in (await client.get(here)).text
    path = await share(client, here, until=(date.today() + timedelta(days=2)).isoformat())  # noqa: DTZ011
    assert (await client.get(path)).status_code == 200
    async with database.connect() as owner:
        await owner.execute(
            "update public.session_shares set created_at = now() - interval '9 days', expires_at = now() - interval '1 day'"
        )
    assert (await client.get(path)).status_code == 404
    assert "The link ran out" in (await client.get(here)).text


async def test_whoever_guesses_links_is_slowed_down(client: Client) -> None:
    answers = [(await client.get(f"/library/shared/{'a' * 42}{n % 10}")).status_code for n in range(65)]
    assert answers.count(404) == 60
    assert answers.count(429) == 5


@pytest.mark.parametrize("token", ["x", "a" * 43, "..%2f..", "%00" * 43], ids=["short", "wrong", "dots", "nulls"])
async def test_what_is_no_link_shows_nothing(client: Client, token: str) -> None:
    assert (await client.get(f"/library/shared/{token}")).status_code == 404
    assert (await client.get(f"/library/shared/{token}/videos/{uuid4()}")).status_code == 404


def test_the_end_of_a_day_is_where_the_person_is() -> None:
    assert end_of("2026-12-31", "Europe/Berlin") == datetime(2026, 12, 31, 23, tzinfo=UTC)
    assert end_of(" ", "UTC") is None
    for wrong in ("31.12.2026", "9999-12-31", "x"):
        with pytest.raises(Invalid):
            end_of(wrong, "UTC")


# Rules without a database -------------------------------------------------------------------------------------------

PARTS = st.lists(st.integers(0, 3), min_size=1, max_size=4).map(
    lambda sizes: [PartOrder(uuid4(), [uuid4() for _ in range(size)]) for size in sizes]
)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(PARTS, st.sampled_from(("up", "down")))
def test_moving_keeps_everything_and_goes_one_place(parts: list[PartOrder], to: Any) -> None:
    everything = [video for part in parts for video in part.videos]
    for part in parts:
        moved = service.moved_part(parts, part.module, to)
        assert moved is not None
        assert {one.module: one.videos for one in moved} == {one.module: one.videos for one in parts}
        assert abs(moved.index(part) - parts.index(part)) <= 1
    for video in everything:
        changed = service.moved_video(parts, video, to)
        assert changed is not None
        assert sorted(one for part in changed for one in part.videos) == sorted(everything)
        at, now = (
            [one for part in where for one in (part.module, *part.videos)].index(video) for where in (parts, changed)
        )
        assert abs(at - now) <= 1
    assert service.moved_part(parts, uuid4(), to) is None
    assert service.moved_video(parts, uuid4(), to) is None


@pytest.mark.parametrize(
    ("name", "title"), [("a.mp4", "a"), ("a.b.webm", "a.b"), (".mp4", ".mp4"), ("No. 5", "No. 5"), ("end.", "end.")]
)
def test_a_title_is_the_name_without_its_ending(name: str, title: str) -> None:
    assert Clip(uuid4(), name, 1, "video/mp4", None, None).title == title


# Files ----------------------------------------------------------------------------------------------------------------


async def add_file(database: Database, site: Site, person: Person, name: str = "A film.mp4", **columns: Any) -> UUID:
    """A file of somebody's that passed its check."""
    row: dict[str, Any] = {
        "owner_id": person.id,
        "purpose": "collection",
        "filename": name,
        "kind": "video",
        "mime_type": "video/mp4",
        "byte_size": len(FILM),
        "sha256": "0" * 64,
        "storage_key": f"sessions/{person.id}/{uuid4()}.mp4",
        "state": "ready",
        "duration": 61.9,
    } | columns
    if row["storage_key"]:
        await site.storage.put(row["storage_key"], FILM)
    places = ", ".join(f"${number}" for number in range(1, len(row) + 1))
    async with database.connect() as owner:
        return await owner.fetchval(
            f"insert into public.media_files ({', '.join(row)}) values ({places}) returning id", *row.values()
        )


async def parts_of(client: Client, here: str) -> list[str]:
    return re.findall(r'data-part="([^"]+)"', (await client.get(here)).text)


async def test_a_file_that_arrived_becomes_a_video_and_goes_with_it(
    client: Client, make_person: MakePerson, database: Database, site: Site
) -> None:
    person = make_person()
    await client.login(person)
    here = await begin(client)
    (part,) = await parts_of(client, here)
    file = await add_file(database, site, person)
    for _ in range(2):  # The answer may be lost on the way.
        added = await client.post_form(
            f"{here}/videos", {"part": part, "file": str(file)}, headers={"hx-request": "true"}
        )
        assert titles(added.text) == ["Part 1", "- A film"]
    assert "1:01" in added.text
    (clip,) = re.findall(r'data-clip="([^"]+)"', added.text)
    assert (await client.get(f"/library/videos/{clip}/file")).content == FILM
    async with database.connect() as owner:
        assert await owner.fetchval("select count(*) from public.media_file_uses where place = 'collection'") == 1
        await client.post_form(f"{here}/videos/{clip}/remove")
        assert await owner.fetchval("select count(*) from public.media_files") == 0


@pytest.mark.parametrize(
    ("columns", "status"),
    [
        ({"purpose": "lesson_video"}, 404),
        ({"kind": "document", "mime_type": "application/pdf"}, 422),
        ({"state": "checking", "storage_key": None, "sha256": None}, 409),
        ({"state": "refused", "storage_key": None, "sha256": None, "refusal": "This is no video."}, 422),
    ],
    ids=["for a lesson", "a document", "not checked yet", "refused"],
)
async def test_which_files_become_videos(
    client: Client, make_person: MakePerson, database: Database, site: Site, columns: dict[str, Any], status: int
) -> None:
    person = make_person()
    await client.login(person)
    here = await begin(client)
    (part,) = await parts_of(client, here)
    file = await add_file(database, site, person, **columns)
    ask = {"headers": {"hx-request": "true"}}
    assert (await client.post_form(f"{here}/videos", {"part": part, "file": str(file)}, **ask)).status_code == status
    assert titles((await client.get(here)).text) == ["Part 1"]


async def test_nobody_collects_anothers_file_or_into_anothers_part(
    client: Client, make_client: MakeClient, make_person: MakePerson, database: Database, site: Site
) -> None:
    person, other = make_person(), make_person()
    await client.login(person)
    here = await begin(client)
    (part,) = await parts_of(client, here)
    file, others = await add_file(database, site, person), await add_file(database, site, other)
    stranger = await make_client()
    await stranger.login(other)
    theirs = await begin(stranger)
    (their_part,) = await parts_of(stranger, theirs)
    ask = {"headers": {"hx-request": "true"}}
    for who, form in (
        (client, {"part": part, "file": str(others)}),
        (client, {"part": their_part, "file": str(file)}),
        (client, {"part": part, "file": str(uuid4())}),
    ):
        assert (await who.post_form(f"{here}/videos", form, **ask)).status_code == 404
    assert (await client.post_form(f"{here}/videos", {"part": "x", "file": "y"}, **ask)).status_code == 422


async def test_a_collection_becomes_a_course_whose_videos_are_prepared(
    client: Client, make_person: MakePerson, database: Database, site: Site
) -> None:
    person = make_person("instructor")
    await client.login(person)
    here = await begin(client, "Claims & letters")
    empty = await client.post_form(f"{here}/course")
    assert empty.headers["location"] == here
    (part,) = await parts_of(client, here)
    for name in ("One.mp4", "Two.mp4"):
        file = await add_file(database, site, person, name)
        await client.post_form(f"{here}/videos", {"part": part, "file": str(file)})
    clips = re.findall(r'data-clip="([^"]+)"', (await client.get(here)).text)
    await client.post_form(f"{here}/move", {"to": "up", "item": clips[1]})
    made = await client.post_form(f"{here}/course")
    course = UUID(made.headers["location"].rpartition("/")[2])
    async with database.connect() as owner:
        lessons = await owner.fetch(
            "select l.title, v.processing_state from public.lessons l join public.lesson_videos v on v.lesson_id = l.id"
            " where l.course_id = $1 order by l.lesson_order",
            course,
        )
    assert [tuple(row) for row in lessons] == [("Two", "waiting"), ("One", "waiting")]
    # The collection goes; what the lessons show stays.
    await client.post_form(f"{here}/remove")
    async with database.connect() as owner:
        assert await owner.fetchval("select count(*) from public.media_files") == 2
    learner = make_person()
    await client.login(learner)
    own = await begin(client)
    assert (await client.post_form(f"{own}/course")).status_code == 403
    assert "Make a course of it" not in (await client.get(own)).text
