"""The outline of a course as its teachers arrange it."""

from __future__ import annotations

from collegium.access.area import Area
from collegium.access.stage import Stage


def found(stage: Stage) -> None:
    """What the guild has of it: its functions find what the other areas have made."""


FUNCTIONS: dict[str, str] = {
    "public.copy_lesson": "authenticated",
    "public.copy_module": "authenticated",
    "public.order_outline": "authenticated",
}


AREA = Area(things=(), found=found, matrix={}, probes={}, functions=FUNCTIONS)
