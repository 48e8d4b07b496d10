"""Each grading rule: a table of texts and numbers, and what must hold for every question, key and answer."""

from __future__ import annotations

import json
from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from collegium.access.stage import Stage
from tests.db.assessing import dumped, exam, save, start, submit

IDS = ["a", "b", "c", "d", "e"]
SAFE = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
SHARE = "select private.grade_share(%(kind)s, %(order)s, %(key)s, %(given)s)"
MANY = """
select private.grade_share(c ->> 0, c -> 1, c -> 2, c -> 3) from jsonb_array_elements(%(cases)s) with ordinality as x (c, n) order by n
"""


def share(stage: Stage, kind: str, order: Any, key: Any, answer: Any) -> Decimal:
    return stage.value(SHARE, kind=kind, order=dumped(order), key=dumped(key), given=dumped(answer))


def shares(stage: Stage, cases: Sequence[tuple[str, Any, Any, Any]]) -> list[Decimal]:
    """Many in one round trip."""
    return [row[0] for row in stage.owner(MANY, cases=json.dumps(cases))]


TEXTS: list[tuple[dict[str, Any], str, float]] = [
    ({"accepted": ["Zürich"]}, "  zurich ", 1),
    ({"accepted": ["Zürich"], "accents_count": True}, "zürich", 1),
    ({"accepted": ["Zürich"], "accents_count": True}, "zurich", 0),
    ({"accepted": ["Zürich"], "case_sensitive": True}, "zürich", 0),
    ({"accepted": ["Zürich"], "case_sensitive": True}, "Zurich", 0),
    ({"accepted": ["Zürich"], "case_sensitive": True, "accents_count": False}, "Zurich", 1),
    ({"accepted": ["New York"]}, "new\t  york", 1),
    ({"accepted": ["New York"]}, "newyork", 0),
    ({"accepted": ["ﬁre"]}, "fire", 1),
    ({"accepted": ["premium"], "typos": 1}, "premuim", 1),
    ({"accepted": ["premium"], "typos": 1}, "premum", 1),
    ({"accepted": ["premium"], "typos": 1}, "prremium", 1),
    ({"accepted": ["premium"], "typos": 1}, "pramium", 1),
    ({"accepted": ["premium"], "typos": 1}, "prmuim", 0),
    ({"accepted": ["premium"], "typos": 3}, "pemuim", 0),
    ({"accepted": ["indemnification"], "typos": 3}, "indemnifcatoin", 1),
    ({"accepted": ["indemnification"], "typos": 3}, "idemnifcatin", 1),
    ({"accepted": ["indemnification"], "typos": 3}, "idemnifcatn", 0),
    ({"accepted": ["cat"], "typos": 3}, "cut", 0),
    ({"accepted": ["risk"], "typos": 1}, "rusk", 1),
    ({"accepted": ["1914"], "typos": 3}, "1915", 0),
    ({"accepted": ["Clause 14 applies"], "typos": 1}, "Clause 15 applies", 0),
    ({"accepted": ["Clause 14 applies"], "typos": 1}, "Clause 14 aplies", 1),
    ({"accepted": ["to be or not"], "typos": 3}, "to me or not", 0),
    ({"accepted": ["*insurance*"], "wildcards": True}, "life INSURANCE policy", 1),
    ({"accepted": ["*insurance"], "wildcards": True}, "life insurance policy", 0),
    ({"accepted": ["*insurance"]}, "life insurance", 0),
    ({"accepted": [r"5 \* 3"], "wildcards": True}, "5 * 3", 1),
    ({"accepted": [r"5 \* *"], "wildcards": True}, "5 * 3", 1),
    ({"accepted": ["100%*"], "wildcards": True}, "100 of it", 0),
    ({"accepted": ["a_c*"], "wildcards": True}, "abcd", 0),
    ({"accepted": ["He", {"text": "She", "share": 0.5}]}, "she", 0.5),
    ({"accepted": [{"text": "risk", "share": 0.25}, {"text": "r*", "share": 0.75}], "wildcards": True}, "risk", 0.75),
    ({"pattern": "colou?r"}, "Color", 1),
    ({"pattern": "colou?r"}, "colors", 0),
    ({"pattern": "colou?r", "case_sensitive": True}, "Color", 0),
    ({"pattern": "mu(e|)ller"}, "Müller", 1),
    ({"pattern": "müller"}, "Müller", 1),
    ({"pattern": "müller"}, "Muller", 0),
    ({"pattern": "a|b"}, "ab", 0),
    ({"pattern": r"\d{2}-\d{2}"}, " 12-34 ", 1),
    ({"numeric": {"value": 3.5, "tolerance": 0.1}}, "3,6", 1),
    ({"numeric": {"value": 3.5, "tolerance": 0.1}}, "3,61", 0),
]  # fmt: skip


