"""How tests bring questions in and out."""

from __future__ import annotations

from uuid import UUID

from collegium.features.question_files import service
from collegium.features.questions import service as questions
from collegium.features.questions.service import BankFilter, Question
from collegium.kit.db import person
from collegium.kit.site import Site
from tests.support.people import Course, Person
from tests.support.site import Client, run_jobs

GIFT = b"""$CATEGORY: $course$/top/Basics/Cover

::Deductible::What is a deductible?{ =What the insured bears#[html]Right, <em>all</em> of it. ~%50%A part ~A fee }

A policy ends with its term.{TRUE}

A premium is paid {=yearly =%50%monthly}

How many days has a week?{#7}

// [tag:pairs]
Match{=Italy -> Rome =France -> Paris}

Broken {=a ~b

Explain.{}
"""


async def send(client: Client, course: Course, name: str, data: bytes) -> UUID:
    """Sends a file by the form and has it read."""
    path = f"/studio/{course.id}/questions/import"
    files = {"upload": (name, data, "application/octet-stream")}
    answer = await client.post(path, files=files, data={"_csrf_token": await client.csrf()})
    assert answer.status_code == 303, answer.text
    found = UUID(answer.headers["location"].rpartition("/")[2])
    await run_jobs(client.site)
    return found


async def state(site: Site, teacher: Person, course: Course, found: UUID) -> service.Import:
    """How an import stands."""
    async with site.db.transaction(person(teacher.id), read_only=True) as tx:
        return await service.find(tx, service.Place(course.id), found)


async def run(client: Client, course: Course, found: UUID, chosen: list[int]) -> None:
    """Has questions imported."""
    path = f"/studio/{course.id}/questions/import/{found}/run"
    await client.post_form(path, {"n": [str(one) for one in chosen]})
    await run_jobs(client.site)


async def bank(site: Site, teacher: Person, course: Course) -> list[Question]:
    """The questions of the course, the oldest first."""
    async with site.db.transaction(person(teacher.id), read_only=True) as tx:
        page = await questions.search(tx, course.id, BankFilter(sort="oldest"), size=500)
    return page.rows
