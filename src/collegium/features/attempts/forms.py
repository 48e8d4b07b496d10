"""Answers as plain forms send them, for pages without a script. The field names are those of the macro ``question``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol


class Form(Protocol):
    """What a form sent: one or several values under a name."""

    def get(self, key: str, default: Any = None) -> Any:
        """The first value."""
        ...

    def getall(self, key: str, default: Any = None) -> list[Any]:
        """All values."""
        ...


def _text(form: Form, name: str) -> str:
    value = form.get(name)
    # Browsers send line ends as two characters.
    return value.replace("\r\n", "\n") if isinstance(value, str) else ""


def _ordered(form: Form, name: str, ids: list[str]) -> list[str]:
    """Ids by the places that were chosen; of two with the same place the one that stood first comes first."""
    places: dict[str, int] = {}
    for one in ids:
        place = _text(form, f"{name}-{one}")
        if place.isascii() and place.isdigit():
            places[one] = int(place[:3])
    if not places:
        return []
    return sorted(ids, key=lambda one: (places.get(one, len(ids) + 1), ids.index(one)))


def was_sent(form: Form, position: int) -> bool:
    """Whether the form held this question: each sends the number of its last save with it."""
    return form.get(f"s{position}") is not None


def seq_of(form: Form, position: int) -> int:
    """The number of the save that the form's page showed."""
    value = _text(form, f"s{position}")
    return int(value[:15]) if value.isascii() and value.isdigit() else 0


def read(form: Form, item: Mapping[str, Any]) -> dict[str, Any]:
    """The answer to a question (made ready by ``shown.question``); an empty object when nothing was answered."""
    name, kind, options = f"q{item['position']}", item["question_type"], item["options"]
    if kind in ("multiple_choice", "true_false"):
        chosen = _text(form, name)
        return {"selected": chosen} if chosen else {}
    if kind == "multiple_answer":
        several = [str(value) for value in form.getall(name, [])]
        return {"selected": several} if several else {}
    if kind == "ordering":
        order = _ordered(form, name, [option["id"] for option in options])
        return {"order": order} if order else {}
    if kind == "matching":
        pairs = {option["id"]: _text(form, f"{name}-{option['id']}") for option in options["left"]}
        pairs = {left: right for left, right in pairs.items() if right}
        return {"pairs": pairs} if pairs else {}
    if kind == "fill_blank":
        blanks = {option["id"]: _text(form, f"{name}-{option['id']}") for option in options}
        return {"blanks": blanks} if any(text.strip() for text in blanks.values()) else {}
    if kind == "numeric":
        number, unit = _text(form, name).strip(), _text(form, f"{name}-unit").strip()
        if not number and not unit:
            return {}
        return {"number": number} | ({"unit": unit} if unit else {})
    text = _text(form, name)
    return {"text": text} if text.strip() else {}
