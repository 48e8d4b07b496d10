"""A school for each test."""

from __future__ import annotations

import pytest

from tests.features.quizzes.support import School, make_school
from tests.support.database import Database


@pytest.fixture
async def school(database: Database) -> School:
    """A published course of a teacher."""
    return await make_school(database)
