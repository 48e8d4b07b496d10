"""The studio's pages of publication, settings, people and preview."""

from __future__ import annotations

from collections.abc import Callable
from html import unescape
from typing import Any

import pytest

from collegium.app import create_app
from collegium.kit.site import Site
from tests.support.database import Database
from tests.support.people import Course, Lesson, Person, enrol
from tests.support.site import Client, make_settings, make_site, running

MakePerson = Callable[..., Person]
MakeCourse = Callable[..., Course]
MakeClient = Callable[..., Any]


def modules() -> list[list[Lesson]]:
    return [[Lesson("First"), Lesson("Second")], [Lesson("Third")]]


@pytest.fixture
def author(make_person: MakePerson) -> Person:
    return make_person("instructor")


@pytest.fixture
async def course(make_course: MakeCourse, author: Person, database: Database) -> Course:
    made = make_course(instructor=author, modules=modules())
    async with database.connect() as owner:
        await owner.execute(
            "insert into public.content_blocks (lesson_id, course_id, type, order_index, content)"
            " select id, course_id, 'youtube', 1, '{\"video_id\": \"abcdefghijk\"}' from public.lessons l"
            " where not exists (select 1 from public.content_blocks b where b.lesson_id = l.id)"
        )
    return made


async def status_of(database: Database, course: Course) -> str:
    async with database.connect() as owner:
        return str(await owner.fetchval("select status from public.courses where id = $1", course.id))


async def make_draft(database: Database, course: Course) -> None:
    async with database.connect() as owner:
        await owner.execute("update public.courses set status = 'draft', published_at = null where id = $1", course.id)


async def test_a_course_goes_by_review_to_the_catalogue(
    client: Client, make_client: MakeClient, author: Person, course: Course, database: Database, make_person: MakePerson
) -> None:
    await make_draft(database, course)
    path = f"/studio/{course.id}/publish"
    await client.login(author)
    page = await client.get(path)
    assert page.status_code == 200
    assert "Submit for review" in page.text
    assert "Approve" not in page.text
    admin = make_person("admin")
    answer = await client.post_form(f"{path}/status", {"to": "under_review", "note": "Ready."})
    assert answer.headers["location"] == path
    assert await status_of(database, course) == "under_review"
    reviewer = await make_client()
    await reviewer.login(admin)
    page = await reviewer.get(path)
    assert "Approve and publish" in page.text
    assert "Ready." in page.text
    await reviewer.post_form(f"{path}/status", {"to": "draft", "note": ""})
    assert "Say what should be changed" in unescape((await reviewer.get(path)).text)
    await reviewer.post_form(f"{path}/status", {"to": "published", "note": "Good."})
    assert await status_of(database, course) == "published"
    async with database.connect() as owner:
        mails = await owner.fetch(
            "select kind, recipient, text_body from public.mail_outbox where kind like 'course%' order by created_at"
        )
    assert [(mail["kind"], mail["recipient"]) for mail in mails] == [
        ("course_submitted", admin.email),
        ("course_approved", author.email),
    ]
    assert "Ready." in mails[0]["text_body"]
    history = (await client.get(path)).text
    assert history.index("Approved and published") < history.index("Submitted for review")


async def test_the_check_list_says_what_is_missing_and_leads_there(
    client: Client, author: Person, course: Course, database: Database
) -> None:
    await make_draft(database, course)
    lesson = course.lessons[1]
    async with database.connect() as owner:
        await owner.execute("delete from public.content_blocks where lesson_id = $1", lesson.id)
        await owner.execute("update public.courses set description = '' where id = $1", course.id)
    await client.login(author)
    page = (await client.get(f"/studio/{course.id}/publish")).text
    assert "“Second” has nothing in it yet." in page
    assert f'href="/studio/{course.id}/lessons/{lesson.id}"' in page
    assert f'href="/studio/{course.id}/settings#about"' in page
    assert "Submit for review" not in page
    refused = await client.post_form(f"/studio/{course.id}/publish/status", {"to": "under_review"})
    assert refused.status_code == 303
    assert await status_of(database, course) == "draft"


