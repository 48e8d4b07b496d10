"""Taking a quiz without a script: start card, plain forms, review, result."""

from __future__ import annotations

import json
import re
from uuid import UUID

import pytest

from tests.features.attempts.exams import EIGHT, NINE, SECRET, Exam, add_exam, begin
from tests.support.database import Database, run
from tests.support.site import Client


@pytest.fixture
def exam(database: Database) -> Exam:
    return run(add_exam(database))


async def test_the_card_says_what_holds_for_this_person(exam: Exam, client: Client) -> None:
    await exam.change(
        "time_limit_minutes = 40, max_attempts = 2, grading_policy = 'last', available_until = '2040-07-01 20:00Z'"
    )
    async with exam.database.connect() as owner:
        await owner.execute(
            "insert into public.quiz_accommodations (quiz_id, enrollment_id, extra_minutes, extra_attempts, reason)"
            " values ($1, $2, 20, 1, 'Reads slowly.')",
            exam.quiz,
            exam.enrollment,
        )
    await client.login(exam.learner)
    for address in (f"/learn/{exam.course.slug}/{exam.lesson}", f"/quizzes/{exam.quiz}"):
        text = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", (await client.get(address)).text))
        assert "1 h from the start, 20 min of it granted to you" in text
        assert "3 of 3 left, 1 of them granted to you" in text
        assert "1 July 2040, 22:00" in text, "in the learner's own zone"
        assert "Your last graded result counts, also when it is lower." in text
        assert "Start the quiz" in text
        assert "Reads slowly" not in text


async def test_the_card_says_why_not(exam: Exam, client: Client) -> None:
    await client.login(exam.learner)
    for change, words in (
        ("available_from = '2040-01-01'", "This quiz opens on 1 January 2040"),
        ("available_from = null, available_until = '2020-01-01'", "This quiz closed on 1 January 2020"),
        ("available_until = null, status = 'archived'", "This quiz is not open any more"),
    ):
        await exam.change(change)
        page = await client.get(f"/quizzes/{exam.quiz}")
        assert words in page.text
        assert "/start" not in page.text
        answer = await client.post_form(f"/quizzes/{exam.quiz}/start")
        assert answer.status_code in (303, 403), "and who asks all the same is told the same"
    assert await exam.value("select count(*) from public.quiz_attempts") == 0


def fields(answers: dict[int, dict[str, object]], kinds: tuple[str, ...]) -> dict[str, object]:
    """Right answers as a plain form sends them."""
    sent: dict[str, object] = {}
    for position, answer in answers.items():
        kind, name = kinds[position - 1], f"q{position}"
        sent[f"s{position}"] = "0"
        for value in answer.values():
            if kind == "ordering":
                assert isinstance(value, list)
                sent |= {f"{name}-{one}": str(place) for place, one in enumerate(value, 1)}
            elif isinstance(value, dict):
                sent |= {f"{name}-{one}": str(given) for one, given in value.items()}
            else:
                sent[name] = value
    return sent


async def test_a_quiz_is_taken_with_plain_forms(exam: Exam, client: Client) -> None:
    await client.login(exam.learner)
    begun = await client.post_form(f"/quizzes/{exam.quiz}/start")
    where = begun.headers["location"]
    attempt = UUID(where.rpartition("/")[2])
    page = await client.get(where)
    for kind in EIGHT:
        assert NINE[kind][0] in page.text
    assert SECRET not in page.text
    right = fields(await exam.right(attempt), exam.kinds)
    without_essay = {name: value for name, value in right.items() if name not in ("q5", "s5")}
    saved = await client.post_form(f"{where}/answers", {**without_essay, "go": "flag-2", "here": ""})
    assert saved.headers["location"] == f"{where}#question-2"
    review = await client.get(f"{where}/review")
    assert "You have answered 7 of 8 questions." in review.text
    assert "Not answered" in review.text
    assert "Marked to look at again" in review.text
    await client.post_form(f"{where}/answers", {"s5": "0", "q5": "Because people err.\r\nAll of us.", "go": "review"})
    done = await client.post_form(f"{where}/submit")
    result = await client.get(done.headers["location"])
    assert "1 answer waits for a person" in result.text
    assert "A person still has to grade this" in result.text
    assert result.text.count("Right: 2 points") == 7
    assert SECRET in result.text, "after handing in this quiz explains"
    kept = json.loads(await exam.value("select answer_data from public.quiz_answers where position = 5"))
    assert kept == {"text": "Because people err.\nAll of us."}
    again = await client.get(where)
    assert again.headers["location"].endswith("/result")


