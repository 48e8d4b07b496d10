"""What an author has to say to answers, in the order in which he wrote it: for previews, and for who grades."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec
from markupsafe import Markup

from collegium.features.attempts import service as attempts
from collegium.features.questions import lines

TRUTH = ({"id": "true", "text": "True"}, {"id": "false", "text": "False"})
WHOLE = (("right", "A right answer"), ("partly", "One that is right in part"), ("wrong", "A wrong one"))


class Said(msgspec.Struct, frozen=True):
    """``to``: the answer it is said to, in words. ``shown``: what is said, cleaned."""

    to: str
    shown: Markup


def said_to(kind: str, options: Any, key: Mapping[str, Any] | None, feedback: Mapping[str, str] | None) -> list[Said]:
    """What is said to each option, text or number, and to right and wrong answers, as far as there is something."""
    found = [*_to_options(kind, options, feedback or {}), *_to_accepted(key or {})]
    found += [(words, (feedback or {}).get(name)) for name, words in WHOLE]
    return [Said(to, attempts.rich(said)) for to, said in found if said and said.strip()]


def _to_options(kind: str, options: Any, feedback: Mapping[str, str]) -> Iterator[tuple[str, str | None]]:
    if kind in ("multiple_choice", "multiple_answer", "true_false"):
        for option in TRUTH if kind == "true_false" else options or ():
            yield f"“{option['text']}”", feedback.get(str(option["id"]))


def _to_accepted(key: Mapping[str, Any], blank: str = "") -> Iterator[tuple[str, str | None]]:
    for entry in key.get("accepted") or ():
        if isinstance(entry, dict):
            one: dict[str, Any] = entry  # pyright: ignore[reportUnknownVariableType]
            yield f"{blank}“{one.get('text', '')}”", one.get("feedback")
    for number in key.get("answers") or ():
        yield (
            lines.write_numbers([{name: value for name, value in number.items() if name not in _ASIDE}]),
            number.get("feedback"),
        )
    blanks: Mapping[str, Any] = key.get("blanks") or {}
    for name, inner in blanks.items():
        yield from _to_accepted(inner, f"Blank {name}: ")


_ASIDE = ("feedback", "share")
