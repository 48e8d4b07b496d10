"""The demonstration: a small association with courses, real videos, and members in every state of progress."""

from __future__ import annotations

import html
import os
import random
import secrets
import tempfile
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec

from collegium.features.certificates import service as certificates
from collegium.features.demo import company, exam, model, package, task
from collegium.features.demo.model import Course, Instructor, Lesson
from collegium.features.media import service as media
from collegium.features.media.films import FILMS
from collegium.features.media.service import find_ffmpeg
from collegium.features.media.synth import make_demo_video
from collegium.features.people import service as people
from collegium.kit import queries
from collegium.kit.db import SYSTEM, Transaction
from collegium.kit.errors import Conflict
from collegium.kit.site import Site

Q = queries.load("collegium.features.demo")
DOMAIN = "guild.example"
Progress = Callable[[str, float], None]
# What the member whom a visitor signs in as has done: one course completed, two under way, one not begun.
OWN = (
    ("life-insurance-needs-analysis", 1.0),
    ("data-protection-in-practice", 0.4),
    ("ethics-for-insurance-professionals", 0.5),
    ("prospecting-without-pressure", 0.0),
)


class Logins(msgspec.Struct, frozen=True):
    """How to sign in to the demonstration: one address a role, one password for all."""

    password: str
    addresses: dict[str, str]
    complete: bool = False


def logins_file(site: Site) -> Path:
    """Where the logins of the demonstration are kept, readable by their owner only."""
    return site.settings.data_dir / "demo.json"