async def test_an_old_page_never_overwrites_a_newer_answer(exam: Exam, client: Client) -> None:
    attempt = await begin(exam)
    await client.login(exam.learner)
    where = f"/attempts/{attempt}"
    for text in ("first", "second"):
        await client.post_form(f"{where}/answers", {"s4": "0" if text == "first" else "1", "q4": text, "go": "stay"})
    late = await client.post_form(f"{where}/answers", {"s4": "0", "q4": "from an old page", "go": "stay"})
    page = await client.get(late.headers["location"])
    assert "A newer answer, given in another tab or on another device, was kept: question 4." in page.text
    assert 'value="second"' in page.text
    unchanged = await client.post_form(f"{where}/answers", {"s4": "2", "q4": "second", "go": "stay"})
    assert unchanged.status_code == 303
    assert await exam.value("select seq from public.quiz_answers where position = 4") == 2


async def test_one_question_on_a_page(exam: Exam, client: Client) -> None:
    await exam.change("layout = 'one'")
    attempt = await begin(exam)
    await client.login(exam.learner)
    page = await client.get(f"/attempts/{attempt}?question=3")
    shown = re.findall(r'data-one="(\d+)" aria-label="Question \d+"(?! hidden)', page.text)
    assert shown == ["3"], "all are in the page, so that the next one comes also offline; one is shown"
    answer = await client.post_form(
        f"/attempts/{attempt}/answers", {"s3": "0", "q3": ["1", "3"], "go": "4", "here": "3"}
    )
    assert answer.headers["location"] == f"/attempts/{attempt}?question=4"
    assert 'data-place="3" data-answered' in re.sub(r"\s+", " ", (await client.get(f"/attempts/{attempt}")).text)


async def test_the_result_names_what_is_missing(exam: Exam, client: Client) -> None:
    attempt = await begin(exam)
    await client.login(exam.learner)
    where = f"/attempts/{attempt}"
    # Right are the first three, worth six of sixteen; of two blanks one.
    right = fields({n: a for n, a in (await exam.right(attempt)).items() if n <= 3}, exam.kinds)
    await client.post_form(
        f"{where}/answers", {**right, "s6": "0", "q6-1": "a letter", "q6-2": "silence", "go": "stay"}
    )
    await client.post_form(f"{where}/submit")
    page = (await client.get(f"{where}/result")).text
    assert "Not passed yet" in page
    assert "4.2 points are missing: 11.2 of 16 pass." in page
    assert "Partly right: 1 of 2 points" in page
    assert "You can try again" in page
    lesson = (await client.get(f"/learn/{exam.course.slug}/{exam.lesson}")).text
    assert "“What you know of claims”: 7 points so far, 11.2 of 16 points pass: 4.2 points are missing." in lesson


async def test_what_is_right_is_shown_when_the_quiz_allows_it(exam: Exam, client: Client) -> None:
    await exam.change("show_correct_answers = 'never'")
    attempt = await begin(exam)
    await client.login(exam.learner)
    await client.post_form(f"/attempts/{attempt}/answers", {"s1": "0", "q1": "1", "go": "stay"})
    await client.post_form(f"/attempts/{attempt}/submit")
    page = (await client.get(f"/attempts/{attempt}/result")).text
    assert "This quiz does not show what is right." in page
    assert SECRET not in page
    assert "Right is" not in page
    await exam.change("show_correct_answers = 'after_submission'")
    assert SECRET in (await client.get(f"/attempts/{attempt}/result")).text


async def test_attempts_of_others_are_not_there(exam: Exam, client: Client) -> None:
    attempt = await begin(exam)
    await client.login(exam.teacher)
    for path in ("", "/review", "/result"):
        assert (await client.get(f"/attempts/{attempt}{path}")).status_code == 404
    client.logout()
    assert (await client.get(f"/attempts/{attempt}")).status_code in (303, 401)
