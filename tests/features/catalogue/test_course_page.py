"""A course's page for every kind of reader."""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from tests.support.database import Database
from tests.support.people import Course, Lesson, Person, enrol, pay
from tests.support.site import Client

MakePerson = Callable[..., Person]
MakeCourse = Callable[..., Course]
MakeClient = Callable[..., Awaitable[Client]]


async def text_of(client: Client, course: Course) -> str:
    page = await client.get(f"/courses/{course.slug}")
    assert page.status_code == 200
    return page.text


def entry_of(text: str) -> str:
    found = re.search(r'<div class="entry" id="entry">(.*?)</div>\s*<dl class="course-facts">', text, re.S)
    assert found
    return found[1]


def buttons_of(text: str) -> list[str]:
    """The words on what looks like a button."""
    found = re.findall(r'<(?:a|button)[^>]*class="btn [^>]*>(.*?)</(?:a|button)>', text, re.S)
    return [re.sub("<.*?>", "", inner.split('<span class="btn-busy">')[0]).strip() for inner in found]


def outline_of(text: str) -> dict[str, str]:
    """Lesson title to its item in the outline."""
    items = re.findall(r'<li class="lesson .*?</li>', text, re.S)
    return {re.search(r'lesson-title">([^<]*)', item)[1]: item for item in items}  # type: ignore[index]


async def set_course(database: Database, course: Course, **columns: Any) -> None:
    settings = ", ".join(f"{name} = ${number}" for number, name in enumerate(columns, 2))
    async with database.connect() as owner:
        await owner.execute(f"update public.courses set {settings} where id = $1", course.id, *columns.values())


async def set_enrollment(database: Database, enrollment: UUID, status: str) -> None:
    async with database.connect() as owner:
        await owner.execute(
            "update public.enrollments set status = $2, completed_at = case when $2 = 'completed' then now() end where id = $1",
            enrollment,
            status,
        )


async def test_a_guest_sees_what_it_is(client: Client, database: Database, make_course: MakeCourse) -> None:
    course = make_course(
        "Annuities", credits="2.5", category="retirement_planning", target_audience="Advisers.", estimated_duration_minutes=95,
        description="First.\nSecond line.\n\n\nAnother paragraph.",
    )  # fmt: skip
    async with database.connect() as owner:
        await owner.execute(
            'update public.courses set learning_objectives = \'["Read a contract", "", "Ask about fees"]\' where id = $1',
            course.id,
        )
        await owner.execute("update public.instructor_profiles set headline = 'Counsel', bio = 'Reads for a living.'")
    text = await text_of(client, course)
    for words in ("Retirement planning", "2.5 credits", "1 h 35 min", "3 lessons", "Ines Lindqvist", "Counsel",
                  "Reads for a living.", "Advisers.", "No reviews yet.", "Read a contract", "Ask about fees"):  # fmt: skip
        assert words in text, words
    assert "<p>First.<br>Second line.</p><p>Another paragraph.</p>" in text
    assert len(re.findall(r"<ul class=\"learns\">.*?</ul>", text, re.S)[0].split("<li>")) == 3
    assert f'<link rel="canonical" href="http://127.0.0.1:8000/courses/{course.slug}">' in text
    assert text.count('<meta name="description"') == 1
    assert '<meta name="description" content="A short course for tests.">' in text


async def test_search_engines_read_it_as_a_course(client: Client, make_course: MakeCourse) -> None:
    evil = "</script><!-- <b>&"
    course = make_course(evil, pricing="paid", price=120, credits=2, estimated_duration_minutes=95)
    text = await text_of(client, course)
    found = re.search(r'<script type="application/ld\+json">(.*?)</script>', text, re.S)
    assert found
    assert not set("<>&") & set(found[1])
    document = json.loads(found[1])
    assert document["@type"] == "Course"
    assert document["name"] == evil
    assert document["provider"]["name"] == "Guild of Assessors"
    assert document["offers"] == {
        "@type": "Offer", "category": "Paid", "price": "120.00", "priceCurrency": "USD",
        "url": f"http://127.0.0.1:8000/courses/{course.slug}",
    }  # fmt: skip
    assert document["hasCourseInstance"]["courseWorkload"] == "PT1H35M"
    assert document["hasCourseInstance"]["instructor"] == [{"@type": "Person", "name": "Ines Lindqvist"}]


