"""The outline: one call puts everything in order, copies bring their content, what is removed comes back."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import asyncpg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from collegium.features.studio import service
from collegium.features.studio.outline import moved, nudged
from collegium.features.studio.service import Arranged, NewCourse, Part
from collegium.kit.db import Transaction, person
from collegium.kit.errors import NotFound, Problem
from collegium.kit.site import Site
from tests.features.studio.support import MakeCourse, MakePerson, Titles, ids, module_ids, titles
from tests.support.database import Database
from tests.support.people import Course, Lesson, Person, enrol
from tests.support.site import Client


async def test_everything_is_put_in_order_at_once(site: Site, teacher: Person, course: Course) -> None:
    first, second = module_ids(course)
    async with site.db.transaction(person(teacher.id)) as tx:
        seen = await service.arrangement(tx, course.id)
        wanted = [Arranged(second, ids(course, "cd")), Arranged(first, ids(course, "ba"))]
        await service.order(tx, course.id, wanted, seen)
        assert await titles(tx, course.id) == [("Part 2", ["c", "d"]), ("Part 1", ["b", "a"])]
        assert await service.arrangement(tx, course.id) == wanted


async def test_two_editors_never_overwrite_each_other(
    site: Site, teacher: Person, course: Course, make_person: MakePerson
) -> None:
    admin, (first, second) = make_person("admin"), module_ids(course)
    async with site.db.transaction(person(teacher.id)) as tx:
        seen = await service.arrangement(tx, course.id)
    orders = [
        [Arranged(first, ids(course, "cba")), Arranged(second, ids(course, "d"))],
        [Arranged(second, ids(course, "d")), Arranged(first, ids(course, "abc"))],
    ]

    async def reorder(who: Person, wanted: list[Arranged]) -> str:
        try:
            async with site.db.transaction(person(who.id)) as tx:
                await service.order(tx, course.id, wanted, seen)
        except Problem as refused:
            return f"{refused.status} {refused.code}"
        return "saved"

    ended = await asyncio.gather(reorder(teacher, orders[0]), reorder(admin, orders[1]))
    assert sorted(ended) == ["409 outline_changed", "saved"]
    async with site.db.transaction(person(teacher.id)) as tx:
        assert await service.arrangement(tx, course.id) == orders[ended.index("saved")]


@pytest.mark.parametrize(
    ("outline", "code"),
    [
        ([], "outline_incomplete"),
        ("text", "outline_incomplete"),
        (None, "outline_incomplete"),
        ([{"id": "MODULE", "lessons": 3}], "outline_incomplete"),
        ([3, "x"], "outline_incomplete"),
        ([{"id": "MODULE", "lessons": ["'; drop table public.lessons; --"]}], "outline_incomplete"),
    ],
    ids=["nothing", "text", "null", "number", "scalars", "words"],
)
async def test_an_order_that_is_none_is_refused(
    site: Site, teacher: Person, course: Course, outline: Any, code: str
) -> None:
    async with site.db.transaction(person(teacher.id)) as tx:
        seen = json.loads(json.dumps([{"id": str(m.id), "lessons": [str(x) for x in m.lessons]} for m in await service.arrangement(tx, course.id)]))  # fmt: skip
        before = await titles(tx, course.id)
    with pytest.raises(Problem) as refused:
        async with site.db.transaction(person(teacher.id)) as tx:
            await tx.execute("select public.order_outline($1, $2::jsonb, $3::jsonb)", course.id, outline, seen)
    assert refused.value.code == code
    with pytest.raises(Problem) as refused:
        async with site.db.transaction(person(teacher.id)) as tx:
            await tx.execute("select public.order_outline($1, $2::jsonb, $3::jsonb)", course.id, seen, outline)
    assert refused.value.code == "outline_changed"
    async with site.db.transaction(person(teacher.id)) as tx:
        assert await titles(tx, course.id) == before


async def test_an_order_brings_nothing_in_from_elsewhere(
    site: Site, teacher: Person, course: Course, make_course: MakeCourse
) -> None:
    other = make_course("Elsewhere", instructor=teacher)
    first, second = module_ids(course)
    stranger = other.lessons[0].id
    assert stranger
    for lessons in ([*ids(course, "abc"), stranger], [*ids(course, "ab"), stranger], ids(course, "abb")):
        async with site.db.transaction(person(teacher.id)) as tx:
            seen = await service.arrangement(tx, course.id)
            with pytest.raises(asyncpg.PostgresError, match="leaves out or repeats"):
                await service.order(tx, course.id, [Arranged(first, lessons), Arranged(second, ids(course, "d"))], seen)


async def test_only_a_team_orders_copies_and_looks(
    site: Site, course: Course, make_person: MakePerson, make_course: MakeCourse
) -> None:
    own = make_course("Own", status="draft")
    for role in ("student", "instructor"):
        async with site.db.transaction(person(make_person(role).id)) as tx:
            assert await service.arrangement(tx, course.id) == []
        for sql, arguments in (
            ("select public.order_outline($1, '[]', '[]')", (course.id,)),
            ("select public.copy_lesson($1, $2)", (course.lessons[0].id, own.lessons[0].module_id)),
            ("select public.copy_module($1, $2)", (course.lessons[0].module_id, course.id)),
        ):
            with pytest.raises(Problem) as refused:
                async with site.db.transaction(person(make_person(role).id)) as tx:
                    await tx.execute(sql, *arguments)
            assert refused.value.status == 404


LETTERS = st.permutations("abcdef")


@given(LETTERS, st.integers(0, 6), st.integers(0, 5), st.sampled_from([-1, 1]))
def test_a_step_moves_one_part_by_one_place(letters: list[str], cut: int, which: int, step: int) -> None:
    names = {letter: uuid4() for letter in letters}
    seen = [Arranged(uuid4(), [names[x] for x in letters[:cut]]), Arranged(uuid4(), [names[x] for x in letters[cut:]])]
    after = nudged(seen, Part("lesson", names[letters[which]]), step)
    assert sorted(x for module in after for x in module.lessons) == sorted(names.values())
    rest = [x for module in after for x in module.lessons if x != names[letters[which]]]
    assert rest == [names[x] for x in letters if x != letters[which]]
    # One step back undoes it, except at the ends of the course, where it stays.
    if after != seen:
        assert nudged(after, Part("lesson", names[letters[which]]), -step) == seen


@given(LETTERS, st.sets(st.sampled_from("abcdef"), min_size=1), st.sampled_from([0, 1]))
def test_moved_lessons_stand_together_in_their_order(letters: list[str], chosen: set[str], target: int) -> None:
    names = {letter: uuid4() for letter in letters}
    seen = [Arranged(uuid4(), [names[x] for x in letters[:3]]), Arranged(uuid4(), [names[x] for x in letters[3:]])]
    after = moved(seen, {names[x] for x in chosen}, seen[target].id, None)
    assert after[target].lessons[: len(chosen)] == [names[x] for x in letters if x in chosen]
    assert sorted(x for module in after for x in module.lessons) == sorted(names.values())


async def test_a_lesson_moves_after_another_and_modules_move(site: Site, teacher: Person, course: Course) -> None:
    first, second = module_ids(course)
    async with site.db.transaction(person(teacher.id)) as tx:
        await service.move(tx, course.id, ids(course, "ca"), second, ids(course, "d")[0])
        assert await titles(tx, course.id) == [("Part 1", ["b"]), ("Part 2", ["d", "a", "c"])]
        await service.move_module(tx, course.id, first, second)
        assert [title for title, _ in await titles(tx, course.id)] == ["Part 2", "Part 1"]
        await service.move_module(tx, course.id, first, None)
        assert [title for title, _ in await titles(tx, course.id)] == ["Part 1", "Part 2"]
        for wrong in ((uuid4(), None), (second, uuid4())):
            with pytest.raises(NotFound):
                await service.move(tx, course.id, ids(course, "b"), *wrong)


async def test_a_move_that_would_make_a_circle_is_refused_in_words(
    site: Site, teacher: Person, make_course: MakeCourse, database: Database
) -> None:
    modules = [[Lesson("d")], [Lesson("b", unlock_after="d")], [Lesson("e")]]
    course = make_course("Circle", instructor=teacher, modules=modules)
    second, third = course.lesson("b").module_id, course.lesson("e").module_id
    assert third
    async with database.connect() as owner:
        await owner.execute("update public.course_modules set unlock_after_module_id = $1 where id = $2", second, third)
    async with site.db.transaction(person(teacher.id)) as tx:
        with pytest.raises(asyncpg.PostgresError, match="circle"):
            await service.move(tx, course.id, ids(course, "d"), third, None)


async def test_what_is_removed_is_listed_and_comes_back(
    site: Site, teacher: Person, course: Course, make_course: MakeCourse
) -> None:
    _, second = module_ids(course)
    lesson, module = Part("lesson", ids(course, "b")[0]), Part("module", second)
    other = make_course("Other", instructor=teacher)
    async with site.db.transaction(person(teacher.id)) as tx:
        assert await service.remove(tx, course.id, [lesson, module]) == ["b", "Part 2"]
        assert await titles(tx, course.id) == [("Part 1", ["a", "c"])]
        removed = (await service.outline(tx, course.id)).removed
        assert {(part.kind, part.title, part.lessons) for part in removed} == {
            ("lesson", "b", 0),
            ("module", "Part 2", 1),
        }
        await service.nudge(tx, course.id, Part("lesson", ids(course, "c")[0]), -1)
        for wrong in ([Part("lesson", uuid4())], [Part("lesson", other.lessons[0].id or uuid4())]):
            with pytest.raises(NotFound):
                await service.remove(tx, course.id, wrong)
        assert await service.restore(tx, course.id, [module, lesson]) == ["Part 2", "b"]
        shown = await titles(tx, course.id)
        assert sorted(shown[0][1]) == ["a", "b", "c"]
        assert shown[1] == ("Part 2", ["d"])
        assert not (await service.outline(tx, course.id)).removed


async def test_the_outline_costs_the_same_however_long_it_is(
    site: Site, teacher: Person, make_course: MakeCourse, monkeypatch: pytest.MonkeyPatch
) -> None:
    long = make_course("Long", instructor=teacher, modules=[[Lesson(f"{m} {n}") for n in range(12)] for m in range(6)])
    asked: list[str] = []
    fetch = Transaction.fetch

    async def counted(self: Transaction, sql: str, *args: object) -> Any:
        asked.append(sql)
        return await fetch(self, sql, *args)

    monkeypatch.setattr(Transaction, "fetch", counted)
    async with site.db.transaction(person(teacher.id), read_only=True) as tx:
        shown = await service.outline(tx, long.id)
    assert shown.lessons == 72
    assert len(asked) <= 3


async def test_every_act_of_the_page_works_without_a_script(
    client: Client, site: Site, teacher: Person, course: Course, make_course: MakeCourse
) -> None:
    make_course("Other", instructor=teacher, modules=[[Lesson("x")]])
    await client.login(teacher)
    here = f"/studio/{course.id}"
    first, second = module_ids(course)

    async def now() -> Titles:
        async with site.db.transaction(person(teacher.id), read_only=True) as tx:
            return await titles(tx, course.id)

    async def act(**data: Any) -> str:
        page = await client.get(here)
        answer = await client.submit(page, f"{here}/act", data)
        assert (answer.status_code, answer.headers["location"]) == (303, here)
        return (await client.get(here)).text

    a, b, c = (f"lesson:{one}" for one in ids(course, "abc"))
    await act(act=f"down {a}")
    assert (await now())[0][1] == ["b", "a", "c"]
    await act(act=f"up module:{second}")
    assert [title for title, _ in await now()] == ["Part 2", "Part 1"]
    await act(act=f"duplicate {b}")
    assert "b (copy)" in (await now())[1][1]
    assert "2 parts are removed." in await act(act="remove", part=[a, b])
    assert "2 lessons changed to optional." not in await act(act="optional", part=[c])
    shown = await act(act="open", part=[c], at="2031-05-06T09:30")
    assert "Opens 6 May 2031" in shown
    assert "Optional" in shown
    assert "Recently removed (2)" in shown
    assert "is back." in await act(act=f"restore {a}")
    assert "Choose something in the outline first." in await act(act="remove")
    assert "come with live sessions" in await act(act=f"add-live_session module:{first}")
    await act(act=f"add-text module:{first}")
    assert (await now())[1][1][-1] == "New reading"
    assert "cannot be done" in await act(act=f"explode {a}")

    chosen = await client.submit(await client.get(here), f"{here}/act", {"act": "move", "part": [a, c]})
    assert chosen.headers["location"].startswith(f"{here}/move?part=lesson")
    page = await client.get(chosen.headers["location"])
    # A form with several fields of one name is sent as a browser would.
    await client.post_form(f"{here}/move", {"part": [a, c], "place": f"{second} first"})
    assert (await now())[0] == ("Part 2", ["a", "c", "d"])
    assert "Part 2: after d" in page.text
    await client.post_form(f"{here}/move", {"part": [f"module:{first}"], "place": "first"})
    assert [title for title, _ in await now()] == ["Part 1", "Part 2"]
    page = await client.get(f"{here}/copy?part={a}")
    assert '<optgroup label="Other">' in page.text
    copied = await client.submit(page, f"{here}/copy")
    assert copied.headers["location"] == here
    other = await client.get(
        (await client.get("/studio?q=Other")).text.split('href="/studio/')[-1][:0] or "/studio?q=Other"
    )
    assert "2 lessons" in other.text
    async with site.db.transaction(person(teacher.id)) as tx:
        await service.create_course(tx, NewCourse("Empty", "compliance"))
    assert '<option value="' in (await client.get(f"{here}/copy?part=module:{first}")).text


async def test_renaming_and_ordering_answer_programs(client: Client, teacher: Person, course: Course) -> None:
    await client.login(teacher)
    here = f"/studio/{course.id}"
    token = {"x-csrf-token": await client.csrf(), "accept": "application/json"}
    part = f"lesson:{ids(course, 'a')[0]}"
    renamed = await client.post(f"{here}/rename", data={"part": part, "title": "  <i>New</i> name "}, headers=token)
    assert (renamed.status_code, renamed.json()) == (200, {"title": "<i>New</i> name"})
    assert "&lt;i&gt;New&lt;/i&gt; name" in (await client.get(here)).text
    for data, status in (({"part": part, "title": ""}, 422), ({"part": "lesson:x", "title": "A"}, 422), ({"part": f"module:{uuid4()}", "title": "A"}, 404)):  # fmt: skip
        assert (await client.post(f"{here}/rename", data=data, headers=token)).status_code == status
    first, second = module_ids(course)
    old = [{"id": str(first), "lessons": [str(x) for x in ids(course, "abc")]}, {"id": str(second), "lessons": [str(x) for x in ids(course, "d")]}]  # fmt: skip
    assert (
        await client.post(f"{here}/order", json={"outline": old[::-1], "base": old}, headers=token)
    ).status_code == 204
    late = await client.post(f"{here}/order", json={"outline": old, "base": old}, headers=token)
    assert (late.status_code, late.json()["code"]) == (409, "outline_changed")
    for wrong in ({}, {"outline": [{"id": "x"}], "base": []}, [], "null"):
        assert (await client.post(f"{here}/order", json=wrong, headers=token)).status_code == 422


async def test_an_outline_is_not_there_for_others(client: Client, course: Course, make_person: MakePerson) -> None:
    await client.login(make_person("instructor"))
    here = f"/studio/{course.id}"
    for path in (here, f"{here}/outline", f"{here}/move?part=lesson:{uuid4()}", f"{here}/copy?part=lesson:{uuid4()}"):
        assert (await client.get(path)).status_code == 404
    part = f"lesson:{ids(course, 'a')[0]}"
    for path, data in (
        (f"{here}/act", {"act": f"remove {part}"}),
        (f"{here}/modules", {"title": "Mine"}),
        (f"{here}/rename", {"part": part, "title": "Mine"}),
        (f"{here}/move", {"part": part, "place": f"{uuid4()} first"}),
        (f"{here}/copy", {"part": part, "home": str(uuid4())}),
    ):
        assert (await client.post_form(path, data)).status_code == 404, path


async def test_editing_a_published_course_moves_nobody(
    site: Site, teacher: Person, make_course: MakeCourse, make_person: MakePerson, database: Database
) -> None:
    live, learner = make_course("Live", instructor=teacher), make_person()
    enrollment = await enrol(database, learner, live)
    module = live.lessons[0].module_id
    assert module
    standing = "select lessons_completed, total_lessons, status from public.enrollment_details where id = $1"
    async with database.connect() as owner:
        before = await owner.fetchrow(standing, enrollment)
        async with site.db.transaction(person(teacher.id)) as tx:
            lesson = live.lessons[1].id
            assert lesson
            await service.duplicate(tx, live.id, Part("lesson", lesson))
            await service.duplicate(tx, live.id, Part("module", module))
            await service.nudge(tx, live.id, Part("lesson", lesson), 1)
            await service.remove(tx, live.id, [Part("lesson", lesson)])
            await service.open_on(tx, live.id, [lesson], datetime(2031, 1, 1, tzinfo=UTC))
        assert await owner.fetchrow(standing, enrollment) == before
