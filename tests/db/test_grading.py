"""What answers are worth, when an attempt is graded, who grades, what a corrected key changes, what a grade completes."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from collegium.access.stage import Stage
from tests.db.assessing import (
    EIGHT,
    GRADE,
    OBJECTIVE,
    answer_all,
    answer_of,
    dumped,
    exam,
    passed_exam,
    right_answers,
    save,
    standing,
    start,
    submit,
)

SHARE = "select private.grade_share(%(kind)s, %(order)s, %(correct)s, %(given)s)"


def share(stage: Stage, kind: str, order: Any, correct: Any, answer: Any) -> float:
    return float(stage.value(SHARE, kind=kind, order=dumped(order), correct=dumped(correct), given=dumped(answer)))


# Rules of each type -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "answer", "worth"),
    [
        ("multiple_choice", {"selected": "2"}, 1),
        ("multiple_choice", {"selected": "1"}, 0),
        ("true_false", {"selected": "2"}, 1),
        ("true_false", {"selected": "1"}, 0),
        ("multiple_answer", {"selected": ["1", "3"]}, 1),
        ("multiple_answer", {"selected": ["3"]}, 0.5),
        ("multiple_answer", {"selected": ["1", "2", "3"]}, 0.5),
        ("multiple_answer", {"selected": ["1", "2"]}, 0),
        ("multiple_answer", {"selected": ["2"]}, 0),
        ("multiple_answer", {"selected": []}, 0),
        ("short_answer", {"text": "  ZURICH "}, 1),
        ("short_answer", {"text": "zürich   City"}, 1),
        ("short_answer", {"text": "Zürichsee"}, 0),
        ("fill_blank", {"blanks": {"1": "Risk", "2": "3,55"}}, 1),
        ("fill_blank", {"blanks": {"1": "risk", "2": "3.61"}}, 0.5),
        ("fill_blank", {"blanks": {"2": "three"}}, 0),
        ("matching", {"pairs": {"1": "2", "2": "3", "3": "1"}}, 1),
        ("matching", {"pairs": {"1": "2", "2": "4"}}, 1 / 3),
        ("matching", {"pairs": {"1": "2", "2": "2", "3": "2"}}, 1 / 3),
        ("ordering", {"order": ["3", "1", "2"]}, 1),
        ("ordering", {"order": ["3", "2", "1"]}, 1 / 3),
        ("ordering", {"order": ["1", "2", "3"]}, 0),
    ],
    ids=lambda value: json.dumps(value) if isinstance(value, dict) else str(value),
)
def test_what_an_answer_is_worth(stage: Stage, kind: str, answer: Any, worth: float) -> None:
    orders: dict[str, Any] = {
        "true_false": ["true", "false"],
        "fill_blank": ["1", "2"],
        "matching": {"left": ["a", "b", "c"], "right": ["a", "b", "c", "d"]},
    }
    got = share(stage, kind, orders.get(kind, ["a", "b", "c"]), EIGHT[kind][1], answer)
    assert got == pytest.approx(worth, abs=1e-9)


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("3.5", True),
        ("3,4", True),
        ("+3.6", True),
        ("3.61", False),
        ("-3.5", False),
        ("1e9", False),
        ("3.5 m", False),
        ("", False),
    ],
)
def test_numbers_are_right_within_their_tolerance(stage: Stage, text: str, right: bool) -> None:
    expected = {"numeric": {"value": 3.5, "tolerance": 0.1}}
    assert share(stage, "short_answer", [], expected, {"text": text}) == right


def test_case_counts_where_the_key_says_so(stage: Stage) -> None:
    key = {"accepted": ["CLU"], "case_sensitive": True}
    assert share(stage, "short_answer", [], key, {"text": " CLU "}) == 1
    assert share(stage, "short_answer", [], key, {"text": "clu"}) == 0


TOKENS = st.lists(st.sampled_from([str(n) for n in range(1, 7)]), unique=True)
IDS = ["a", "b", "c", "d", "e", "f"]
SAFE = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@SAFE
@given(chosen=TOKENS, right=st.lists(st.sampled_from(IDS), min_size=1, unique=True), order=st.permutations(IDS))
def test_several_choices_are_right_minus_wrong_within_bounds(
    stage: Stage, chosen: list[str], right: list[str], order: list[str]
) -> None:
    got = share(stage, "multiple_answer", order, {"selected": right}, {"selected": chosen})
    hits = sum(order[int(token) - 1] in right for token in chosen)
    assert got == pytest.approx(max(0, hits - (len(chosen) - hits)) / len(right))
    assert 0 <= got <= 1
    assert got == share(stage, "multiple_answer", order, {"selected": right[::-1]}, {"selected": chosen[::-1]}), (
        "no order"
    )


@SAFE
@given(
    pairs=st.dictionaries(st.sampled_from(["1", "2", "3"]), st.sampled_from(["1", "2", "3", "4"])),
    left=st.permutations(["a", "b", "c"]),
    right=st.permutations(["a", "b", "c", "d"]),
)
def test_a_matching_is_worth_its_share(stage: Stage, pairs: dict[str, str], left: list[str], right: list[str]) -> None:
    key = EIGHT["matching"][1]["pairs"]
    hits = sum(key[left[int(a) - 1]] == right[int(b) - 1] for a, b in pairs.items())
    got = share(stage, "matching", {"left": left, "right": right}, {"pairs": key}, {"pairs": pairs})
    assert got == pytest.approx(hits / 3)


@SAFE
@given(answer=st.permutations(["1", "2", "3"]), order=st.permutations(["a", "b", "c"]))
def test_an_ordering_is_worth_what_stands_in_its_place(stage: Stage, answer: list[str], order: list[str]) -> None:
    key = EIGHT["ordering"][1]["order"]
    got = share(stage, "ordering", order, {"order": key}, {"order": answer})
    assert got == pytest.approx(
        sum(order[int(token) - 1] == wanted for token, wanted in zip(answer, key, strict=True)) / 3
    )


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(st.sampled_from("0123ab#?"), max_size=3),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["1", "2", "a", "selected", "pairs", "order", "blanks", "text"]), inner)
    ),
    max_leaves=8,
)


@SAFE
@given(
    kind=st.sampled_from(OBJECTIVE),
    answer=st.dictionaries(st.sampled_from(["selected", "pairs", "order", "blanks", "text"]), ANYTHING),
)
def test_whatever_is_an_answer_earns_between_nothing_and_everything(stage: Stage, kind: str, answer: Any) -> None:
    order: Any = {"matching": {"left": ["a", "b", "c"], "right": ["a", "b", "c", "d"]}, "fill_blank": ["1", "2"]}.get(
        kind, ["a", "b", "c"]
    )
    if stage.value("select private.is_answer(%(k)s, %(o)s, %(w)s)", k=kind, o=dumped(order), w=dumped(answer)):
        assert 0 <= share(stage, kind, order, EIGHT[kind][1], answer) <= 1


# The attempt ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", OBJECTIVE)
def test_what_is_right_earns_all_and_nothing_earns_nothing(stage: Stage, kind: str) -> None:
    quiz = exam(stage, kind)
    assert standing(stage, passed_exam(stage, quiz)) == ("graded", 100, True)
    assert submit(stage, start(stage, quiz)) == ("graded", 0, False)


def test_totals_are_of_the_points_at_the_start(stage: Stage) -> None:
    quiz = exam(stage, "multiple_choice", "true_false", points=2)
    attempt = start(stage, quiz)
    answer_all(stage, attempt, but=("true_false",))
    stage.owner("update public.quiz_questions set points = 100 where quiz_id = %(q)s", q=quiz)
    assert submit(stage, attempt) == ("graded", 50, False)
    rows = stage.owner("select points_earned, total_points from public.quiz_attempts where id = %(a)s", a=attempt)
    assert rows == [(2, 4)]


@pytest.mark.parametrize(("mark", "passed"), [(66.67, True), (66.68, False)])
def test_the_mark_itself_passes(stage: Stage, mark: float, passed: bool) -> None:
    quiz = exam(stage, "multiple_choice", "true_false", "short_answer")
    stage.owner("update public.quizzes set passing_score = %(m)s where id = %(q)s", m=mark, q=quiz)
    attempt = start(stage, quiz)
    answer_all(stage, attempt, but=("true_false",))
    assert float(submit(stage, attempt)[1]) == 66.67
    assert standing(stage, attempt)[2] is passed


def test_n_quiz_totals_are_taken_from_points_that_the_learner_writes(stage: Stage) -> None:
    attempt = start(stage, exam(stage, "multiple_choice"))
    right = right_answers(stage, attempt)[1][1]
    save(stage, attempt, 1, {"selected": next(n for n in "123" if n != right["selected"])})
    for statement in (
        "update public.quiz_answers set points_earned = max_points, is_correct = true",
        "insert into public.quiz_answers (quiz_attempt_id, position, question_id, course_id, answer_data, seq, max_points)"
        " values (%(attempt)s, 2, %(question)s, %(course)s, '{}', 1, 99)",
        'update public.question_keys set correct_answer = \'{"selected": "a"}\'',
        "select correct_answer from public.question_keys",
    ):
        outcome = stage.attempt("owner", statement)
        assert outcome.state == "42501" or not outcome.rows, statement
    assert submit(stage, attempt) == ("graded", 0, False)


def test_n_an_attempt_with_an_essay_is_graded_on_submission(stage: Stage) -> None:
    quiz = exam(stage, "essay", "multiple_choice", "short_answer")
    stage.owner("update public.question_keys set correct_answer = null where question_type = 'short_answer'")
    attempt = passed_exam(stage, quiz)
    assert standing(stage, attempt) == ("submitted", None, None)
    stage.act("instructor", GRADE, w=answer_of(stage, attempt, "essay"), points=1.5, reason=None)
    assert standing(stage, attempt) == ("submitted", None, None), "one more waits"
    stage.act("instructor", GRADE, w=answer_of(stage, attempt, "short_answer"), points=3, reason=None)
    assert standing(stage, attempt)[0] == "graded"
    assert float(standing(stage, attempt)[1]) == 83.33


def test_an_essay_that_was_left_out_waits_for_nobody(stage: Stage) -> None:
    attempt = start(stage, exam(stage, "essay", "multiple_choice"))
    answer_all(stage, attempt, but=("essay",))
    save(stage, attempt, 1 if right_answers(stage, attempt)[1][0] == "essay" else 2, {"html": "  "})
    assert submit(stage, attempt)[0] == "graded"


@pytest.mark.parametrize("points", [-0.01, 3.01, "NaN", None])
def test_points_are_within_the_question(stage: Stage, points: Any) -> None:
    attempt = passed_exam(stage, exam(stage, "essay"))
    refused = stage.attempt("instructor", GRADE, w=answer_of(stage, attempt, "essay"), points=points, reason=None)
    assert refused.code == "points_out_of_range"


def test_who_may_grade(stage: Stage) -> None:
    attempt = passed_exam(stage, exam(stage, "essay"))
    essay = answer_of(stage, attempt, "essay")
    for who in ("owner", "learner", "stranger", "other_instructor", "manager"):
        assert stage.attempt(who, GRADE, w=essay, points=3, reason=None).code == "no_such_attempt"
    stage.act("admin", GRADE, w=essay, points=3, reason=None)
    assert stage.attempt("instructor", GRADE, w=essay, points=1, reason=" ").code == "reason_needed"
    stage.act("instructor", GRADE, w=essay, points=1, reason="Was too kind.")
    rows = stage.owner(
        "select points_before, points_after, passed_before, passed_after, reason from public.quiz_grade_changes"
        " where quiz_attempt_id = %(a)s order by changed_at, id",
        a=attempt,
    )
    assert rows == [(None, 3, None, True, "Graded."), (3, 1, True, False, "Was too kind.")]


def test_nobody_grades_his_own_work(stage: Stage) -> None:
    quiz = exam(stage, "essay")
    stage.owner(
        "insert into public.enrollments (course_id, member_id, enrollment_source) values (%(course)s, %(instructor)s, 'admin_assignment')"
    )
    attempt = passed_exam(stage, quiz, "instructor")
    assert (
        stage.attempt("instructor", GRADE, w=answer_of(stage, attempt, "essay"), points=3, reason=None).code
        == "own_work"
    )


def test_nothing_is_graded_before_it_is_handed_in(stage: Stage) -> None:
    attempt = start(stage, exam(stage, "essay"))
    answer_all(stage, attempt)
    refused = stage.attempt("instructor", GRADE, w=answer_of(stage, attempt, "essay"), points=3, reason=None)
    assert refused.code == "attempt_in_progress"


def test_feedback_of_the_options_that_were_chosen(stage: Stage) -> None:
    quiz = exam(stage, "multiple_choice")
    stage.owner(
        'update public.question_keys set option_feedback = \'{"b": "Yes.", "a": "No."}\' where question_type = \'multiple_choice\''
    )
    attempt = passed_exam(stage, quiz)
    assert (
        stage.value("select automated_feedback from public.quiz_answers where quiz_attempt_id = %(a)s", a=attempt)
        == "Yes."
    )


def test_several_feedbacks_are_lines_or_parts(stage: Stage) -> None:
    """Words stay words; beside HTML they become a paragraph, so that nothing in them is taken for a tag."""
    together = "select private.said_together(array['A & b', null, %(other)s])"
    assert stage.value(together, other="c > d") == "A & b\nc > d"
    assert stage.value(together, other="<b>c</b>") == "<p>A &amp; b</p><div><b>c</b></div>"
    assert stage.value("select private.said_together('{}')") is None


# A corrected key --------------------------------------------------------------------------------------------------


def test_a_corrected_key_regrades_everybody_and_keeps_what_was(stage: Stage) -> None:
    quiz = exam(stage, "multiple_choice", "essay")
    version = stage.value(
        "select p.question_version_id from public.quiz_questions p where p.quiz_id = %(q)s and p.question_order = 1",
        q=quiz,
    )
    right, other = passed_exam(stage, quiz), start(stage, quiz, "learner")
    answer_all(stage, other, "learner", but=("multiple_choice",))
    for position, (kind, _) in right_answers(stage, other).items():
        if kind == "multiple_choice":
            order = stage.value(
                "select option_order from private.attempt_questions where quiz_attempt_id = %(a)s and position = %(p)s",
                a=other,
                p=position,
            )
            save(stage, other, position, {"selected": str(order.index("a") + 1)}, who="learner")
    submit(stage, other, "learner")
    for attempt in (right, other):
        stage.act("instructor", GRADE, w=answer_of(stage, attempt, "essay"), points=3, reason=None)
    assert [float(standing(stage, one)[1]) for one in (right, other)] == [100, 50]
    stage.act(
        "instructor", "select public.change_question_key(%(v)s, '{\"selected\": \"a\"}', 'It was he.')", v=version
    )
    assert [float(standing(stage, one)[1]) for one in (right, other)] == [100, 50], "not before it is asked for"
    preview = stage.act(
        "instructor", "select points_before, points_after from public.preview_regrade(%(v)s) order by 1", v=version
    ).rows
    assert preview == [(0, 3), (3, 0)]
    regrade = "select public.regrade_question(%(v)s, %(r)s)"
    assert stage.attempt("instructor", regrade, v=version, r=" ").code == "reason_needed"
    assert stage.act("instructor", regrade, v=version, r="The key was wrong.").rows == [(2,)]
    assert [float(standing(stage, one)[1]) for one in (right, other)] == [50, 100]
    rows = stage.owner(
        "select score_before, score_after, passed_before, passed_after from public.quiz_grade_changes"
        " where reason = 'The key was wrong.' and quiz_attempt_id in (%(x)s, %(y)s) order by score_before",
        x=right,
        y=other,
    )
    assert rows == [(50, 100, False, True), (100, 50, True, False)]
    assert stage.act("instructor", regrade, v=version, r="Again.").rows == [(0,)]
    counters = stage.owner(
        "select graded_count, passed_count, avg_score, pass_rate from public.quiz_counters where quiz_id = %(q)s",
        q=quiz,
    )
    assert counters == [(2, 1, 75, 50)]


def test_what_a_person_graded_stays_as_he_graded_it(stage: Stage) -> None:
    quiz = exam(stage, "short_answer")
    attempt = passed_exam(stage, quiz)
    stage.act("instructor", GRADE, w=answer_of(stage, attempt, "short_answer"), points=1, reason="Copied.")
    version = stage.value("select question_version_id from public.quiz_questions where quiz_id = %(q)s", q=quiz)
    assert stage.act("instructor", "select public.regrade_question(%(v)s, 'So.')", v=version).rows == [(0,)]