async def test_hostile_words_stay_words(make_client: MakeClient, database: Database, make_person: MakePerson, make_course: MakeCourse) -> None:  # fmt: skip
    evil = "\"'><script>alert(1)</script>"
    course = make_course(
        evil, modules=[[Lesson(evil), Lesson("Second", unlock_after=evil)]], description=evil, short_description=evil,
        target_audience=evil,
    )  # fmt: skip
    async with database.connect() as owner:
        await owner.execute(
            "update public.courses set learning_objectives = $2 where id = $1", course.id, json.dumps([evil])
        )
        await owner.execute("update public.course_modules set title = $1, description = $1", evil)
        await owner.execute("update public.instructor_profiles set display_name = $1, headline = $1, bio = $1", evil)
    learner = make_person()
    await enrol(database, learner, course)
    guest, member = await make_client(), await make_client()
    await member.login(learner)
    for client in (guest, member):
        text = await text_of(client, course)
        assert "<script>alert" not in text
        assert text.count("&lt;script&gt;alert(1)&lt;/script&gt;") >= 10


async def test_the_outline_tells_strangers_kinds_previews_and_rules(client: Client, make_course: MakeCourse) -> None:
    soon = datetime.now(UTC) + timedelta(days=9)
    past = datetime.now(UTC) - timedelta(days=9)
    course = make_course(
        modules=[
            [Lesson("Film", video=600, preview=True), Lesson("Text", required=False)],
            [Lesson("Dated", unlock_date=soon), Lesson("After", unlock_after="Film"), Lesson("Open", unlock_date=past)],
        ]
    )
    lessons = outline_of(await text_of(client, course))
    assert f'href="/learn/{course.slug}/{course.lesson("Film").id}"' in lessons["Film"]
    assert "Preview" in lessons["Film"]
    assert "Video · 10 min" in lessons["Film"]
    assert "Reading, optional · 5 min" in lessons["Text"]
    assert f"Opens on {soon.day} {soon:%B %Y}" in lessons["Dated"]
    assert "Opens when you have completed “Film”" in lessons["After"]
    assert "Opens" not in lessons["Open"]
    assert [title for title, item in lessons.items() if "href=" in item] == ["Film"]


async def test_the_outline_tells_a_learner_where_each_lesson_stands(
    client: Client, database: Database, make_person: MakePerson, make_course: MakeCourse
) -> None:
    course = make_course(
        modules=[[Lesson("One"), Lesson("Two"), Lesson("Three", unlock_after="Two"), Lesson("Four", preview=True)]]
    )
    learner = make_person()
    enrollment = await enrol(database, learner, course)
    async with database.connect() as owner:
        await owner.executemany(
            "insert into public.lesson_progress (enrollment_id, lesson_id, course_id, status, completed_at)"
            " values ($1, $2, $3, $4, case when $4 = 'completed' then now() end)",
            [
                (enrollment, course.lesson("One").id, course.id, "completed"),
                (enrollment, course.lesson("Two").id, course.id, "in_progress"),
            ],
        )
    await client.login(learner)
    text = await text_of(client, course)
    lessons = outline_of(text)
    states = {title: re.search(r'aria-label="([^"]*)"', item)[1] for title, item in lessons.items()}  # type: ignore[index]
    assert states == {"One": "Done", "Two": "In progress", "Three": "Locked", "Four": "Not started"}
    assert [title for title, item in lessons.items() if "href=" in item] == ["One", "Two", "Four"]
    assert "Opens when you have completed “Two”" in lessons["Three"]
    assert "1 of 4 lessons done" in text
    assert "1 of 4 lessons" in entry_of(text)