def test_texts_are_compared_as_the_key_says(stage: Stage) -> None:
    found = shares(stage, [("short_answer", [], key, {"text": text}) for key, text, _ in TEXTS])
    wrong = [(case, float(got)) for case, got in zip(TEXTS, found, strict=True) if float(got) != case[2]]
    assert not wrong


KG = {"units": {"kg": 1, "g": 0.001, "mW": 0.5, "MW": 2}, "unit": "required"}
NUMBERS: list[tuple[dict[str, Any], str, str, float]] = [
    ({"answers": [{"value": 12.5}]}, "12.5", "", 1),
    ({"answers": [{"value": 12.5}]}, "12,50", "", 1),
    ({"answers": [{"value": 12.5}]}, "+12.5", "", 1),
    ({"answers": [{"value": 12.5}]}, "12.51", "", 0),
    ({"answers": [{"value": 12.5}]}, "1.25e1", "", 1),
    ({"answers": [{"value": 12.5}]}, "1,25·10^1", "", 1),
    ({"answers": [{"value": 12.5}]}, "twelve", "", 0),
    ({"answers": [{"value": 12.5}]}, "", "kg", 0),
    ({"answers": [{"value": 12.5}]}, "12.5 12.5", "", 0),
    ({"answers": [{"value": 12.5}]}, "١٢", "", 0),
    ({"answers": [{"value": -3}]}, "−3", "", 1),
    ({"answers": [{"value": 0.5}]}, ",5", "", 1),
    ({"answers": [{"value": 1234567}]}, "1 234 567", "", 1),
    ({"answers": [{"value": 1234567}]}, "1 234 567", "", 1),
    ({"answers": [{"value": 12.5, "tolerance": 0.5}]}, "13", "", 1),
    ({"answers": [{"value": 12.5, "tolerance": 0.5}]}, "12", "", 1),
    ({"answers": [{"value": 12.5, "tolerance": 0.5}]}, "13.0001", "", 0),
    ({"answers": [{"value": -200, "tolerance": 0.05, "relative": True}]}, "-190", "", 1),
    ({"answers": [{"value": -200, "tolerance": 0.05, "relative": True}]}, "-189.9", "", 0),
    ({"answers": [{"value": 0, "tolerance": 0.05, "relative": True}]}, "0", "", 1),
    ({"answers": [{"value": 10}, {"value": 10, "tolerance": 2, "share": 0.5}]}, "11", "", 0.5),
    ({"answers": [{"value": 10, "tolerance": 2, "share": 0.5}, {"value": 10}]}, "10", "", 1),
    ({"answers": [{"value": 10}]}, "10", "kg", 1),
    ({"answers": [{"value": 2}], **KG}, "2", "kg", 1),
    ({"answers": [{"value": 2}], **KG}, "2000", " g ", 1),
    ({"answers": [{"value": 2}], **KG}, "2 KG", "", 1),
    ({"answers": [{"value": 2}], **KG}, "2", "", 0),
    ({"answers": [{"value": 2}], **KG}, "2", "lb", 0),
    ({"answers": [{"value": 2}], **KG}, "4", "mW", 1),
    ({"answers": [{"value": 2}], **KG}, "1", "MW", 1),
    ({"answers": [{"value": 2}], **KG}, "1", "mw", 0),
    ({"answers": [{"value": 2}], **KG, "unit": "optional"}, "2", "", 1),
    ({"answers": [{"value": 2}], **KG, "unit": "optional"}, "2", "lb", 0),
]


