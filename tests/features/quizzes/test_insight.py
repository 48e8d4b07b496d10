"""How a quiz does: what is counted, what is said in words, as a file, and who may not see it."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from decimal import Decimal
from html import unescape
from typing import Any
from uuid import uuid4

import pytest
from msgspec.structs import replace

from collegium.features.quizzes.insight import Option, QuestionInsight, findings, options_of
from collegium.kit.jobs import run_now
from collegium.kit.site import Site
from tests.features.quizzes.support import School
from tests.support.people import Person, add_person, enrol
from tests.support.site import Client

MakePerson = Callable[..., Person]


def question(*options: tuple[bool, int, int, int], **given: Any) -> QuestionInsight:
    """A choice with options (is the key, lowest, middle, best third)."""
    made = [Option("ABCD"[n], f"Text {n}", *one) for n, one in enumerate(options)]
    base = QuestionInsight(
        uuid4(), uuid4(), "multiple_choice", "Who?", 60, 60, 30, Decimal("0.5"), Decimal("0.4"), made
    )
    return replace(base, **given)


GOOD = ((True, 5, 10, 18), (False, 8, 5, 1), (False, 7, 5, 1))


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (question(*GOOD), ""),
        (
            question((False, 9, 2, 1), (True, 8, 9, 5), (False, 3, 9, 14)),
            "Option C is chosen more often by the best third than the key B: check the key.",
        ),
        (question(*GOOD, discrimination=Decimal("-0.2")), "check the key and the wording"),
        (question(*GOOD, discrimination=Decimal("0.05")), "hardly tells apart"),
        (question(*GOOD, share=Decimal("0.2")), "It is hard: 20 %"),
        (
            question(*GOOD, share=Decimal("0.97"), discrimination=Decimal("0.05")),
            "Nearly everybody has it right (97 %)",
        ),
        (question(*GOOD, answered=40), "20 of 60 left it out"),
        (question(*GOOD[:2], (False, 0, 1, 0)), "Option C misleads nobody"),
        (question(*GOOD, asked=9, share=Decimal(0)), None),
    ],
    ids=["good", "key", "inverse", "flat", "hard", "easy", "left", "idle", "few"],
)
def test_what_to_look_at_is_said_in_words(made: QuestionInsight, said: str | None) -> None:
    if said is None:
        assert made.findings == [], "of few nothing is said"
    elif said:
        assert said in " ".join(findings(made))
    else:
        assert findings(made) == []


def test_options_are_named_as_their_author_ordered_them() -> None:
    listed = [{"id": "x", "text": "One"}, {"id": "y", "text": "Two"}]
    made = options_of("multiple_answer", listed, {"selected": ["y"]}, {"y": [1, 2, 3]})
    assert [(one.letter, one.text, one.is_right, one.chosen) for one in made] == [
        ("A", "One", False, 0),
        ("B", "Two", True, 6),
    ]
    assert options_of("essay", [], None, {}) == []
    assert [one.is_right for one in options_of("true_false", [], {"selected": "false"}, {})] == [False, True]


async def test_a_quiz_is_counted_and_told_to_its_instructor_alone(
    site: Site, client: Client, school: School, make_person: MakePerson
) -> None:
    first, second = await school.question("=Who pays?"), await school.question("Who decides?")
    quiz = await school.quiz(first, second, status="published", passing_score=50)
    # Four have both right, four the first only, four nothing.
    for n in range(12):
        learner = await add_person(school.database, first_name=f"Mara{n}")
        await enrol(school.database, learner, school.course)
        right, wrong = {"selected": "2"}, {"selected": "1"}
        await school.attempt(learner, quiz, {1: right if n < 8 else wrong, 2: right if n < 4 else wrong})
    if await school.value("select to_regprocedure('private.fold_quiz_counts()') is not null"):
        await school.value("select private.fold_quiz_counts()")
    here = f"/studio/{school.course.id}/quizzes/{quiz}/results"
    await client.login(school.teacher)
    assert "No results yet" in (await client.get(here)).text
    await run_now(site, "quizzes.count_insights", {})
    [(attempts, passed, average, bins)] = await school.rows(
        "select attempts, passed, average, score_bins from public.quiz_insights"
    )
    assert (attempts, passed, float(average)) == (12, 8, 50)
    assert (bins[0], bins[10], bins[19], sum(bins)) == (4, 4, 4, 12)
    rows = await school.rows("select share, discrimination, options from public.quiz_question_insights order by place")
    assert [float(share) for share, _, _ in rows] == [0.6667, 0.3333]
    assert [float(tells) for _, tells, _ in rows] == [0.5, 0.5]
    page = unescape((await client.get(here)).text)
    assert "67 %" in page
    assert "Option C misleads nobody" in page
    table = list(csv.reader(io.StringIO((await client.get(f"{here}/questions.csv")).text)))
    assert table[1][0] == "'=Who pays?", "no formula"
    assert table[3][7:13] == ["B", "She", "yes", "0", "4", "4"]
    await run_now(site, "quizzes.count_insights", {})
    assert await school.value("select count(*) from public.quiz_insights") == 1
    for somebody, status in ((make_person(), 403), (make_person("instructor"), 404)):
        await client.login(somebody)
        for address in (here, f"{here}/questions.csv"):
            assert (await client.get(address)).status_code == status


async def test_it_is_counted_anew_when_the_figures_move(site: Site, school: School) -> None:
    quiz = await school.quiz(await school.question(), status="published")
    for n in range(2):
        learner = await add_person(school.database)
        await enrol(school.database, learner, school.course)
        await school.attempt(learner, quiz, {1: {"selected": "2"}})
        if await school.value("select to_regprocedure('private.fold_quiz_counts()') is not null"):
            await school.value("select private.fold_quiz_counts()")
        await school.value("update public.quiz_insights set took = '0'")
        await run_now(site, "quizzes.count_insights", {})
        assert await school.value("select attempts from public.quiz_insights") == n + 1
