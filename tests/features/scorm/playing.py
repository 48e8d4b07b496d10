"""A lesson with a package of two SCOs, and a player as far as the server sees it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx

from collegium.features.scorm import service
from collegium.features.scorm.model import Launch
from collegium.kit import media_types
from collegium.kit.db import person as acting_as
from collegium.kit.site import Site
from collegium.web.sessions import hash_token
from tests.support.database import Database
from tests.support.people import Lesson, Person, add_course, add_person, enrol
from tests.support.site import Client

PREFIX = "packages/fire/"
PAGE = b"<!doctype html><title>One</title><script src=one.js></script>"
FILES = {
    "one.html": PAGE,
    "one.js": b"var one = 1;",
    "sub/two.html": b"<title>Two</title>",
    "film.mp4": bytes(range(256)),
}
PACKAGE = """
with package as (
    insert into public.scorm_packages (title, version, edition, import_state, imported_at, storage_prefix)
    values ('Fire safety', '2004', 4, 'ready', now(), $1) returning id
), root as (
    insert into public.scorm_items (scorm_package_id, identifier, organization, item_order, kind, is_default, title)
    select id, 'ORG', 'ORG', 1, 'organization', true, 'Fire safety' from package returning id, scorm_package_id
)
insert into public.scorm_items (scorm_package_id, identifier, organization, parent_id, item_order, kind, launch_href)
select r.scorm_package_id, s.name, 'ORG', r.id, s.n, 'sco', s.href
from root r, unnest(array['SCO-1', 'SCO-2'], array['one.html', 'sub/two.html']) with ordinality as s (name, href, n)
returning scorm_package_id
"""


@dataclass
class School:
    """A lesson that plays a package, and two who may."""

    site: Site
    database: Database
    lesson: UUID
    package: UUID
    learners: list[Person]

    async def launch(self, who: int = 0, session: UUID | None = None, **given: Any) -> Launch:
        """Opens the player for a learner."""
        async with self.site.db.transaction(acting_as(self.learners[who].id, session)) as tx:
            return await service.launch(self.site, tx, self.lesson, **given)

    async def web_session(self, who: int = 0) -> UUID:
        """A browser session of a learner."""
        async with self.database.connect() as owner:
            found: UUID = await owner.fetchval(
                "insert into public.web_sessions (user_id, token_hash, expires_at)"
                " values ($1, $2, now() + interval '1 day') returning id",
                self.learners[who].id,
                hash_token(f"session of {self.learners[who].id}"),
            )
            return found

    async def value(self, sql: str, *args: object) -> Any:
        """One value, as the owner of the tables sees it."""
        async with self.database.connect() as owner:
            return await owner.fetchval(sql, *args)


async def found_school(site: Site, database: Database, learners: int = 2, teacher: Person | None = None) -> School:
    """The lesson, its package with files, and learners who are enrolled."""
    lesson = Lesson("Fire", more={"lesson_type": "scorm", "completion_criteria": "scorm_completed"})
    course = await add_course(database, instructor=teacher, modules=[[lesson]])
    async with database.connect() as owner:
        package: UUID = await owner.fetchval(PACKAGE, PREFIX)
        await owner.execute(
            "insert into public.lesson_scorm_packages (lesson_id, course_id, scorm_package_id) values ($1, $2, $3)",
            lesson.id,
            course.id,
            package,
        )
        await owner.executemany(
            "insert into public.scorm_package_files (scorm_package_id, path, storage_key, size_bytes, media_type)"
            " values ($1, $2, $3, $4, $5)",
            [(package, name, PREFIX + name, len(data), media_types.of(name)) for name, data in FILES.items()],
        )
    for name, data in FILES.items():
        await site.storage.put(PREFIX + name, data)
    people = [await add_person(database, first_name="Ada", last_name=f"Berg{number}") for number in range(learners)]
    for each in people:
        await enrol(database, each, course)
    assert lesson.id
    return School(site, database, lesson.id, package, people)


class Player:
    """The player's document, as far as the server sees it: it asks at the launch's own host, without any cookie."""

    def __init__(self, client: Client, launch: Launch) -> None:
        self.client, self.launch, self.token, self.seq = client, launch, launch.token, 0

    async def get(self, path: str = "", **given: Any) -> httpx.Response:
        return await self.client.get(f"{self.launch.origin}/{self.token}/{path}", **given)

    async def post(self, path: str, body: Any = None, **given: Any) -> httpx.Response:
        headers = {"origin": self.launch.origin} | given.pop("headers", {})
        sent: dict[str, Any] = {"content": body} if isinstance(body, bytes) else {"json": body}
        return await self.client.post(f"{self.launch.origin}/{self.token}/{path}", headers=headers, **sent, **given)

    def body(self, **changed: Any) -> dict[str, Any]:
        """The next commit."""
        return {
            "seq": self.seq + 1,
            "sco": "SCO-1",
            "elements": {"cmi.location": str(self.seq)},
            "terminate": False,
            "calls": [
                {"t": 5, "fn": "SetValue", "args": ["cmi.location", str(self.seq)], "answer": "true", "error": "0"}
            ],
            **changed,
        }

    async def commit(self, **changed: Any) -> dict[str, Any]:
        """Commits and goes on from there when it was stored; answers what was answered."""
        answer = (await self.post("commit", self.body(**changed))).json()
        if answer["saved"]:
            self.seq = answer["seq"]
        found: dict[str, Any] = answer
        return found