def test_numbers_are_compared_with_tolerance_and_unit(stage: Stage) -> None:
    cases = [("numeric", [], key, {"number": text, "unit": unit}) for key, text, unit, _ in NUMBERS]
    found = shares(stage, cases)
    wrong = [(case, float(got)) for case, got in zip(NUMBERS, found, strict=True) if float(got) != case[3]]
    assert not wrong


# What holds for all ---------------------------------------------------------------------------------------------

SHARES = st.dictionaries(st.sampled_from(IDS), st.integers(-100, 100).map(lambda n: n / 100))
RIGHT = st.lists(st.sampled_from(IDS), min_size=1, unique=True)
SHOWN = st.lists(st.sampled_from([str(n) for n in range(1, 6)]), unique=True)


@SAFE
@given(
    right=RIGHT,
    given_=SHARES,
    chosen=SHOWN,
    order=st.permutations(IDS),
    rule=st.sampled_from(["balanced", "all_or_nothing", "shares"]),
)
def test_several_choices(
    stage: Stage, right: list[str], given_: dict[str, float], chosen: list[str], order: list[str], rule: str
) -> None:
    key = {"selected": right, "rule": rule, "shares": given_}
    picked = [order[int(one) - 1] for one in chosen]
    more = [str(order.index(one) + 1) for one in right if one not in picked]
    got, turned, other_order, all_right, *grown = shares(
        stage,
        [
            ("multiple_answer", order, key, {"selected": chosen}),
            ("multiple_answer", order, {**key, "selected": right[::-1]}, {"selected": chosen[::-1]}),
            ("multiple_answer", IDS, key, {"selected": [str(IDS.index(one) + 1) for one in picked]}),
            ("multiple_answer", order, key, {"selected": [str(order.index(one) + 1) for one in right]}),
            *[("multiple_answer", order, key, {"selected": [*chosen, one]}) for one in more],
        ],
    )
    hits = sum(one in right for one in picked)
    expected = {
        "balanced": max(0, Fraction(2 * hits - len(picked), len(right))),
        "all_or_nothing": Fraction(set(picked) == set(right)),
        "shares": Fraction(1)
        if set(picked) == set(right)
        else min(1, max(0, sum(Fraction(str(given_.get(one, 0))) for one in picked))),
    }[rule]
    assert float(got) == pytest.approx(float(expected))
    assert got == turned == other_order, "no order"
    assert (0 <= got <= 1, all_right) == (True, 1)
    if rule == "balanced":
        assert all(one >= got for one in grown), "one more right choice never takes away"


@SAFE
@given(right=st.sampled_from(IDS), given_=SHARES, order=st.permutations(IDS))
def test_one_choice_earns_all_its_share_or_nothing(
    stage: Stage, right: str, given_: dict[str, float], order: list[str]
) -> None:
    key = {"selected": right, "shares": given_}
    found = shares(stage, [("multiple_choice", order, key, {"selected": str(n + 1)}) for n in range(5)])
    assert [float(one) for one in found] == [1 if one == right else max(0, given_.get(one, 0)) for one in order]


@SAFE
@given(
    order=st.permutations(IDS),
    right=st.permutations(IDS),
    answer=st.permutations(range(5)),
    rule=st.sampled_from(["share", "pairs", "all_or_nothing"]),
)
def test_ordering(stage: Stage, order: list[str], right: list[str], answer: list[int], rule: str) -> None:
    key = {"order": right, "rule": rule}
    put = [order[n] for n in answer]
    got, best = shares(
        stage,
        [
            ("ordering", order, key, {"order": [str(n + 1) for n in answer]}),
            ("ordering", order, key, {"order": [str(order.index(one) + 1) for one in right]}),
        ],
    )
    followed = sum(put.index(later) == put.index(one) + 1 for one, later in pairwise(right))
    expected = {
        "share": sum(a == b for a, b in zip(put, right, strict=True)) / 5,
        "pairs": followed / 4,
        "all_or_nothing": float(put == right),
    }
    assert (float(got), best) == (pytest.approx(expected[rule]), 1)


