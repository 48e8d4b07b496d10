"""The question bank: what its newest tables hold."""

from __future__ import annotations

from collegium.access.area import Area
from collegium.access.stage import Stage


def found(stage: Stage) -> None:
    """What the guild has of it."""


SHAPES = "authenticated service_role"
FUNCTIONS: dict[str, str] = {
    "private.are_ranges": SHAPES,
    "private.are_shares": SHAPES,
    "private.is_brief_text": SHAPES,
    "private.is_choice_key": SHAPES,
    "private.is_expected_number": SHAPES,
    "private.is_flag": SHAPES,
    "private.is_number_between": SHAPES,
    "private.is_rubric": SHAPES,
    "private.is_safe_pattern": SHAPES,
    "public.save_question_version": "authenticated",
}

AREA = Area(things=(), found=found, matrix={}, probes={}, functions=FUNCTIONS)
