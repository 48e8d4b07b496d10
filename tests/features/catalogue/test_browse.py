"""Finding courses: filters, counts, orders and pages against a reference in Python; search with typing errors."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from uuid import UUID

import pytest

from collegium.features.catalogue import service
from collegium.features.catalogue.filters import FACETS, SORTS, CourseQuery, Cursor
from collegium.features.catalogue.model import Listing
from collegium.kit.db import ANON, Transaction
from collegium.kit.site import Site
from tests.features.catalogue.shelf import Made, expected, expected_counts, insert_courses, random_courses
from tests.support.database import Database
from tests.support.people import Person, add_course


def random_query(pick: Random) -> CourseQuery:
    pairs = [("sort", pick.choice(SORTS))]
    for facet in pick.sample(FACETS, pick.randrange(4)):
        pairs += [(facet.name, value) for value in pick.sample(facet.values, pick.randrange(1, 3))]
    return CourseQuery.read(pairs)


async def all_pages(tx: Transaction, query: CourseQuery, size: int) -> list[UUID]:
    found: list[UUID] = []
    after: Cursor | None = None
    while True:
        page = await service.browse(tx, query, after, size=size)
        assert len(page.courses) <= size
        found += [course.id for course in page.courses]
        assert len(found) <= 100, "the pages do not end"
        if page.next is None:
            return found
        assert len(page.courses) == size
        # Through the address, as a reader goes.
        after = Cursor.read(page.next.write(), query.order)
        assert after == page.next


def without_nothing(listing: Listing) -> dict[str, dict[str, int]]:
    return {
        name: {value: number for value, number in counts.items() if number and value}
        for name, counts in listing.counts.items()
    }


@pytest.mark.parametrize("seed", range(4))
async def test_filters_counts_and_orders_agree_with_the_reference(site: Site, database: Database, seed: int) -> None:
    courses = random_courses(seed, 80)
    await insert_courses(database, courses)
    pick = Random(seed)
    async with site.db.transaction(ANON, read_only=True) as tx:
        for _ in range(40):
            query = random_query(pick)
            listing = await service.browse(tx, query, size=100)
            wanted = expected(courses, query)
            assert [course.id for course in listing.courses] == [course.id for course in wanted], query
            assert listing.total == len(wanted)
            assert without_nothing(listing) == expected_counts(courses, query), query


@pytest.mark.parametrize("sort", SORTS[1:])
@pytest.mark.parametrize("size", [1, 7])
async def test_pages_neither_lose_nor_repeat(site: Site, database: Database, sort: str, size: int) -> None:
    courses = random_courses(11, 40)
    await insert_courses(database, courses)
    query = CourseQuery.read([("sort", sort)])
    async with site.db.transaction(ANON, read_only=True) as tx:
        assert await all_pages(tx, query, size) == [course.id for course in expected(courses, query)]


async def test_pages_of_a_search_neither_lose_nor_repeat(site: Site, database: Database) -> None:
    courses = random_courses(12, 40)
    await insert_courses(database, courses)
    query = CourseQuery.read([("q", "annuities")])
    async with site.db.transaction(ANON, read_only=True) as tx:
        whole = await service.browse(tx, query, size=100)
        assert whole.total > 3
        assert await all_pages(tx, query, 2) == [course.id for course in whole.courses]
        ranks = [course.order_number for course in whole.courses]
        assert ranks == sorted(ranks)


async def test_a_page_keeps_its_place_when_a_course_is_added_before_it(site: Site, database: Database) -> None:
    courses = random_courses(13, 20)
    await insert_courses(database, courses)
    query = CourseQuery.read([("sort", "title")])
    wanted = [course.id for course in expected(courses, query)]
    async with site.db.transaction(ANON, read_only=True) as tx:
        first = await service.browse(tx, query, size=5)
    new = next(iter(random_courses(14, 1)))
    added = Made(**{**new.__dict__, "title": "Annuities", "status": "published", "id": UUID(int=0)})
    await insert_courses(database, [added])
    async with site.db.transaction(ANON, read_only=True) as tx:
        second = await service.browse(tx, query, first.next, size=5)
    assert [course.id for course in second.courses] == wanted[5:10]


SHELF = {
    "Annuities without the fog": {"category": "retirement_planning"},
    "Ethics for advisers: duties, conflicts, records": {"category": "compliance"},
    "Medicare from A to D": {"category": "health_benefits"},
    "Underwriting for people who do not underwrite": {"category": "insurance_fundamentals"},
    "Café conversations": {"category": "sales_techniques", "short_description": "Ask for referrals over coffee."},
    "100 % of premium": {"category": "life_insurance", "target_audience": "Actuaries in their first year"},
}


@pytest.mark.parametrize(
    ("words", "first"),
    [
        ("annuities", "Annuities without the fog"),
        ("anuities", "Annuities without the fog"),
        ("ANNUITYS", "Annuities without the fog"),
        ("etics dutes", "Ethics for advisers: duties, conflicts, records"),
        ("medcare", "Medicare from A to D"),
        ("undrewriting", "Underwriting for people who do not underwrite"),
        ("cafe", "Café conversations"),
        ("referals coffee", "Café conversations"),
        ("actuarys", "100 % of premium"),
        ("retirement planing", "Annuities without the fog"),
        ("the ethics of advisers", "Ethics for advisers: duties, conflicts, records"),
        ("A to D", "Medicare from A to D"),
    ],
)
async def test_search_forgives_typing_errors(site: Site, database: Database, words: str, first: str) -> None:
    for title, columns in SHELF.items():
        await add_course(database, title, modules=[], **{"short_description": "Short.", **columns})
    async with site.db.transaction(ANON, read_only=True) as tx:
        found = await service.browse(tx, CourseQuery.read([("q", words)]))
    assert [course.title for course in found.courses][:1] == [first]


@pytest.mark.parametrize("words", ["zebra", "xyzzy plugh", "%", "_", "'); --", "\\", "%%%_", "💥"])
async def test_what_resembles_nothing_finds_nothing(site: Site, database: Database, words: str) -> None:
    for title in SHELF:
        await add_course(database, title, modules=[], short_description="Short.")
    async with site.db.transaction(ANON, read_only=True) as tx:
        found = await service.browse(tx, CourseQuery.read([("q", words)]))
    assert (found.total, found.courses, found.next) == (0, [], None)


async def test_a_word_typed_well_does_not_bring_its_neighbours(site: Site, database: Database) -> None:
    for title in ("Medicare", "Medical records", "Mediation"):
        await add_course(database, title, modules=[], short_description="Short.")
    async with site.db.transaction(ANON, read_only=True) as tx:
        exact = await service.browse(tx, CourseQuery.read([("q", "medicare")]))
    assert [course.title for course in exact.courses] == ["Medicare"]


async def test_counts_stay_within_the_search(site: Site, database: Database) -> None:
    await add_course(database, "Medicare one", modules=[], category="health_benefits")
    await add_course(database, "Medicare two", modules=[], category="compliance")
    await add_course(database, "Something else", modules=[], category="compliance")
    async with site.db.transaction(ANON, read_only=True) as tx:
        found = await service.browse(tx, CourseQuery.read([("q", "medicare"), ("category", "compliance")]))
    assert [course.title for course in found.courses] == ["Medicare two"]
    assert found.total == 1
    assert found.counts["category"] == {"health_benefits": 1, "compliance": 1}


async def test_the_list_is_the_same_for_those_who_may_see_more(
    site: Site, database: Database, make_person: Callable[..., Person]
) -> None:
    """What is remembered for everybody must not hold an administrator's drafts."""
    from collegium.kit.db import person

    await add_course(database, "Public", modules=[])
    await add_course(database, "Draft", modules=[], status="draft")
    admin = make_person("admin")
    for query in (CourseQuery(), CourseQuery(q="draft")):
        async with site.db.transaction(person(admin.id), read_only=True) as tx:
            own = await service.browse(tx, query)
        async with site.db.transaction(ANON, read_only=True) as tx:
            public = await service.browse(tx, query)
        assert own == public
        assert "Draft" not in [course.title for course in own.courses]


async def test_instructors_stand_in_their_order(
    site: Site, database: Database, make_person: Callable[..., Person]
) -> None:
    lead, second, third = (make_person("instructor", first_name=name, last_name="Q") for name in ("Zoe", "Yan", "Abe"))
    course = await add_course(database, "Taught by three", modules=[], instructor=lead)
    async with database.connect() as owner:
        for position, one in enumerate((second, third, lead), 1):
            await owner.execute(
                "insert into public.course_instructors values ($1, $2, $3)", course.id, one.id, position
            )
    async with site.db.transaction(ANON, read_only=True) as tx:
        found = await service.browse(tx, CourseQuery())
        whole = await service.course(tx, course.id)
    assert found.courses[0].instructors == ["Zoe Q", "Yan Q", "Abe Q"]
    assert [one.display_name for one in whole.instructors] == ["Zoe Q", "Yan Q", "Abe Q"]