@SAFE
@given(
    matches=st.lists(st.sampled_from([*IDS, None]), min_size=5, max_size=5),
    order=st.permutations(IDS),
    whole=st.booleans(),
)
def test_matching_adds_up_its_parts(stage: Stage, matches: list[str | None], order: list[str], whole: bool) -> None:
    shown = {"left": order, "right": order[::-1]}
    key = {"pairs": dict(zip(IDS, IDS, strict=True)), **({"rule": "all_or_nothing"} if whole else {})}
    given_ = {
        str(order.index(left) + 1): str(order[::-1].index(right) + 1)
        for left, right in zip(IDS, matches, strict=True)
        if right
    }
    one_by_one = [
        ("matching", shown, {"pairs": key["pairs"]}, {"pairs": {left: right}}) for left, right in given_.items()
    ]
    got, *parts = shares(stage, [("matching", shown, key, {"pairs": given_}), *one_by_one])
    hits = sum(left == right for left, right in zip(IDS, matches, strict=True))
    assert float(got) == (float(hits == 5) if whole else pytest.approx(hits / 5))
    assert float(sum(parts)) == pytest.approx(hits / 5)


@SAFE
@given(
    texts=st.lists(st.sampled_from(["risk", "law", "", "claim"]), min_size=3, max_size=3),
    part=st.integers(0, 100),
    whole=st.booleans(),
)
def test_blanks_are_the_mean_of_their_parts(stage: Stage, texts: list[str], part: int, whole: bool) -> None:
    one = {"accepted": ["risk", {"text": "law", "share": part / 100}]}
    key = {"blanks": dict.fromkeys("123", one), **({"rule": "all_or_nothing"} if whole else {})}
    got = share(stage, "fill_blank", ["1", "2", "3"], key, {"blanks": dict(zip("123", texts, strict=True))})
    earned = [{"risk": 1, "law": part / 100}.get(text, 0) for text in texts]
    expected = sum(earned) / 3
    assert float(got) == pytest.approx(float(expected == 1) if whole else expected)


@SAFE
@given(
    word=st.text("abcdefgh ", min_size=1, max_size=20).filter(str.strip),
    other=st.text("abcdefgh ", max_size=20),
    slips=st.integers(0, 3),
)
def test_more_slips_never_earn_less_and_equal_texts_are_equal(stage: Stage, word: str, other: str, slips: int) -> None:
    found = shares(
        stage,
        [("short_answer", [], {"accepted": [word], "typos": n}, {"text": other}) for n in range(4)]
        + [("short_answer", [], {"accepted": [word], "typos": slips}, {"text": f" {word.upper()}  "})],
    )
    assert found[:4] == sorted(found[:4])
    assert found[4] == 1


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text("ab1,.*\\%_[(", max_size=6) | st.sampled_from(IDS),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["selected", "order", "pairs", "blanks", "text", "number", "unit", "1", "2"]),
            inner,
            max_size=3,
        )
    ),
    max_leaves=6,
)
KEYS: dict[str, tuple[Any, Any]] = {
    "multiple_choice": (IDS, {"selected": "a", "shares": {"b": -1, "c": 0.3}}),
    "multiple_answer": (IDS, {"selected": ["a", "b"], "rule": "shares", "shares": {"a": 1, "b": 0.5, "c": -1}}),
    "true_false": (["true", "false"], {"selected": "true"}),
    "short_answer": ([], {"accepted": ["a*", {"text": "b", "share": 0.4}], "typos": 3, "wildcards": True}),
    "numeric": ([], {"answers": [{"value": 1, "tolerance": 2}], "units": {"a": 1}, "unit": "optional"}),
    "fill_blank": (["1"], {"blanks": {"1": {"pattern": "(a|b){1,5}"}}}),
    "matching": ({"left": IDS, "right": IDS}, {"pairs": {"a": "b", "b": "c", "c": "d", "d": "e", "e": "a"}}),
    "ordering": (IDS, {"order": IDS, "rule": "pairs"}),
}  # fmt: skip


