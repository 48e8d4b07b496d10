"""A small school with a real video, served by a real server, and browsers that are signed in."""

from __future__ import annotations

import secrets
import subprocess
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Page

from collegium.features.media import service as media
from collegium.features.media.ffmpeg import find_ffmpeg
from collegium.features.media.model import Cue
from collegium.web.sessions import COOKIE, hash_token
from tests.support.database import Database
from tests.support.people import Course, Lesson, Person, add_course, add_person
from tests.support.site import LiveServer, make_site

FILM_S = 12
CUES = (
    Cue(0.0, 4.0, "A claim was denied."),
    Cue(4.0, 8.0, "First we read the letter."),
    Cue(8.0, 12.0, "Then we write the appeal."),
)

SignIn = Callable[[Page, Person], Awaitable[None]]


@dataclass(frozen=True)
class School:
    """One course with a video of twelve seconds and a text, and who runs it."""

    course: Course
    admin: Person
    instructor: Person

    def path(self, title: str) -> str:
        """The address of a lesson in the player."""
        return f"/learn/{self.course.slug}/{self.course.lesson(title).id}"


@pytest.fixture(scope="session")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A moving picture with a tone, twelve seconds long."""
    made = tmp_path_factory.mktemp("film") / "film.mp4"
    picture, tone = f"testsrc=duration={FILM_S}:size=640x360:rate=25", f"sine=frequency=330:duration={FILM_S}"
    options = ["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-c:a", "aac", "-shortest"]
    subprocess.run(
        [find_ffmpeg(), "-v", "error", "-f", "lavfi", "-i", picture, "-f", "lavfi", "-i", tone, *options, made],
        check=True,
    )
    return made


@pytest_asyncio.fixture
async def school(database: Database, live_server: LiveServer, film: Path) -> School:
    """The course is published, and its video is transcoded and has captions."""
    admin = await add_person(database, "admin", first_name="Alex", last_name="Office", email="office@guild.test")
    teacher = await add_person(database, "instructor", first_name="Ines", last_name="Lindqvist")
    course = await add_course(
        database,
        "Reading a denied claim letter",
        slug="denied-claim-letter",
        instructor=teacher,
        credits=2,
        modules=[
            [
                Lesson("How an appeal works", video=FILM_S, preview=True),
                Lesson("The letter, line by line", html="<h2>Look for the reason</h2><p>It stands in the letter.</p>"),
            ]
        ],
    )
    await add_course(database, "Ethics for assessors", slug="ethics", instructor=teacher)
    site = make_site(live_server.site.settings)
    await site.db.start()
    try:
        video = course.lessons[0].video_id
        assert video
        await media.process_video(site, video, film)
        await media.attach_captions(site, video, CUES, "en", "English")
    finally:
        await site.db.stop()
    return School(course, admin, teacher)


@pytest.fixture
def sign_in(database: Database, live_server: LiveServer) -> SignIn:
    """`await sign_in(page, person)`: gives the page's browser a session, without the form."""

    async def give(page: Page, person: Person) -> None:
        token = secrets.token_urlsafe(32)
        async with database.connect() as owner:
            await owner.execute(
                "insert into public.web_sessions (user_id, token_hash, expires_at, user_agent)"
                " values ($1, $2, now() + interval '1 day', 'Mozilla/5.0 (X11; Linux x86_64) Chrome/140.0.0.0')",
                person.id,
                hash_token(token),
            )
        await page.context.add_cookies([{"name": COOKIE, "value": token, "url": live_server.url}])

    return give
