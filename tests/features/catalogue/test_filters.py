"""The query of an address: one normal form, nothing unknown, and cursors that cannot be made up."""

from __future__ import annotations

import base64
import string
from urllib.parse import parse_qsl, urlsplit
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from collegium.features.catalogue.filters import FACETS, SORTS, CourseQuery, Cursor, clean_search, credit_counts
from collegium.features.catalogue.shelves import CHOICES, LEGENDS
from collegium.features.catalogue.shelves import SORTS as SORT_WORDS
from collegium.web.words import LABELS

KNOWN = [(facet.name, value) for facet in FACETS for value in facet.values]
noise = st.text(max_size=12)
pairs = st.lists(
    st.one_of(
        st.sampled_from(KNOWN),
        st.tuples(st.just("q"), noise),
        st.tuples(st.just("sort"), st.sampled_from(SORTS) | noise),
        st.tuples(st.sampled_from([facet.name for facet in FACETS]), noise),
        st.tuples(noise, noise),
    ),
    max_size=12,
)


def read_address(path: str) -> CourseQuery:
    return CourseQuery.read(parse_qsl(urlsplit(path).query, keep_blank_values=True))


@given(pairs)
def test_an_address_reads_back_to_its_own_query(given_pairs: list[tuple[str, str]]) -> None:
    query = CourseQuery.read(given_pairs)
    assert read_address(query.path()) == query
    assert read_address(query.path()).path() == query.path()


@given(pairs, st.randoms())
def test_the_order_of_filters_in_an_address_does_not_matter(given_pairs: list[tuple[str, str]], random: object) -> None:
    single = {"q", "sort", "credits"}
    many = [pair for pair in given_pairs if pair[0] not in single]
    rest = [pair for pair in given_pairs if pair[0] in single]
    shuffled = list(many)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert CourseQuery.read([*rest, *shuffled]) == CourseQuery.read([*many, *rest])


@given(pairs)
def test_nothing_unknown_is_kept(given_pairs: list[tuple[str, str]]) -> None:
    query = CourseQuery.read(given_pairs)
    for facet in FACETS:
        assert set(query.chosen(facet.name)) <= set(facet.values)
        assert facet.many or len(query.chosen(facet.name)) <= 1
    assert query.order in SORTS
    assert query.q == clean_search(query.q)


@pytest.mark.parametrize(
    ("address", "normal"),
    [
        ("", "/courses"),
        ("q=&category=&sort=&credits=", "/courses"),
        ("utm_source=mail&level=wizard", "/courses"),
        ("sort=newest", "/courses"),
        ("sort=relevance", "/courses"),
        ("q=tax&sort=relevance", "/courses?q=tax"),
        ("q=tax&sort=newest", "/courses?q=tax&sort=newest"),
        (
            "sort=title&level=expert&category=technology&level=beginner",
            "/courses?category=technology&level=beginner&level=expert&sort=title",
        ),
        ("category=technology&category=technology", "/courses?category=technology"),
        ("credits=5&credits=10", "/courses?credits=10"),
        ("q=%20long%20%20%00term%0acare ", "/courses?q=long+term+care"),
    ],
)  # fmt: skip
def test_addresses_have_one_normal_form(address: str, normal: str) -> None:
    assert read_address("/courses?" + address).path() == normal


def test_searches_are_cut_and_cleaned() -> None:
    assert clean_search("a" * 500) == "a" * 200
    assert clean_search("\0\x1b[31m\ud800 x \u202e y") == "[31m x y"


def test_one_filter_can_be_taken_away() -> None:
    query = read_address("/courses?q=tax&category=technology&category=compliance&price=free&sort=title")
    assert query.without("category", "technology").path() == "/courses?q=tax&category=compliance&price=free&sort=title"
    assert query.unfiltered().path() == "/courses?q=tax&sort=title"


@given(st.sampled_from(SORTS), st.floats(allow_nan=False, allow_infinity=False), st.text(max_size=40), st.uuids())
def test_cursors_come_back_exactly(order: str, number: float, text: str, course: object) -> None:
    cursor = Cursor(order, number, text.replace("\0", "").encode("utf-8", "ignore").decode(), course)  # type: ignore[arg-type]
    written = cursor.write()
    assert set(written) <= set(string.ascii_letters + string.digits + "-_")
    assert Cursor.read(written, cursor.order) == cursor


def _encoded(value: object) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode(value)).decode().rstrip("=")


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "x",
        "****",
        "é",
        "a" * 5000,
        _encoded({"order": "title"}),
        _encoded(["title", 0.0, "a", "no uuid"]),
        _encoded(["title", "0", "a", str(UUID(int=7))]),
        _encoded(["title", 0.0, "a\0b", str(UUID(int=7))]),
        _encoded(["credits", 0.0, "a", str(UUID(int=7))]),
        base64.urlsafe_b64encode(b'["title",1e999,"a","' + str(UUID(int=7)).encode() + b'"]').decode(),
    ],
)
def test_a_cursor_that_is_not_ours_is_no_cursor(text: str | None) -> None:
    assert Cursor.read(text, "title") is None


def test_credits_are_counted_by_at_least() -> None:
    assert credit_counts({"none": 4, "some": 3, "five": 2, "ten": 1}) == {"any": 6, "5": 3, "10": 1, "none": 4}


def test_every_value_has_words() -> None:
    assert {facet.name: facet.values for facet in FACETS} == {name: tuple(words) for name, words in CHOICES.items()}
    assert list(LEGENDS) == [facet.name for facet in FACETS]
    assert tuple(SORT_WORDS) == SORTS
    for facet in FACETS[:3]:
        assert set(LABELS[facet.name]) == set(facet.values)
