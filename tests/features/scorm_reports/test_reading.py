"""Interactions and objectives, read from what a package left behind."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collegium.features.scorm_reports.reading import interactions, objectives, seconds_of

SAID_12 = {
    "A": {
        "cmi.interactions.0.id": "q1",
        "cmi.interactions.0.type": "choice",
        "cmi.interactions.0.student_response": "b",
        "cmi.interactions.0.correct_responses.0.pattern": "b",
        "cmi.interactions.0.correct_responses.1.pattern": "c",
        "cmi.interactions.0.result": "correct",
        "cmi.interactions.0.latency": "00:00:12.5",
        "cmi.interactions.10.id": "q11",
        "cmi.interactions.2.id": "q3",
        "cmi.interactions.2.result": "wrong",
        "cmi.objectives.0.id": "o1",
        "cmi.objectives.0.status": "passed",
        "cmi.objectives.0.score.raw": "70",
        "cmi.core.lesson_status": "completed",
    }
}


def test_scorm_12() -> None:
    found = interactions(SAID_12)
    assert [one.identifier for one in found] == ["q1", "q3", "q11"]
    first = found[0]
    assert (first.response, first.patterns, first.is_correct, first.seconds) == ("b", ["b", "c"], True, 12.5)
    assert (found[1].is_correct, found[2].is_correct) == (False, None)
    (one,) = objectives(SAID_12)
    assert (one.identifier, one.success, one.completion, one.score) == ("o1", "passed", "", "70")


def test_scorm_2004() -> None:
    said = {
        "B": {
            "cmi.interactions.0.id": "q",
            "cmi.interactions.0.learner_response": "4.5",
            "cmi.interactions.0.result": "0.5",
            "cmi.interactions.0.latency": "PT1M2.25S",
            "cmi.interactions.0.description": "How high is the door?",
            "cmi.objectives.0.id": "o",
            "cmi.objectives.0.success_status": "failed",
            "cmi.objectives.0.completion_status": "completed",
            "cmi.objectives.0.score.scaled": "0.4",
        }
    }
    (one,) = interactions(said)
    assert (one.is_correct, one.result, one.seconds, one.description) == (None, "0.5", 62.25, "How high is the door?")
    assert [(o.success, o.completion, o.score) for o in objectives(said)] == [("failed", "completed", "0.4")]


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("00:00:01", 1),
        ("0100:00:00.25", 360_000.25),
        ("PT1H", 3600),
        ("P1DT0.5S", 86_400.5),
        ("P", None),
        ("PT", None),
        ("P1DT", None),
        ("", None),
        ("12", None),
        ("1:00:00", None),
    ],
    ids=str,
)
def test_durations(text: str, seconds: float | None) -> None:
    assert seconds_of(text) == seconds


@given(
    st.dictionaries(
        st.text(max_size=40), st.dictionaries(st.text(max_size=60), st.text(max_size=20), max_size=6), max_size=3
    )
)
def test_nothing_that_was_said_breaks_it(said: dict[str, dict[str, str]]) -> None:
    interactions(said)
    objectives(said)
