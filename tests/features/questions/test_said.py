"""What an author has to say to answers, as a preview lists it."""

from __future__ import annotations

import pytest

from collegium.features.questions.said import said_to

OPTIONS = [{"id": "a", "text": "He"}, {"id": "b", "text": "She & they"}]


@pytest.mark.parametrize(
    ("kind", "options", "key", "feedback", "found"),
    [
        (
            "multiple_choice", OPTIONS, {"selected": "b"},
            {"b": "<b>Yes</b><script>x</script>", "wrong": "a < b", "a": " "},
            [("“She & they”", "<b>Yes</b>"), ("A wrong one", "a &lt; b")],
        ),
        ("true_false", [], {"selected": "true"}, {"false": "No."}, [("“False”", "No.")]),
        (
            "short_answer", [], {"accepted": ["Zürich", {"text": "Bern", "share": 0.5, "feedback": "Near."}]}, {},
            [("“Bern”", "Near.")],
        ),
        (
            "numeric", [], {"answers": [{"value": 12.5, "tolerance": 0.1, "share": 0.5, "feedback": "About."}]}, None,
            [("12.5 ± 0.1", "About.")],
        ),
        (
            "fill_blank", [{"id": "1"}], {"blanks": {"1": {"accepted": [{"text": "risk", "feedback": "Indeed."}]}}}, {},
            [("Blank 1: “risk”", "Indeed.")],
        ),
        ("essay", [], None, None, []),
    ],
    ids=["choice", "truth", "text", "number", "blanks", "essay"],
)  # fmt: skip
def test_each_answer_to_which_something_is_said(kind, options, key, feedback, found) -> None:  # type: ignore[no-untyped-def]
    """The order is the author's, and what is said is cleaned."""
    assert [(one.to, str(one.shown)) for one in said_to(kind, options, key, feedback)] == found
