"""What differs between two states of a lesson."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from collegium.features.authoring import history
from collegium.features.authoring.history import difference

WORDS = st.lists(st.sampled_from(["the", "letter", "says", "no", "yes"]), min_size=1, max_size=5).map(" ".join)
LINES = st.lists(WORDS, max_size=8)


@given(LINES, LINES)
@settings(max_examples=80, deadline=None)
def test_both_sides_can_be_read_out_of_it(old: list[str], new: list[str]) -> None:
    before, history.AROUND = history.AROUND, 100
    try:
        lines = difference(old, new)
    finally:
        history.AROUND = before
    if old == new:
        assert lines == []
        return
    for side, text, other in (("added", new, "removed"), ("removed", old, "added")):
        found = [
            "".join(p.text for p in line.parts if p.kind in ("same", side)) for line in lines if line.kind != other
        ]
        assert found == text


def test_lines_that_stay_are_left_out_far_from_a_change() -> None:
    old = [f"line {number}" for number in range(20)]
    new = [*old[:10], "something new", *old[10:]]
    kinds = [line.kind for line in difference(old, new)]
    assert kinds == ["gap", "same", "same", "added", "same", "same", "gap"]


def test_within_a_line_the_words_that_changed_are_marked() -> None:
    (line,) = difference(["It stands in the letter."], ["It stands elsewhere."])
    assert [(part.kind, part.text) for part in line.parts if part.kind != "same"] == [
        ("removed", "in the letter."),
        ("added", "elsewhere."),
    ]