@settings(SAFE, max_examples=80)
@given(
    answer=st.dictionaries(
        st.sampled_from(["selected", "order", "pairs", "blanks", "text", "number", "unit"]), ANYTHING, max_size=2
    )
)
def test_whatever_is_taken_as_an_answer_earns_from_nothing_to_everything(stage: Stage, answer: Any) -> None:
    for kind, (order, key) in KEYS.items():
        if stage.value("select private.is_answer(%(k)s, %(o)s, %(a)s)", k=kind, o=dumped(order), a=dumped(answer)):
            assert 0 <= share(stage, kind, order, key, answer) <= 1, (kind, answer)


def test_the_figures_of_versions_follow_attempts_and_grades(stage: Stage) -> None:
    quiz = exam(stage, "true_false", "essay", points=4)
    stage.owner("update public.quizzes set shuffle_questions = false where id = %(quiz)s", quiz=quiz)
    attempt = start(stage, quiz)
    save(stage, attempt, 1, {"selected": "2"})
    save(stage, attempt, 2, {"html": "<p>Because.</p>"})
    figures = """
    select v.question_type, f.asked, f.answered, f.full_points, round(f.share_sum, 2) from public.questions q
    cross join lateral public.question_figures(array[q.id]) f join public.question_versions v on v.id = f.version_id
    where v.id in (select p.question_version_id from public.quiz_questions p where p.quiz_id = %(quiz)s) order by 1
    """
    rows = stage.act("instructor", figures, quiz=quiz).rows
    assert [tuple(row) for row in rows] == [("essay", 1, 0, 0, 0), ("true_false", 1, 0, 0, 0)]
    submit(stage, attempt)
    essay = stage.value(
        "select id from public.quiz_answers where quiz_attempt_id = %(a)s and points_earned is null", a=attempt
    )
    grade = "select public.grade_quiz_answer(%(w)s, %(points)s, null, 'Read again.')"
    stage.act("instructor", grade, w=essay, points=4)
    stage.act("instructor", grade, w=essay, points=1)
    before = [tuple(row) for row in stage.act("instructor", figures, quiz=quiz).rows]
    assert stage.value("select private.fold_question_moves()") > 0
    assert stage.value("select private.fold_question_moves()") == 0
    after = [tuple(row) for row in stage.act("instructor", figures, quiz=quiz).rows]
    assert before == after
    assert {row[0]: row[1:3] for row in after} == {"essay": (1, 1), "true_false": (1, 1)}
    assert {row[0]: row[4] for row in after}["essay"] == Decimal("0.25")
    assert stage.act("learner", figures, quiz=quiz).rows == []


def test_no_pattern_that_is_let_through_is_slow_or_fails(stage: Stage) -> None:
    stage.owner("set local statement_timeout = '2s'")
    for pattern in (
        "." * 200,
        ".{1,40}" * 28,
        "(a|aa|aaa|b|.){1,10}" * 9,
        ".*" * 99,
        "(.|a|b|c|d){1,10}" * 11,
        "(a|b|ab)*c",
    ):
        assert stage.value("select private.is_safe_pattern(%(p)s)", p=pattern), pattern
        answer = {"text": "ab" * 1000}
        assert share(stage, "short_answer", [], {"pattern": pattern}, answer) in (0, 1)
    for pattern in ("(a+)+$", "(a*)*", "((a{9}){9}){9}", r"(.*)\1\1"):
        key = json.dumps({"pattern": pattern})
        assert stage.value("select private.is_question_key('short_answer', '[]', %(key)s)", key=key) is False, pattern
