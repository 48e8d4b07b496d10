"""The gradebook over HTTP: windows, sorting, saving, the setup with its effect, files in and out, the learner's page."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from html import unescape
from typing import Any
from urllib.parse import quote

import openpyxl
import pytest

from tests.features.gradebook.support import Book, make_book
from tests.support.database import Database
from tests.support.people import add_person
from tests.support.site import Client


@pytest.fixture
async def book(database: Database) -> Book:
    return await make_book(database, "Mara", "Liv", "Åsa")


async def put(client: Client, book: Book, item: Any, points: Any, who: int = 0, **more: Any) -> Any:
    cell = {"enrollment_id": str(book.enrollments[who]), "item_id": str(item), "points": points, "revision": 0}
    body = {"cells": [{**cell, **more.pop("cell", {})}], **more}
    return await client.put(f"{book.api}/cells", json=body, headers={"x-csrf-token": await client.csrf()})


async def test_the_grid_is_read_in_windows_sorted_and_saved(client: Client, book: Book) -> None:
    talk = await book.column("Talk", 20)
    await book.crowd(118)
    await client.login(book.school.teacher)
    frame = (await client.get(book.api)).json()
    assert (frame["total"], frame["size"], len(frame["marks"])) == (121, 100, 1)
    first = (await client.get(f"{book.api}/rows")).json()
    rest = (await client.get(f"{book.api}/rows?after={quote(frame['marks'][0])}")).json()
    names = [row["name"] for row in first["rows"] + rest["rows"]]
    assert first["next"] == frame["marks"][0]
    assert rest["next"] is None
    assert len(set(names)) == 121
    assert names[0] == "Åsa Okafor"  # Folded: Å sorts as a.

    saved = (await put(client, book, talk, 15)).json()
    assert saved["cells"][0]["outcome"] == "saved"
    assert saved["finals"] == {str(book.enrollments[0]): 75.0}
    await put(client, book, talk, 18.5, 1)
    for sort, best in ((f"-{talk}", "Liv Okafor"), ("-final", "Liv Okafor")):
        row = (await client.get(f"{book.api}/rows?sort={sort}")).json()["rows"][0]
        assert (row["name"], row["final"], row["cells"][0][0]) == (best, 92.5, 18.5)
    found = (await client.get(f"{book.api}/rows?q=okafor%20liv")).json()["rows"]
    assert found == []  # Words stand in the order of the name.
    assert len((await client.get(f"{book.api}/rows?q=liv")).json()["rows"]) == 1
    assert (await client.get(f"{book.api}?missing=true")).json()["total"] == 119
    assert (await client.get(f"{book.api}/averages")).json()["course"] == 83.75

    conflict = (await put(client, book, talk, 3)).json()
    assert conflict["cells"][0]["outcome"] == "conflict"
    assert conflict["cells"][0]["cell"][0] == 15
    wrong = await put(client, book, talk, 21, cell={"revision": 1})
    assert (wrong.status_code, wrong.json()["code"]) == (422, "points_out_of_range")
    history = (await client.get(f"{book.api}/cells/{book.enrollments[0]}/{talk}")).json()
    assert [(one["before"], one["after"]) for one in history["changes"]] == [("–", "15 points")]

    # The same without a script, and who may not.
    page = (await client.get(f"{book.path}?sort=-final")).text
    assert "92.5 %" in page
    assert page.index("Liv Okafor") < page.index("Mara Okafor")
    for who, status in ((book.people[0], 403), (await add_person(book.school.database, "instructor"), 404)):
        await client.login(who)
        assert (await client.get(book.path)).status_code == status
        assert (await client.get(f"{book.api}/rows")).status_code == status
        assert (await put(client, book, talk, 20)).status_code == status
        assert (await client.get(f"{book.path}.csv")).status_code == status


async def test_a_learners_list_takes_grades_without_a_script(client: Client, book: Book) -> None:
    talk = await book.column("Talk", 20)
    await client.login(book.school.teacher)
    place = f"{book.path}/learners/{book.enrollments[0]}"
    given = {"item": str(talk), "revision": "0", "act": "save", "points": "7,5", "comment": "Clear."}
    assert (await client.post_form(place, given)).status_code == 303
    assert await book.final() == 37.5
    again = await client.post_form(place, {**given, "points": "9"})
    assert again.status_code == 422
    assert "Somebody else changed this grade meanwhile" in again.text
    shape = await client.post_form(place, {**given, "points": "many", "revision": "1"})
    assert "a number with at most two decimals" in shape.text
    for revision in ("²", "9" * 30, "-1"):
        assert (await client.post_form(place, {**given, "points": "9", "revision": revision})).status_code == 422
    deep = await client.put(
        f"{book.api}/cells",
        content=b"[" * 100_000,
        headers={"content-type": "application/json", "x-csrf-token": await client.csrf()},
    )
    assert (deep.status_code, deep.json()["code"]) == (400, "too_deep")
    await client.post_form(place, {**given, "revision": "1", "act": "excuse"})
    assert await book.final() is None
    assert "excused" in (await client.get(place)).text


async def test_the_setup_shows_its_effect_before_it_is_saved(client: Client, book: Book) -> None:
    talk = await book.column("Talk", 20)
    exams = await book.category("Exams", 100)
    exam = await book.column("Exam", 50, exams)
    await book.grade(talk, 20)
    await book.grade(exam, 25)
    await book.settle()
    assert await book.final() == 75
    await client.login(book.school.teacher)
    place = f"{book.path}/setup"
    page = await client.get(place)
    fields = {f"c-{exams.hex}-weight": "300", "act": "preview"}
    boxes = {f"i-{one.hex}-counts": "1" for one in (talk, exam)}
    looked = await client.submit(page, place, {**boxes, **fields})
    assert "1 of 3 final grade changes" in looked.text
    assert "62.5" in looked.text
    await book.settle()
    assert await book.final() == 75
    saved = await client.submit(looked, place, {**boxes, **fields, "act": "save"})
    assert saved.status_code == 303
    await book.settle()
    assert await book.final() == 62.5
    stale = await client.submit(page, place, {**boxes, "act": "save"})
    assert stale.status_code == 409
    wrong = await client.submit(await client.get(place), place, {**boxes, f"c-{exams.hex}-weight": "-1", "act": "save"})
    assert wrong.status_code == 422
    assert "Weight: a number from 0" in wrong.text
    # New ones, and what has items stays.
    await client.post_form(f"{place}/categories", {"name": "Papers", "weight": "10"})
    await client.post_form(f"{place}/columns", {"title": "Paper", "max": "5", "category": str(exams)})
    assert "Paper" in (await client.get(place)).text
    await client.post_form(f"{place}/categories/{exams}/remove")
    assert "has items" in (await client.get(place)).text
    # What was to be made and could not stays in its form.
    wrong = await client.post_form(f"{place}/columns", {"title": "A long title", "max": "many", "category": str(exams)})
    assert wrong.status_code == 422
    assert 'value="A long title"' in wrong.text
    assert "Points: a number from 0" in wrong.text
    taken = await client.post_form(f"{place}/categories", {"name": "exams", "weight": "42"})
    assert taken.status_code == 409
    assert 'value="exams"' in taken.text
    assert 'value="42"' in taken.text
    assert (await client.post_form(f"{place}/columns/{exam}/remove")).status_code == 303
    await book.settle()
    assert await book.final() == 100


async def send(client: Client, book: Book, name: str, content: bytes) -> Any:
    token = await client.csrf()
    return await client.post(f"{book.path}/import", data={"_csrf_token": token}, files={"upload": (name, content)})


def xlsx(rows: list[list[Any]]) -> bytes:
    made = openpyxl.Workbook()
    for row in rows:
        made.active.append(row)  # type: ignore[union-attr]
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()


async def test_files_go_out_and_come_in_after_a_look(client: Client, book: Book) -> None:
    school = book.school
    quiz = await school.quiz(await school.question("One"), status="published", title="=Quiz")
    await school.attempt(book.people[0], quiz, {1: {"selected": "2"}})
    talk = await book.column("Talk", 20)
    await book.grade(talk, 15)
    await client.login(school.teacher)
    lines = list(csv.reader(io.StringIO((await client.get(f"{book.path}.csv")).content.decode("utf-8-sig"))))
    assert lines[0] == ["Learner ID", "Name", "E-mail", "Cohort", "'=Quiz", "Talk", "Final grade"]
    assert lines[3][4:] == ["1", "15", "76.19"]
    sheet = openpyxl.load_workbook(io.BytesIO((await client.get(f"{book.path}.xlsx")).content)).active
    assert [cell.value for cell in sheet[4]][4:6] == [1, 15]  # type: ignore[index]

    # An export as it is changes nothing.
    back = await send(client, book, "grades.csv", (await client.get(f"{book.path}.csv")).content)
    assert "This file changes nothing" in (await client.get(back.headers["location"])).text
    head, rest = (await client.get(f"{book.path}.csv")).content.split(b"\n", 1)
    back = await send(client, book, "grades.csv", head.lower() + b"\n" + rest)
    assert "This file changes nothing" in (await client.get(back.headers["location"])).text
    mara, liv, asa = (str(one) for one in book.enrollments)
    rows = [
        ["Learner ID", "E-mail", "=Quiz", "Talk", "Poster"],
        [mara, "", 0.5, "EX", 3], [liv, "", None, "=1+1", None], ["", book.people[2].email, None, 20.5, None],
        ["", "nobody@guild.test", None, 3, None], [asa, "", "many", "12,5", None],
    ]  # fmt: skip
    looked = await send(client, book, "grades.xlsx", xlsx(rows))
    report = await client.get(looked.headers["location"])
    words = re.sub(r"\s+", " ", unescape(report.text))
    for told in (
        "A formula", "20.5 is more than the 20 points", "Nobody in this course is “nobody@guild.test”", "no column of this name",
        "“many” is no number", "1 of them takes the place of a score", "stands in this file twice",
    ):  # fmt: skip
        assert told in words, told
    assert await book.final() == pytest.approx(76.19)
    silent = await client.post_form(looked.headers["location"], {"reason": " "})
    assert silent.status_code == 422
    await book.grade(talk, 16)
    late = await client.post_form(looked.headers["location"], {"reason": "On paper"})
    assert late.status_code == 409
    assert "Nothing was written" in late.text
    assert await book.final(2) is None
    again = await send(client, book, "grades.xlsx", xlsx(rows))
    assert (await client.post_form(again.headers["location"], {"reason": "On paper"})).status_code == 303
    assert await school.rows(
        "select points, excused, reason from public.gradebook_cells where revision > 0 order by points, excused"
    ) == [(0.5, False, "On paper"), (16, True, "On paper")]
    assert (await book.final(), await book.final(2)) == (50, None)
    done = await client.post_form(again.headers["location"], {"reason": "Twice"})
    assert done.status_code == 409
    # Only who looked at it may write it.
    await client.login(await add_person(school.database, "admin"))
    assert (await client.get(again.headers["location"])).status_code == 404


def bomb() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("[Content_Types].xml", "<Types/>")
        file.writestr("xl/worksheets/sheet1.xml", b"0" * (35 << 20))
    return out.getvalue()


def entities() -> bytes:
    good, out = zipfile.ZipFile(io.BytesIO(xlsx([["E-mail", "Talk"], ["a@b.test", 1]]))), io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        for name in good.namelist():
            text = good.read(name)
            if name.endswith("sheet1.xml"):
                text = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaa">]>' + text
            file.writestr(name, text)
    return out.getvalue()


async def test_hostile_files_are_refused_in_words(client: Client, book: Book) -> None:
    await book.column("Talk", 20)
    await client.login(book.school.teacher)
    far = openpyxl.Workbook()
    far.active["E1"], far.active["XFD1048576"] = "Talk", 1  # type: ignore[index]
    out = io.BytesIO()
    far.save(out)
    for content, told in (
        (bomb(), "is not opened"), (entities(), "entities"), (out.getvalue(), "columns"), (b"PK\x03\x04" + b"x" * 99, "is not opened"),
        (b"\x00\x01\x02" * 99, "neither CSV nor XLSX"), (b"x" * (6 << 20), "larger than 5 MB"), (b"", "nothing in this file"),
        (b"Name,Talk\nMara,1\n", "must be"), (b"E-mail,Walk\na,1\n", "None of the columns"), (b'E-mail,Talk\n"a,1\n', "quotation mark"),
    ):  # fmt: skip
        answer = await send(client, book, "grades.xlsx", content)
        assert answer.status_code == 422, told
        assert told in unescape(answer.text)
    huge = await send(client, book, "grades.csv", b"x" * (9 << 20))
    assert huge.status_code == 413


async def test_a_learner_reads_why_the_grade_is_this_number(client: Client, book: Book) -> None:
    talk = await book.column("Talk", 20)
    exams = await book.category("Exams", 300, drop=1)
    low, high, secret = (
        await book.column("First", 50, exams),
        await book.column("Second", 50, exams),
        await book.column("Oral", 9, exams, is_hidden=True),
    )
    for item, points in ((talk, 20), (low, 10), (high, 40), (secret, 1)):
        await book.grade(item, points, comment="Well done." if item == talk else None)
    await client.login(book.people[0])
    page = unescape((await client.get(f"/learn/{book.school.course.slug}/grades")).text)
    assert "100 × 25 % + 80 × 75 % = 85 %" in page
    assert "Left out, because your grade is best without it" in page
    assert "Well done." in page
    assert "Oral" not in page
    mine = (await client.get(f"/api/v1/courses/{book.school.course.slug}/grades")).json()
    assert mine["final_grade"] == 85
    assert {item["title"]: item["state"] for item in mine["items"]} == {
        "Talk": "counts",
        "First": "dropped",
        "Second": "counts",
    }
    await client.login(await add_person(book.school.database))
    assert (await client.get(f"/learn/{book.school.course.slug}/grades")).status_code == 303
    assert (await client.get(f"/api/v1/courses/{book.school.course.slug}/grades")).status_code == 404
