"""Taking quizzes."""

from __future__ import annotations

from collegium.access.area import Area
from collegium.access.stage import Stage


def found(stage: Stage) -> None:
    """What the guild has of it."""


FUNCTIONS: dict[str, str] = {
    "public.begin_quiz": "authenticated",
    "public.flag_attempt_question": "authenticated",
    "public.hand_in_quiz": "authenticated",
    "public.quiz_card": "authenticated",
    "public.quiz_standings": "authenticated",
}

AREA = Area(things=(), found=found, matrix={}, probes={}, functions=FUNCTIONS)
