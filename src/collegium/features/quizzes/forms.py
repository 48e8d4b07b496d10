"""Reading what the forms of quizzes send."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from urllib.parse import parse_qsl
from uuid import UUID

from collegium.features.quizzes.model import Row, Source
from collegium.kit.errors import Invalid
from collegium.web.pages import WebRequest

Pair = tuple[str, str]
MOST_FIELDS = 10_000


class Form:
    """The text fields of a form in the order in which the page has them; a field may come several times."""

    def __init__(self, pairs: Sequence[Pair]) -> None:
        self.pairs = list(pairs)

    def text(self, name: str) -> str:
        """The last value of a field; empty when it was not sent."""
        return next((value for known, value in reversed(self.pairs) if known == name), "")

    def all(self, name: str) -> list[str]:
        """Every value of a field."""
        return [value for known, value in self.pairs if known == name]

    @property
    def fields(self) -> dict[str, str]:
        """Each field with its last value."""
        return dict(self.pairs)

    def ids(self, name: str) -> list[UUID]:
        """Every value of a field that is an id."""
        return [found for found in map(id_of, self.all(name)) if found is not None]


async def read_form(request: WebRequest) -> Form:
    """The form that was sent, in its order; NUL, which PostgreSQL cannot keep, and half characters are left out."""
    # Not request.form(): it gathers the values of each field and so loses which belong together.
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


def read_rows(form: Form) -> list[Row]:
    """The lines of the builder in their order: each begins with a field ``row``. Raises Invalid in words."""
    groups: list[dict[str, str]] = []
    for name, value in form.pairs:
        if name == "row":
            groups.append({"row": value})
        elif groups and name in ("id", "version", "points", "tag", "count", "from", "title", "instructions"):
            groups[-1][name] = value
    return [_row(group, n) for n, group in enumerate(groups, 1)]


def _row(given: dict[str, str], n: int) -> Row:
    kind = given["row"]
    if kind == "section":
        title = " ".join(given.get("title", "").split())
        instructions = given.get("instructions", "").strip()
        if len(title) > 200 or len(instructions) > 5000:
            raise Invalid("A section’s title has at most 200 characters, its instructions 5000.", code="section_long")
        return Row(kind="section", title=title, instructions=instructions)
    points = _points(given.get("points", ""), n)
    if kind == "draw":
        count = number(given.get("count", ""), 1, 200)
        tag = given.get("tag", "").strip()
        if count is None or not 1 <= len(tag) <= 100:
            raise Invalid(f"Line {n}: draw from 1 to 200 questions with a tag.", code="draw_shape")
        source: Source = "shared" if given.get("from") == "shared" else "course"
        return Row(
            kind="draw",
            id=id_of(given.get("id", "")),
            points=points,
            tag=tag,
            count=count,
            source=source,
        )
    version = id_of(given.get("version", ""))
    if kind != "question" or version is None:
        raise Invalid("This is not an arrangement of a quiz. Reload the page and try again.", code="quiz_line")
    return Row(kind="question", id=id_of(given.get("id", "")), points=points, version_id=version)


def _points(text: str, n: int) -> Decimal:
    try:
        points = Decimal(text.strip().replace(",", "."))
    except InvalidOperation:
        points = Decimal("NaN")
    if not points.is_finite() or not 0 <= points < 1000 or points != round(points, 2):
        raise Invalid(
            f"Line {n}: points are a number from 0 to 999.99, with at most two decimals.", code="points_shape"
        )
    return points


def act_of(text: str) -> tuple[str, int]:
    """What a button of the builder asks for, and of which line (from 1); ``save`` for no button."""
    verb, _, at = text.partition(":")
    return verb or "save", number(at, 1, 1000) or 0


def done(rows: Sequence[Row], verb: str, at: int) -> list[Row]:
    """The lines after a button was pressed; the given ones stay as they are."""
    made = list(rows)
    if verb == "section":
        taken = {row.title for row in made}
        title = next(name for n in range(1, 600) if (name := f"Section {n}") not in taken)
        return [*made, Row(kind="section", title=title)]
    if not 1 <= at <= len(made):
        return made
    if verb == "remove":
        del made[at - 1]
    elif verb in ("up", "down"):
        made.insert(max(at - 2, 0) if verb == "up" else at, made.pop(at - 1))
    return made
