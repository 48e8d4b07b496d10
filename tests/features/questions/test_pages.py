"""The bank's pages without a script: the list, each type's form, versions, and what a tried answer earns."""

from __future__ import annotations

from html import unescape
from typing import Any

import pytest

from collegium.features.questions import service
from collegium.features.questions.service import BankFilter, Question
from collegium.kit.db import person
from collegium.kit.site import Site
from tests.features.questions.drafts import NINE, draft
from tests.features.questions.forms import sent_by
from tests.support.database import Database
from tests.support.people import Course, Person
from tests.support.site import Client

Form = dict[str, Any]
ROWS: Form = {"row": ["a", "b", "c"], "a_text": "He", "b_text": "She", "c_text": r"\(x^2\)"}
# Type → what is sent, what is kept as right.
SENT: dict[str, tuple[Form, Any]] = {
    "multiple_choice": (ROWS | {"right": "b", "a_share": "50", "b_feedback": "Yes."}, {"selected": "b", "shares": {"a": 0.5}}),
    "multiple_answer": (ROWS | {"right": ["a", "c"], "rule": "all_or_nothing"}, {"selected": ["a", "c"], "rule": "all_or_nothing"}),
    "true_false": ({"right": "false"}, {"selected": "false"}),
    "short_answer": (
        {"accepted": "Zürich\nZurich city | 50% | Nearly.", "typos": "1"},
        {"accepted": ["Zürich", {"text": "Zurich city", "share": 0.5, "feedback": "Nearly."}], "typos": 1},
    ),
    "numeric": (
        {"accepted": "12,5 ± 5%\n13 | 50%", "units": "kg\ng = 0,001", "unit": "required"},
        {
            "answers": [{"value": 12.5, "tolerance": 0.05, "relative": True}, {"value": 13, "share": 0.5}],
            "units": {"kg": 1, "g": 0.001},
            "unit": "required",
        },
    ),
    "fill_blank": (
        {"blank_1": "risk", "blank_2": "/colou?r/\ncolor"},
        {"blanks": {"1": {"accepted": ["risk"]}, "2": {"pattern": "colou?r", "example": "color"}}},
    ),
    "matching": (
        {"row": ["a", "b", "z"], "a_text": "1", "a_match": "one", "b_text": "2", "b_match": "two", "z_match": "three"},
        {"pairs": {"a": "a", "b": "b"}},
    ),
    "ordering": (ROWS | {"row": ["b", "c", "a"], "rule": "pairs"}, {"order": ["b", "c", "a"], "rule": "pairs"}),
    "essay": ({"row": ["c1"], "c1_text": "Law", "c1_points": "2", "word_limit": "300"}, None),
}  # fmt: skip


async def all_of(site: Site, who: Person, course: Course) -> list[Question]:
    async with site.db.transaction(person(who.id)) as tx:
        return (await service.search(tx, course.id, BankFilter(sort="oldest"))).rows


@pytest.mark.parametrize("kind", SENT)
async def test_each_type_is_written_without_a_script(
    client: Client, site: Site, teacher: Person, course: Course, kind: str
) -> None:
    given, right = SENT[kind]
    await client.login(teacher)
    path = f"/studio/{course.id}/questions"
    assert (await client.get(f"{path}/new?type={kind}")).status_code == 200
    form = {
        "question_html": "Fill [[1]] and [[2]].",
        "points": "2,5",
        "tags": "law, risk ",
        "explanation": "So.",
        **given,
    }
    answer = await client.post_form(f"{path}/new?type={kind}", form)
    assert answer.status_code == 303, answer.text
    (kept,) = await all_of(site, teacher, course)
    assert (kept.correct_answer, str(kept.points), kept.tags) == (right, "2.50", ["law", "risk"])
    assert (kept.question_html, kept.explanation) == ("<p>Fill [[1]] and [[2]].</p>", "<p>So.</p>")
    page = await client.get(answer.headers["location"])
    assert "The question is in the bank." in page.text
    # What the form shows, sent again, says the same.
    again = await client.post_form(answer.headers["location"], sent_by(page.text))
    assert again.status_code == 303, again.text
    (same,) = await all_of(site, teacher, course)
    assert (same.correct_answer, same.answer_options, same.rubric) == (right, kept.answer_options, kept.rubric)
    assert (same.version, same.explanation) == (1, "<p>So.</p>")


