"""New versions, the rule of a package held against what was recorded, and moving learners."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from collegium.features.packages import deciding, library, service
from collegium.features.packages.deciding import Rule
from collegium.kit.db import person
from collegium.kit.errors import Problem
from collegium.kit.site import Site
from tests.features.packages.support import import_package, row
from tests.support.database import Database
from tests.support.package_zips import packed, small_12
from tests.support.people import Course, Lesson, Person, enrol
from tests.support.site import Client, run_jobs

MakePerson = Callable[..., Person]


class Stage:
    """A course with one lesson that plays a package, and learners at it."""

    def __init__(self, site: Site, database: Database, teacher: Person, course: Course) -> None:
        self.site, self.database, self.teacher, self.course = site, database, teacher, course
        self.lesson: UUID = UUID(int=0)

    async def play(self, who: Person, *elements: tuple[str, str]) -> dict[str, Any]:
        """Somebody opens the lesson, and its package says something."""
        async with self.site.db.transaction(person(who.id)) as tx:
            opened = await tx.fetchval("select public.open_scorm($1)", self.lesson)
            if elements:
                await tx.fetchval(
                    "select public.record_scorm_commit($1, $2, $3, $4)",
                    UUID(opened["session_id"]), opened["seq"] + 1, opened["sco"], dict(elements),
                )  # fmt: skip
        return opened

    async def registrations(self, who: Person) -> list[dict[str, Any]]:
        """What is on record of somebody, the oldest first."""
        async with self.database.connect() as owner:
            rows = await owner.fetch(
                "select e.*, p.title from scorm_enrollments e join scorm_packages p on p.id = e.scorm_package_id"
                " where e.member_id = $1 order by e.created_at, e.id", who.id,
            )  # fmt: skip
        return [dict(one) for one in rows]

    async def lesson_of(self, who: Person) -> str | None:
        """How the lesson stands for somebody."""
        async with self.database.connect() as owner:
            return await owner.fetchval(
                "select p.status from lesson_progress p join enrollments e on e.id = p.enrollment_id"
                " where e.member_id = $1 and p.lesson_id = $2", who.id, self.lesson,
            )  # fmt: skip


@pytest.fixture
async def stage(site: Site, database: Database, teacher: Person, make_course: Callable[..., Course]) -> Stage:
    """The course, its lesson still without a package."""
    lesson = Lesson("Fire safety", more={"lesson_type": "scorm", "completion_criteria": "scorm_completed"})
    made = Stage(site, database, teacher, make_course("Safe at work", instructor=teacher, modules=[[lesson]]))
    async with database.connect() as owner:
        made.lesson = await owner.fetchval("select id from lessons where lesson_type = 'scorm'")
    return made


async def test_a_rule_is_held_against_what_was_recorded(
    stage: Stage, make_person: MakePerson, client: Client, teacher: Person
) -> None:
    site = stage.site
    package = await import_package(site, teacher, packed(small_12()))
    async with site.db.transaction(person(teacher.id)) as tx:
        await library.attach(tx, stage.course.id, stage.lesson, package)
    anna, bert, cleo = (make_person("student", first_name=name, last_name="Abel") for name in ("Anna", "Bert", "Cleo"))
    for who in (anna, bert, cleo):
        await enrol(stage.database, who, stage.course)
    await stage.play(anna, ("cmi.core.lesson_status", "incomplete"))
    await stage.play(bert, ("cmi.core.lesson_status", "passed"), ("cmi.core.score.raw", "65"))
    assert await stage.lesson_of(bert) == "completed"
    opened = Rule("launched", None, None)
    async with site.db.transaction(person(teacher.id)) as tx:
        found = await deciding.preview(tx, package, opened)
        assert (found.people, found.met, found.newly, found.stays) == (2, 1, 1, 0)
        assert [(one.name, one.is_met) for one in found.listed] == [("Anna Abel", True)]
        assert await deciding.set_rule(tx, package, opened, "It never reports.") == (2, 1)
    assert await stage.lesson_of(anna) == "completed"
    # With a mark of its own, who had passed with less stays complete, and his result says failed.
    strict = Rule("passed", Decimal(80), 2)
    async with site.db.transaction(person(teacher.id)) as tx:
        found = await deciding.preview(tx, package, strict)
        assert (found.newly, found.stays, found.used_up) == (0, 2, 0)
        assert (await stage.registrations(bert))[0]["status"] == "passed", "a preview changes nothing"
        await deciding.set_rule(tx, package, strict, "The guild wants 80.")
    assert (await stage.registrations(bert))[0]["status"] == "failed"
    assert await stage.lesson_of(bert) == "completed"
    # And back: what was recorded is still there.
    async with site.db.transaction(person(teacher.id)) as tx:
        await deciding.set_rule(tx, package, Rule("finished", None, None), "A mistake.")
        told = await deciding.history(tx, [package])
    assert (await stage.registrations(bert))[0]["status"] == "passed"
    assert [one.reason for one in told] == ["A mistake.", "The guild wants 80.", "It never reports."]
    with pytest.raises(Problem, match="Say why"):
        async with site.db.transaction(person(teacher.id)) as tx:
            await deciding.set_rule(tx, package, opened, "  ")
    with pytest.raises(Problem, match="no such package"):
        async with site.db.transaction(person(make_person("instructor").id)) as tx:
            await deciding.preview(tx, package, opened)
    await client.login(teacher)
    shown = await client.get(f"/studio/packages/{package}/rule?rule=passed&passing=70,5&attempts=")
    assert "2 of 2" not in shown.text
    assert "0 of 2" in shown.text
    assert "who are complete would not be by this rule" in shown.text
    wrong = await client.get(f"/studio/packages/{package}/rule?rule=passed&passing=abc&attempts=0")
    assert wrong.status_code == 422
    assert "between 0 and 100" in wrong.text
    assert await stage.lesson_of(cleo) is None


async def test_a_new_version_is_for_those_who_begin_afterwards(
    stage: Stage, make_person: MakePerson, client: Client, teacher: Person
) -> None:
    site = stage.site
    first = await import_package(site, teacher, packed(small_12("Fire 1")))
    async with site.db.transaction(person(teacher.id)) as tx:
        await library.attach(tx, stage.course.id, stage.lesson, first)
        await deciding.set_rule(tx, first, Rule("completed", None, 3), "As agreed.")
    anna, bert, cleo = (make_person("student", first_name=name, last_name="Abel") for name in ("Anna", "Bert", "Cleo"))
    for who in (anna, bert, cleo):
        await enrol(stage.database, who, stage.course)
    opened = await stage.play(anna, ("cmi.core.lesson_location", "page-3"))
    await stage.play(bert, ("cmi.core.lesson_status", "completed"))
    # A version that is no package changes nothing.
    broken = await import_package(site, teacher, packed({"x.html": b"x"}), after=first)
    assert (await row(site, broken))["import_state"] == "failed"
    assert (await row(site, first))["replaced_by"] is None
    second = await import_package(site, teacher, packed(small_12("Fire 2")), after=first)
    newer = await row(site, second)
    assert (newer["import_state"], newer["completion_rule"], newer["max_attempts"]) == ("ready", "completed", 3)
    assert (await row(site, first))["replaced_by"] == second
    with pytest.raises(Problem, match="not the newest"):
        await import_package(site, teacher, packed(small_12("Fire 3")), after=first)
    await stage.play(cleo)
    await stage.play(anna)
    assert [one["title"] for one in await stage.registrations(anna)] == ["Fire 1"]
    assert [one["title"] for one in await stage.registrations(cleo)] == ["Fire 2"]
    await client.login(teacher)
    shown = await client.get(f"/studio/packages/{first}/versions")
    assert "Anna Abel" in shown.text
    assert "1 of your courses still at it" in shown.text
    none = await client.post_form(f"/studio/packages/{first}/move", {"who": "chosen", "reason": "New law"})
    assert "Choose who is to be moved first." in (await client.get(none.headers["location"])).text
    moved = await client.post_form(f"/studio/packages/{first}/move", {"who": "all", "reason": "New law"})
    assert "1 learner moved." in (await client.get(moved.headers["location"])).text
    assert [one["title"] for one in await stage.registrations(anna)] == ["Fire 1", "Fire 2"]
    assert [one["title"] for one in await stage.registrations(bert)] == ["Fire 1"], "who has finished stays"
    # The player that was open is stale, and the lesson goes on with the newer version.
    with pytest.raises(Problem, match="not the current one"):
        async with site.db.transaction(person(anna.id)) as tx:
            await tx.fetchval("select public.record_scorm_commit($1, 2, 'I1', '{}')", UUID(opened["session_id"]))
    again = await stage.play(anna)
    assert (again["scorm_package_id"], again["cmi_data"]) == (str(second), {})
    # Bert is moved by name; his lesson stays complete.
    bert_id = (await stage.registrations(bert))[0]["id"]
    async with site.db.transaction(person(teacher.id)) as tx:
        assert await deciding.move(tx, first, [bert_id], "He asked for it.") == 1
        assert await deciding.move(tx, first, [bert_id], "Twice.") == 0
    assert await stage.lesson_of(bert) == "completed"
    other = make_person("instructor")
    with pytest.raises(Problem, match="no such package"):
        async with site.db.transaction(person(other.id)) as tx:
            await deciding.move(tx, first, None, "Not mine.")


async def test_deleting_gives_the_place_back_and_evidence_stays(
    stage: Stage, make_person: MakePerson, teacher: Person
) -> None:
    site = stage.site
    first = await import_package(site, teacher, packed(small_12("Fire 1")))
    async with site.db.transaction(person(teacher.id)) as tx:
        await library.attach(tx, stage.course.id, stage.lesson, first)
    with pytest.raises(Problem, match="A lesson plays this package"):
        async with site.db.transaction(person(teacher.id)) as tx:
            await service.delete(tx, first)
    second = await import_package(site, teacher, packed(small_12("Fire 2")), after=first)
    prefix = (await row(site, second))["storage_prefix"].rstrip("/")
    assert len(await site.storage.list(prefix)) == 2
    async with site.db.transaction(person(teacher.id)) as tx:
        # To look at it is no evidence.
        await tx.fetchval("select public.preview_scorm_package($1)", second)
        assert await service.delete(tx, second) == "Fire 2"
    await run_jobs(site)
    assert await site.storage.list(prefix) == []
    assert (await row(site, first))["replaced_by"] is None
    anna = make_person("student")
    await enrol(stage.database, anna, stage.course)
    await stage.play(anna)
    async with site.db.transaction(person(teacher.id)) as tx:
        await library.detach(tx, stage.course.id, stage.lesson)
    with pytest.raises(Problem, match="One person has begun"):
        async with site.db.transaction(person(teacher.id)) as tx:
            await service.delete(tx, first)