async def test_without_review_only_where_the_site_says_so(
    database: Database, tmp_path: Any, author: Person, course: Course
) -> None:
    await make_draft(database, course)
    path = f"/studio/{course.id}/publish"
    for allowed, expected in ((False, "draft"), (True, "published")):
        site = make_site(make_settings(database, tmp_path, publish_without_review=allowed))
        app = create_app(site)
        async with running(app), Client(app, site, database) as client:
            await client.login(author)
            assert ('name="to" value="published"' in (await client.get(path)).text) is allowed
            await client.post_form(f"{path}/status", {"to": "published"})
        assert await status_of(database, course) == expected


async def test_changes_are_listed_published_and_learners_moved(
    client: Client, make_client: MakeClient, author: Person, course: Course, database: Database, make_person: MakePerson
) -> None:
    learner = make_person()
    await enrol(database, learner, course)
    path = f"/studio/{course.id}/publish"
    await client.login(author)
    async with database.connect() as owner:
        await owner.execute("update public.lessons set title = 'Renamed' where id = $1", course.lessons[0].id)
        await owner.execute("update public.lessons set require_completion = false where id = $1", course.lessons[1].id)
    page = unescape((await client.get(path)).text)
    assert "was called “First”" in page
    assert "now optional" in page
    assert "Still asked of those who began earlier" in page
    await client.post_form(f"{path}/changes", {})
    page = unescape((await client.get(path)).text)
    assert "Nothing has changed since" in page
    assert "Learners in earlier versions" in page
    reader = await make_client()
    await reader.login(learner)
    shown = unescape((await reader.get(f"/learn/{course.slug}/{course.lessons[0].id}")).text)
    assert "There is a newer version" in shown
    assert "there is a newer one" in unescape((await reader.get("/me/learning")).text)
    assert "There is a newer one, 2" in unescape((await reader.get(f"/courses/{course.slug}")).text)
    await reader.submit(
        await reader.get(f"/learn/{course.slug}/{course.lessons[0].id}"), f"/learn/{course.slug}/newest"
    )
    assert "There is a newer version" not in (await reader.get(f"/learn/{course.slug}/{course.lessons[0].id}")).text
    assert "Learners in earlier versions" not in (await client.get(path)).text


async def test_learners_are_let_off_with_a_reason(
    client: Client, author: Person, course: Course, database: Database, make_person: MakePerson
) -> None:
    await enrol(database, make_person(), course)
    await client.login(author)
    async with database.connect() as owner:
        await owner.execute("update public.lessons set require_completion = false where id = $1", course.lessons[1].id)
    path = f"/studio/{course.id}/publish"
    given = {"lesson": str(course.lessons[1].id), "reason": "The law has changed."}
    await client.post_form(f"{path}/release", given | {"reason": " "})
    assert "Still asked" in (await client.get(path)).text
    await client.post_form(f"{path}/release", given)
    assert "Still asked" not in (await client.get(path)).text


# Settings ---------------------------------------------------------------------------------------------------------


async def test_settings_are_saved_section_by_section(
    client: Client, author: Person, course: Course, database: Database
) -> None:
    path = f"/studio/{course.id}/settings"
    await client.login(author)
    page = await client.get(path)
    answer = await client.submit(
        page,
        f"{path}/learning",
        {"learning_objectives": "Read a policy\n\n Tell what is covered ", "difficulty_level": "expert"},
    )
    assert answer.headers["location"] == f"{path}?saved=learning#learning"
    assert "Saved" in (await client.get(answer.headers["location"])).text
    answer = await client.submit(
        page, f"{path}/about", {"title": "New title", "tags": "one, two,one", "slug": "new-address"}
    )
    assert answer.status_code == 303
    async with database.connect() as owner:
        row = await owner.fetchrow(
            "select title, slug, tags, learning_objectives::text as aims, difficulty_level from public.courses where id = $1",
            course.id,
        )
    assert tuple(row) == (
        "New title",
        "new-address",
        ["one", "two"],
        '["Read a policy", "Tell what is covered"]',
        "expert",
    )


