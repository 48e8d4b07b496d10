"""Every page in a real browser: axe finds nothing, in both themes and at two widths, and nothing is out of place."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import urlsplit

import pytest
from playwright.async_api import ConsoleMessage, Page, Response

from tests.e2e.conftest import School, SignIn
from tests.support.browser import NewPage, two_looks
from tests.support.database import Database, as_actor
from tests.support.people import Course, Lesson, Person, add_course, add_person, enrol, pay
from tests.support.site import LiveServer

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]
SCRIPT_MOST = 40 * 1024


@dataclass
class Look:
    """Goes from page to page and keeps what is wrong."""

    page: Page
    wrong: list[str] = field(default_factory=list)
    here: str = ""

    def __post_init__(self) -> None:
        self.page.on("console", self._heard)
        self.page.on("response", self._answered)

    def _heard(self, said: ConsoleMessage) -> None:
        # The browser itself reports a page's own status; the visit checks that.
        if said.type == "error" and "the server responded with a status of" not in said.text:
            self.wrong.append(f"{self.here}: console: {said.text}")

    def _answered(self, response: Response) -> None:
        if response.status >= 400 and response.request.resource_type != "document":
            self.wrong.append(f"{self.here}: {response.status} for {urlsplit(response.url).path}")

    async def at(self, path: str, status: int = 200) -> None:
        """Opens a page and looks."""
        self.here = path
        answer = await self._open()
        if answer.status != status:
            self.wrong.append(f"{path}: answered {answer.status}")
        if (headings := await self.page.evaluate("document.querySelectorAll('h1').length")) != 1:
            self.wrong.append(f"{path}: {headings} h1")
        # The outline beside a lesson is open or closed as the window is wide when the page begins.
        self.wrong += await two_looks(self.page, path, again=self._open if path.startswith("/learn/") else None)

    async def _open(self) -> Response:
        # The player comes to life after the page has loaded.
        idle = self.here.startswith("/learn/")
        answer = await self.page.goto(self.here, wait_until="networkidle" if idle else "load")
        assert answer
        return answer


@dataclass(frozen=True)
class Records:
    """What there is to look at beside the school: a course in every state, certificates, mail."""

    member: Person
    paid: Course
    gated: Course
    valid: str
    revoked: str


async def certificate(database: Database, person: Person, course: Course) -> str:
    """Completes a course of one text and answers the certificate's number."""
    enrollment = await enrol(database, person, course)
    async with database.connect("web") as session, as_actor(session, "authenticated", person.id) as actor:
        await actor.execute("select public.mark_lesson_complete($1)", course.lessons[0].id)
    async with database.connect() as owner:
        number: str = await owner.fetchval(
            "select number from public.certificates where enrollment_id = $1", enrollment
        )
    return number


async def fill(database: Database, school: School) -> Records:
    """Somebody with a course under way, one locked, one to pay for, and two certificates of which one is revoked."""
    member = await add_person(database, first_name="Mara", last_name="Silva")
    teacher = school.instructor
    short = [[Lesson("One page")]]
    first = await add_course(database, "Ethics in a page", instructor=teacher, modules=short, credits=1)
    second = await add_course(database, "Privacy in a page", instructor=teacher, modules=[[Lesson("One page")]])
    gated = await add_course(
        database,
        "In the right order",
        instructor=teacher,
        modules=[[Lesson("Before"), Lesson("After", unlock_after="Before")]],
    )
    paid = await add_course(database, "Advanced underwriting", instructor=teacher, pricing="paid", price=120)
    for course in (gated, school.course):
        await enrol(database, member, course)
    await pay(database, member, paid)
    valid = await certificate(database, member, first)
    revoked = await certificate(database, member, second)
    async with database.connect("web") as session, as_actor(session, "authenticated", school.admin.id) as actor:
        await actor.execute("select public.revoke_certificate($1, 'Issued by mistake.')", revoked)
    return Records(member, paid, gated, valid, revoked)


