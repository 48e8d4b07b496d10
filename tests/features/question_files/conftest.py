"""Who imports, into which course."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.support.people import Course, Person


@pytest.fixture
def teacher(make_person: Callable[..., Person]) -> Person:
    """Who imports."""
    return make_person("instructor", first_name="Ines", last_name="Lindqvist")


@pytest.fixture
def course(teacher: Person, make_course: Callable[..., Course]) -> Course:
    """Whose bank it goes into."""
    return make_course("Claims without tears", instructor=teacher)