FREE_STATES: list[tuple[str, dict[str, Any], str, list[str], list[str]]] = [
    # who, columns of the course, the button, what is said, what is not
    ("guest", {}, "Sign in to enrol", ["Free", "/sign-in?next=/courses/", "Create an account"], ["/enrol"]),
    ("member", {}, "Enrol", ["Free", 'action="/courses/'], []),
    ("guest", {"pricing": "member_only"}, "Sign in to enrol", ["Members only"], []),
    ("other", {"pricing": "member_only"}, "", ["your membership is not active", "office"], ["/enrol", "/sign-in"]),
    ("member", {"pricing": "member_only"}, "Enrol", ["Included in your membership"], ["Members only"]),
    ("guest", {"pricing": "paid", "price": 100, "member_price": 70}, "Sign in", ["$100", "$70 for members", "Payment is needed"], ["/enrol"]),
    ("other", {"pricing": "paid", "price": 100, "member_price": 70}, "", ["$100", "$70 for members", "office"], ["/enrol", "/sign-in"]),
    ("member", {"pricing": "paid", "price": 100, "member_price": 70}, "", ["$70", "Others pay $100", "Payment is needed"], ["/enrol"]),
    ("member", {"pricing": "paid", "price": 100}, "", ["$100", "Payment is needed"], ["/enrol", "Others pay"]),
    ("member", {"max_enrollments": 1}, "Enrol", ["1 place left."], []),
    ("member", {"allow_enrollment": False}, "", ["does not take enrollments now"], ["/enrol"]),
    ("member", {"enrollment_start_date": datetime(2031, 3, 3, 9, tzinfo=UTC)}, "", ["Enrollment opens on", "3 March 2031"], ["/enrol"]),
    ("member", {"enrollment_end_date": datetime(2021, 3, 3, 9, tzinfo=UTC)}, "", ["Enrollment ended on", "3 March 2021", "/courses?category="], ["/enrol"]),
]  # fmt: skip


@pytest.mark.parametrize(("who", "columns", "button", "said", "unsaid"), FREE_STATES)
async def test_there_is_one_clear_thing_to_do(
    client: Client, make_person: MakePerson, make_course: MakeCourse,
    who: str, columns: dict[str, Any], button: str, said: list[str], unsaid: list[str],
) -> None:  # fmt: skip
    course = make_course(**columns)
    if who != "guest":
        await client.login(make_person(member=who == "member"))
    shown = entry_of(await text_of(client, course))
    assert buttons_of(shown) == ([button] if button else [])
    for words in said:
        assert words in shown, words
    for words in unsaid:
        assert words not in shown, words


async def test_a_full_course_says_so(
    client: Client, database: Database, make_person: MakePerson, make_course: MakeCourse
) -> None:
    course = make_course(max_enrollments=2)
    for _ in range(2):
        await enrol(database, make_person(), course)
    await client.login(make_person())
    shown = entry_of(await text_of(client, course))
    assert "All 2 places are taken" in shown
    assert "/enrol" not in shown


@pytest.mark.parametrize(
    ("status", "wanted", "href"),
    [
        ("enrolled", "Start", "/learn/{slug}"),
        ("in_progress", "Continue", "/learn/{slug}"),
        ("completed", "View certificate", "/me/certificates/{number}.pdf"),
    ],
)
async def test_a_learner_goes_on(
    client: Client, database: Database, make_person: MakePerson, make_course: MakeCourse,
    status: str, wanted: str, href: str,
) -> None:  # fmt: skip
    course, learner = make_course(pricing="member_only"), make_person()
    await set_enrollment(database, await enrol(database, learner, course), status)
    async with database.connect() as owner:
        number = await owner.fetchval("select number from public.certificates")
    await client.login(learner)
    shown = entry_of(await text_of(client, course))
    assert re.search(
        rf'<a href="{href.format(slug=course.slug, number=number)}" class="btn btn-primary[^>]*>.*?{wanted}</a>',
        shown,
        re.S,
    )
    assert "/enrol" not in shown
    assert "entry-price" not in shown


