"""Drafts are checked alike by the program and the database; questions are kept, found and changed."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from decimal import Decimal
from typing import Any

import asyncpg
import pytest
import pytest_asyncio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from collegium.features.questions import service
from collegium.features.questions.patterns import is_safe_pattern
from collegium.features.questions.service import BankFilter
from collegium.kit.db import person
from collegium.kit.errors import Invalid, NotFound, Problem
from collegium.kit.site import Site
from tests.features.questions.drafts import NINE, WRONG, draft
from tests.support.database import Database
from tests.support.people import Course, Person

SHAPE = (
    "select private.is_question($1, $2::text::jsonb) and private.is_question_key($1, $2::text::jsonb, $3::text::jsonb)"
)


WORDS = (
    "id",
    "text",
    "html",
    "selected",
    "shares",
    "rule",
    "accepted",
    "typos",
    "pattern",
    "answers",
    "value",
    "units",
    "left",
    "a",
    "1",
)


@pytest_asyncio.fixture
async def checker(database: Database) -> AsyncIterator[asyncpg.Connection]:
    """A connection for a test that asks often."""
    async with database.connect() as owner:
        yield owner


def dumped(value: Any) -> str | None:
    return None if value is None else json.dumps(value)


async def test_the_database_takes_what_a_draft_may_be_and_nothing_else(database: Database) -> None:
    async with database.connect() as owner:
        for kind, (options, correct, _) in NINE.items():
            assert service.check_draft(draft(kind)) == [], kind
            assert await owner.fetchval(SHAPE, kind, json.dumps(options), dumped(correct)), kind
        for kind, given, correct in WRONG:
            options = NINE[kind][0] if given is None else given
            assert service.check_draft(draft(kind, answer_options=options, correct_answer=correct)), (kind, correct)
            assert not await owner.fetchval(SHAPE, kind, json.dumps(options), json.dumps(correct)), (kind, correct)


PATTERNS = (
    ("colou?r", True), ("(a|b)+", True), (r"(\d+ )?km", True), ("[a-z]+", True), (r"\d{4}-\d{2}-\d{2}", True),
    ("^ab$", True), ("[abc-]", True), (r"[\d.,]+", True), ("(|a)", True), (r"\.", True), (r"a\\b", True),
    ("(?:ab){2,10}", True), ("Zürich", True), ("[äöü]", True), ("(a+b)?", True), ("((a{2}b){3})", False),
    ("(a+)+", False), (r"(a)\1", False), ("(?=a)b", False), ("(?!a)b", False), ("(?<=a)b", False), ("a**", False),
    ("a{3,2}", False), ("a{41}", False), ("[z-a]", False), ("(ab", False), ("ab)", False), ("*a", False),
    ("[[:alpha:]]", False), ("a{2}{3}", False), ("", False), ("x" * 201, False), ("(?i)a", False), ("a??", False),
    ("[a-é]", False), (r"\y", False), ("a{", False), ("(*a)", False), ("((((((a))))))", False), ("[]a]", False),
    ("(ab){11}", False), ("^*", False), ("(a{2})*", False), ("***=a", False), ("a\\", False), ("[", False),
)  # fmt: skip


async def test_both_know_the_same_safe_patterns_and_each_can_be_searched(database: Database) -> None:
    async with database.connect() as owner:
        for pattern, safe in PATTERNS:
            assert is_safe_pattern(pattern) is safe, pattern
            assert await owner.fetchval("select private.is_safe_pattern($1)", pattern) is safe, pattern
            if safe:
                assert await owner.fetchval("select 'abc' ~* ('^(?:' || $1 || ')$') is not null", pattern)


@pytest.mark.parametrize("kind", NINE)
async def test_a_question_is_kept_as_it_was_written(site: Site, teacher: Person, course: Course, kind: str) -> None:
    wanted = draft(kind, points=Decimal("2.5"), explanation="<p>So.<script>alert(1)</script></p>", hint="Think.")
    async with site.db.transaction(person(teacher.id)) as tx:
        made = await service.create_question(tx, course.id, wanted)
        kept = await service.question(tx, made)
    assert (kept.answer_options, kept.correct_answer) == (wanted.answer_options, wanted.correct_answer)
    assert (kept.explanation, kept.hint, kept.points, kept.version) == ("<p>So.</p>", "Think.", Decimal("2.5"), 1)
    assert (kept.tags, kept.status, kept.question_text) == (
        ["Basics", "risk and law"],
        "active",
        f"Say [[1]] and [[2]] of {kind}.",
    )


async def test_a_question_is_edited_in_place_until_somebody_was_asked(
    site: Site, teacher: Person, course: Course, database: Database
) -> None:
    async with site.db.transaction(person(teacher.id)) as tx:
        made = await service.create_question(tx, course.id, draft("multiple_choice"))
        first = (await service.question(tx, made)).version_id
        options = draft("ordering").answer_options[:2]
        changed = draft("multiple_choice", answer_options=options, correct_answer={"selected": "a"}, points=Decimal(3))
        assert await service.new_version(tx, made, changed) == first
        assert (await service.question(tx, made)).correct_answer == {"selected": "a"}
    async with database.connect() as owner:
        await owner.execute("update public.question_versions set used_at = now() where id = $1", first)
    async with site.db.transaction(person(teacher.id)) as tx:
        second = await service.new_version(tx, made, draft("multiple_choice"))
        kept = await service.question(tx, made)
    assert second != first
    assert (kept.version, kept.version_id) == (2, second)


async def test_what_is_wrong_is_said_all_at_once_and_nothing_is_kept(
    site: Site, teacher: Person, course: Course
) -> None:
    wrong = draft("multiple_choice", question_html=" ", points=Decimal(-1), correct_answer={"selected": "z"})
    with pytest.raises(Invalid) as refused:
        async with site.db.transaction(person(teacher.id)) as tx:
            await service.create_question(tx, course.id, wrong)
    assert refused.value.detail == "Write what is asked. Give from 0 to 999.99 points. Mark the choice that is right."


def test_what_the_database_cannot_keep_is_refused_in_words() -> None:
    words = "A text holds a character that cannot be kept. Write it again."
    for wrong in (
        draft("essay", title="a\x00b"),
        draft("essay", hint="\ud800"),
        draft("multiple_choice", answer_options=[{"id": "a", "text": "\x00"}, {"id": "b", "text": "x"}]),
        draft("short_answer", correct_answer={"accepted": ["x\x00"]}),
    ):
        assert service.check_draft(wrong) == [words]


async def test_nobody_else_writes_in_the_bank_of_a_course(
    site: Site, teacher: Person, course: Course, make_person: Callable[..., Person]
) -> None:
    async with site.db.transaction(person(teacher.id)) as tx:
        made = await service.create_question(tx, course.id, draft("essay"))
    for role in ("student", "instructor"):
        stranger = person(make_person(role).id)
        with pytest.raises(Problem):
            async with site.db.transaction(stranger) as tx:
                await service.create_question(tx, course.id, draft("essay"))
        with pytest.raises(Problem, match="no such question"):
            async with site.db.transaction(stranger) as tx:
                await service.new_version(tx, made, draft("essay"))
        with pytest.raises(NotFound):
            async with site.db.transaction(stranger) as tx:
                await service.question(tx, made)


@pytest.mark.parametrize("sort", ["changed", "oldest", "title"])
async def test_a_bank_is_found_page_by_page(site: Site, teacher: Person, course: Course, sort: str) -> None:
    async with site.db.transaction(person(teacher.id)) as tx:
        for n in range(7):
            kind, tags = ("essay", ("zürich",)) if n % 2 else ("true_false", ("law",))
            await service.create_question(tx, course.id, draft(kind, title=f"Frage Nº {n % 3}", tags=tags))
    found: list[str] = []
    cursor, pages = None, 0
    async with site.db.transaction(person(teacher.id)) as tx:
        while pages == 0 or cursor:
            page = await service.search(tx, course.id, BankFilter(sort=sort), cursor, size=3)
            found += [str(row.id) for row in page.rows]
            cursor, pages = page.next, pages + 1
        assert (len(found), len(set(found)), pages) == (7, 7, 3)
        assert len((await service.search(tx, course.id, BankFilter(text="FRAGE nº"))).rows) == 7
        assert len((await service.search(tx, course.id, BankFilter(tag="zürich"))).rows) == 3
        assert len((await service.search(tx, course.id, BankFilter(question_type="essay", text="2"))).rows) == 3


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-5, 5)
    | st.floats(allow_nan=False)
    | st.sampled_from(["a", "b", "1", "", "x"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(WORDS), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    kind=st.sampled_from(list(NINE)), where=st.integers(0, 2), junk=JSON, path=st.lists(st.integers(0, 5), max_size=3)
)
async def test_no_draft_breaks_the_check_and_what_passes_it_the_database_takes(
    checker: asyncpg.Connection, kind: str, where: int, junk: Any, path: list[int]
) -> None:
    options, correct, _ = NINE[kind]
    options = replaced(options, path, junk) if where != 1 else options
    correct = replaced(correct, path, junk) if where != 0 else correct
    given_ = draft(kind, answer_options=options, correct_answer=correct)
    if service.check_draft(given_) == []:
        assert await checker.fetchval(SHAPE, kind, json.dumps(options), dumped(correct)), (options, correct)


def replaced(value: Any, path: list[int], junk: Any) -> Any:
    """A value in which what lies at the end of a path is something else."""
    if not path or not isinstance(value, (list, dict)) or not value:
        return junk
    keys: list[Any] = list(value) if isinstance(value, dict) else list(range(len(value)))
    chosen = keys[path[0] % len(keys)]
    changed = replaced(value[chosen], path[1:], junk)
    if isinstance(value, dict):
        return {**value, chosen: changed}
    return [changed if n == chosen else one for n, one in enumerate(value)]


async def test_a_search_follows_words_and_ends_at_the_bank(
    site: Site, teacher: Person, course: Course, make_person: Callable[..., Person]
) -> None:
    async def found(words: str, who: Person = teacher) -> list[str | None]:
        async with site.db.transaction(person(who.id)) as tx:
            return [one.title for one in (await service.search(tx, course.id, BankFilter(text=words))).rows]

    async with site.db.transaction(person(teacher.id)) as tx:
        made = await service.create_question(
            tx, course.id, draft("true_false", title="Café", question_html="<p>100 % of it_</p>")
        )
    assert await found("cafe") == await found("0 % OF it_") == ["Café"]
    assert await found("%%") == await found("it_x") == []
    async with site.db.transaction(person(teacher.id)) as tx:
        await service.new_version(tx, made, draft("true_false", title="Tea", question_html="<p>Green or black?</p>"))
    assert await found("cafe") == await found("of it") == []
    assert await found("tea green") == ["Tea"]
    # Of a bank that somebody may not look through he is not told an id, nor a tag.
    stranger = make_person("instructor")
    async with site.db.transaction(person(stranger.id)) as tx:
        ids = "select private.find_questions($1, null, '', '', '', '', '', 'changed', null, null, null, 5)"
        assert await tx.fetchval(ids, course.id) == []
        assert await tx.fetch("select * from private.bank_tags($1, null)", course.id) == []