async def test_a_formula_in_a_choice_is_typeset(client: Client, site: Site, teacher: Person, course: Course) -> None:
    await client.login(teacher)
    form = {"question_html": r"Solve \(x < 1\).", **SENT["multiple_choice"][0]}
    await client.post_form(f"/studio/{course.id}/questions/new?type=multiple_choice", form)
    kept, *_ = await all_of(site, teacher, course)
    assert kept.question_html == '<p>Solve <span data-math="x &lt; 1"></span>.</p>'
    in_html = {"question_html": r'<p>Solve \(x &lt; "1"\) <b>now</b>.</p>', **SENT["essay"][0]}
    await client.post_form(f"/studio/{course.id}/questions/new?type=essay", in_html)
    *_, essay = await all_of(site, teacher, course)
    assert essay.question_html == '<p>Solve <span data-math="x &lt; &quot;1&quot;"></span> <b>now</b>.</p>'
    assert kept.answer_options[2]["html"] == '<p><span data-math="x^2"></span></p>'


async def test_feedback_and_choices_are_rich_text(client: Client, site: Site, teacher: Person, course: Course) -> None:
    await client.login(teacher)
    film = '<video src="/files/00000000-0000-4000-8000-000000000001" title="Film"></video>'
    form: Form = ROWS | {
        "question_html": "Who?",
        "right": "b",
        "a_feedback": "1 < 2 & <i>so</i>",
        "b_feedback": "Read this",
        "b_feedback_was": "Read this",
        "b_feedback_html": f'<p onclick="x()">Read <b>this</b></p>{film}<video src="//evil.example/x"></video>',
        "c_feedback": r"As \(x^2\) grows",
        "a_text_html": "<p><b>He</b></p>",
        "a_text_was": "He",
        "b_text_html": "<p><b>It</b></p>",
        "b_text_was": "It",
        "feedback_wrong": "Not yet.",
    }
    answer = await client.post_form(f"/studio/{course.id}/questions/new?type=multiple_choice", form)
    assert answer.status_code == 303, answer.text
    (made,) = await all_of(site, teacher, course)
    said = {
        "a": "<p>1 &lt; 2 &amp; &lt;i&gt;so&lt;/i&gt;</p>",
        "b": f"<p>Read <b>this</b></p>{film}",
        "c": 'As <span data-math="x^2"></span> grows',
        "wrong": "Not yet.",
    }
    assert made.option_feedback == said
    assert [one.get("html") for one in made.answer_options[:2]] == ["<p><b>He</b></p>", None]
    page = await client.get(answer.headers["location"])
    sent = sent_by(page.text)
    assert (sent["a_feedback"], sent["a_feedback_html"]) == (["1 < 2 & <i>so</i>"], [""])
    assert (sent["b_feedback"], sent["c_feedback"]) == (["Read this"], [r"As \(x^2\) grows"])
    await client.post_form(answer.headers["location"], sent)
    (same,) = await all_of(site, teacher, course)
    assert (same.option_feedback, same.answer_options) == (said, made.answer_options)
    # Words that were changed without the editor are what counts.
    await client.post_form(answer.headers["location"], sent | {"b_feedback": "Read that"})
    (other,) = await all_of(site, teacher, course)
    assert other.option_feedback == said | {"b": "Read that"}


