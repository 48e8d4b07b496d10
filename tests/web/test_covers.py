"""Covers: always the same for a course, different between courses, and the title stays inside."""

from __future__ import annotations

import re

import pytest

from collegium.web import covers
from collegium.web.words import LABELS

LONG = "An Introduction to the Regulation of Employer-Sponsored Health and Welfare Benefit Arrangements in the States"


def test_a_course_always_gets_the_same_cover() -> None:
    first = covers.course_cover("Ethics", "compliance")
    covers.drawn_cover.cache_clear()
    assert covers.course_cover("Ethics", "compliance") == first


def test_two_courses_of_a_category_differ_in_their_figure() -> None:
    def figure(title: str) -> str:
        return str(covers.course_cover(title, "life_insurance")).split("<text")[0]

    assert figure("Term life") != figure("Whole life")


@pytest.mark.parametrize("category", LABELS["category"])
def test_every_category_has_a_hue_and_its_name(category: str) -> None:
    cover = covers.course_cover("Title", category)
    assert f'class="cover cover-{category}"' in cover
    assert LABELS["category"][category] in cover


def test_an_unknown_category_still_gets_a_cover() -> None:
    assert "cover-continuing_education" in covers.course_cover("Title", "astronomy")


@pytest.mark.parametrize(
    "title", ["Ethics", "Fundamentals of Employee Benefits", "Life Insurance Needs Analysis", LONG]
)
def test_the_title_stays_inside_its_margins(title: str) -> None:
    size, lines = covers.set_title(title)
    assert 56 + len(lines) * size * 1.2 < covers.HEIGHT
    for line in lines:
        assert covers._width(line, size) <= covers.WIDTH - 2 * covers.MARGIN


def test_a_title_too_long_for_the_smallest_size_is_cut_with_a_mark() -> None:
    _, lines = covers.set_title(" ".join(["Continuing professional education"] * 8))
    assert len(lines) == 5
    assert lines[-1].endswith("…")


def test_a_title_cannot_bring_markup() -> None:
    assert "<script" not in covers.course_cover("<script>alert(1)</script>", "technology")


def test_a_cover_is_small_enough_to_stand_24_times_on_a_page() -> None:
    sizes = {name: len(covers.course_cover("Fundamentals of Employee Benefits", name)) for name in LABELS["category"]}
    assert max(sizes.values()) < 2600, sizes


def test_a_cover_holds_no_colour_of_its_own() -> None:
    for category in LABELS["category"]:
        assert not re.search(r"#[0-9a-f]{3}|rgb|oklch", covers.course_cover("Title", category))