async def guest_pages(look: Look, school: School, records: Records) -> None:
    await look.at("/")
    await look.at("/courses")
    await look.at("/courses?q=zzzzzz")
    await look.at("/courses?q=zzzzzz&level=beginner")
    await look.at(f"/courses/{school.course.slug}")
    await look.at(f"/courses/{records.paid.slug}")
    for path in ("/sign-in", "/sign-up", "/forgot-password", "/resend-confirmation", "/verify", "/design"):
        await look.at(path)
    await look.at("/confirm/no-such-token", 404)
    await look.at(f"/verify/{records.valid}")
    await look.at(f"/verify/{records.revoked}")
    await look.at("/verify/CERT-2026-ABCDEFGH", 404)
    await look.at(school.path("How an appeal works"))
    await look.at("/no/such/page", 404)


async def member_pages(look: Look, school: School, records: Records) -> None:
    for path in ("/me/learning", "/me/certificates", "/me/profile", "/me/security"):
        await look.at(path)
    await look.at(f"/courses/{school.course.slug}")
    await look.at(f"/courses/{school.course.slug}/leave")
    await look.at(school.path("How an appeal works"))
    await look.at(school.path("The letter, line by line"))
    await look.at(f"/learn/{records.gated.slug}/{records.gated.lesson('After').id}", 403)
    await look.at("/admin/mail", 403)
    await look.at("/admin/audit", 403)
    await look.at("/admin/access", 403)


async def office_pages(look: Look, records: Records) -> None:
    await look.at("/admin/mail")
    await look.at("/admin/mail?q=nothing+like+it")
    await look.at("/admin/access")
    await look.at("/admin/access/attempts")
    await look.at("/admin/maintenance")
    await look.at("/admin/maintenance/people.tidy")
    await look.at("/admin/maintenance/files.orphans")
    message = await look.page.goto("/admin/mail")
    assert message
    link = await look.page.locator("a.row-link").first.get_attribute("href")
    assert link
    await look.at(link)
    await look.at("/admin/audit?person=nobody")
    await look.at("/admin/audit")
    change = await look.page.locator("a.row-link").first.get_attribute("href")
    assert change
    await look.at(change)
    await look.at(f"/verify/{records.valid}")


async def ask_for_mail(page: Page, person: Person) -> None:
    """Has one message written, by the form for a forgotten password."""
    await page.goto("/forgot-password")
    await page.get_by_label("E-mail address").fill(person.email)
    await page.locator("main form button").click()
    await page.wait_for_load_state("load")


async def test_no_page_has_findings(new_page: NewPage, school: School, sign_in: SignIn, database: Database) -> None:
    records = await fill(database, school)
    wrong: list[str] = []
    guest, member, office = [Look(await new_page()) for _ in range(3)]
    await sign_in(member.page, records.member)
    await sign_in(office.page, school.admin)
    await ask_for_mail(guest.page, records.member)
    await guest_pages(guest, school, records)
    await member_pages(member, school, records)
    await office_pages(office, records)
    for who, look in (("guest", guest), ("member", member), ("office", office)):
        wrong += [f"{who} {finding}" for finding in look.wrong]
        await look.page.context.close()
    assert not wrong, "\n".join(wrong)


async def test_a_member_without_courses_sees_where_to_begin(
    new_page: NewPage, sign_in: SignIn, database: Database, live_server: LiveServer
) -> None:
    look = Look(await new_page())
    await sign_in(look.page, await add_person(database))
    await look.at("/me/learning")
    await look.at("/me/certificates")
    await look.at("/courses")
    assert not look.wrong, look.wrong
    assert live_server.url in look.page.url


async def test_the_catalogue_has_at_most_40_kb_of_script(new_page: NewPage, school: School) -> None:
    page = await new_page()
    sizes: dict[str, int] = {}
    session = await page.context.new_cdp_session(page)
    await session.send("Network.enable")
    scripts: dict[str, str] = {}

    def received(event: dict[str, object]) -> None:
        if event["type"] == "Script":
            scripts[str(event["requestId"])] = str(event["response"]["url"])  # type: ignore[index]

    def finished(event: dict[str, object]) -> None:
        if (found := scripts.get(str(event["requestId"]))) is not None:
            sizes[found] = int(str(event["encodedDataLength"]).partition(".")[0])

    session.on("Network.responseReceived", received)
    session.on("Network.loadingFinished", finished)
    await page.goto("/courses", wait_until="networkidle")
    assert sizes, "the page has scripts"
    assert sum(sizes.values()) <= SCRIPT_MOST, sizes
