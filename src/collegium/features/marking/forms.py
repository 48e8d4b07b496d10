"""Reading what the form of a marking sends."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal, InvalidOperation
from html import escape
from typing import Any
from urllib.parse import parse_qsl
from uuid import UUID

import msgspec

from collegium.features.marking.model import Criterion, Grade, Submission
from collegium.kit.errors import Invalid
from collegium.web.pages import WebRequest

DECISIONS = ("graded", "returned", "resubmission_requested")


class Form(msgspec.Struct, frozen=True):
    """What was typed, as it goes back into the form when it could not be kept."""

    do: str
    points: str
    criterion: list[str]
    comment: list[str]
    feedback: str
    reason: str
    seen: str


async def read_form(request: WebRequest) -> Form:
    """The form that was sent; criteria come in the order of the rubric."""
    body = (await request.body()).decode("utf-8", "ignore")
    try:
        pairs = parse_qsl(body, keep_blank_values=True, max_num_fields=500)
    except ValueError:
        raise Invalid("This form has too many fields.", code="form_too_long") from None
    clean = [(name, value.encode("utf-8", "ignore").decode().replace("\x00", "")) for name, value in pairs]

    def one(name: str) -> str:
        return next((value.strip() for known, value in reversed(clean) if known == name), "")

    def every(name: str) -> list[str]:
        return [value.strip() for known, value in clean if known == name]

    return Form(
        one("do"),
        one("points"),
        every("criterion"),
        every("comment"),
        one("feedback"),
        " ".join(one("reason").split()),
        one("seen"),
    )


def filled(work: Submission, feedback: str, seen: datetime | None) -> Form:
    """The form of work as it stands."""

    def text(value: Decimal | None) -> str:
        return "" if value is None else f"{value.normalize():f}"

    criteria = work.criteria
    return Form(
        "",
        text(work.points_earned),
        [text(one.given) for one in criteria],
        [one.comment for one in criteria],
        feedback,
        "",
        seen.isoformat() if seen else "",
    )


def grade_of(form: Form, work: Submission) -> Grade:
    """What a form decides. Raises Invalid with words for each field that does not fit."""
    if form.do not in DECISIONS:
        raise Invalid("Choose what becomes of the work: save the grade, return it, or ask for it again.")
    decision = form.do
    criteria = work.criteria
    errors: dict[str, str] = {}
    scores = _scores(form.criterion, criteria, errors) if criteria else None
    points = None if criteria else _points(form.points, work.max_points, "points", "Points", errors)
    nothing = not any(form.criterion) if criteria else not form.points
    if decision == "resubmission_requested" and nothing:
        # Whoever asks again need not say yet what this is worth.
        errors, scores, points = {}, None, None
    if len(form.reason) > 1000:
        errors["reason"] = "Why it changes: at most 1000 characters."
    comments = {one.name: said for one, said in zip(criteria, form.comment, strict=False) if said}
    if any(len(said) > 2000 for said in comments.values()):
        errors["comment"] = "A comment on a criterion has at most 2000 characters."
    feedback = as_html(form.feedback)
    if len(feedback) > 50_000:
        errors["feedback"] = "Feedback: this is too long. Keep it below 50,000 characters."
    if errors:
        raise Invalid("The grade is not saved.", fields=errors, code="marking_shape")
    return Grade(decision, points, scores, comments, feedback, form.reason, _moment(form.seen))


def _scores(given: Sequence[str], criteria: Sequence[Criterion], errors: dict[str, str]) -> dict[str, float]:
    found: dict[str, float] = {}
    for n, one in enumerate(criteria):
        text = given[n] if n < len(given) else ""
        points = _points(text, one.points, f"c-{n + 1}", one.name, errors)
        if points is not None:
            found[one.name] = float(points)
    return found


def _points(text: str, most: Decimal, field: str, name: str, errors: dict[str, str]) -> Decimal | None:
    try:
        points = Decimal(text.replace(",", "."))
    except InvalidOperation:
        points = Decimal("NaN")
    if not points.is_finite() or not 0 <= points <= most or points != round(points, 2):
        errors[field] = f"{name}: from 0 to {most.normalize():f}, with at most two decimals."
        return None
    return points


def _moment(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text) if text else None
    except ValueError:
        raise Invalid("Reload the page and mark it again.", code="no_such_moment") from None


def as_html(text: str) -> str:
    """Feedback as it is kept: what was typed without the editor becomes paragraphs."""
    if not text or text.lstrip().startswith("<"):
        return text
    parts = [part.strip() for part in text.replace("\r\n", "\n").split("\n\n")]
    return "".join(f"<p>{escape(part).replace(chr(10), '<br>')}</p>" for part in parts if part)


def id_of(text: Any) -> UUID | None:
    """An id; None for anything else."""
    try:
        return UUID(str(text))
    except ValueError:
        return None
