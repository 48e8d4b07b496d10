"""Packages that partners play here, and AICC sessions."""

from __future__ import annotations

from collegium.access.area import Area
from collegium.access.stage import Stage


def found(stage: Stage) -> None:
    """What the guild has of it."""


AREA = Area(things=(), found=found, matrix={}, probes={})
