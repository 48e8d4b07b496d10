"""Questions into the bank, through the pages and the jobs: read first, all or none, once."""

from __future__ import annotations

import base64
import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

import pytest

from collegium.features.question_files import service, work
from collegium.features.questions import service as questions
from collegium.features.questions.service import BankFilter
from collegium.kit.db import person
from collegium.kit.errors import Problem
from collegium.kit.site import Site
from collegium.standards.qti import writer
from collegium.standards.questions import Draft
from tests.features.question_files.support import GIFT, bank, run, send, state
from tests.features.questions.test_organisation_bank import add_organisation
from tests.features.uploads.support import picture, put
from tests.support.database import Database
from tests.support.people import Course, Person
from tests.support.site import Client, run_jobs


async def test_a_file_is_read_then_chosen_from_then_imported_once(
    site: Site, client: Client, teacher: Person, course: Course
) -> None:
    await client.login(teacher)
    found = await send(client, course, "basics.gift", GIFT)
    told = await state(site, teacher, course, found)
    assert (told.state, told.format, told.problem) == ("ready", "gift", None)
    assert told.report is not None
    assert [one.type for one in told.report.questions] == [
        "multiple_choice", "true_false", "short_answer", "numeric", "matching", None, "essay",
    ]  # fmt: skip
    assert await bank(site, teacher, course) == []
    page = await client.get(f"/studio/{course.id}/questions/import/{found}")
    for words in (
        "Deductible",
        "What the insured bears",
        "50 %",
        "line 3",
        "is never closed",
        "6 can be taken",
        "Basics, Cover",
    ):
        assert words in page.text, words
    await run(client, course, found, [1, 2, 3, 4, 5, 7])
    done = await state(site, teacher, course, found)
    assert (done.state, done.made, done.problem) == ("done", 6, None)
    made = await bank(site, teacher, course)
    assert sorted(one.question_type for one in made) == [
        "essay", "matching", "multiple_choice", "numeric", "short_answer", "true_false",
    ]  # fmt: skip
    first = next(one for one in made if one.title == "Deductible")
    assert first.tags == ["Basics", "Cover"]
    assert first.correct_answer == {"selected": "a", "shares": {"b": 0.5}}
    assert first.option_feedback == {"a": "Right, <em>all</em> of it."}
    # Neither the form nor the job does it twice.
    again = await client.post_form(f"/studio/{course.id}/questions/import/{found}/run", {"n": ["1"]})
    assert again.status_code == 303
    await work.make_questions(site, found)
    assert len(await bank(site, teacher, course)) == 6


async def test_what_the_bank_has_is_said_and_left_unticked(
    site: Site, client: Client, teacher: Person, course: Course
) -> None:
    await client.login(teacher)
    await run(client, course, await send(client, course, "one.gift", b"Same?{T}"), [1])
    found = await send(client, course, "two.gift", b"Same?{F}\n\nNew?{T}\n\nNew?{F}\n")
    told = (await state(site, teacher, course, found)).report
    assert told is not None
    assert [one.known for one in told.questions] == ["bank", "", "file"]
    page = (await client.get(f"/studio/{course.id}/questions/import/{found}")).text
    assert page.count(" checked") == 1
    assert "The bank has a question with this text." in page


async def test_pictures_come_along_and_scripts_do_not(
    site: Site, client: Client, teacher: Person, course: Course
) -> None:
    await client.login(teacher)
    data = base64.b64encode(picture(20, 10)).decode()
    text = f"""<quiz><question type="essay"><name><text>P</text></name><questiontext format="html">
      <text><![CDATA[<p onclick="go()">See <img src="@@PLUGINFILE@@/dot.png" alt="Dot"><script>go()</script></p>]]></text>
      <file name="dot.png" path="/" encoding="base64">{data}</file></questiontext></question>
      <question type="essay"><name><text>Q</text></name><questiontext format="html"><text><![CDATA[<p>Look <img src="@@PLUGINFILE@@/x.png"></p>]]></text>
      <file name="x.png" path="/" encoding="base64">aGVsbG8=</file></questiontext></question></quiz>"""
    found = await send(client, course, "moodle.xml", text.encode())
    told = await state(site, teacher, course, found)
    assert told.report is not None, told.problem
    notes = [note.words for one in told.report.questions for note in one.notes]
    assert "Its text held a script, an embedded page or media, which is taken out." in notes
    assert any(words.startswith("A picture is left out.") for words in notes)
    await run(client, course, found, [1, 2])
    made = {one.title: one.question_html or "" for one in await bank(site, teacher, course)}
    assert made["P"].startswith('<p>See <img src="/files/')
    assert "go()" not in made["P"]
    assert made["Q"] == "<p>Look </p>"
    address = made["P"].split('src="')[1].split('"')[0]
    assert (await client.get(address)).status_code in (200, 303, 307)
    async with site.db.transaction(person(teacher.id), read_only=True) as tx:
        owned = await tx.fetch("select course_id, purpose from public.media_files")
    assert [(row["course_id"], row["purpose"]) for row in owned] == [(course.id, "lesson_image")]


