"""An organisation's bank in its own pages: its managers keep it, and nobody else finds it there."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from collegium.features.questions import service
from collegium.features.questions.service import BankFilter, Question
from collegium.kit.db import person
from collegium.kit.site import Site
from tests.features.questions.drafts import NINE, draft
from tests.features.questions.forms import sent_by
from tests.support.database import Database
from tests.support.people import Course, Person
from tests.support.site import Client

FORM = {"question_html": "Who insures?", "accepted": "The insurer", "points": "2", "tags": "law"}


async def add_organisation(database: Database, name: str, manager: Person, role: str = "manager") -> UUID:
    async with database.connect() as owner:
        made: UUID = await owner.fetchval(
            "insert into public.organisations (kind, name, slug) values ('employer', $1, $2) returning id",
            name,
            name.lower().replace(" ", "-"),
        )
        await owner.execute(
            "insert into public.organisation_members (organisation_id, member_id, role) values ($1, $2, $3)",
            made,
            manager.id,
            role,
        )
    return made


@pytest.fixture
async def manager(make_person: Any) -> Person:
    """Somebody who manages an organisation and teaches nothing."""
    return make_person(first_name="Mara")


@pytest.fixture
async def employer(database: Database, manager: Person) -> UUID:
    return await add_organisation(database, "North Life", manager)


async def bank(site: Site, who: Person, organisation: UUID) -> list[Question]:
    async with site.db.transaction(person(who.id)) as tx:
        return (await service.search(tx, None, BankFilter(sort="oldest"), organisation_id=organisation)).rows


async def test_a_manager_keeps_the_bank_of_his_organisation(
    client: Client, site: Site, database: Database, manager: Person, employer: UUID
) -> None:
    await client.login(manager)
    path = f"/organisations/{employer}/questions"
    profile = (await client.get("/me/profile")).text
    assert f'href="{path}"' in profile
    empty = (await client.get(path)).text
    assert "No questions here yet" in empty
    assert "North Life" in empty
    # What needs a course is not offered, but said.
    for words in ("Shared by all courses", "This course", 'href="/studio'):
        assert words not in empty, words
    assert f'href="{path}/import"' in empty
    types = (await client.get(f"{path}/new")).text
    assert types.count(f'href="{path}/new?type=') == len(NINE)
    for kind in NINE:
        shown = await client.get(f"{path}/new?type={kind}")
        assert (shown.status_code, "data-no-files" in shown.text) == (200, True)
    again = await client.post_form(f"{path}/new?type=short_answer", FORM | {"points": "many"})
    assert (again.status_code, "Points are a number" in again.text) == (422, True)
    tried = await client.post_form(f"{path}/new?type=short_answer", FORM | {"act": "try", "try": "the insurer"})
    assert "Earns 2 points" in tried.text
    look = await client.post_form(f"{path}/look?type=short_answer", FORM)
    assert (look.status_code, "Who insures?" in look.text) == (200, True)

    following = await client.post_form(f"{path}/new?type=short_answer", FORM | {"act": "next"})
    assert following.headers["location"] == f"{path}/new?type=short_answer"
    made = await client.post_form(
        f"{path}/new?type=short_answer", FORM | {"question_html": "Who pays?", "title": "Pay"}
    )
    first, second = await bank(site, manager, employer)
    assert made.headers["location"] == f"{path}/{second.id}"
    assert (second.organisation_id, second.course_id, second.correct_answer["accepted"]) == (
        employer,
        None,
        ["The insurer"],
    )

    # Asked once: what is saved becomes a new version, and both are listed.
    async with database.connect() as owner:
        await owner.execute("update public.question_versions set used_at = now() where question_id = $1", second.id)
    page = (await client.get(f"{path}/{second.id}")).text
    saved = await client.post_form(f"{path}/{second.id}", sent_by(page) | {"question_html": "Who pays first?"})
    assert (saved.status_code, saved.headers["location"]) == (303, f"{path}/{second.id}")
    page = (await client.get(f"{path}/{second.id}")).text
    assert "Saved as version 2" in page
    assert "Different: " in page

    assert "Who insures?" in (await client.get(f"{path}?q=insures&type=short_answer")).text
    assert "No question fits" in (await client.get(f"{path}?q=nowhere")).text
    act = {"act": "tag", "word": "pay", "question": [str(first.id), str(second.id)]}
    assert (await client.post_form(f"{path}/act", act)).headers["location"] == path
    await client.post_form(f"{path}/act", {"act": "retire", "question": str(first.id)})
    kept = await bank(site, manager, employer)
    assert [(one.tags, one.status, one.version) for one in kept] == [
        (["law", "pay"], "retired", 1),
        (["law", "pay"], "active", 2),
    ]
    offered = (await client.get(f"{path}/export?tag=pay")).text
    assert f'href="{path}/export?tag=pay&amp;format=gift"' in offered
    sent = await client.get(f"{path}/export?tag=pay&format=gift")
    assert "Who pays first?" in sent.text
    assert "North%20Life" in sent.headers["content-disposition"]


async def test_organisations_of_one_manager_stand_beside_each_other(
    client: Client, site: Site, database: Database, manager: Person, employer: UUID
) -> None:
    other = await add_organisation(database, "South Life", manager)
    async with site.db.transaction(person(manager.id)) as tx:
        made = await service.create_question(tx, None, draft("numeric", title="Both"), employer)
    await client.login(manager)
    path = f"/organisations/{employer}/questions"
    assert f'href="/organisations/{other}/questions"' in (await client.get(path)).text
    copied = await client.post_form(f"{path}/act", {"act": "copy", "question": str(made), "to": str(other)})
    assert copied.status_code == 303
    assert [one.title for one in await bank(site, manager, other)] == ["Both"]
    # A question has one address: that of its own organisation.
    assert (await client.get(f"/organisations/{other}/questions/{made}")).status_code == 404
    assert (await client.get(f"{path}?bank=shared")).status_code == 404


@pytest.mark.parametrize("who", ["learner", "member", "manager of another", "teacher", "teacher of it", "guest"])
async def test_nobody_else_comes_in(
    client: Client, site: Site, database: Database, make_person: Any, course: Course, teacher: Person,
    manager: Person, employer: UUID, who: str,
) -> None:  # fmt: skip
    async with site.db.transaction(person(manager.id)) as tx:
        made = await service.create_question(tx, None, draft("short_answer", title="Ours alone"), employer)
    stranger = teacher if who.startswith("teacher") else make_person()
    if who in ("member", "teacher of it"):
        async with database.connect() as owner:
            await owner.execute(
                "insert into public.organisation_members (organisation_id, member_id) values ($1, $2)",
                employer,
                stranger.id,
            )
    elif who == "manager of another":
        await add_organisation(database, "Elsewhere", stranger)
    if who != "guest":
        await client.login(stranger)
        assert str(employer) not in (await client.get("/me/profile")).text
    path = f"/organisations/{employer}/questions"
    for rest in ("", "/new", "/new?type=essay", f"/{made}", "/export", "/export?format=gift"):
        answer = await client.get(path + rest)
        assert answer.status_code == (303 if who == "guest" else 404), rest
        assert "Ours alone" not in answer.text
    for rest in ("/act", "/new?type=short_answer", f"/{made}", f"/{made}/newest", "/look?type=short_answer"):
        act = {"act": "retire", "question": str(made)} if rest == "/act" else {}
        answer = await client.post_form(path + rest, FORM | act)
        assert answer.status_code == (303 if who == "guest" else 404), rest
        assert answer.headers.get("location", "").startswith("/sign-in") == (who == "guest"), rest
    (kept,) = await bank(site, manager, employer)
    assert (kept.title, kept.status, kept.version) == ("Ours alone", "active", 1)
    assert "Who insures?" not in kept.question_text
    # The studio's address of a course is no way around for who does not teach.
    if who in ("member", "manager of another"):
        assert (await client.get(f"/studio/{course.id}/questions?bank={employer}")).status_code == 403
