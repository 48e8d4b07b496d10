"""Grades in words: numbers as people write them, and why a final grade is what it is."""

from __future__ import annotations

import re

from collegium.features.gradebook.history import plain
from collegium.features.gradebook.model import MyCategory, MyGrades, MyItem
from collegium.kit.errors import Invalid

_POINTS = re.compile(r"[0-9]{1,6}([.,][0-9]{1,2})?")


def read_points(text: str) -> float | None:
    """Points as somebody typed them, with a comma or a point; None for nothing. Raises Invalid."""
    text = text.strip()
    if not text:
        return None
    if not _POINTS.fullmatch(text):
        raise Invalid("Points: a number with at most two decimals, such as 7 or 7.5.", code="points_shape")
    return float(text.replace(",", "."))


def item_words(item: MyItem) -> str:
    """What becomes of an item, in a few words."""
    return {
        "counts": "Counts",
        "missing": "Nothing was handed in and it is due: counts as 0",
        "dropped": "Left out, because your grade is best without it",
        "excused": "You are excused: left out",
        "hidden": "",
        "apart": "Does not count towards the final grade",
        "waiting": "Handed in, waits for a grade",
        "nothing": "Nothing yet: left out for now",
    }[item.state]


def category_words(category: MyCategory, items: list[MyItem]) -> str:
    """How a category's grade came about."""
    counted = [one for one in items if one.state in ("counts", "missing")]
    dropped = sum(one.state == "dropped" for one in items)
    if not counted:
        return "Nothing counts here yet, so this category is left out for now."
    if len(counted) == 1:
        words = f"{counted[0].title} alone counts here"
    else:
        even = len({one.share for one in counted}) == 1
        how = (
            "each counts the same"
            if even
            else "each weighs by its points"
            if category.weighting == "points"
            else "each by its weight"
        )
        words = f"The mean of {len(counted)} items; {how}"
    if dropped:
        words += f". {dropped} {'item is' if dropped == 1 else 'items are'} left out, as the lowest"
    return words + "."


def why(grades: MyGrades) -> list[str]:
    """Why the final grade is this number, a sentence a line."""
    shown = [one for one in grades.categories if one.grade is not None and one.weight > 0]
    total = sum(one.weight for one in shown)
    if grades.final_grade is None or not shown or not total:
        return ["There is no final grade yet: nothing that counts has a grade."]
    if len(shown) == 1:
        lines = [
            f"Only {shown[0].name} counts so far, so its grade is your final grade: {plain(grades.final_grade)} %."
        ]
    else:
        sums = " + ".join(f"{plain(one.grade)} × {plain(one.weight / total * 100)} %" for one in shown)
        lines = [f"{sums} = {plain(grades.final_grade)} %."]
    left = [one.name for one in grades.categories if one.grade is None and one.weight > 0]
    if left:
        lines.append(f"{', '.join(left)}: nothing counts there yet, so the others weigh more until it does.")
    if grades.missing_work == "zero_after_due":
        lines.append("What is due and was not handed in counts as 0. What waits for a grade does not count yet.")
    else:
        lines.append("What has no grade yet is left out.")
    return lines
