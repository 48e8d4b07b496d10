"""Reading what the forms of peer review send: points, criteria, settings."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from collegium.features.assignments import service as assignments
from collegium.features.peer_reviews.model import Criterion, Given
from collegium.kit.errors import Invalid, Problem
from collegium.web.pages import WebRequest

MOST_LETTERS = 20_000
NUMBERS = {
    "required": ("Reviews for each work", 1, 20),
    "wait_hours": ("Hours to wait after the deadline", 0, 720),
    "review_days": ("Days for the first reviews", 1, 60),
    "passes": ("Times a review is passed on", 0, 5),
    "pass_days": ("Days for a review that was passed on", 1, 30),
    "extra_reviews": ("Extra reviews", 0, 10),
    "grade_share": ("Share of the grade", 0, 100),
}


async def read_form(request: WebRequest) -> dict[str, str]:
    """The text fields that were sent, without what the database cannot keep; of several of a name, the last."""
    sent = await request.form()
    return {
        name: value.encode("utf-8", "ignore").decode().replace("\x00", "").replace("\r\n", "\n")
        for name, value in sent.multi_items()
        if isinstance(value, str)
    }


def only_refusals(problem: Problem) -> None:
    """Lets through what a form can answer with words (409, 422); raises anything else again."""
    if problem.status not in (409, 422):
        raise problem


def criteria(rubric: Sequence[Mapping[str, Any]], scores: Mapping[str, Any] | None) -> list[Criterion]:
    """The rubric's lines for a form, filled with the scores that there are."""
    given = scores or {}
    return [
        Criterion(
            str(one["criterion"]),
            str(one.get("description") or ""),
            Decimal(str(one["points"])),
            "" if given.get(one["criterion"]) is None else f"{Decimal(str(given[one['criterion']])).normalize():f}",
        )
        for one in rubric
    ]


def typed(form: Mapping[str, str], rubric: Sequence[Mapping[str, Any]]) -> tuple[str, list[Criterion]]:
    """What was typed, for the form that comes back with a refusal."""
    lines = [
        Criterion(one.name, one.description, one.most, form.get(f"criterion-{at}", ""))
        for at, one in enumerate(criteria(rubric, None), 1)
    ]
    return form.get("points", ""), lines


def written(form: Mapping[str, str]) -> assignments.Written:
    """The words that were sent, and their HTML where the editor wrote it and nobody changed the words without it."""
    words, html = form.get("feedback", ""), form.get("html", "")
    same = words.split() == form.get("was", "").split()
    return assignments.Written(words, assignments.clean_work(html) if same and html else "")


def read_review(
    form: Mapping[str, str], rubric: Sequence[Mapping[str, Any]], most: Decimal, *, draft: bool = False
) -> Given:
    """Points or a score for each criterion, and words. A draft keeps what can be read and leaves the rest out.

    Raises Invalid with words for each field.
    """
    errors: dict[str, str] = {}
    said = written(form)
    feedback = said.html or said.text.strip()
    if len(feedback) > MOST_LETTERS:
        what = "characters, with those that make it bold or a list" if said.html else "characters"
        errors["feedback"] = f"Feedback: at most {MOST_LETTERS} {what}; this has {len(feedback)}."
        feedback = feedback[:MOST_LETTERS]
    points: Decimal | None = None
    scores: dict[str, Decimal] | None = None
    if rubric:
        scores = {}
        for at, one in enumerate(criteria(rubric, None), 1):
            found = read_points(form.get(f"criterion-{at}", ""), one.most)
            if found is None:
                errors[f"criterion-{at}"] = f"{one.name}: from 0 to {one.most.normalize():f} points."
            else:
                scores[one.name] = found
    else:
        points = read_points(form.get("points", ""), most)
        if points is None:
            errors["points"] = f"Points: from 0 to {most.normalize():f}, with at most two decimals."
    if errors and not draft:
        raise Invalid("Nothing was handed in.", fields=errors)
    return Given(points, scores, feedback)


def read_points(text: str, most: Decimal) -> Decimal | None:
    """Points within bounds, a comma or a point before at most two decimals; None for anything else."""
    if not re.fullmatch(r"[0-9]{1,6}([.,][0-9]{1,2})?", text.strip()):
        return None
    try:
        points = Decimal(text.strip().replace(",", "."))
    except InvalidOperation:
        return None
    return points if 0 <= points <= most else None


def read_settings(form: Mapping[str, str]) -> dict[str, int]:
    """The whole numbers of the settings. Raises Invalid with words for each field."""
    found: dict[str, int] = {}
    errors: dict[str, str] = {}
    for name, (words, least, most) in NUMBERS.items():
        text = form.get(name, "").strip()
        if re.fullmatch(r"[0-9]{1,4}", text) and least <= int(text) <= most:
            found[name] = int(text)
        else:
            errors[name] = f"{words}: a whole number from {least} to {most}."
    if errors:
        raise Invalid("Nothing was saved.", fields=errors)
    return found
