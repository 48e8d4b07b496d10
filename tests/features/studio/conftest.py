"""A teacher and a course whose outline is worked on."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.support.people import Course, Lesson, Person

MakePerson = Callable[..., Person]
MakeCourse = Callable[..., Course]


@pytest.fixture
def teacher(make_person: MakePerson) -> Person:
    return make_person("instructor", first_name="Ines", time_zone="Europe/Berlin")


@pytest.fixture
def course(make_course: MakeCourse, teacher: Person) -> Course:
    """Two modules: a, b and c; then d, which opens after a."""
    modules = [[Lesson("a", video=60), Lesson("b"), Lesson("c")], [Lesson("d", unlock_after="a")]]
    return make_course("Annuities", instructor=teacher, modules=modules, status="draft")