WRONG: list[tuple[str, dict[str, str], str]] = [
    ("about", {"title": " "}, "Title: this cannot be empty."),
    ("about", {"slug": "Not an address"}, "Address: small letters"),
    ("about", {"slug": "taken"}, "Another course has this address."),
    ("price", {"pricing_type": "paid", "price": "0"}, "needs a price above 0"),
    ("price", {"price": "1e7"}, "Price: from 0 to"),
    ("price", {"price": "NaN"}, "Price: from 0 to"),
    (
        "enrollment",
        {"enrollment_start_date": "2027-02-01T10:00", "enrollment_end_date": "2027-01-01T10:00"},
        "later than it opens",
    ),
    ("enrollment", {"max_enrollments": "-1"}, "Seats: a whole number"),
    ("learning", {"difficulty_level": "none"}, "Level: choose one"),
]


async def test_what_cannot_be_used_is_said_at_its_field(
    client: Client, author: Person, course: Course, make_course: MakeCourse
) -> None:
    make_course(slug="taken")
    path = f"/studio/{course.id}/settings"
    await client.login(author)
    page = await client.get(path)
    for section, given, words in WRONG:
        answer = await client.submit(page, f"{path}/{section}", given)
        assert answer.status_code == 422, given
        assert words in unescape(answer.text), given


async def test_days_are_those_of_the_person(client: Client, author: Person, course: Course, database: Database) -> None:
    async with database.connect() as owner:
        await owner.execute("update public.profiles set time_zone = 'America/New_York' where id = $1", author.id)
    path = f"/studio/{course.id}/settings"
    await client.login(author)
    await client.submit(await client.get(path), f"{path}/enrollment", {"enrollment_start_date": "2027-07-01T09:00"})
    async with database.connect() as owner:
        saved = await owner.fetchval(
            "select enrollment_start_date at time zone 'UTC' from public.courses where id = $1", course.id
        )
    assert str(saved) == "2027-07-01 13:00:00"
    assert 'value="2027-07-01T09:00"' in (await client.get(path)).text


async def test_two_who_save_one_section_see_each_other(
    client: Client, make_client: MakeClient, author: Person, course: Course, database: Database, make_person: MakePerson
) -> None:
    path = f"/studio/{course.id}/settings"
    await client.login(author)
    other = await make_client()
    await other.login(make_person("admin"))
    mine, theirs = await client.get(path), await other.get(path)
    await other.submit(theirs, f"{path}/about", {"short_description": "Theirs"})
    # Another section is in nobody's way.
    assert (await client.submit(mine, f"{path}/community", {"enable_discussion_forum": "1"})).status_code == 303
    answer = await client.submit(mine, f"{path}/about", {"short_description": "Mine"})
    assert answer.status_code == 409
    assert "Saved meanwhile by somebody else: <q>Theirs</q>" in answer.text
    assert 'value="Mine"' in answer.text
    assert (await client.submit(answer, f"{path}/about")).status_code == 303
    async with database.connect() as owner:
        assert await owner.fetchval("select short_description from public.courses where id = $1", course.id) == "Mine"


async def test_prerequisites_go_in_no_circle(
    client: Client, author: Person, course: Course, make_course: MakeCourse, database: Database
) -> None:
    other = make_course(instructor=author)
    async with database.connect() as owner:
        await owner.execute(
            "insert into public.course_prerequisites (course_id, requires_course_id) values ($1, $2)",
            other.id,
            course.id,
        )
    path = f"/studio/{course.id}/settings"
    await client.login(author)
    answer = await client.post_form(f"{path}/prerequisites/add", {"requires_course": str(other.id), "requirement": ""})
    assert answer.status_code == 422
    assert "This would make a circle" in answer.text
    answer = await client.post_form(
        f"{path}/prerequisites/add", {"requires_course": "", "requirement": "Two years of practice"}
    )
    assert answer.status_code == 303
    page = (await client.get(path)).text
    assert "Two years of practice" in page