def read_logins(path: Path) -> Logins | None:
    """The logins of a demonstration that was filled, or None."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=Logins)
    except (FileNotFoundError, msgspec.DecodeError):
        return None


def _keep(path: Path, logins: Logins) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(msgspec.json.encode(logins))


async def fill(site: Site, progress: Progress) -> Logins:
    """Fills an empty site. ``progress`` is given what is being done and how much of it, 0 to 1.

    Raises Conflict when the site has people already, MediaError when no video can be made.
    """
    find_ffmpeg(site.settings.ffmpeg)
    async with site.db.transaction(SYSTEM, read_only=True) as tx:
        if await tx.fetchval(Q.anybody):
            raise Conflict("This site has people already; a demonstration needs an empty one.")
    demo = model.read()
    addresses = {
        "Super administrator": f"root@{DOMAIN}",
        "Administrator": f"admin@{DOMAIN}",
        "Instructor": f"{demo.instructors[0].key}@{DOMAIN}",
        "Member": f"member@{DOMAIN}",
    }
    logins = Logins(secrets.token_urlsafe(9), addresses)
    _keep(logins_file(site), logins)
    instructors, members = await _people(site, demo.instructors, logins.password, progress)
    courses: dict[str, UUID] = {}
    films: list[tuple[str, UUID]] = []
    for number, course in enumerate(demo.courses, 1):
        async with site.db.transaction(SYSTEM) as tx:
            courses[course.slug] = await _course(tx, course, instructors, films)
        progress("Courses", number / len(demo.courses))
    await _videos(site, films, progress)
    await _packages(site, demo.courses, courses, instructors)
    await _learning(site, demo.courses, courses, members, progress)
    await _documents(site, instructors["admin"], progress)
    await _assessing(site, demo.courses, courses, instructors, progress)
    done = msgspec.structs.replace(logins, complete=True)
    _keep(logins_file(site), done)
    return done


async def _people(
    site: Site, teachers: tuple[Instructor, ...], password: str, progress: Progress
) -> tuple[dict[str, UUID], list[UUID]]:
    staff: dict[str, UUID] = {}
    wanted: list[tuple[str, str, str, str]] = [
        ("root", "Robin", "Keeper", "super_admin"),
        ("admin", "Alex", "Office", "admin"),
        *((one.key, one.first, one.last, "instructor") for one in teachers),
        ("member", *model.MEMBERS[0], "student"),
        *((f"member{number}", *name, "student") for number, name in enumerate(model.MEMBERS[1:], 2)),
    ]
    members: list[UUID] = []
    for number, (key, first, last, role) in enumerate(wanted, 1):
        person = await people.add_person(
            site, email=f"{key}@{DOMAIN}", password=password, first_name=first, last_name=last, role=role
        )
        (members.append(person) if role == "student" else staff.update({key: person}))
        progress("People", number / len(wanted))
    today = date.today()  # noqa: DTZ011 - a membership runs by the association's calendar
    async with site.db.transaction(SYSTEM) as tx:
        for one in teachers:
            await tx.execute(Q.introduce, staff[one.key], f"{one.first} {one.last}", one.headline, one.bio)
        for number, member in enumerate(members):
            if number % 6 == 5:
                continue  # Every sixth is a customer, not a member.
            begins = today - timedelta(days=200 + number * 9)
            ends = today - timedelta(days=20) if number % 10 == 4 else begins + timedelta(days=730)
            tier = "individual" if number % 4 else "agency"
            await tx.execute(Q.add_membership, member, f"G-{10_200 + number}", tier, begins, ends)
    return staff, members


async def _course(tx: Transaction, course: Course, staff: dict[str, UUID], films: list[tuple[str, UUID]]) -> UUID:
    found: UUID = await tx.fetchval(
        Q.add_course,
        course.title,
        course.slug,
        course.description,
        course.short,
        list(course.objectives),
        course.audience,
        list(course.tags),
        course.category,
        course.level,
        course.credits,
        course.pricing,
        course.price,
        course.member_price,
        course.format,
        course.minutes,
        course.days_old,
        staff[course.instructor],
    )
    for position, key in enumerate(course.team, 1):
        await tx.execute(Q.add_to_team, found, staff[key], position)
    before: UUID | None = None
    for order, module in enumerate(course.modules, 1):
        section: UUID = await tx.fetchval(
            Q.add_module, found, module.title, module.description, order, module.minutes,
            before if module.after_previous else None, module.opens_in_days,
        )  # fmt: skip
        previous: UUID | None = None
        for place, lesson in enumerate(module.lessons, 1):
            previous = await _lesson(tx, found, section, place, lesson, previous, films)
        before = section
    return found


async def _lesson(
    tx: Transaction,
    course: UUID,
    section: UUID,
    place: int,
    lesson: Lesson,
    previous: UUID | None,
    films: list[tuple[str, UUID]],
) -> UUID:
    criteria = "video_watched" if lesson.film else "time_spent" if lesson.min_seconds else "marked_complete"
    kind = "video" if lesson.film else "text"
    if lesson.package:
        criteria, kind = "scorm_completed", "scorm"
    found: UUID = await tx.fetchval(
        Q.add_lesson, section, course, lesson.title, kind, place, lesson.preview,
        criteria, lesson.min_seconds, lesson.minutes, previous if lesson.after_previous else None,
    )  # fmt: skip
    if lesson.film:
        films.append((lesson.film, await tx.fetchval(Q.add_video, found, course)))
    elif not lesson.package:
        await tx.execute(Q.add_text, found, course, _rich_text(lesson.text))
    return found


def _rich_text(paragraphs: tuple[str, ...]) -> dict[str, str]:
    pieces = [
        f"<h2>{html.escape(text[2:])}</h2>" if text.startswith("# ") else f"<p>{html.escape(text)}</p>"
        for text in paragraphs
    ]
    plain = "\n\n".join(text.removeprefix("# ") for text in paragraphs)
    return {"html": "\n".join(pieces), "plain_text": plain}


async def _packages(site: Site, courses: tuple[Course, ...], ids: dict[str, UUID], staff: dict[str, UUID]) -> None:
    """Lets each lesson of the type package play the demonstration's own."""
    for course in courses:
        if not any(lesson.package for module in course.modules for lesson in module.lessons):
            continue
        async with site.db.transaction(SYSTEM) as tx:
            found = await tx.fetch(Q.package_lessons, ids[course.slug])
        for row in found:
            await package.fill(site, staff[course.instructor], ids[course.slug], row["id"])


