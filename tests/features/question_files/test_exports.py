"""Questions out of the bank: each format is read here again as what it was, by the filter of the list."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable

import msgspec
import pytest

from collegium.features.questions import service as questions
from collegium.features.questions.service import Question
from collegium.kit.db import person
from collegium.kit.site import Site
from collegium.standards.qti import package
from collegium.standards.question_csv import reader as question_csv
from tests.features.question_files.support import GIFT, bank, run, send, state
from tests.features.question_files.test_imports import qti_package
from tests.standards.questions.qti_items import item
from tests.support.people import Course, Person
from tests.support.site import Client

CSV = """type,question,option_1,option_2,correct,points,difficulty,hint,units,unit,shares,tags,feedback_wrong,feedback_1
numeric,How heavy?,1 ± 5%,,,2.5,hard,Weigh it.,kg=1; g=0.001,optional,,weights,No <b>way</b>: 1 &lt; 2.,By <em>weight</em>.
ordering,Order,one,two,2;1,1,easy,,,,,order,,
fill_blank,A [[1]] for a [[2]].,premium,risk | hazard,,1,,,,,,gaps,,
"""


def told(question: Question) -> tuple[object, ...]:
    """What two copies of a question have in common."""
    return (
        question.question_type, question.title, question.question_html, question.answer_options, question.correct_answer,
        question.points, question.hint, question.difficulty, sorted(question.tags), question.explanation,
        question.option_feedback,
    )  # fmt: skip


async def fill(client: Client, site: Site, teacher: Person, course: Course) -> list[Question]:
    """A bank with a question of each type."""
    await client.login(teacher)
    await run(client, course, await send(client, course, "a.gift", GIFT), [1, 2, 3, 4, 5, 7])
    await run(client, course, await send(client, course, "b.csv", CSV.encode()), [1, 2, 3])
    made = await bank(site, teacher, course)
    assert len({one.question_type for one in made}) == 8
    return made


@pytest.mark.parametrize("format", ["qti", "csv"])
async def test_nothing_is_lost_there_and_back(
    site: Site, client: Client, teacher: Person, course: Course, make_course: Callable[..., Course], format: str
) -> None:
    before = await fill(client, site, teacher, course)
    answer = await client.get(f"/studio/{course.id}/questions/export?format={format}&sort=oldest")
    assert answer.status_code == 200
    assert "attachment" in answer.headers["content-disposition"]
    other = make_course("Another", instructor=teacher)
    found = await send(client, other, "export", answer.content)
    report = (await state(site, teacher, other, found)).report
    assert report is not None
    assert not report.left
    await run(client, other, found, [one.number for one in report.taken])
    assert sorted(map(str, map(told, await bank(site, teacher, other)))) == sorted(map(str, map(told, before)))


async def test_gift_says_what_it_can_and_names_the_rest(
    site: Site, client: Client, teacher: Person, course: Course
) -> None:
    await fill(client, site, teacher, course)
    text = (await client.get(f"/studio/{course.id}/questions/export?format=gift")).text
    assert "::Deductible::[html]<p>What is a deductible?</p>{" in text
    assert "// Left out: Order: GIFT has no questions about an order." in text
    page = (await client.get(f"/studio/{course.id}/questions/export")).text
    for words in (
        "All questions of this bank: 9 questions",
        "GIFT has no questions about an order",
        "Its units are not in the file",
    ):
        assert words in page, words


async def test_the_filter_of_the_list_holds(site: Site, client: Client, teacher: Person, course: Course) -> None:
    await fill(client, site, teacher, course)
    path = f"/studio/{course.id}/questions"
    answer = await client.get(f"{path}/export?format=csv&type=numeric&difficulty=hard")
    found = question_csv.read(answer.content).found
    assert [one.draft.text for one in found if one.draft] == ["<p>How heavy?</p>"]
    nothing = await client.get(f"{path}/export?tag=nothing-has-it")
    assert "No question fits this search." in nothing.text
    # The list leads there with its own filter.
    listed = (await client.get(f"{path}?type=numeric")).text
    assert f'href="{path}/export?type=numeric"' in listed
    assert f'href="{path}/import"' in listed


async def test_pictures_travel_in_the_package(
    site: Site, client: Client, teacher: Person, course: Course, make_course: Callable[..., Course]
) -> None:
    from tests.features.uploads.support import picture

    await client.login(teacher)
    body = '<itemBody><p>See <img src="dot.png" alt="Dot"/></p><extendedTextInteraction responseIdentifier="RESPONSE"/></itemBody>'
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("q.xml", item(body, "2.1"))
        archive.writestr("dot.png", picture(20, 10))
        archive.writestr(
            package.MANIFEST,
            '<manifest><resources><resource identifier="q" type="imsqti_item_xmlv2p1" href="q.xml"/></resources></manifest>',
        )
    await run(client, course, await send(client, course, "q.zip", made.getvalue()), [1])
    kept = (await bank(site, teacher, course))[0]
    html = kept.question_html or ""
    assert 'src="/files/' in html
    # A picture in what is said to an answer goes with it.
    said = {"right": html, "wrong": 'x <video src="/files/00000000-0000-4000-8000-000000000001" title="Film"></video>'}
    async with site.db.transaction(person(teacher.id)) as tx:
        key = {"accepted": [{"text": "Dot", "feedback": html}]}
        given = msgspec.structs.replace(
            kept.draft(), question_type="short_answer", correct_answer=key, option_feedback=said
        )
        await questions.create_question(tx, course.id, given)
    losses = (await client.get(f"/studio/{course.id}/questions/export")).text
    assert "Sound and films in its texts are not in the file." in losses
    out = await client.get(f"/studio/{course.id}/questions/export?format=qti")
    with zipfile.ZipFile(io.BytesIO(out.content)) as archive:
        assert archive.testzip() is None
        places = [name.partition("/")[0] for name in archive.namelist()]
        assert sorted(places) == ["collegium.json", package.MANIFEST, "items", "items", "media"]
    other = make_course("Another", instructor=teacher)
    await run(client, other, await send(client, other, "again.zip", out.content), [1, 2])
    copies = {one.question_type: one for one in await bank(site, teacher, other)}
    again = copies["essay"].question_html or ""
    feedback = copies["short_answer"].option_feedback or {}
    assert re.sub("files/[0-9a-f-]+", "", feedback["right"]) == re.sub("files/[0-9a-f-]+", "", said["right"])[3:-4]
    assert feedback["wrong"] == "x [Film]"
    assert re.findall(
        "files/[0-9a-f-]+", feedback["right"] + str(copies["short_answer"].correct_answer)
    ) == 2 * re.findall("files/[0-9a-f-]+", again)
    assert 'src="/files/' in again
    assert again != html
    table = (await client.get(f"/studio/{course.id}/questions/export?format=csv")).text
    assert "/files/" not in table
    assert "[Dot]" in table
    assert qti_package()[:2] == b"PK"