async def test_what_is_wrong_is_said_and_what_was_written_stays(
    client: Client, teacher: Person, course: Course
) -> None:
    await client.login(teacher)
    form = {"question_html": "Who?", "points": "-1", "row": ["a"], "a_text": "Nobody else"}
    answer = await client.post_form(f"/studio/{course.id}/questions/new?type=multiple_choice", form)
    text = unescape(answer.text)
    assert answer.status_code == 422
    for words in ("Give from 0 to 999.99 points.", "Mark the choice that is right.", "Nobody else", "<p>Who?</p>"):
        assert words in text, words
    # Digits that are none, and numbers without an end.
    for field, typed in (("points", "inf"), ("points", "1e400"), ("points", "sNaN"), ("word_limit", "²")):
        essay = {"question_html": "Why so?", **SENT["essay"][0], field: typed}
        for act in ("save", "try", "rows"):
            answer = await client.post_form(f"/studio/{course.id}/questions/new?type=essay", {**essay, "act": act})
            assert answer.status_code == 422 or act != "save", (typed, act)
            assert answer.status_code < 500, (typed, act)
            assert "Why so?" in answer.text, (typed, act)


async def test_an_answer_is_tried_by_the_database(client: Client, teacher: Person, course: Course) -> None:
    await client.login(teacher)
    path = f"/studio/{course.id}/questions/new"
    for kind, tried, words in (
        ("short_answer", "zurich city", "Earns 1.25 points of 2.5 points. It fits “Zurich city”. It is told: Nearly."),
        ("short_answer", "Zurihc", "Earns 2.5 points of 2.5 points. It fits “Zürich”."),
        ("short_answer", "Bern", "Earns 0 points of 2.5 points. It fits none of what you accept."),
        ("numeric", "12400 g", "Earns 2.5 points of 2.5 points. It fits “12.5”."),
        ("numeric", "12,4", "Earns 0 points"),
    ):
        form = {"question_html": "?", "points": "2.5", "act": "try", "try": tried, **SENT[kind][0]}
        answer = await client.post_form(f"{path}?type={kind}", form)
        assert words in unescape(answer.text), (kind, tried)
        look = await client.post_form(f"/studio/{course.id}/questions/look?type={kind}", form)
        assert words in unescape(look.text), (kind, tried)


async def test_a_used_version_stays_and_quizzes_move_to_the_new_one(
    client: Client, site: Site, teacher: Person, course: Course, database: Database
) -> None:
    async with site.db.transaction(person(teacher.id)) as tx:
        made = await service.create_question(tx, course.id, draft("true_false"))
        first = (await service.question(tx, made)).version_id
    async with database.connect() as owner:
        quiz = await owner.fetchval(
            "insert into public.quizzes (course_id, title) values ($1, 'Exam') returning id", course.id
        )
        await owner.execute(
            "insert into public.quiz_questions (quiz_id, question_order, question_version_id) values ($1, 1, $2)",
            quiz,
            first,
        )
        await owner.execute("update public.question_versions set used_at = now() where id = $1", first)
    await client.login(teacher)
    path = f"/studio/{course.id}/questions/{made}"
    page = await client.get(path)
    assert "What you save becomes version 2." in page.text
    changed = sent_by(page.text) | {"question_html": ["Really?"], "change_note": ["Clearer"]}
    saved = await client.post_form(path, changed)
    page = await client.get(saved.headers["location"])
    for words in ("Saved as version 2", "1 quiz asks an older version", "Clearer", "Different: what is asked"):
        assert words in page.text, words
    moved = await client.submit(page, f"{path}/newest")
    page = await client.get(moved.headers["location"])
    assert "1 quiz asks the newest version now" in page.text
    assert "asks an older version" not in page.text
    async with database.connect() as owner:
        version = await owner.fetchval(
            "select v.version from public.quiz_questions p join public.question_versions v on v.id = p.question_version_id"
        )
    assert version == 2