async def _videos(site: Site, films: list[tuple[str, UUID]], progress: Progress) -> None:
    ffmpeg = find_ffmpeg(site.settings.ffmpeg)
    for number, (name, video) in enumerate(films):
        film = FILMS[name]

        def report(share: float, number: int = number, begin: float = 0.0) -> None:
            progress("Videos", (number + begin + share / 2) / len(films))

        with tempfile.TemporaryDirectory(prefix="collegium-demo-") as folder:
            source = Path(folder) / "film.mp4"
            cues = await make_demo_video(source, film.scenes, report, heading=film.title, ffmpeg=ffmpeg)
            await media.process_video(site, video, source, lambda share, n=number: report(share, n, 0.5))
        await media.attach_captions(site, video, cues, "en", "English")
    progress("Videos", 1.0)


async def _learning(
    site: Site, courses: tuple[Course, ...], ids: dict[str, UUID], members: list[UUID], progress: Progress
) -> None:
    """Members in every state: not enrolled, just enrolled, under way, nearly done, completed, left."""
    chance = random.Random(7)  # noqa: S311 - the same demonstration every time
    for number, member in enumerate(members):
        if number:  # The first one is whom a visitor signs in as, and has a little of everything below.
            for course in chance.sample(courses, k=number % 4):
                share = chance.choice((0.0, 0.0, 0.3, 0.5, 0.8, 1.0, 1.0))
                await _enrolment(site, course, ids[course.slug], member, share, chance, left=chance.random() < 0.1)
        progress("Learning", (number + 1) / (len(members) + 1))
    for slug, share in OWN:
        course = next(course for course in courses if course.slug == slug)
        await _enrolment(site, course, ids[slug], members[0], share, chance, left=False)
    progress("Learning", 1.0)


async def _enrolment(
    site: Site, course: Course, course_id: UUID, member: UUID, share: float, chance: random.Random, *, left: bool
) -> None:
    ago = chance.randrange(20, 120)
    last = chance.randrange(1, 19)
    try:
        async with site.db.transaction(SYSTEM) as tx:
            if course.pricing == "paid":
                await tx.execute(Q.add_purchase, member, course_id, course.title, ago)
            enrollment: UUID = await tx.fetchval(Q.add_enrollment, course_id, member)
            lessons: list[Any] = await tx.fetch(Q.lessons_of, course_id)
            reached = round(len(lessons) * share)
            for lesson in lessons[:reached]:
                if lesson["video_id"]:
                    await tx.execute(Q.add_coverage, member, lesson["video_id"], enrollment, lesson["duration"])
                await tx.execute(Q.complete_lesson, enrollment, lesson["id"])
            here = lessons[min(reached, len(lessons) - 1)]
            if 0 < reached < len(lessons):
                if here["video_id"]:
                    seen = max(1, here["duration"] // 3)
                    await tx.execute(Q.add_coverage, member, here["video_id"], enrollment, seen)
                await tx.execute(Q.begin_lesson, enrollment, here["id"])
            if left and reached < len(lessons):
                await tx.execute(Q.leave, enrollment)
            await tx.execute(Q.date_back, enrollment, ago, last, here["id"] if reached else None)
    except Exception as error:
        # Who is no member does not get into a course for members; the demonstration holds to the rule.
        if getattr(error, "code", "") != "members_only":
            raise


async def _documents(site: Site, admin: UUID, progress: Progress) -> None:
    async with site.db.transaction(SYSTEM) as tx:
        await tx.execute(Q.revoke, "Issued for a course that was taken on another person's behalf.", admin)
        waiting = [row["id"] for row in await tx.fetch(Q.certificates_without_document)]
    for number, certificate in enumerate(waiting, 1):
        await certificates.make_document(site, certificate)
        progress("Certificates", number / len(waiting))


async def _assessing(
    site: Site, courses: tuple[Course, ...], ids: dict[str, UUID], staff: dict[str, UUID], progress: Progress
) -> None:
    of = next(course for course in courses if course.slug == exam.COURSE)
    takers = await exam.fill(site, staff[of.instructor], ids[exam.COURSE])
    await company.fill(site, staff[of.instructor], ids[company.IN_COHORTS], ids[exam.COURSE], (takers[0], takers[1]))
    await task.fill(site, staff[of.instructor], ids[exam.COURSE], takers)
    progress("Assessment", 1.0)
