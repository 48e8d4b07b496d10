"""Marking without names: nothing that the marker is shown, sent or led to names the learner until the work is returned."""

from __future__ import annotations

import csv
import io
import re
from html import unescape
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from tests.features.marking.support import Desk, file_of
from tests.features.marking.test_pages import GOOD, text_of
from tests.support.site import Client

NAMES = re.compile(r"Mara|Liv\b|Okafor|Berg|Blue|mara|okafor|guild\.test")
LABEL = re.compile(r"(?:Learner|Group) [0-9A-F]{5}\b")


def main_of(page: Any) -> str:
    """A page with its links and attributes, without the bar that names who looks."""
    found = re.search(r"<main.*</main>", page.text, re.DOTALL)
    assert found, page.text
    return unescape(found[0])


async def unnamed(client: Client, desk: Desk, work: UUID, file: bytes) -> None:
    """Every page, file and message of ungraded work."""
    for path in (desk.listing, f"{desk.listing}?q=Learner", f"{desk.listing}?state=nothing", desk.page(work)):
        page = main_of(await client.get(path))
        assert not NAMES.search(page), path
        assert LABEL.search(page), path
    assert "Nobody here has this name" in text_of(await client.get(f"{desk.listing}?q=Mara"))
    rows = list(csv.reader(io.StringIO((await client.get(f"{desk.listing}.csv")).text)))
    assert not any(NAMES.search(cell) for row in rows[1:] for cell in row)
    answer = await client.get(f"/submissions/{work}/files/1")
    assert answer.content == file
    assert (
        answer.headers["content-disposition"].endswith("File%201.txt")
        or "File 1.txt" in answer.headers["content-disposition"]
    )


async def test_no_page_file_or_message_names_whose_work_it_is(client: Client, desk: Desk) -> None:
    mara, liv = await desk.learner("Mara"), await desk.learner("Liv", "Berg")
    await desk.learner("Mara", "Berg")
    await desk.value("update public.assignments set anonymous_marking = true where id = $1", desk.assignment)
    content = b"As I said."
    attached = file_of(mara, "mara-okafor.txt", len(content))
    await client.site.storage.put(attached["file_key"], content)
    group = await desk.value(
        "insert into public.assignment_groups (assignment_id, name) values ($1, 'Blue') returning id", desk.assignment
    )
    work = await desk.work(mara, file_attachments=[attached])
    other = await desk.work(liv, group_id=group)
    await client.login(desk.teacher)
    await unnamed(client, desk, work, content)
    grouped = main_of(await client.get(desk.page(other)))
    assert not NAMES.search(grouped)
    assert "Group " in grouped
    said = await client.post_json(
        f"{desk.page(work)}/annotations", {"start": 2, "end": 8, "quote": "policy", "body": "?"}
    )
    assert not NAMES.search(said.text)
    saved = await client.post_form(desk.page(work), {**GOOD, "seen": ""})
    assert not NAMES.search(main_of(await client.get(saved.headers["location"])))
    assert not NAMES.search(main_of(await client.get(desk.listing)))
    # The learner's own page, and the audit, know.
    assert (await desk.rows("select member_id from public.assignment_submissions where id = $1", work)) == [(mara.id,)]
    page = await client.get(desk.page(work))
    seen = re.search(r'name="seen" value="([^"]*)"', page.text)
    assert seen
    back = await client.post_form(desk.page(work), {**GOOD, "do": "returned", "seen": unescape(seen[1])})
    assert back.status_code == 303
    assert "Mara Okafor" in text_of(await client.get(desk.page(work)))
    assert "mara-okafor.txt" in text_of(await client.get(desk.page(work)))
    listed = text_of(await client.get(desk.listing))
    assert "Mara Okafor" in listed
    assert "Berg" not in listed
    # What the same learner hands in next is without a name again, and no link leads there.
    again = await desk.work(mara, submission_number=2)
    assert str(again) not in main_of(await client.get(desk.page(work)))
    assert str(work) not in main_of(await client.get(desk.page(again)))


async def test_names_are_shown_again_only_to_who_says_so(client: Client, desk: Desk) -> None:
    mara = await desk.learner()
    await client.login(desk.teacher)
    one = f"/studio/{desk.course.id}/assignments/{desk.assignment}"

    async def save(**change: str) -> Any:
        text = (await client.get(one)).text
        fields = {
            "title": "A letter of appeal",
            "submission_type": "both",
            "max_file_size_mb": "10",
            "total_points": "100",
        }
        fields |= {"late_penalty_percentage": "0", "passing_percentage": "70", "act": "save"}
        was = re.search(r'name="was" value="([^"]*)"', text)
        assert was
        rubric = {"row": ["1", "1"], "criterion": ["Reasons", "Words"], "points": ["60", "40"], "about": ["", ""]}
        return await client.post_form(one, fields | rubric | {"was": was[1]} | change)

    refused = await save(anonymous_marking="1", enable_peer_review="1")
    assert "peer review shows you who wrote what" in unescape(refused.text)
    assert (await save(anonymous_marking="1")).status_code == 303
    await desk.work(mara)
    with pytest.raises(asyncpg.PostgresError) as direct:
        await desk.say(
            desk.teacher,
            "update public.assignments set anonymous_marking = false where id = $1 returning id",
            desk.assignment,
        )
    assert direct.value.sqlstate == "CG409"
    kept = await save()
    assert kept.status_code == 422
    assert "work waits for a grade" in unescape(kept.text)
    assert "Show the names of work that waits" in unescape(kept.text)
    with pytest.raises(asyncpg.PostgresError) as stranger:
        await desk.say(mara, "select public.show_names($1)", desk.assignment)
    assert stranger.value.sqlstate == "CG404"
    assert (await save(show_names="1")).status_code == 303
    assert await desk.value("select not anonymous_marking from public.assignments")
    assert "Mara Okafor" in text_of(await client.get(desk.listing))