async def test_prices_are_added_and_removed(client: Client, author: Person, course: Course, database: Database) -> None:
    path = f"/studio/{course.id}/settings"
    await client.login(author)
    given = {
        "price_name": "Early",
        "price_audience": "member",
        "price_amount": "80",
        "price_from": "2027-01-01",
        "price_until": "",
    }
    wrong = await client.post_form(f"{path}/prices/add", given | {"price_until": "2026-01-01"})
    assert wrong.status_code == 422
    assert "later than the first day" in wrong.text
    assert (await client.post_form(f"{path}/prices/add", given)).status_code == 303
    async with database.connect() as owner:
        price = await owner.fetchval("select id from public.prices where course_id = $1", course.id)
    assert "Early" in (await client.get(path)).text
    await client.post_form(f"{path}/prices/{price}/remove", {})
    assert "Early" not in (await client.get(path)).text.replace("Early booking", "")


# People, preview, and who may come ------------------------------------------------------------------------------------


async def test_a_team_grows_and_shrinks(
    client: Client, make_client: MakeClient, author: Person, course: Course, make_person: MakePerson
) -> None:
    friend, learner = make_person("instructor"), make_person()
    path = f"/studio/{course.id}/people"
    await client.login(author)
    await client.post_form(f"{path}/add", {"email": learner.email})
    assert "No instructor has this address" in unescape((await client.get(path)).text)
    await client.post_form(f"{path}/add", {"email": friend.email.upper()})
    assert friend.email in (await client.get(path)).text
    other = await make_client()
    await other.login(friend)
    page = (await other.get(path)).text
    assert "Add a co-instructor" not in page
    assert (await other.post_form(f"{path}/{author.id}/remove", {})).status_code == 403
    left = await other.post_form(f"{path}/{friend.id}/remove", {})
    assert left.headers["location"] == "/studio"
    assert (await other.get(path)).status_code == 404


async def test_a_preview_counts_nothing_and_shows_drafts(
    client: Client, make_person: MakePerson, course: Course, database: Database
) -> None:
    admin = make_person("admin")
    await enrol(database, admin, course)
    await client.login(admin)
    async with database.connect() as owner:
        draft = await owner.fetchval(
            "insert into public.lessons (course_id, module_id, title, lesson_type, lesson_order, state)"
            " values ($1, $2, 'Waiting', 'text', 9, 'draft') returning id",
            course.id, course.lessons[0].module_id,
        )  # fmt: skip
    page = (await client.get(f"/studio/{course.id}/preview")).text
    assert "Waiting" in page
    assert "Not published" in page
    before = (await client.get(f"/learn/{course.slug}/{course.lessons[0].id}")).text
    assert "You are previewing" not in before
    assert "Waiting" not in before
    led = await client.get(f"/studio/{course.id}/preview/start?lesson={draft}")
    assert led.headers["location"] == f"/learn/{course.slug}/{draft}"
    shown = (await client.get(led.headers["location"])).text
    assert "You are previewing" in shown
    assert "/visit" not in shown
    await client.get(f"/studio/{course.id}/preview/leave")
    assert "You are previewing" not in (await client.get(f"/learn/{course.slug}/{course.lessons[0].id}")).text
    async with database.connect() as owner:
        assert await owner.fetchval("select count(*) from public.lesson_progress") == 0


async def test_only_who_teaches_the_course_comes_in(client: Client, make_person: MakePerson, course: Course) -> None:
    paths = [f"/studio/{course.id}/{place}" for place in ("publish", "settings", "people", "preview", "preview/start")]
    for path in paths:
        assert (await client.get(path)).status_code in (302, 303), path
    await client.login(make_person())
    for path in paths:
        assert (await client.get(path)).status_code == 403, path
    client.logout()
    await client.login(make_person("instructor"))
    for path in paths:
        assert (await client.get(path)).status_code == 404, path


async def test_a_stranger_changes_nothing(client: Client, make_person: MakePerson, course: Course, site: Site) -> None:
    await client.login(make_person("instructor"))
    base = f"/studio/{course.id}"
    for path, given in (
        ("/publish/status", {"to": "archived"}),
        ("/publish/changes", {}),
        ("/publish/move", {"version": str(course.id)}),
        ("/settings/about", {"title": "Mine"}),
        ("/settings/prerequisites/add", {"requirement": "Mine"}),
        ("/people/add", {"email": "x@guild.test"}),
    ):
        assert (await client.post_form(base + path, given)).status_code == 404, path