def qti_package(*drafts: Draft) -> bytes:
    """A package with these questions."""
    made = io.BytesIO()
    items = [writer.item(draft, place) for place, draft in enumerate(drafts, 1)]
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in writer.manifest(items).items():
            archive.writestr(name, data)
        for one in items:
            archive.writestr(one.href, one.xml)
    return made.getvalue()


async def test_a_package_of_the_library_and_a_zip_of_files_are_read(
    site: Site, client: Client, teacher: Person, course: Course, tmp_path: Path
) -> None:
    await client.login(teacher)
    data = qti_package(Draft(type="essay", text="<p>One</p>"), Draft(type="essay", text="<p>Two</p>", hint="Look"))
    file = await put(site, teacher, data, tmp_path, name="bank.zip", purpose="package")
    answer = await client.post_form(f"/studio/{course.id}/questions/import", {"file": str(file.id)})
    await run_jobs(site)
    found = UUID(answer.headers["location"].rpartition("/")[2])
    told = await state(site, teacher, course, found)
    assert (told.state, told.format, told.file_name) == ("ready", "qti", "bank.zip")
    await run(client, course, found, [2])
    assert [one.hint for one in await bank(site, teacher, course)] == ["Look"]
    mixed = io.BytesIO()
    with zipfile.ZipFile(mixed, "w") as archive:
        archive.writestr("a.gift", "One?{T}")
        archive.writestr("more/b.csv", "type,question,correct\ntrue_false,Two?,true\n")
    several = await state(site, teacher, course, await send(client, course, "mixed.zip", mixed.getvalue()))
    assert several.format == "several"
    assert several.report is not None
    assert [(one.place, one.type) for one in several.report.questions] == [
        ("a.gift, line 1", "true_false"), ("more/b.csv, line 2", "true_false"),
    ]  # fmt: skip


