"""Reading what the forms of assignments send."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import parse_qsl
from uuid import UUID

from collegium.features.assignments.settings import Line
from collegium.kit.errors import Invalid
from collegium.web.pages import WebRequest

MOST_FIELDS = 2000


class Form:
    """The text fields of a form in the order in which the page has them; a field may come several times."""

    def __init__(self, pairs: Sequence[tuple[str, str]]) -> None:
        self.pairs = list(pairs)

    def text(self, name: str) -> str:
        """The last value of a field; empty when it was not sent."""
        return next((value for known, value in reversed(self.pairs) if known == name), "")

    def all(self, name: str) -> list[str]:
        """Every value of a field."""
        return [value for known, value in self.pairs if known == name]

    @property
    def fields(self) -> dict[str, str]:
        """Each field with its last value; kinds of files together."""
        return {**dict(self.pairs), "allowed_file_types": " ".join(self.all("kind"))}

    def ids(self, name: str) -> list[UUID]:
        """Every value of a field that is an id."""
        return [found for found in map(id_of, self.all(name)) if found is not None]

    def lines(self) -> list[Line]:
        """The lines of the rubric: each begins with a field ``row``."""
        made: list[dict[str, str]] = []
        for name, value in self.pairs:
            if name == "row":
                made.append({})
            elif made and name in ("criterion", "points", "criterion_description"):
                made[-1]["description" if name == "criterion_description" else name] = value
        return [Line(**one) for one in made]


async def read_form(request: WebRequest) -> Form:
    """The form that was sent, in its order; NUL, which PostgreSQL cannot keep, and half characters are left out."""
    body = (await request.body()).decode("utf-8", "ignore")
    try:
        sent = parse_qsl(body, keep_blank_values=True, max_num_fields=MOST_FIELDS)
    except ValueError:
        raise Invalid("This form has too many fields.", code="form_too_long") from None
    return Form([(name, _clean(value)) for name, value in sent])


def _clean(value: str) -> str:
    return value.encode("utf-8", "ignore").decode().replace("\x00", "").replace("\r\n", "\n")


def id_of(text: str) -> UUID | None:
    """An id; None for anything else."""
    try:
        return UUID(text)
    except ValueError:
        return None


def number(text: str, least: int, most: int) -> int | None:
    """A whole number within bounds; None for anything else."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 and least <= int(text) <= most else None


def acted(lines: Sequence[Line], act: str) -> list[Line]:
    """The rubric's lines after a button: ``add``, ``up:2``, ``down:2``, ``remove:2``; the given list stays as it is."""
    made = list(lines)
    verb, _, which = act.partition(":")
    if verb == "add":
        return [*made, Line()]
    at = number(which, 1, len(made))
    if at is None:
        return made
    if verb == "remove":
        del made[at - 1]
    elif verb in ("up", "down"):
        made.insert(max(at - 2, 0) if verb == "up" else at, made.pop(at - 1))
    return made
