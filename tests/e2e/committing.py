"""A SCORM player that commits one after the other through crashes, and what must be left of it."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from uuid import UUID

import httpx

from collegium.features.scorm.tokens import Tokens
from collegium.kit.site import Site
from collegium.settings import Settings
from tests.features.scorm.playing import PACKAGE
from tests.support.database import Database, as_actor
from tests.support.people import Course, Lesson, Person, add_course, add_person, enrol


class Committer:
    """Sends one commit after the other, each until it is acknowledged, and keeps what was."""

    def __init__(self, person: Person, url: str, data_dir: Path) -> None:
        self.person = person
        self.acknowledged: list[int] = []
        self.unsure = 0
        self.registration = UUID(int=0)
        self._url, self._data_dir, self._seq = url, data_dir, 0
        self._client = httpx.AsyncClient(timeout=10)

    async def open(self, database: Database, lesson: Lesson) -> None:
        """Opens the player by the database, as the site does."""
        async with database.connect("web") as session, as_actor(session, "authenticated", self.person.id) as actor:
            opened = json.loads(await actor.fetchval("select public.open_scorm($1)::text", lesson.id))
        self.registration = UUID(opened["scorm_enrollment_id"])
        # The web process has made the key by now, and this reads it.
        tokens = Tokens(Site.build(Settings(data_dir=self._data_dir), None).key("scorm"))  # type: ignore[arg-type]
        token = tokens.make(self.registration, UUID(opened["session_id"]), 2_000_000_000)
        self._url += f"/{token}/commit"
        self._client.headers["host"] = tokens.label(self.registration) + ".localhost"

    async def play(self) -> None:
        """Commits until it is cancelled."""
        while True:
            body = {"seq": self._seq + 1, "sco": "SCO-1", "elements": {"cmi.location": str(self._seq + 1)},
                    "calls": [{"t": self._seq, "fn": "Commit", "args": [""], "answer": "true", "error": "0"}]}  # fmt: skip
            try:
                answer = await self._client.post(self._url, json=body)
            except httpx.TransportError:
                answer = None
            if answer is not None and answer.status_code == 200:
                assert answer.json()["saved"] is True
                self._seq = answer.json()["seq"]
                self.acknowledged.append(self._seq)
                continue
            # Everything else that may be said here is "not now".
            assert answer is None or (answer.status_code, answer.json()["reason"]) == (503, "offline"), answer.text
            self.unsure += 1
            await asyncio.sleep(0.05)

    async def close(self) -> None:
        await self._client.aclose()

    async def check(self, database: Database) -> None:
        """What was acknowledged is there, once each, and nothing else but perhaps the last."""
        # One picture of both: the last commit may be stored while this looks, though nobody waits for its answer.
        async with database.connect() as owner, owner.transaction(isolation="repeatable_read"):
            rows = await owner.fetch(
                "select t.commit_seq as seq, t.value, (select count(*) from public.scorm_calls c"
                " where c.scorm_enrollment_id = t.scorm_enrollment_id and c.commit_seq = t.commit_seq) as calls"
                " from public.scorm_tracking t where t.scorm_enrollment_id = $1 order by 1",
                self.registration,
            )
            last, location = await owner.fetchrow(
                "select commit_seq, cmi_data -> 'SCO-1' ->> 'cmi.location' from public.scorm_enrollments where id = $1",
                self.registration,
            )
        kept = [row["seq"] for row in rows]
        assert self.acknowledged == kept[: len(self.acknowledged)], "acknowledged and lost, or stored twice"
        assert len(kept) - len(self.acknowledged) <= 1, "only the last one may be kept without an answer"
        assert all(row["value"] == str(row["seq"]) and row["calls"] == 1 for row in rows)
        assert (last, location) == (len(kept), str(len(kept)))


async def committers(database: Database, url: str, data_dir: Path, count: int) -> list[Committer]:
    """Learners of a lesson with a package, each with an open player."""
    lesson = Lesson("Fire", more={"lesson_type": "scorm", "completion_criteria": "scorm_completed"})
    course: Course = await add_course(database, "Fire safety", modules=[[lesson]])
    async with database.connect() as owner:
        package = await owner.fetchval(PACKAGE, "packages/fire/")
        await owner.execute(
            "insert into public.lesson_scorm_packages (lesson_id, course_id, scorm_package_id) values ($1, $2, $3)",
            lesson.id, course.id, package,
        )  # fmt: skip
    made: list[Committer] = []
    for _ in range(count):
        person = await add_person(database, member=False)
        await enrol(database, person, course)
        made.append(Committer(person, url, data_dir))
        await made[-1].open(database, lesson)
    return made
