"""A desk for each test."""

from __future__ import annotations

import pytest

from tests.features.marking.support import Desk, make_desk
from tests.support.database import Database


@pytest.fixture
async def desk(database: Database) -> Desk:
    """An assignment with a rubric."""
    return await make_desk(database, rubric=True)