async def test_many_are_tagged_retired_and_copied_at_once(
    client: Client, site: Site, teacher: Person, course: Course, make_course: Any
) -> None:
    async with site.db.transaction(person(teacher.id)) as tx:
        ids = [str(await service.create_question(tx, course.id, draft(kind, title=kind))) for kind in NINE]
    await client.login(teacher)
    path = f"/studio/{course.id}/questions"

    async def act(verb: str, **more: str) -> str:
        answer = await client.post_form(
            f"{path}/act", {"act": verb, "question": ids[:3], "back": f"{path}?tag=x", **more}
        )
        assert answer.headers["location"] == f"{path}?tag=x"
        return (await client.get(path)).text

    assert "3 questions now carry the tag." in await act("tag", word=" exam  2026 ")
    assert "0 questions now carry the tag." in await act("tag", word="exam 2026")
    assert "3 questions retired" in await act("retire")
    found = await client.get(f"{path}?status=retired&tag=exam+2026&q=MULTIPLE")
    assert found.text.count('name="question"') == 2
    assert "3 questions active again" in await act("restore")
    assert "No question fits" in (await client.get(f"{path}?status=retired")).text
    picked = await client.get(f"{path}/pick?type=essay")
    assert picked.text.count('name="version"') == 1
    assert "<html" not in picked.text


async def test_the_api_says_what_the_pages_say(
    client: Client, teacher: Person, course: Course, make_person: Any
) -> None:
    await client.login(teacher)
    path = f"/api/v1/courses/{course.id}/questions"
    body = {
        "question_type": "true_false",
        "question_html": "<p>So?</p>",
        "correct_answer": {"selected": "true"},
        "points": "2",
    }
    made = await client.post_json(path, body)
    assert made.status_code == 201, made.text
    listed = (await client.get(path)).json()
    assert [row["id"] for row in listed["rows"]] == [made.json()["id"]]
    one = f"{path}/{made.json()['id']}"
    assert (await client.get(one)).json()["correct_answer"] == {"selected": "true"}
    wrong = await client.post_json(path, body | {"correct_answer": {"selected": "x"}})
    assert (wrong.status_code, wrong.json()["detail"]) == (422, "Say whether it is true or false.")
    for role, status in (("student", 403), ("instructor", 404)):
        await client.login(make_person(role))
        assert (await client.get(one)).status_code == status
        assert (await client.get(path)).status_code == status
        assert (await client.post_json(path, body)).status_code == status


async def test_who_does_not_keep_a_bank_looks_through_it_without_keys(
    client: Client, site: Site, teacher: Person, course: Course, make_person: Any, database: Database
) -> None:
    admin = make_person("admin")
    async with site.db.transaction(person(admin.id)) as tx:
        made = await service.create_question(tx, None, draft("short_answer", title="Shared by all"))
        version = (await service.question(tx, made)).version_id
    await client.login(teacher)
    path = f"/studio/{course.id}/questions"
    listed = await client.get(f"{path}?bank=shared")
    assert "Shared by all" in listed.text
    assert "New question" not in listed.text
    for words, response in (("is shown to you once a quiz of yours asks it", await client.get(f"{path}/{made}")),):
        assert words in response.text
        assert "Zurich city" not in response.text
    # Nothing is shown, saved or copied by asking elsewhere.
    api = (await client.get(f"/api/v1/courses/{course.id}/questions/{made}")).json()
    assert (api["has_key"], api["correct_answer"], api["may_change"]) == (False, None, False)
    form = {"question_html": "Mine", "accepted": "x"}
    assert (await client.post_form(f"{path}/{made}", form)).status_code == 403
    copy = await client.post_form(f"{path}/act", {"act": "copy", "question": str(made), "to": "course"})
    assert copy.status_code == 403
    async with database.connect() as owner:
        quiz = await owner.fetchval(
            "insert into public.quizzes (course_id, title) values ($1, 'Exam') returning id", course.id
        )
        await owner.execute(
            "insert into public.quiz_questions (quiz_id, question_order, question_version_id) values ($1, 1, $2)",
            quiz,
            version,
        )
    assert "Copy into this course" in (await client.get(f"{path}/{made}")).text
    assert (await client.post_form(f"{path}/{made}", form)).status_code == 403
    copied = await client.post_form(f"{path}/act", {"act": "copy", "question": str(made), "to": "course"})
    assert copied.status_code == 303
    assert [one.correct_answer for one in await all_of(site, teacher, course)] == [NINE["short_answer"][1]]