async def test_a_completed_course_without_a_certificate_opens_again(
    client: Client, database: Database, make_person: MakePerson, make_course: MakeCourse
) -> None:
    course, learner = make_course(completion_certificate=False), make_person()
    await set_enrollment(database, await enrol(database, learner, course), "completed")
    await client.login(learner)
    shown = entry_of(await text_of(client, course))
    assert "Open the lessons again" in shown
    assert "certificate" not in shown


async def test_a_revoked_certificate_is_not_offered(
    client: Client, database: Database, make_person: MakePerson, make_course: MakeCourse
) -> None:
    course, learner = make_course(), make_person()
    await set_enrollment(database, await enrol(database, learner, course), "completed")
    async with database.connect() as owner:
        await owner.execute("update public.certificates set revoked_at = now(), revoked_reason = 'An error.'")
    await client.login(learner)
    assert "View certificate" not in entry_of(await text_of(client, course))


@pytest.mark.parametrize("status", ["suspended", "expired", "archived"])
async def test_a_held_enrollment_says_whom_to_ask(
    client: Client, database: Database, make_person: MakePerson, make_course: MakeCourse, status: str
) -> None:
    course, learner = make_course(), make_person()
    await set_enrollment(database, await enrol(database, learner, course), status)
    await client.login(learner)
    shown = entry_of(await text_of(client, course))
    assert f"Your enrollment is {status}" in shown
    assert "office" in shown
    assert "/learn/" not in shown


async def test_who_left_may_come_back(
    client: Client, database: Database, make_person: MakePerson, make_course: MakeCourse
) -> None:
    course, learner = make_course(), make_person()
    await set_enrollment(database, await enrol(database, learner, course), "dropped")
    await set_course(database, course, allow_enrollment=False)
    await client.login(learner)
    shown = entry_of(await text_of(client, course))
    assert "Take it up again" in shown
    assert "is kept" in shown


async def test_payment_opens_the_door_and_a_refund_closes_it(
    client: Client, database: Database, make_person: MakePerson, make_course: MakeCourse
) -> None:
    course, learner = make_course(pricing="paid", price=120), make_person()
    await client.login(learner)
    assert "Payment is needed" in entry_of(await text_of(client, course))
    paid = await pay(database, learner, course)
    shown = entry_of(await text_of(client, course))
    assert "Your payment is recorded." in shown
    assert f'action="/courses/{course.slug}/enrol"' in shown
    async with database.connect() as owner:
        await owner.execute(
            "insert into public.transactions (member_id, transaction_type, amount, status, completed_at, refund_of, course_id)"
            " values ($1, 'refund', 120, 'completed', now(), $2, $3)",
            learner.id,
            paid,
            course.id,
        )
    assert "Payment is needed" in entry_of(await text_of(client, course))


async def test_payment_by_somebody_else_or_not_completed_opens_nothing(
    client: Client, database: Database, make_person: MakePerson, make_course: MakeCourse
) -> None:
    course, learner = make_course(pricing="paid", price=120), make_person()
    await pay(database, make_person(), course)
    async with database.connect() as owner:
        await owner.execute(
            "insert into public.transactions (member_id, course_id, transaction_type, amount) values ($1, $2, 'course_purchase', 120)",
            learner.id,
            course.id,
        )
    await client.login(learner)
    assert "Payment is needed" in entry_of(await text_of(client, course))


