"""The rule of the final grade: against every choice reckoned out, and its promises as properties."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from itertools import combinations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from collegium.access.stage import Stage

FAST = settings(
    max_examples=40, deadline=None, derandomize=True, database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip


@dataclass(frozen=True)
class Item:
    """An item of a category and what somebody has in it: hundredths of its points, or nothing."""

    category: int
    points: int
    share: int | None
    weight: int = 1
    excused: bool = False


@dataclass(frozen=True)
class Category:
    """How a category counts."""

    weight: int
    drop: int
    weighting: str


CATEGORY = st.builds(Category, st.integers(0, 50), st.integers(0, 3), st.sampled_from(["points", "equal"]))
ITEM = st.builds(
    Item, st.integers(0, 1), st.sampled_from([1, 5, 10, 40]), st.none() | st.integers(0, 100), st.sampled_from([0, 1, 1, 2]),
    st.sampled_from([False, False, False, True]),
)  # fmt: skip
SETUP = st.tuples(CATEGORY, CATEGORY)
ITEMS = st.lists(ITEM, min_size=1, max_size=6)

MAKE = """
with k as (
    insert into public.gradebook_categories (course_id, name, weight, drop_lowest, weighting, position)
    select %(course)s, 'Rule ' || c.n, (c.one ->> 'weight')::numeric, (c.one ->> 'drop')::integer, c.one ->> 'weighting', 900 + c.n
    from jsonb_array_elements(%(setup)s::jsonb) with ordinality as c (one, n) returning id, position
), i as (
    insert into public.gradebook_items (course_id, category_id, title, max_points, weight, position)
    select %(course)s, k.id, 'Item ' || t.n, (t.one ->> 'points')::numeric, (t.one ->> 'weight')::numeric, t.n::integer
    from jsonb_array_elements(%(items)s::jsonb) with ordinality as t (one, n)
    join k on k.position = 901 + (t.one ->> 'category')::integer order by t.n returning id, max_points, position
)
select count(*) from i
"""
FILL = """
insert into public.gradebook_cells (enrollment_id, item_id, course_id, points, excused)
select %(enrollment)s, i.id, i.course_id, (t.one ->> 'share')::numeric * i.max_points / 100, (t.one ->> 'excused')::boolean
from jsonb_array_elements(%(items)s::jsonb) with ordinality as t (one, n)
join public.gradebook_items i on i.course_id = %(course)s and i.position = t.n and i.title = 'Item ' || t.n
"""


def final(stage: Stage, setup: tuple[Category, ...], items: list[Item], missing: str = "nothing") -> Decimal | None:
    """What the database says."""
    given_setup = json.dumps([vars(one) for one in setup])
    given_items = json.dumps([vars(one) for one in items])
    with stage.undone():
        stage.owner("update public.gradebook_items set counts = false where course_id = %(course)s")
        stage.owner(MAKE, setup=given_setup, items=given_items)
        stage.owner(FILL, items=given_items)
        if missing != "nothing":
            stage.owner("insert into public.gradebooks (course_id, missing_work) values (%(course)s, 'zero_after_due')")
            stage.owner(
                "update public.gradebook_items set due_at = now() - interval '1 day' where title like 'Item %%'"
            )
        return stage.value("select final_grade from private.final_grades(%(course)s, array[%(enrollment)s::uuid])")


def reckoned(setup: tuple[Category, ...], items: list[Item], missing: bool = False) -> float | None:
    """The same by trying every choice of what is dropped."""
    grades: list[tuple[Fraction, int]] = []
    for number, category in enumerate(setup):
        counting = [
            (Fraction(one.share or 0), one.weight * (one.points if category.weighting == "points" else 1))
            for one in items
            if one.category == number and not one.excused and one.weight and (one.share is not None or missing)
        ]
        if counting and category.weight:
            kept = max(1, len(counting) - category.drop)
            means = [sum(p * w for p, w in few) / sum(w for _, w in few) for few in combinations(counting, kept)]
            grades.append((max(means), category.weight))
    whole = sum(weight for _, weight in grades)
    return float(sum((grade * weight for grade, weight in grades), Fraction(0)) / whole) if whole else None


def same(found: Decimal | None, wanted: float | None) -> bool:
    return found is wanted is None or (found is not None and wanted is not None and abs(float(found) - wanted) < 0.0051)


@FAST
@given(SETUP, ITEMS, st.booleans())
def test_it_is_what_reckoning_out_gives_within_bounds(
    stage: Stage, setup: tuple[Category, ...], items: list[Item], missing: bool
) -> None:
    found = final(stage, setup, items, "zero_after_due" if missing else "nothing")
    assert same(found, reckoned(setup, items, missing)), (found, reckoned(setup, items, missing))
    assert found is None or 0 <= found <= 100
    # The order of items does not matter, nor whether weights are shares of 50 or of 5000.
    assert final(stage, setup, items[::-1], "zero_after_due" if missing else "nothing") == found
    scaled = tuple(replace(one, weight=one.weight * 100) for one in setup)
    assert (
        final(
            stage,
            scaled,
            [replace(one, weight=one.weight * 7) for one in items],
            "zero_after_due" if missing else "nothing",
        )
        == found
    )


@FAST
@given(SETUP, ITEMS, st.integers(0, 5), st.integers(1, 100))
def test_more_never_costs_anything(
    stage: Stage, setup: tuple[Category, ...], items: list[Item], at: int, more: int
) -> None:
    one = items[at % len(items)]
    before = final(stage, setup, items, "zero_after_due")
    if before is None:
        return
    # More points in one item.
    raised = [replace(each, share=min(100, (each.share or 0) + more)) if each is one else each for each in items]
    after = final(stage, setup, raised, "zero_after_due")
    assert after is not None
    assert after >= before
    # One more of the lowest dropped.
    dropping = tuple(replace(each, drop=each.drop + 1) for each in setup)
    assert (final(stage, dropping, items, "zero_after_due") or 0) >= before
    # Excused from what is missing, as long as something else of its category counts.
    others = [
        each for each in items if each is not one and each.category == one.category and not each.excused and each.weight
    ]
    if one.share is None and others:
        excused = [replace(each, excused=True) if each is one else each for each in items]
        assert (final(stage, setup, excused, "zero_after_due") or 0) >= before


def test_dropping_the_lowest_percent_would_cost_points(stage: Stage) -> None:
    setup = (Category(100, 1, "points"), Category(0, 0, "equal"))
    low, small = Item(0, 40, 50), Item(0, 1, 51)
    before = final(stage, setup, [low, small, Item(0, 5, 100)])
    assert before == pytest.approx(Decimal("91.83"), abs=Decimal("0.01"))
    # With 52 % the other one is the lowest; without it the mean would be 57.
    after = final(stage, setup, [replace(low, share=52), small, Item(0, 5, 100)])
    assert after is not None
    assert after >= before
