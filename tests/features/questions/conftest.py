"""A teacher and a course with a bank."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.support.people import Course, Person

MakePerson = Callable[..., Person]
MakeCourse = Callable[..., Course]


@pytest.fixture
def teacher(make_person: MakePerson) -> Person:
    return make_person("instructor", first_name="Ines")


@pytest.fixture
def course(make_course: MakeCourse, teacher: Person) -> Course:
    return make_course("Annuities", instructor=teacher)
