"""Who imports."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.support.people import Person


@pytest.fixture
def teacher(make_person: Callable[..., Person]) -> Person:
    """Who imports."""
    return make_person("instructor", first_name="Ines", last_name="Lindqvist")
