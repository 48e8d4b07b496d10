"""A class for each test."""

from __future__ import annotations

import pytest

from tests.features.assignments.support import Class, make_class
from tests.support.database import Database


@pytest.fixture
async def school(database: Database) -> Class:
    """A published course of a teacher, with two learners."""
    return await make_class(database)