async def test_all_or_nothing(
    site: Site, client: Client, teacher: Person, course: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    await client.login(teacher)
    found = await send(client, course, "three.gift", b"One?{T}\n\nTwo?{T}\n\nThree?{T}\n")
    real, calls = work.questions.create_question, 0

    async def fails(*given: object, **named: object) -> object:
        nonlocal calls
        calls += 1
        if calls == 3:
            raise Problem("The third one is refused.", status=422)
        return await real(*given, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(work.questions, "create_question", fails)
    await run(client, course, found, [1, 2, 3])
    told = await state(site, teacher, course, found)
    assert (told.state, told.made) == ("failed", None)
    assert told.problem == "The third one is refused. Nothing was written."
    assert await bank(site, teacher, course) == []


async def test_a_cancelled_import_writes_nothing(site: Site, client: Client, teacher: Person, course: Course) -> None:
    await client.login(teacher)
    found = await send(client, course, "one.gift", b"One?{T}")
    path = f"/studio/{course.id}/questions/import/{found}"
    assert (await client.post_form(f"{path}/cancel")).status_code == 303
    await run(client, course, found, [1])
    assert (await state(site, teacher, course, found)).state == "cancelled"
    assert await bank(site, teacher, course) == []


async def test_what_holds_no_questions_is_refused_in_words(
    site: Site, client: Client, teacher: Person, course: Course
) -> None:
    await client.login(teacher)
    told = await state(site, teacher, course, await send(client, course, "given", b"<questestinterop/>"))
    assert told.state == "refused"
    page = (await client.get(f"/studio/{course.id}/questions/import/{told.id}")).text
    assert "This is QTI 1.2." in page
    assert "No question was made." in page


async def test_only_who_teaches_the_course_imports_into_it(
    site: Site, client: Client, teacher: Person, course: Course, make_person: Callable[..., Person]
) -> None:
    await client.login(teacher)
    found = await send(client, course, "one.gift", b"One?{T}")
    other = make_person("instructor")
    await client.login(other)
    path = f"/studio/{course.id}/questions/import"
    for address in (
        path,
        f"{path}/{found}",
        f"{path}/{found}/report",
        f"{path}/template",
        f"/studio/{course.id}/questions/export",
    ):
        assert (await client.get(address)).status_code == 404, address
    assert (await client.post_form(f"{path}/{found}/run", {"n": ["1"]})).status_code == 404
    assert (await client.post_form(f"{path}/{found}/cancel")).status_code == 404
    with pytest.raises(Problem, match="you do not teach it"):
        async with site.db.transaction(person(other.id)) as tx:
            await service.begin(tx, service.Place(course.id), "one.gift", b"One?{T}")
    await client.login(make_person("student"))
    assert (await client.get(path)).status_code == 403
    with pytest.raises(Problem, match="cannot be imported now"):
        async with site.db.transaction(person(other.id)) as tx:
            await service.run(tx, found, [1])


async def test_the_report_can_be_kept(client: Client, teacher: Person, course: Course) -> None:
    await client.login(teacher)
    found = await send(client, course, "basics.gift", GIFT.replace(b"::Deductible::", b"::\\=1+1::"))
    text = (await client.get(f"/studio/{course.id}/questions/import/{found}/report")).text
    assert text.startswith("\ufeffnumber,place,name")
    assert "'=1+1" in text
    assert "not taken" in text
    assert text.count("can be imported") == 6


async def test_who_manages_an_organisation_imports_into_its_bank(
    site: Site, client: Client, database: Database, make_person: Callable[..., Person]
) -> None:
    manager, stranger = make_person(), make_person()
    north = await add_organisation(database, "North Life", manager)
    await add_organisation(database, "South Life", stranger)
    path = f"/organisations/{north}/questions/import"
    await client.login(manager)
    page = (await client.get(path)).text
    assert ("Your imports into North Life" in page, "data-library" in page, "/studio/" in page) == (True, False, False)
    assert (await client.get(f"{path}/template")).headers["content-type"].startswith("text/csv")
    found, again = [], None
    for _ in range(2):
        files = {"upload": ("basics.gift", GIFT, "text/plain")}
        sent = await client.post(path, files=files, data={"_csrf_token": await client.csrf()})
        again = UUID(sent.headers["location"].rpartition("/")[2])
        await run_jobs(site)
        shown = (await client.get(f"{path}/{again}")).text
        assert "6 can be taken" in shown
        assert ("The bank has" in shown) == bool(found), "the second time the bank knows them"
        if not found:
            await client.post_form(f"{path}/{again}/run", {"n": ["1", "2", "4"]})
            await run_jobs(site)
            assert f'href="/organisations/{north}/questions"' in (await client.get(f"{path}/{again}")).text
        async with site.db.transaction(person(manager.id), read_only=True) as tx:
            found = (await questions.search(tx, None, BankFilter(), organisation_id=north)).rows
    assert sorted(one.question_type for one in found) == ["multiple_choice", "numeric", "true_false"]
    assert {(one.course_id, one.organisation_id) for one in found} == {(None, north)}
    assert "not chosen" not in (await client.get(f"{path}/{again}/report")).text
    big = {"upload": ("all.zip", b"x" * (service.MOST_SENT + 1), "application/zip")}
    refused = await client.post(path, files=big, data={"_csrf_token": await client.csrf()}, follow_redirects=True)
    assert "Import it in parts" in refused.text
    # Nobody else, and by no other address.
    await client.login(stranger)
    for address in (path, f"{path}/{again}", f"{path}/template"):
        assert (await client.get(address)).status_code == 404, address
    with pytest.raises(Problem, match="no such organisation that you manage"):
        async with site.db.transaction(person(stranger.id)) as tx:
            await service.begin(tx, service.Place(None, north), "one.gift", b"One?{T}")
    with pytest.raises(Problem, match="no such course"):
        async with site.db.transaction(person(manager.id)) as tx:
            await service.begin(tx, service.Place(None), "one.gift", b"One?{T}")
    await client.login(manager)
    assert (await client.post_form(f"{path}/{again}/cancel")).status_code == 303
