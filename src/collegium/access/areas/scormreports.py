"""Reports on SCORM packages."""

from __future__ import annotations

from collegium.access.area import Area
from collegium.access.stage import Stage


def found(stage: Stage) -> None:
    """What the guild has of it."""


FUNCTIONS: dict[str, str] = {
    "public.scorm_objectives": "authenticated",
    "public.scorm_questions": "authenticated",
}


AREA = Area(things=(), found=found, matrix={}, probes={}, functions=FUNCTIONS)
