"""A draft of each type, and ways in which drafts are wrong."""

from __future__ import annotations

from typing import Any

from collegium.features.questions.service import QuestionDraft


def options(*words: str) -> list[dict[str, Any]]:
    """Options a, b, c with these words."""
    return [{"id": "abcdefgh"[n], "text": word} for n, word in enumerate(words)]


THREE = options("He", "She", "They")
# Type → options, what is right, an answer that is right when options are shown as they were written.
NINE: dict[str, tuple[Any, Any, Any]] = {
    "multiple_choice": (THREE, {"selected": "b", "shares": {"c": 0.5}}, {"selected": "2"}),
    "multiple_answer": (THREE, {"selected": ["a", "c"], "rule": "all_or_nothing"}, {"selected": ["1", "3"]}),
    "true_false": ([], {"selected": "false"}, {"selected": "2"}),
    "short_answer": (
        [],
        {"accepted": ["Zürich", {"text": "Zurich city", "share": 0.5, "feedback": "Nearly."}], "typos": 1},
        {"text": " zurich "},
    ),
    "numeric": (
        [],
        {
            "answers": [{"value": 12.5, "tolerance": 0.1}],
            "units": {"kg": 1, "g": 0.001},
            "unit": "required",
        },
        {"number": "12,5", "unit": "kg"},
    ),
    "fill_blank": (
        [{"id": "1"}, {"id": "2"}],
        {"blanks": {"1": {"accepted": ["risk"]}, "2": {"pattern": "colou?r", "example": "color"}}},
        {"blanks": {"1": "Risk", "2": "colour"}},
    ),
    "matching": (
        {"left": options("1", "2"), "right": options("one", "two", "three")},
        {"pairs": {"a": "a", "b": "b"}, "rule": "all_or_nothing"},
        {"pairs": {"1": "1", "2": "2"}},
    ),
    "ordering": (THREE, {"order": ["b", "a", "c"], "rule": "pairs"}, {"order": ["2", "1", "3"]}),
    "essay": ([], None, {"html": "<p>Because.</p>"}),
}


def draft(kind: str, **changes: Any) -> QuestionDraft:
    """A draft of a type that can be saved."""
    given = NINE[kind]
    known: dict[str, Any] = {
        "question_type": kind,
        "question_html": f"<p>Say [[1]] and [[2]] of {kind}.</p>",
        "answer_options": given[0],
        "correct_answer": given[1],
        "tags": ("Basics", " risk  and law "),
    }
    return QuestionDraft(**(known | changes))


LONG = "x" * 201
# Type, options (None: as above), key: what neither the program nor the database takes.
WRONG: tuple[tuple[str, Any, Any], ...] = (
    ("multiple_choice", None, {"selected": "d"}),
    ("multiple_choice", None, {"selected": "a", "shares": {"b": 1.5}}),
    ("multiple_choice", None, {"selected": "a", "shares": {"z": 0.5}}),
    ("multiple_choice", THREE[:1], {"selected": "a"}),
    ("multiple_choice", [*THREE, THREE[0]], {"selected": "a"}),
    ("multiple_choice", [{"id": "a", "text": "x", "is_correct": "yes"}, THREE[1]], {"selected": "a"}),
    ("multiple_answer", None, {"selected": []}),
    ("multiple_answer", None, {"selected": ["a", "a"]}),
    ("multiple_answer", None, {"selected": ["a"], "rule": "some"}),
    ("multiple_answer", None, {"selected": ["a", "b"], "rule": "shares", "shares": {"a": 0.5, "b": 0.4}}),
    ("multiple_answer", None, {"selected": ["a", "b"], "rule": "shares", "shares": {"a": 1, "b": 0}}),
    ("true_false", None, {"selected": "maybe"}),
    ("true_false", THREE, {"selected": "true"}),
    ("essay", None, {"accepted": ["x"]}),
    ("short_answer", None, {"accepted": []}),
    ("short_answer", None, {"accepted": [" "]}),
    ("short_answer", None, {"accepted": ["x"], "typos": 4}),
    ("short_answer", None, {"accepted": ["x"], "typos": True}),
    ("short_answer", None, {"accepted": ["x"], "case_sensitive": "no"}),
    ("short_answer", None, {"accepted": [{"text": "x", "share": 1.1}]}),
    ("short_answer", None, {"accepted": [{"text": "x", "right": True}]}),
    ("short_answer", None, {"accepted": ["x"], "pattern": "x"}),
    ("short_answer", None, {"pattern": "(a+)+"}),
    ("short_answer", None, {"pattern": r"(a)\1"}),
    ("short_answer", None, {"pattern": "(?=a)a"}),
    ("short_answer", None, {"pattern": "a("}),
    ("short_answer", None, {"pattern": "[z-a]"}),
    ("short_answer", None, {"pattern": "a{41}"}),
    ("short_answer", None, {"pattern": LONG}),
    ("numeric", None, {"answers": []}),
    ("numeric", None, {"answers": [{"value": "12"}]}),
    ("numeric", None, {"answers": [{"value": 12, "tolerance": -1}]}),
    ("numeric", None, {"answers": [{"value": 1e16}]}),
    ("numeric", None, {"answers": [{"value": 1}], "unit": "required"}),
    ("numeric", None, {"answers": [{"value": 1}], "units": {"kg": 1}}),
    ("numeric", None, {"answers": [{"value": 1}], "units": {"kg": 0}, "unit": "optional"}),
    ("numeric", None, {"answers": [{"value": 1}], "units": {"2kg": 1}, "unit": "optional"}),
    ("fill_blank", None, {"blanks": {"1": {"accepted": ["x"]}}}),
    ("fill_blank", [{"id": "2"}], {"blanks": {"2": {"accepted": ["x"]}}}),
    ("fill_blank", None, {"blanks": {"1": {"accepted": ["x"]}, "2": {"pattern": "a**"}}}),
    ("matching", None, {"pairs": {"a": "a"}}),
    ("matching", None, {"pairs": {"a": "a", "b": "z"}}),
    ("matching", None, {"pairs": {"a": "a", "b": "b"}, "rule": "pairs"}),
    ("matching", THREE, {"pairs": {"a": "a"}}),
    ("ordering", None, {"order": ["a", "b"]}),
    ("ordering", None, {"order": ["a", "b", "b"]}),
    ("ordering", None, {"order": ["a", "b", "c"], "rule": "most"}),
)