@pytest.mark.parametrize("status", ["draft", "under_review", "archived"])
async def test_an_unpublished_course_exists_only_for_those_who_have_to_do_with_it(
    make_client: MakeClient, database: Database, make_person: MakePerson, make_course: MakeCourse, status: str
) -> None:
    lead, helper, other = make_person("instructor"), make_person("instructor"), make_person("instructor")
    learner, stranger, admin = make_person(), make_person(), make_person("admin")
    course = make_course(instructor=lead)
    await enrol(database, learner, course)
    async with database.connect() as owner:
        await owner.execute("insert into public.course_instructors values ($1, $2)", course.id, helper.id)
    await set_course(database, course, status=status)
    guest = await make_client()
    assert (await guest.get(f"/courses/{course.slug}")).status_code == 404
    for reader in (stranger, other):
        client = await make_client()
        await client.login(reader)
        assert (await client.get(f"/courses/{course.slug}")).status_code == 404
    for reader in (lead, helper, admin, learner):
        client = await make_client()
        await client.login(reader)
        text = await text_of(client, course)
        assert ("This course is archived" if status == "archived" else "This course is not published") in text
        assert ("/learn/" in entry_of(text)) == (reader == learner)
        assert f'action="/courses/{course.slug}/enrol"' not in text
    # And what one of them saw is not remembered for the others.
    assert (await guest.get(f"/courses/{course.slug}")).status_code == 404


async def test_its_instructor_is_told_whose_page_it_is(
    make_client: MakeClient, make_person: MakePerson, make_course: MakeCourse
) -> None:
    lead, learner = make_person("instructor"), make_person()
    course = make_course(instructor=lead)
    for reader, told in ((lead, True), (learner, False)):
        client = await make_client()
        await client.login(reader)
        assert ("You teach this course." in await text_of(client, course)) == told


@pytest.mark.parametrize("slug", ["nothing", "UPPER", "a%00b", "%2e%2e%2fx", "x" * 400, "é", "a b", "'--"])
async def test_what_is_no_course_is_not_found(client: Client, slug: str) -> None:
    assert (await client.get(f"/courses/{slug}")).status_code == 404


async def test_a_course_without_lessons_says_so(client: Client, make_course: MakeCourse) -> None:
    assert "not published yet" in await text_of(client, make_course(modules=[]))


async def test_a_change_is_seen_at_once(
    client: Client, database: Database, make_person: MakePerson, make_course: MakeCourse
) -> None:
    course = make_course()
    await client.login(make_person())
    assert "A claim, step by step" in await text_of(client, course)
    async with database.connect() as owner:
        await owner.execute("update public.lessons set title = 'Another name' where title = 'A claim, step by step'")
    text = await text_of(client, course)
    assert "Another name" in text
    assert "A claim, step by step" not in text


@pytest.mark.parametrize(
    ("column", "value", "words"),
    [
        ("completion_certificate", False, "<dd>None</dd>"),
        ("course_start_date", datetime(2031, 3, 3, tzinfo=UTC), "3 March 2031"),
        ("max_enrollments", 5, "5 places left."),
    ],
)
async def test_each_fact_is_up_to_date(
    client: Client, database: Database, make_person: MakePerson, make_course: MakeCourse,
    column: str, value: Any, words: str,
) -> None:  # fmt: skip
    course = make_course()
    await client.login(make_person())
    await text_of(client, course)
    await set_course(database, course, **{column: value})
    assert words in await text_of(client, course)


async def test_pages_ask_the_database_little(
    make_client: MakeClient, database: Database, make_person: MakePerson, make_course: MakeCourse, statements: list[str]
) -> None:
    plain = make_course(modules=[[Lesson("One"), Lesson("Two")]])
    ruled = make_course(modules=[[Lesson("One"), Lesson("Two", unlock_after="One")]])
    learner = make_person()
    for course in (plain, ruled):
        await enrol(database, learner, course)
    guest, member = await make_client(), await make_client()
    await member.login(learner)
    for client, course, wanted in ((guest, plain, 1), (guest, ruled, 1), (member, plain, 1), (member, ruled, 2)):
        await client.get(f"/courses/{course.slug}")
        statements.clear()
        await client.get(f"/courses/{course.slug}")
        assert len(statements) == wanted, statements
